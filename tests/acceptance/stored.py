"""What is stored, read past the service: whatever was refused has left nothing behind, not even a half."""

from __future__ import annotations

import asyncio

import asyncpg
from process import Service, eventually

from contactcenter.storage.embedded import EmbeddedPostgres

TABLES = ("contacts", "receipts", "routing_events", "facts", "messages", "conversations", "calls", "cases", "customers")


async def counts(service: Service) -> dict[str, int]:
    """Rows of every table that an arrival may touch."""
    connection = await asyncpg.connect(EmbeddedPostgres(service.data / "postgres").dsn)
    try:
        return {table: await connection.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    finally:
        await connection.close()


async def settled(service: Service) -> dict[str, int]:
    """The counts when nothing moves any more of what a start, or the test before, set going."""
    before: dict[str, int] = {}

    async def quiet() -> dict[str, int] | None:
        nonlocal before
        earlier, before = before, await counts(service)
        await asyncio.sleep(0.1)
        return before if before == earlier else None

    return await eventually("the service is quiet", quiet)
