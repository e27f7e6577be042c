"""The numbered, immutable versions of each provider's configuration."""

from __future__ import annotations

from contactcenter.domain.configuration import Document
from contactcenter.storage.pool import Database
from contactcenter.storage.rows import decode_document, text


class PostgresConfigurationStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def latest(self, provider: str) -> tuple[int, Document] | None:
        row = await self._database.row("latest_configuration", provider)
        return None if row is None else (row["version"], decode_document(row["document"]))

    async def version(self, provider: str, version: int) -> Document | None:
        found = await self._database.value("configuration", provider, version)
        return None if found is None else decode_document(found)

    async def providers(self) -> list[str]:
        return [row["provider_id"] for row in await self._database.rows("configured_providers")]

    async def save(self, provider: str, version: int, document: Document, by: str, now: int) -> None:
        await self._database.run("save_configuration", provider, version, text(document), now, by)
