"""The instruction that was not decided in time follows as a command (house rule of intake: reply, else 202 and this).

A timer row holds the promise from the moment of the 202, so that it survives whatever happens to the process.
"""

from __future__ import annotations

from channels.port import PhoneCommand, Receipt
from contactcenter.clock import SECOND, Clock, Micros
from contactcenter.services.changes import Changes, Outgoing, TimerSet
from contactcenter.services.directories import Directories
from contactcenter.services.instructions import Instructions
from contactcenter.services.ports import Bus, ChangeStore, Reads
from contactcenter.services.views import ContactView, DueTimer, Scope

KIND = "call.instruct"
AGAIN: Micros = SECOND
LIFE: Micros = 30 * SECOND
"""How long after the decision a caller is still there to be told."""


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
        """Send what was decided; look again in a second while nothing is; nothing for a call that is over."""
        now = self._clock.now()
        changes = Changes(timers_fired=[timer.id])
        scope = Scope(timer.provider, timer.client)
        contact = await self._reads.contact(scope, timer.subject)
        door = self._directories.line(contact.door) if contact else None
        if contact is not None and door is not None:
            facts = await self._reads.facts_of_contact(scope, contact.id)
            told = self._instructions.recalled(door, facts, Receipt(contact.id), contact.language)
            if told.pending:
                changes.timers.append(promise(contact, timer.owner, now + AGAIN))
            elif contact.outcome != "abandoned":
                changes.outbox.append(_command(contact, timer.owner, told, now))
        await self._store.apply(changes)
        if changes.outbox:
            await self._bus.publish("outbox")


def _command(contact: ContactView, source: str, told: Receipt, now: Micros) -> Outgoing:
    command = PhoneCommand(
        id=f"{contact.id}/treat",
        source=source,
        call=contact.external_id,
        verb="treat",
        treatment=told.instruction,
        text=told.text,
        language=told.language,
        not_after=now + LIFE,
    )
    return Outgoing(
        id=command.id,
        kind="phone",
        provider=contact.provider,
        client=contact.client,
        contact=contact.id,
        payload=command,
        created_at=now,
        next_at=now,
        not_after=command.not_after,
    )
