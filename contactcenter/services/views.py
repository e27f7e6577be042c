"""What services read: rows as values. Times are integer microseconds UTC, ids are the rows' own."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

from msgspec import Struct

from channels.port import AnyOutbound
from contactcenter.domain.facts import Fact
from routing.events import AnyEvent
from routing.model import Presence, Record


class Scope(Struct, frozen=True):
    """Whose rows a query may see: a provider, and one client of it, or all with client ''."""

    provider: str
    client: str = ""


class Principal(Struct, frozen=True, kw_only=True):
    """Who is at the door. kind: agent | supervisor | operator | client | platform."""

    kind: str
    provider: str
    subject: str
    client: str = ""
    expires_at: int | None = None


class FirstReceipt(Struct, frozen=True):
    """What was answered when this event first came."""

    payload_hash: bytes
    result: dict[str, Any]


class CustomerView(Struct, frozen=True, kw_only=True):
    id: str
    provider: str
    client: str
    name: str
    tier: int
    language: str
    account_owner: str
    since: int
    version: int
    identities: tuple[tuple[str, str], ...] = ()
    records: tuple[dict[str, Any], ...] = ()


class Backlog(Struct, frozen=True):
    """What waits: how many, and the instant since when the oldest does (0 when none)."""

    depth: int = 0
    oldest_at: int = 0


class CallerView(Struct, frozen=True):
    """Who stands at a door, with all his identities, and the agent of his newest contact ('' for none)."""

    customer: CustomerView
    last_agent: str = ""


class Arriving(NamedTuple):
    """An event of a phone platform, and by what its caller may be known to the client of the line."""

    source: str
    external_id: str
    call: str
    client: str = ""
    identities: tuple[tuple[str, str], ...] = ()


class ArrivalView(Struct, frozen=True):
    """What is known when such an event comes: its first receipt, its call, who calls.

    `promised`: the callback that is outstanding for his number, '' for none.
    """

    first: FirstReceipt | None = None
    call: CallView | None = None
    caller: CallerView | None = None
    promised: str = ""


class ContactView(Struct, frozen=True, kw_only=True):
    id: str
    domain: str
    provider: str
    client: str
    lease: str
    customer: str
    medium: str
    view: str
    door: str
    address: str
    language: str
    subject: str
    tier: int
    complaint: bool
    origin: str
    conversation: str
    case: str
    external_id: str
    context: dict[str, Any]
    opened_at: int
    enqueued_at: int
    deadline: int
    state: str
    owner: str
    outcome: str
    released_by: str
    version: int
    answered_at: int | None = None
    ended_at: int | None = None


class ConversationView(Struct, frozen=True, kw_only=True):
    id: str
    provider: str
    client: str
    customer: str
    medium: str
    door: str
    thread: str
    address: str
    subject: str
    language: str
    contact: str
    last_seq: int
    opened_at: int
    closed_at: int | None = None


class MessageView(Struct, frozen=True, kw_only=True):
    conversation: str
    seq: int
    id: str
    contact: str
    sender: str
    agent: str
    message_id: str
    at: int
    text: str
    detail: dict[str, Any] = {}


class CallView(Struct, frozen=True):
    """A call, by the platform's name for it, and its life as the platform told it.

    `gone`: its caller has left, whether or not there was ever a contact. `over`: its contact has ended, which no later
    moment undoes. `instead_of`: the callback that its caller rather waits than is called back for.
    """

    call: str
    life: bytes
    version: int
    contact: str
    gone: bool = False
    over: bool = False
    instead_of: str = ""


class PromisedView(Struct, frozen=True, kw_only=True):
    """When a number will be called back, microseconds. `id`: its callback."""

    id: str
    client: str
    number: str
    window_from: int
    window_until: int


class CallbackView(Struct, frozen=True, kw_only=True):
    """A promised callback with all its attempts; `outcome` is empty until it has its one."""

    id: str
    provider: str
    client: str
    number: str
    contact: str
    line: str
    language: str
    requested_at: int
    window_from: int
    window_until: int
    state: str
    attempts: tuple[dict[str, Any], ...]
    outcome: str
    ended_by: str
    version: int
    ended_at: int | None = None


class UnwantedView(Struct, frozen=True, kw_only=True):
    client: str
    number: str
    provider: str
    added_at: int
    added_by: str
    reason: str


class CaseView(Struct, frozen=True, kw_only=True):
    id: str
    number: str
    provider: str
    client: str
    customer: str
    kind: str
    state: str
    owner: str
    subject: str
    opened_at: int
    due_at: int
    due_text: str
    provisional: bool
    calendar_version: str
    version: int
    body: dict[str, Any]
    breached_at: int | None = None
    closed_at: int | None = None


HISTORY: Final = 10
"""Earlier contacts on a card."""
CASES: Final = 20
"""Newest cases of a customer; the open ones of them are on a card."""


class PastContact(Struct, frozen=True, kw_only=True):
    """What a card shows of another contact of the same customer."""

    id: str
    medium: str
    opened_at: int
    state: str
    outcome: str
    owner: str
    subject: str


class OpenCase(Struct, frozen=True, kw_only=True):
    """What a card shows of a case; `level` is a complaint's."""

    id: str
    number: str
    kind: str
    state: str
    due_at: int
    subject: str
    level: int | None = None


