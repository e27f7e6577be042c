"""Nobody starves: four tiers at twenty agents, platinum alone at 0.7, 0.9 and 1.1 of what they can do.

The other three tiers bring 0.05 each, so the whole load is 0.85, 1.05 and 1.25.

What is bounded: past its maximum wait a contact is overtaken by no later arrival at any agent able to serve both. With
equal agents and nobody giving up, it is therefore begun no later than strict first come, first served would begin it
plus as many contacts as the center begins within that maximum wait. What is not bounded: with a load above 1 and
nobody giving up the queue itself grows as long as the load lasts, first come, first served as well, and then every
tier waits about equally long, because all of them are past their maximum.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import replace
from functools import cache
from statistics import fmean

import pytest

from benchmarks.simulator.one_queue import START
from benchmarks.simulator.records import How, Records
from benchmarks.simulator.tiers import MAX_WAIT, Judge, Scene
from routing.model import Tier

LOADS = (0.7, 0.9, 1.1)
SKILLED = Scene(0.0, contacts=1000, skills=True, declines=0.02)
EQUAL = Scene(0.0, contacts=1000)


@cache
def run(scene: Scene) -> tuple[Records, Judge]:
    driver = scene.driver()
    judge = Judge(driver.state.snapshot(START).config)
    driver.listen = judge.hear
    return driver.run(), judge


def waits(records: Records, tier: Tier) -> list[int]:
    return [records.wait(row) for row in range(len(records)) if records.tier[row] == tier]


def late_starts(records: Records) -> list[int]:
    """Per contact past its maximum wait: by how many starts it was begun after the bound (0 or less keeps it)."""
    starts = sorted(records.answered)
    late = []
    for row in range(len(records)):
        bound, came = MAX_WAIT[records.tier[row]], records.arrived[row]
        if records.wait(row) > bound:
            meanwhile = bisect_right(starts, came + bound) - bisect_left(starts, came)
            late.append(bisect_left(starts, records.answered[row]) + 1 - (row + 1 + meanwhile))
    return late


@pytest.mark.parametrize("platinum", LOADS)
def test_past_its_maximum_wait_nobody_is_overtaken_at_an_agent_able_to_serve_both(platinum: float) -> None:
    _, judge = run(replace(SKILLED, platinum=platinum))
    assert judge.chances > 20, "nobody starved: the run shows nothing"
    assert judge.overtaken == []


@pytest.mark.parametrize("platinum", LOADS)
def test_nobody_waits_longer_than_first_come_first_served_and_his_maximum_allow(platinum: float) -> None:
    records, _ = run(replace(EQUAL, platinum=platinum))
    late = late_starts(records)
    assert len(late) > 20
    assert max(late) <= 0


def test_without_the_promise_the_lower_tiers_starve() -> None:
    """The same arrivals, no maximum wait in reach: both judges must see it."""
    promised = replace(EQUAL, platinum=1.1)
    records, judge = run(replace(promised, promised=False))
    assert len(judge.overtaken) > 1000
    assert max(late_starts(records)) > 300
    lead, kept = max(waits(records, Tier.LEAD)), max(waits(run(promised)[0], Tier.LEAD))
    assert lead > 3 * kept


def test_below_full_load_the_better_tier_waits_less_and_lead_hardly_longer_than_its_maximum() -> None:
    records, _ = run(replace(EQUAL, platinum=0.7))
    means = [fmean(waits(records, tier)) for tier in Tier]
    assert means[Tier.PLATINUM] < means[Tier.LEAD]
    assert max(waits(records, Tier.LEAD)) < 1.1 * MAX_WAIT[Tier.LEAD]


def test_in_overload_with_people_who_give_up_every_tier_is_served_and_the_better_one_sooner() -> None:
    records, judge = run(Scene(1.1, contacts=1000, patience=300.0))
    means = [fmean(waits(records, tier)) for tier in Tier]
    assert means == sorted(means)
    assert judge.overtaken == []
    for tier in Tier:
        rows = [row for row in range(len(records)) if records.tier[row] == tier]
        assert sum(records.how[row] == How.FINISHED for row in rows) > 0.4 * len(rows)
