"""Who gets it, when there is a choice: many free agents of random skills, few contacts, the oracle beside the core.

The scarce world of the walks seldom leaves a choice; here a lease has enough agents that groups are large as well.
"""

from __future__ import annotations

import random
from collections import Counter
from functools import cache

import pytest
from property.reference import Reference
from property.routing_scene import encoded
from property.routing_world import START, S, agent, call, chat, config, mail

from routing import effects as fx
from routing import events as ev
from routing.decide import decide
from routing.model import Agent, Lease, Needs, PresenceState, RelaxStep, Snapshot
from routing.restoring import restore

SKILLS = ("de", "fax", "tv", "yue")
LEASES = (Lease("kangjia", "kangjia", 50, 50, 0, START * 2), Lease("second", "kangjia", 50, 50, 0, START * 2))
SEEDS = range(40)
CONTACTS = 12


def some_skills(chance: random.Random, most: int) -> Needs:
    return tuple((skill, chance.randint(0, 3)) for skill in sorted(chance.sample(SKILLS, chance.randint(0, most))))


def team(chance: random.Random) -> list[Agent]:
    size = chance.choice([3, 6, 6, 24])
    numbers = chance.sample(range(10, 99), size)
    return [
        agent(f"ag_{at}", number=str(number), lease=chance.choice(["kangjia", "kangjia", "second"]),
              skills=some_skills(chance, 3), capacity=chance.choice([1, 3, 6]))
        for at, number in enumerate(numbers)
    ]  # fmt: skip


@cache
def choices(seed: int) -> Counter[str]:
    """Both decide about the same contacts; says by which rules they chose."""
    chance = random.Random(seed)
    agents = team(chance)
    start = Snapshot(config(*agents, leases=LEASES), START, 0)
    state, reference = restore(start), Reference(start)
    told: Counter[str] = Counter()
    events: list[ev.AnyEvent] = []
    for member in chance.sample(agents, len(agents)):
        events += [ev.SignedIn(member.id), ev.PresenceSet(member.id, PresenceState.READY)]
    for at in range(CONTACTS):
        make = chance.choice([call, chat, mail])
        needs, relax = some_skills(chance, 2), chance.choice([(), (RelaxStep(0, some_skills(chance, 1), "second"),)])
        events.append(ev.Arrived(make(f"ct_{at}", START + at * S, needs=needs, relax=relax)))
    now = START
    for event in events:
        now = max(now + chance.randint(0, 1), event.contact.enqueued_at if isinstance(event, ev.Arrived) else 0)
        effects = decide(state, event, now)
        assert encoded(effects) == encoded(reference.decide(event, now)), event
        told += Counter(effect.because.rule for effect in effects if isinstance(effect, fx.Offered))
    return told


@pytest.mark.parametrize("seed", SEEDS)
def test_the_choice_is_that_of_the_rules(seed: int) -> None:
    choices(seed)


def test_every_rule_decides_often() -> None:
    told = sum((choices(seed) for seed in SEEDS), Counter())
    assert all(told[rule] >= 10 for rule in ("only", "spare_skills", "level", "longest_idle")), told
