"""What a call is told by a command: what was not decided in time for the reply, and what it gets when it overflows.

A timer row holds each promise: of the first from the moment of the 202, of the second in the decision's own batch,
so that they survive whatever happens to the process.
"""

from __future__ import annotations

from channels.port import PhoneCommand, Receipt
from contactcenter.clock import SECOND, Clock, Micros
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Changes, Outgoing, TimerSet
from contactcenter.services.directories import Directories, Door
from contactcenter.services.follow_ups import CALL_OVERFLOWED
from contactcenter.services.instructions import Instructions, told_by
from contactcenter.services.phone_sendings import by_phone
from contactcenter.services.ports import Bus, ChangeStore, Reads
from contactcenter.services.sendings import RESEND, handed
from contactcenter.services.views import ContactView, DueTimer, Scope

KIND = "call.instruct"
KINDS = (KIND, CALL_OVERFLOWED)
AGAIN: Micros = SECOND
LIFE: Micros = 30 * SECOND
"""How long after the decision a caller is still there to be told."""
GONE = ("abandoned", "overflowed")
"""Ends after which the first instruction is no use: nobody is there, or he is told something else."""


def promise(contact: ContactView, source: str, at: Micros) -> TimerSet:
    """The timer of one call; `owner` names the platform that waits."""
    return TimerSet(
        id=f"{KIND}:{contact.id}",
        kind=KIND,
        provider=contact.provider,
        client=contact.client,
        subject=contact.id,
        due_at=at,
        owner=source,
    )


class LateInstructions:
    def __init__(
        self,
        *,
        store: ChangeStore,
        reads: Reads,
        bus: Bus,
        directories: Directories,
        instructions: Instructions,
        clock: Clock,
    ) -> None:
        self._store = store
        self._reads = reads
        self._bus = bus
        self._directories = directories
        self._instructions = instructions
        self._clock = clock

    async def handle(self, timer: DueTimer) -> None:
        """Send what was decided; nothing for a call that is over or whose line is gone from the configuration."""
        changes = Changes(timers_fired=[timer.id])
        scope = Scope(timer.provider, timer.client)
        contact = await self._reads.contact(scope, timer.subject)
        door = self._directories.line(contact.door) if contact else None
        if contact is not None and door is not None:
            facts = await self._reads.facts_of_contact(scope, contact.id)
            tell = self._overflowed if timer.kind == CALL_OVERFLOWED else self._late
            tell(contact, timer.owner, door, facts, changes)
        await self._store.apply(changes)
        for hint in handed(changes.outbox) if changes.outbox else ():
            await self._bus.publish("outbox", hint)

    def _late(self, contact: ContactView, source: str, door: Door, facts: list[Fact], changes: Changes) -> None:
        """The first instruction; while nothing is decided, look again in a second."""
        now = self._clock.now()
        if contact.outcome in GONE:
            return
        told = self._instructions.recalled(door, facts, Receipt(contact.id), contact.language, caller=contact.address)
        if told.pending:
            changes.timers.append(promise(contact, source, now + AGAIN))
        else:
            changes.outbox.append(_command(contact, source, told, name="treat", now=now))

    def _overflowed(self, contact: ContactView, source: str, door: Door, facts: list[Fact], changes: Changes) -> None:
        fact = next((each for each in facts if each.kind == "contact.overflowed"), None)
        if fact is not None:
            told = self._instructions.turned_away(door, told_by(fact, contact.language, contact.address))
            changes.outbox.append(_command(contact, source, told, name="overflow", now=self._clock.now()))


def _command(contact: ContactView, source: str, told: Receipt, *, name: str, now: Micros) -> Outgoing:
    command = PhoneCommand(
        id=f"{contact.id}/{name}",
        source=source,
        call=contact.external_id,
        verb="treat",
        treatment=told.instruction,
        text=told.text,
        language=told.language,
        not_after=now + LIFE,
    )
    return by_phone(
        command, provider=contact.provider, client=contact.client, contact=contact.id, now=now, due=now + RESEND
    )
