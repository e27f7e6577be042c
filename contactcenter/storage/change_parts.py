"""The parts of a group of `Changes`, in their order. One statement sees the state before it, so a row that two lists
mean (a conversation opened and written to, a contact opened and linked) is brought together here first. Two
`Changes` of a group never mean the same row (change_keys.py), so that they can be read as one.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import fields
from itertools import chain
from typing import Any

from msgspec import Raw
from msgspec.structs import asdict, replace

from contactcenter.errors import StaleWrite
from contactcenter.services.changes import (
    CallbackWrite,
    CallWrite,
    CaseWrite,
    Changes,
    ComplaintWrite,
    ContactLink,
    ConversationMove,
    NewContact,
    NewConversation,
    NewIdentity,
)
from contactcenter.storage import shared_parts
from contactcenter.storage.queries import Part
from contactcenter.storage.rows import text

_LISTS = [each.name for each in fields(Changes) if each.name != "receipt"]


def parts_of(group: Sequence[Changes]) -> list[Part]:
    changes = group[0] if len(group) == 1 else _together(group)
    return [
        *_receipts(group),
        *_all("quarantine", changes.quarantined),
        *_customers(changes),
        *_conversations_opened(changes),
        *_new_or_old("cases", changes.cases),
        *_contacts(changes),
        *_conversations_touched(changes),
        *_calls(changes.calls),
        *_new_or_old("complaints", changes.complaints),
        *_new_or_old("callbacks", changes.callbacks),
        *_do_not_call(changes),
        *_outgoing(changes),
    ]


def _all(name: str, rows: Sequence[Any]) -> Iterator[Part]:
    """A part whose every row must be written; nothing when there are none."""
    if rows:
        yield Part(name, [text(rows)], len(rows))


def _together(group: Sequence[Changes]) -> Changes:
    """Every list of each, behind each other."""
    merged = Changes()
    for name in _LISTS:
        getattr(merged, name).extend(chain.from_iterable(getattr(changes, name) for changes in group))
    return merged


def _receipts(group: Sequence[Changes]) -> Iterator[Part]:
    kept = [changes.receipt for changes in group if changes.receipt is not None]
    yield from _all("keep_receipts", kept)


# --- customers ------------------------------------------------------------------------------------------------


def _customers(changes: Changes) -> Iterator[Part]:
    yield from _all("add_customers", changes.customers)
    yield from _all("add_identities", [*_identities(changes), *changes.identities])
    yield from _all("add_customer_records", changes.customer_records)


def _identities(changes: Changes) -> Iterator[NewIdentity]:
    for customer in changes.customers:
        for kind, value in customer.identities:
            yield NewIdentity(customer.id, customer.provider, customer.client, kind, value)


# --- conversations and their messages ---------------------------------------------------------------------------


def _conversations_opened(changes: Changes) -> Iterator[Part]:
    moves = {move.id: move for move in changes.conversation_moves}
    written = Counter(message.conversation for message in changes.messages)
    rows = []
    for each in changes.conversations:
        contact, closed_at = _opened_end(each, moves.get(each.id))
        later = {"contact": contact, "closed_at": closed_at, "last_seq": written[each.id]}
        rows.append({**asdict(each), **later})
    yield from _all("open_conversations", rows)


def _opened_end(opened: NewConversation, move: ConversationMove | None) -> tuple[str, int | None]:
    """Contact and end of a conversation that is opened, and perhaps moved, in the same changes."""
    if move is None:
        return opened.contact, None
    if move.expected != opened.contact:
        raise StaleWrite
    return move.contact, move.closed_at


def _conversations_touched(changes: Changes) -> Iterator[Part]:
    new = {each.id for each in changes.conversations}
    moves = {move.id: move for move in changes.conversation_moves if move.id not in new}
    written = Counter(message.conversation for message in changes.messages if message.conversation not in new)
    touched = [*moves, *(each for each in written if each not in moves)]
    if touched or changes.messages:
        rows = [{**_moved(moves.get(each)), "id": each, "messages": written[each]} for each in touched]
        yield Part("touch_conversations", [text(rows)], len(rows))
    if changes.messages:
        yield _messages(changes)


def _moved(move: ConversationMove | None) -> dict[str, Any]:
    return {} if move is None else asdict(move)


def _messages(changes: Changes) -> Part:
    counts: Counter[str] = Counter()
    rows = []
    for message in changes.messages:
        counts[message.conversation] += 1
        rows.append({**asdict(message), "ordinal": counts[message.conversation]})
    return Part("write_messages", [text(rows)], len(rows))


# --- contacts, cases, complaints, calls -------------------------------------------------------------------------


def _contacts(changes: Changes) -> Iterator[Part]:
    links = _links(changes.contact_links)
    yield from _all("open_contacts", [_linked(each, links.pop(each.id, None)) for each in changes.contacts])
    yield from _all("link_contacts", list(links.values()))


def _links(links: Sequence[ContactLink]) -> dict[str, ContactLink]:
    """One link per contact: what a later one sets goes over the earlier."""
    merged: dict[str, ContactLink] = {}
    for link in links:
        before = merged.get(link.id, link)
        merged[link.id] = replace(before, must_be_open=before.must_be_open or link.must_be_open, **_set_by(link))
    return merged


def _linked(contact: NewContact, link: ContactLink | None) -> NewContact:
    return contact if link is None else replace(contact, **_set_by(link))


def _set_by(link: ContactLink) -> dict[str, Any]:
    wanted = {name: getattr(link, name) for name in ("case", "customer", "complaint", "context")}
    return {name: value for name, value in wanted.items() if value is not None}


def _calls(calls: Sequence[CallWrite]) -> Iterator[Part]:
    for name, some in _new_and_old("calls", calls):
        yield from _all(name, [{**asdict(each), "life": Raw(each.life)} for each in some])


def _do_not_call(changes: Changes) -> Iterator[Part]:
    if changes.unwanted:
        yield Part("add_unwanted", [text(changes.unwanted)])
    if changes.wanted_again:
        yield Part("drop_unwanted", [text(changes.wanted_again)])


def _new_or_old(table: str, writes: Sequence[CaseWrite | ComplaintWrite | CallbackWrite]) -> Iterator[Part]:
    for name, some in _new_and_old(table, writes):
        yield from _all(name, some)


def _new_and_old(table: str, writes: Sequence[Any]) -> Iterator[tuple[str, list[Any]]]:
    yield f"add_{table}", [each for each in writes if each.expected is None]
    yield f"change_{table}", [each for each in writes if each.expected is not None]


# --- what follows -----------------------------------------------------------------------------------------------


def _outgoing(changes: Changes) -> Iterator[Part]:
    if changes.outbox:
        yield shared_parts.outbox(changes.outbox)
    yield from _timers(changes)
    if changes.facts:
        yield shared_parts.facts(changes.facts)
    if changes.events:
        yield Part("queue_events", [text(changes.events)])


def _timers(changes: Changes) -> Iterator[Part]:
    """A timer that fires and is set again in the same changes is simply moved."""
    moved = {timer.id: timer for timer in changes.timers}
    if moved:
        yield shared_parts.timers(list(moved.values()))
    fired = [each for each in changes.timers_fired if each not in moved]
    if fired:
        yield Part("fire_timers", [fired], len(fired))
    cancelled = [each for each in changes.timers_cancelled if each not in moved and each not in fired]
    if cancelled:
        yield Part("cancel_timers", [cancelled])
