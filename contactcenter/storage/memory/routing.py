"""The twin of a router's store: the same fence, the same order, the same walls."""

from __future__ import annotations

from collections.abc import AsyncIterator

import msgspec
from msgspec.structs import asdict, replace

from contactcenter.errors import Invalid, LeaseLost, NotFound, StaleWrite
from contactcenter.services.changes import AssignmentMoved, Batch, ContactMove, Decided, NewEvent, OfferMade
from contactcenter.services.views import Loaded, LoggedEvent, Ownership, Pending, SnapshotMark
from contactcenter.storage.memory.changes import facts, outbox
from contactcenter.storage.memory.database import (
    DomainRow,
    EventRow,
    MemoryDatabase,
    Tables,
    Transaction,
    refuse_bad_text,
)
from contactcenter.storage.rows import decode_event, decode_presence, decode_record
from routing.events import Ticked

MICROS = 1_000_000
OWNED = ("active", "wrap_up")


class MemoryRoutingStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    # --- the lease -------------------------------------------------------------------------------------------------

    async def acquire(self, domain: str, owner: str, ttl_s: float, grace_s: float = 0.0) -> Ownership | None:
        async with self._database.call() as tables:
            row, now = tables.domains.get(domain, DomainRow()), self._database.clock.now()
            void = row.renewed_at < self._database.started_at
            heir = row.owner == "" and row.heir == owner
            if not (row.owner == owner or heir or void or row.expires_at + round(grace_s * MICROS) <= now):
                return None
            until, why = now + round(ttl_s * MICROS), _why(row, owner, void)
            taken = replace(row, owner=owner, heir="", epoch=row.epoch + 1, renewed_at=now, expires_at=until)
            tables.domains[domain] = taken
            return Ownership(taken.epoch, row.last_seq, row.arrivals, why, row.owner)

    async def renew(self, domain: str, owner: str, epoch: int, ttl_s: float) -> bool:
        async with self._database.call() as tables:
            row, now = tables.domains.get(domain, DomainRow()), self._database.clock.now()
            if (row.owner, row.epoch) != (owner, epoch):
                return False
            tables.domains[domain] = replace(row, renewed_at=now, expires_at=now + round(ttl_s * MICROS))
            return True

    async def release(self, domain: str, owner: str, epoch: int, heir: str = "") -> None:
        async with self._database.call() as tables:
            row = tables.domains.get(domain, DomainRow())
            if (row.owner, row.epoch) == (owner, epoch):
                now = self._database.clock.now()
                tables.domains[domain] = replace(row, owner="", heir=heir, expires_at=now)

    # --- what a router reads ---------------------------------------------------------------------------------------

    async def load(self, domain: str) -> Loaded:
        async with self._database.call() as tables:
            rows = sorted(tables.contacts.values(), key=lambda row: row.id)
            mine = [row for row in rows if row.domain == domain and row.ended_at is None]
            written = [row for _, (home, row) in sorted(tables.presences.items()) if home == domain]
            return Loaded(
                records=tuple(
                    (decode_record(tables.routes[row.id]), row.version) for row in mine if row.id in tables.routes
                ),
                presences=tuple(decode_presence(row.route) for row in written),
                desk_seqs={row.agent: row.desk_seq for row in written},
                fresh=tuple((row.id, row.version) for row in mine if row.id not in tables.routes),
            )

    async def pending(self, domain: str, limit: int) -> list[Pending]:
        async with self._database.call() as tables:
            rows = sorted(row for row, home in tables.waiting.items() if home == domain)
            return [_pending(row, tables.events[row]) for row in rows[:limit]]

    async def log(self, domain: str, since_seq: int, until_seq: int | None = None) -> AsyncIterator[LoggedEvent]:
        async with self._database.call() as tables:
            mine = [row for row in tables.events.values() if row.seq and row.queued.domain == domain]
        for row in sorted(mine, key=lambda row: row.seq):
            if row.seq > since_seq and (until_seq is None or row.seq <= until_seq):
                yield LoggedEvent(
                    seq=row.seq,
                    epoch=row.epoch,
                    at=row.at,
                    event=row.event,
                    effects_hash=row.effects_hash,
                    problem=row.problem,
                )

    async def save_snapshot(self, domain: str, mark: SnapshotMark, snapshot: bytes) -> None:
        async with self._database.call() as tables:
            tables.snapshots.setdefault((domain, mark.seq, mark.epoch), (mark.at, snapshot))

    async def snapshot_marks(self, domain: str) -> list[SnapshotMark]:
        async with self._database.call() as tables:
            kept = sorted(tables.snapshots.items())
            return [SnapshotMark(seq, epoch, at) for (home, seq, epoch), (at, _) in kept if home == domain]

    async def snapshot(self, domain: str, mark: SnapshotMark) -> bytes:
        async with self._database.call() as tables:
            found = tables.snapshots.get((domain, mark.seq, mark.epoch))
            if found is None:
                raise NotFound(code="unknown_snapshot")
            return found[1]

    # --- what a router writes --------------------------------------------------------------------------------------

    async def commit(self, batch: Batch) -> None:
        async with self._database.call() as tables:
            row = tables.domains.get(batch.domain)
            if row is None or row.epoch != batch.epoch:
                raise LeaseLost
            if row.last_seq + 1 != batch.first_seq:
                raise StaleWrite
            refuse_bad_text(batch)
            with self._database.transaction() as transaction:
                last = row.last_seq + len(batch.decided)
                transaction.put(tables.domains, batch.domain, replace(row, last_seq=last, arrivals=batch.arrivals))
                _BatchWriter(tables, transaction, batch).write()


