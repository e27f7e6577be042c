"""The ladder L0 to L4: where a complaint stands, its two clocks, and the ways up and (decided) down.

Each level has an acceptance clock and a decision clock; both run from the moment the complaint reached the level,
in elapsed time, so that a late acceptance does not lengthen the wait. A level that has not decided cannot send it
down (F16). L1 to L2 crosses companies: the text below carries the whole context and nothing of other clients.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from contactcenter.clock import SECOND, Micros
from contactcenter.domain.authority import may_grant
from contactcenter.domain.configuration import Ladder
from contactcenter.domain.triggers import Situation, Trigger, is_vip, severities
from contactcenter.errors import Conflict, Forbidden, Invalid

Verdict = Literal["grant", "refuse", "advise"]


class Rung(Struct, frozen=True, omit_defaults=True):
    """One arrival at a level, kept for the history."""

    level: int
    at: Micros
    reason: Trigger
    by: str = ""
    note: str = ""


class Decision(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What a level decided, by whom, within its limit (F15). `decide` fills in the level."""

    at: Micros
    by: str
    verdict: Verdict
    level: int = 0
    amount_fen: int = 0
    reason: str = ""
    alternatives: tuple[str, ...] = ()


class Escalation(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """A complaint's place on the ladder. `accused` never accepts or decides. Times are microseconds."""

    level: int
    entered_at: Micros
    accept_due: Micros
    decide_due: Micros
    accepted_by: str = ""
    accepted_at: Micros = 0
    decided: Decision | None = None
    accused: str = ""
    history: tuple[Rung, ...] = ()
    decisions: tuple[Decision, ...] = ()


def raise_complaint(ladder: Ladder, situation: Situation, *, at: Micros, by: str = "", accused: str = "") -> Escalation:
    """Begin. `situation.level` is the level where it was raised: a supervisor's is 1 (F04).

    A VIP or group account enters at the client's desk, a severe one at the supervisor at least. At L0 the agent
    who raised it has thereby accepted it, unless he is the accused.
    """
    level, reason = _entry(ladder, situation, by=by, accused=accused)
    begun = _at_level(ladder, level, at=at)
    begun = replace(begun, accused=accused, history=(Rung(level, at, reason, by),))
    if level == situation.level and by and by != accused:
        return accept(begun, by=by, at=at)
    return begun


def escalate(
    escalation: Escalation, ladder: Ladder, *, reason: Trigger, at: Micros, by: str = "", note: str = ""
) -> Escalation:
    """One level up, with that level's clocks from now on. Conflict `top_level` where there is no higher one."""
    level = escalation.level + 1
    if level >= len(ladder.levels):
        raise Conflict("there is no level above this one", code="top_level")
    higher = _at_level(ladder, level, at=at)
    return replace(
        higher,
        accused=escalation.accused,
        history=(*escalation.history, Rung(level, at, reason, by, note)),
        decisions=escalation.decisions,
    )


def accept(escalation: Escalation, *, by: str, at: Micros) -> Escalation:
    """Somebody of the level takes it. The same person again changes nothing."""
    _not_accused(escalation, by)
    _undecided(escalation)
    if escalation.accepted_by == by:
        return escalation
    if escalation.accepted_by:
        raise Conflict(f"{escalation.accepted_by} has accepted it", code="already_accepted")
    return replace(escalation, accepted_by=by, accepted_at=at)


def decide(escalation: Escalation, ladder: Ladder, decision: Decision) -> Escalation:
    """The level's decision; it stops both clocks and is marked with the level that made it.

    Conflict `not_accepted` before acceptance, `above_limit` for more than the level's money; Invalid for a
    refusal without reason and alternative (H08, F13).
    """
    _not_accused(escalation, decision.by)
    _undecided(escalation)
    if not escalation.accepted_by:
        raise Conflict("accept it before deciding", code="not_accepted")
    if not may_grant(ladder, escalation.level, decision.amount_fen):
        raise Conflict(_above(ladder, escalation.level, decision.amount_fen), code="above_limit")
    if decision.verdict == "refuse":
        _reasoned(decision.reason, decision.alternatives)
    made = replace(decision, level=escalation.level)
    return replace(escalation, decided=made, decisions=(*escalation.decisions, made))


def hand_down(escalation: Escalation, ladder: Ladder, *, to: int, at: Micros, by: str) -> Escalation:
    """Back to a lower level to carry the decision out. Conflict `undecided` without one (F16)."""
    if escalation.decided is None:
        raise Conflict("decide before handing it down", code="undecided")
    if not 0 <= to < escalation.level:
        raise Invalid(f"level {to} is not below {escalation.level}", code="not_below", field="to")
    lower = _at_level(ladder, to, at=at)
    return replace(
        lower,
        accused=escalation.accused,
        history=(*escalation.history, Rung(to, at, Trigger.MANUAL, by, "decided")),
        decisions=escalation.decisions,
    )


def late(escalation: Escalation, now: Micros) -> Trigger | None:
    """The clock that has run out, or None."""
    if escalation.decided is not None:
        return None
    if not escalation.accepted_by and now >= escalation.accept_due:
        return Trigger.ACCEPT_OVERDUE
    return Trigger.DECIDE_OVERDUE if now >= escalation.decide_due else None


def overdue(escalation: Escalation, ladder: Ladder, *, now: Micros) -> Escalation | None:
    """The complaint one level higher when a clock has run out; None when not, or at the top (then alarm).

    One level for one call: the next level's clocks begin now, for nobody there could have acted before.
    """
    reason = late(escalation, now)
    if reason is None or escalation.level + 1 >= len(ladder.levels):
        return None
    return escalate(escalation, ladder, reason=reason, at=now)


def next_due(escalation: Escalation) -> Micros | None:
    """When the next clock runs out; None when decided. The instant for the timer."""
    if escalation.decided is not None:
        return None
    return escalation.decide_due if escalation.accepted_by else min(escalation.accept_due, escalation.decide_due)


def _entry(ladder: Ladder, situation: Situation, *, by: str, accused: str) -> tuple[int, Trigger]:
    level = min(situation.level, len(ladder.levels) - 1)
    if is_vip(situation.tier, group=situation.group) and level < ladder.vip_level:
        return ladder.vip_level, Trigger.VIP
    if level == 0 and severities(situation.text):
        return 1, Trigger.SEVERITY
    if level == 0 and accused and by == accused:
        return 1, Trigger.MANUAL
    return level, Trigger.ASKS_LEADER if situation.asks_leader else Trigger.MANUAL


def _at_level(ladder: Ladder, level: int, *, at: Micros) -> Escalation:
    clocks = ladder.levels[level]
    return Escalation(
        level=level,
        entered_at=at,
        accept_due=at + clocks.accept_s * SECOND,
        decide_due=at + clocks.decide_s * SECOND,
    )


def _not_accused(escalation: Escalation, by: str) -> None:
    if escalation.accused and by == escalation.accused:
        raise Forbidden("nobody handles the complaint about himself", code="accused")


def _undecided(escalation: Escalation) -> None:
    if escalation.decided is not None:
        raise Conflict("this level has decided", code="already_decided")


def _above(ladder: Ladder, level: int, amount_fen: int) -> str:
    return f"{amount_fen} fen is above the limit of level {level}, {ladder.levels[level].limit_fen} fen"


def _reasoned(reason: str, alternatives: tuple[str, ...]) -> None:
    if not reason.strip():
        raise Invalid("a refusal gives its reason", code="empty", field="reason")
    if not any(alternative.strip() for alternative in alternatives):
        raise Invalid("a refusal offers at least one alternative", code="no_alternative", field="alternatives")
