"""Who holds agents' sockets: rows and events in one statement, by the database's clock."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.storage import rows
from contactcenter.storage.pool import Database


class PostgresAttendanceStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def beat(self, node: str) -> bool:
        fresh: bool = await self._database.value("beat_gateway", node)
        return fresh

    async def move(self, node: str, moves: Sequence[tuple[str, str, bool]], now: int) -> list[str]:
        told = rows.text([{"provider": provider, "agent": agent, "here": here} for provider, agent, here in moves])
        return [row["domain_id"] for row in await self._database.rows("move_attendance", node, told, now)]

    async def silent(self, for_s: float) -> list[str]:
        return [row["node"] for row in await self._database.rows("silent_gateways", for_s)]

    async def give_up(self, nodes: Sequence[str], for_s: float, now: int) -> list[str]:
        found = await self._database.rows("give_up_gateways", list(nodes), for_s, now)
        return [row["domain_id"] for row in found]

    async def attending(self, provider: str, agent: str) -> tuple[str, ...]:
        row = await self._database.row("attending", provider, agent)
        return () if row is None else tuple(row["nodes"])
