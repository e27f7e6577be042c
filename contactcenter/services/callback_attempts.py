"""The attempts of a promised callback: dialled at most once, recorded, and tried again after a while (A04, D21).

A failed attempt ends its contact; the next one is a new contact with the same place in the queue, opened by a timer
so that no restart can forget it. The last attempt is final.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from channels.port import PhoneCommand
from contactcenter.clock import SECOND, Micros
from contactcenter.domain import callback_offers
from contactcenter.domain.callback_outcomes import AGAIN, CALLED_IN, SAID, counted, final, goes_on
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Invalid, NotFound
from contactcenter.services import callback_rows, handles
from contactcenter.services.callback_corrections import Word, check_correction, correct, may_correct
from contactcenter.services.callback_rows import Held
from contactcenter.services.callbacks import next_timer, night_of
from contactcenter.services.changes import CallbackWrite, Changes, NewEvent, Outgoing
from contactcenter.services.commands import Stamp, again
from contactcenter.services.conversation import owned_contact
from contactcenter.services.directories import Door
from contactcenter.services.instead_of_callback import LOOK
from contactcenter.services.office import Office
from contactcenter.services.opening import Opening, Wish, viewed
from contactcenter.services.phone_orders import ANSWER_LIFE
from contactcenter.services.phone_sendings import by_phone
from contactcenter.services.ports import AlreadyReceived, DoorReads
from contactcenter.services.seats import Seat
from contactcenter.services.views import ContactView, DueTimer, Scope
from routing.events import Dialled
from routing.model import Medium

DIAL_LIFE: Final = 30 * SECOND
"""A dial command that is late is worse than none."""
IN_FLOW: Final = 5 * 60 * SECOND
"""How long a caller holds his callback beside the queue, should nothing be heard of him any more."""
NOT_YET: Final = 30 * SECOND
"""How long to wait when the failed attempt's contact is still being wrapped up."""


class Tried(Struct, frozen=True, kw_only=True):
    """How an attempt went and who says so: `platform`, or an agent. `lost`: the platform could not tell its end."""

    result: str
    by: str
    at: Micros
    lost: bool = False


