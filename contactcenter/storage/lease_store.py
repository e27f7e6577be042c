"""Leases by name: who owns a connection to a phone platform. The database's clock rules."""

from __future__ import annotations

from contactcenter.storage.pool import Database


class PostgresLeaseStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, name: str, owner: str, ttl_s: float) -> int | None:
        epoch: int | None = await self._database.value("acquire_connection", name, owner, ttl_s)
        return epoch

    async def renew(self, name: str, owner: str, epoch: int, ttl_s: float) -> bool:
        return await self._database.value("renew_connection", name, owner, epoch, ttl_s) is not None

    async def release(self, name: str, owner: str, epoch: int) -> None:
        await self._database.run("release_connection", name, owner, epoch)
