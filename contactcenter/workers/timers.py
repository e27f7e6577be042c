"""Deadlines of cases, complaints and promises: rows that fire once. Offers and contacts have theirs in the router."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from contactcenter.clock import Clock
from contactcenter.errors import StaleWrite
from contactcenter.services.ports import TimerStore
from contactcenter.services.views import DueTimer

log = logging.getLogger(__name__)
POLL_S = 0.5
ROUND = 100

Handle = Callable[[DueTimer], Awaitable[None]]
"""Fires the timer in the same transaction as what it causes; raises when it could not."""


class Timers:
    """Several processes may run it: the store lets each timer fire once."""

    def __init__(self, *, store: TimerStore, handle: Handle, clock: Clock) -> None:
        self._store = store
        self._handle = handle
        self._clock = clock

    async def run(self) -> None:
        while True:
            if await self.round() < ROUND:
                await self._clock.sleep(POLL_S)

    async def round(self) -> int:
        """Fire what is due; returns how many fired. One that fails is logged and stays due."""
        fired = 0
        for timer in await self._store.due(self._clock.now(), ROUND):
            try:
                await self._handle(timer)
                fired += 1
            except StaleWrite:
                log.debug(
                    "timer %s (%s) was fired by another, or its rows moved; it is looked at again", timer.id, timer.kind
                )
            except Exception:
                log.exception("timer %s (%s) could not fire", timer.id, timer.kind)
        return fired
