"""One router's lease of one domain: taken, renewed beside everything else, and given back.

The lease is renewed by a task of its own, so that neither a long takeover nor a long decision lets it run out, as
long as the process gets to run at all. A renewal that the store does not answer is tried again; one that it refuses
means that somebody else owns the domain: what goes on under this lease is then broken off.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from contactcenter.clock import Clock
from contactcenter.errors import Busy, LeaseLost
from contactcenter.services.ports import RoutingStore
from contactcenter.services.views import Ownership

log = logging.getLogger(__name__)
AGAIN_S = 0.2
"""Between two tries of a renewal that got no answer."""


class DomainLease:
    """`age_s` is counted by the monotonic clock from before the store was asked: never too young."""

    def __init__(self, store: RoutingStore, clock: Clock, *, domain: str, owner: str, lease_s: float) -> None:
        self.domain = domain
        self.lease_s = lease_s
        self._store = store
        self._clock = clock
        self._owner = owner
        self._leased_at = 0.0
        self._acquired_at = 0.0

    async def acquire(self, grace_s: float) -> Ownership | None:
        asked = self._clock.monotonic()
        found = await self._store.acquire(self.domain, self._owner, self.lease_s, grace_s)
        self._leased_at = self._acquired_at = asked
        return found

    @property
    def held_s(self) -> float:
        return self._clock.monotonic() - self._acquired_at

    @property
    def age_s(self) -> float:
        return self._clock.monotonic() - self._leased_at

    @property
    def is_doubtful(self) -> bool:
        """So old that another may have taken the domain, for all we know."""
        return self.age_s >= self.lease_s

    async def renew(self, epoch: int) -> None:
        """Raises LeaseLost when the epoch is no longer ours."""
        asked = self._clock.monotonic()
        if not await self._store.renew(self.domain, self._owner, epoch, self.lease_s):
            raise LeaseLost
        self._leased_at = max(self._leased_at, asked)

    @asynccontextmanager
    async def held(self, epoch: int) -> AsyncIterator[None]:
        """Renewed inside; the body is broken off with LeaseLost when that is refused."""
        try:
            async with asyncio.TaskGroup() as group:
                keeper = group.create_task(self._keep(epoch))
                yield
                keeper.cancel()
        except BaseExceptionGroup as several:
            raise several.exceptions[0] from None

    async def _keep(self, epoch: int) -> None:
        pause = self.lease_s / 3
        while True:
            await self._clock.sleep(pause)
            try:
                await self.renew(epoch)
                pause = self.lease_s / 3
            except Busy as away:
                log.warning("domain %s: the lease is %.1f s old and not renewed: %s", self.domain, self.age_s, away)
                pause = AGAIN_S

    async def give_back(self, epoch: int, heir: str) -> None:
        """Free at once for a successor; if that fails the lease runs out by itself."""
        try:
            await asyncio.shield(self._store.release(self.domain, self._owner, epoch, heir))
        except Exception:
            log.exception("domain %s: the lease could not be given back", self.domain)
