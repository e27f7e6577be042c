"""What moves, as the router holds it in memory: a `Work` per open contact and a `Desk` per agent.

Both are mutable and belong to one State. `record()` and `presence()` give the values that are stored; all
other fields follow from those and from the configuration.
"""

from __future__ import annotations

from routing.leases import is_staffed
from routing.model import Agent, Contact, Medium, Micros, Offer, Presence, PresenceState, Record, Status
from routing.order import NEVER, Key, Line
from routing.pools import Pool, Signature
from routing.skills import held

LOOSE = (Status.WAITING, Status.OFFERED)


class Work:
    """An open contact. `key`, `shelf` and `queue` say where it stands in the indexes."""

    __slots__ = (
        "answered_at",
        "arrival",
        "attempts",
        "band",
        "breached",
        "contact",
        "declined",
        "fan_of",
        "key",
        "offers",
        "owner",
        "pool",
        "queue",
        "relaxed",
        "shelf",
        "signature",
        "status",
        "step",
        "wake",
        "wrap_until",
    )

    def __init__(self, record: Record, pool: Pool) -> None:
        self.contact: Contact = record.contact
        self.arrival = record.arrival
        self.status = record.status
        self.attempts = record.attempts
        self.offers: list[Offer] = list(record.offers)
        self.owner = record.owner
        self.answered_at = record.answered_at
        self.wrap_until = record.wrap_until
        self.relaxed = record.relaxed
        self.breached = record.breached
        self.declined: dict[str, None] = dict.fromkeys(record.declined)
        self.pool = pool
        self.signature: Signature | None = None
        self.band = 0
        self.step = 0
        self.key: Key | None = None
        self.shelf: Line | None = None
        self.queue: Line | None = None
        self.fan_of: Desk | None = None
        self.wake: Micros = NEVER

    def turn_of_call(self) -> tuple[int, int, str]:
        return (0, self.arrival, "")

    def is_loose(self) -> bool:
        """Nobody owns it yet."""
        return self.status in LOOSE

    def offer_to(self, agent: str) -> Offer | None:
        return next((offer for offer in self.offers if offer.agent == agent), None)

    def record(self) -> Record:
        return Record(
            contact=self.contact,
            arrival=self.arrival,
            status=self.status,
            attempts=self.attempts,
            offers=tuple(self.offers),
            owner=self.owner,
            answered_at=self.answered_at,
            wrap_until=self.wrap_until,
            relaxed=self.relaxed,
            breached=self.breached,
            declined=tuple(sorted(self.declined)),
        )


class Desk:
    """An agent: configuration, presence, and what he carries.

    `offers` and `owned` are keyed by arrival number. An agent who left the configuration keeps a desk, not
    `listed`, only while he still owns something.
    """

    __slots__ = (
        "back_off_until",
        "bit",
        "connected",
        "device",
        "fans",
        "grace_until",
        "idle_since",
        "line",
        "listed",
        "load",
        "media",
        "misses",
        "offers",
        "owned",
        "pool",
        "present",
        "reason",
        "seen",
        "seen_of",
        "signatures",
        "since",
        "skills",
        "spec",
        "staffed",
        "state",
        "until",
        "wake",
    )

    def __init__(self, spec: Agent, presence: Presence, *, listed: bool) -> None:
        self.configure(spec, listed=listed)
        self.adopt(presence)
        self.load = 0
        self.offers: dict[int, Offer] = {}
        self.owned: dict[int, Work] = {}
        self.wake: Micros = NEVER
        self.forget_places()

    def configure(self, spec: Agent, *, listed: bool) -> None:
        self.spec = spec
        self.listed = listed
        self.skills = held(spec.skills)
        self.media: tuple[Medium, ...] = tuple(dict.fromkeys(spec.media))

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
        self.pool: Pool | None = None
        self.bit = 0
        self.present = False
        self.staffed = False
        self.signatures: list[Signature] = []
        self.seen = 0
        self.seen_of: dict[str, int] = {}
        self.line = Line()
        self.fans: dict[int, Work] = {}

    def turn_of_call(self) -> tuple[int, int, str]:
        return (1, 0, self.rank())

    def rank(self) -> str:
        """Agents in the order of their public numbers; the id decides only if two share one."""
        return f"{self.spec.number}\0{self.spec.id}"

    def is_present(self) -> bool:
        """Could be offered work, were he not busy."""
        return self.state is PresenceState.READY and self.connected

    def is_staffed(self) -> bool:
        return self.listed and is_staffed(self)

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
