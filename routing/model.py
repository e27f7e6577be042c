"""The words of the routing core: configuration, contacts, offers and presences as values.

Times are integer microseconds since the epoch, UTC. Collections are sorted tuples, never sets or dicts, so
that the encoded form of a value is the same in every process (replay compares bytes).
"""

from __future__ import annotations

from enum import IntEnum, StrEnum
from typing import Final

from msgspec import Struct

Micros = int
Needs = tuple[tuple[str, int], ...]
"""Required skills with the least level of each, sorted by skill: (("lang:yue", 3), ("tv", 1))."""


class Medium(StrEnum):
    """How a contact reaches us; capacity is counted per medium."""

    VOICE = "voice"
    CHAT = "chat"
    MAIL = "mail"
    CALLBACK = "callback"

    # The enum's own hash is a Python function; this one is C, and media are looked up in every decision.
    __hash__ = str.__hash__


MEDIA = tuple(Medium)
MEDIUM_NO: Final = {medium: number for number, medium in enumerate(MEDIA)}
"""Masks and lines are kept in lists by this number."""


class Tier(IntEnum):
    """The customer pyramid, best first (C04)."""

    PLATINUM = 0
    GOLD = 1
    IRON = 2
    LEAD = 3


class PresenceState(StrEnum):
    OFFLINE = "offline"
    READY = "ready"
    NOT_READY = "not_ready"
    NOT_RESPONDING = "not_responding"


class Status(StrEnum):
    """Where an open contact stands. An ended contact leaves the state."""

    WAITING = "waiting"
    OFFERED = "offered"
    ACTIVE = "active"
    WRAP_UP = "wrap_up"


class Outcome(StrEnum):
    """How an offer ended; each has its own penalty and its own metric."""

    ACCEPTED = "accepted"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    UNREACHABLE = "unreachable"
    CUSTOMER_LEFT = "customer_left"
    WITHDRAWN = "withdrawn"


class End(StrEnum):
    """How a contact left the queue for good."""

    FINISHED = "finished"
    ABANDONED = "abandoned"
    BLOCKED = "blocked"
    OVERFLOWED = "overflowed"
    TO_CALLBACK = "to_callback"
    CLOSED = "closed"


# --- configuration -----------------------------------------------------------------------------------


class RingStep(Struct, frozen=True, gc=False):
    """From `after` on the line clock, `ring` phones ring in all (B01); the ladder is additive."""

    after: Micros
    ring: int


class RingPlan(Struct, frozen=True, gc=False, omit_defaults=True):
    """How a contact is offered. For text media one step and the life of the offer."""

    id: str
    cycle: Micros
    steps: tuple[RingStep, ...]
    offer_life: Micros
    parallel_max: int = 5


class RelaxStep(Struct, frozen=True, gc=False, omit_defaults=True):
    """After this long in the queue these needs hold instead of the original ones.

    With `lease` it is also open to the agents of that second lease of the same client, while this step is in
    force. Agents of its own lease come first; the call keeps using its own lease's line.
    """

    after: Micros
    needs: Needs
    lease: str = ""


class Lease(Struct, frozen=True, gc=False):
    """Seats of the provider that serve one client only (M03): `lines` and `people`, half-open term."""

    id: str
    client: str
    lines: int
    people: int
    starts: Micros
    ends: Micros


class Agent(Struct, frozen=True, gc=False, omit_defaults=True):
    """Who can be offered work: the public number, skills with levels, the lease of the seat, capacity."""

    id: str
    number: str
    lease: str
    skills: Needs
    capacity: int
    media: tuple[Medium, ...] = (Medium.VOICE, Medium.CHAT, Medium.MAIL, Medium.CALLBACK)


class MediumRules(Struct, frozen=True, gc=False, omit_defaults=True):
    """What one medium costs and promises. `max_wait` has one bound per tier, best tier first."""

    medium: Medium
    units: int
    wrap_up: Micros
    urgent_before: Micros
    max_wait: tuple[Micros, Micros, Micros, Micros]
    transfer_wait: Micros = 20_000_000
    """How long a transfer to one agent waits for him before anyone may take it."""
    late_is_urgent: bool = True
    """Past its deadline a contact stays in band 1; if not, it goes to the end of its tier in band 2."""


