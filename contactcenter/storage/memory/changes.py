"""The twin of the services' writes: list by list, in the order of `Changes`, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import msgspec
from msgspec.structs import asdict, replace

from contactcenter.domain.facts import Fact
from contactcenter.errors import Invalid, StaleWrite
from contactcenter.services.changes import (
    Applied,
    CallbackWrite,
    CaseWrite,
    Changes,
    ComplaintWrite,
    ContactLink,
    ConversationMove,
    NewContact,
    NewConversation,
    NewCustomer,
    NewEvent,
    NewIdentity,
    NewMessage,
    Outgoing,
)
from contactcenter.services.ports import AlreadyReceived
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
    UnwantedView,
)
from contactcenter.storage.memory.database import (
    EventRow,
    MemoryDatabase,
    SendingRow,
    Tables,
    Transaction,
    as_json,
    refuse_bad_text,
)


class MemoryChangeStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def apply(self, changes: Changes) -> Applied:
        async with self._database.call() as tables:
            self._refuse_repeat(tables, changes)
            refuse_bad_text(changes)
            with self._database.transaction() as transaction:
                return Applied(_Writer(tables, transaction).write(changes))

    def waiting(self) -> tuple[int, float]:
        """Nothing ever waits in memory."""
        return 0, 0.0

    def _refuse_repeat(self, tables: Tables, changes: Changes) -> None:
        receipt = changes.receipt
        if receipt is not None and (receipt.source, receipt.external_id) in tables.receipts:
            raise AlreadyReceived(tables.receipts[receipt.source, receipt.external_id])

    async def first_receipt(self, source: str, external_id: str) -> FirstReceipt | None:
        async with self._database.call() as tables:
            return tables.receipts.get((source, external_id))

    async def next_number(self, client: str, name: str) -> int:
        async with self._database.call() as tables:
            number = tables.counters[client, name] = tables.counters.get((client, name), 0) + 1
            return number


class _Writer:
    def __init__(self, tables: Tables, transaction: Transaction) -> None:
        self._tables = tables
        self._put, self._add, self._drop = transaction.put, transaction.add, transaction.drop

    def write(self, changes: Changes) -> dict[str, int]:
        self._arrival(changes)
        self._customers(changes)
        self._each(self._conversation, changes.conversations)
        self._each(self._case, changes.cases)
        self._each(self._contact, changes.contacts)
        self._each(self._link, changes.contact_links)
        self._each(self._move, changes.conversation_moves)
        numbers = {message.id: self._message(message) for message in changes.messages}
        self._calls(changes)
        self._each(self._complaint, changes.complaints)
        self._each(self._callback, changes.callbacks)
        self._do_not_call(changes)
        self._timers(changes)
        outbox(self._tables, changes.outbox, self._put)
        facts(self._tables, changes.facts, self._put)
        self._each(self._event, changes.events)
        return numbers

    def _each(self, write: Any, rows: Sequence[Any]) -> None:
        for row in rows:
            write(row)

    def _arrival(self, changes: Changes) -> None:
        new = changes.receipt
        if new is not None:
            first = FirstReceipt(new.payload_hash, as_json(new.result))
            self._add(self._tables.receipts, (new.source, new.external_id), first)
        for bad in changes.quarantined:
            self._add(self._tables.quarantine, bad.id, bad)

    # --- customers ---------------------------------------------------------------------------------------------

    def _customers(self, changes: Changes) -> None:
        for new in changes.customers:
            self._customer(new)
        for identity in changes.identities:
            self._identity(identity)
        for record in changes.customer_records:
            self._known(self._tables.customers, record.customer)
            self._add(self._tables.customer_records, record.id, record)

    def _customer(self, new: NewCustomer) -> None:
        self._add(self._tables.customers, new.id, CustomerView(**{**asdict(new), "identities": (), "version": 0}))
        for kind, value in new.identities:
            self._identity(NewIdentity(new.id, new.provider, new.client, kind, value))

    def _identity(self, new: NewIdentity) -> None:
        self._known(self._tables.customers, new.customer)
        self._add(self._tables.identities, (new.client, new.kind, new.value), new)

    def _known(self, table: dict[str, Any], key: str) -> None:
        """A foreign key; empty means none."""
        if key and key not in table:
            raise Invalid(f"there is no {key}")

    # --- conversations -----------------------------------------------------------------------------------------

    def _conversation(self, new: NewConversation) -> None:
        self._known(self._tables.customers, new.customer)
        self._add(self._tables.threads, (new.door, new.thread), new.id)
        self._add(self._tables.conversations, new.id, ConversationView(**asdict(new), last_seq=0))

    def _move(self, move: ConversationMove) -> None:
        before = self._tables.conversations.get(move.id)
        if before is None or before.contact != move.expected or move.last_seq not in (None, before.last_seq):
            raise StaleWrite
        self._put(self._tables.conversations, move.id, replace(before, contact=move.contact, closed_at=move.closed_at))

    def _message(self, new: NewMessage) -> int:
        before = self._tables.conversations.get(new.conversation)
        if before is None:
            raise StaleWrite
        seq = before.last_seq + 1
        self._put(self._tables.conversations, new.conversation, replace(before, last_seq=seq))
        fields = {**asdict(new), "detail": as_json(new.detail), "seq": seq}
        row = MessageView(**{name: fields[name] for name in MessageView.__struct_fields__})
        self._add(self._tables.message_ids, new.id, (new.conversation, seq))
        self._put(self._tables.messages, (new.conversation, seq), row)
        return seq

    # --- contacts, cases, complaints, calls ----------------------------------------------------------------------

    def _contact(self, new: NewContact) -> None:
        self._known(self._tables.customers, new.customer)
        if new.medium == "callback":
            self._add(self._tables.callbacks, (new.client, new.address), new.id)
        fields = {**asdict(new), "context": as_json(new.context)}
        opened = ContactView(**fields, state="new", owner="", outcome="", released_by="", version=0)
        self._add(self._tables.contacts, new.id, opened)

    def _link(self, link: ContactLink) -> None:
        before = self._tables.contacts.get(link.id)
        if before is None or (link.must_be_open and before.state in ("wrap_up", "ended")):
            raise StaleWrite
        self._known(self._tables.customers, link.customer or "")
        wanted = {name: getattr(link, name) for name in ("case", "customer", "complaint", "context")}
        changed = {name: as_json(value) for name, value in wanted.items() if value is not None}
        self._put(self._tables.contacts, link.id, replace(before, **changed))

    def _case(self, write: CaseWrite) -> None:
        self._known(self._tables.customers, write.customer)
        if write.expected is None:
            self._add(self._tables.case_numbers, (write.client, write.number), write.id)
        self._versioned(self._tables.cases, write.id, write, CaseView)

    def _complaint(self, write: ComplaintWrite) -> None:
        self._known(self._tables.cases, write.case)
        self._versioned(self._tables.complaints, write.case, write, ComplaintView)

    def _versioned(self, table: dict[str, Any], key: str, write: Any, view: type[Any]) -> None:
        fields = asdict(write)
        expected = fields.pop("expected")
        row = view(**{**fields, "body": as_json(write.body), "version": 0 if expected is None else expected + 1})
        if expected is None:
            self._add(table, key, row)
            return
        before = table.get(key)
        if before is None or before.version != expected:
            raise StaleWrite
        if (before.provider, before.client) != (write.provider, write.client):
            raise StaleWrite
        kept = {name: getattr(before, name) for name in ("number", "opened_at") if name in fields}
        self._put(table, key, replace(row, **kept))

    def _callback(self, write: CallbackWrite) -> None:
        before = self._tables.promises.get(write.id)
        if write.expected != (None if before is None else before.version):
            raise StaleWrite
        if before is not None and (before.provider, before.client) != (write.provider, write.client):
            raise StaleWrite
        fields = {**asdict(write), "attempts": tuple(as_json(write.attempts))}
        expected = fields.pop("expected")
        row = CallbackView(**fields, version=0 if expected is None else expected + 1)
        if before is not None:
            kept = {name: getattr(before, name) for name in ("number", "line", "language", "requested_at")}
            row = replace(row, **kept)
        where = row.client, row.number
        if before is None and row.ended_at is None:
            self._add(self._tables.outstanding, where, row.id)
        elif before is not None and before.ended_at is None and row.ended_at is not None:
            self._drop(self._tables.outstanding, where)
        self._put(self._tables.promises, row.id, row)

    def _do_not_call(self, changes: Changes) -> None:
        for new in changes.unwanted:
            if (new.client, new.number) not in self._tables.unwanted:
                self._put(self._tables.unwanted, (new.client, new.number), UnwantedView(**asdict(new)))
        for each in changes.wanted_again:
            self._drop(self._tables.unwanted, (each.client, each.number))

    def _calls(self, changes: Changes) -> None:
        for write in changes.calls:
            key = write.source, write.call
            before = self._tables.calls.get(key)
            if write.expected != (None if before is None else before.version):
                raise StaleWrite
            version = 0 if write.expected is None else write.expected + 1
            life = msgspec.json.decode(write.life)
            gone = life.get("state") in ("released", "lost")
            self._put(
                self._tables.calls, key, CallView(write.call, msgspec.json.encode(life), version, write.contact, gone)
            )

    # --- what follows --------------------------------------------------------------------------------------------

    def _timers(self, changes: Changes) -> None:
        """A timer that fires and is set again in the same changes is simply moved."""
        moved = {timer.id for timer in changes.timers}
        for timer in changes.timers:
            self._put(self._tables.timers, timer.id, timer)
        for fired in changes.timers_fired:
            if fired not in moved:
                if fired not in self._tables.timers:
                    raise StaleWrite
                self._drop(self._tables.timers, fired)
        for cancelled in changes.timers_cancelled:
            if cancelled not in moved:
                self._drop(self._tables.timers, cancelled)

    def _event(self, new: NewEvent) -> None:
        row = len(self._tables.events) + 1
        if new.dedupe:
            if (new.domain, new.dedupe) in self._tables.dedupes:
                return
            self._put(self._tables.dedupes, (new.domain, new.dedupe), row)
        self._put(self._tables.events, row, EventRow(queued=new, event=msgspec.json.encode(new.event)))
        self._put(self._tables.waiting, row, new.domain)


def outbox(tables: Tables, rows: Sequence[Outgoing], put: Any) -> None:
    """The id is deterministic: the same effect is never two sendings."""
    for row in rows:
        if row.id not in tables.outbox:
            fields = asdict(row)
            next_at = fields.pop("next_at")
            put(tables.outbox, row.id, SendingRow(item=OutboxItem(**fields, attempts=0), next_at=next_at))


def facts(tables: Tables, rows: Sequence[Fact], put: Any) -> None:
    for row in rows:
        if (row.id, row.at) not in tables.facts:
            put(tables.facts, (row.id, row.at), replace(row, data=as_json(row.data)))