class CallbackAttempts:
    def __init__(self, office: Office, reads: DoorReads) -> None:
        self._office = office
        self._reads = reads
        self._opening = Opening(reads, office.ids)

    # --- dialling ----------------------------------------------------------------------------------------------

    async def dial(self, seat: Seat, *, contact: str, stamp: Stamp) -> dict[str, Any]:
        """Record the attempt, then send the command: `{call, number}`. One attempt is dialled at most once.

        Forbidden `not_yours`; Conflict `wrong_medium`, `not_active`, `no_number`, `do_not_call`, `called_in` (the
        customer calls himself), `put_off` (it became night first), `callback_over` (it has its outcome already, such as
        the customer's cancelling), or `already_dialled` for another command.
        """
        return await again(lambda: self._dial(seat, contact, stamp))

    async def _dial(self, seat: Seat, contact: str, stamp: Stamp) -> dict[str, Any]:
        found = await owned_contact(self._office.reads, seat, contact)
        _check_callback(found)
        now = self._office.clock.now()
        command = await self._command(seat, found, now)
        result = {"call": command.call, "number": found.address}
        receipt = Stamp("dial", found.id, stamp.payload_hash).receipt(result, now)
        changes = Changes(receipt=receipt, facts=[_dialled(found, seat, command, now)])
        changes.callbacks.append(await self._may_be_dialled(found))
        changes.events.append(_stays_his(found, seat, now))
        changes.outbox.append(
            by_phone(command, provider=found.provider, client=found.client, contact=found.id, now=now)
        )
        try:
            await self._office.store.apply(changes)
        except AlreadyReceived as known:
            if known.first.payload_hash != stamp.payload_hash:
                raise Conflict("this attempt was dialled already", code="already_dialled") from None
            return stamp.first_answer(known.first)
        await self._office.bus.publish("outbox")
        await self._office.bus.publish(f"domain:{found.domain}")
        return result

    async def _may_be_dialled(self, contact: ContactView) -> CallbackWrite:
        """Its promise, which is being dialled from here on: nobody can cancel it in the same moment."""
        if await self._reads.unwanted(contact.client, contact.address) is not None:
            raise Conflict("the customer's number is on the do-not-call list", code="do_not_call", field="contact")
        promise = await callback_rows.promise_of(self._reads, contact)
        if promise.state == "open" and callback_rows.is_held(promise, contact.id):
            raise Conflict("the customer calls himself", code="called_in", field="contact")
        if promise.state == "open" and callback_rows.is_tried(promise, contact.id):
            raise Conflict("it was put off until the morning", code="put_off", field="contact")
        if promise.state == "ended" and not callback_rows.is_tried(promise, contact.id):
            raise Conflict(f"this callback is over: {promise.outcome}", code="callback_over", field="contact")
        return promise if promise.state == "ended" else replace(promise, state="dialling")

    async def _command(self, seat: Seat, contact: ContactView, now: Micros) -> PhoneCommand:
        directory = self._office.directory(seat.provider)
        desk = await self._office.reads.desk(seat.provider, seat.agent)
        device = desk.presence.device if desk else ""
        return PhoneCommand(
            id=f"{contact.id}/dial",
            source=source_of(directory, contact),
            call=handles.dialled_call(contact.id),
            verb="dial",
            agent=seat.number,
            device=device or directory.agent(seat.agent).device,
            number=contact.address,
            language=contact.language,
            not_after=now + DIAL_LIFE,
        )

    # --- results -----------------------------------------------------------------------------------------------

    async def attempted(self, seat: Seat, contact: ContactView, result: str, changes: Changes) -> None:
        """The agent's word, unless the platform's came first: that he can only correct. Raises Invalid (`result`).

        A call that is still there when he says how it went is over with that.
        """
        if result not in SAID:
            raise Invalid(f"result is one of {', '.join(SAID)}", code="result", field="result")
        promise = await callback_rows.promise_of(self._reads, contact)
        if may_correct(promise, contact, result):
            await self._correct(promise, contact, result, seat, changes)
            return
        now, directory = self._office.clock.now(), self._office.directory(seat.provider)
        await settle(self._reads, directory, contact, Tried(result=result, by=seat.agent, at=now), changes)
        if promise.state == "dialling":
            changes.outbox.append(hang_up(contact, seat.number, source_of(directory, contact), now))

    async def corrected(self, seat: Seat, contact: ContactView, result: str, changes: Changes) -> None:
        """The agent's word at the end of his wrap-up. Raises Invalid `result`, Conflict `wrong_medium`, `too_late`,
        `not_wrapping`, `not_reached`."""
        check_correction(contact, result)
        promise = await callback_rows.promise_of(self._reads, contact)
        await self._correct(promise, contact, result, seat, changes)

    async def _correct(
        self, promise: CallbackWrite, contact: ContactView, result: str, seat: Seat, changes: Changes
    ) -> None:
        """Whom the platform believed not reached is not called again, unless he asked for it since."""
        facts = await self._office.reads.facts_of_contact(Scope(contact.provider, contact.client), contact.id)
        asked_at = max((fact.at for fact in facts if fact.kind == "callback.joined"), default=0)
        word = Word(result=result, by=seat.agent, at=self._office.clock.now(), asked_at=asked_at)
        correct(promise, contact, word, changes)

    async def ended(self, timer: DueTimer) -> None:
        """The timer `callback.settle`: a contact ended; if nobody tried it, that was the promise's end."""
        now, changes = self._office.clock.now(), Changes(timers_fired=[timer.id])
        contact = await self._office.reads.contact(Scope(timer.provider, timer.client), timer.subject)
        if contact is None:
            raise NotFound(f"there is no contact {timer.subject}")
        promise = await callback_rows.promise_of(self._reads, contact)
        if not callback_rows.is_over(promise, contact.id):
            over = callback_rows.ended(promise, "closed", by=contact.released_by or "house", at=now)
            changes.callbacks.append(over)
            changes.facts.append(callback_rows.ended_fact(over, contact_outcome=contact.outcome))
        await self._office.store.apply(changes)

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
        promise = await callback_rows.promise_of(self._reads, before)
        held_until = await self._held(before, promise, now, changes)
        if held_until > now:
            changes.timers.append(next_timer(before, held_until))
        elif not changes.callbacks and await self._reads.open_callback(timer.client, before.address) is None:
            await self._promised_again(before, promise, now, changes)
        await self._office.store.apply(changes)
        await self._office.bus.publish(f"domain:{timer.provider}")

    async def _held(self, before: ContactView, promise: CallbackWrite, now: Micros, changes: Changes) -> Micros:
        """Until when the customer's own call keeps it out of the queue, 0: no longer. An answered one was its end."""
        calls = callback_rows.holding(promise) if promise.state != "ended" else ()
        for each in reversed(calls):
            call = await self._office.reads.contact(Scope(before.provider), each.call)
            if call is not None and call.answered_at is not None:
                over = callback_rows.ended(promise, CALLED_IN, by="customer", at=now)
                changes.callbacks.append(over)
                changes.facts.append(callback_rows.ended_fact(over, answered_as=each.call))
                return 0
            if (call is not None and call.state != "ended") or await self._is_on_the_line(each, call, now):
                return now + LOOK
        return 0

    async def _is_on_the_line(self, held: Held, contact: ContactView | None, now: Micros) -> bool:
        """In a flow, before his place in the queue or after it, until his end is told; without a word not for long."""
        since = held.at if contact is None else contact.ended_at or now
        named = handles.call_of(held.handle or held.call)
        if named is None or now >= since + IN_FLOW:
            return False
        call = await self._reads.call(*named)
        return call is None or not call.gone

    async def _promised_again(self, before: ContactView, promise: CallbackWrite, now: Micros, changes: Changes) -> None:
        """The next attempt of the same promise, or, after its outcome, of a new one; none for a listed number."""
        if await self._reads.unwanted(before.client, before.address) is not None:
            if promise.state != "ended":
                over = callback_rows.ended(promise, "do_not_call", by="list", at=now)
                changes.callbacks.append(over)
                changes.facts.append(callback_rows.ended_fact(over))
            return
        await self.next_callback(before, promise, now, changes)

    async def next_callback(self, before: ContactView, promise: CallbackWrite, now: Micros, changes: Changes) -> str:
        """Add the next attempt to the changes of a use case: same place, same origin; a new promise counts anew."""
        directory, anew = self._office.directory(before.provider), promise.state == "ended"
        since, until = _window(directory, before, callback_rows.kept(promise, before), now)
        attempt = 1 if anew else counted(promise.attempts) + 1
        known = {key: value for key, value in before.context.items() if key not in ("callback", callback_rows.WISHED)}
        chained = {"attempt": attempt, "before": before.id, **({} if anew else {"callback": promise.id})}
        door = _door(directory, before, now)
        opened = await self._opening.open(
            Wish(
                door=door,
                medium=Medium.CALLBACK,
                door_name=before.door,
                external_id=f"{before.external_id.partition('#')[0]}#{len(promise.attempts) + 1}",
                handle=handles.callback(source_of(directory, before)),
                identities=(),
                now=now,
                address=before.address,
                language=before.language,
                product=str(before.context.get("product", "")),
                subject=before.subject,
                complaint=before.complaint,
                enqueued_at=before.enqueued_at,
                deadline=until,
                not_before=since,
                origin=before.origin or before.id,
                case=before.case,
                context={**known, "window_from": since, "window_until": until, **chained},
                view=door.view,
                customer=before.customer,
            ),
            changes,
        )
        contact = viewed(changes.contacts[-1])
        changes.timers.append(night_of(contact, directory))
        if anew:
            changes.callbacks.append(callback_rows.made_up(contact))
        else:
            changes.callbacks.append(
                replace(promise, contact=contact.id, state="open", window_from=since, window_until=until)
            )
        return opened.contact.id


