"""Who may come in: tokens are kept as hashes only."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.services.views import Principal
from contactcenter.storage.pool import Database

FIELDS = Principal.__struct_fields__


class PostgresAccessStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def principal(self, token_hash: bytes, now: int) -> Principal | None:
        return (await self.principals([token_hash], now)).get(token_hash)

    async def principals(self, token_hashes: Sequence[bytes], now: int) -> dict[bytes, Principal]:
        rows = await self._database.rows("principals", [each.hex() for each in token_hashes], now)
        return {row["token_hash"]: Principal(**{name: row[name] for name in FIELDS}) for row in rows}

    async def add_token(self, token_hash: bytes, principal: Principal, now: int) -> None:
        """Adding a known token again changes nothing: it stays revoked if it was."""
        who = (principal.kind, principal.provider, principal.client, principal.subject)
        await self._database.run("add_token", token_hash, *who, now, principal.expires_at)

    async def revoke_subject(self, provider: str, subject: str, now: int) -> int:
        return len(await self._database.rows("revoke_subject", provider, subject, now))

    async def has_tokens(self, provider: str) -> bool:
        found: bool = await self._database.value("has_tokens", provider)
        return found
