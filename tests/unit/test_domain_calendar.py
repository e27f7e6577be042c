"""Business days and hours: holidays, make-up workdays, overrides, clock changes, and what is due the same day."""

from __future__ import annotations

import datetime as dt

import chinese_calendar
import pytest
from msgspec.structs import replace

from contactcenter.clock import to_datetime, to_micros
from contactcenter.domain import configuration as c
from contactcenter.domain.business_time import (
    add_business,
    business_between,
    is_open,
    next_day_due,
    next_open,
    same_day_due,
)
from contactcenter.domain.calendar import Calendar, known_years
from contactcenter.errors import Misconfigured

HOUR = 3_600_000_000
NINE_TO_SIX = (c.Interval("09:00", "18:00"),)
SHORT = (c.Interval("10:00", "12:00"),)
DAY = (c.Interval("00:00", "24:00"),)
OFFICE = c.Calendar("office", (NINE_TO_SIX,) * 5 + ((), ()), holidays="cn")
SPLIT = c.Calendar("split", ((c.Interval("08:30", "12:00"), c.Interval("13:00", "20:00")),) * 7)


def at(calendar: Calendar, text: str) -> int:
    return to_micros(dt.datetime.fromisoformat(text).replace(tzinfo=calendar.zone).astimezone(dt.UTC))


def wall(calendar: Calendar, instant: int) -> str:
    return to_datetime(instant).astimezone(calendar.zone).strftime("%Y-%m-%d %H:%M")


def night(zone: str, weekly: tuple[c.Interval, ...] = DAY) -> Calendar:
    return Calendar(c.Calendar("night", (weekly,) * 7, time_zone=zone))


# The State Council's schedule for 2026, typed in from the notice: first and last day off, make-up workdays.
HOLIDAYS_2026 = [
    ("2026-01-01", "2026-01-03", ["2026-01-04"]),
    ("2026-02-15", "2026-02-23", ["2026-02-14", "2026-02-28"]),
    ("2026-04-04", "2026-04-06", []),
    ("2026-05-01", "2026-05-05", ["2026-05-09"]),
    ("2026-06-19", "2026-06-21", []),
    ("2026-09-25", "2026-09-27", []),
    ("2026-10-01", "2026-10-07", ["2026-09-20", "2026-10-10"]),
]


@pytest.mark.parametrize(("first", "last", "make_up"), HOLIDAYS_2026)
def test_holidays_of_2026_are_closed_and_their_make_up_days_have_mondays_hours(
    first: str, last: str, make_up: list[str]
) -> None:
    office = Calendar(OFFICE)
    start, end = dt.date.fromisoformat(first), dt.date.fromisoformat(last)
    days = [start + dt.timedelta(days=n) for n in range((end - start).days + 1)]
    assert all(office.open_intervals(day) == () for day in days)
    for text in make_up:
        day = office.day(dt.date.fromisoformat(text))
        assert (day.source, day.hours, day.provisional) == ("make_up", NINE_TO_SIX, False)
        assert day.date.weekday() >= 5


def test_every_day_that_the_package_knows_agrees_with_it() -> None:
    office = Calendar(OFFICE)
    first = dt.date(2024, 1, 1)
    days = [first + dt.timedelta(days=n) for n in range(3 * 366)]
    known = [day for day in days if day.year in known_years()]
    assert len(known) > 1000
    assert [bool(office.open_intervals(day)) for day in known] == [chinese_calendar.is_workday(day) for day in known]


def test_a_year_that_is_not_published_follows_the_weekday_and_says_so() -> None:
    day = Calendar(OFFICE).day(dt.date(max(known_years()) + 5, 10, 1))
    assert (day.source, day.provisional) == ("weekday", True)


def test_an_override_replaces_holiday_and_weekday() -> None:
    overrides = (
        c.Override(dt.date(2026, 10, 1), SHORT, "duty desk"),
        c.Override(dt.date(2026, 10, 8), (), "office moves"),
    )
    office = Calendar(replace(OFFICE, overrides=overrides))
    assert office.day(dt.date(2026, 10, 1)).hours == SHORT
    assert office.day(dt.date(2026, 10, 8)).source == "override"
    assert wall(office, next_open(office, at(office, "2026-10-01 12:00"))) == "2026-10-09 09:00"


