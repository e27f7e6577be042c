"""A router's rows in Postgres: the lease, the events, and the batch as one fenced statement."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import AsyncIterator, Iterator, Sequence
from typing import Any

import msgspec
from msgspec import Struct

from contactcenter.errors import LeaseLost, NotFound, StaleWrite
from contactcenter.services.changes import AssignmentMoved, Batch
from contactcenter.services.views import Loaded, LoggedEvent, Ownership, Pending, SnapshotMark
from contactcenter.storage import shared_parts
from contactcenter.storage.arrays import columns
from contactcenter.storage.pool import Database
from contactcenter.storage.queries import Part
from contactcenter.storage.rows import decode_event, decode_presence, decode_record
from routing.model import Record

LOG_PAGE = 1000
LOAD_PAGE = 2000
"""Decoded in one go, some ten milliseconds: a lease has to be renewed meanwhile."""
NO_END = 2**62


class PostgresRoutingStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def acquire(self, domain: str, owner: str, ttl_s: float, grace_s: float = 0.0) -> Ownership | None:
        row = await self._database.row("acquire_domain", domain, owner, ttl_s, grace_s)
        return None if row is None else Ownership(**row)

    async def renew(self, domain: str, owner: str, epoch: int, ttl_s: float) -> bool:
        return await self._database.row("renew_domain", domain, owner, epoch, ttl_s) is not None

    async def release(self, domain: str, owner: str, epoch: int, heir: str = "") -> None:
        await self._database.run("release_domain", domain, owner, epoch, heir)

    async def load(self, domain: str) -> Loaded:
        records: list[tuple[Record, int]] = []
        fresh: list[tuple[str, int]] = []
        async with self._database.snapshot() as rows:
            async for page in rows.pages("load_contacts", domain, size=LOAD_PAGE):
                records.extend((decode_record(row["route"]), row["version"]) for row in page if row["route"])
                fresh.extend((row["id"], row["version"]) for row in page if not row["route"])
            presences = await rows.rows("load_presences", domain)
        return Loaded(
            records=tuple(records),
            presences=tuple(decode_presence(row["route"]) for row in presences),
            desk_seqs={row["agent_id"]: row["desk_seq"] for row in presences},
            fresh=tuple(fresh),
        )

    async def pending(self, domain: str, limit: int) -> list[Pending]:
        return [_pending(row) for row in await self._database.rows("pending_events", domain, limit)]

    async def commit(self, batch: Batch) -> None:
        try:
            await self._database.write(parts_of_batch(batch))
        except StaleWrite:
            if await self._database.value("domain_epoch", batch.domain) != batch.epoch:
                raise LeaseLost from None
            raise

    async def save_snapshot(self, domain: str, mark: SnapshotMark, snapshot: bytes) -> None:
        packed = await asyncio.to_thread(zlib.compress, snapshot, 1)
        await self._database.run("save_snapshot", domain, mark.seq, mark.epoch, mark.at, packed)

    async def snapshot_marks(self, domain: str) -> list[SnapshotMark]:
        return [SnapshotMark(**row) for row in await self._database.rows("snapshot_marks", domain)]

    async def snapshot(self, domain: str, mark: SnapshotMark) -> bytes:
        found: bytes | None = await self._database.value("snapshot", domain, mark.seq, mark.epoch)
        if found is None:
            raise NotFound(code="unknown_snapshot")
        # Those of older versions are JSON as it is.
        return found if found.startswith(b"{") else await asyncio.to_thread(zlib.decompress, found)

    async def log(self, domain: str, since_seq: int, until_seq: int | None = None) -> AsyncIterator[LoggedEvent]:
        """The events after `since_seq` up to and with `until_seq`."""
        last = NO_END if until_seq is None else until_seq
        while page := await self._database.rows("read_log", domain, since_seq, last, LOG_PAGE):
            for row in page:
                yield LoggedEvent(**{**row, "event": row["event"].encode()})
            since_seq = page[-1]["seq"]


def _pending(row: Any) -> Pending:
    event, bad = None, ""
    try:
        event = decode_event(row["event"])
    except msgspec.DecodeError as error:
        bad = str(error)
    return Pending(row=row["id"], event=event, received_at=row["received_at"], reply_to=row["reply_to"], bad=bad)


# --- a batch as the parts of one statement -------------------------------------------------------------------


def parts_of_batch(batch: Batch) -> list[Part]:
    """The fence first; rows that end before rows that begin, because unique indexes watch the live ones."""
    return [_fence(batch), *_events(batch), *_rows(batch)]


def _fence(batch: Batch) -> Part:
    last = batch.first_seq - 1
    return Part("advance_domain", [batch.domain, batch.epoch, last, last + len(batch.decided), batch.arrivals], 1)


def _rows(batch: Batch) -> Iterator[Part]:
    if batch.contacts:
        yield _contacts(batch)
    yield from _offers(batch)
    yield from _assignments(batch)
    if batch.presences:
        yield _presences(batch)
    if batch.outbox:
        yield shared_parts.outbox(batch.outbox)
    if batch.timers:
        yield shared_parts.timers(batch.timers)
    if batch.facts:
        yield Part("log_facts", columns("log_facts", batch.facts, documents={"data"}), len(batch.facts))


def _events(batch: Batch) -> Iterator[Part]:
    known = [batch.domain, batch.epoch]
    arrived = [each for each in batch.decided if each.row is not None]
    own = [each for each in batch.decided if each.row is None]
    if arrived:
        yield Part("number_events", [*known, *columns("number_events", arrived)], len(arrived))
    if own:
        yield Part("log_own_events", [*known, *columns("log_own_events", own, documents={"event"})], len(own))


def _contacts(batch: Batch) -> Part:
    rows = columns("move_contacts", batch.contacts, documents={"route"})
    return Part("move_contacts", [batch.domain, *rows], len(batch.contacts))


def _offers(batch: Batch) -> Iterator[Part]:
    if batch.offers_closed:
        yield _all("close_offers", batch.offers_closed)
    if batch.offers_made:
        yield _all("make_offers", batch.offers_made)


def _assignments(batch: Batch) -> Iterator[Part]:
    if batch.assignments_moved:
        yield _all("move_assignments", _folded(batch.assignments_moved))
    if batch.assignments_began:
        yield _all("begin_assignments", batch.assignments_began)


def _all(name: str, rows: Sequence[Any]) -> Part:
    return Part(name, columns(name, rows), len(rows))


class _Move(Struct):
    """What becomes of one live assignment."""

    contact: str
    agent: str
    role: str
    wrap_up_at: int | None = None
    ended_at: int | None = None
    reason: str = ""


def _folded(moves: Sequence[AssignmentMoved]) -> list[_Move]:
    """One row per assignment, though wrap-up may begin and end within a batch."""
    folded: dict[tuple[str, str, str], _Move] = {}
    for move in moves:
        key = (move.contact, move.agent, move.role)
        row = folded.setdefault(key, _Move(*key))
        if move.ended:
            row.ended_at = move.at
        else:
            row.wrap_up_at = move.at
        row.reason = move.reason or row.reason
    return list(folded.values())


def _presences(batch: Batch) -> Part:
    rows = columns("write_presences", batch.presences, documents={"route"})
    return Part("write_presences", [batch.domain, *rows], len(batch.presences))
