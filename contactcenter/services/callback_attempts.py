"""The attempts of a promised callback: dialled at most once, recorded, and tried again after a while (A04, D21).

A failed attempt ends its contact; the next one is a new contact with the same place in the queue, opened by a timer
so that no restart can forget it. The last attempt is final.
"""

from __future__ import annotations

from typing import Any, Final

from channels.port import PhoneCommand
from contactcenter.clock import SECOND, Micros
from contactcenter.domain import priority
from contactcenter.domain.business_time import next_open
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Invalid, NotFound
from contactcenter.services import handles
from contactcenter.services.callbacks import next_timer
from contactcenter.services.changes import Changes, Outgoing
from contactcenter.services.commands import Stamp
from contactcenter.services.conversation import owned_contact
from contactcenter.services.directories import Door
from contactcenter.services.office import Office
from contactcenter.services.opening import Opening, Wish
from contactcenter.services.ports import AlreadyReceived, DoorReads
from contactcenter.services.seats import Seat
from contactcenter.services.views import ContactView, DueTimer, Scope
from routing.model import Medium

RESULTS: Final = ("reached", "no_answer", "busy", "wrong_number", "declined")
AGAIN: Final = ("no_answer", "busy")
DIAL_LIFE: Final = 30 * SECOND
"""A dial command that is late is worse than none."""
NOT_YET: Final = 30 * SECOND
"""How long to wait when the failed attempt's contact is still being wrapped up."""


class CallbackAttempts:
    def __init__(self, office: Office, reads: DoorReads) -> None:
        self._office = office
        self._reads = reads
        self._opening = Opening(reads, office.ids)

    # --- dialling ----------------------------------------------------------------------------------------------

    async def dial(self, seat: Seat, *, contact: str, stamp: Stamp) -> dict[str, Any]:
        """Record the attempt, then send the command: `{call, number}`. One attempt is dialled at most once.

        Forbidden `not_yours`; Conflict `wrong_medium`, `not_active`, or `already_dialled` for another command.
        """
        found = await owned_contact(self._office.reads, seat, contact)
        _check_callback(found)
        now = self._office.clock.now()
        command = await self._command(seat, found, now)
        result = {"call": command.call, "number": found.address}
        receipt = Stamp("dial", found.id, stamp.payload_hash).receipt(result, now)
        changes = Changes(receipt=receipt, facts=[_dialled(found, seat, command, now)])
        changes.outbox.append(_outgoing(command, found, now))
        try:
            await self._office.store.apply(changes)
        except AlreadyReceived as known:
            if known.first.payload_hash != stamp.payload_hash:
                raise Conflict("this attempt was dialled already", code="already_dialled") from None
            return stamp.first_answer(known.first)
        await self._office.bus.publish("outbox")
        return result

    async def _command(self, seat: Seat, contact: ContactView, now: Micros) -> PhoneCommand:
        directory = self._office.directory(seat.provider)
        desk = await self._office.reads.desk(seat.provider, seat.agent)
        device = desk.presence.device if desk else ""
        return PhoneCommand(
            id=f"{contact.id}/dial",
            source=source_of(directory, contact),
            call=f"{contact.id}/call",
            verb="dial",
            agent=seat.number,
            device=device or directory.agent(seat.agent).device,
            number=contact.address,
            language=contact.language,
            not_after=now + DIAL_LIFE,
        )

    # --- results -----------------------------------------------------------------------------------------------

    async def attempted(self, seat: Seat, contact: ContactView, result: str, changes: Changes) -> None:
        """Add how the attempt went, and the next one's timer if it failed and attempts remain. Invalid (`result`)."""
        if result not in RESULTS:
            raise Invalid(f"result is one of {', '.join(RESULTS)}", code="result", field="result")
        facts = await self._office.reads.facts_of_contact(seat.scope, contact.id)
        if any(fact.kind == "callback.attempted" for fact in facts):
            return
        now, directory = self._office.clock.now(), self._office.directory(seat.provider)
        rules = directory.document.callbacks
        attempt = attempt_of(contact)
        once_more = result in AGAIN and attempt < rules.attempts
        data = {"result": result, "attempt": attempt, "final": not once_more, "origin": contact.origin}
        changes.facts.append(_fact("callback.attempted", contact, seat, now, data))
        if once_more:
            changes.timers.append(next_timer(contact, _again_at(directory, contact, now + rules.spacing_s * SECOND)))

    # --- the next attempt --------------------------------------------------------------------------------------

    async def open_next(self, timer: DueTimer) -> None:
        """The timer `callback.next`: a new contact at the old place, unless the number waits again already."""
        scope = Scope(timer.provider, timer.client)
        before = await self._office.reads.contact(scope, timer.subject)
        if before is None:
            raise NotFound(f"there is no contact {timer.subject}")
        now = self._office.clock.now()
        if before.state != "ended":
            await self._office.store.apply(Changes(timers=[next_timer(before, now + NOT_YET)]))
            return
        changes = Changes(timers_fired=[timer.id])
        if await self._reads.open_callback(timer.client, before.address) is None:
            await self.next_callback(before, now, changes)
        await self._office.store.apply(changes)
        await self._office.bus.publish(f"domain:{timer.provider}")

    async def next_callback(self, before: ContactView, now: Micros, changes: Changes) -> str:
        """Add the next attempt to the changes of a use case: same place, same origin, one attempt more."""
        directory = self._office.directory(before.provider)
        since, until = priority.callback_window(
            now=now,
            window_s=directory.document.callbacks.window_s,
            calendar=directory.callback_calendar(before.client),
        )
        attempt = attempt_of(before) + 1
        promised = {"window_from": since, "window_until": until} if until > before.deadline else {}
        opened = await self._opening.open(
            Wish(
                door=Door(
                    before.provider, before.client, before.lease, before.view, directory, directory.line(before.door)
                ),
                medium=Medium.CALLBACK,
                door_name=before.door,
                external_id=f"{before.external_id}#{attempt}",
                handle=handles.callback(source_of(directory, before)),
                identities=(),
                now=now,
                address=before.address,
                language=before.language,
                product=str(before.context.get("product", "")),
                subject=before.subject,
                complaint=before.complaint,
                enqueued_at=before.enqueued_at,
                deadline=max(before.deadline, until),
                origin=before.origin or before.id,
                case=before.case,
                context={**before.context, **promised, "attempt": attempt, "before": before.id},
                view=before.view,
                customer=before.customer,
            ),
            changes,
        )
        return opened.contact.id


