"""What moves, as the router holds it in memory: a `Work` per open contact and a `Desk` per agent.

Both are mutable and belong to one State. `record()` and `presence()` give the values that are stored; all
other fields follow from those and from the configuration.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import astuple

from routing.layout import Layout
from routing.members import ACTIVE, CALLBACK, OFFERED, READY, WAITING
from routing.model import (
    MEDIUM_NO,
    Agent,
    Contact,
    Medium,
    Micros,
    Needs,
    Offer,
    Presence,
    Record,
)
from routing.order import Line, Ranked
from routing.overflow import leaves_at
from routing.pools import Member, Signature
from routing.rings import FALLBACK
from routing.skills import held
from routing.timers import AGENTS
from routing.views import Queue

all_of: Final = astuple


class Work(Ranked):
    """An open contact. `key`, `shelf`, `second_shelf` and `queue` say where it stands in the indexes.

    What decisions read of the contact is kept beside it (`renew`), together with what follows from it and the
    configuration: its own fields, like those of every Struct, are dearer for compiled code and lie elsewhere in memory.
    `signature` and `second` are looked up when `signature` is None.
    """

    __slots__ = (
        "answered_at",
        "arrival",
        "attempts",
        "band",
        "breached",
        "clock_from",
        "complaint",
        "consult",
        "consult_since",
        "contact",
        "declined",
        "dialled",
        "enqueued_at",
        "expected",
        "fan_of",
        "id",
        "ladder",
        "lease",
        "medium_no",
        "needs",
        "not_before",
        "offers",
        "overflow_at",
        "owner",
        "plan",
        "pool",
        "preferred_until",
        "queue",
        "queue_line",
        "relaxations",
        "relaxed",
        "second",
        "second_shelf",
        "shelf",
        "signature",
        "status",
        "step",
        "terms",
        "told_at",
        "told_place",
        "view",
        "wrap_until",
    )

    id: str
    lease: str
    enqueued_at: Micros
    clock_from: Micros
    plan: str
    view: str
    complaint: bool
    needs: Needs

    def __init__(self, contact: Contact, arrival: int, layout: Layout) -> None:
        super().__init__(arrival)
        self.arrival = arrival
        self.renew(contact, layout)
        self.medium_no = self.terms.medium_no
        self.expected: Micros = 0
        self.told_place = 0
        self.told_at: Micros = 0
        self.status = WAITING
        self.attempts = 0
        self.offers: tuple[Offer, ...] = ()
        self.owner = ""
        self.answered_at = 0
        self.wrap_until = 0
        self.relaxed = 0
        self.breached = False
        self.declined: tuple[str, ...] = ()
        self.consult: Offer | None = None
        self.consult_since: Micros = 0
        self.dialled = False
        self.signature: Signature | None = None
        self.second: Signature | None = None
        self.band = 0
        self.step = 0
        self.shelf: Line | None = None
        self.second_shelf: Line | None = None
        self.queue: Queue | None = None
        self.fan_of: Desk | None = None

    @classmethod
    def adopted(cls, record: Record, layout: Layout) -> Work:
        """The contact of a stored row."""
        work = cls(record.contact, record.arrival, layout)
        work.status = record.status
        work.attempts = record.attempts
        work.offers = record.offers
        work.owner = record.owner
        work.answered_at = record.answered_at
        work.wrap_until = record.wrap_until
        work.relaxed = record.relaxed
        work.breached = record.breached
        work.declined = record.declined
        work.consult = record.consult
        work.consult_since = record.consult_since
        work.dialled = record.dialled
        return work

    def renew(self, contact: Contact, layout: Layout) -> None:
        """The contact as it is from now on, and what follows from it and the configuration."""
        medium: Medium
        tier: int
        until: Micros
        opens_at: Micros
        (
            self.id, _, self.lease, medium, tier, self.enqueued_at, self.clock_from, self.deadline, self.plan,
            self.view, self.complaint, self.needs, relax, preferred, until, _, _, opens_at, _,
        ) = all_of(contact)  # fmt: skip
        self.contact = contact
        self.terms = layout.terms[medium][tier]
        self.preferred_until = until if preferred else 0
        self.not_before = opens_at if medium is CALLBACK else 0
        self.relaxations = len(relax)
        self.ladder = layout.ladders.get(self.plan, FALLBACK)
        self.pool = pool = layout.pool(self.lease)
        self.queue_line = queue = layout.queue(pool, self.view)
        self.overflow_at = leaves_at(queue, self.terms, self.enqueued_at)

    @property
    def is_call(self) -> bool:
        return self.terms.is_call

    def is_anybody_free(self) -> bool:
        """A quick look before anything is compared: most who arrive in a long queue find nobody who could take it."""
        signature, second = self.signature, self.second
        if signature is not None and signature.is_anybody_free(self.medium_no):
            return True
        return second is not None and second.is_anybody_free(self.medium_no)

    def is_talk(self) -> bool:
        """Does its owner speak with the customer on the phone, or ring him? Then it stays with its leg."""
        return self.status is ACTIVE and (self.is_call or self.dialled)

    def is_loose(self) -> bool:
        """Nobody owns it yet."""
        return self.status is WAITING or self.status is OFFERED

    def rings(self) -> tuple[Offer, ...]:
        """Every offer that has no outcome yet, also that of a consult."""
        return self.offers if self.consult is None or self.consult_since else (self.consult,)

    def is_consulting(self, agent: str) -> bool:
        """Does this agent talk on it as the second one?"""
        return self.consult is not None and self.consult_since > 0 and self.consult.agent == agent

    def offer_to(self, agent: str) -> Offer | None:
        for offer in self.offers:
            if offer.agent == agent:
                return offer
        return None

    def decline(self, agent: str) -> None:
        """Ask this agent again only when nobody else remains."""
        if agent not in self.declined:
            self.declined = tuple(sorted((*self.declined, agent)))

    def record(self) -> Record:
        return Record(
            contact=self.contact,
            arrival=self.arrival,
            status=self.status,
            attempts=self.attempts,
            offers=self.offers,
            owner=self.owner,
            answered_at=self.answered_at,
            wrap_until=self.wrap_until,
            relaxed=self.relaxed,
            breached=self.breached,
            declined=self.declined,
            consult=self.consult,
            consult_since=self.consult_since,
            dialled=self.dialled,
        )


class Desk(Member):
    """An agent: configuration, presence, and what he carries.

    `offers`, `owned` and `consults` (calls of colleagues on which he talks) are keyed by arrival number. `free_flags`
    are the media that he could be offered now, one bit each; `bit` is his own place in the masks of his pool. An agent
    who left the configuration keeps a desk, not `listed`, only while he still has work.
    """

    __slots__ = (
        "back_off_until",
        "capacity",
        "connected",
        "consults",
        "device",
        "fans",
        "free_flags",
        "grace_until",
        "lease",
        "line",
        "listed",
        "misses",
        "offers",
        "owned",
        "present",
        "rank",
        "reason",
        "since",
        "spec",
        "staffed",
        "state",
        "until",
    )

    def __init__(self, spec: Agent, presence: Presence, *, listed: bool) -> None:
        super().__init__(AGENTS)
        self.configure(spec, listed=listed)
        self.adopt(presence)
        self.offers: dict[int, Offer] = {}
        self.owned: dict[int, Work] = {}
        self.consults: dict[int, Work] = {}
        self.forget_places()

    def configure(self, spec: Agent, *, listed: bool) -> None:
        self.spec = spec
        self.id = spec.id
        self.rank = f"{spec.number}\0{spec.id}"
        """Agents in the order of their public numbers; the id decides only if two share one."""
        self.lease = spec.lease
        self.capacity = spec.capacity
        self.listed = listed
        self.skills = held(spec.skills)
        self.medium_flags = sum({1 << MEDIUM_NO[medium] for medium in spec.media})

    def adopt(self, presence: Presence) -> None:
        self.state = presence.state
        self.reason = presence.reason
        self.device = presence.device
        self.since = presence.since
        self.until = presence.until
        self.idle_since = presence.idle_since
        self.back_off_until = presence.back_off_until
        self.misses = presence.misses
        self.connected = presence.connected
        self.grace_until = presence.grace_until

    def forget_places(self) -> None:
        """Out of every index, as before the first placing."""
        self.forget_pool()
        self.free_flags = 0
        self.present = False
        self.staffed = False
        self.line = Line()
        self.fans: dict[int, Work] = {}

    def handles(self, medium: Medium) -> bool:
        return bool(self.medium_flags >> MEDIUM_NO[medium] & 1)

    def has_work(self) -> bool:
        """Anything that must end before he may be forgotten."""
        return bool(self.offers or self.owned or self.consults)

    def is_ready(self) -> bool:
        return self.state is READY

    def is_present(self) -> bool:
        """Could be offered work, were he not busy."""
        return self.is_ready() and self.connected

    def timed(self) -> bool:
        """Might something about him happen by itself?"""
        return bool(self.until or self.back_off_until or self.grace_until)

    def rest(self, now: Micros) -> None:
        """He is idle from now on: last in the order of idleness."""
        self.idle_since = now
        if self.pool is not None:
            self.pool.idle.move_to_end(self.id)

    def carry(self, units: int) -> None:
        """Add units to his load, or take them off (negative)."""
        self.load += units
        if self.pool is not None:
            self.pool.load_changed(self)

    def presence(self) -> Presence:
        return Presence(
            agent=self.spec.id,
            state=self.state,
            reason=self.reason,
            device=self.device,
            since=self.since,
            until=self.until,
            idle_since=self.idle_since,
            back_off_until=self.back_off_until,
            misses=self.misses,
            connected=self.connected,
            grace_until=self.grace_until,
        )


def stranger(agent: str) -> Agent:
    """What is left of an agent whom the configuration no longer knows: a name, and room for nothing."""
    return Agent(id=agent, number="", lease="", skills=(), capacity=0, media=())
