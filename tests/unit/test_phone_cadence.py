"""The golden table of ring cadences (research/field.md 6.1) and the arithmetic of 'within n rings' (B01, B02)."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from channels.phone.cadence import CADENCES, UnknownZone, pattern_ms, ring_cycle_ms, rings

# zones, pattern, cycle, end of the third burst, start of the fourth ring: all in milliseconds
GOLDEN = [
    ("cn tw de ch cz dk ee fi gr id it lt nl no ph pl ru th bg br ve", (1000, 4000), 5000, 11000, 15000),
    ("uk au in nz sg za", (400, 200, 400, 2000), 3000, 7000, 9000),
    ("us mx my", (2000, 4000), 6000, 14000, 18000),
    ("at pt se", (1000, 5000), 6000, 13000, 18000),
    ("be cl il", (1000, 3000), 4000, 9000, 12000),
    ("es", (1500, 3000), 4500, 10500, 13500),
    ("fr", (1500, 3500), 5000, 11500, 15000),
    ("hu", (1250, 3750), 5000, 11250, 15000),
    ("jp", (1000, 2000), 3000, 7000, 9000),
]
ROWS = [(zone, *row[1:]) for row in GOLDEN for zone in row[0].split()]


@pytest.mark.parametrize(("zone", "pattern", "cycle", "third_ends", "fourth_starts"), ROWS)
def test_every_zone_rings_as_the_golden_table_says(
    zone: str, pattern: tuple[int, ...], cycle: int, third_ends: int, fourth_starts: int
) -> None:
    assert pattern_ms(zone) == pattern
    assert ring_cycle_ms(zone) == cycle
    assert 2 * cycle + sum(pattern[:-1]) == third_ends
    assert 3 * cycle == fourth_starts


def test_the_golden_table_holds_every_zone_exactly_once() -> None:
    assert sorted(row[0] for row in ROWS) == sorted(CADENCES)


@pytest.mark.parametrize("zone", sorted(CADENCES))
def test_a_call_is_within_three_rings_until_the_instant_the_fourth_begins(zone: str) -> None:
    cycle = ring_cycle_ms(zone) * 1000
    assert rings(3 * cycle - 1, cycle) == 3
    assert rings(3 * cycle, cycle) == 4


@given(st.integers(0, 10**12), st.integers(1, 10**8), st.integers(1, 50))
def test_within_n_rings_means_less_than_n_cycles(elapsed: int, cycle: int, n: int) -> None:
    assert (rings(elapsed, cycle) <= n) == (elapsed < n * cycle)


def test_an_answer_at_once_is_an_answer_in_the_first_ring() -> None:
    assert rings(0, 5_000_000) == 1


def test_a_clock_that_ran_backwards_counts_as_the_first_ring() -> None:
    assert rings(-1, 5_000_000) == 1


def test_zones_are_found_in_any_case_and_by_the_iso_letters_of_the_kingdom() -> None:
    assert ring_cycle_ms("CN") == 5000
    assert ring_cycle_ms("GB") == 3000


def test_an_unknown_zone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(UnknownZone, match="'xx'; known: at au be"):
        ring_cycle_ms("xx")


def test_a_cycle_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="longer than nothing"):
        rings(1, 0)
