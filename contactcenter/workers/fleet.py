"""The routers of one process: one for every configured provider, among as many processes as there are.

A heartbeat every third of a lease tells the others that this process is alive, and brings back who else is and who
holds what; `Shares` makes of it which domains are ours. A provider that is new in the database gets its router at once.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterator

from contactcenter.clock import Clock
from contactcenter.errors import Busy
from contactcenter.services.ports import NodeStore
from contactcenter.services.shares import Shares
from contactcenter.workers.router import Router

log = logging.getLogger(__name__)
PATIENCE_S = 5.0
"""For a batch that is under way when the process is told to stop."""

Start = Callable[[str, Callable[[], Awaitable[None]]], None]
"""Keeps a part running under a name: the supervisor's `run`."""


class Fleet:
    """`run` is a part for the supervisor; iterating yields the routers that exist by now."""

    def __init__(
        self,
        nodes: NodeStore,
        clock: Clock,
        *,
        shares: Shares,
        lease_s: float,
        build: Callable[[str], Router],
        start: Start,
    ) -> None:
        self._nodes = nodes
        self._clock = clock
        self._shares = shares
        self._lease_s = lease_s
        self._build = build
        self._start = start
        self._routers: dict[str, Router] = {}
        self._leaving = False
        self.known = False
        """Whether the store was seen once: until then nobody can say which domains there are."""

    def __iter__(self) -> Iterator[Router]:
        return iter(tuple(self._routers.values()))

    async def run(self) -> None:
        while not self._leaving:
            await self.beat()
            await self._clock.sleep(self._lease_s / 3)
        await asyncio.Event().wait()

    async def beat(self) -> None:
        """One heartbeat; without an answer what was seen last holds, and each router's own lease protects it."""
        try:
            seen = await self._nodes.beat(self._shares.node, self._lease_s)
        except Busy as away:
            log.warning("the heartbeat of %s was not taken: %s", self._shares.node, away)
            return
        self._shares.saw(seen)
        self.known = True
        for each in seen.domains:
            if each.domain not in self._routers:
                self._routers[each.domain] = self._build(each.domain)
                self._start(f"router {each.domain}", self._routers[each.domain].run)

    async def leave(self) -> None:
        """Every domain is handed over, each after the batch under way; then the others need not count on us."""
        self._leaving = True
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self.beat()  # Who may have come in the last second is an heir too.
                await asyncio.gather(*(router.leave() for router in self))
                await self._nodes.leave(self._shares.node)
        except (TimeoutError, Busy) as late:
            log.warning("not everything was handed over in time: %s", late or "a lease runs out by itself")
