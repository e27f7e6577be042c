"""A business calendar: which stretches of which day are open, and where that knowledge comes from (D21).

For one day, the first that applies: a dated override replaces the day; a holiday of the State Council's schedule
is closed and its make-up workday (调休) has Monday's hours; else the weekday's hours. The schedule of a year is
published late in the year before: a day of a year that package `chinesecalendar` does not know follows its
weekday and is `provisional`.

Wall time becomes an instant by the zone's rules: a stretch contains each hour that clocks repeat in autumn,
and an hour that they skip in spring has no length.
"""

from __future__ import annotations

import datetime as dt
import hashlib
from functools import cache
from importlib import metadata
from typing import Literal
from zoneinfo import ZoneInfo

import chinese_calendar
import msgspec
from msgspec import Struct

from contactcenter.clock import Micros, to_datetime, to_micros
from contactcenter.domain import configuration as c

Span = tuple[Micros, Micros]
"""From, until (exclusive), microseconds since the epoch."""
DaySource = Literal["override", "holiday", "make_up", "weekday"]
_PACKAGE = "chinesecalendar"
_PUBLISHED = {day.year for day in chinese_calendar.holidays}
_MONDAY = 0


class Day(Struct, frozen=True):
    """One date: its stretches on the wall, why, and whether its schedule is still to be published."""

    date: dt.date
    hours: tuple[c.Interval, ...]
    source: DaySource
    provisional: bool


class Calendar:
    """Built from its configuration. `version` names the data that every due instant was computed with."""

    def __init__(self, configured: c.Calendar) -> None:
        self.configured = configured
        self.zone = ZoneInfo(configured.time_zone)
        self.version = _version(configured)
        self._overrides = {override.date: override for override in configured.overrides}
        self._spans: dict[dt.date, tuple[Span, ...]] = {}

    def day(self, date: dt.date) -> Day:
        """What holds on this date: override beats holiday beats weekday."""
        if date in self._overrides:
            return Day(date, self._overrides[date].hours, "override", False)
        weekday = self.configured.weekly[date.weekday()]
        if self.configured.holidays == "none":
            return Day(date, weekday, "weekday", False)
        if date in chinese_calendar.workdays:
            return Day(date, self.configured.weekly[_MONDAY], "make_up", False)
        if date in chinese_calendar.holidays:
            return Day(date, (), "holiday", False)
        return Day(date, weekday, "weekday", date.year not in _PUBLISHED)

    def open_intervals(self, date: dt.date) -> tuple[Span, ...]:
        """The open stretches that begin on this date, in order, without overlap, none of them empty."""
        if date not in self._spans:
            self._spans[date] = tuple(self._open(date))
        return self._spans[date]

    def date_of(self, at: Micros) -> dt.date:
        """The calendar's own date at this instant."""
        return to_datetime(at).astimezone(self.zone).date()

    def instant(self, date: dt.date, wall: str, *, late: bool = False) -> Micros:
        """When the clock on the wall shows this time; of a repeated time the first, or the second if `late`."""
        return _instant(self.zone, date, wall, late=late)

    def _open(self, date: dt.date) -> list[Span]:
        spans: list[Span] = []
        for stretch in self.day(date).hours:
            opens = self.instant(date, stretch.opens)
            closes = self.instant(date, stretch.closes, late=True)
            opens = max(opens, spans[-1][1]) if spans else opens
            if opens < closes:
                spans.append((opens, closes))
        return spans


def known_years() -> tuple[int, ...]:
    """The years whose State Council schedule is in the package."""
    return tuple(sorted(_PUBLISHED))


_installed = cache(metadata.version)
"""Looked up once: it reads the package's files, and a takeover makes many calendars."""


def _version(configured: c.Calendar) -> str:
    """For example `chinesecalendar-1.11.0+office.3f2a90c1d7e4`: the holidays' data and the document's."""
    digest = hashlib.sha256(msgspec.json.encode(c.plain(configured), order="sorted")).hexdigest()[:12]
    holidays = f"{_PACKAGE}-{_installed(_PACKAGE)}" if configured.holidays == "cn" else "no-holidays"
    return f"{holidays}+{configured.id}.{digest}"


def _instant(zone: ZoneInfo, date: dt.date, wall: str, *, late: bool) -> Micros:
    """24:00 is the first midnight of the next date, so that days never overlap."""
    if wall == "24:00":
        return _instant(zone, date + dt.timedelta(days=1), "00:00", late=False)
    naive = dt.datetime.combine(date, dt.time.fromisoformat(wall))
    first, second = (_utc(naive, zone, fold) for fold in (0, 1))
    if first > second:
        return _skip_of_clocks(zone, second, first)
    return to_micros(second if late else first)


def _utc(naive: dt.datetime, zone: ZoneInfo, fold: int) -> dt.datetime:
    return naive.replace(tzinfo=zone, fold=fold).astimezone(dt.UTC)


def _skip_of_clocks(zone: ZoneInfo, before: dt.datetime, after: dt.datetime) -> Micros:
    """The wall never shows this time: the instant between the two at which the clocks jump over it."""
    low, high = to_micros(before), to_micros(after)
    offset = to_datetime(low).astimezone(zone).utcoffset()
    while high - low > 1:
        middle = (low + high) // 2
        if to_datetime(middle).astimezone(zone).utcoffset() == offset:
            low = middle
        else:
            high = middle
    return high
