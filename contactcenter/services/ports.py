"""What the services need from the outside. Storage and realtime implement these; twins stand in for them in tests.

Every read that can meet customer data takes a `Scope`. Each method is one transaction.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Sequence
from typing import Protocol

from contactcenter.domain.configuration import Document
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Applied, Batch, Changes, Outgoing
from contactcenter.services.views import (
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
    DecidedFacts,
    DeskView,
    DueTimer,
    FirstReceipt,
    Loaded,
    LoggedEvent,
    MessageView,
    OutboxItem,
    Ownership,
    Pending,
    Principal,
    PromisedView,
    QueueLine,
    SaidWait,
    Scope,
    ScreenView,
    SeatLine,
    Seen,
    SnapshotMark,
    StuckRow,
    UnwantedView,
    WebhookStop,
)
from routing.effects import AnyEffect


class AlreadyReceived(Exception):
    """This (source, external id) was stored before; `first` is what was answered then."""

    def __init__(self, first: FirstReceipt) -> None:
        super().__init__("already received")
        self.first = first


class RoutingStore(Protocol):
    """What a router needs: its lease, its events, its rows. Raises LeaseLost and StaleWrite."""

    async def acquire(self, domain: str, owner: str, ttl_s: float, grace_s: float = 0.0) -> Ownership | None:
        """Take the domain if it is free or its lease ran out; raises its epoch. None while another holds it.

        With `grace_s` it must have been without an owner for so long, unless `owner` is the heir that the last
        owner named. A lease that is older than the database server's start is free at once (decisions row 23).
        """
        ...

    async def renew(self, domain: str, owner: str, epoch: int, ttl_s: float) -> bool:
        """False when the epoch is no longer ours."""
        ...

    async def release(self, domain: str, owner: str, epoch: int, heir: str = "") -> None:
        """Give it up; `heir` may take it at once, everybody else after his grace."""
        ...

    async def load(self, domain: str) -> Loaded:
        """Everything open, in no particular order."""
        ...

    async def pending(self, domain: str, limit: int) -> list[Pending]:
        """Events without a number, oldest first."""
        ...

    async def commit(self, batch: Batch) -> None:
        """All or nothing, in one transaction. Checks the epoch FOR SHARE, that `first_seq` follows the domain's
        last number, and every contact's version. LeaseLost or StaleWrite: nothing was written."""
        ...

    async def save_snapshot(self, domain: str, mark: SnapshotMark, snapshot: bytes) -> None:
        """Kept once: a second one of the same event and epoch is dropped."""
        ...

    async def snapshot_marks(self, domain: str) -> list[SnapshotMark]:
        """All that are kept, oldest first, without what they hold."""
        ...

    async def snapshot(self, domain: str, mark: SnapshotMark) -> bytes:
        """What a mark of `snapshot_marks` holds. Raises NotFound."""
        ...

    def log(self, domain: str, since_seq: int, until_seq: int | None = None) -> AsyncIterator[LoggedEvent]:
        """The decided events after `since_seq` up to and with `until_seq`, in order."""
        ...


class NodeStore(Protocol):
    """Which router processes are alive, by the database's clock: domains are shared out among them."""

    async def beat(self, node: str, ttl_s: float) -> Seen:
        """This node counts as alive for so long. Returns what is seen right after."""
        ...

    async def leave(self, node: str) -> None:
        """Gone at once: nothing is meant for it any more."""
        ...


class ChangeStore(Protocol):
    async def apply(self, changes: Changes) -> Applied:
        """All or nothing. Raises AlreadyReceived for a known receipt, StaleWrite for a lost race.

        Many may be asked for at once and are then written together; each succeeds or fails as if alone.
        """
        ...

    def waiting(self) -> tuple[int, float]:
        """How many changes of this process wait to be written, and for how many seconds the first of them."""
        ...

    async def first_receipt(self, source: str, external_id: str) -> FirstReceipt | None: ...

    async def next_number(self, client: str, name: str) -> int:
        """The next of a client's short numbers (cases); gaps are allowed, repeats are not."""
        ...


