"""The views of intake, agents, supervisors, clients and operators, all confined by the query itself."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from typing import Any

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
    OutboxItem,
    PromisedView,
    Scope,
    ScreenView,
    UnwantedView,
)
from contactcenter.storage import rows
from contactcenter.storage.grouped import Grouped
from contactcenter.storage.live_reads import LiveReads
from contactcenter.storage.pool import Database

FACTS_PAGE = 1000
Named = tuple[Scope, str]
"""A row's id, and whose rows the asker may see."""
Caller = tuple[str, tuple[tuple[str, str], ...]]
"""A client, and by what one of his customers may be known."""


class _Customers:
    """A customer is one row, all his identities and the newest records of his four histories."""

    def __init__(self, database: Database) -> None:
        self._database = database

    async def _customer(self, query: str, *args: str) -> CustomerView | None:
        async with self._database.snapshot() as reading:
            row = await reading.row(query, *args)
            if row is None:
                return None
            identities = await reading.rows("identities_of", row["id"])
            records = await reading.rows("records_of", row["id"])
        return rows.customer(row, identities, records)


class PostgresIntakeReads(_Customers):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._calls = Grouped(self._calls_of)
        self._callers = Grouped(self._callers_of)
        self._arrivals = Grouped(self._arrivals_of)

    async def caller(self, client: str, identities: tuple[tuple[str, str], ...]) -> CallerView | None:
        return await self._callers.get((client, identities))

    async def _callers_of(self, keys: Sequence[Caller]) -> dict[Caller, CallerView]:
        wanted = [
            {"n": n, "rank": rank, "client": client, "kind": kind, "value": value}
            for n, (client, identities) in enumerate(keys)
            for rank, (kind, value) in enumerate(identities)
        ]
        found = await self._database.rows("callers", rows.text(wanted))
        return {keys[row["n"]]: rows.caller(row) for row in found}

    async def call(self, source: str, call: str) -> CallView | None:
        return await self._calls.get((source, call))

    async def open_calls(self, source: str) -> list[CallView]:
        found = await self._database.rows("open_calls", source)
        return [rows.call(row) for row in found]

    async def _calls_of(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], CallView]:
        found = await self._database.rows("calls", rows.text([{"source": key[0], "call": key[1]} for key in keys]))
        return {(row["source"], row["call"]): rows.call(row) for row in found}

    async def arrival(self, arriving: Arriving) -> ArrivalView:
        return await self._arrivals.get(arriving) or ArrivalView()

    async def _arrivals_of(self, keys: Sequence[Arriving]) -> dict[Arriving, ArrivalView]:
        found = await self._database.rows("arrivals", rows.text([_sought(n, key) for n, key in enumerate(keys)]))
        return {keys[row["n"]]: rows.arrival(row) for row in found}

    async def conversation_by_thread(self, door: str, thread: str) -> ConversationView | None:
        row = await self._database.row("conversation_by_thread", door, thread)
        return None if row is None else rows.conversation(row)

    async def conversation_by_messages(self, client: str, message_ids: Sequence[str]) -> ConversationView | None:
        row = await self._database.row("conversation_by_messages", client, list(message_ids))
        return None if row is None else rows.conversation(row)

    async def open_callback(self, client: str, number: str) -> ContactView | None:
        row = await self._database.row("open_callback", client, number)
        return None if row is None else rows.contact(row)

    async def outstanding_callback(self, client: str, number: str) -> CallbackView | None:
        row = await self._database.row("outstanding_callback", client, number)
        return None if row is None else rows.callback(row)

    async def outstanding_callbacks(self, clients: Sequence[str]) -> list[PromisedView]:
        found = await self._database.rows("outstanding_callbacks", list(clients))
        return [PromisedView(**row) for row in found]

    async def dialling(self, provider: str, before: int) -> list[ContactView]:
        return [rows.contact(row) for row in await self._database.rows("dialling", provider, before)]

    async def unwanted(self, client: str, number: str) -> UnwantedView | None:
        row = await self._database.row("unwanted", client, number)
        return None if row is None else rows.unwanted(row)

    async def backlogs(self, domains: Sequence[str], most: int) -> dict[str, Backlog]:
        found = await self._database.rows("backlogs", list(domains), most)
        return {row["domain"]: Backlog(row["depth"], row["oldest_at"]) for row in found}


