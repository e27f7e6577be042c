"""What several commands share: the event loop, and arguments that name a day or a provider."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from contactcenter.clock import to_datetime, to_micros
from contactcenter.errors import Misconfigured, NotFound

T = TypeVar("T")


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """uvloop where there is one; the plain loop elsewhere."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)


def only(providers: tuple[str, ...]) -> str:
    if len(providers) != 1:
        raise NotFound(f"say which provider: {', '.join(providers) or 'none is configured'}", field="--provider")
    return providers[0]


def day(day: str | None, zone: dt.tzinfo) -> tuple[int, int | None]:
    """The first instant of a day in a time zone and that of the next one; all time without a day."""
    if day is None:
        return 0, None
    try:
        date = dt.date.fromisoformat(day)
    except ValueError as wrong:
        raise Misconfigured(f"{day!r} is not a day like 2026-11-22", field="--day") from wrong
    return midnight(date, zone), midnight(date + dt.timedelta(days=1), zone)


def midnight(date: dt.date, zone: dt.tzinfo) -> int:
    return to_micros(dt.datetime.combine(date, dt.time(), zone))


def instant(text: str, zone: dt.tzinfo, opened_at: int) -> int:
    """2026-11-22T09:00:03+08:00; without an offset in the zone; a time alone on the day `opened_at` falls on."""
    try:
        if "-" not in text and ":" in text:
            day = to_datetime(opened_at).astimezone(zone).date()
            return to_micros(dt.datetime.combine(day, dt.time.fromisoformat(text), zone))
        found = dt.datetime.fromisoformat(text)
    except ValueError as wrong:
        raise Misconfigured(f"{text!r} is no instant like 2026-11-22T09:00:03 or 09:00:03", field="--at") from wrong
    return to_micros(found if found.tzinfo else found.replace(tzinfo=zone))
