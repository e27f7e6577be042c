"""The arrivals that every strategy meets: who comes when, with which needs, deadline, service time and patience.

A roster of two leases and a seeded stream of contacts for it. Everything that could differ by luck (service time,
patience) belongs to the contact, so that two strategies differ by their choices alone. Times are microseconds.
"""

from __future__ import annotations

import random
from dataclasses import dataclass

from routing.model import Agent, Contact, Medium, Micros, Needs, Tier

SECOND: Micros = 1_000_000
START: Micros = 1_700_000_000 * SECOND

COMMON = "lang:cmn"
SCARCE = ("lang:eng", "lang:yue")
PRODUCTS = ("aircon", "fridge", "tv", "washer")

TIER_SHARES = (5, 15, 50, 30)
LANGUAGE_SHARES = {COMMON: 80, "lang:yue": 12, "lang:eng": 8}
PRODUCT_SHARE = 0.7
CHAT_SHARE = 0.3
ANNOUNCED_SHARE = 0.2
COMPLAINT_SHARE = 0.08

THREE_RINGS: Micros = 15 * SECOND
MAX_WAIT = {Medium.VOICE: (60, 120, 240, 480), Medium.CHAT: (60, 120, 300, 600)}
"""Seconds per tier, best tier first: the numbers of the Kangjia example."""
FIRST_REPLY = (30, 40, 50, 60)
SERVICE = {Medium.VOICE: 180.0, Medium.CHAT: 240.0}
PATIENCE = {Medium.VOICE: 180.0, Medium.CHAT: 300.0}

SEATS = {"kangjia": 40, "xinghai": 20}
PLAN = {Medium.VOICE: "cn-three-rings", Medium.CHAT: "chat"}


@dataclass(frozen=True, slots=True)
class Arrival:
    """One contact of the trace: how long it will be served, and how long its customer waits at most."""

    contact: Contact
    service: Micros
    patience: Micros


@dataclass(frozen=True, slots=True)
class Trace:
    """`warm_up`: so many first arrivals fill the floor and are not measured."""

    agents: tuple[Agent, ...]
    arrivals: tuple[Arrival, ...]
    warm_up: int


def roster(seats: dict[str, int]) -> tuple[Agent, ...]:
    """Of twenty agents fourteen speak Mandarin only, five one scarce language as well, and one all three.

    Those with one language know two products, speakers of a scarce one three, the generalist all four. Levels run
    from 1 to 5 without any pattern that a strategy could use.
    """
    return tuple(
        _agent(lease, at, f"{lease[0].upper()}{at:03}") for lease, count in seats.items() for at in range(count)
    )


def _agent(lease: str, at: int, number: str) -> Agent:
    place = at % 20
    languages = [COMMON]
    if place in (3, 9, 15, 19):
        languages.append("lang:yue")
    if place in (6, 12, 19):
        languages.append("lang:eng")
    known = {1: 2, 2: 3, 3: 4}[len(languages)]
    products = [PRODUCTS[(at + step) % len(PRODUCTS)] for step in range(known)]
    names = sorted([*languages, *products])
    skills = tuple((name, 1 + (7 * at + 3 * place_of) % 5) for place_of, name in enumerate(names))
    return Agent(id=f"ag_{number}", number=number, lease=lease, skills=skills, capacity=1)


def make(*, load: float, seed: int, contacts: int = 3000, seats: dict[str, int] | None = None) -> Trace:
    """A trace whose offered work is `load` of what the roster can do (1.0 is all of it)."""
    agents = roster(seats or SEATS)
    chance = random.Random(f"{seed}")
    sizes = {lease: sum(agent.lease == lease for agent in agents) for lease in {agent.lease: None for agent in agents}}
    mean_service = (1 - CHAT_SHARE) * SERVICE[Medium.VOICE] + CHAT_SHARE * SERVICE[Medium.CHAT]
    gap = mean_service / (load * len(agents))
    now = float(START)
    made = []
    for serial in range(contacts):
        now += chance.expovariate(1.0) * gap * SECOND
        lease = chance.choices(list(sizes), list(sizes.values()))[0]
        made.append(_arrival(chance, serial, lease, int(now)))
    return Trace(agents=agents, arrivals=tuple(made), warm_up=contacts // 10)


def _arrival(chance: random.Random, serial: int, lease: str, now: Micros) -> Arrival:
    medium = Medium.CHAT if chance.random() < CHAT_SHARE else Medium.VOICE
    tier = Tier(chance.choices(range(4), TIER_SHARES)[0])
    announced = chance.random() < ANNOUNCED_SHARE
    contact = Contact(
        id=f"ct_{serial:05}",
        client=lease,
        lease=lease,
        medium=medium,
        tier=tier,
        enqueued_at=now,
        clock_from=now,
        deadline=now + _promise(medium, tier, announced=announced),
        plan=PLAN[medium],
        complaint=chance.random() < COMPLAINT_SHARE,
        needs=_needs(chance),
    )
    # Log-normal talk with a variation of about 0.7, as is usual for calls; patience without memory.
    service = chance.lognormvariate(-0.2, 0.6324555320336759) * SERVICE[medium]
    patience = chance.expovariate(1.0) * PATIENCE[medium]
    return Arrival(contact, max(1, int(service * SECOND)), max(1, int(patience * SECOND)))


def _promise(medium: Medium, tier: Tier, *, announced: bool) -> Micros:
    """Three rings; the tier's longest wait once an announcement has answered; a chat's first reply by its tier."""
    if medium is Medium.CHAT:
        return FIRST_REPLY[tier] * SECOND
    return MAX_WAIT[medium][tier] * SECOND if announced else THREE_RINGS


def _needs(chance: random.Random) -> Needs:
    language = chance.choices(list(LANGUAGE_SHARES), list(LANGUAGE_SHARES.values()))[0]
    names = [language]
    if chance.random() < PRODUCT_SHARE:
        names.append(chance.choice(PRODUCTS))
    return tuple((name, 1) for name in sorted(names))
