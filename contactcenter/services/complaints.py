"""Complaints: raised from any contact, climbing from the seat to the provider's supervisor to the client (E01, F01).

Every change is one transaction with its facts, clocks and, where it crosses companies, its letter. Who accepts and
decides depends on the level: L0 the seat, L1 the provider's supervisor, from L2 on the client's own desk. The
accused never handles the complaint about himself (E42).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, Literal

from msgspec.structs import replace

from contactcenter.clock import Micros
from contactcenter.domain import complaint as steps
from contactcenter.domain import escalation as ladder
from contactcenter.domain.authority import Remedy
from contactcenter.domain.complaint import Complaint
from contactcenter.domain.triggers import Trigger, severities
from contactcenter.errors import Conflict, Forbidden, Invalid, NotFound
from contactcenter.services.cases import Cases
from contactcenter.services.changes import Changes
from contactcenter.services.commands import Stamp, again, once
from contactcenter.services.complaint_raising import Grievance, Raising
from contactcenter.services.complaint_rows import Matter, fact, matter_of, rewrite
from contactcenter.services.hand_over import hand_over
from contactcenter.services.notices import complaint_told
from contactcenter.services.office import Office
from contactcenter.services.seats import Actor, Seat
from contactcenter.services.views import Scope

REASONS: Final = {
    "customer_asks_leader": Trigger.ASKS_LEADER,
    "refusals": Trigger.REFUSALS,
    "over_limit": Trigger.ABOVE_LIMIT,
    "above_limit": Trigger.ABOVE_LIMIT,
    "three_agents": Trigger.AGENTS,
    "severity": Trigger.SEVERITY,
    "other": Trigger.MANUAL,
    "manual": Trigger.MANUAL,
}
"""What a desk may give as a reason to climb."""
Verdict = Literal["grant", "refuse", "advise"]


class Complaints:
    def __init__(self, office: Office, cases: Cases) -> None:
        self._office = office
        self._raising = Raising(office, cases)

    async def raise_from(self, seat: Seat, *, contact: str, grievance: Grievance, stamp: Stamp) -> dict[str, Any]:
        """From one of my contacts: `{case, number, due_at, due_text, level}`; see `Raising.raise_from`."""
        return await self._raising.raise_from(seat, contact=contact, grievance=grievance, stamp=stamp)

    # --- climbing ----------------------------------------------------------------------------------------------

    async def escalate(self, seat: Seat, *, case: str, reason: str, note: str = "", stamp: Stamp) -> dict[str, Any]:
        """One level up by an agent's or supervisor's action: `{case, number, level}`. Conflict `top_level`."""
        if reason not in REASONS:
            raise Invalid(f"reason is one of {', '.join(REASONS)}", code="reason", field="reason")
        return await once(self._office.store, stamp, lambda: self._escalate(seat, case, REASONS[reason], note, stamp))

    async def _escalate(self, seat: Seat, case: str, reason: Trigger, note: str, stamp: Stamp) -> dict[str, Any]:
        before, now = await self._open_matter(seat.scope, case), self._office.clock.now()
        changes = Changes()
        after = self.climb(before, reason=reason, at=now, by=seat.agent, note=note, changes=changes)
        result = {"case": after.case, "number": after.number, "level": after.escalation.level}
        changes.receipt = stamp.receipt(result, now)
        await self._office.store.apply(changes)
        await complaint_told(self._office, after, "complaint_escalated", now, changes)
        return result

    async def heard(self, scope: Scope, *, case: str, text: str, by: str = "") -> int | None:
        """Severity words in what a customer wrote or an agent noted send an L0 complaint up at once (E35).

        Returns the level it is at now, None when there was nothing to do.
        """
        if not severities(text):
            return None
        return await again(lambda: self._heard(scope, case, by))

    async def _heard(self, scope: Scope, case: str, by: str) -> int | None:
        row = await self._office.reads.complaint(scope, case)
        if row is None or row.level > 0 or row.decided_at is not None:
            return None
        changes, now = Changes(), self._office.clock.now()
        after = self.climb(matter_of(row), reason=Trigger.SEVERITY, at=now, by=by, note="", changes=changes)
        await self._office.store.apply(changes)
        await complaint_told(self._office, after, "complaint_escalated", now, changes)
        return after.escalation.level

    def climb(
        self, before: Matter, *, reason: Trigger, at: Micros, by: str, note: str, changes: Changes, fired: str = ""
    ) -> Matter:
        """Add one step up the ladder to the changes of a use case; `fired` is the clock that ran out, if one did."""
        directory = self._office.directory(before.provider)
        rungs = directory.document.ladder
        climbed = ladder.escalate(before.escalation, rungs, reason=reason, at=at, by=by, note=note)
        after = replace(before, escalation=climbed)
        rewrite(before, after, changes, fired=fired)
        key = f"rung:{len(climbed.history) - 1}"
        data = {"from": before.escalation.level, "reason": str(reason), "note": note}
        changes.facts.append(fact(after, "complaint.escalated", at=at, by=by, key=key, data=data))
        changes.outbox.extend(hand_over(self._office.wording, directory, after, now=at))
        return after

    # --- accepting and deciding --------------------------------------------------------------------------------

    async def accept(self, actor: Actor, *, case: str) -> dict[str, Any]:
        """Somebody of the level takes it. Forbidden `wrong_level` for whom the level is not his."""
        return await again(lambda: self._accept(actor, case))

    async def _accept(self, actor: Actor, case: str) -> dict[str, Any]:
        before, now = await self._open_matter(actor.scope, case), self._office.clock.now()
        _entitled(actor, before)
        after = replace(before, escalation=ladder.accept(before.escalation, by=actor.id, at=now))
        if after != before:
            changes = Changes()
            rewrite(before, after, changes)
            key = f"accepted:{len(after.escalation.history) - 1}"
            changes.facts.append(fact(after, "complaint.accepted", at=now, by=actor.id, key=key))
            await self._office.store.apply(changes)
            await complaint_told(self._office, after, "complaint_accepted", now, changes)
        return {"case": after.case, "number": after.number, "level": after.escalation.level, "accepted_by": actor.id}

    async def decide(
        self,
        actor: Actor,
        *,
        case: str,
        decision: str,
        remedy: str = "",
        amount_fen: int = 0,
        verdict: Verdict = "grant",
        alternatives: tuple[str, ...] = (),
    ) -> dict[str, Any]:
        """The level's decision, within its money: Conflict `above_limit` beyond it, `not_accepted` before accepting.

        `amount_fen` is integer fen. A refusal needs at least one alternative (H08, F13).
        """
        made = ladder.Decision(
            at=0,
            by=actor.id,
            verdict=verdict,
            amount_fen=amount_fen,
            reason=_filled(decision, "decision"),
            alternatives=alternatives,
        )
        return await again(lambda: self._decide(actor, case, made, _remedy(remedy)))

    async def _decide(self, actor: Actor, case: str, made: ladder.Decision, remedy: Remedy | None) -> dict[str, Any]:
        before, now = await self._open_matter(actor.scope, case), self._office.clock.now()
        _entitled(actor, before)
        rungs = self._office.directory(before.provider).document.ladder
        decided = ladder.decide(before.escalation, rungs, replace(made, at=now))
        notes = {**before.notes, "decided_remedy": str(remedy)} if remedy else before.notes
        after = replace(before, escalation=decided, notes=notes)
        changes = Changes()
        rewrite(before, after, changes)
        data = {"verdict": made.verdict, "amount_fen": made.amount_fen, "remedy": str(remedy or "")}
        key = f"decided:{len(decided.decisions) - 1}"
        changes.facts.append(fact(after, "complaint.decided", at=now, by=actor.id, key=key, data=data))
        await self._office.store.apply(changes)
        await complaint_told(self._office, after, "complaint_decided", now, changes)
        return {"case": after.case, "number": after.number, "level": decided.level, "verdict": made.verdict}

    async def take_step(
        self, actor: Actor, *, case: str, change: Callable[[Complaint, Micros, str], Complaint]
    ) -> dict[str, Any]:
        """One act on the six steps (E06), as a pure function of the complaint: `{case, step, missing}`.

        `change(complaint, now, by)` is one of domain.complaint's functions; its gates raise Conflict by code.
        """
        return await again(lambda: self._take_step(actor, case, change))

    async def _take_step(
        self, actor: Actor, case: str, change: Callable[[Complaint, Micros, str], Complaint]
    ) -> dict[str, Any]:
        before, now = await self._matter(actor.scope, case), self._office.clock.now()
        after = replace(before, complaint=change(before.complaint, now, actor.id))
        changes = Changes()
        rewrite(before, after, changes)
        data = {"step": str(after.complaint.step)}
        key = f"step:{before.version}"
        changes.facts.append(fact(after, "complaint.step", at=now, by=actor.id, key=key, data=data))
        await self._office.store.apply(changes)
        return {"case": case, "step": str(after.complaint.step), "missing": list(steps.missing(after.complaint))}

    # --- shared ------------------------------------------------------------------------------------------------

    async def _matter(self, scope: Scope, case: str) -> Matter:
        row = await self._office.reads.complaint(scope, case)
        if row is None:
            raise NotFound("there is no such complaint here", field="case")
        return matter_of(row)

    async def _open_matter(self, scope: Scope, case: str) -> Matter:
        """For the ladder: Conflict once the complaint has ended or its level has decided."""
        matter = await self._matter(scope, case)
        if matter.complaint.ended_at:
            raise Conflict("this complaint has ended", code="complaint_ended", field="case")
        return matter


def _entitled(actor: Actor, matter: Matter) -> None:
    if not actor.may_act_at(matter.escalation.level):
        raise Forbidden(f"level {matter.escalation.level} is for others to act at", code="wrong_level")


def _filled(text: str, field: str = "summary") -> str:
    if not text.strip():
        raise Invalid(f"{field} is empty", code="empty", field=field)
    return text.strip()


def _remedy(remedy: str) -> Remedy | None:
    try:
        return Remedy(remedy) if remedy else None
    except ValueError:
        raise Invalid(f"remedy is one of {', '.join(Remedy)}", code="remedy", field="remedy") from None
