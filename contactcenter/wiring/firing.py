"""Which service fires which timer: instructions of calls, chats that nobody took, deadlines of everything else."""

from __future__ import annotations

from contactcenter.services.follow_ups import CHAT_TURNED_AWAY
from contactcenter.services.late_instructions import KINDS, LateInstructions
from contactcenter.services.turned_away import ChatsTurnedAway
from contactcenter.services.views import DueTimer
from contactcenter.wiring.core import Core
from contactcenter.wiring.desk import Desks
from contactcenter.workers.timers import Handle


def late_instructions(core: Core) -> LateInstructions:
    return LateInstructions(
        store=core.stores.changes,
        reads=core.reads,
        bus=core.bus,
        directories=core.directories,
        instructions=core.instructions,
        clock=core.clock,
    )


def chats_turned_away(core: Core) -> ChatsTurnedAway:
    return ChatsTurnedAway(core.office, instructions=core.instructions, messages=core.left_messages)


def firing(core: Core, desks: Desks) -> Handle:
    calls, chats = late_instructions(core), chats_turned_away(core)

    async def fire(timer: DueTimer) -> None:
        if timer.kind in KINDS:
            await calls.handle(timer)
        elif timer.kind == CHAT_TURNED_AWAY:
            await chats.handle(timer)
        else:
            await desks.deadlines.handle(timer)

    return fire
