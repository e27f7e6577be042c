"""What a use case wants written: values only, applied by the store in one transaction or not at all.

A service loads, decides purely, and hands a `Changes` to the store. Rows that must not have moved meanwhile
carry the version they were read at; if one did, the store raises `StaleWrite` and the service starts again.
Times are integer microseconds UTC.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any

from msgspec import Struct

from channels.port import AnyOutbound
from contactcenter.domain.facts import Fact
from routing.events import AnyEvent


class NewReceipt(Struct, frozen=True):
    """The idempotency row of an arrival and the answer that its repeat will get."""

    source: str
    external_id: str
    payload_hash: bytes
    result: dict[str, Any]
    received_at: int


class Quarantined(Struct, frozen=True):
    id: str
    source: str
    reason: str
    payload: bytes
    received_at: int


class NewCustomer(Struct, frozen=True, kw_only=True):
    """`identities`: (kind, value) pairs, normalised; each is unique per client."""

    id: str
    provider: str
    client: str
    since: int
    name: str = ""
    tier: int = 2
    language: str = ""
    account_owner: str = ""
    identities: tuple[tuple[str, str], ...] = ()


class NewIdentity(Struct, frozen=True):
    customer: str
    provider: str
    client: str
    kind: str
    value: str


class CustomerRecord(Struct, frozen=True, kw_only=True):
    """One entry of a customer's four histories: consumption, service, payment, credit (C01)."""

    id: str
    customer: str
    provider: str
    client: str
    kind: str
    at: int
    summary: str
    amount_fen: int | None = None


class NewContact(Struct, frozen=True, kw_only=True):
    """A contact as intake opens it, in state `new`; its router takes it from there."""

    id: str
    domain: str
    provider: str
    client: str
    lease: str
    medium: str
    view: str
    door: str
    external_id: str
    tier: int
    opened_at: int
    enqueued_at: int
    deadline: int
    customer: str = ""
    address: str = ""
    language: str = ""
    subject: str = ""
    complaint: bool = False
    origin: str = ""
    conversation: str = ""
    case: str = ""
    context: dict[str, Any] = {}


class ContactLink(Struct, frozen=True, kw_only=True):
    """Sets the service's own columns of a contact; None keeps the old value. Routing columns are the router's."""

    id: str
    case: str | None = None
    customer: str | None = None
    complaint: bool | None = None
    context: dict[str, Any] | None = None
    must_be_open: bool = False
    """True: StaleWrite when the contact is in wrap_up or ended (a message may not join what is over)."""


class NewConversation(Struct, frozen=True, kw_only=True):
    """`thread` identifies it at its door: a chat session, or the first Message-ID of a mail thread."""

    id: str
    provider: str
    client: str
    medium: str
    door: str
    thread: str
    opened_at: int
    customer: str = ""
    address: str = ""
    subject: str = ""
    language: str = ""
    contact: str = ""


class ConversationMove(Struct, frozen=True, kw_only=True):
    """The conversation's open contact changes from `expected` to `contact` ('' = none).

    A message joins an open contact by moving it to itself: whoever ends the contact moves it to none in the
    same row, so that one of the two comes first and no message is left behind. `last_seq` guards, when given,
    that no message came meanwhile.
    """

    id: str
    expected: str
    contact: str
    closed_at: int | None = None
    last_seq: int | None = None


class NewMessage(Struct, frozen=True, kw_only=True):
    """Numbered by the store, without gaps in its conversation."""

    id: str
    conversation: str
    provider: str
    client: str
    sender: str
    at: int
    text: str
    contact: str = ""
    agent: str = ""
    message_id: str = ""
    detail: dict[str, Any] = {}
    raw: bytes | None = None


class CallWrite(Struct, frozen=True, kw_only=True):
    """A call's life. `expected` is the version it was read at, None for a new call."""

    source: str
    call: str
    provider: str
    life: bytes
    changed_at: int
    expected: int | None
    client: str = ""
    contact: str = ""


class CallbackWrite(Struct, frozen=True, kw_only=True):
    """A promised callback as it shall be. `expected` None inserts; else compare-and-set on the version.

    `contact` is that of the latest attempt; each entry of `attempts` has contact, attempt, result, at, by.
    """

    id: str
    provider: str
    client: str
    number: str
    requested_at: int
    window_from: int
    window_until: int
    expected: int | None
    contact: str = ""
    line: str = ""
    language: str = ""
    state: str = "open"
    attempts: tuple[dict[str, Any], ...] = ()
    outcome: str = ""
    ended_at: int | None = None
    ended_by: str = ""


class Unwanted(Struct, frozen=True, kw_only=True):
    """A number that this client does not call; listed again, the first entry stays."""

    client: str
    number: str
    provider: str
    added_at: int
    added_by: str
    reason: str = ""


class WantedAgain(Struct, frozen=True):
    """The number leaves the do-not-call list of this client."""

    client: str
    number: str


class CaseWrite(Struct, frozen=True, kw_only=True):
    """A case as it shall be. `expected` None inserts; else compare-and-set on the version."""

    id: str
    number: str
    provider: str
    client: str
    kind: str
    opened_at: int
    due_at: int
    expected: int | None
    customer: str = ""
    state: str = "open"
    owner: str = ""
    subject: str = ""
    due_text: str = ""
    provisional: bool = False
    calendar_version: str = ""
    breached_at: int | None = None
    closed_at: int | None = None
    body: dict[str, Any] = {}


class ComplaintWrite(Struct, frozen=True, kw_only=True):
    case: str
    provider: str
    client: str
    level: int
    step: str
    expected: int | None
    contact: str = ""
    accused: str = ""
    accepted_by: str = ""
    accept_due: int | None = None
    decide_due: int | None = None
    decided_at: int | None = None
    body: dict[str, Any] = {}


