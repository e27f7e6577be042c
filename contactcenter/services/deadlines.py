"""What happens when a deadline of a case, a complaint level or a promised callback comes due.

Each timer is fired in the same transaction as its consequence, so it has its effect once. A timer that cannot be
handled is fired into quarantine with its reason: it is kept whole and never loops.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec
from msgspec.structs import replace

from contactcenter.domain import escalation as ladder
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, ContactCenterError, NotFound, StaleWrite
from contactcenter.services.callback_attempts import CallbackAttempts
from contactcenter.services.callback_nights import CallbackNights
from contactcenter.services.case_rows import case_fact, local_time, rewritten
from contactcenter.services.changes import Changes, Quarantined
from contactcenter.services.commands import again
from contactcenter.services.complaint_rows import matter_of
from contactcenter.services.complaints import Complaints
from contactcenter.services.follow_ups import CALLBACK_SETTLED
from contactcenter.services.notices import Notices, complaint_told
from contactcenter.services.office import Office
from contactcenter.services.views import CaseView, DueTimer, Scope

log = logging.getLogger(__name__)
Handler = Callable[[DueTimer], Awaitable[None]]


class Deadlines:
    def __init__(self, office: Office, complaints: Complaints, attempts: CallbackAttempts) -> None:
        self._office = office
        self._complaints = complaints
        self._attempts = attempts
        self._notices = Notices(office)
        self._handlers: dict[str, Handler] = {
            "case.due": self._case_due,
            "case.warning": self._case_warning,
            "complaint.accept": self._complaint_overdue,
            "complaint.decide": self._complaint_overdue,
            "callback.next": self._attempts.open_next,
            "callback.night": CallbackNights(office).begins,
            CALLBACK_SETTLED: self._attempts.ended,
        }

    async def handle(self, timer: DueTimer) -> None:
        """Carry out one due timer. One that another process fired meanwhile, or that keeps losing races and stays
        due, is left alone."""
        handler = self._handlers.get(timer.kind)
        try:
            if handler is None:
                await self._quarantine(timer, f"no rule for timers of kind {timer.kind}")
            else:
                await again(partial(handler, timer))
        except StaleWrite:
            log.info("timer %s: somebody else has it", timer.id)
        except ContactCenterError as problem:
            log.warning("timer %s set aside: %s", timer.id, problem)
            await self._quarantine(timer, f"{problem.code}: {problem}")

    # --- cases -------------------------------------------------------------------------------------------------

    async def _case_due(self, timer: DueTimer) -> None:
        """A breach is recorded once and never erased; the owner is told, the case stays his."""
        case = await self._case(timer)
        if case.closed_at is not None or case.breached_at is not None or _kept(case):
            await self._fire(timer)
            return
        now = self._office.clock.now()
        data = {"kind": case.kind, "due_at": case.due_at}
        fact = case_fact(case, "case.breached", f"{case.id}:breached", now, agent=case.owner, data=data)
        breached = replace(rewritten(case), breached_at=now)
        await self._office.store.apply(Changes(cases=[breached], facts=[fact], timers_fired=[timer.id]))
        await self._tell(case, "case_breached")

    async def _case_warning(self, timer: DueTimer) -> None:
        case = await self._case(timer)
        await self._fire(timer)
        if case.closed_at is None and case.breached_at is None:
            await self._tell(case, "case_due_soon")

    async def _case(self, timer: DueTimer) -> CaseView:
        case = await self._office.reads.case(Scope(timer.provider, timer.client), timer.subject)
        if case is None:
            raise NotFound(f"there is no case {timer.subject}")
        return case

    async def _tell(self, case: CaseView, code: str) -> None:
        due = local_time(self._office.directory(case.provider), case.client, case.due_at)
        now = self._office.clock.now()
        if case.owner:
            await self._notices.tell(case.owner, code, at=now, case=case.number, due=due)
        else:
            await self._notices.tell_supervisors(case.provider, case.client, code, at=now, case=case.number, due=due)

    # --- complaints --------------------------------------------------------------------------------------------

    async def _complaint_overdue(self, timer: DueTimer) -> None:
        """One level up for one clock that ran out; at the top there is nobody left to ask: an alarm."""
        row = await self._office.reads.complaint(Scope(timer.provider, timer.client), timer.subject)
        if row is None:
            raise NotFound(f"there is no complaint {timer.subject}")
        before, now = matter_of(row), self._office.clock.now()
        reason = None if before.complaint.ended_at else ladder.late(before.escalation, now)
        if reason is None:
            await self._fire(timer)
            return
        changes = Changes(timers_fired=[timer.id])
        after = before
        try:
            after = self._complaints.climb(
                before, reason=reason, at=now, by="", note="", changes=changes, fired=timer.id
            )
        except Conflict as top:
            if top.code != "top_level":
                raise
        await self._office.store.apply(changes)
        await complaint_told(self._office, after, "complaint_overdue", now, changes)

    # --- what cannot be handled --------------------------------------------------------------------------------

    async def _fire(self, timer: DueTimer) -> None:
        await self._office.store.apply(Changes(timers_fired=[timer.id]))

    async def _quarantine(self, timer: DueTimer, reason: str) -> None:
        now = self._office.clock.now()
        kept = Quarantined(self._office.ids.new("qu"), f"timer:{timer.kind}", reason, msgspec.json.encode(timer), now)
        fact = Fact(
            id=f"{timer.id}:quarantined",
            at=now,
            kind="ops.quarantined",
            provider=timer.provider,
            data={"timer": timer.id, "kind": timer.kind, "reason": reason},
        )
        await self._office.store.apply(Changes(quarantined=[kept], facts=[fact], timers_fired=[timer.id]))


def _kept(case: CaseView) -> bool:
    """What promised a first reply and has it is not late; repairs and complaints promise more than an answer."""
    return case.state == "answered" and case.kind in ("consult", "claim")
