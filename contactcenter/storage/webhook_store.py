"""How far a domain's facts have become webhooks: a number of its gapless log, moved with what was queued."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.errors import StaleWrite
from contactcenter.services.changes import Outgoing
from contactcenter.services.views import DecidedFacts, WebhookStop
from contactcenter.storage import rows as row_values
from contactcenter.storage import shared_parts
from contactcenter.storage.pool import Database
from contactcenter.storage.queries import Part


class PostgresWebhookStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def begin(self, domain: str, now: int) -> int:
        seq: int = await self._database.value("begin_webhooks", domain, now)
        return seq

    async def forget(self, domain: str) -> None:
        await self._database.run("forget_webhooks", domain)

    async def decided(self, domain: str, after: int, limit: int) -> DecidedFacts:
        stretch = await self._database.row("decided_through", domain, after, limit)
        if stretch is None or stretch["through"] is None:
            return DecidedFacts(after)
        through = stretch["through"]
        found = await self._database.rows("decided_facts", domain, after, through, stretch["since"], stretch["until"])
        return DecidedFacts(through, tuple(row_values.fact(row) for row in found))

    async def hand_over(self, domain: str, *, after: int, through: int, rows: Sequence[Outgoing], now: int) -> bool:
        parts = [Part("move_webhooks", [domain, after, through, now], 1)]
        parts += [shared_parts.outbox(rows)] if rows else []
        try:
            await self._database.write(parts)
        except StaleWrite:
            return False
        return True

    async def stops(self) -> list[WebhookStop]:
        return [WebhookStop(**row) for row in await self._database.rows("webhook_stops")]

    async def stop(self, stop: WebhookStop) -> None:
        await self._database.run("stop_webhook", stop.provider, stop.webhook, stop.url, stop.reason, stop.at)

    async def resume(self, provider: str, webhook: str) -> bool:
        return await self._database.value("resume_webhook", provider, webhook) is not None