class NewEvent(Struct, frozen=True, kw_only=True):
    """An event for a routing domain. `dedupe` makes it happen at most once; `reply_to` names the waiting node."""

    domain: str
    event: AnyEvent
    received_at: int
    dedupe: str = ""
    reply_to: str = ""


class Outgoing(Struct, frozen=True, kw_only=True):
    """One sending. The id is deterministic, so that the same effect is never two sendings."""

    id: str
    kind: str
    provider: str
    client: str
    payload: AnyOutbound
    created_at: int
    next_at: int
    contact: str = ""
    not_after: int | None = None


class TimerSet(Struct, frozen=True, kw_only=True):
    """A deadline of a case, a complaint level or a promise. Setting the same id again moves it."""

    id: str
    kind: str
    provider: str
    client: str
    subject: str
    due_at: int
    owner: str = ""


@dataclass(slots=True)
class Changes:
    """Everything one use case writes. Empty lists cost nothing."""

    receipt: NewReceipt | None = None
    quarantined: list[Quarantined] = field(default_factory=list)
    customers: list[NewCustomer] = field(default_factory=list)
    identities: list[NewIdentity] = field(default_factory=list)
    customer_records: list[CustomerRecord] = field(default_factory=list)
    conversations: list[NewConversation] = field(default_factory=list)
    cases: list[CaseWrite] = field(default_factory=list)
    contacts: list[NewContact] = field(default_factory=list)
    contact_links: list[ContactLink] = field(default_factory=list)
    conversation_moves: list[ConversationMove] = field(default_factory=list)
    messages: list[NewMessage] = field(default_factory=list)
    calls: list[CallWrite] = field(default_factory=list)
    complaints: list[ComplaintWrite] = field(default_factory=list)
    callbacks: list[CallbackWrite] = field(default_factory=list)
    unwanted: list[Unwanted] = field(default_factory=list)
    wanted_again: list[WantedAgain] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    timers: list[TimerSet] = field(default_factory=list)
    timers_fired: list[str] = field(default_factory=list)
    timers_cancelled: list[str] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
    events: list[NewEvent] = field(default_factory=list)

    def add(self, other: Changes) -> None:
        """Its rows too, in the same transaction; the receipt stays this one's."""
        for name in (each.name for each in fields(self) if each.name != "receipt"):
            getattr(self, name).extend(getattr(other, name))


class Applied(Struct, frozen=True):
    """What the store numbered: message id -> its number in the conversation."""

    message_seqs: dict[str, int] = {}


# --- a router's batch ----------------------------------------------------------------------------------


class Decided(Struct, frozen=True, kw_only=True):
    """One event of the domain's log. `row` is the pending row it came from, None for the router's own ticks."""

    seq: int
    at: int
    event: bytes
    effects_hash: bytes
    row: int | None = None
    problem: str = ""


class ContactMove(Struct, frozen=True, kw_only=True):
    """A contact's routing columns as they are after the batch; `route` is None once it ended."""

    id: str
    expected: int
    state: str
    owner: str
    view: str
    tier: int
    complaint: bool
    deadline: int
    answered_at: int | None = None
    ended_at: int | None = None
    outcome: str = ""
    released_by: str = ""
    route: bytes | None = None


class OfferMade(Struct, frozen=True, kw_only=True):
    id: str
    contact: str
    agent: str
    provider: str
    client: str
    attempt: int
    made_at: int
    expires_at: int
    ended_at: int | None = None
    """Set, with outcome and reason, when the offer was made and ended in the same batch."""
    outcome: str = ""
    reason: str = ""


class OfferClosed(Struct, frozen=True):
    id: str
    at: int
    outcome: str
    reason: str


class AssignmentBegan(Struct, frozen=True, kw_only=True):
    """`id` is `<contact>/<seq of the decision>`; `role` is owner or consult.

    The later fields are set when it moved on in the same batch.
    """

    id: str
    contact: str
    agent: str
    provider: str
    client: str
    at: int
    role: str = "owner"
    wrap_up_at: int | None = None
    ended_at: int | None = None
    reason: str = ""


class AssignmentMoved(Struct, frozen=True):
    """Wrap-up began or the assignment ended, of the live assignment of `contact` with this role."""

    contact: str
    agent: str
    at: int
    ended: bool
    reason: str = ""
    role: str = "owner"


class PresenceWrite(Struct, frozen=True, kw_only=True):
    """An agent's row as it is after the batch. `desk_seq` is the last event that concerned this desk."""

    agent: str
    provider: str
    state: str
    reason: str
    used_units: int
    capacity: int
    desk_seq: int
    changed_at: int
    route: bytes


@dataclass(slots=True)
class Batch:
    """What a router writes in one transaction, fenced by its epoch. `first_seq` is the first of `decided`.

    Rows that existed before the batch are closed or moved first, then the new ones are inserted: an offer or
    assignment that began and ended within the batch is one inserted row.
    """

    domain: str
    epoch: int
    first_seq: int
    arrivals: int
    decided: list[Decided] = field(default_factory=list)
    contacts: list[ContactMove] = field(default_factory=list)
    offers_closed: list[OfferClosed] = field(default_factory=list)
    offers_made: list[OfferMade] = field(default_factory=list)
    assignments_moved: list[AssignmentMoved] = field(default_factory=list)
    assignments_began: list[AssignmentBegan] = field(default_factory=list)
    presences: list[PresenceWrite] = field(default_factory=list)
    outbox: list[Outgoing] = field(default_factory=list)
    timers: list[TimerSet] = field(default_factory=list)
    facts: list[Fact] = field(default_factory=list)
