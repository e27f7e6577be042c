"""What leaves: claimed by one sender at a time, and kept with how it ended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contactcenter.services.views import OutboxItem
from contactcenter.storage import rows
from contactcenter.storage.pool import Database

MICROS = 1_000_000


class PostgresOutboxStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def due(self, now: int, limit: int, lease_s: float, kinds: Sequence[str] = ()) -> list[OutboxItem]:
        """`attempts` counts this claim already."""
        items = []
        for row in await self._database.rows("claim_sendings", now, limit, round(lease_s * MICROS), list(kinds)):
            try:
                items.append(rows.sending(row))
            except msgspec.DecodeError as error:  # kept, but never in the way of the others again
                await self.done(row["id"], f"unreadable: {error}", now)
        return items

    async def done(self, item: str, outcome: str, now: int) -> None:
        await self._database.run("finish_sending", item, outcome, now)

    async def retry(self, item: str, outcome: str, next_at: int) -> None:
        await self._database.run("retry_sending", item, outcome, next_at)

    async def backlog(self) -> int:
        waiting: int = await self._database.value("outbox_backlog")
        return waiting
