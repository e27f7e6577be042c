"""Callbacks of the 800 line: a contact of its own that keeps the caller's place (A04, field.md I31 to I33).

One outstanding per number and client; a second wish joins the first. The promise has a window inside which
the agent reserves himself, previews and dials.
"""

from __future__ import annotations

from typing import Any

from msgspec import Struct

from channels.port import Receipt
from contactcenter.clock import Ids, Micros
from contactcenter.domain import priority
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import identity, phone
from contactcenter.errors import Misconfigured
from contactcenter.services import handles
from contactcenter.services.changes import Changes, ContactLink, NewEvent, TimerSet
from contactcenter.services.directories import Door
from contactcenter.services.instructions import Instructions
from contactcenter.services.opening import Opening, Wish
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ContactView, Scope
from routing.events import Left
from routing.model import Medium


class CallbackWish(Struct, frozen=True, kw_only=True):
    """Who wants to be called, and when. `origin` is the contact of the call he came from, '' if there was none."""

    door: Door
    source: str
    external_id: str
    number: str
    now: Micros
    origin: str = ""
    context: dict[str, Any] = {}
    asked_from: Micros = 0
    asked_until: Micros = 0
    language: str = ""
    member: str = ""
    product: str = ""
    complaint: bool = False


def _context(wish: CallbackWish, since: Micros, until: Micros) -> dict[str, Any]:
    """What the agent previews before he dials, and through which platform."""
    known = {"source": wish.source, "product": wish.product}
    return {
        "window_from": since,
        "window_until": until,
        "attempt": 1,
        **{key: value for key, value in known.items() if value},
        **wish.context,
    }


class Callbacks:
    def __init__(self, *, reads: DoorReads, opening: Opening, instructions: Instructions, ids: Ids) -> None:
        self._reads = reads
        self._opening = opening
        self._instructions = instructions
        self._ids = ids

    async def request(self, wish: CallbackWish, changes: Changes) -> Receipt:
        """Open it, or join the one that already waits for this number."""
        number = phone(wish.number)
        standing = await self._reads.open_callback(wish.door.client, number)
        origin = await self._origin(wish)
        if origin is not None and origin.state != "ended":
            self._leave_queue(origin, wish, changes)
        if standing is not None:
            return self._join(standing, wish, changes)
        return await self._open(wish, number, origin, changes)

    async def _origin(self, wish: CallbackWish) -> ContactView | None:
        if not wish.origin:
            return None
        return await self._reads.contact(Scope(wish.door.provider, wish.door.client), wish.origin)

    def _leave_queue(self, origin: ContactView, wish: CallbackWish, changes: Changes) -> None:
        """The caller hangs up with a promise: not an abandoned call."""
        event = Left(origin.id, by="customer", cause="callback", to_callback=True)
        dedupe = f"to_callback:{origin.id}"
        changes.events.append(NewEvent(domain=wish.door.provider, event=event, received_at=wish.now, dedupe=dedupe))

    def _join(self, standing: ContactView, wish: CallbackWish, changes: Changes) -> Receipt:
        if standing.state == "wrap_up":
            # That call is over: this wish is its next attempt, opened when the wrap-up is.
            changes.timers.append(next_timer(standing, wish.now))
        if wish.context:
            merged = {**standing.context, **wish.context}
            changes.contact_links.append(ContactLink(id=standing.id, context=merged))
        changes.facts.append(self._fact("callback.joined", standing.id, wish, {"origin": wish.origin}))
        return self._promise("callback.joined", standing.id, wish, wish.now, standing.deadline)

    async def _open(self, wish: CallbackWish, number: str, origin: ContactView | None, changes: Changes) -> Receipt:
        directory = wish.door.directory
        view = directory.callback_view(wish.door.client)
        if view is None:
            raise Misconfigured(f"client {wish.door.client} has no view for callbacks", field="callbacks.view")
        since, until = priority.callback_window(
            now=wish.now,
            window_s=directory.document.callbacks.window_s,
            asked_from=wish.asked_from,
            asked_until=wish.asked_until,
            calendar=directory.callback_calendar(wish.door.client),
        )
        member = (identity("member", wish.member),) if wish.member else ()
        known = number.startswith("unknown:")
        opened = await self._opening.open(
            Wish(
                door=wish.door,
                medium=Medium.CALLBACK,
                door_name=wish.door.line.number if wish.door.line else wish.source,
                external_id=wish.external_id,
                handle=handles.callback(wish.source),
                identities=member if known else (*member, identity("phone", number)),
                now=wish.now,
                address=number,
                language=wish.language,
                product=wish.product,
                complaint=wish.complaint,
                enqueued_at=origin.enqueued_at if origin else wish.now,
                deadline=until,
                origin=wish.origin,
                view=view.id,
                context=_context(wish, since, until),
            ),
            changes,
        )
        window = {"window_from": since, "window_until": until, "origin": wish.origin}
        changes.facts.append(self._fact("callback.promised", opened.contact.id, wish, window))
        return self._promise("callback.promised", opened.contact.id, wish, since, until)

    def _promise(self, key: str, contact: str, wish: CallbackWish, since: Micros, until: Micros) -> Receipt:
        window = {
            "from": self._instructions.hour(wish.door, since),
            "until": self._instructions.hour(wish.door, until),
            "number": wish.number if not wish.number.startswith("unknown:") else "",
        }
        text = self._instructions.text(wish.door, key, wish.language, **window)
        return Receipt(contact=contact, instruction="callback", text=text, language=wish.language)

    def _fact(self, kind: str, contact: str, wish: CallbackWish, data: dict[str, Any]) -> Fact:
        return Fact(
            id=self._ids.new("ft"),
            at=wish.now,
            kind=kind,
            provider=wish.door.provider,
            client=wish.door.client,
            contact=contact,
            data=data,
        )


def next_timer(contact: ContactView, at: Micros) -> TimerSet:
    """When the next attempt at this number is opened (services/callback_attempts.py)."""
    return TimerSet(
        id=f"callback.next:{contact.id}",
        kind="callback.next",
        provider=contact.provider,
        client=contact.client,
        subject=contact.id,
        due_at=at,
    )
