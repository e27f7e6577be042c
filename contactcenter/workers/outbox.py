"""Step 5 for everything that leaves the house: the outbox is sent after the commit, and again until acknowledged.

A hint on the bus starts a round at once; without one the poll does. Phone commands travel with the hint and are sent
straight by the process that owns their connection; the poll finds what stayed unacknowledged (decisions row 5).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Final

from contactcenter.clock import Clock
from contactcenter.services.ports import Bus, OutboxStore, Subscription
from contactcenter.services.sendings import RESEND, taken
from contactcenter.services.views import OutboxItem
from contactcenter.workers.delivery import Delivery
from contactcenter.workers.lane import Claim, Lane

CLAIM_S: Final[Mapping[str, float]] = {"phone": 5.0, "mail": 40.0, "webhook": 30.0}
"""How long a claimed sending is ours: longer than its sender's time-out."""
AT_ONCE: Final[Mapping[str, int]] = {"phone": 64, "mail": 16, "webhook": 32}


class Outbox:
    """Sends `kinds`; others are another process's business. `sources` are the phone connections that are ours now."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        delivery: Delivery,
        bus: Bus,
        clock: Clock,
        kinds: Sequence[str],
        sources: Callable[[], Sequence[str]] = tuple,
    ) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._sources = sources
        self.lanes = {
            kind: Lane(
                kind,
                claim=self._claim_of(kind),
                claimed=delivery.claimed,
                straight=delivery.straight,
                width=AT_ONCE[kind],
            )
            for kind in kinds
        }

    def _claim_of(self, kind: str) -> Claim:
        async def claim(limit: int, eager: bool) -> list[OutboxItem]:
            ahead = RESEND if eager and kind == "phone" else 0
            ours = self._sources() if kind == "phone" else None
            return await self._store.due(self._clock.now() + ahead, limit, CLAIM_S[kind], (kind,), ours)

        return claim

    async def run(self) -> None:
        self._bus.on_gap(self._look)
        async with self._bus.subscribe("outbox") as hints, asyncio.TaskGroup() as group:
            group.create_task(self._hear(hints))
            for lane in self.lanes.values():
                group.create_task(lane.run())

    def _look(self) -> None:
        for lane in self.lanes.values():
            lane.wake(eager=True)

    async def _hear(self, hints: Subscription) -> None:
        """What a hint carries is not due yet: nobody looks for it. A mere hint says that something else is."""
        async for payload in hints:
            if handed := taken(payload):
                self.hand(handed)
                continue
            for lane in self.lanes.values():
                lane.wake()

    def hand(self, items: Sequence[OutboxItem]) -> None:
        """Send these straight; what is not ours, or finds no place in time, comes due in its owner's outbox."""
        for item in items:
            if item.kind in self.lanes:
                self.lanes[item.kind].hand(item)

    async def round(self) -> int:
        """Send what is due now; returns how many sendings were tried."""
        return sum([await lane.round() for lane in self.lanes.values()])
