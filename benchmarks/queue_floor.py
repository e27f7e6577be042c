"""A seeded floor in virtual time: tiers, skills and patience through the real `decide`, seen as each contact sees it.

One lease and one view. Contacts arrive as a Poisson stream (steady, or two waves a day), agents pick up after a few
seconds or (2 %) decline, work lasts exponentially long, customers lose patience. Every contact that enters is noted
as an `Entry` with what was known at that moment, and again at its first answer.
"""

from __future__ import annotations

import math
import random
from collections.abc import Callable
from dataclasses import dataclass, field
from heapq import heappop, heappush

from routing import effects as fx
from routing import events as ev
from routing.decide import decide
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

S = 1_000_000
START: Micros = 1_700_000_000 * S
MAX_WAIT = (600 * S, 1200 * S, 1800 * S, 3600 * S)
PEAK = 1.6
"""Candidates for arrivals come at this load and are thinned to the one wanted."""


@dataclass(frozen=True, kw_only=True)
class Scenario:
    """`load` is offered work per agent; `wave` lets it swing by half around that, twice. Times are seconds."""

    seed: int = 1
    load: float = 0.9
    wave: bool = False
    hours: float = 8.0
    agents: int = 30
    service: float = 180.0
    patience: float = 900.0
    skills: bool = True
    mix: tuple[float, ...] = (0.05, 0.15, 0.60, 0.20)


@dataclass(slots=True)
class Entry:
    """One contact: what was known when it entered, and when it had its first answer (None: it left before)."""

    id: str
    tier: int
    at: Micros
    place: int = 0
    head: Micros = 0
    """When the contact that has waited longest entered; 0 when nobody waits."""
    heads: tuple[Micros, ...] = ()
    """The same, tier by tier."""
    answered_at: Micros | None = None
    said: dict[str, Micros] = field(default_factory=dict)

    @property
    def waited(self) -> Micros:
        assert self.answered_at is not None
        return self.answered_at - self.at


See = Callable[[Entry], None]


