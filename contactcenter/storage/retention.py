"""What is old enough goes: in small batches, in bounded time, by one process at a time.

Nothing here touches what is open: a sending that waits, a timer that is to fire, what nobody settled, an event that
was not decided. The log of a domain is cut at a snapshot alone, so that what is kept can be replayed; facts go by
whole months, because they are append-only. Contacts, messages, cases and customers stay.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

import asyncpg
from msgspec import Struct

from contactcenter.clock import Clock, Micros, to_datetime
from contactcenter.storage.queries import sql

log = logging.getLogger(__name__)
LOCK = 0x72657461696E
"""The advisory lock of whoever does it; any number of our own."""
DAY: Micros = 86_400_000_000
BATCH = 1000
REST_S = 0.05
"""Between two batches: others come first."""
LONGEST_S = 60.0
"""One round; what is left is for the next."""
PATIENCE = "2s"
"""How long a month's detaching may wait for its lock, and others behind it."""


class Keep(Struct, frozen=True, kw_only=True):
    """How long what is kept, in days; facts in whole months. 0: for ever."""

    facts_months: int = 0
    log_days: int = 400
    outbox_days: int = 90
    dead_days: int = 400
    receipts_days: int = 35
    quarantine_days: int = 400


class Retention:
    """`round` deletes on one connection; stopping it at any moment leaves everything whole."""

    def __init__(self, connection: asyncpg.Connection, *, keep: Keep, clock: Clock) -> None:
        self._connection = connection
        self._keep = keep
        self._clock = clock
        self._until = 0.0

    async def round(self) -> dict[str, int]:
        """What was deleted, by table (facts: months). Empty when another process is at it."""
        self._until = self._clock.monotonic() + LONGEST_S
        if not await self._connection.fetchval("SELECT pg_try_advisory_lock($1)", LOCK):
            return {}
        try:
            done = {
                "facts": len(await self._facts()),
                "receipts": await self._old("old_receipts", self._keep.receipts_days),
                "outbox": await self._outbox(),
                "timers": await self._old("old_timers", self._keep.outbox_days),
                "quarantine": await self._old("old_quarantine", self._keep.quarantine_days),
                **await self._logs(),
            }
        finally:
            await self._connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
        return {table: count for table, count in done.items() if count}

    # --- by age ------------------------------------------------------------------------------------------------------

    def _before(self, days: int) -> Micros:
        return self._clock.now() - days * DAY

    async def _old(self, statement: str, days: int) -> int:
        if not days:
            return 0
        before = self._before(days)
        return await self._batches(lambda: self._delete(statement, before, BATCH))

    async def _outbox(self) -> int:
        keep = self._keep
        if not keep.outbox_days:
            return 0
        # Dead letters wait longer, for somebody to send them again; for ever when dead_days is 0.
        dead = self._before(max(keep.dead_days, keep.outbox_days)) if keep.dead_days else 0
        return await self._batches(lambda: self._delete("old_sendings", self._before(keep.outbox_days), BATCH, dead))

    async def _batches(self, delete: Callable[[], Awaitable[int]]) -> int:
        total = 0
        while self._clock.monotonic() < self._until:
            count = await delete()
            total += count
            if count < BATCH:
                break
            await self._clock.sleep(REST_S)
        return total

    async def _delete(self, statement: str, *args: object) -> int:
        said: str = await self._connection.execute(sql(statement), *args)
        return int(said.rpartition(" ")[2])

    # --- a domain's log ----------------------------------------------------------------------------------------------

    async def _logs(self) -> dict[str, int]:
        snapshots = events = 0
        if self._keep.log_days:
            for row in await self._connection.fetch("SELECT domain_id FROM routing_domains ORDER BY domain_id"):
                some = await self._log(row["domain_id"], self._before(self._keep.log_days))
                snapshots, events = snapshots + some[0], events + some[1]
        return {"routing_snapshots": snapshots, "routing_events": events}

    async def _log(self, domain: str, before: Micros) -> tuple[int, int]:
        """Older snapshots first: a replay must never begin where events are missing already."""
        end = await self._connection.fetchrow(sql("old_log_end"), domain, before)
        if end is None:
            return 0, 0
        seq, epoch = end["seq"], end["epoch"]
        snapshots = await self._batches(lambda: self._delete("old_snapshots", domain, seq, epoch, BATCH))
        return snapshots, await self._batches(lambda: self._delete("old_events", domain, seq, BATCH))

    # --- facts by months ---------------------------------------------------------------------------------------------

    async def _facts(self) -> list[str]:
        if not self._keep.facts_months:
            return []
        today = to_datetime(self._clock.now())
        first = today.year * 12 + today.month - 1 - self._keep.facts_months
        oldest = f"facts_{first // 12:04}_{first % 12 + 1:02}"
        names = [row["name"] for row in await self._connection.fetch(sql("fact_partitions"))]
        return [name for name in names if name < oldest and await self._drop(name)]

    async def _drop(self, name: str) -> bool:
        """Detached, then dropped. It waits for no reader for long: next time is early enough."""
        try:
            async with self._connection.transaction():
                await self._connection.execute(f"SET LOCAL lock_timeout = '{PATIENCE}'")
                await self._connection.execute(f"ALTER TABLE facts DETACH PARTITION {name}")
                await self._connection.execute(f"DROP TABLE {name}")
        except asyncpg.LockNotAvailableError:
            log.info("the facts of %s are in use and stay until the next time", name)
            return False
        log.warning("the facts of %s are older than %d months: dropped", name[6:], self._keep.facts_months)
        return True
