"""Which rows a `Changes` touches: two that meet are never written by the same statement.

A row is named by its primary key and by each unique key it takes. `written` are rows that are inserted, updated or
deleted; `referred` are those it only needs to be there (foreign keys), which any number may share.

Rows that the database inserts with ON CONFLICT DO NOTHING (facts, sendings, events with a `dedupe`) need no key:
of two in one statement the first stays and the second is dropped, as if they had come one after the other.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Iterator
from typing import NamedTuple

from contactcenter.services.changes import Changes

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
    return Keys({*_written(changes)}, {*_referred(changes)})


def _written(changes: Changes) -> Iterator[Key]:
    if changes.receipt is not None:
        yield "receipt", changes.receipt.source, changes.receipt.external_id
    yield from _people(changes)
    yield from _threads(changes)
    yield from _work(changes)
    yield from (("timer", timer.id) for timer in changes.timers)
    yield from (("timer", timer) for timer in (*changes.timers_fired, *changes.timers_cancelled))


def _people(changes: Changes) -> Iterator[Key]:
    for customer in changes.customers:
        yield "customer", customer.id
        yield from (("identity", customer.client, *identity) for identity in customer.identities)
    yield from (("identity", each.client, each.kind, each.value) for each in changes.identities)


def _threads(changes: Changes) -> Iterator[Key]:
    for opened in changes.conversations:
        yield "conversation", opened.id
        yield "thread", opened.door, opened.thread
    yield from (("conversation", move.id) for move in changes.conversation_moves)
    for message in changes.messages:
        yield "conversation", message.conversation
        yield "message", message.id


def _work(changes: Changes) -> Iterator[Key]:
    for contact in changes.contacts:
        yield "contact", contact.id
        if contact.medium == "callback":
            yield "callback", contact.client, contact.address
    yield from (("contact", link.id) for link in changes.contact_links)
    yield from (("call", call.source, call.call) for call in changes.calls)
    for case in changes.cases:
        yield "case", case.id
        yield "number", case.client, case.number
    yield from (("complaint", complaint.case) for complaint in changes.complaints)
    for promised in changes.callbacks:
        yield "promise", promised.id
        yield "outstanding", promised.client, promised.number
    yield from (("unwanted", each.client, each.number) for each in changes.unwanted)
    yield from (("unwanted", each.client, each.number) for each in changes.wanted_again)


def _referred(changes: Changes) -> Iterator[Key]:
    yield from (("customer", customer) for customer in _customers(changes) if customer)
    yield from (("case", complaint.case) for complaint in changes.complaints)


def _customers(changes: Changes) -> Iterator[str | None]:
    yield from (row.customer for row in changes.contacts)
    yield from (row.customer for row in changes.contact_links)
    yield from (row.customer for row in changes.conversations)
    yield from (row.customer for row in changes.cases)
    yield from (row.customer for row in changes.identities)
    yield from (row.customer for row in changes.customer_records)
