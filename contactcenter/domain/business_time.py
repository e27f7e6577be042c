"""Time that counts only while a calendar is open. All instants and durations are microseconds.

    business_between(c, a, add_business(c, a, d)) == d          for every d >= 0
    business_between(c, a, b) + business_between(c, b, x) == business_between(c, a, x)

An opening instant is open, a closing instant is not.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain.calendar import Calendar, Span
from contactcenter.errors import Misconfigured

_DAY = dt.timedelta(days=1)
_GIVE_UP_DAYS = 400
"""So many closed days in a row are a mistake in the calendar, not a holiday."""


class Due(Struct, frozen=True, omit_defaults=True):
    """A promised instant: on which business day, whether that day's schedule is published, by which data."""

    at: Micros
    day: dt.date
    provisional: bool
    calendar: str = ""


def is_open(calendar: Calendar, at: Micros) -> bool:
    """Whether business is open at this instant (D21)."""
    return any(start <= at < end for start, end in _near(calendar, at))


def next_open(calendar: Calendar, at: Micros) -> Micros:
    """This instant if open, else the next opening. Raises Misconfigured for a calendar that stays closed."""
    return max(at, next(open_from(calendar, at))[0])


def add_business(calendar: Calendar, at: Micros, duration: Micros) -> Micros:
    """The first instant by which so much business time has passed; `at` itself for none."""
    if duration < 0:
        raise ValueError("business time is added forwards")
    if duration == 0:
        return at
    for start, end in open_from(calendar, at):
        start = max(start, at)
        if duration <= end - start:
            return start + duration
        duration -= end - start
    raise AssertionError("unreachable: open_from never ends")


def business_between(calendar: Calendar, a: Micros, b: Micros) -> Micros:
    """Business time from a to b; negative when b is before a."""
    if b < a:
        return -business_between(calendar, b, a)
    day, last = calendar.date_of(a), calendar.date_of(b) + _DAY
    total = 0
    while day <= last:
        total += sum(max(0, min(end, b) - max(start, a)) for start, end in calendar.open_intervals(day))
        day += _DAY
    return total


def same_day_due(calendar: Calendar, received: Micros) -> Due:
    """Close of business of the day it was received, if that is a business day and the cut-off is ahead (D03, D04).

    Else the close of the next business day. What comes before opening belongs to that day; what comes after
    the close of a shortened day is late whatever the cut-off says.
    """
    day = calendar.date_of(received)
    provisional = calendar.day(day).provisional
    if not _in_time(calendar, day, received):
        day, unsure = _next_business_day(calendar, day)
        provisional = provisional or unsure
    return Due(calendar.open_intervals(day)[-1][1], day, provisional, calendar.version)


def next_day_due(calendar: Calendar, due: Due) -> Due:
    """D+1: the close of the business day after; beyond it is a hard breach (D03)."""
    day, unsure = _next_business_day(calendar, due.day)
    return Due(calendar.open_intervals(day)[-1][1], day, due.provisional or unsure, calendar.version)


def _in_time(calendar: Calendar, day: dt.date, received: Micros) -> bool:
    spans = calendar.open_intervals(day)
    return bool(spans) and received < min(calendar.instant(day, calendar.configured.cut_off), spans[-1][1])


def _next_business_day(calendar: Calendar, day: dt.date) -> tuple[dt.date, bool]:
    """The next date with open hours, and whether any date on the way is provisional."""
    unsure = False
    for _ in range(_GIVE_UP_DAYS):
        day += _DAY
        unsure = unsure or calendar.day(day).provisional
        if calendar.open_intervals(day):
            return day, unsure
    raise Misconfigured(f"calendar {calendar.configured.id} is closed for {_GIVE_UP_DAYS} days", code="never_open")


def _near(calendar: Calendar, at: Micros) -> tuple[Span, ...]:
    """The stretches that can contain the instant: clocks set back over midnight show the old date again."""
    day = calendar.date_of(at)
    return (*calendar.open_intervals(day), *calendar.open_intervals(day + _DAY))


def open_from(calendar: Calendar, at: Micros) -> Iterator[Span]:
    """The stretches that end after `at`, in order, without end."""
    day, closed = calendar.date_of(at), 0
    while closed <= _GIVE_UP_DAYS:
        spans = [span for span in calendar.open_intervals(day) if span[1] > at]
        yield from spans
        closed = 0 if spans else closed + 1
        day += _DAY
    raise Misconfigured(f"calendar {calendar.configured.id} is closed for {_GIVE_UP_DAYS} days", code="never_open")
