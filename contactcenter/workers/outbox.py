"""Step 5 for everything that leaves the house: the outbox is sent after the commit, and again until acknowledged.

A hint on the bus starts a round at once; without one the poll does. How often: mail at least once with the
same Message-ID, phone commands until they are of no more use, dialling at most once (decisions rows 5 and 6).
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping

from channels.port import ChannelDown, Refused, Sender
from contactcenter.clock import SECOND, Clock, Ids, Micros
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Changes
from contactcenter.services.ports import Bus, ChangeStore, OutboxStore, Subscription
from contactcenter.services.views import OutboxItem

log = logging.getLogger(__name__)
POLL_S = 1.0
CLAIM_S = 40.0
"""How long a claimed sending is ours: longer than any sender's time-out."""
ROUND = 100
AT_ONCE = 16
PAUSES: Mapping[str, tuple[Micros, ...]] = {
    "phone": (SECOND, 2 * SECOND, 4 * SECOND),
    "mail": tuple(SECOND * pause for pause in (10, 60, 300, 900, 3600, 3600 * 4, 3600 * 12, 3600 * 24)),
    "webhook": tuple(SECOND * pause for pause in (5, 30, 120, 600, 3600, 3600 * 6, 3600 * 24)),
}
"""Before each further try; after the last the sending is given up and a fact says so."""


class Outbox:
    """Sends the kinds it has a sender for; other kinds are another process's business."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        changes: ChangeStore,
        bus: Bus,
        senders: Mapping[str, Sender],
        clock: Clock,
        ids: Ids,
        dead: Callable[[str], object] = lambda kind: None,
    ) -> None:
        self._store = store
        self._changes = changes
        self._bus = bus
        self._senders = senders
        self._clock = clock
        self._ids = ids
        self._dead = dead
        self._wake = asyncio.Event()

    async def run(self) -> None:
        self._bus.on_gap(self._wake.set)
        async with self._bus.subscribe("outbox") as hints, asyncio.TaskGroup() as group:
            group.create_task(self._hear(hints))
            group.create_task(self._rounds())

    async def _hear(self, hints: Subscription) -> None:
        async for _ in hints:
            self._wake.set()

    async def _rounds(self) -> None:
        while True:
            self._wake.clear()
            if await self.round() < ROUND:
                await self._pause()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        except TimeoutError:
            return

    async def round(self) -> int:
        """Send what is due now; returns how many sendings were tried."""
        items = await self._store.due(self._clock.now(), ROUND, CLAIM_S, tuple(self._senders))
        gate = asyncio.Semaphore(AT_ONCE)
        async with asyncio.TaskGroup() as group:
            for item in items:
                group.create_task(self._guarded(item, gate))
        return len(items)

    async def _guarded(self, item: OutboxItem, gate: asyncio.Semaphore) -> None:
        async with gate:
            await self._send(item)

    async def _send(self, item: OutboxItem) -> None:
        now = self._clock.now()
        if item.not_after is not None and item.not_after <= now:
            await self._store.done(item.id, "expired", now)
            return
        try:
            said = await self._senders[item.kind].send(item.payload)
        except Refused as refused:
            await self._give_up(item, f"refused: {refused}")
        except ChannelDown as down:
            await self._again(item, str(down))
        except Exception:
            log.exception("sending %s failed", item.id)
            await self._again(item, "internal")
        else:
            # What was kept instead of sent says so itself, and is shown as such.
            outcome = said if said.startswith("kept") else f"sent: {said}"
            await self._store.done(item.id, outcome[:500], self._clock.now())

    async def _again(self, item: OutboxItem, why: str) -> None:
        pauses = PAUSES[item.kind]
        if item.attempts > len(pauses):
            await self._give_up(item, f"gave up after {item.attempts} tries: {why}")
            return
        await self._store.retry(item.id, why[:500], self._clock.now() + pauses[item.attempts - 1])

    async def _give_up(self, item: OutboxItem, why: str) -> None:
        """Dead, but never silent: the row keeps the reason and a fact tells operations."""
        now = self._clock.now()
        log.error("sending %s is given up: %s", item.id, why)
        fact = Fact(
            id=self._ids.new("ft"),
            at=now,
            kind="ops.outbox_dead",
            provider=item.provider,
            client=item.client,
            contact=item.contact,
            data={"sending": item.id, "kind": item.kind, "why": why[:200]},
        )
        await self._changes.apply(Changes(facts=[fact]))
        await self._store.done(item.id, why[:500], now)
        self._dead(item.kind)
