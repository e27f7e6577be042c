"""Which windows a customer is offered for his callback: within the hours, and at an hour that is decent where he is.

The soonest comes first; the others begin on later half days. `priority.callback_window` has the last word when the wish
is stored, so a window offered here is one that it leaves as it is.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from functools import lru_cache
from itertools import islice
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import phonenumbers

from contactcenter.clock import SECOND, Micros, to_datetime, to_micros
from contactcenter.domain import identity
from contactcenter.domain.business_time import open_from
from contactcenter.domain.calendar import Calendar
from contactcenter.domain.priority import callback_window

Span = tuple[Micros, Micros]
DECENT: Final = (dt.time(8), dt.time(21))
"""Nobody is called earlier or later by his own clock."""
HALF_DAYS: Final = (dt.time(9), dt.time(14), dt.time(18))
_LOOKED: Final = 60
"""Half days that are looked at: three weeks, beyond the longest holidays."""


def offered(
    *, now: Micros, window_s: int, zone: dt.tzinfo, calendar: Calendar | None = None, most: int = 3
) -> tuple[Span, ...]:
    """At most `most` windows, the soonest first; at least one, whatever the hours are."""
    found = tuple(islice(_windows(now, window_s, zone, calendar), most))
    return found or (callback_window(now=now, window_s=window_s, calendar=calendar),)


def promised(
    *, now: Micros, window_s: int, zone: dt.tzinfo, asked: Span = (0, 0), calendar: Calendar | None = None
) -> Span:
    """The window of a wish: what is open and decent of the customer's own, else the soonest that is offered."""
    start, end = callback_window(
        now=now, window_s=window_s, asked_from=asked[0], asked_until=asked[1], calendar=calendar
    )
    begins, ends = _decent(start, end, zone)
    if begins < ends:
        return begins, ends
    return offered(now=max(now, asked[0]), window_s=window_s, zone=zone, calendar=calendar, most=1)[0]


def resumed(*, now: Micros, window_s: int, zone: dt.tzinfo, kept: Span, calendar: Calendar | None = None) -> Span:
    """The window of another attempt: what is left of the `kept` one, else from the first open and decent moment on.

    However little of it is left: a whole new window would begin on the next morning, which nobody promised.
    """
    since = max(now, kept[0])
    until = kept[1] if kept[1] > since else since + window_s * SECOND
    return promised(now=now, window_s=window_s, zone=zone, asked=(since, until), calendar=calendar)


def closes(window: Span, *, zone: dt.tzinfo, calendar: Calendar | None = None) -> Micros:
    """When nobody may call any more after this window: the hours are over, or it is night; never before its end."""
    since, until = window
    day = to_datetime(since).astimezone(zone).date()
    night = to_micros(dt.datetime.combine(day, DECENT[1], zone))
    if calendar is None:
        return max(until, night)
    opens, shuts = next(open_from(calendar, since))
    return max(until, min(night, shuts)) if opens <= since else until


def zone_of(number: str, default: dt.tzinfo) -> dt.tzinfo:
    """The time zone of a number of the public network; of a country with several, the first that fits."""
    name = _zone_name(identity.phone(number))
    try:
        return ZoneInfo(name) if name else default
    except ZoneInfoNotFoundError:
        return default


@lru_cache(maxsize=4096)
def _zone_name(number: str) -> str:
    from phonenumbers import timezone  # its table takes a tenth of a second: not at the start of a process

    try:
        found = timezone.time_zones_for_number(phonenumbers.parse(number, identity.REGION))
    except phonenumbers.NumberParseException:
        return ""
    return "" if not found or found[0] == timezone.UNKNOWN_TIMEZONE else str(found[0])


def _windows(now: Micros, window_s: int, zone: dt.tzinfo, calendar: Calendar | None) -> Iterator[Span]:
    since, told = now, 0
    for _ in range(_LOOKED):
        start, end = callback_window(now=since, window_s=window_s, calendar=calendar)
        start, end = _decent(start, end, zone)
        if start < end and start >= told:
            yield start, end
            told = end
        since = _next_half_day(max(since, start, told), zone)


def _decent(start: Micros, end: Micros, zone: dt.tzinfo) -> Span:
    """What of a window lies between the decent hours of the day on which it begins; empty when nothing does."""
    day = to_datetime(start).astimezone(zone).date()
    first, last = (to_micros(dt.datetime.combine(day, time, zone)) for time in DECENT)
    return max(start, first), min(end, last)


def _next_half_day(after: Micros, zone: dt.tzinfo) -> Micros:
    local = to_datetime(after).astimezone(zone)
    days = (local.date(), local.date() + dt.timedelta(days=1))
    starts = (to_micros(dt.datetime.combine(day, time, zone)) for day in days for time in HALF_DAYS)
    return next(start for start in starts if start > after)
