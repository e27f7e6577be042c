"""What an agent does during a call: hold, consult, join, leave, record, hang up (issue 5).

Consults and the hang-up move the queue and are the router's; hold and recording are said to the platform at once,
with their fact, at most once by the command's id. A platform that cannot do it says so by its own events.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, Final

from channels.port import PhoneCommand
from contactcenter.client import protocol as p
from contactcenter.clock import SECOND, Micros
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Forbidden, Invalid, NotFound
from contactcenter.services.asking import Asking
from contactcenter.services.changes import Changes
from contactcenter.services.commands import Stamp, once, stamp_of
from contactcenter.services.destinations import accused_of, colleague, not_the_accused, view_for
from contactcenter.services.notices import Notices
from contactcenter.services.office import Office
from contactcenter.services.phone_sendings import by_phone
from contactcenter.services.ports import DoorReads
from contactcenter.services.seats import Seat
from contactcenter.services.views import ContactView
from routing import events as ev

LIFE: Final = 10 * SECOND
"""A hold that comes later than this would surprise both sides."""
RECORDINGS: Final = {"on": "record", "pause": "pause_record", "off": "stop_record"}
Answer = dict[str, Any]
Handler = Callable[[Seat, Any], Awaitable[Answer]]
Once = Callable[[Seat, p.Command, Callable[[Stamp], Awaitable[Answer]]], Awaitable[Answer]]
"""Runs what looks at the state before it asks the router; said again, the first outcome is told (services/desk.py)."""


class Talk:
    def __init__(self, office: Office, asking: Asking, reads: DoorReads) -> None:
        self._office = office
        self._asking = asking
        self._reads = reads

    def handlers(self, run: Once) -> dict[type[p.Command], Handler]:
        """By command. Each answers `{}` or raises `not_owner`, `contact_not_active`, `not_a_call` or its own codes."""
        return {
            p.Hold: lambda seat, command: self._say(seat, command, "hold", "call.held"),
            p.Resume: lambda seat, command: self._say(seat, command, "resume", "call.resumed"),
            p.Record: self._record,
            p.Consult: lambda seat, command: run(seat, command, lambda stamp: self._consult(seat, command, stamp)),
            p.Join: lambda seat, command: run(seat, command, lambda stamp: self._join(seat, command, stamp)),
            p.Leave: self._leave,
            p.HangUp: lambda seat, command: run(seat, command, lambda stamp: self._hang_up(seat, command, stamp)),
        }

    # --- said to the platform --------------------------------------------------------------------------------

    async def _record(self, seat: Seat, command: p.Record) -> Answer:
        verb = RECORDINGS.get(command.state)
        if verb is None:
            raise Invalid(f"state is one of {', '.join(RECORDINGS)}", code="recording", field="state")
        return await self._say(seat, command, verb, "call.recording", state=command.state)

    async def _say(
        self, seat: Seat, command: p.Hold | p.Resume | p.Record, verb: str, kind: str, **data: str
    ) -> Answer:
        stamp = stamp_of(seat.provider, seat.agent, command)

        async def attempt() -> Answer:
            contact = await self._call_of(seat, command.contact)
            now = self._office.clock.now()
            told = data | ({"complaint": True} if contact.complaint else {})
            order = await self._order(seat, contact, verb, stamp, now)
            changes = Changes(receipt=stamp.receipt({}, now), facts=[_fact(kind, contact, seat, stamp, now, told)])
            changes.outbox.append(
                by_phone(order, provider=contact.provider, client=contact.client, contact=contact.id, now=now)
            )
            await self._office.store.apply(changes)
            await self._office.bus.publish("outbox")
            if verb == "hold" and contact.complaint:
                await self._tell_of_hold(seat, contact, now)
            return {}

        return await once(self._office.store, stamp, attempt)

    async def _tell_of_hold(self, seat: Seat, contact: ContactView, now: Micros) -> None:
        """A complainant is never told to wait (B09): who lets one wait all the same is seen at once."""
        notices = Notices(self._office)
        await notices.tell_supervisors(
            contact.provider, contact.client, "complaint_held", at=now, contact=contact.id, number=seat.number
        )

    async def _order(self, seat: Seat, contact: ContactView, verb: str, stamp: Stamp, now: Micros) -> PhoneCommand:
        return PhoneCommand(
            id=stamp.derived(f"{contact.id}/{verb}"),
            source=await self._source(seat, contact),
            call=contact.external_id,
            verb=verb,
            agent=seat.number,
            not_after=now + LIFE,
        )

    async def _source(self, seat: Seat, contact: ContactView) -> str:
        """The platform that brought the call."""
        for source in self._office.directory(seat.provider).document.sources:
            call = await self._reads.call(source.id, contact.external_id)
            if call is not None and call.contact == contact.id:
                return source.id
        raise Conflict("no phone platform has this call", code="no_call", field="contact")

    # --- decided by the router -------------------------------------------------------------------------------

    async def _consult(self, seat: Seat, command: p.Consult, stamp: Stamp) -> Answer:
        """A colleague by number, who may lack the skills, or the best free one of a view."""
        if bool(command.view) == bool(command.agent):
            raise Invalid("name a view or an agent", code="target", field="view")
        contact = await self._call_of(seat, command.contact)
        key = _key(seat, command)
        if command.agent:
            agent = await colleague(self._office, seat, contact, command.agent)
            event = ev.Consulted(contact.id, seat.agent, to_agent=agent, command=key)
        else:
            _, wanted = view_for(self._office.directory(seat.provider), contact, command.view)
            accused = await accused_of(self._office, seat, contact)
            event = ev.Consulted(contact.id, seat.agent, needs=wanted, command=key, besides=accused)
        return await self._decided(seat, key, event, stamp)

    async def _join(self, seat: Seat, command: p.Join, stamp: Stamp) -> Answer:
        """The warm transfer is complete; a complaint never becomes the work of the accused (E42)."""
        contact = await self._call_of(seat, command.contact)
        desk = await self._office.reads.desk(seat.provider, seat.agent)
        for consult in desk.consults if desk else ():
            if consult.contact == contact.id:
                await not_the_accused(self._office, seat, contact, consult.agent)
        key = _key(seat, command)
        return await self._decided(seat, key, ev.Joined(contact.id, seat.agent, key), stamp)

    async def _leave(self, seat: Seat, command: p.Leave) -> Answer:
        """Said by the owner or by the consulted agent: the router knows who is who."""
        key = _key(seat, command)
        await self._asking.ask(seat.provider, key, ev.ConsultLeft(command.contact, seat.agent, key))
        return {}

    async def _hang_up(self, seat: Seat, command: p.HangUp, stamp: Stamp) -> Answer:
        contact = await self._call_of(seat, command.contact)
        key = _key(seat, command)
        fact = _fact("call.hung_up", contact, seat, stamp, self._office.clock.now(), {})
        event = ev.Finished(contact.id, seat.agent, "hung_up", key)
        return await self._decided(seat, key, event, stamp, facts=[fact])

    async def _decided(
        self, seat: Seat, key: str, event: ev.AnyEvent, stamp: Stamp, *, facts: list[Fact] | None = None
    ) -> Answer:
        changes = Changes(receipt=stamp.receipt({}, self._office.clock.now()), facts=facts or [])
        await self._asking.ask(seat.provider, key, event, changes)
        return {}

    async def _call_of(self, seat: Seat, contact: str) -> ContactView:
        """The call that this agent owns and talks on."""
        found = await self._office.reads.contact(seat.scope, contact)
        if found is None:
            raise NotFound("there is no such contact here", field="contact")
        if found.owner != seat.agent:
            raise Forbidden("this contact is not yours", code="not_owner", field="contact")
        if found.medium != "voice":
            raise Conflict("this contact is not a call", code="not_a_call", field="contact")
        if found.state != "active":
            raise Conflict("nobody talks here now", code="contact_not_active", field="contact")
        return found


def _key(seat: Seat, command: p.Command) -> str:
    return f"{seat.agent}:{command.id}"


def _fact(kind: str, contact: ContactView, seat: Seat, stamp: Stamp, now: Micros, data: dict[str, Any]) -> Fact:
    return Fact(
        id=stamp.derived(f"{contact.id}:{kind}"),
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