class ScreenView(Struct, frozen=True, kw_only=True):
    """All that a card is made of, of one instant. History and cases newest first."""

    contact: ContactView
    customer: CustomerView | None = None
    history: tuple[PastContact, ...] = ()
    cases: tuple[OpenCase, ...] = ()


class ComplaintView(Struct, frozen=True, kw_only=True):
    case: str
    provider: str
    client: str
    contact: str
    accused: str
    level: int
    step: str
    accepted_by: str
    version: int
    body: dict[str, Any]
    accept_due: int | None = None
    decide_due: int | None = None
    decided_at: int | None = None


class OfferView(Struct, frozen=True, kw_only=True):
    id: str
    contact: str
    agent: str
    attempt: int
    made_at: int
    expires_at: int


class ConsultView(Struct, frozen=True, kw_only=True):
    """The second agent of an owned call: he is asked (his phone rings), or `talking`."""

    contact: str
    client: str
    agent: str
    owner: str
    talking: bool


class DeskView(Struct, frozen=True, kw_only=True):
    """An agent's desk at one instant: read in one transaction, so that `cursor` fits the rest."""

    agent: str
    cursor: int
    presence: Presence
    used_units: int
    capacity: int
    offers: tuple[OfferView, ...] = ()
    contacts: tuple[ContactView, ...] = ()
    consults: tuple[ConsultView, ...] = ()
    """Those of my calls, and those on which I am asked or talk."""


class QueueLine(Struct, frozen=True, kw_only=True):
    """One row of the live queue: a view of a client, by medium."""

    client: str
    view: str
    medium: str
    waiting: int
    offered: int
    active: int
    wrap_up: int
    oldest_wait_s: float
    breached: int
    by_tier: tuple[int, int, int, int]
    held: int = 0
    """Of the waiting: callbacks whose window has not begun. Nobody may take them yet."""


class SaidWait(Struct, frozen=True, kw_only=True):
    """The newest estimate that a contact of this tier was told on entering the view, in microseconds (estimate.py)."""

    client: str
    view: str
    medium: str
    tier: int
    place: int
    expected: int
    at_most: int
    at: int


class SeatLine(Struct, frozen=True, kw_only=True):
    """One lease's people by presence."""

    client: str
    lease: str
    ready: int
    not_ready: int
    not_responding: int
    busy: int


class OutboxItem(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    provider: str
    client: str
    contact: str
    payload: AnyOutbound
    attempts: int
    created_at: int
    not_after: int | None = None
    outcome: str = ""
    """What the last try said; `dead` once it was given up (`done_at` says when)."""
    done_at: int | None = None
    dead: bool = False


class WebhookStop(Struct, frozen=True, kw_only=True):
    """A receiver that wants no more: it answered 410 Gone at this address."""

    provider: str
    webhook: str
    url: str
    reason: str
    at: int


class DecidedFacts(Struct, frozen=True):
    """A stretch of a domain's log: all facts of the decisions up to and with `through`, in order."""

    through: int
    facts: tuple[Fact, ...] = ()


class DueTimer(Struct, frozen=True, kw_only=True):
    id: str
    kind: str
    provider: str
    client: str
    subject: str
    owner: str
    due_at: int


class Pending(Struct, frozen=True, kw_only=True):
    """An event that waits for its router. `bad` is set when its stored form cannot be read any more."""

    row: int
    event: AnyEvent | None
    received_at: int
    reply_to: str = ""
    bad: str = ""


class Ownership(Struct, frozen=True):
    """A router's right to its domain: the epoch that fences its writes, and where its log stands."""

    epoch: int
    last_seq: int
    arrivals: int
    why: str = ""
    """How it was had: free | handover | expired | restarted (the database server) | again (our own, a new epoch)."""
    before: str = ""
    """Who held it until then; '' when nobody did."""


class DomainSeen(Struct, frozen=True):
    """Who holds a configured domain. `free_in_s`: seconds until another may take it, by the database's clock.

    Zero or less: it has been without an owner for so long. `heir` may take it at once.
    """

    domain: str
    owner: str
    heir: str
    free_in_s: float


class Seen(Struct, frozen=True):
    """The router processes that are alive, sorted, and every configured domain, as the database has them at once."""

    nodes: tuple[str, ...]
    domains: tuple[DomainSeen, ...]


class StuckRow(Struct, frozen=True):
    """Something beyond its deadline: what it is called, and the instant it was due, in microseconds."""

    provider: str
    id: str
    since: int


class Loaded(Struct, frozen=True):
    """The open rows of a domain with their versions: what a router starts from."""

    records: tuple[tuple[Record, int], ...]
    presences: tuple[Presence, ...]
    desk_seqs: dict[str, int]
    fresh: tuple[tuple[str, int], ...] = ()
    """Contacts that intake opened and no router has seen: (id, version)."""


class LoggedEvent(Struct, frozen=True, kw_only=True):
    """One decided event of the log, for replay."""

    seq: int
    epoch: int
    at: int
    event: bytes
    effects_hash: bytes
    problem: str = ""


class SnapshotMark(Struct, frozen=True, order=True):
    """A kept snapshot: the domain as it was after event `seq`, in this epoch, at this instant."""

    seq: int
    epoch: int
    at: int
