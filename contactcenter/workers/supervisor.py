"""Long-lived parts: started in order, restarted with back-off when they fail, stopped in reverse order.

A part is an async function that runs until it is cancelled. One that returns by itself has failed.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable

from contactcenter.clock import Clock

log = logging.getLogger(__name__)
FIRST_PAUSE_S = 0.2
LONGEST_PAUSE_S = 10.0

Part = Callable[[], Awaitable[None]]


class Supervisor:
    """Stopping twice, or before the start, is fine."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def run(self, name: str, part: Part) -> None:
        """Start a part now and keep it running."""
        self._tasks[name] = asyncio.create_task(self._keep(name, part), name=name)  # noqa: TID251

    async def _keep(self, name: str, part: Part) -> None:
        pause = FIRST_PAUSE_S
        while True:
            started = self._clock.monotonic()
            try:
                await part()
                log.error("part %s ended by itself", name)
            except asyncio.CancelledError:
                raise
            except Exception:
                log.exception("part %s failed; again in %.1f s", name, pause)
            await self._clock.sleep(pause)
            lived = self._clock.monotonic() - started
            pause = FIRST_PAUSE_S if lived > LONGEST_PAUSE_S else min(pause * 2, LONGEST_PAUSE_S)

    async def stop(self, *names: str) -> None:
        """Cancel these parts (all of them when none is named), newest first, and wait for each."""
        for name in names or tuple(reversed(self._tasks)):
            task = self._tasks.pop(name, None)
            if task is None:
                continue
            task.cancel()
            await asyncio.wait([task])
