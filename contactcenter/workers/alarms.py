"""What a supervisor must hear at once: two missed offers in a row, a seat that was left (I3).

Told after the commit, once per fact, to the desks of the supervisors who are signed in; the fact stays for the rest.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from routing.effects import AnyEffect, Missed, Staffing

Tell = Callable[[str, AnyEffect], Awaitable[None]]
"""(provider, effect): put it into words and on the right desks."""
HELD = 1000


class Alarms:
    """`heard` is called by routers with what they committed; `run` is a part for the supervisor."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._waiting: asyncio.Queue[tuple[str, AnyEffect]] = asyncio.Queue(HELD)

    def heard(self, provider: str, effects: list[AnyEffect]) -> None:
        for effect in effects:
            if isinstance(effect, Missed | Staffing) and not self._waiting.full():
                self._waiting.put_nowait((provider, effect))

    async def run(self) -> None:
        while True:
            provider, effect = await self._waiting.get()
            await self._tell(provider, effect)
