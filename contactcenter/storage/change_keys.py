"""Which rows a `Changes` touches: two that meet are never written by the same statement.

A row is named by its primary key and by each unique key it takes. `written` are rows that are inserted, updated or
deleted; `referred` are those it only needs to be there (foreign keys), which any number may share.

Rows that the database inserts with ON CONFLICT DO NOTHING (facts, sendings, events with a `dedupe`) need no key:
of two in one statement the first stays and the second is dropped, as if they had come one after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from contactcenter.services.changes import Changes, NewContact, NewCustomer

Key = tuple[Hashable, ...]


class Keys(NamedTuple):
    written: set[Key]
    referred: set[Key]

    @classmethod
    def of(cls, several: Iterable[Keys]) -> Keys:
        together = cls(set(), set())
        for keys in several:
            together.add(keys)
        return together

    def add(self, other: Keys) -> None:
        self.written.update(other.written)
        self.referred.update(other.referred)

    def meet(self, other: Keys) -> bool:
        """One writes what the other writes or needs."""
        return not (
            self.written.isdisjoint(other.written)
            and self.written.isdisjoint(other.referred)
            and self.referred.isdisjoint(other.written)
        )


def keys_of(changes: Changes) -> Keys:
    """Most changes have rows in two or three of their lists: the others cost a look each."""
    written: set[Key] = set()
    referred: set[Key] = set()
    if changes.receipt is not None:
        written.add(("receipt", changes.receipt.source, changes.receipt.external_id))
    for name, keys in _WRITTEN:
        for row in getattr(changes, name):
            written.update(keys(row))
    for name in _OF_CUSTOMERS:
        referred.update(("customer", row.customer) for row in getattr(changes, name) if row.customer)
    referred.update(("case", complaint.case) for complaint in changes.complaints)
    return Keys(written, referred)


def _customer(row: NewCustomer) -> Iterator[Key]:
    yield "customer", row.id
    yield from (("identity", row.client, *identity) for identity in row.identities)


def _contact(row: NewContact) -> Iterator[Key]:
    yield "contact", row.id
    if row.medium == "callback":
        yield "callback", row.client, row.address


_WRITTEN: Sequence[tuple[str, Callable[[Any], Iterable[Key]]]] = (
    ("customers", _customer),
    ("identities", lambda row: [("identity", row.client, row.kind, row.value)]),
    ("conversations", lambda row: [("conversation", row.id), ("thread", row.door, row.thread)]),
    ("conversation_moves", lambda row: [("conversation", row.id)]),
    ("messages", lambda row: [("conversation", row.conversation), ("message", row.id)]),
    ("contacts", _contact),
    ("contact_links", lambda row: [("contact", row.id)]),
    ("calls", lambda row: [("call", row.source, row.call)]),
    ("cases", lambda row: [("case", row.id), ("number", row.client, row.number)]),
    ("complaints", lambda row: [("complaint", row.case)]),
    ("callbacks", lambda row: [("promise", row.id), ("outstanding", row.client, row.number)]),
    ("unwanted", lambda row: [("unwanted", row.client, row.number)]),
    ("wanted_again", lambda row: [("unwanted", row.client, row.number)]),
    ("timers", lambda row: [("timer", row.id)]),
    ("timers_fired", lambda timer: [("timer", timer)]),
    ("timers_cancelled", lambda timer: [("timer", timer)]),
)
"""Each list of `Changes` and the rows that one of it writes."""
_OF_CUSTOMERS = ("contacts", "contact_links", "conversations", "cases", "identities", "customer_records")
"""The lists whose rows need a customer to be there."""
