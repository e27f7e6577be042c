"""The twins of what leaves: webhook cursors and stops, and leases of connections."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from contactcenter.services.changes import Outgoing
from contactcenter.services.views import DecidedFacts, WebhookStop
from contactcenter.storage.memory.changes import outbox
from contactcenter.storage.memory.database import LeaseRow, MemoryDatabase

MICROS = 1_000_000


class MemoryWebhookStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def begin(self, domain: str, now: int) -> int:
        async with self._database.call() as tables:
            row = tables.domains.get(domain)
            return tables.webhook_cursors.setdefault(domain, row.last_seq if row else 0)

    async def forget(self, domain: str) -> None:
        async with self._database.call() as tables:
            tables.webhook_cursors.pop(domain, None)

    async def decided(self, domain: str, after: int, limit: int) -> DecidedFacts:
        async with self._database.call() as tables:
            numbers = [row.seq for row in tables.events.values() if row.queued.domain == domain and row.seq > after]
            if not numbers:
                return DecidedFacts(after)
            through = sorted(numbers)[:limit][-1]
            facts = [each for each in tables.facts.values() if each.provider == domain and each.seq is not None]
            stretch = [each for each in facts if after < (each.seq or 0) <= through]
            return DecidedFacts(through, tuple(sorted(stretch, key=lambda each: (each.seq or 0, each.at, each.id))))

    async def hand_over(self, domain: str, *, after: int, through: int, rows: Sequence[Outgoing], now: int) -> bool:
        async with self._database.call() as tables:
            if tables.webhook_cursors.get(domain) != after:
                return False
            with self._database.transaction() as transaction:
                transaction.put(tables.webhook_cursors, domain, through)
                outbox(tables, rows, transaction.put)
            return True

    async def stops(self) -> list[WebhookStop]:
        async with self._database.call() as tables:
            return [stop for _, stop in sorted(tables.webhook_stops.items())]

    async def stop(self, stop: WebhookStop) -> None:
        async with self._database.call() as tables:
            tables.webhook_stops[stop.provider, stop.webhook] = stop

    async def resume(self, provider: str, webhook: str) -> bool:
        async with self._database.call() as tables:
            return tables.webhook_stops.pop((provider, webhook), None) is not None


class MemoryLeaseStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def acquire(self, name: str, owner: str, ttl_s: float) -> int | None:
        async with self._database.call() as tables:
            row, now = tables.connections.get(name, LeaseRow()), self._database.clock.now()
            void = row.expires_at <= now or row.renewed_at < self._database.started_at
            if row.owner not in ("", owner) and not void:
                return None
            until = now + round(ttl_s * MICROS)
            tables.connections[name] = LeaseRow(owner=owner, epoch=row.epoch + 1, renewed_at=now, expires_at=until)
            return row.epoch + 1

    async def renew(self, name: str, owner: str, epoch: int, ttl_s: float) -> bool:
        async with self._database.call() as tables:
            row, now = tables.connections.get(name, LeaseRow()), self._database.clock.now()
            if (row.owner, row.epoch) != (owner, epoch):
                return False
            tables.connections[name] = replace(row, renewed_at=now, expires_at=now + round(ttl_s * MICROS))
            return True

    async def release(self, name: str, owner: str, epoch: int) -> None:
        async with self._database.call() as tables:
            row = tables.connections.get(name, LeaseRow())
            if (row.owner, row.epoch) == (owner, epoch):
                tables.connections[name] = replace(row, owner="", expires_at=0)
