"""Has a service look at the queues that this process routes, every few seconds: their age, and calls that last long."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable

from contactcenter.clock import Clock
from contactcenter.errors import ContactCenterError
from contactcenter.workers.router import Router

log = logging.getLogger(__name__)
LOOK_S = 5.0
"""How late an alarm of minutes may be."""


class QueueWatch:
    """`run` is a part for the supervisor."""

    def __init__(
        self,
        routers: Iterable[Router],
        *,
        look: Callable[[str], Awaitable[None]],
        forget: Callable[[str], None],
        clock: Clock,
    ) -> None:
        self._routers = routers
        self._look = look
        self._forget = forget
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self.round()
            await self._clock.sleep(LOOK_S)

    async def round(self) -> None:
        """One look at each provider whose queue is ours; a store that does not answer is asked again next time."""
        for router in self._routers:
            if router.ownership is None:
                self._forget(router.domain)
                continue
            try:
                await self._look(router.domain)
            except ContactCenterError as problem:
                log.warning("domain %s: its queues and calls are not looked at: %s", router.domain, problem)