def attempt_of(contact: ContactView) -> int:
    """Counted from 1."""
    counted = contact.context.get("attempt", 1)
    return counted if isinstance(counted, int) else 1


def source_of(directory: Directory, contact: ContactView) -> str:
    """The phone platform that carries it: named by the contact, else its door, else the first configured."""
    named = str(contact.context.get("source", "")) or contact.door
    if directory.source(named) is not None:
        return named
    sources = directory.document.sources
    if not sources:
        raise Conflict("no phone platform is configured", code="no_source")
    return sources[0].id


def _again_at(directory: Directory, contact: ContactView, at: Micros) -> Micros:
    """Not outside the hours in which this client's customers are called back (D21)."""
    calendar = directory.callback_calendar(contact.client)
    return at if calendar is None else next_open(calendar, at)


def _check_callback(contact: ContactView) -> None:
    if contact.medium != "callback":
        raise Conflict("only callbacks are dialled", code="wrong_medium", field="contact")
    if contact.state != "active":
        raise Conflict("accept it before dialling", code="not_active", field="contact")


def _dialled(contact: ContactView, seat: Seat, command: PhoneCommand, now: Micros) -> Fact:
    data = {"attempt": attempt_of(contact), "call": command.call, "source": command.source}
    return _fact("callback.dialled", contact, seat, now, data)


def _fact(kind: str, contact: ContactView, seat: Seat, now: Micros, data: dict[str, Any]) -> Fact:
    return Fact(
        id=f"{contact.id}:{kind}",
        at=now,
        kind=kind,
        provider=contact.provider,
        client=contact.client,
        contact=contact.id,
        case=contact.case,
        customer=contact.customer,
        agent=seat.agent,
        data=data,
    )


def _outgoing(command: PhoneCommand, contact: ContactView, now: Micros) -> Outgoing:
    return Outgoing(
        id=command.id,
        kind="phone",
        provider=contact.provider,
        client=contact.client,
        payload=command,
        created_at=now,
        next_at=now,
        contact=contact.id,
        not_after=command.not_after,
    )
