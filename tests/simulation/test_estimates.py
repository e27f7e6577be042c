"""How good the expected waits are on a seeded floor with tiers and skills: errors and bounds as promised in docs."""

from __future__ import annotations

from dataclasses import replace
from functools import cache

import pytest

from benchmarks.bench_estimates import LOADS, Result, covered, mean_error, relative_error, simulate, width
from routing.model import Tier

HOURS = 4.0
RIVALS = ("average", "LES", "LES/tier", "HOL", "HOL/tier")
BUSY = ("0.9", "1.0", "1.1", "day")
"""Loads at which enough contacts wait in four hours to say something by tier."""


@cache
def floor(load: str) -> Result:
    return simulate(replace(LOADS[load], seed=3, hours=HOURS))


@pytest.mark.parametrize("load", LOADS)
def test_about_nine_of_ten_wait_no_longer_than_they_were_told(load: str) -> None:
    result = floor(load)
    assert 0.86 <= covered(result.entries, result.told) <= 0.94


@pytest.mark.parametrize("load", BUSY)
@pytest.mark.parametrize("tier", Tier)
def test_the_bound_holds_in_every_tier(load: str, tier: Tier) -> None:
    result = floor(load)
    waited = result.waited(tier)
    assert len(waited) > 15
    assert covered(waited, result.told) >= 0.80


@pytest.mark.parametrize("load", BUSY)
def test_the_bound_says_something(load: str) -> None:
    result = floor(load)
    assert width(result.waited(), result.told) < 3


@pytest.mark.parametrize("load", BUSY)
def test_ours_is_nearer_than_every_other_estimate(load: str) -> None:
    waited = floor(load).waited()
    best = min(mean_error(waited, rival) for rival in RIVALS)
    assert mean_error(waited, "ours") < 0.92 * best


@pytest.mark.parametrize("load", LOADS)
def test_ours_is_never_far_off_as_the_others_are(load: str) -> None:
    waited = floor(load).waited()
    best = min(relative_error(waited, rival) for rival in RIVALS)
    assert relative_error(waited, "ours") < best


@pytest.mark.parametrize("load", ["1.0", "1.1", "day"])
@pytest.mark.parametrize("tier", [Tier.PLATINUM, Tier.LEAD])
def test_no_tier_pays_for_the_others(load: str, tier: Tier) -> None:
    waited = floor(load).waited(tier)
    best = min(mean_error(waited, rival) for rival in ("average", "LES", "HOL"))
    assert mean_error(waited, "ours") < best


def test_the_same_seed_says_the_same() -> None:
    short = replace(LOADS["1.1"], seed=3, hours=1.0)
    assert simulate(short).told == simulate(short).told
