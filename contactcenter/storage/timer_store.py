"""Deadlines of cases and promises."""

from __future__ import annotations

from contactcenter.services.views import DueTimer
from contactcenter.storage.pool import Database


class PostgresTimerStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: int, limit: int) -> list[DueTimer]:
        return [DueTimer(**row) for row in await self._database.rows("due_timers", now, limit)]
