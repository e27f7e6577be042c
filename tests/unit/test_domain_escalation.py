"""The ladder L0 to L4: who may grant what, what makes a complaint climb, and that it never falls undecided."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactcenter.clock import SECOND
from contactcenter.domain.authority import level_for, may_grant, released
from contactcenter.domain.configuration_rules import load_yaml
from contactcenter.domain.escalation import (
    Decision,
    Escalation,
    accept,
    decide,
    escalate,
    hand_down,
    late,
    next_due,
    overdue,
    raise_complaint,
)
from contactcenter.domain.triggers import Severity, Situation, Trigger, severities, triggers
from contactcenter.errors import Conflict, Forbidden, Invalid
from routing.model import Tier

ROOT = Path(__file__).parents[2]
LADDER = load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")).ladder
AGENT, SUPERVISOR, DESK = "a1005", "a1001", "desk@kangjia.example"
NOW = 1_000 * SECOND


def raised(**known: object) -> Escalation:
    return raise_complaint(LADDER, Situation(**known), at=NOW, by=AGENT)  # type: ignore[arg-type]


def granted(by: str, amount_fen: int, at: int = NOW) -> Decision:
    return Decision(at=at, by=by, verdict="grant", amount_fen=amount_fen)


def test_a_complaint_begins_at_the_seat_that_raised_it_and_is_accepted_there() -> None:
    begun = raised()
    assert (begun.level, begun.accepted_by) == (0, AGENT)
    assert (begun.accept_due, begun.decide_due) == (NOW + 60 * SECOND, NOW + 900 * SECOND)


@pytest.mark.parametrize(
    ("situation", "level", "reason"),
    [
        (Situation(tier=Tier.PLATINUM), 2, Trigger.VIP),
        (Situation(tier=Tier.LEAD, group=True), 2, Trigger.VIP),
        (Situation(level=1), 1, Trigger.MANUAL),
        (Situation(text="不然我就打12315"), 1, Trigger.SEVERITY),
        (Situation(level=3, tier=Tier.PLATINUM), 3, Trigger.MANUAL),
        (Situation(tier=Tier.GOLD), 0, Trigger.MANUAL),
        (Situation(level=2, tier=Tier.PLATINUM), 2, Trigger.MANUAL),
    ],
)
def test_vip_group_and_severe_complaints_enter_higher(situation: Situation, level: int, reason: Trigger) -> None:
    begun = raise_complaint(LADDER, situation, at=NOW, by=AGENT)
    assert begun.level == level
    assert begun.history[0].reason is reason
    assert bool(begun.accepted_by) == (level == situation.level)


def test_the_complaint_about_an_agent_leaves_his_hands_at_once() -> None:
    begun = raise_complaint(LADDER, Situation(), at=NOW, by=AGENT, accused=AGENT)
    assert (begun.level, begun.accepted_by) == (1, "")
    with pytest.raises(Forbidden):
        accept(begun, by=AGENT, at=NOW)


def test_a_remedy_above_the_limit_climbs_and_each_release_of_authority_is_seen() -> None:
    """Acceptance script, row 7."""
    seat = raised()
    with pytest.raises(Conflict) as refused:
        decide(seat, LADDER, granted(AGENT, 300_000))
    assert refused.value.code == "above_limit"
    supervisor = accept(escalate(seat, LADDER, reason=Trigger.ABOVE_LIMIT, at=NOW, by=AGENT), by=SUPERVISOR, at=NOW)
    with pytest.raises(Conflict):
        decide(supervisor, LADDER, granted(SUPERVISOR, 300_000))
    desk = accept(escalate(supervisor, LADDER, reason=Trigger.ABOVE_LIMIT, at=NOW), by=DESK, at=NOW)
    done = decide(desk, LADDER, granted(DESK, 300_000))
    assert [rung.level for rung in done.history] == [0, 1, 2]
    assert [each.limit_fen for each in released(LADDER, done.level)] == [20_000, 100_000, 500_000]
    assert done.decisions[-1].level == 2
    assert next_due(done) is None


@pytest.mark.parametrize(
    ("level", "amount_fen", "may"),
    [(0, 20_000, True), (0, 20_001, False), (1, 100_000, True), (2, 500_001, False), (0, -1, False)],
)
def test_each_level_grants_up_to_its_limit(level: int, amount_fen: int, may: bool) -> None:
    assert may_grant(LADDER, level, amount_fen) is may


@pytest.mark.parametrize(("amount_fen", "level"), [(0, 0), (20_001, 1), (500_000, 2), (10**12, 4)])
def test_the_lowest_level_that_may_grant_is_found(amount_fen: int, level: int) -> None:
    assert level_for(LADDER, amount_fen) == level


SITUATIONS = [
    (Situation(), ()),
    (Situation(asks_leader=True), (Trigger.ASKS_LEADER,)),
    (Situation(refusals=2), ()),
    (Situation(refusals=3), (Trigger.REFUSALS,)),
    (Situation(agents=2), ()),
    (Situation(agents=3), (Trigger.AGENTS,)),
    (Situation(amount_fen=20_000), ()),
    (Situation(amount_fen=20_001), (Trigger.ABOVE_LIMIT,)),
    (Situation(promise_overdue=True), (Trigger.PROMISE_OVERDUE,)),
    (Situation(tier=Tier.PLATINUM), (Trigger.VIP,)),
    (Situation(tier=Tier.PLATINUM, level=2), ()),
    (Situation(text="我要上法院", asks_leader=True), (Trigger.ASKS_LEADER, Trigger.SEVERITY)),
]


@pytest.mark.parametrize(("situation", "expected"), SITUATIONS)
def test_the_table_of_triggers(situation: Situation, expected: tuple[Trigger, ...]) -> None:
    assert triggers(situation, LADDER) == expected


WORDS = [
    ("不然我就上消协告你们", (Severity.CONSUMER_ASSOCIATION,)),
    ("我打12315投诉", (Severity.CONSUMER_ASSOCIATION,)),
    ("我的电话是13812315000", ()),
    ("找消費者協會", (Severity.CONSUMER_ASSOCIATION,)),
    ("我们法院见,媒体也会来", (Severity.COURT, Severity.MEDIA)),
    ("多媒体播放有问题", ()),
    ("流媒体卡顿,自媒体不能投屏", ()),
    ("See you in court!", (Severity.COURT,)),
    ("a courtesy call about the food court", ()),
    ("The media will hear of this", (Severity.MEDIA,)),
    ("the media player does not start", ()),
    ("Media files and social media do not open", ()),
    ("孩子触电受伤了", (Severity.INJURY,)),
    ("My son has an injury", (Severity.INJURY,)),
    ("", ()),
]


@pytest.mark.parametrize(("text", "expected"), WORDS)
def test_threats_are_heard_and_a_media_player_is_not_the_press(text: str, expected: tuple[Severity, ...]) -> None:
    assert severities(text) == expected


def test_an_unaccepted_complaint_climbs_when_its_acceptance_clock_runs_out() -> None:
    waiting = escalate(raised(), LADDER, reason=Trigger.MANUAL, at=NOW)
    assert overdue(waiting, LADDER, now=waiting.accept_due - 1) is None
    higher = overdue(waiting, LADDER, now=waiting.accept_due)
    assert higher is not None
    assert (higher.level, higher.accepted_by) == (2, "")
    assert higher.history[-1].reason is Trigger.ACCEPT_OVERDUE
    assert higher.accept_due == waiting.accept_due + 900 * SECOND


def test_an_accepted_but_undecided_complaint_climbs_when_its_decision_clock_runs_out() -> None:
    begun = raised()
    assert next_due(begun) == begun.decide_due
    assert overdue(begun, LADDER, now=begun.accept_due) is None
    higher = overdue(begun, LADDER, now=begun.decide_due)
    assert higher is not None
    assert higher.history[-1].reason is Trigger.DECIDE_OVERDUE


def test_a_late_acceptance_does_not_lengthen_the_decision_clock() -> None:
    waiting = escalate(raised(), LADDER, reason=Trigger.MANUAL, at=NOW)
    assert accept(waiting, by=SUPERVISOR, at=waiting.accept_due - 1).decide_due == waiting.decide_due


def test_at_the_top_an_overdue_complaint_stays_and_is_late() -> None:
    top = raised(level=4)
    assert overdue(top, LADDER, now=top.decide_due) is None
    assert late(top, top.decide_due) is Trigger.DECIDE_OVERDUE
    with pytest.raises(Conflict) as refused:
        escalate(top, LADDER, reason=Trigger.MANUAL, at=NOW)
    assert refused.value.code == "top_level"


def test_nobody_sends_a_complaint_down_undecided() -> None:
    higher = accept(escalate(raised(), LADDER, reason=Trigger.MANUAL, at=NOW), by=SUPERVISOR, at=NOW)
    with pytest.raises(Conflict) as refused:
        hand_down(higher, LADDER, to=0, at=NOW, by=SUPERVISOR)
    assert refused.value.code == "undecided"
    decided = decide(higher, LADDER, granted(SUPERVISOR, 50_000))
    lower = hand_down(decided, LADDER, to=0, at=NOW, by=SUPERVISOR)
    assert (lower.level, lower.decided, lower.decisions) == (0, None, decided.decisions)
    with pytest.raises(Invalid):
        hand_down(decided, LADDER, to=1, at=NOW, by=SUPERVISOR)


def test_a_decision_needs_an_acceptance_and_is_made_once() -> None:
    waiting = escalate(raised(), LADDER, reason=Trigger.MANUAL, at=NOW)
    with pytest.raises(Conflict) as refused:
        decide(waiting, LADDER, granted(SUPERVISOR, 1))
    assert refused.value.code == "not_accepted"
    decided = decide(accept(waiting, by=SUPERVISOR, at=NOW), LADDER, granted(SUPERVISOR, 1))
    with pytest.raises(Conflict):
        decide(decided, LADDER, granted(SUPERVISOR, 1))


def test_one_person_accepts_and_doing_it_twice_changes_nothing() -> None:
    begun = raised()
    assert accept(begun, by=AGENT, at=NOW + 1) is begun
    with pytest.raises(Conflict) as refused:
        accept(begun, by="a1006", at=NOW + 1)
    assert refused.value.code == "already_accepted"


@pytest.mark.parametrize(
    ("decision", "code"),
    [
        (Decision(at=NOW, by=AGENT, verdict="refuse", alternatives=("exchange",)), "empty"),
        (Decision(at=NOW, by=AGENT, verdict="refuse", reason="out of warranty"), "no_alternative"),
    ],
)
def test_a_refusal_of_a_level_gives_a_reason_and_an_alternative(decision: Decision, code: str) -> None:
    with pytest.raises(Invalid) as refused:
        decide(raised(), LADDER, decision)
    assert refused.value.code == code