def test_an_override_makes_a_day_of_an_unpublished_year_certain() -> None:
    day = dt.date(2099, 10, 1)
    office = Calendar(replace(OFFICE, overrides=(c.Override(day, SHORT),)))
    assert office.day(day).provisional is False


def test_the_version_names_the_holidays_and_changes_with_the_calendar() -> None:
    office = Calendar(OFFICE)
    assert office.version.startswith("chinesecalendar-")
    assert Calendar(replace(OFFICE, cut_off="15:00")).version != office.version
    assert Calendar(replace(OFFICE, cut_off=" 16:00".strip())).version == office.version
    assert Calendar(SPLIT).version.startswith("no-holidays+split.")


SAME_DAY = [
    ("2026-11-23 09:00", "2026-11-23 18:00"),
    ("2026-11-23 07:00", "2026-11-23 18:00"),
    ("2026-11-23 15:59", "2026-11-23 18:00"),
    ("2026-11-23 16:00", "2026-11-24 18:00"),
    ("2026-11-23 23:00", "2026-11-24 18:00"),
    ("2026-11-27 16:30", "2026-11-30 18:00"),
    ("2026-11-28 10:00", "2026-11-30 18:00"),
    ("2026-09-30 17:00", "2026-10-08 18:00"),
    ("2026-10-09 17:00", "2026-10-10 18:00"),
    ("2026-02-13 17:00", "2026-02-14 18:00"),
    ("2026-02-14 17:00", "2026-02-24 18:00"),
]


@pytest.mark.parametrize(("received", "due"), SAME_DAY)
def test_same_day_ends_with_the_business_day_or_the_next_one_after_the_cut_off(received: str, due: str) -> None:
    office = Calendar(OFFICE)
    promised = same_day_due(office, at(office, received))
    assert wall(office, promised.at) == due
    assert (str(promised.day), promised.provisional) == (due[:10], False)
    assert promised.calendar == office.version


def test_after_the_close_of_a_shortened_day_the_next_day_is_due() -> None:
    office = Calendar(replace(OFFICE, overrides=(c.Override(dt.date(2026, 11, 23), SHORT),)))
    assert wall(office, same_day_due(office, at(office, "2026-11-23 11:59")).at) == "2026-11-23 12:00"
    assert wall(office, same_day_due(office, at(office, "2026-11-23 13:00")).at) == "2026-11-24 18:00"


def test_a_day_that_ends_at_midnight_is_due_at_midnight_of_its_own_date() -> None:
    always = Calendar(c.Calendar("always", (DAY,) * 7))
    due = same_day_due(always, at(always, "2026-11-23 10:00"))
    assert (wall(always, due.at), due.day) == ("2026-11-24 00:00", dt.date(2026, 11, 23))


def test_a_due_that_looks_into_an_unpublished_year_is_provisional() -> None:
    year = max(known_years())
    office = Calendar(OFFICE)
    assert same_day_due(office, at(office, f"{year}-12-31 10:00")).provisional is False
    assert same_day_due(office, at(office, f"{year}-12-31 17:00")).provisional is True


def test_the_day_after_is_the_business_day_after() -> None:
    office = Calendar(OFFICE)
    due = same_day_due(office, at(office, "2026-11-27 10:00"))
    assert wall(office, next_day_due(office, due).at) == "2026-11-30 18:00"


def test_an_opening_instant_is_open_and_a_closing_instant_is_not() -> None:
    split = Calendar(SPLIT)
    moments = ["08:29", "08:30", "11:59", "12:00", "12:59", "13:00", "20:00"]
    opened = [is_open(split, at(split, f"2026-11-23 {moment}")) for moment in moments]
    assert opened == [False, True, True, False, False, True, False]


