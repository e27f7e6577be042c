"""Four tiers at one pool under sustained platinum load: who waits how long, and does anybody starve?

Chats that take an agent whole. Half of the agents speak Cantonese, and with `skills` three in ten contacts need it.
`Judge` watches the promise of band 0 from the effects alone: past its maximum wait, no later arrival overtakes a
contact at any agent able to serve both.
"""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from benchmarks.simulator.driver import Driver
from benchmarks.simulator.one_queue import OUT_OF_REACH, START, TALK
from benchmarks.simulator.shifts import always
from benchmarks.simulator.streams import Behaviour, Make, S, Stream, exponential, steady
from routing import effects as fx
from routing import events as ev
from routing.model import Agent, Config, Contact, Lease, Medium, MediumRules, Micros, RingPlan, RingStep, Tier

AGENTS = 20
LOWER = (Tier.GOLD, Tier.IRON, Tier.LEAD)
MAX_WAIT = (60 * S, 120 * S, 240 * S, 480 * S)
FIRST_REPLY = 60 * S
CANTONESE = (("yue", 3),)


@dataclass(frozen=True)
class Scene:
    """`platinum` and `lower` (each of the other three tiers) are shares of the agents' whole capacity."""

    platinum: float
    lower: float = 0.05
    contacts: int = 2500
    seed: int = 1
    patience: float | None = None
    """Mean, in seconds."""
    skills: bool = False
    declines: float = 0.0
    promised: bool = True
    """False: no maximum wait is in reach, so that band 0 stays empty."""

    def driver(self) -> Driver:
        agents = tuple(self._agent(number) for number in range(AGENTS))
        never = (OUT_OF_REACH,) * 4
        config = Config(
            version=1,
            leases=(Lease("l", "c", AGENTS, AGENTS, 0, START * 2),),
            plans=(RingPlan("p", 5 * S, (RingStep(0, 1),), 20 * S),),
            agents=agents,
            media=(MediumRules(Medium.CHAT, 1, 0, 10 * S, MAX_WAIT if self.promised else never),),
        )
        shifts = always([agent.id for agent in agents], START)
        return Driver(config, self._streams(), shifts, seed=self.seed, start=START)

    def _agent(self, number: int) -> Agent:
        skills = (("cmn", 3), ("yue", 3)) if number % 2 else (("cmn", 3),)
        return Agent(f"ag_{number:02}", f"{number:02}", "l", skills, 1)

    def _streams(self) -> list[Stream]:
        behaviour = Behaviour(
            exponential(TALK),
            None if self.patience is None else exponential(self.patience),
            declines=self.declines,
        )
        whole = self.platinum + len(LOWER) * self.lower
        shares = {Tier.PLATINUM: self.platinum, **dict.fromkeys(LOWER, self.lower)}
        streams = []
        for tier, share in shares.items():
            most, rate = round(self.contacts * share / whole), share * AGENTS / TALK
            streams.append(Stream(tier.name, self._maker(tier), behaviour, steady(rate, most), most=most))
        return streams

    def _maker(self, tier: Tier) -> Make:
        def make(rng: Random, name: str, now: Micros) -> Contact:
            needs = CANTONESE if self.skills and rng.random() < 0.3 else ()
            return Contact(name, "c", "l", Medium.CHAT, tier, now, now, now + FIRST_REPLY, "p", needs=needs)

        return make


class Judge:
    """Listens to a run and notes each offer by which a starving contact was overtaken, and how many there could be."""

    def __init__(self, config: Config) -> None:
        self.overtaken: list[tuple[str, str, str]] = []
        """(who was overtaken, by whom, at which agent)."""
        self.chances = 0
        """Offers made while somebody starved whom that agent could have served."""
        self._skills = {agent.id: dict(agent.skills) for agent in config.agents}
        self._contacts: dict[str, Contact] = {}
        self._waiting: dict[str, None] = {}
        self._declined: dict[str, set[str]] = {}

    def hear(self, now: Micros, event: ev.AnyEvent, effects: list[fx.AnyEffect]) -> None:
        if isinstance(event, ev.Arrived):
            self._contacts[event.contact.id] = event.contact
        for effect in effects:
            if isinstance(effect, fx.Queued):
                self._waiting[effect.contact] = None
            elif isinstance(effect, fx.OfferEnded) and effect.outcome != "accepted":
                self._declined.setdefault(effect.contact, set()).add(effect.agent)
            elif isinstance(effect, fx.Ended):
                self._waiting.pop(effect.contact, None)
            elif isinstance(effect, fx.Offered):
                self._offered(now, effect)

    def _offered(self, now: Micros, effect: fx.Offered) -> None:
        mine = self._contacts[effect.contact]
        starving = [other for other in self._waiting if self._starves_for(other, effect.agent, now)]
        self.chances += bool(starving)
        for other in starving:
            if self._contacts[other].enqueued_at < mine.enqueued_at:
                self.overtaken.append((other, mine.id, effect.agent))
        self._waiting.pop(effect.contact, None)

    def _starves_for(self, name: str, agent: str, now: Micros) -> bool:
        contact, skills = self._contacts[name], self._skills[agent]
        if now - contact.enqueued_at <= MAX_WAIT[contact.tier] or agent in self._declined.get(name, ()):
            return False
        return all(skills.get(skill, 0) >= level for skill, level in contact.needs)
