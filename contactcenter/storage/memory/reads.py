"""The twin of the views: the same confinement and the same order as the queries."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable, Sequence
from typing import Any, TypeVar

from msgspec.structs import asdict, replace

from contactcenter.domain.facts import Fact
from contactcenter.services.views import (
    CASES,
    HISTORY,
    ArrivalView,
    Arriving,
    Backlog,
    CallbackView,
    CallerView,
    CallView,
    CaseView,
    ComplaintView,
    ContactView,
    ConversationView,
    CustomerView,
    MessageView,
    OpenCase,
    OutboxItem,
    PastContact,
    PromisedView,
    Scope,
    ScreenView,
    UnwantedView,
)
from contactcenter.storage.memory.database import MemoryDatabase, Tables, sees
from contactcenter.storage.memory.live import MemoryLiveReads

View = TypeVar("View")
RECORDS = 20
DAY = 86_400_000_000


def _is_open(contact: ContactView, call: CallView, since: int) -> bool:
    """Its contact has not ended, or its own end was never heard of."""
    if contact.ended_at is None:
        return True
    return contact.medium == "voice" and contact.opened_at > since and not call.gone


def _is_dialled(fact: Fact, before: int) -> bool:
    return fact.kind == "callback.dialled" and fact.at < before


def _of_contact(call: CallView, contact: ContactView | None) -> CallView:
    """The call with what its contact says about it."""
    if contact is None:
        return call
    return replace(call, over=contact.ended_at is not None, instead_of=str(contact.context.get("instead_of", "")))


class MemoryIntakeReads:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def caller(self, client: str, identities: tuple[tuple[str, str], ...]) -> CallerView | None:
        async with self._database.call() as tables:
            known = (tables.identities.get((client, *pair)) for pair in identities)
            found = next((each for each in known if each is not None), None)
            if found is None:
                return None
            customer = replace(_whole(tables, tables.customers[found.customer]), records=())
            scope = Scope(customer.provider, client)
            newest = _newest(scope, tables.contacts, "", customer=customer.id, state="")
            return CallerView(customer, newest[0].owner if newest else "")

    async def call(self, source: str, call: str) -> CallView | None:
        async with self._database.call() as tables:
            found = tables.calls.get((source, call))
            return None if found is None else _of_contact(found, tables.contacts.get(found.contact))

    async def arrival(self, arriving: Arriving) -> ArrivalView:
        async with self._database.call() as tables:
            first = tables.receipts.get((arriving.source, arriving.external_id))
            numbers = [value for kind, value in arriving.identities if kind == "phone"]
            promised = [tables.outstanding.get((arriving.client, number), "") for number in numbers]
        return ArrivalView(
            first=first,
            call=await self.call(arriving.source, arriving.call),
            caller=await self.caller(arriving.client, arriving.identities),
            promised=next(filter(None, promised), ""),
        )

    async def open_calls(self, source: str) -> list[CallView]:
        async with self._database.call() as tables:
            found = [
                (tables.contacts.get(each.contact), each) for key, each in tables.calls.items() if key[0] == source
            ]
            since = self._database.clock.now() - DAY
            waiting = [(contact, each) for contact, each in found if contact and _is_open(contact, each, since)]
            waiting.sort(key=lambda pair: pair[0].id)
            return [_of_contact(each, contact) for contact, each in waiting]

    async def conversation_by_thread(self, door: str, thread: str) -> ConversationView | None:
        async with self._database.call() as tables:
            return tables.conversations.get(tables.threads.get((door, thread), ""))

    async def conversation_by_messages(self, client: str, message_ids: Sequence[str]) -> ConversationView | None:
        """The later in the list, the nearer."""
        async with self._database.call() as tables:
            known = {row.message_id: tables.conversations[row.conversation] for row in tables.messages.values()}
            named = (known.get(each) for each in reversed(message_ids) if each)
            return next((each for each in named if each is not None and each.client == client), None)

    async def open_callback(self, client: str, number: str) -> ContactView | None:
        async with self._database.call() as tables:
            return tables.contacts.get(tables.callbacks.get((client, number), ""))

    async def outstanding_callback(self, client: str, number: str) -> CallbackView | None:
        async with self._database.call() as tables:
            return tables.promises.get(tables.outstanding.get((client, number), ""))

    async def outstanding_callbacks(self, clients: Sequence[str]) -> list[PromisedView]:
        async with self._database.call() as tables:
            promises = [tables.promises[name] for (client, _), name in tables.outstanding.items() if client in clients]
        promises.sort(key=lambda each: (each.client, each.number))
        return [
            PromisedView(
                id=each.id,
                client=each.client,
                number=each.number,
                window_from=each.window_from,
                window_until=each.window_until,
            )
            for each in promises
        ]

    async def dialling(self, provider: str, before: int) -> list[ContactView]:
        async with self._database.call() as tables:
            named = [
                row.contact for row in tables.promises.values() if (row.provider, row.state) == (provider, "dialling")
            ]
            dialled = {each.contact for each in tables.facts.values() if _is_dialled(each, before)}
            found = [tables.contacts[name] for name in sorted(named) if name in dialled and name in tables.contacts]
            return [row for row in found if row.ended_at is None]

    async def unwanted(self, client: str, number: str) -> UnwantedView | None:
        async with self._database.call() as tables:
            return tables.unwanted.get((client, number))

    async def backlogs(self, domains: Sequence[str], most: int) -> dict[str, Backlog]:
        async with self._database.call() as tables:
            return {domain: _backlog(tables, domain, most) for domain in domains}


class MemoryReads(MemoryIntakeReads, MemoryLiveReads):
    async def contact(self, scope: Scope, contact: str) -> ContactView | None:
        async with self._database.call() as tables:
            return _seen(scope, tables.contacts.get(contact))

    async def screen(self, scope: Scope, contact: str) -> ScreenView | None:
        async with self._database.call() as tables:
            found = _seen(scope, tables.contacts.get(contact))
            if found is None:
                return None
            own = Scope(found.provider, found.client)
            customer = _seen(own, tables.customers.get(found.customer))
            return ScreenView(
                contact=found,
                customer=None if customer is None else _whole(tables, customer),
                history=tuple(_history(tables, own, found)),
                cases=tuple(_open_cases(tables, own, found)),
            )

    async def contacts(
        self, scope: Scope, *, limit: int, before: str = "", customer: str = "", state: str = ""
    ) -> list[ContactView]:
        async with self._database.call() as tables:
            rows = _newest(scope, tables.contacts, before, customer=customer, state=state)
            return rows[:limit]

    async def facts_of_contact(self, scope: Scope, contact: str) -> list[Fact]:
        async with self._database.call() as tables:
            return _in_order(row for row in tables.facts.values() if sees(scope, row) and row.contact == contact)

    async def callback(self, scope: Scope, callback: str) -> CallbackView | None:
        async with self._database.call() as tables:
            return _seen(scope, tables.promises.get(callback))

    async def callbacks(self, scope: Scope, *, limit: int, before: str = "", state: str = "") -> list[CallbackView]:
        async with self._database.call() as tables:
            last = tables.promises.get(before)
            found = [
                row
                for row in tables.promises.values()
                if sees(scope, row)
                and state in ("", row.state)
                and (not before or (last is not None and (row.requested_at, row.id) < (last.requested_at, last.id)))
            ]
            return sorted(found, key=lambda row: (row.requested_at, row.id), reverse=True)[:limit]

    async def all_unwanted(self, scope: Scope, *, limit: int, after: str = "") -> list[UnwantedView]:
        async with self._database.call() as tables:
            client, _, number = after.partition("|")
            found = [row for row in tables.unwanted.values() if sees(scope, row)]
            later = [row for row in found if not after or (row.client, row.number) > (client, number)]
            return sorted(later, key=lambda row: (row.client, row.number))[:limit]

    async def long_talks(self, scope: Scope, since: int) -> list[ContactView]:
        async with self._database.call() as tables:
            found = [
                row
                for row in tables.contacts.values()
                if sees(scope, row) and row.state == "active" and row.medium == "voice" and row.answered_at
            ]
            old = [row for row in found if (row.answered_at or 0) <= since]
            return sorted(old, key=lambda row: (row.answered_at or 0, row.id))

    async def facts_of_case(self, scope: Scope, case: str) -> list[Fact]:
        async with self._database.call() as tables:
            return _in_order(row for row in tables.facts.values() if sees(scope, row) and row.case == case)

    async def facts_of_event(self, domain: str, dedupe: str) -> list[Fact] | None:
        async with self._database.call() as tables:
            asked = (domain, dedupe)
            mine = (row for row in tables.events.values() if (row.queued.domain, row.queued.dedupe) == asked)
            found = next(mine, None)
            if not dedupe or found is None or not found.seq:
                return None
            facts = (row for row in tables.facts.values() if row.provider == domain and row.seq == found.seq)
            return sorted(facts, key=lambda row: (len(row.id), row.id))

    async def facts_between(
        self, scope: Scope, since: int, until: int, kinds: Sequence[str] = ()
    ) -> AsyncIterator[Fact]:
        async with self._database.call() as tables:
            some = [row for row in tables.facts.values() if sees(scope, row) and since <= row.at < until]
        for row in _in_order(some):
            if not kinds or row.kind in kinds:
                yield row

    async def customer(self, scope: Scope, customer: str) -> CustomerView | None:
        async with self._database.call() as tables:
            found = _seen(scope, tables.customers.get(customer))
            return None if found is None else _whole(tables, found)

    async def find_customer(self, scope: Scope, kind: str, value: str) -> CustomerView | None:
        async with self._database.call() as tables:
            known = [row for row in tables.identities.values() if sees(scope, row)]
            named = [tables.customers[row.customer] for row in known if (row.kind, row.value) == (kind, value)]
            first = min(named, key=lambda row: (row.since, row.id), default=None)
            return None if first is None else _whole(tables, first)

    async def conversation(self, scope: Scope, conversation: str) -> ConversationView | None:
        async with self._database.call() as tables:
            return _seen(scope, tables.conversations.get(conversation))

    async def messages(self, scope: Scope, conversation: str, *, after: int = 0, limit: int = 200) -> list[MessageView]:
        async with self._database.call() as tables:
            found = _seen(scope, tables.conversations.get(conversation))
            last = 0 if found is None else found.last_seq
            return [tables.messages[conversation, seq] for seq in range(after + 1, last + 1)][:limit]

    async def case(self, scope: Scope, case: str) -> CaseView | None:
        async with self._database.call() as tables:
            return _seen(scope, tables.cases.get(case))

    async def cases(
        self, scope: Scope, *, limit: int, customer: str = "", state: str = "", before: str = ""
    ) -> list[CaseView]:
        async with self._database.call() as tables:
            rows = _newest(scope, tables.cases, before, customer=customer, state=state)
            return rows[:limit]

    async def complaint(self, scope: Scope, case: str) -> ComplaintView | None:
        async with self._database.call() as tables:
            return _seen(scope, tables.complaints.get(case))

    async def complaints(
        self, scope: Scope, *, level: int | None = None, open_only: bool = True
    ) -> list[ComplaintView]:
        async with self._database.call() as tables:
            rows = [row for row in tables.complaints.values() if sees(scope, row) and level in (None, row.level)]
            wanted = [row for row in rows if row.decided_at is None or not open_only]
            return sorted(wanted, key=lambda row: (-row.level, row.case))

    async def kept_mail(self, scope: Scope, limit: int) -> list[OutboxItem]:
        async with self._database.call() as tables:
            rows = [row for row in tables.outbox.values() if sees(scope, row.item) and row.item.kind == "mail"]
            kept = [row.item for row in rows if row.item.outcome.startswith("kept")]
            return sorted(kept, key=lambda item: (item.created_at, item.id), reverse=True)[:limit]


def _seen(scope: Scope, row: View | None) -> View | None:
    return row if row is not None and sees(scope, row) else None


def _backlog(tables: Tables, domain: str, most: int) -> Backlog:
    rows = sorted(row for row, home in tables.waiting.items() if home == domain)[:most]
    return Backlog(len(rows), min((tables.events[row].queued.received_at for row in rows), default=0))


def _newest(scope: Scope, table: dict[str, Any], before: str, *, customer: str, state: str) -> list[Any]:
    """Newest first, behind the row `before`; nothing behind a row that is not there."""
    if before and before not in table:
        return []
    bound = (table[before].opened_at, before) if before else None
    rows = [row for row in table.values() if sees(scope, row) and customer in ("", row.customer)]
    wanted = [row for row in rows if state in ("", row.state)]
    behind = [row for row in wanted if bound is None or (row.opened_at, row.id) < bound]
    return sorted(behind, key=lambda row: (row.opened_at, row.id), reverse=True)


def _history(tables: Tables, scope: Scope, contact: ContactView) -> list[PastContact]:
    if not contact.customer:
        return []
    newest = _newest(scope, tables.contacts, "", customer=contact.customer, state="")
    others = [each for each in newest if each.id != contact.id][:HISTORY]
    return [PastContact(**_shown(PastContact, each)) for each in others]


def _open_cases(tables: Tables, scope: Scope, contact: ContactView) -> list[OpenCase]:
    if contact.customer:
        found = _newest(scope, tables.cases, "", customer=contact.customer, state="")[:CASES]
    else:
        own = _seen(scope, tables.cases.get(contact.case))
        found = [own] if own is not None else []
    return [OpenCase(**_shown(OpenCase, case), level=_level(tables, case)) for case in found if case.closed_at is None]


def _level(tables: Tables, case: CaseView) -> int | None:
    complaint = tables.complaints.get(case.id) if case.kind == "complaint" else None
    return None if complaint is None else complaint.level


def _shown(kind: type[PastContact | OpenCase], row: Any) -> dict[str, Any]:
    return {name: getattr(row, name) for name in kind.__struct_fields__ if name != "level"}


def _in_order(rows: Iterable[Fact]) -> list[Fact]:
    """Facts of one instant keep the order of their decision: by its number, then by the end of the id."""
    return sorted(rows, key=lambda row: (row.at, row.seq or 0, len(row.id), row.id))


def _whole(tables: Tables, customer: CustomerView) -> CustomerView:
    identities = [row for row in tables.identities.values() if row.customer == customer.id]
    mine = [row for row in tables.customer_records.values() if row.customer == customer.id]
    newest = sorted(mine, key=lambda row: (row.at, row.id), reverse=True)[:RECORDS]
    shown = ("id", "kind", "at", "summary", "amount_fen")
    return replace(
        customer,
        identities=tuple(sorted((row.kind, row.value) for row in identities)),
        records=tuple({name: asdict(row)[name] for name in shown} for row in newest),
    )
