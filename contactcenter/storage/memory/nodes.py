"""The twin of the router processes' heartbeats."""

from __future__ import annotations

from contactcenter.services.views import DomainSeen, Seen
from contactcenter.storage.memory.database import DomainRow, MemoryDatabase

MICROS = 1_000_000
LONG_AGO_S = -86_400.0


class MemoryNodeStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def beat(self, node: str, ttl_s: float) -> Seen:
        async with self._database.call() as tables:
            now = self._database.clock.now()
            tables.nodes[node] = now + round(ttl_s * MICROS)
            alive = tuple(sorted(name for name, until in tables.nodes.items() if until > now))
            providers = sorted({provider for provider, _ in tables.configurations})
            return Seen(alive, tuple(self._seen(each, tables.domains.get(each), now) for each in providers))

    def _seen(self, domain: str, row: DomainRow | None, now: int) -> DomainSeen:
        if row is None or row.renewed_at < self._database.started_at:
            return DomainSeen(domain, row.owner if row else "", row.heir if row else "", LONG_AGO_S)
        return DomainSeen(domain, row.owner, row.heir, (row.expires_at - now) / MICROS)

    async def leave(self, node: str) -> None:
        async with self._database.call() as tables:
            tables.nodes.pop(node, None)
