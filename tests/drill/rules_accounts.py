"""What a door acknowledged is in the store, once, and each contact is in exactly one place."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator

from drill.records import Contact, History, Violation

OPENING = ("call.offered", "callback.requested", "voicemail.left", "mail", "chat")
OPEN = ("waiting", "offered", "active", "wrap_up")


def accounted(history: History) -> Iterator[Violation]:
    """Contacts acknowledged = contacts stored: each acknowledged arrival has one contact, which opened once."""
    found = {contact.id: contact for contact in history.contacts}
    opened = Counter(fact.contact for fact in history.facts if fact.kind == "contact.opened")
    by_session = {contact.external_id: contact.id for contact in history.contacts if contact.medium == "chat"}
    by_mail = {message.message_id: message.contact for message in history.messages if message.sender == "customer"}
    for ack in history.acknowledged:
        if ack.kind not in OPENING:
            continue
        contact = ack.contact or {"mail": by_mail, "chat": by_session}.get(ack.kind, {}).get(ack.id, "")
        if contact and contact not in found:
            yield Violation("lost contact", f"{ack.kind} {ack.id} was acknowledged as {contact}: no such contact")
        elif contact and opened[contact] != 1:
            yield Violation("lost contact", f"{contact} of {ack.kind} {ack.id} opened {opened[contact]} times")
        elif not contact and ack.kind != "call.offered":
            yield Violation("lost contact", f"{ack.kind} {ack.id} was acknowledged and belongs to no contact")
    yield from _strangers(history, opened)


def _strangers(history: History, opened: Counter[str]) -> Iterator[Violation]:
    """And the other way round: no contact without its arrival, none that is stored twice."""
    arrivals: dict[tuple[str, str], list[str]] = defaultdict(list)
    for contact in history.contacts:
        arrivals[contact.medium, contact.external_id].append(contact.id)
        if opened[contact.id] != 1:
            yield Violation("lost contact", f"{contact.id} is stored and opened {opened[contact.id]} times")
    for (medium, external), ids in arrivals.items():
        if external and len(ids) > 1 and medium in ("voice", "callback"):
            yield Violation("contact twice", f"{medium} {external} became {', '.join(sorted(ids))}")


def events_kept(history: History) -> Iterator[Violation]:
    """An acknowledged webhook has its receipt, and every event that it put into the log was decided."""
    receipts = {(receipt.source, receipt.external_id) for receipt in history.receipts}
    left = {event.contact for event in history.events if event.kind == "left" and event.seq is not None}
    over = {contact.id for contact in history.contacts if contact.state == "ended"}
    contact_of = {ack.subject: ack.contact for ack in history.acknowledged if ack.kind == "call.offered"}
    for ack in history.acknowledged:
        if not ack.source:
            continue
        if (ack.source, ack.id) not in receipts:
            yield Violation("lost event", f"{ack.kind} {ack.id} of {ack.subject} was acknowledged: no receipt")
        contact = contact_of.get(ack.subject, "")
        gone = ack.kind == "call.released" and ack.leg == "customer" and contact
        if gone and contact not in left and contact not in over:
            yield Violation("lost event", f"{ack.id}: the caller of {contact} hung up, and nobody knows")
    for event in history.events:
        if event.seq is None:
            yield Violation("undecided event", f"row {event.row} ({event.kind} {event.contact}) was never decided")
        if event.problem:
            yield Violation("event set aside", f"event {event.seq} ({event.kind} {event.contact}): {event.problem}")


def words_kept(history: History) -> Iterator[Violation]:
    """Mails and chat messages: what was acknowledged is stored once, numbered without a gap."""
    texts = Counter(message.text for message in history.messages if message.sender == "customer")
    mails = Counter(message.message_id for message in history.messages if message.sender == "customer")
    for ack in history.acknowledged:
        if ack.kind in ("word", "mail"):
            count = texts[ack.id] if ack.kind == "word" else mails[ack.id]
            if count != 1:
                kind = "lost word" if count == 0 else "word twice"
                yield Violation(kind, f"{ack.kind} {ack.id} of {ack.subject} is stored {count} times")
    numbers: dict[str, list[int]] = defaultdict(list)
    for message in history.messages:
        numbers[message.conversation].append(message.seq)
    for conversation, seen in numbers.items():
        if sorted(seen) != list(range(1, len(seen) + 1)):
            yield Violation("gap in a conversation", f"{conversation}: {sorted(seen)}")


def receipts_agree(history: History) -> Iterator[Violation]:
    """All repetitions of an event were told the same contact, and the receipt names it too."""
    told: dict[tuple[str, str], set[str]] = defaultdict(set)
    for ack in history.acknowledged:
        if ack.source and ack.contact:
            told[ack.source, ack.id].add(ack.contact)
    for receipt in history.receipts:
        key = receipt.source, receipt.external_id
        if key in told and receipt.contact:
            told[key].add(receipt.contact)
    for (source, name), contacts in told.items():
        if len(contacts) > 1:
            yield Violation("receipts disagree", f"{source} {name}: {', '.join(sorted(contacts))}")


def conserved(history: History) -> Iterator[Violation]:
    """By view: as many came as are open or over, by rows; and by facts every contact ends once, if its row ended."""
    ends = Counter(fact.contact for fact in history.facts if fact.kind == "contact.ended")
    blocked = {fact.contact for fact in history.facts if fact.kind == "contact.blocked"}
    for contact in history.contacts:
        over = max(ends[contact.id], int(contact.id in blocked))
        if contact.state == "ended" and over != 1:
            yield Violation("imbalance", f"{contact.id} of view {contact.view} ended; facts end it {over} times")
        elif contact.state != "ended" and over:
            yield Violation("imbalance", f"{contact.id} is {contact.state}, and its facts say that it ended")
    yield from _stuck(history.contacts)


def _stuck(contacts: list[Contact]) -> Iterator[Violation]:
    """After the drain nothing is open: customers have gone, agents took what was left."""
    for contact in contacts:
        if contact.state != "ended":
            where = "in no queue" if contact.state not in OPEN else contact.state
            yield Violation("stuck contact", f"{contact.medium} {contact.id} of view {contact.view}: {where}")
