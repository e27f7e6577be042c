"""Callbacks of the 800 line: a contact of its own that keeps the caller's place (A04, field.md I31 to I33).

One outstanding per number and client; a second wish joins the first. The promise has a window inside which
the agent reserves himself, previews and dials.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from msgspec import Struct

from channels.port import Receipt
from contactcenter.clock import Ids, Micros
from contactcenter.domain import callback_offers
from contactcenter.domain.callback_offers import Span
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import identity, phone
from contactcenter.errors import Misconfigured
from contactcenter.services import callback_rows, handles
from contactcenter.services.changes import CallbackWrite, Changes, ContactLink, NewEvent, TimerSet
from contactcenter.services.directories import Door
from contactcenter.services.instructions import Instructions
from contactcenter.services.opening import Opening, Wish, viewed
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ContactView, Scope
from routing.events import Changed, Left
from routing.model import Medium

MESSAGES: Final = 10
"""Earlier voice messages of one callback that its agent sees; the facts `voicemail.left` have them all."""


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


def _window(wish: CallbackWish, number: str) -> Span:
    directory = wish.door.directory
    return callback_offers.promised(
        now=wish.now,
        window_s=directory.document.callbacks.window_s,
        zone=directory.callback_zone(number),
        asked=(wish.asked_from, wish.asked_until),
        calendar=directory.callback_calendar(wish.door.client, wish.door.line),
    )


def _tell_agent(standing: ContactView, wish: CallbackWish, context: dict[str, Any], changes: Changes) -> None:
    """What he says now beside what he said before: no message hides another, and a complaint is one from here on."""
    complains = wish.complaint and not standing.complaint
    if "voicemail" in context and "voicemail" in standing.context:
        earlier = (*standing.context.get("earlier_messages", ()), standing.context["voicemail"])
        context["earlier_messages"] = earlier[-MESSAGES:]
    if context or complains:
        merged = {**standing.context, **context} if context else None
        changes.contact_links.append(ContactLink(id=standing.id, context=merged, complaint=True if complains else None))
    if complains and standing.state not in ("wrap_up", "ended"):
        event, dedupe = Changed(standing.id, complaint=True), f"complaint:{standing.id}"
        changes.events.append(NewEvent(domain=standing.domain, event=event, received_at=wish.now, dedupe=dedupe))


Link = Callable[[str, str], str]


def no_link(provider: str, contact: str) -> str:
    """For a process that has nothing to sign with."""
    return ""


class Callbacks:
    """`link` makes the address at which the customer may cancel: of a provider and a contact."""

    def __init__(
        self, *, reads: DoorReads, opening: Opening, instructions: Instructions, ids: Ids, link: Link = no_link
    ) -> None:
        self._link = link
        self._reads = reads
        self._opening = opening
        self._instructions = instructions
        self._ids = ids

    async def request(self, wish: CallbackWish, changes: Changes) -> Receipt:
        """Open it, or join the one that already waits for this number. A listed number is refused: `refused`."""
        number = phone(wish.number)
        if "voicemail" not in wish.context and await self._reads.unwanted(wish.door.client, number) is not None:
            return self._refuse(wish, number, changes)
        standing = await self._standing(wish, number)
        origin = await self._origin(wish)
        if origin is not None and origin.state != "ended":
            self._leave_queue(origin, wish, changes)
        if standing is not None:
            return await self._join(standing, wish, changes)
        return await self._open(wish, number, origin, changes)

    async def _standing(self, wish: CallbackWish, number: str) -> ContactView | None:
        """The contact that waits for this number, or the last one of a promise that is between two attempts."""
        waiting = await self._reads.open_callback(wish.door.client, number)
        if waiting is not None:
            return waiting
        promise = await self._reads.outstanding_callback(wish.door.client, number)
        scope = Scope(wish.door.provider, wish.door.client)
        return None if promise is None else await self._reads.contact(scope, promise.contact)

    def _refuse(self, wish: CallbackWish, number: str, changes: Changes) -> Receipt:
        """Recorded with its outcome, and said; a caller who queues keeps his place."""
        name = self._ids.new("cb")
        refused = CallbackWrite(
            id=name,
            provider=wish.door.provider,
            client=wish.door.client,
            number=number,
            line=wish.door.line.number if wish.door.line else "",
            language=wish.language,
            requested_at=wish.now,
            window_from=wish.now,
            window_until=wish.now,
            expected=None,
        )
        over = callback_rows.ended(refused, "do_not_call", by="list", at=wish.now)
        changes.callbacks.append(over)
        why = {"callback": name, "why": "do_not_call"}
        changes.facts.append(self._fact("callback.refused", wish.origin, wish, why))
        changes.facts.append(callback_rows.ended_fact(over))
        text = self._instructions.text(wish.door, "callback.refused", wish.language)
        return Receipt(instruction="hang_up", refused="do_not_call", text=text, language=wish.language)

    async def _origin(self, wish: CallbackWish) -> ContactView | None:
        if not wish.origin:
            return None
        return await self._reads.contact(Scope(wish.door.provider, wish.door.client), wish.origin)

    def _leave_queue(self, origin: ContactView, wish: CallbackWish, changes: Changes) -> None:
        """The caller hangs up with a promise: not an abandoned call."""
        event = Left(origin.id, by="customer", cause="callback", to_callback=True)
        dedupe = f"to_callback:{origin.id}"
        changes.events.append(NewEvent(domain=wish.door.provider, event=event, received_at=wish.now, dedupe=dedupe))

    async def _join(self, standing: ContactView, wish: CallbackWish, changes: Changes) -> Receipt:
        promise = await callback_rows.promise_of(self._reads, standing)
        key, window, context = "callback.joined", (wish.now, max(standing.deadline, wish.now)), dict(wish.context)
        if standing.state in ("wrap_up", "ended") or promise.state == "ended":
            # That call is over, or its promise is: this wish is the next attempt, opened when the contact has ended.
            changes.timers.append(next_timer(standing, wish.now))
            if promise.state == "ended" or wish.asked_until > wish.now:
                key, window = "callback.promised", _window(wish, phone(wish.number))
                context[callback_rows.WISHED] = window
        _tell_agent(standing, wish, context, changes)
        changes.facts.append(self._fact("callback.joined", standing.id, wish, {"origin": wish.origin}))
        return self._promise(key, standing.id, wish, window=window, promise=promise.id)

    async def _open(self, wish: CallbackWish, number: str, origin: ContactView | None, changes: Changes) -> Receipt:
        view = wish.door.directory.callback_view(wish.door.client)
        if view is None:
            raise Misconfigured(f"client {wish.door.client} has no view for callbacks", field="callbacks.view")
        since, until = _window(wish, number)
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
                not_before=since,
                origin=wish.origin,
                view=view.id,
                context=_context(wish, since, until),
            ),
            changes,
        )
        contact = viewed(changes.contacts[-1])
        changes.callbacks.append(callback_rows.made_up(contact))
        changes.timers.append(night_of(contact, wish.door.directory))
        window = {"window_from": since, "window_until": until, "origin": wish.origin}
        changes.facts.append(self._fact("callback.promised", opened.contact.id, wish, window))
        name = opened.contact.id
        return self._promise("callback.promised", name, wish, window=(since, until), promise=name)

    def _promise(self, key: str, contact: str, wish: CallbackWish, *, window: Span, promise: str) -> Receipt:
        told = {
            "from": self._instructions.hour(wish.door, window[0], wish.number),
            "until": self._instructions.hour(wish.door, window[1], wish.number),
            "number": wish.number if not wish.number.startswith("unknown:") else "",
        }
        key = key if told["number"] else "callback.no_number"
        text = self._instructions.text(wish.door, key, wish.language, **told)
        link = self._link(wish.door.provider, promise)
        return Receipt(contact=contact, instruction="callback", text=text, language=wish.language, cancel_url=link)

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


def timer_id(contact: ContactView) -> str:
    """That of the timer below: a contact has at most one."""
    return f"callback.next:{contact.id}"


def next_timer(contact: ContactView, at: Micros) -> TimerSet:
    """When the next attempt at this number is opened (services/callback_attempts.py)."""
    return TimerSet(
        id=timer_id(contact),
        kind="callback.next",
        provider=contact.provider,
        client=contact.client,
        subject=contact.id,
        due_at=at,
    )


def night_of(contact: ContactView, directory: Directory) -> TimerSet:
    """When this callback may not be called any more, should nobody be free until then (callback_nights.py)."""
    closes = callback_offers.closes(
        (contact.context["window_from"], contact.deadline),
        zone=directory.callback_zone(contact.address),
        calendar=directory.callback_calendar(contact.client, directory.line(contact.door)),
    )
    return night_timer(contact, closes)


def night_timer(contact: ContactView, at: Micros) -> TimerSet:
    return TimerSet(
        id=f"callback.night:{contact.id}",
        kind="callback.night",
        provider=contact.provider,
        client=contact.client,
        subject=contact.id,
        due_at=at,
    )
