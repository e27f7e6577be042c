"""A day of a provider with six clients: leases, skills, rings, four media, four tiers, shifts and breaks.

The numbers are made up, not measured: short contacts such as a delivery service has (calls of 75 s, chats of 150 s,
three at once), two peaks, 06:00 to 24:00. Contacts ask for skills that somebody of their lease has, in proportion to
how many have them, and ask for less after a while. Load follows the number of agents, so that a day with fewer
contacts has fewer agents and the same occupancy.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate
from random import Random

from benchmarks.simulator.driver import Driver
from benchmarks.simulator.shifts import Shift
from benchmarks.simulator.streams import QUARTER, Behaviour, Make, S, Stream, exponential, later, lognormal
from routing.model import (
    Agent,
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    Micros,
    Needs,
    RelaxStep,
    RingPlan,
    RingStep,
    Tier,
)

MIDNIGHT: Micros = 1_700_006_400 * S
HOUR: Micros = 3600 * S
CLIENTS = {"north": 0.34, "south": 0.24, "east": 0.16, "west": 0.12, "center": 0.09, "isles": 0.05}
"""Leases and their share of agents and contacts."""
LANGUAGES = ("lang:cmn", "lang:yue", "lang:eng", "lang:jpn", "lang:kor")
SPEAKERS = (0.62, 0.16, 0.14, 0.04, 0.04)
PRODUCTS = tuple(f"product:{number:02}" for number in range(45))
"""With the languages: 50 skills."""
MEDIA_SHARES = {Medium.VOICE: 0.50, Medium.CHAT: 0.33, Medium.MAIL: 0.14, Medium.CALLBACK: 0.03}
TIERS = (0.05, 0.20, 0.60, 0.15)
HOURS = (0,) * 6 + (1, 2, 4, 7, 9, 9, 7, 6, 8, 9, 8, 7, 6, 6, 5, 3, 2, 1)
"""Weights of the hours of the day, local time."""
SHIFT_STARTS = {6: 0.07, 7: 0.18, 8: 0.28, 9: 0.10, 12: 0.12, 14: 0.15, 15: 0.10}
SHIFT = 9 * HOUR
CONTACTS_PER_AGENT = 1_000_000 / 3000
DEADLINES = {Medium.VOICE: 15 * S, Medium.CHAT: 60 * S, Medium.MAIL: 4 * HOUR, Medium.CALLBACK: HOUR}
PLANS = (
    RingPlan("rings", 5 * S, (RingStep(0, 1), RingStep(6 * S, 2), RingStep(10 * S, 5)), 20 * S),
    RingPlan("text", 5 * S, (RingStep(0, 1),), 20 * S),
)
RULES = (
    MediumRules(Medium.VOICE, 3, 5 * S, 5 * S, (60 * S, 90 * S, 120 * S, 180 * S)),
    MediumRules(Medium.CHAT, 1, 0, 20 * S, (120 * S, 180 * S, 240 * S, 300 * S)),
    MediumRules(Medium.MAIL, 1, 0, 1800 * S, (HOUR, 2 * HOUR, 3 * HOUR, 4 * HOUR)),
    MediumRules(Medium.CALLBACK, 3, 5 * S, 300 * S, (600 * S, 1200 * S, 1800 * S, 2400 * S)),
)
BEHAVIOUR = {
    Medium.VOICE: Behaviour(
        lognormal(75, 0.8), exponential(120), later(1, exponential(2)), declines=0.01, ignores=0.005
    ),
    Medium.CHAT: Behaviour(lognormal(150, 0.7), exponential(300), later(1, exponential(3)), declines=0.01),
    Medium.MAIL: Behaviour(lognormal(90, 0.7), None, later(1, exponential(4)), declines=0.01),
    Medium.CALLBACK: Behaviour(lognormal(80, 0.7), None, later(1, exponential(3)), declines=0.01),
}
CALLS, TEXTS = (Medium.VOICE, Medium.CALLBACK), (Medium.CHAT, Medium.MAIL)
DESKS = ((CALLS, 0.62), (TEXTS, 0.30), ((*CALLS, *TEXTS), 0.08))
"""What agents serve, and their share: calls, texts, or both."""


def agents_for(contacts: int) -> int:
    return max(60, round(contacts / CONTACTS_PER_AGENT))


class Day:
    """The scene of one seed: `driver()` runs it."""

    def __init__(self, contacts: int, agents: int, seed: int) -> None:
        self.contacts = contacts
        self.seed = seed
        self.config = _config(agents, Random(f"{seed}/agents of the day"))

    def driver(self) -> Driver:
        return Driver(self.config, self._streams(), self._shifts(), seed=self.seed, start=MIDNIGHT)

    def _shifts(self) -> list[Shift]:
        rng = Random(f"{self.seed}/shifts")
        return [_shift(rng, agent) for agent in self.config.agents]

    def _streams(self) -> list[Stream]:
        rng, whole = Random(f"{self.seed}/needs"), sum(HOURS)
        hours = [weight / whole / 3600 for weight in HOURS for _ in range(4)]
        streams = []
        for lease, share in CLIENTS.items():
            people = [agent for agent in self.config.agents if agent.lease == lease]
            for medium, part in MEDIA_SHARES.items():
                needs = _asked([agent for agent in people if medium in agent.media], rng)
                rates = [self.contacts * share * part * hour for hour in hours]
                make = _maker(lease, medium, needs)
                streams.append(Stream(f"{lease}-{medium}-", make, BEHAVIOUR[medium], rates, QUARTER))
        return streams


def _config(agents: int, rng: Random) -> Config:
    made: list[Agent] = []
    leases = []
    for lease, share in CLIENTS.items():
        people = max(10, round(agents * share))
        made += [_agent(lease, len(made) + number, number / people, rng) for number in range(people)]
        leases.append(Lease(lease, lease, people, people, 0, MIDNIGHT * 2))
    return Config(version=1, leases=tuple(leases), plans=PLANS, agents=tuple(made), media=RULES)


def _agent(lease: str, number: int, place: float, rng: Random) -> Agent:
    """Somebody with one or two languages and three of the ten products of his lease."""
    languages = dict.fromkeys(rng.choices(LANGUAGES, SPEAKERS, k=2))
    first = 7 * list(CLIENTS).index(lease)
    products = rng.sample(PRODUCTS[first : first + 10], 3)
    skills = tuple(sorted((skill, rng.randint(1, 5)) for skill in (*languages, *products)))
    ends = accumulate(share for _, share in DESKS)
    media = next((desk for (desk, _), end in zip(DESKS, ends, strict=True) if place < end), DESKS[-1][0])
    return Agent(f"ag_{number:05}", f"{number:05}", lease, skills, 3, media)


def _shift(rng: Random, agent: Agent) -> Shift:
    hour = rng.choices(list(SHIFT_STARTS), list(SHIFT_STARTS.values()))[0]
    begins = MIDNIGHT + hour * HOUR + rng.randrange(900 * S)
    lunch = begins + 3 * HOUR + rng.randrange(2 * HOUR)
    tea = begins + 6 * HOUR + rng.randrange(HOUR)
    breaks = ((lunch, lunch + 1800 * S), (tea, tea + 900 * S))
    device = f"sip:{agent.number}" if Medium.VOICE in agent.media else ""
    return Shift(agent.id, begins, begins + SHIFT, device, breaks)


def _asked(people: Sequence[Agent], rng: Random) -> list[Needs]:
    """Sixty sets of needs, each taken from somebody who meets it: a language, often a product, modest levels."""
    asked = []
    for _ in range(60):
        skills = dict(rng.choice(people).skills)
        language = rng.choice([skill for skill in skills if skill.startswith("lang:")])
        product = rng.choice([skill for skill in skills if skill.startswith("product:")])
        chosen = [language, product] if rng.random() < 0.6 else [language]
        asked.append(tuple(sorted((skill, rng.randint(1, skills[skill])) for skill in chosen)))
    return asked


def _maker(lease: str, medium: Medium, asked: Sequence[Needs]) -> Make:
    plan = "rings" if medium is Medium.VOICE else "text"
    wide = 10 if medium is Medium.VOICE else 30

    def make(rng: Random, name: str, now: Micros) -> Contact:
        needs = rng.choice(asked)
        language = tuple((skill, 1) for skill, _ in needs if skill.startswith("lang:"))
        return Contact(
            id=name,
            client=lease,
            lease=lease,
            medium=medium,
            tier=Tier(rng.choices((0, 1, 2, 3), TIERS)[0]),
            enqueued_at=now,
            clock_from=now,
            deadline=now + DEADLINES[medium],
            plan=plan,
            view=medium.value,
            complaint=rng.random() < 0.03,
            needs=needs,
            relax=(RelaxStep(wide * S, language), RelaxStep(3 * wide * S, ())),
        )

    return make
