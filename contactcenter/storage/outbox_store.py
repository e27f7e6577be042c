"""What leaves: claimed by one sender at a time, and kept with how it ended."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import msgspec

from channels.port import Unreadable
from contactcenter.services.views import OutboxItem, Scope
from contactcenter.storage import rows
from contactcenter.storage.arrays import columns
from contactcenter.storage.grouped import Grouped
from contactcenter.storage.pool import Database

MICROS = 1_000_000
KINDS = ("mail", "phone", "webhook")


class Ended(NamedTuple):
    """A sending that is over; `dead`: it was given up."""

    id: str
    outcome: str
    at: int
    dead: bool


class PostgresOutboxStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._done = Grouped(self._finish)

    async def due(
        self, now: int, limit: int, lease_s: float, kinds: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> list[OutboxItem]:
        """`attempts` counts this claim already."""
        items = []
        ours = None if sources is None else list(sources)
        args = (now, limit, round(lease_s * MICROS), list(kinds or KINDS), ours)
        for row in await self._database.rows("claim_sendings", *args):
            try:
                items.append(rows.sending(row))
            except msgspec.DecodeError as error:  # kept, but never in the way of the others again
                await self.done(row["id"], f"unreadable: {error}", now, dead=True)
        return items

    async def done(self, item: str, outcome: str, now: int, *, dead: bool = False) -> None:
        await self._done.get(Ended(item, outcome, now, dead))

    async def _finish(self, ended: Sequence[Ended]) -> dict[Ended, None]:
        """A sending that is ended twice keeps its first outcome, so this may be tried again."""
        await self._database.run("finish_sendings", *columns("finish_sendings", ended))
        return {}

    async def dead(self, scope: Scope, limit: int, before: str = "") -> list[OutboxItem]:
        found = await self._database.rows("dead_sendings", scope.provider, scope.client, limit, before)
        return [_told(row) for row in found]

    async def sending(self, scope: Scope, item: str) -> OutboxItem | None:
        row = await self._database.row("sending", scope.provider, scope.client, item)
        return None if row is None else _told(row)

    async def revive(self, item: str, now: int) -> bool:
        return await self._database.value("revive_sending", item, now) is not None

    async def retry(self, item: str, outcome: str, next_at: int) -> None:
        await self._database.run("retry_sending", item, outcome, next_at)

    async def backlog(self) -> int:
        waiting: int = await self._database.value("outbox_backlog")
        return waiting


def _told(row: Any) -> OutboxItem:
    """A row for people to look at: one that cannot be read is shown all the same."""
    try:
        return rows.sending(row)
    except msgspec.DecodeError:
        return OutboxItem(**{**row, "payload": Unreadable(id=row["id"])})