class QueueRule(Struct, frozen=True, gc=False, omit_defaults=True):
    """Bounds of one view of one lease, for calls and chats; 0 is no bound. Mails and callbacks always queue (B18).

    A contact that finds `max_length` waiting is blocked; one that waits `max_wait` while nobody's phone rings for
    it leaves the queue. `answer` is what it gets instead: voicemail, callback, ivr or message; empty for the
    contact's own treatment.
    """

    lease: str
    view: str
    max_length: int = 0
    max_wait: Micros = 0
    answer: str = ""


class Config(Struct, frozen=True, gc=False, omit_defaults=True):
    """One numbered, immutable version of a provider's routing configuration."""

    version: int
    leases: tuple[Lease, ...]
    plans: tuple[RingPlan, ...]
    agents: tuple[Agent, ...]
    media: tuple[MediumRules, ...]
    queues: tuple[QueueRule, ...] = ()
    not_responding_for: Micros = 60_000_000
    back_off: Micros = 2_000_000
    grace: Micros = 30_000_000


# --- what moves --------------------------------------------------------------------------------------


class Contact(Struct, frozen=True, gc=False, omit_defaults=True):
    """One unit of queueing, as it was when it entered or was last changed by an event.

    `enqueued_at` is its place in the queue and survives transfers, callbacks and disconnections;
    `clock_from` starts the customer's clock; `deadline` ends it (domain rules in services, not here).
    """

    id: str
    client: str
    lease: str
    medium: Medium
    tier: Tier
    enqueued_at: Micros
    clock_from: Micros
    deadline: Micros
    plan: str
    view: str = ""
    complaint: bool = False
    needs: Needs = ()
    relax: tuple[RelaxStep, ...] = ()
    preferred: str = ""
    preferred_until: Micros = 0
    origin: str = ""
    treatment: str = "voicemail"
    """What a blocked call gets: ivr, voicemail or callback."""
    opens_at: Micros = 0
    """When its view opens again, if it came outside the hours: a call or chat is blocked until then. A callback is held
    until its promised window begins: it has its place, and nobody is asked."""
    handle: str = ""
    """How the shell reaches the customer's side; opaque here, handed back with every effect."""


class Offer(Struct, frozen=True, gc=False, omit_defaults=True):
    """A timed invitation of one contact to one agent. The id derives from contact, attempt and agent."""

    id: str
    contact: str
    agent: str
    attempt: int
    made_at: Micros
    expires_at: Micros
    device: str = ""
    role: str = ""
    """`consult`: a second agent is asked to talk with the owner of a call; empty: the contact looks for its owner."""


class Record(Struct, frozen=True, gc=False, omit_defaults=True):
    """An open contact with all that routing knows of it: what a restart needs to go on."""

    contact: Contact
    arrival: int
    status: Status = Status.WAITING
    attempts: int = 0
    offers: tuple[Offer, ...] = ()
    owner: str = ""
    answered_at: Micros = 0
    wrap_until: Micros = 0
    relaxed: int = 0
    breached: bool = False
    declined: tuple[str, ...] = ()
    """Agents who declined or missed it, sorted; asked again only when nobody else remains."""
    consult: Offer | None = None
    """The second agent whom the owner of a call consults: his offer, also once he has answered it."""
    consult_since: Micros = 0
    """When he answered; 0 while his phone rings."""
    dialled: bool = False
    """Of a callback: its owner has its customer called, and it stays with him like a call (A04)."""


class Presence(Struct, frozen=True, gc=False, omit_defaults=True):
    """An agent as routing sees him. `until` is when a timed state returns to ready by itself."""

    agent: str
    state: PresenceState = PresenceState.OFFLINE
    reason: str = ""
    device: str = ""
    since: Micros = 0
    until: Micros = 0
    idle_since: Micros = 0
    back_off_until: Micros = 0
    misses: int = 0
    connected: bool = False
    grace_until: Micros = 0


class Snapshot(Struct, frozen=True, gc=False, omit_defaults=True):
    """A whole routing domain as one value, sorted by id; `restore(snapshot)` is how every router starts."""

    config: Config
    now: Micros
    arrivals: int
    records: tuple[Record, ...] = ()
    presences: tuple[Presence, ...] = ()
