"""Rules about calendars: zones that exist, seven weekdays, stretches in order, some time that is open."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from zoneinfo import ZoneInfo

from contactcenter.domain.configuration import Calendar, Document, Interval
from contactcenter.domain.problem import Problem, repeated

_DAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")


def time_problems(document: Document) -> Iterator[Problem]:
    """The provider's zone, then each calendar."""
    yield from _zone("provider.time_zone", document.provider.time_zone)
    for index, calendar in enumerate(document.calendars):
        yield from _calendar(calendar, f"calendars[{index}]")


def _calendar(calendar: Calendar, path: str) -> Iterator[Problem]:
    yield from _zone(f"{path}.time_zone", calendar.time_zone)
    if len(calendar.weekly) != len(_DAYS):
        yield Problem(
            f"{path}.weekly", "weekly", f"{len(calendar.weekly)} weekdays; there are seven, Monday first, [] is closed"
        )
    for day, stretches in enumerate(calendar.weekly):
        yield from _stretches(stretches, f"{path}.weekly[{day}]")
    for position, override in enumerate(calendar.overrides):
        yield from _stretches(override.hours, f"{path}.overrides[{position}].hours")
    for again in repeated("overrides", "date", (str(override.date) for override in calendar.overrides)):
        yield Problem(f"{path}.{again.path}", again.code, again.message)
    if not any(calendar.weekly):
        yield Problem(f"{path}.weekly", "never_open", f"calendar {calendar.id} is never open: no deadline would end")


def _stretches(stretches: tuple[Interval, ...], path: str) -> Iterator[Problem]:
    for position, stretch in enumerate(stretches):
        if stretch.closes <= stretch.opens:
            yield Problem(
                f"{path}[{position}]", "stretch", f"closes {stretch.closes} is not after opens {stretch.opens}"
            )
    for position, (one, two) in enumerate(pairwise(stretches), start=1):
        if two.opens < one.closes:
            yield Problem(f"{path}[{position}]", "stretch", f"opens {two.opens} before {one.closes}, the end before it")


def _zone(path: str, name: str) -> Iterator[Problem]:
    try:
        ZoneInfo(name)
    except (KeyError, ValueError, OSError):
        yield Problem(path, "time_zone", f"there is no time zone {name!r}")