class Floor:
    """`entered` is called for every contact as it queues, `answered` at its first answer, both in order of time."""

    def __init__(self, scenario: Scenario, *, entered: See, answered: See) -> None:
        self.scenario = scenario
        self.rng = random.Random(scenario.seed)
        self.entered, self.answered = entered, answered
        self.state = restore(Snapshot(_config(scenario), START, 0))
        self.now = START
        self.agenda: list[tuple[Micros, int, ev.AnyEvent]] = []
        self.planned = 0
        self.entries: dict[str, Entry] = {}
        self.waiting: list[dict[str, Entry]] = [{} for _ in Tier]

    def run(self) -> list[Entry]:
        """The whole time, until the last has gone; entries in order of arrival."""
        for agent in self.state.config.agents:
            self._tell(ev.SignedIn(agent.id))
            self._tell(ev.PresenceSet(agent.id, PresenceState.READY))
        self._plan_arrivals()
        while self.agenda:
            due = self.state.due()
            if due is not None and due <= self.agenda[0][0]:
                self.now = max(self.now, due)
                self._tell(ev.Ticked())
            else:
                self.now, _, event = heappop(self.agenda)
                self._tell(event)
        return list(self.entries.values())

    # --- chance ----------------------------------------------------------------------------------------------

    def _plan_arrivals(self) -> None:
        scenario, rng = self.scenario, self.rng
        full = scenario.agents / scenario.service
        second, until = 0.0, scenario.hours * 3600
        while (second := second + rng.expovariate(full * PEAK)) < until:
            swing = 0.5 * math.sin(4 * math.pi * second / until - 1.2) if scenario.wave else 0.0
            if rng.random() * PEAK < scenario.load + swing:
                self._at(second, ev.Arrived(self._contact(START + round(second * S))))

    def _contact(self, at: Micros) -> Contact:
        scenario, rng = self.scenario, self.rng
        return Contact(
            id=f"ct_{self.planned}",
            client="c",
            lease="l",
            medium=Medium.CHAT,
            tier=Tier(rng.choices(range(4), scenario.mix)[0]),
            enqueued_at=at,
            clock_from=at,
            deadline=at + 60 * S,
            plan="text",
            view="chat",
            complaint=rng.random() < 0.04,
            needs=_needs(rng) if scenario.skills else (),
        )

    def _at(self, seconds: float, event: ev.AnyEvent) -> None:
        self.planned += 1
        heappush(self.agenda, (self.now + round(seconds * S), self.planned, event))

    # --- what happens ----------------------------------------------------------------------------------------

    def _tell(self, event: ev.AnyEvent) -> None:
        if isinstance(event, ev.Arrived):
            self._comes(event.contact)
        elif isinstance(event, ev.Left) and self.entries[event.contact].answered_at is not None:
            return  # Whoever talks has stopped counting the seconds.
        effects = decide(self.state, event, self.now)
        self.state.take_touched()
        offered = {effect.contact for effect in effects if isinstance(effect, fx.Offered)}
        for effect in effects:
            self._note(effect, at_once=getattr(effect, "contact", "") in offered)

    def _comes(self, contact: Contact) -> None:
        self.entries[contact.id] = Entry(contact.id, int(contact.tier), self.now)
        self._at(self.rng.expovariate(1 / self.scenario.patience), ev.Left(contact.id, cause="patience"))

    def _note(self, effect: fx.AnyEffect, *, at_once: bool) -> None:
        if isinstance(effect, fx.Queued):
            self._queued(self.entries[effect.contact], first=not effect.reason, at_once=at_once)
        elif isinstance(effect, fx.Offered):
            entry = self.entries[effect.contact]
            self.waiting[entry.tier].pop(entry.id, None)
            self._pick_up(effect)
        elif isinstance(effect, fx.Owned):
            entry = self.entries[effect.contact]
            entry.answered_at = self.now
            self.answered(entry)
            self._at(self.rng.expovariate(1 / self.scenario.service), ev.Finished(effect.contact, effect.agent))
        elif isinstance(effect, fx.Ended):
            self.waiting[self.entries[effect.contact].tier].pop(effect.contact, None)

    def _queued(self, entry: Entry, *, first: bool, at_once: bool) -> None:
        if first:
            entry.place = 0 if at_once else 1 + self._before(entry.tier)
            entry.heads = tuple(min((each.at for each in line.values()), default=0) for line in self.waiting)
            entry.head = min((head for head in entry.heads if head), default=0)
            self.entered(entry)
        self.waiting[entry.tier][entry.id] = entry

    def _before(self, tier: int) -> int:
        """Waiting contacts that come before a newcomer of this tier: the same or a better tier, or starving."""
        better = sum(map(len, self.waiting[: tier + 1]))
        worse = [each for line in self.waiting[tier + 1 :] for each in line.values()]
        return better + sum(self.now - each.at > MAX_WAIT[each.tier] for each in worse)

    def _pick_up(self, offered: fx.Offered) -> None:
        offer, after = offered.offer, 1 + self.rng.expovariate(1 / 3)
        declines = self.rng.random() < 0.02
        self._at(after, (ev.OfferDeclined if declines else ev.OfferAccepted)(offer.id, offer.agent))


def _config(scenario: Scenario) -> Config:
    return Config(
        version=1,
        leases=(Lease("l", "c", scenario.agents, scenario.agents, 0, START * 2),),
        plans=(RingPlan("text", 5 * S, (RingStep(0, 1),), 20 * S),),
        agents=tuple(_agent(number) for number in range(scenario.agents)),
        media=(MediumRules(Medium.CHAT, 1, 0, 30 * S, MAX_WAIT),),
    )


def _agent(number: int) -> Agent:
    """Everybody speaks Mandarin, a third Cantonese; half know televisions, half air conditioners, a few both."""
    skills = {"lang:cmn": 3}
    if number % 3 == 0:
        skills["lang:yue"] = 3
    skills |= {"tv": 3, "ac": 3} if number % 5 == 0 else {"tv": 3} if number % 2 else {"ac": 3}
    return Agent(f"ag_{number:03}", f"{number:03}", "l", tuple(sorted(skills.items())), capacity=1)


def _needs(rng: random.Random) -> Needs:
    language: Needs = (("lang:yue", 1),) if rng.random() < 0.2 else ()
    product = rng.choices(("tv", "ac", ""), (0.35, 0.35, 0.30))[0]
    return tuple(sorted(language + (((product, 1),) if product else ())))
