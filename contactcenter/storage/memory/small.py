"""The twins of the small stores: tokens, configuration versions, the outbox, timers."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec.structs import replace

from channels.port import PhoneCommand
from contactcenter.domain.configuration import Document
from contactcenter.errors import StaleWrite
from contactcenter.services.views import DueTimer, OutboxItem, Principal, Scope
from contactcenter.storage.memory.database import MemoryDatabase, SendingRow, TokenRow, sees

MICROS = 1_000_000


class MemoryAccessStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def principal(self, token_hash: bytes, now: int) -> Principal | None:
        async with self._database.call() as tables:
            row = tables.tokens.get(token_hash)
            return row.principal if row is not None and _is_valid(row, now) else None

    async def principals(self, token_hashes: Sequence[bytes], now: int) -> dict[bytes, Principal]:
        found = {each: await self.principal(each, now) for each in token_hashes}
        return {each: who for each, who in found.items() if who is not None}

    async def add_token(self, token_hash: bytes, principal: Principal, now: int) -> None:
        async with self._database.call() as tables:
            tables.tokens.setdefault(token_hash, TokenRow(principal))

    async def revoke_subject(self, provider: str, subject: str, now: int) -> int:
        async with self._database.call() as tables:
            who = (provider, subject)
            theirs = {
                key: row
                for key, row in tables.tokens.items()
                if (row.principal.provider, row.principal.subject) == who and _is_valid(row, now)
            }
            tables.tokens.update({key: TokenRow(row.principal, revoked=True) for key, row in theirs.items()})
            return len(theirs)

    async def has_tokens(self, provider: str) -> bool:
        async with self._database.call() as tables:
            return any(row.principal.provider == provider for row in tables.tokens.values())


def _is_valid(row: TokenRow, now: int) -> bool:
    expires_at = row.principal.expires_at
    return not row.revoked and (expires_at is None or expires_at > now)


class MemoryConfigurationStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def latest(self, provider: str) -> tuple[int, Document] | None:
        async with self._database.call() as tables:
            versions = [version for home, version in tables.configurations if home == provider]
            return (max(versions), tables.configurations[provider, max(versions)]) if versions else None

    async def version(self, provider: str, version: int) -> Document | None:
        async with self._database.call() as tables:
            return tables.configurations.get((provider, version))

    async def providers(self) -> list[str]:
        async with self._database.call() as tables:
            return sorted({provider for provider, _ in tables.configurations})

    async def save(self, provider: str, version: int, document: Document, by: str, now: int) -> None:
        async with self._database.call() as tables:
            if (provider, version) in tables.configurations:
                raise StaleWrite
            tables.configurations[provider, version] = document


class MemoryOutboxStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def due(
        self, now: int, limit: int, lease_s: float, kinds: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> list[OutboxItem]:
        """`attempts` counts this claim already."""
        async with self._database.call() as tables:
            waiting = [row for row in tables.outbox.values() if row.item.done_at is None and row.next_at <= now]
            waiting = [row for row in waiting if not kinds or row.item.kind in kinds]
            waiting = [row for row in waiting if sources is None or _is_ours(row.item, sources, now)]
            claimed = sorted(waiting, key=lambda row: row.next_at)[:limit]
            for row in claimed:
                item = replace(row.item, attempts=row.item.attempts + 1)
                tables.outbox[item.id] = replace(row, item=item, next_at=now + round(lease_s * MICROS))
            items = [tables.outbox[row.item.id].item for row in claimed]
            return sorted(items, key=lambda item: (item.created_at, item.id))

    async def done(self, item: str, outcome: str, now: int, *, dead: bool = False) -> None:
        await self._say(item, outcome, done_at=now, dead=dead)

    async def retry(self, item: str, outcome: str, next_at: int) -> None:
        await self._say(item, outcome, next_at=next_at)

    async def _say(
        self, name: str, outcome: str, *, next_at: int | None = None, done_at: int | None = None, dead: bool = False
    ) -> None:
        async with self._database.call() as tables:
            row = tables.outbox.get(name)
            if row is not None and row.item.done_at is None:
                item = replace(row.item, outcome=outcome, done_at=done_at, dead=dead)
                tables.outbox[name] = SendingRow(item=item, next_at=row.next_at if next_at is None else next_at)

    async def dead(self, scope: Scope, limit: int, before: str = "") -> list[OutboxItem]:
        async with self._database.call() as tables:
            rows = [row.item for row in tables.outbox.values() if row.item.dead and sees(scope, row.item)]
            rows.sort(key=_died, reverse=True)
            if before:
                behind = _died(tables.outbox[before].item) if before in tables.outbox else (0, "")
                rows = [row for row in rows if _died(row) < behind]
            return rows[:limit]

    async def sending(self, scope: Scope, item: str) -> OutboxItem | None:
        async with self._database.call() as tables:
            row = tables.outbox.get(item)
            return row.item if row is not None and sees(scope, row.item) else None

    async def revive(self, item: str, now: int) -> bool:
        async with self._database.call() as tables:
            row = tables.outbox.get(item)
            if row is None or not row.item.dead or (row.item.not_after or now + 1) <= now:
                return False
            fresh = replace(row.item, outcome="", done_at=None, dead=False, attempts=0)
            tables.outbox[item] = SendingRow(item=fresh, next_at=now)
            return True

    async def backlog(self) -> int:
        async with self._database.call() as tables:
            return sum(row.item.done_at is None for row in tables.outbox.values())


def _is_ours(item: OutboxItem, sources: Sequence[str], now: int) -> bool:
    payload = item.payload
    expired = item.not_after is not None and item.not_after <= now
    return not isinstance(payload, PhoneCommand) or payload.source in sources or expired


def _died(item: OutboxItem) -> tuple[int, str]:
    return (item.done_at or 0, item.id)


class MemoryTimerStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def due(self, now: int, limit: int) -> list[DueTimer]:
        async with self._database.call() as tables:
            rows = sorted(tables.timers.values(), key=lambda row: (row.due_at, row.id))
            names = DueTimer.__struct_fields__
            waiting = [DueTimer(**{name: getattr(row, name) for name in names}) for row in rows]
            return [row for row in waiting if row.due_at <= now][:limit]
