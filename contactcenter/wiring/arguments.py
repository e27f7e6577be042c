"""What several commands share: the event loop, and arguments that name a day or a provider."""

from __future__ import annotations

import asyncio
import datetime as dt
import sys
from collections.abc import Coroutine
from typing import Any, TypeVar

from contactcenter.clock import to_micros
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


def day(day: str | None) -> tuple[int, int | None]:
    if day is None:
        return 0, None
    try:
        start = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC)
    except ValueError as wrong:
        raise Misconfigured(f"{day!r} is not a day like 2026-11-22", field="--day") from wrong
    return to_micros(start), to_micros(start + dt.timedelta(days=1))
