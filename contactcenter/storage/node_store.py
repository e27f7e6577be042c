"""Heartbeats of the router processes in Postgres."""

from __future__ import annotations

from contactcenter.services.views import DomainSeen, Seen
from contactcenter.storage.pool import Database


class PostgresNodeStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, node: str, ttl_s: float) -> Seen:
        await self._database.run("beat_node", node, ttl_s)
        async with self._database.snapshot() as rows:
            nodes = await rows.rows("live_nodes")
            domains = await rows.rows("seen_domains")
        return Seen(tuple(row["node"] for row in nodes), tuple(DomainSeen(**row) for row in domains))

    async def leave(self, node: str) -> None:
        await self._database.run("leave_node", node)
