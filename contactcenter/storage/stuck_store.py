"""What is stuck, in Postgres: one statement a kind, each by an index that holds only what is not over."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.services.views import StuckRow
from contactcenter.storage.pool import Database


class PostgresStuckStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def stuck(self, what: str, before: int) -> list[StuckRow]:
        return [StuckRow(**row) for row in await self._database.rows(f"stuck_{what}", before)]

    async def end_orphans(self, assignments: Sequence[str]) -> None:
        await self._database.run("end_orphans", list(assignments))