class IntakeReads(Protocol):
    """What intake looks at before it decides; all confined to one client or one door."""

    async def caller(self, client: str, identities: tuple[tuple[str, str], ...]) -> CallerView | None:
        """The customer of the first (kind, value) that is known; without his records."""
        ...

    async def call(self, source: str, call: str) -> CallView | None: ...

    async def arrival(self, arriving: Arriving) -> ArrivalView:
        """Its first receipt, `call` and `caller` in one look."""
        ...

    async def open_calls(self, source: str) -> list[CallView]:
        """The calls of a platform that may still be there, for the new owner of its connection: by their contact's id.

        Those whose contact has not ended, and of the last day those of whose own end nothing was heard.
        """
        ...

    async def conversation_by_thread(self, door: str, thread: str) -> ConversationView | None: ...

    async def conversation_by_messages(self, client: str, message_ids: Sequence[str]) -> ConversationView | None:
        """The mail thread that one of these Message-IDs belongs to."""
        ...

    async def open_callback(self, client: str, number: str) -> ContactView | None: ...

    async def outstanding_callback(self, client: str, number: str) -> CallbackView | None:
        """The promise to this number that has no outcome yet, also between two attempts."""
        ...

    async def outstanding_callbacks(self, clients: Sequence[str]) -> list[PromisedView]:
        """The windows of all promises of these clients that have no outcome yet, by client and number."""
        ...

    async def dialling(self, provider: str, before: int) -> list[ContactView]:
        """The open contacts of callbacks that were dialled before this instant and have no result yet, by id."""
        ...

    async def unwanted(self, client: str, number: str) -> UnwantedView | None:
        """The entry of the client's do-not-call list."""
        ...

    async def backlogs(self, domains: Sequence[str], most: int) -> dict[str, Backlog]:
        """The events of each domain that wait to be decided, counted to `most`."""
        ...


class Reads(Protocol):
    """Views for agents, supervisors, clients and operators. Not found and not allowed look the same: None."""

    async def contact(self, scope: Scope, contact: str) -> ContactView | None: ...

    async def screen(self, scope: Scope, contact: str) -> ScreenView | None:
        """The contact with its customer, his HISTORY newest other contacts, and what is open of his CASES newest cases.

        Without a customer: no history, and the contact's own case while it is open.
        """
        ...

    async def contacts(
        self, scope: Scope, *, limit: int, before: str = "", customer: str = "", state: str = ""
    ) -> list[ContactView]:
        """Newest first; `before` is the last id of the page before."""
        ...

    async def facts_of_contact(self, scope: Scope, contact: str) -> list[Fact]: ...

    async def callback(self, scope: Scope, callback: str) -> CallbackView | None: ...

    async def callbacks(self, scope: Scope, *, limit: int, before: str = "", state: str = "") -> list[CallbackView]:
        """Newest first; `before` is the last id of the page before."""
        ...

    async def all_unwanted(self, scope: Scope, *, limit: int, after: str = "") -> list[UnwantedView]:
        """By client and number; `after` is `client|number` of the last of the page before."""
        ...

    async def long_talks(self, scope: Scope, since: int) -> list[ContactView]:
        """Calls that are talked on and were answered at or before this instant, the longest first."""
        ...

    async def facts_of_case(self, scope: Scope, case: str) -> list[Fact]: ...

    async def facts_of_event(self, domain: str, dedupe: str) -> list[Fact] | None:
        """What the event stored under this key decided; None while it waits, or where there is no such event."""
        ...

    def facts_between(self, scope: Scope, since: int, until: int, kinds: Sequence[str] = ()) -> AsyncIterator[Fact]:
        """In order of time; empty `kinds` means all."""
        ...

    async def customer(self, scope: Scope, customer: str) -> CustomerView | None:
        """With identities and the newest 20 records of the four histories."""
        ...

    async def find_customer(self, scope: Scope, kind: str, value: str) -> CustomerView | None: ...

    async def conversation(self, scope: Scope, conversation: str) -> ConversationView | None: ...

    async def messages(
        self, scope: Scope, conversation: str, *, after: int = 0, limit: int = 200
    ) -> list[MessageView]: ...

    async def case(self, scope: Scope, case: str) -> CaseView | None: ...

    async def cases(
        self, scope: Scope, *, limit: int, customer: str = "", state: str = "", before: str = ""
    ) -> list[CaseView]: ...

    async def complaint(self, scope: Scope, case: str) -> ComplaintView | None: ...

    async def complaints(
        self, scope: Scope, *, level: int | None = None, open_only: bool = True
    ) -> list[ComplaintView]: ...

    async def desk(self, provider: str, agent: str) -> DeskView | None: ...

    async def desks(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], DeskView]:
        """Many desks by (provider, agent), all of one instant; who was never here is missing."""
        ...

    async def queue_lines(self, scope: Scope, now: int) -> list[QueueLine]: ...

    async def said_waits(self, scope: Scope, since: int) -> list[SaidWait]:
        """What the last few hundred contacts were told on entering: the newest by view, tier, and at once or not."""
        ...

    async def seat_lines(self, scope: Scope) -> list[SeatLine]: ...

    async def counts_since(self, scope: Scope, since: int) -> dict[str, int]:
        """Facts by kind (and `contact.ended.<how>`, `offer.ended.<outcome>`) since an instant."""
        ...

    async def kept_mail(self, scope: Scope, limit: int) -> list[OutboxItem]: ...


