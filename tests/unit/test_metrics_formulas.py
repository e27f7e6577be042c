"""The golden fixture of metrics.md, and the edges where formulas usually lie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contactcenter.metrics import formulas as f

GOLDEN = f.ServiceCounts(answered=1000, abandoned=60, answered_within=860, abandoned_within=20, abandoned_short=10)


@pytest.mark.parametrize(
    ("name", "percent"),
    [
        ("sl.answered_only@1", 86.00),
        ("sl.all_offered@1", 81.13),
        ("sl.late_abandons@1", 82.69),
        ("sl.abandon_ok@1", 83.02),
        ("sl.short_ok@1", 82.08),
        ("sl.short_excluded@1", 81.90),
    ],
)
def test_each_service_level_gives_the_value_of_the_golden_fixture(name: str, percent: float) -> None:
    share = f.SERVICE_LEVELS[name](GOLDEN)
    assert (share.formula, round((share.value or 0) * 100, 2)) == (name, percent)


@pytest.mark.parametrize("name", f.SERVICE_LEVELS)
def test_an_hour_without_calls_has_no_service_level(name: str) -> None:
    nothing = f.ServiceCounts(answered=0, abandoned=0, answered_within=0, abandoned_within=0, abandoned_short=0)
    assert f.SERVICE_LEVELS[name](nothing).value is None


def test_the_third_ring_ends_where_the_fourth_begins() -> None:
    just, late = f.Ringing(14_999_999, 5_000_000), f.Ringing(15_000_000, 5_000_000)
    assert (f.rings_within_3([just, late]).numerator, f.ring_of(just), f.ring_of(late)) == (1, 3, 4)


def test_two_and_three_rings_share_no_constant() -> None:
    call = [f.Ringing(10_000_000, 5_000_000)]
    assert (f.rings_within_2(call).value, f.rings_within_3(call).value) == (0.0, 1.0)


def test_a_ring_is_as_long_as_on_its_own_line() -> None:
    japan, china = f.Ringing(9_000_000, 3_000_000), f.Ringing(9_000_000, 5_000_000)
    assert f.rings_within_3([japan, china]).numerator == 1


@given(st.lists(st.tuples(st.integers(0, 10**9), st.integers(1, 10**7)), max_size=50))
def test_the_ring_distribution_counts_every_call_once(calls: list[tuple[int, int]]) -> None:
    assert sum(f.rings_distribution([f.Ringing(*call) for call in calls]).values()) == len(calls)


def test_the_mean_answer_is_of_the_answered_alone() -> None:
    assert (f.asa_s([2_000_000, 4_000_000]), f.asa_s([])) == (3.0, None)


def test_what_is_nowhere_is_an_imbalance() -> None:
    assert (f.conservation(entered=5, parts=[2, 3]), f.conservation(entered=5, parts=[2, 2])) == (0, 1)


def test_every_formula_carries_its_version() -> None:
    assert all(name.rpartition("@")[2].isdigit() for name in f.NAMES)
