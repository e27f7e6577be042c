"""What leaves: claimed by one sender at a time, and kept with how it ended."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contactcenter.services.views import OutboxItem
from contactcenter.storage import rows
from contactcenter.storage.grouped import Grouped
from contactcenter.storage.pool import Database

MICROS = 1_000_000
Ended = tuple[str, str, int]
"""A sending's id, its outcome, and the instant."""


class PostgresOutboxStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._done = Grouped(self._finish)

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
        await self._done.get((item, outcome, now))

    async def _finish(self, ended: Sequence[Ended]) -> dict[Ended, None]:
        """A sending that is ended twice keeps its first outcome, so this may be tried again."""
        sendings = [{"id": item, "outcome": outcome, "at": at} for item, outcome, at in ended]
        await self._database.run("finish_sendings", rows.text(sendings))
        return {}

    async def retry(self, item: str, outcome: str, next_at: int) -> None:
        await self._database.run("retry_sending", item, outcome, next_at)

    async def backlog(self) -> int:
        waiting: int = await self._database.value("outbox_backlog")
        return waiting
