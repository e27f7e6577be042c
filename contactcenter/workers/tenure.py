"""A lease that one process holds at a time: who owns a connection that bears only one owner (decisions rows 4, 5).

The store's clock says who owns it; this process's monotonic clock says whether it may still believe so. A tenure
that was not renewed in time is over here before anybody else can begin one, however long the process was stopped.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable

from contactcenter.clock import Clock
from contactcenter.errors import Busy
from contactcenter.services.ports import LeaseStore

log = logging.getLogger(__name__)
LOOK_S = 2.0
"""How often the names are asked for again."""

Work = Callable[[int], Awaitable[None]]
"""What is done while the lease is held, with its epoch: cancelled when it is lost."""


class Tenure:
    """One lease. `run` is a part for the supervisor, or a task of `Tenures`."""

    def __init__(
        self, name: str, *, store: LeaseStore, owner: str, ttl_s: float, clock: Clock, work: Work | None = None
    ) -> None:
        self.name = name
        self._store = store
        self._owner = owner
        self._ttl_s = ttl_s
        self._clock = clock
        self._work = work
        self._epoch: int | None = None
        self._asked = 0.0

    def holds(self) -> bool:
        """By the monotonic clock, counted from before the store was asked: never too long."""
        return self._epoch is not None and self._left() > 0

    @property
    def epoch(self) -> int | None:
        return self._epoch if self.holds() else None

    async def run(self) -> None:
        """Until cancelled: acquire, hold, and stand by when another owns it."""
        while True:
            epoch = await self._acquired()
            if epoch is None:
                await self._clock.sleep(self._ttl_s / 3)
                continue
            log.info("connection %s: ours, epoch %d", self.name, epoch)
            try:
                await self._hold(epoch)
            finally:
                self._epoch = None
                await self._give_back(epoch)
            log.warning("connection %s: epoch %d is over", self.name, epoch)

    async def _acquired(self) -> int | None:
        asked = self._clock.monotonic()
        try:
            epoch = await self._store.acquire(self.name, self._owner, self._ttl_s)
        except Busy as away:
            log.warning("connection %s: %s", self.name, away)
            return None
        self._epoch, self._asked = epoch, asked
        return epoch

    async def _hold(self, epoch: int) -> None:
        """Returns when the lease is lost; raises what the work raised."""
        async with asyncio.TaskGroup() as group:
            working = group.create_task(self._worked(epoch))
            await self._renewed(epoch)
            working.cancel()

    async def _worked(self, epoch: int) -> None:
        if self._work is not None:
            await self._work(epoch)

    async def _renewed(self, epoch: int) -> None:
        while self.holds():
            await self._clock.sleep(min(self._ttl_s / 3, self._left()))
            asked = self._clock.monotonic()
            try:
                async with asyncio.timeout(max(0.0, self._left())):
                    if not await self._store.renew(self.name, self._owner, epoch, self._ttl_s):
                        return
            except (Busy, TimeoutError) as away:
                log.warning("connection %s: not renewed: %s", self.name, away or "no answer in time")
            else:
                self._asked = asked

    def _left(self) -> float:
        return self._ttl_s - (self._clock.monotonic() - self._asked)

    async def _give_back(self, epoch: int) -> None:
        """Free at once for a successor; if that fails the lease runs out by itself."""
        try:
            await asyncio.shield(self._store.release(self.name, self._owner, epoch))
        except Exception:
            log.exception("connection %s: the lease could not be given back", self.name)


class Tenures:
    """One tenure for each name there is at the moment: names come and go with the configuration."""

    def __init__(self, names: Callable[[], Iterable[str]], make: Callable[[str], Tenure], clock: Clock) -> None:
        self._names = names
        self._make = make
        self._clock = clock
        self._held: dict[str, Tenure] = {}
        self._tasks: dict[str, asyncio.Task[None]] = {}

    def holds(self, name: str) -> bool:
        tenure = self._held.get(name)
        return tenure is not None and tenure.holds()

    def ours(self) -> list[str]:
        return [name for name, tenure in self._held.items() if tenure.holds()]

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            while True:
                self._follow(group)
                await self._clock.sleep(LOOK_S)

    def _follow(self, group: asyncio.TaskGroup) -> None:
        names = set(self._names())
        for name in sorted(names - self._held.keys()):
            self._held[name] = self._make(name)
            self._tasks[name] = group.create_task(self._held[name].run())
        for name in self._held.keys() - names:
            self._tasks.pop(name).cancel()
            del self._held[name]