def _why(row: DomainRow, owner: str, void: bool) -> str:
    if row.owner == owner:
        return "again"
    if row.owner == "":
        return "handover" if row.heir else "free"
    return "restarted" if void else "expired"


def _pending(key: int, row: EventRow) -> Pending:
    event, bad = None, ""
    try:
        event = decode_event(row.event)
    except msgspec.DecodeError as error:
        bad = str(error)
    return Pending(row=key, event=event, received_at=row.queued.received_at, reply_to=row.queued.reply_to, bad=bad)


class _BatchWriter:
    def __init__(self, tables: Tables, transaction: Transaction, batch: Batch) -> None:
        self._tables = tables
        self._batch = batch
        self._put, self._add, self._drop = transaction.put, transaction.add, transaction.drop

    def write(self) -> None:
        batch = self._batch
        for decided in batch.decided:
            self._decided(decided)
        for move in batch.contacts:
            self._contact(move)
        self._offers()
        for moved in batch.assignments_moved:
            self._assignment(moved)
        self._assignments_began()
        self._presences()
        outbox(self._tables, batch.outbox, self._put)
        for timer in batch.timers:
            self._put(self._tables.timers, timer.id, timer)
        if any((fact.id, fact.at) in self._tables.facts for fact in batch.facts):
            raise StaleWrite
        facts(self._tables, batch.facts, self._put)

    def _decided(self, decided: Decided) -> None:
        events, row = self._tables.events, decided.row
        if row is None:
            own = NewEvent(domain=self._batch.domain, event=Ticked(), received_at=decided.at)
            row, before = len(events) + 1, EventRow(queued=own, event=decided.event)
        else:
            found = events.get(row)
            if found is None or found.seq or found.queued.domain != self._batch.domain:
                raise StaleWrite
            before = found
            self._drop(self._tables.waiting, row)
        told = {"seq": decided.seq, "at": decided.at, "effects_hash": decided.effects_hash}
        self._put(events, row, replace(before, epoch=self._batch.epoch, problem=decided.problem, **told))

    def _contact(self, move: ContactMove) -> None:
        before = self._tables.contacts.get(move.id)
        if before is None or before.version != move.expected or before.domain != self._batch.domain:
            raise StaleWrite
        if (move.state in OWNED) != bool(move.owner) and move.state != "ended":
            raise Invalid(f"{move.id}: {move.state} with owner {move.owner!r}")
        if (move.state == "ended") != (move.ended_at is not None):
            raise Invalid(f"{move.id}: {move.state} with ended_at {move.ended_at}")
        fields = asdict(move)
        route, expected = fields.pop("route"), fields.pop("expected")
        fields["released_by"] = move.released_by or before.released_by
        self._put(self._tables.contacts, move.id, replace(before, **fields, version=expected + 1))
        if route is None:
            self._drop(self._tables.routes, move.id)
        else:
            self._put(self._tables.routes, move.id, route)
        if before.medium == "callback" and move.ended_at is not None:
            self._drop(self._tables.callbacks, (before.client, before.address))

    def _offers(self) -> None:
        for closed in self._batch.offers_closed:
            live = self._tables.offers.get(closed.id)
            if live is None or live.ended_at is not None:
                raise StaleWrite
            over = replace(live, ended_at=closed.at, outcome=closed.outcome, reason=closed.reason)
            self._put(self._tables.offers, closed.id, over)
            self._drop(self._tables.live_offers, (live.contact, live.agent))
        for made in self._batch.offers_made:
            self._offer(made)

    def _offer(self, made: OfferMade) -> None:
        self._known(made.contact)
        self._add(self._tables.offers, made.id, made)
        if made.ended_at is None:
            self._add(self._tables.live_offers, (made.contact, made.agent), made.id)

    def _known(self, contact: str) -> None:
        if contact not in self._tables.contacts:
            raise Invalid(f"there is no {contact}")

    def _assignment(self, moved: AssignmentMoved) -> None:
        """A wrap-up may begin and end within a batch: the second move finds what the first one left."""
        roles = self._tables.roles(moved.role)
        live = self._tables.assignments.get(roles.get(moved.contact, ""))
        if live is None or live.agent != moved.agent:
            raise StaleWrite
        when = {"ended_at": moved.at} if moved.ended else {"wrap_up_at": moved.at}
        self._put(self._tables.assignments, live.id, replace(live, **when, reason=moved.reason or live.reason))
        if moved.ended:
            self._drop(roles, moved.contact)

    def _assignments_began(self) -> None:
        for began in self._batch.assignments_began:
            self._known(began.contact)
            self._add(self._tables.assignments, began.id, began)
            if began.ended_at is None:
                self._add(self._tables.roles(began.role), began.contact, began.id)

    def _presences(self) -> None:
        for row in self._batch.presences:
            if not 0 <= row.used_units <= row.capacity:
                raise Invalid(f"{row.agent}: {row.used_units} of {row.capacity} units used")
            self._put(self._tables.presences, (row.provider, row.agent), (self._batch.domain, row))
