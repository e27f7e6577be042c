"""What the twin's stores share: tables as dictionaries of immutable rows, and transactions that can be undone.

A transaction has no await inside, so it is alone; what it put is taken back when it raises. `latency` is
awaited on the way in and on the way out of every call: when it raises on the way out, the caller does not
know that his write was committed, as with a real network.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from contactcenter.clock import Clock, SystemClock
from contactcenter.domain.configuration import Document
from contactcenter.domain.facts import Fact
from contactcenter.errors import Invalid, StaleWrite
from contactcenter.services.changes import (
    AssignmentBegan,
    CustomerRecord,
    NewEvent,
    NewIdentity,
    OfferMade,
    PresenceWrite,
    Quarantined,
    TimerSet,
)
from contactcenter.services.views import (
    CallbackView,
    CallView,
    CaseView,
    ComplaintView,
    ContactView,
    ConversationView,
    CustomerView,
    FirstReceipt,
    MessageView,
    OutboxItem,
    Principal,
    Scope,
    UnwantedView,
    WebhookStop,
)

Row = TypeVar("Row")
Key = TypeVar("Key")
NUL = re.compile(rb"(?<!\\)(?:\\\\)*\\u0000")
MISSING: Any = object()


class DomainRow(Struct, frozen=True, kw_only=True):
    owner: str = ""
    heir: str = ""
    epoch: int = 0
    renewed_at: int = 0
    expires_at: int = 0
    last_seq: int = 0
    arrivals: int = 0


class EventRow(Struct, frozen=True, kw_only=True):
    """`seq` 0: not decided yet."""

    queued: NewEvent
    event: bytes
    seq: int = 0
    epoch: int = 0
    at: int = 0
    effects_hash: bytes = b""
    problem: str = ""


class SendingRow(Struct, frozen=True, kw_only=True):
    item: OutboxItem
    next_at: int


class LeaseRow(Struct, frozen=True, kw_only=True):
    owner: str = ""
    epoch: int = 0
    renewed_at: int = 0
    expires_at: int = 0


class TokenRow(Struct, frozen=True):
    principal: Principal
    revoked: bool = False


@dataclass(slots=True)
class Tables:
    """Keys are the primary keys of migration 0001; the last block are its indexes."""

    domains: dict[str, DomainRow] = field(default_factory=dict)
    nodes: dict[str, int] = field(default_factory=dict)
    """Router process -> the instant until which it counts as alive."""
    events: dict[int, EventRow] = field(default_factory=dict)
    snapshots: dict[tuple[str, int, int], tuple[int, bytes]] = field(default_factory=dict)
    """(domain, seq, epoch) -> (instant, what it holds)."""
    contacts: dict[str, ContactView] = field(default_factory=dict)
    routes: dict[str, bytes] = field(default_factory=dict)
    offers: dict[str, OfferMade] = field(default_factory=dict)
    assignments: dict[str, AssignmentBegan] = field(default_factory=dict)
    presences: dict[tuple[str, str], tuple[str, PresenceWrite]] = field(default_factory=dict)
    receipts: dict[tuple[str, str], FirstReceipt] = field(default_factory=dict)
    quarantine: dict[str, Quarantined] = field(default_factory=dict)
    customers: dict[str, CustomerView] = field(default_factory=dict)
    identities: dict[tuple[str, str, str], NewIdentity] = field(default_factory=dict)
    customer_records: dict[str, CustomerRecord] = field(default_factory=dict)
    conversations: dict[str, ConversationView] = field(default_factory=dict)
    messages: dict[tuple[str, int], MessageView] = field(default_factory=dict)
    calls: dict[tuple[str, str], CallView] = field(default_factory=dict)
    cases: dict[str, CaseView] = field(default_factory=dict)
    complaints: dict[str, ComplaintView] = field(default_factory=dict)
    counters: dict[tuple[str, str], int] = field(default_factory=dict)
    outbox: dict[str, SendingRow] = field(default_factory=dict)
    timers: dict[str, TimerSet] = field(default_factory=dict)
    webhook_cursors: dict[str, int] = field(default_factory=dict)
    webhook_stops: dict[tuple[str, str], WebhookStop] = field(default_factory=dict)
    connections: dict[str, LeaseRow] = field(default_factory=dict)
    facts: dict[tuple[str, int], Fact] = field(default_factory=dict)
    tokens: dict[bytes, TokenRow] = field(default_factory=dict)
    configurations: dict[tuple[str, int], Document] = field(default_factory=dict)
    gateways: dict[str, int] = field(default_factory=dict)
    attendance: dict[tuple[str, str], tuple[str, ...]] = field(default_factory=dict)

    waiting: dict[int, str] = field(default_factory=dict)
    dedupes: dict[tuple[str, str], int] = field(default_factory=dict)
    promises: dict[str, CallbackView] = field(default_factory=dict)
    unwanted: dict[tuple[str, str], UnwantedView] = field(default_factory=dict)
    outstanding: dict[tuple[str, str], str] = field(default_factory=dict)
    threads: dict[tuple[str, str], str] = field(default_factory=dict)
    message_ids: dict[str, tuple[str, int]] = field(default_factory=dict)
    case_numbers: dict[tuple[str, str], str] = field(default_factory=dict)
    callbacks: dict[tuple[str, str], str] = field(default_factory=dict)
    live_offers: dict[tuple[str, str], str] = field(default_factory=dict)
    owners: dict[str, str] = field(default_factory=dict)
    consults: dict[str, str] = field(default_factory=dict)

    def roles(self, role: str) -> dict[str, str]:
        """Contact -> its live assignment of this role; two at a time of one role are impossible."""
        return self.consults if role == "consult" else self.owners


class Transaction:
    """Writes that remember what was there before."""

    def __init__(self) -> None:
        self._before: list[tuple[dict[Any, Any], Any, Any]] = []

    def put(self, table: dict[Key, Row], key: Key, row: Row) -> None:
        self._before.append((table, key, table.get(key, MISSING)))
        table[key] = row

    def add(self, table: dict[Key, Row], key: Key, row: Row) -> None:
        """A primary key or a unique index: what is there already wins."""
        if key in table:
            raise StaleWrite
        self.put(table, key, row)

    def drop(self, table: dict[Key, Row], key: Key) -> None:
        if key in table:
            self._before.append((table, key, table.pop(key)))

    def undo(self) -> None:
        for table, key, before in reversed(self._before):
            if before is MISSING:
                table.pop(key, None)
            else:
                table[key] = before


class MemoryDatabase:
    def __init__(self, *, clock: Clock | None = None, latency: Callable[[], Awaitable[None]] | None = None) -> None:
        self.tables = Tables()
        self.clock: Clock = clock or SystemClock()
        self.started_at = 0
        self.latency = latency

    def restart(self) -> None:
        """As if the server had been started again now: leases from before are void."""
        self.started_at = self.clock.now()

    @asynccontextmanager
    async def call(self) -> AsyncIterator[Tables]:
        """One call to the database, there and back."""
        await self._travel()
        yield self.tables
        await self._travel()

    async def _travel(self) -> None:
        if self.latency is not None:
            await self.latency()

    @contextmanager
    def transaction(self) -> Iterator[Transaction]:
        transaction = Transaction()
        try:
            yield transaction
        except BaseException:
            transaction.undo()
            raise


def as_json(value: Row) -> Row:
    """What jsonb gives back: lists for tuples, strings for keys, and no shared references."""
    kept: Row = msgspec.json.decode(msgspec.json.encode(value))
    return kept


def refuse_bad_text(written: object) -> None:
    """Postgres keeps neither NUL nor half a surrogate pair."""
    try:
        encoded = msgspec.json.encode(written)
    except UnicodeEncodeError as error:
        raise Invalid(f"this text cannot be kept: {error}") from error
    if rb"\u0000" in encoded and NUL.search(encoded):
        raise Invalid("this text cannot be kept: it holds NUL")


def sees(scope: Scope, row: Any) -> bool:
    """Whether the row belongs to the scope's provider and, if it names one, its client."""
    return row.provider == scope.provider and scope.client in ("", row.client)
