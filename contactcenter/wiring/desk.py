"""The agents' side of a process: the use cases of a desk and the gateway that speaks to its sockets."""

from __future__ import annotations

from dataclasses import dataclass

from contactcenter.metrics.prometheus import Registry
from contactcenter.realtime.desk import DeskGateway
from contactcenter.realtime.desk_attendance import Attendance, AttendanceWatch
from contactcenter.services.access import Access
from contactcenter.services.asking import Asking
from contactcenter.services.callback_attempts import CallbackAttempts
from contactcenter.services.complaints import Complaints
from contactcenter.services.conversation import Conversation
from contactcenter.services.deadlines import Deadlines
from contactcenter.services.desk import DeskService
from contactcenter.services.screen_pop import ScreenPop
from contactcenter.services.supervision import Supervision
from contactcenter.services.unseen_offers import UnseenOffers
from contactcenter.wiring.core import Core


@dataclass(slots=True)
class Desks:
    gateway: DeskGateway
    complaints: Complaints
    supervision: Supervision
    deadlines: Deadlines
    watch: AttendanceWatch

    async def drain(self) -> None:
        await self.gateway.drain()


def build_desks(core: Core, access: Access, registry: Registry) -> Desks:
    asking = Asking(core.office, core.replies)
    complaints = Complaints(core.office, core.cases)
    attempts = CallbackAttempts(core.office, core.reads)
    service = DeskService(
        core.office,
        asking,
        conversation=Conversation(core.office),
        cases=core.cases,
        complaints=complaints,
        attempts=attempts,
    )
    attendance = Attendance(core.stores.attendance, core.bus, core.clock, node=core.node)
    return Desks(
        gateway=DeskGateway(
            office=core.office,
            access=access,
            service=service,
            screen_pop=ScreenPop(core.office),
            attendance=attendance,
            unseen=UnseenOffers(core.office, attendance.elsewhere, registry.unseen_offers.inc),
        ),
        complaints=complaints,
        supervision=Supervision(
            reads=core.reads,
            changes=core.stores.changes,
            bus=core.bus,
            clock=core.clock,
            ids=core.ids,
            directory_of=core.directories.of,
        ),
        deadlines=Deadlines(core.office, complaints, attempts),
        watch=AttendanceWatch(core.stores.attendance, core.bus, core.clock, node=core.node),
    )