class DoorReads(IntakeReads, Reads, Protocol):
    """What the doors' use cases look at: one object, both views."""


class AccessStore(Protocol):
    async def principal(self, token_hash: bytes, now: int) -> Principal | None:
        """None for unknown, expired or revoked."""
        ...

    async def principals(self, token_hashes: Sequence[bytes], now: int) -> dict[bytes, Principal]:
        """Many at once; who may not come in is missing."""
        ...

    async def add_token(self, token_hash: bytes, principal: Principal, now: int) -> None: ...

    async def revoke_subject(self, provider: str, subject: str, now: int) -> int: ...

    async def has_tokens(self, provider: str) -> bool: ...


class ConfigurationStore(Protocol):
    async def latest(self, provider: str) -> tuple[int, Document] | None: ...

    async def version(self, provider: str, version: int) -> Document | None: ...

    async def providers(self) -> list[str]: ...

    async def save(self, provider: str, version: int, document: Document, by: str, now: int) -> None:
        """Raises StaleWrite when the version exists."""
        ...


class OutboxStore(Protocol):
    async def due(
        self, now: int, limit: int, lease_s: float, kinds: Sequence[str] = (), sources: Sequence[str] | None = None
    ) -> list[OutboxItem]:
        """Claims sendings that are due, oldest first: each is ours for `lease_s` seconds (SKIP LOCKED).

        `attempts` counts this claim already. Empty `kinds` means all. With `sources` phone commands of others
        are left alone, unless they are of no use to anybody any more.
        """
        ...

    async def done(self, item: str, outcome: str, now: int, *, dead: bool = False) -> None:
        """It is over; `dead` when it was given up instead of sent."""
        ...

    async def dead(self, scope: Scope, limit: int, before: str = "") -> list[OutboxItem]:
        """What was given up, newest first; `before` is the last id of the page before."""
        ...

    async def sending(self, scope: Scope, item: str) -> OutboxItem | None: ...

    async def revive(self, item: str, now: int) -> bool:
        """Due again, as if it had never been tried; False when it is not dead, or of no more use."""
        ...

    async def retry(self, item: str, outcome: str, next_at: int) -> None: ...

    async def backlog(self) -> int: ...


class WebhookStore(Protocol):
    """How far a domain's facts have become webhooks, and which receivers want no more."""

    async def begin(self, domain: str, now: int) -> int:
        """The number up to which facts were handed over; for a new one the domain's last: the past is not told."""
        ...

    async def forget(self, domain: str) -> None:
        """Nobody listens any more."""
        ...

    async def decided(self, domain: str, after: int, limit: int) -> DecidedFacts:
        """The facts of at most `limit` decisions after this number. Gapless: no late commit can be skipped."""
        ...

    async def hand_over(self, domain: str, *, after: int, through: int, rows: Sequence[Outgoing], now: int) -> bool:
        """Queue these and move on, in one transaction; False when another was faster, and nothing was written."""
        ...

    async def stops(self) -> list[WebhookStop]: ...

    async def stop(self, stop: WebhookStop) -> None: ...

    async def resume(self, provider: str, webhook: str) -> bool: ...