async def settle(reads: DoorReads, directory: Directory, contact: ContactView, tried: Tried, changes: Changes) -> bool:
    """Add how this contact's attempt went, and the next one's timer or the outcome. False when it has a result."""
    promise = await callback_rows.promise_of(reads, contact)
    if callback_rows.is_over(promise, contact.id):
        return False
    rules, result, at = directory.document.callbacks, tried.result, tried.at
    after = callback_rows.tried(promise, contact, result=result, by=tried.by, at=at, lost=tried.lost)
    listed = result in AGAIN and await reads.unwanted(contact.client, contact.address) is not None
    once_more = not listed and goes_on(result, tried=counted(after.attempts), most=rules.attempts)
    data = {"result": result, "attempt": attempt_of(contact), "final": not once_more, "origin": contact.origin}
    changes.facts.append(_fact("callback.attempted", contact, tried.by, at, data))
    if once_more:
        spacing = 0 if result == "not_dialled" else rules.spacing_s * SECOND
        changes.timers.append(next_timer(contact, _again_at(directory, contact, promise, at + spacing)))
        changes.callbacks.append(after)
    else:
        over = callback_rows.ended(after, "do_not_call" if listed else final(result), by=tried.by, at=at)
        changes.callbacks.append(over)
        changes.facts.append(callback_rows.ended_fact(over))
    return True


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