def test_time_added_skips_lunch_nights_and_weekends() -> None:
    office, split = Calendar(OFFICE), Calendar(SPLIT)
    assert wall(split, add_business(split, at(split, "2026-11-23 11:00"), 2 * HOUR)) == "2026-11-23 14:00"
    assert wall(office, add_business(office, at(office, "2026-11-27 17:00"), 2 * HOUR)) == "2026-11-30 10:00"
    assert wall(office, add_business(office, at(office, "2026-09-30 17:00"), 2 * HOUR)) == "2026-10-08 10:00"
    assert wall(office, add_business(office, at(office, "2026-11-27 17:00"), HOUR)) == "2026-11-27 18:00"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", "2026-03-29", 23),
        ("Europe/Berlin", "2026-10-25", 25),
        ("Europe/London", "2026-03-29", 23),
        ("Europe/London", "2026-10-25", 25),
        ("Africa/Cairo", "2026-04-24", 23),
        ("Africa/Cairo", "2026-10-29", 25),
        ("America/Havana", "2026-10-31", 24),
        ("America/Havana", "2026-11-01", 25),
        ("America/St_Johns", "2010-11-06", 24),
        ("America/St_Johns", "2010-11-07", 25),
        ("Asia/Shanghai", "2026-10-25", 24),
    ],
)
def test_a_day_around_the_clock_is_as_long_as_the_clocks_make_it(zone: str, day: str, hours: int) -> None:
    calendar = night(zone)
    date = dt.date.fromisoformat(day)
    [(opens, closes)] = calendar.open_intervals(date)
    assert closes - opens == hours * HOUR
    assert calendar.open_intervals(date + dt.timedelta(days=1))[0][0] == closes


def test_a_stretch_inside_the_skipped_hour_has_no_length() -> None:
    spring = dt.date(2026, 3, 29)
    assert night("Europe/Berlin", (c.Interval("02:10", "02:50"),)).open_intervals(spring) == ()
    [(opens, closes)] = night("Europe/Berlin", (c.Interval("01:30", "02:30"),)).open_intervals(spring)
    assert closes - opens == HOUR // 2
    [(opens, closes)] = night("Europe/Berlin", (c.Interval("02:30", "03:30"),)).open_intervals(spring)
    assert closes - opens == HOUR // 2


def test_a_repeated_hour_counts_twice_and_stretches_that_meet_in_it_do_not_overlap() -> None:
    autumn = dt.date(2026, 10, 25)
    [(opens, closes)] = night("Europe/Berlin", (c.Interval("02:00", "03:00"),)).open_intervals(autumn)
    assert closes - opens == 2 * HOUR
    [(opens, closes)] = night("Europe/Berlin", (c.Interval("01:00", "02:30"),)).open_intervals(autumn)
    assert closes - opens == 5 * HOUR // 2
    meeting = night("Europe/Berlin", (c.Interval("00:00", "02:30"), c.Interval("02:30", "24:00")))
    one, two = meeting.open_intervals(autumn)
    assert one[1] == two[0]
    assert two[1] - one[0] == 25 * HOUR


def test_an_hour_that_shows_the_old_date_again_is_not_lost() -> None:
    """Newfoundland set its clocks back at 00:01, to 23:01 of the day before."""
    always = night("America/St_Johns")
    evening = to_micros(dt.datetime(2010, 11, 6, 23, tzinfo=dt.UTC))
    ticks = [evening + n * HOUR // 6 for n in range(60)]
    assert all(is_open(always, tick) for tick in ticks)
    assert all(business_between(always, evening, tick) == tick - evening for tick in ticks)
    assert all(add_business(always, tick, HOUR) == tick + HOUR for tick in ticks)


def test_a_calendar_that_never_opens_is_a_mistake_and_not_an_endless_search() -> None:
    closed = Calendar(c.Calendar("closed", ((),) * 7))
    with pytest.raises(Misconfigured):
        next_open(closed, 0)
    with pytest.raises(Misconfigured):
        same_day_due(closed, 0)
    assert business_between(closed, 0, 1000 * HOUR) == 0


def test_business_time_is_not_taken_away() -> None:
    with pytest.raises(ValueError, match="forwards"):
        add_business(Calendar(OFFICE), 0, -1)