class LeaseStore(Protocol):
    """Leases by name, by the database's clock: who owns a connection that bears only one owner."""

    async def acquire(self, name: str, owner: str, ttl_s: float) -> int | None:
        """Its new epoch; None while another holds it. A lease from before the server's start is free at once."""
        ...

    async def renew(self, name: str, owner: str, epoch: int, ttl_s: float) -> bool:
        """False when the epoch is no longer ours."""
        ...

    async def release(self, name: str, owner: str, epoch: int) -> None: ...


class TimerStore(Protocol):
    async def due(self, now: int, limit: int) -> list[DueTimer]:
        """Due and not fired, earliest first. The service that handles one fires it in the same Changes."""
        ...


class AttendanceStore(Protocol):
    """Which gateways hold sockets of which agents, by the database's clock (migration 0004)."""

    async def beat(self, node: str) -> bool:
        """This gateway is alive. True when it was not known: new, or given up while it was silent."""
        ...

    async def move(self, node: str, moves: Sequence[tuple[str, str, bool]], now: int) -> list[str]:
        """(provider, agent, here): this gateway holds the agent's sockets, or no longer.

        An agent's first gateway and his last become events of his domain, in the same transaction and in the order
        of his row. Each agent at most once. Returns the domains that have something to decide.
        """
        ...

    async def silent(self, for_s: float) -> list[str]:
        """Gateways that were not heard of for so long, and those that rows name though nobody knows them."""
        ...

    async def give_up(self, nodes: Sequence[str], for_s: float, now: int) -> list[str]:
        """These gateways hold nobody any more, unless one was heard of meanwhile. Returns the domains to wake."""
        ...

    async def attending(self, provider: str, agent: str) -> tuple[str, ...]:
        """The gateways that hold this agent's sockets."""
        ...


class StuckStore(Protocol):
    """What is beyond its deadline, by kind (services/stuck.py)."""

    async def stuck(self, what: str, before: int) -> list[StuckRow]:
        """Rows of this kind that were due before the instant: at most 100."""
        ...

    async def end_orphans(self, assignments: Sequence[str]) -> None:
        """End agents' parts in contacts that have ended; others are left alone."""
        ...


class Subscription(Protocol):
    """One listener. Used as an async context manager; iterating yields payloads in the order of publishing."""

    async def __aenter__(self) -> Subscription: ...

    async def __aexit__(self, *exc: object) -> None: ...

    def __aiter__(self) -> AsyncIterator[bytes]: ...


class Listener(Protocol):
    async def stop(self) -> None: ...


class Bus(Protocol):
    """Pushes and wake-up hints between parts and processes. Lossy by contract: truth is re-read after a gap.

    Topics: `domain:<provider>` (events wait), `desk:<agent>` (frames of a desk), `conversation:<id>`,
    `node:<name>` (answers for one process), `live:<provider>` (queues changed), `outbox` (something to send),
    `owner:<provider>` (the domain was given up).
    """

    async def publish(self, topic: str, payload: bytes = b"") -> None: ...

    def subscribe(self, *topics: str) -> Subscription: ...

    async def listen(self, topic: str, heard: Callable[[bytes], None]) -> Listener:
        """`heard` is called with every payload from now on, without a task or a queue: it must not wait."""
        ...

    def on_gap(self, callback: Callable[[], None]) -> None:
        """Called when pushes may have been lost (a reconnect): every listener must look for itself."""
        ...


class Answer(Protocol):
    """One awaited answer; waiting begins with entering the context."""

    async def __aenter__(self) -> Answer: ...

    async def __aexit__(self, *exc: object) -> None: ...

    async def wait(self, timeout_s: float) -> tuple[AnyEffect, ...] | None:
        """The effects of the event; None when nothing was heard in time."""
        ...


class Replies(Protocol):
    """How a process waits for what a router decided about something it has just stored."""

    @property
    def node(self) -> str: ...

    def expect(self, key: str) -> Answer:
        """Enter it before the event is stored."""
        ...
