"""Whatever people do on the ladder, a complaint never falls undecided and no level grants above its limit."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from contactcenter.clock import SECOND
from contactcenter.domain.authority import may_grant
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
from contactcenter.domain.triggers import Situation, Trigger
from contactcenter.errors import ContactCenterError
from routing.model import Tier

ROOT = Path(__file__).parents[2]
LADDER = load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")).ladder
TOP = len(LADDER.levels) - 1
PEOPLE = ["a1", "a2", "a3"]
people = st.sampled_from(PEOPLE)


class Ladder(RuleBasedStateMachine):
    """Every attempt either changes the complaint or is refused by a known error and changes nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.now = 0
        self.one: Escalation

    @initialize(tier=st.sampled_from(Tier), level=st.integers(0, TOP), by=people, accused=st.sampled_from(["", "a1"]))
    def begin(self, tier: Tier, level: int, by: str, accused: str) -> None:
        self.one = raise_complaint(LADDER, Situation(tier=tier, level=level), at=0, by=by, accused=accused)

    def keep(self, after: Escalation) -> None:
        before = self.one
        assert after.history[: len(before.history)] == before.history
        assert after.decisions[: len(before.decisions)] == before.decisions
        if after.level < before.level:
            assert before.decided is not None
        assert after.level <= before.level + 1
        self.one = after

    @rule(seconds=st.integers(0, 200_000))
    def wait(self, seconds: int) -> None:
        self.now += seconds * SECOND
        higher = overdue(self.one, LADDER, now=self.now)
        ran_out = late(self.one, self.now) is not None
        assert (higher is not None) == (ran_out and self.one.level < TOP)
        self.keep(higher or self.one)

    @rule(by=people)
    def take(self, by: str) -> None:
        self.attempt(lambda: accept(self.one, by=by, at=self.now))

    @rule(by=people)
    def climb(self, by: str) -> None:
        self.attempt(lambda: escalate(self.one, LADDER, reason=Trigger.MANUAL, at=self.now, by=by))

    @rule(
        by=people,
        verdict=st.sampled_from(["grant", "refuse"]),
        fen=st.integers(0, 10**9),
        why=st.sampled_from(["", "x"]),
    )
    def settle(self, by: str, verdict: str, fen: int, why: str) -> None:
        made = Decision(at=self.now, by=by, verdict=verdict, amount_fen=fen, reason=why, alternatives=(why,))  # type: ignore[arg-type]
        self.attempt(lambda: decide(self.one, LADDER, made))

    @rule(to=st.integers(-1, TOP), by=people)
    def down(self, to: int, by: str) -> None:
        self.attempt(lambda: hand_down(self.one, LADDER, to=to, at=self.now, by=by))

    def attempt(self, act: Callable[[], Escalation]) -> None:
        try:
            after = act()
        except ContactCenterError:
            return
        self.keep(after)

    @invariant()
    def every_decision_was_within_its_levels_limit(self) -> None:
        assert all(may_grant(LADDER, each.level, each.amount_fen) for each in self.one.decisions)

    @invariant()
    def the_accused_never_held_it(self) -> None:
        held = {self.one.accepted_by, *(each.by for each in self.one.decisions)}
        assert not self.one.accused or self.one.accused not in held

    @invariant()
    def an_undecided_complaint_always_has_a_clock(self) -> None:
        assert (next_due(self.one) is None) == (self.one.decided is not None)

    @precondition(lambda self: self.one.decided is not None)
    @rule()
    def a_decided_complaint_is_never_late(self) -> None:
        assert late(self.one, 10**18) is None


TestLadder = Ladder.TestCase
TestLadder.settings = settings(max_examples=60, stateful_step_count=25, deadline=None)
