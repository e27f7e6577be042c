"""The parts of a `Changes`, in its order. One statement sees the state before it, so a row that two lists
mean (a conversation opened and written to, a contact opened and linked) is brought together here first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Any

from msgspec.structs import replace

from contactcenter.errors import StaleWrite
from contactcenter.services.changes import (
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
from contactcenter.storage.queries import Part, columns
from contactcenter.storage.rows import text

CASE = (
    "id", "number", "provider", "client", "kind", "opened_at", "due_at", "customer", "state", "owner", "subject",
    "due_text", "provisional", "calendar_version", "breached_at", "closed_at",
)  # fmt: skip
COMPLAINT = (
    "case", "provider", "client", "level", "step", "contact", "accused", "accepted_by", "accept_due", "decide_due",
    "decided_at",
)  # fmt: skip
CONTACT = (
    "id", "domain", "provider", "client", "lease", "medium", "view", "door", "external_id", "tier", "opened_at",
    "enqueued_at", "deadline", "customer", "address", "language", "subject", "complaint", "origin", "conversation",
    "case",
)  # fmt: skip
CONVERSATION = (
    "id", "provider", "client", "medium", "door", "thread", "opened_at", "customer", "address", "subject", "language",
)  # fmt: skip
MESSAGE = ("provider", "client", "sender", "at", "text", "contact", "agent", "message_id")


def parts_of(changes: Changes) -> list[Part]:
    return [
        *_arrival(changes),
        *_customers(changes),
        *_conversations_opened(changes),
        *_cases(changes.cases),
        *_contacts(changes),
        *_conversations_touched(changes),
        *_calls(changes.calls),
        *_complaints(changes.complaints),
        *_outgoing(changes),
    ]


def _all(name: str, rows: Sequence[Any], args: list[Any]) -> Iterator[Part]:
    """A part whose every row must be written; nothing when there are none."""
    if rows:
        yield Part(name, args, len(rows))


def _arrival(changes: Changes) -> Iterator[Part]:
    receipt, bad = changes.receipt, changes.quarantined
    if receipt is not None:
        result = text(receipt.result)
        args = [receipt.source, receipt.external_id, receipt.payload_hash, result, receipt.received_at]
        yield Part("keep_receipt", args, 1)
    yield from _all("quarantine", bad, columns(bad, "id", "source", "reason", "payload", "received_at"))


# --- customers ------------------------------------------------------------------------------------------------


def _customers(changes: Changes) -> Iterator[Part]:
    new, records = changes.customers, changes.customer_records
    named = columns(new, "id", "provider", "client", "since", "name", "tier", "language", "account_owner")
    yield from _all("add_customers", new, named)
    identities = [*_identities(changes), *changes.identities]
    rows = columns(identities, "customer", "provider", "client", "kind", "value")
    yield from _all("add_identities", identities, rows)
    rows = columns(records, "id", "customer", "provider", "client", "kind", "at", "summary", "amount_fen")
    yield from _all("add_customer_records", records, rows)


def _identities(changes: Changes) -> Iterator[NewIdentity]:
    for customer in changes.customers:
        for kind, value in customer.identities:
            yield NewIdentity(customer.id, customer.provider, customer.client, kind, value)


# --- conversations and their messages ---------------------------------------------------------------------------


def _conversations_opened(changes: Changes) -> Iterator[Part]:
    new = changes.conversations
    moves = {move.id: move for move in changes.conversation_moves}
    written = Counter(message.conversation for message in changes.messages)
    ends = [_opened_end(each, moves.get(each.id)) for each in new]
    later = [[contact for contact, _ in ends], [closed for _, closed in ends], [written[each.id] for each in new]]
    yield from _all("open_conversations", new, [*columns(new, *CONVERSATION), *later])


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
        found = [moves.get(each) for each in touched]
        args = [touched, [written[each] for each in touched]]
        fields = ("expected", "contact", "closed_at", "last_seq")
        args += [[getattr(move, name, None) for move in found] for name in fields]
        yield Part("touch_conversations", args, len(touched))
    if changes.messages:
        yield _messages(changes)


def _messages(changes: Changes) -> Part:
    counts: Counter[str] = Counter()
    ordinals = []
    for message in changes.messages:
        counts[message.conversation] += 1
        ordinals.append(counts[message.conversation])
    ids = columns(changes.messages, "id", "conversation")
    details = [text(message.detail) for message in changes.messages]
    raw = [message.raw for message in changes.messages]
    args = [*ids, ordinals, *columns(changes.messages, *MESSAGE), details, raw]
    return Part("write_messages", args, len(changes.messages))


# --- contacts, cases, complaints, calls -------------------------------------------------------------------------


def _contacts(changes: Changes) -> Iterator[Part]:
    links = _links(changes.contact_links)
    new = [_linked(each, links.pop(each.id, None)) for each in changes.contacts]
    yield from _all("open_contacts", new, [*columns(new, *CONTACT), [text(each.context) for each in new]])
    old = list(links.values())
    contexts = [None if link.context is None else text(link.context) for link in old]
    args = [*columns(old, "id", "case", "customer", "complaint"), contexts, [link.must_be_open for link in old]]
    yield from _all("link_contacts", old, args)


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


def _cases(cases: Sequence[CaseWrite]) -> Iterator[Part]:
    for name, some in _new_and_old("cases", cases):
        bodies = [text(each.body) for each in some]
        yield from _all(name, some, [*columns(some, *CASE), bodies, [each.expected for each in some]])


def _complaints(complaints: Sequence[ComplaintWrite]) -> Iterator[Part]:
    for name, some in _new_and_old("complaints", complaints):
        bodies = [text(each.body) for each in some]
        yield from _all(name, some, [*columns(some, *COMPLAINT), bodies, [each.expected for each in some]])


def _calls(calls: Sequence[CallWrite]) -> Iterator[Part]:
    for name, some in _new_and_old("calls", calls):
        lives = [each.life.decode() for each in some]
        named = columns(some, "source", "call", "provider", "client", "contact")
        yield from _all(name, some, [*named, lives, *columns(some, "changed_at", "expected")])


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
        events = [text(each.event) for each in changes.events]
        domains = columns(changes.events, "domain")
        yield Part("queue_events", [*domains, events, *columns(changes.events, "received_at", "dedupe", "reply_to")])


def _timers(changes: Changes) -> Iterator[Part]:
    """A timer that fires and is set again in the same changes is simply moved."""
    moved = {timer.id: timer for timer in changes.timers}
    timers = list(moved.values())
    rows = columns(timers, "id", "kind", "provider", "client", "subject", "due_at", "owner")
    yield from _all("set_timers", timers, rows)
    fired = [each for each in changes.timers_fired if each not in moved]
    yield from _all("fire_timers", fired, [fired])
    cancelled = [each for each in changes.timers_cancelled if each not in moved and each not in fired]
    if cancelled:
        yield Part("cancel_timers", [cancelled])
