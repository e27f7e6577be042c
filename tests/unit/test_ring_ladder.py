"""The ladder of every country: the golden table of domain page section 3, and plans that cannot fit (B01, B02)."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from channels.phone.cadence import CADENCES, ring_cycle_ms
from contactcenter.domain.configuration import RingPlan, RingStep
from contactcenter.domain.configuration_rules import load_yaml, problems
from contactcenter.domain.priority import line_clock
from contactcenter.domain.ring_rules import default_steps, steps_of
from contactcenter.domain.routing_config import routing_config

DEMO = load_yaml((Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8"))

# zones, cycle, when the third ring's limit is, when the second phone and when all phones ring: milliseconds
GOLDEN = [
    ("cn tw de ch cz dk ee fi gr id it lt nl no ph pl ru th bg br ve fr hu", 5000, 15000, 6000, 10000),
    ("us mx my at pt se", 6000, 18000, 7000, 12000),
    ("es", 4500, 13500, None, 5500),
    ("be cl il", 4000, 12000, None, 5000),
    ("uk au in nz sg za jp", 3000, 9000, None, 4000),
]
ROWS = [(zone, *row[1:]) for row in GOLDEN for zone in row[0].split()]


def test_the_golden_table_holds_every_zone_exactly_once() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(CADENCES)


@pytest.mark.parametrize(("zone", "cycle", "limit", "second", "parallel"), ROWS)
def test_every_zone_has_its_cycle_its_limit_and_its_ladder(
    zone: str, cycle: int, limit: int, second: int | None, parallel: int
) -> None:
    plan = RingPlan(id=zone, cycle_ms=ring_cycle_ms(zone))
    assert plan.cycle_ms == cycle
    assert line_clock(plan) == limit * 1000
    turns = [(0, 1), *([(second, 2)] if second else []), (parallel, 5)]
    assert [(step.after_ms, step.ring) for step in steps_of(plan)] == turns
    assert parallel <= 2 * cycle, "the last ring is for the phones that ring together"
    assert wrong(plan) == []


def wrong(plan: RingPlan) -> list[tuple[str, str]]:
    first = replace(DEMO.plans[0], cycle_ms=plan.cycle_ms, steps=plan.steps, offer_life_ms=plan.offer_life_ms)
    document = replace(DEMO, plans=(first, *DEMO.plans[1:]))
    return [(each.code, each.message) for each in problems(document) if each.path.startswith("plans[0]")]


@pytest.mark.parametrize("zone", sorted(CADENCES))
def test_a_plan_that_cannot_fit_is_refused_with_the_arithmetic(zone: str) -> None:
    cycle = ring_cycle_ms(zone)
    late = RingPlan(id=zone, cycle_ms=cycle, steps=(RingStep(0, 1), RingStep(2 * cycle + 100, 5)))
    one, two, ends = cycle / 1000, 2 * cycle / 1000, (2 * cycle + 100) / 1000
    assert wrong(late) == [("does_not_fit", f"steps end at {ends:.1f} s but 2 cycles of {one:.1f} s are {two:.1f} s")]
    in_time = replace(late, steps=(RingStep(0, 1), RingStep(2 * cycle, 5)))
    assert wrong(in_time) == []


@pytest.mark.parametrize("zone", sorted(CADENCES))
def test_an_offer_lives_as_long_as_three_rings_last(zone: str) -> None:
    cycle = ring_cycle_ms(zone)
    assert wrong(RingPlan(id=zone, cycle_ms=cycle, offer_life_ms=3 * cycle)) == []
    assert [code for code, _ in wrong(RingPlan(id=zone, cycle_ms=cycle, offer_life_ms=3 * cycle - 1))] == ["offer_life"]


def test_the_demo_s_own_ladders_are_those_of_their_countries() -> None:
    ladders = {plan.id: plan.steps for plan in DEMO.plans if plan.cycle_ms}
    assert ladders == {plan.id: default_steps(plan.cycle_ms, plan.parallel_max) for plan in DEMO.plans if plan.cycle_ms}


def test_a_plan_without_steps_reaches_routing_with_its_ladder() -> None:
    bare = replace(DEMO, plans=(replace(DEMO.plans[0], steps=()), *DEMO.plans[1:]))
    assert routing_config(bare, 1).plans == routing_config(DEMO, 1).plans


def test_a_plan_that_counts_no_rings_needs_its_own_steps() -> None:
    assert [code for code, _ in wrong(RingPlan(id="text"))] == ["first_step"]


@given(st.integers(1_000, 6_600), st.integers(1, 10))
def test_every_ladder_fits_whatever_the_cycle_is(cycle: int, parallel: int) -> None:
    steps = default_steps(cycle, parallel)
    assert steps[0] == RingStep(0, 1)
    assert steps[-1].ring == parallel
    assert all(one.after_ms < two.after_ms and one.ring < two.ring for one, two in pairwise(steps))
    assert steps[-1].after_ms <= 2 * cycle
