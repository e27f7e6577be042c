"""Builders for tests of the routing core: a small provider with two leases, and events in one line each."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from routing import events as ev
from routing.decide import decide
from routing.effects import AnyEffect
from routing.model import (
    Agent,
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    Micros,
    Needs,
    PresenceState,
    RingPlan,
    RingStep,
    Snapshot,
    Tier,
)
from routing.restoring import restore

S: Micros = 1_000_000
START: Micros = 1_700_000_000 * S
FOREVER = START * 2

CHINA = RingPlan("china", 5 * S, (RingStep(0, 1), RingStep(6 * S, 2), RingStep(10 * S, 5)), 20 * S)
BRITAIN = RingPlan("britain", 3 * S, (RingStep(0, 1), RingStep(4 * S, 5)), 20 * S)
TEXT = RingPlan("text", 5 * S, (RingStep(0, 1),), 20 * S)

LEASES = (
    Lease("kangjia", "kangjia", 10, 10, START - 3600 * S, FOREVER),
    Lease("other", "other", 90, 90, START - 3600 * S, FOREVER),
)
MEDIA = (
    MediumRules(Medium.VOICE, 3, 10 * S, 5 * S, (60 * S, 90 * S, 120 * S, 180 * S)),
    MediumRules(Medium.CHAT, 1, 0, 10 * S, (60 * S, 90 * S, 120 * S, 180 * S)),
    MediumRules(Medium.MAIL, 1, 0, 600 * S, (3600 * S, 7200 * S, 14400 * S, 28800 * S)),
    MediumRules(Medium.CALLBACK, 3, 5 * S, 60 * S, (600 * S, 900 * S, 1200 * S, 1800 * S)),
)


def agent(id: str, *, lease: str = "kangjia", skills: Needs = (), **more: Any) -> Agent:
    more.setdefault("number", id.removeprefix("ag_"))
    more.setdefault("capacity", 3)
    return Agent(id=id, lease=lease, skills=tuple(sorted(skills)), **more)


def config(*agents: Agent, version: int = 1, leases: Iterable[Lease] = LEASES, **more: Any) -> Config:
    more.setdefault("media", MEDIA)
    more.setdefault("plans", (CHINA, BRITAIN, TEXT))
    return Config(version=version, leases=tuple(leases), agents=agents, **more)


def call(id: str, now: Micros = START, **more: Any) -> Contact:
    """A call: China's rings, three of them until the deadline."""
    return _contact(id, now, {"medium": Medium.VOICE, "plan": "china", "deadline": now + 15 * S} | more)


def chat(id: str, now: Micros = START, **more: Any) -> Contact:
    return _contact(id, now, {"medium": Medium.CHAT, "plan": "text", "deadline": now + 60 * S} | more)


def mail(id: str, now: Micros = START, **more: Any) -> Contact:
    return _contact(id, now, {"medium": Medium.MAIL, "plan": "text", "deadline": now + 86400 * S} | more)


def callback(id: str, now: Micros = START, **more: Any) -> Contact:
    """Whoever it is for was promised a window that begins in some seconds."""
    promised = {"deadline": now + 60 * S, "opens_at": now + 4 * S}
    return _contact(id, now, {"medium": Medium.CALLBACK, "plan": "text"} | promised | more)


def _contact(id: str, now: Micros, fields: dict[str, Any]) -> Contact:
    standing = {
        "client": "kangjia",
        "lease": "kangjia",
        "tier": Tier.IRON,
        "enqueued_at": now,
        "clock_from": now,
    }
    return Contact(id=id, **(standing | fields))


class World:
    """A state, its clock, and everything that was decided so far."""

    def __init__(self, *agents: Agent, **more: Any) -> None:
        self.now = START
        self.state = restore(Snapshot(config(*agents, **more), START, 0))
        self.log: list[tuple[Micros, AnyEffect]] = []

    def tell(self, event: ev.AnyEvent) -> list[AnyEffect]:
        effects = decide(self.state, event, self.now)
        self.log += [(self.now - START, effect) for effect in effects]
        return effects

    def arrive(self, *contacts: Contact) -> list[AnyEffect]:
        return [effect for contact in contacts for effect in self.tell(ev.Arrived(contact))]

    def sit(self, *agents: str, device: str = "") -> None:
        """Sign in and get ready, one after another, a microsecond apart."""
        for name in agents:
            self.tell(ev.SignedIn(name, device=device))
            self.tell(ev.PresenceSet(name, PresenceState.READY))
            self.now += 1

    def later(self, seconds: float) -> list[AnyEffect]:
        """Let time pass as the shell does: a tick at each timer, and one at the end."""
        until = self.now + round(seconds * S)
        effects: list[AnyEffect] = []
        while (due := self.state.due()) is not None and due <= until:
            self.now = max(due, self.now)
            effects += self.tell(ev.Ticked())
        self.now = until
        return effects + self.tell(ev.Ticked())

    def ringing(self, contact: str) -> list[str]:
        record = self.state.record(contact)
        return [offer.agent for offer in record.offers] if record else []

    def offer(self, contact: str, agent: str) -> str:
        record = self.state.record(contact)
        assert record is not None
        return next(offer.id for offer in record.offers if offer.agent == agent)

    def owner(self, contact: str) -> str:
        record = self.state.record(contact)
        return record.owner if record else ""

    def seen(self, kind: type[AnyEffect]) -> list[Any]:
        return [effect for _, effect in self.log if isinstance(effect, kind)]


def kinds(effects: Iterable[AnyEffect]) -> list[str]:
    return [effect.__struct_config__.tag for effect in effects]  # type: ignore[misc]