class PostgresReads(_Customers, LiveReads):
    def __init__(self, database: Database) -> None:
        super().__init__(database)
        self._contacts = Grouped(self._contacts_of)
        self._customers = Grouped(self._customers_of)
        self._screens = Grouped(self._screens_of)
        self._conversations = Grouped(self._conversations_of)

    async def contact(self, scope: Scope, contact: str) -> ContactView | None:
        return await self._contacts.get((scope, contact))

    async def _contacts_of(self, keys: Sequence[Named]) -> dict[Named, ContactView]:
        found = await self._database.rows("contacts", _named(keys))
        return {keys[row["n"]]: rows.contact(_without(row, "n")) for row in found}

    async def screen(self, scope: Scope, contact: str) -> ScreenView | None:
        return await self._screens.get((scope, contact))

    async def _screens_of(self, keys: Sequence[Named]) -> dict[Named, ScreenView]:
        found = await self._database.rows("screens", _named(keys), HISTORY, CASES)
        return {keys[row["n"]]: rows.screen(_without(row, "n")) for row in found}

    async def contacts(
        self, scope: Scope, *, limit: int, before: str = "", customer: str = "", state: str = ""
    ) -> list[ContactView]:
        recent = "recent_contacts_of_client" if scope.client else "recent_contacts"
        query = "contacts_of_customer" if customer else recent
        return [rows.contact(row) for row in await self._all(query, scope, customer, state, before, limit)]

    async def facts_of_contact(self, scope: Scope, contact: str) -> list[Fact]:
        return [rows.fact(row) for row in await self._all("facts_of_contact", scope, contact)]

    async def callback(self, scope: Scope, callback: str) -> CallbackView | None:
        row = await self._one("callback", scope, callback)
        return None if row is None else rows.callback(row)

    async def callbacks(self, scope: Scope, *, limit: int, before: str = "", state: str = "") -> list[CallbackView]:
        return [rows.callback(row) for row in await self._all("recent_callbacks", scope, state, before, limit)]

    async def all_unwanted(self, scope: Scope, *, limit: int, after: str = "") -> list[UnwantedView]:
        return [rows.unwanted(row) for row in await self._all("unwanted_all", scope, after, limit)]

    async def long_talks(self, scope: Scope, since: int) -> list[ContactView]:
        return [rows.contact(row) for row in await self._all("long_talks", scope, since)]

    async def facts_of_case(self, scope: Scope, case: str) -> list[Fact]:
        return [rows.fact(row) for row in await self._all("facts_of_case", scope, case)]

    async def facts_of_event(self, domain: str, dedupe: str) -> list[Fact] | None:
        found = await self._database.rows("facts_of_event", domain, dedupe)
        if not found or found[0]["decided"] is None:
            return None
        return [rows.fact(_without(row, "decided")) for row in found if row["id"] is not None]

    async def facts_between(
        self, scope: Scope, since: int, until: int, kinds: Sequence[str] = ()
    ) -> AsyncIterator[Fact]:
        """`until` is exclusive. Read page by page: a long report holds neither memory nor a transaction."""
        wanted, seq, last = list(kinds), -1, ""
        while page := await self._all("facts_between", scope, since, until, wanted, seq, last, FACTS_PAGE):
            for row in page:
                yield rows.fact(row)
            since, seq, last = page[-1]["at"], page[-1]["seq"] or 0, page[-1]["id"]

    async def customer(self, scope: Scope, customer: str) -> CustomerView | None:
        return await self._customers.get((scope, customer))

    async def _customers_of(self, keys: Sequence[Named]) -> dict[Named, CustomerView]:
        found = await self._database.rows("customers", _named(keys))
        return {keys[row["n"]]: rows.whole_customer(_without(row, "n")) for row in found}

    async def find_customer(self, scope: Scope, kind: str, value: str) -> CustomerView | None:
        return await self._customer("find_customer", scope.provider, scope.client, kind, value)

    async def conversation(self, scope: Scope, conversation: str) -> ConversationView | None:
        return await self._conversations.get((scope, conversation))

    async def _conversations_of(self, keys: Sequence[Named]) -> dict[Named, ConversationView]:
        found = await self._database.rows("conversations", _named(keys))
        return {keys[row["n"]]: rows.conversation(_without(row, "n")) for row in found}

    async def messages(self, scope: Scope, conversation: str, *, after: int = 0, limit: int = 200) -> list[MessageView]:
        found = await self._all("messages_after", scope, conversation, after, limit)
        return [rows.message(row) for row in found]

    async def case(self, scope: Scope, case: str) -> CaseView | None:
        row = await self._one("case", scope, case)
        return None if row is None else rows.case(row)

    async def cases(
        self, scope: Scope, *, limit: int, customer: str = "", state: str = "", before: str = ""
    ) -> list[CaseView]:
        query = "cases_of_customer" if customer else "recent_cases"
        return [rows.case(row) for row in await self._all(query, scope, customer, state, before, limit)]

    async def complaint(self, scope: Scope, case: str) -> ComplaintView | None:
        row = await self._one("complaint", scope, case)
        return None if row is None else rows.complaint(row)

    async def complaints(
        self, scope: Scope, *, level: int | None = None, open_only: bool = True
    ) -> list[ComplaintView]:
        query = "complaints_open" if open_only else "complaints_all"
        return [rows.complaint(row) for row in await self._all(query, scope, level)]

    async def kept_mail(self, scope: Scope, limit: int) -> list[OutboxItem]:
        return [rows.sending(row) for row in await self._all("kept_mail", scope, limit)]

    async def _one(self, query: str, scope: Scope, *args: Any) -> Any | None:
        return await self._database.row(query, scope.provider, scope.client, *args)

    async def _all(self, query: str, scope: Scope, *args: Any) -> list[Any]:
        return await self._database.rows(query, scope.provider, scope.client, *args)


def _named(keys: Sequence[Named]) -> str:
    return rows.text(
        [{"n": n, "provider": scope.provider, "client": scope.client, "id": id} for n, (scope, id) in enumerate(keys)]
    )


def _sought(n: int, arriving: Arriving) -> dict[str, Any]:
    ranked = enumerate(arriving.identities)
    known_by = [{"rank": rank, "kind": kind, "value": value} for rank, (kind, value) in ranked]
    return {**arriving._asdict(), "n": n, "identities": known_by}


def _without(row: Any, column: str) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name != column}