def _again_at(directory: Directory, contact: ContactView, promise: CallbackWrite, at: Micros) -> Micros:
    """Not outside the hours in which this client's customers are called back (D21), nor at night where he is."""
    since, _ = _window(directory, contact, (0, promise.window_until), at)
    return since


def _window(directory: Directory, contact: ContactView, kept: callback_offers.Span, at: Micros) -> callback_offers.Span:
    return callback_offers.resumed(
        now=at,
        window_s=directory.document.callbacks.window_s,
        zone=directory.callback_zone(contact.address),
        kept=kept,
        calendar=directory.callback_calendar(contact.client, directory.line(contact.door)),
    )


def _door(directory: Directory, before: ContactView, now: Micros) -> Door:
    """Where the next attempt waits: as before; once that view or lease is no more, where its client's wait now (I9)."""
    line = directory.line(before.door)
    view = before.view
    if all(each.id != view for each in directory.document.views):
        current = directory.callback_view(before.client)
        view = current.id if current else view
    running = {x.id for x in directory.document.leases if x.client == before.client and directory.in_force(x.id, now)}
    lease = before.lease
    if running and lease not in running:
        latest = directory.lease_in_force(before.client, now)
        lease = line.lease if line and line.lease in running else latest.id if latest else lease
    return Door(before.provider, before.client, lease, view, directory, line)


def _check_callback(contact: ContactView) -> None:
    if contact.medium != "callback":
        raise Conflict("only callbacks are dialled", code="wrong_medium", field="contact")
    if contact.state != "active":
        raise Conflict("accept it before dialling", code="not_active", field="contact")
    if contact.address.startswith("unknown:"):
        raise Conflict("the caller left no number", code="no_number", field="contact")


def _stays_his(contact: ContactView, seat: Seat, now: Micros) -> NewEvent:
    """From here on routing leaves it with its leg, as a call (decisions row 8)."""
    event = Dialled(contact.id, seat.agent)
    return NewEvent(domain=contact.domain, event=event, received_at=now, dedupe=f"{contact.id}:dialled")


def hang_up(contact: ContactView, number: str, source: str, now: Micros) -> Outgoing:
    """Both legs of the dialled call, whoever of them is there. `number`: that of the agent who ends it; '' for us."""
    command = PhoneCommand(
        id=f"{contact.id}/hang_up",
        source=source,
        call=handles.dialled_call(contact.id),
        verb="hang_up",
        agent=number,
        not_after=now + ANSWER_LIFE,
    )
    return by_phone(command, provider=contact.provider, client=contact.client, contact=contact.id, now=now)


def _dialled(contact: ContactView, seat: Seat, command: PhoneCommand, now: Micros) -> Fact:
    data = {"attempt": attempt_of(contact), "call": command.call, "source": command.source}
    return _fact("callback.dialled", contact, seat.agent, now, data)


def _fact(kind: str, contact: ContactView, by: str, now: Micros, data: dict[str, Any]) -> Fact:
    return Fact(
        id=f"{contact.id}:{kind}",
        at=now,
        kind=kind,
        provider=contact.provider,
        client=contact.client,
        contact=contact.id,
        case=contact.case,
        customer=contact.customer,
        agent="" if by == "platform" else by,
        data=data,
    )
