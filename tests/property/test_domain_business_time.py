"""The laws of business time, over calendars with lunch breaks, midnights, holidays, overrides and clock changes."""

from __future__ import annotations

import datetime as dt

from hypothesis import given, settings
from hypothesis import strategies as st

from contactcenter.clock import to_micros
from contactcenter.domain import configuration as c
from contactcenter.domain.business_time import (
    add_business,
    business_between,
    is_open,
    next_day_due,
    next_open,
    same_day_due,
)
from contactcenter.domain.calendar import Calendar

HOUR = 3_600_000_000
FIRST = to_micros(dt.datetime(2026, 1, 1, tzinfo=dt.UTC))
YEAR = 365 * 24 * HOUR
ZONES = ["Asia/Shanghai", "Europe/Berlin", "Europe/London", "Europe/Lisbon", "Africa/Cairo", "America/Havana"]


def clock(minutes: int) -> str:
    return f"{minutes // 60:02}:{minutes % 60:02}"


@st.composite
def hours(draw: st.DrawFn, *, least: int = 0) -> tuple[c.Interval, ...]:
    marks = draw(st.lists(st.integers(0, 96), min_size=2 * least, max_size=6, unique=True).map(sorted))
    quarter = [mark * 15 for mark in marks]
    return tuple(c.Interval(clock(a), clock(b)) for a, b in zip(quarter[::2], quarter[1::2], strict=False))


@st.composite
def calendars(draw: st.DrawFn) -> Calendar:
    week = [draw(hours(least=1)), *(draw(hours()) for _ in range(6))]
    dates = st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31))
    days = draw(st.lists(dates, max_size=4, unique=True))
    return Calendar(
        c.Calendar(
            "any",
            tuple(week),
            time_zone=draw(st.sampled_from(ZONES)),
            holidays=draw(st.sampled_from(["cn", "none"])),
            overrides=tuple(c.Override(day, draw(hours())) for day in days),
            cut_off=clock(15 * draw(st.integers(0, 96))),
        )
    )


@st.composite
def edges(draw: st.DrawFn) -> int:
    """Any instant of the year, half of them near a change of clocks."""
    changes = [(2026, 3, 29, 1), (2026, 10, 25, 1), (2026, 4, 23, 22), (2026, 10, 29, 21), (2026, 11, 1, 5)]
    if draw(st.booleans()):
        return FIRST + draw(st.integers(0, YEAR))
    year, month, day, hour = draw(st.sampled_from(changes))
    near = to_micros(dt.datetime(year, month, day, hour, tzinfo=dt.UTC))
    return near + draw(st.integers(-3 * HOUR, 3 * HOUR))


durations = st.one_of(st.just(0), st.integers(1, 100), st.integers(0, 60 * HOUR))
many = settings(max_examples=50, deadline=None)


@many
@given(calendars(), edges(), durations)
def test_what_was_added_is_what_lies_between(calendar: Calendar, at: int, duration: int) -> None:
    later = add_business(calendar, at, duration)
    assert later >= at
    assert business_between(calendar, at, later) == duration


@many
@given(calendars(), edges(), durations)
def test_the_instant_is_the_first_by_which_the_time_has_passed(calendar: Calendar, at: int, duration: int) -> None:
    later = add_business(calendar, at, duration)
    assert later == at or business_between(calendar, at, later - 1) == duration - 1


@many
@given(calendars(), edges(), durations, durations)
def test_adding_twice_is_adding_the_sum(calendar: Calendar, at: int, one: int, two: int) -> None:
    assert add_business(calendar, add_business(calendar, at, one), two) == add_business(calendar, at, one + two)


@many
@given(calendars(), edges(), edges(), durations)
def test_an_earlier_start_is_never_due_later(calendar: Calendar, a: int, b: int, duration: int) -> None:
    early, late = sorted((a, b))
    assert add_business(calendar, early, duration) <= add_business(calendar, late, max(duration, 1))
    assert same_day_due(calendar, early).at <= same_day_due(calendar, late).at


@many
@given(calendars(), st.tuples(edges(), edges(), edges()))
def test_time_between_adds_up_and_never_exceeds_elapsed_time(calendar: Calendar, points: tuple[int, int, int]) -> None:
    a, b, x = sorted(points)
    whole = business_between(calendar, a, x)
    assert business_between(calendar, a, b) + business_between(calendar, b, x) == whole
    assert 0 <= whole <= x - a
    assert business_between(calendar, x, a) == -whole


@many
@given(calendars(), edges())
def test_the_next_opening_is_open_and_nothing_before_it_counts(calendar: Calendar, at: int) -> None:
    opening = next_open(calendar, at)
    assert is_open(calendar, opening)
    assert business_between(calendar, at, opening) == 0
    assert (opening == at) == is_open(calendar, at)


@many
@given(calendars(), edges())
def test_a_same_day_promise_is_a_close_of_business_ahead(calendar: Calendar, received: int) -> None:
    due = same_day_due(calendar, received)
    assert due.at > received
    assert due.day >= calendar.date_of(received)
    assert due.at == calendar.open_intervals(due.day)[-1][1]
    assert next_day_due(calendar, due).at > due.at


@many
@given(calendars(), st.dates(dt.date(2026, 1, 1), dt.date(2026, 12, 31)))
def test_days_are_in_order_and_do_not_overlap(calendar: Calendar, date: dt.date) -> None:
    spans = [s for n in range(3) for s in calendar.open_intervals(date + dt.timedelta(days=n))]
    flat = [instant for span in spans for instant in span]
    assert flat == sorted(flat)
    assert all(start < end for start, end in spans)
