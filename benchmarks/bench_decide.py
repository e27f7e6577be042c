"""How long one decision takes, by the number of waiting contacts.

    python benchmarks/bench_decide.py [--agents 10000] [--sizes 1000,10000,100000] [--rounds 3] [--events 20000]

A loaded centre: every agent of one lease busy, so many contacts waiting, then a mixed stream of events in a closed
loop: an agent finishes and gets the next contact, accepts or (2 %) declines it, a new contact arrives. The waiting
contacts are text, because calls beyond the leased lines are blocked. Prints medians over the rounds of p50 and p99
in microseconds and of events per second.
"""

from __future__ import annotations

import argparse
import gc
import random
import statistics
import time

from routing import events as ev
from routing.decide import decide
from routing.effects import Offered, Owned
from routing.model import (
    Agent,
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    PresenceState,
    RingPlan,
    RingStep,
    Snapshot,
    Tier,
)
from routing.state import State

S = 1_000_000
START = 1_700_000_000 * S
SKILLS = [f"skill{at:02}" for at in range(50)]
DAY = 86_400 * S


def a_config(agents: int, rng: random.Random) -> Config:
    bounds = (600 * S, 1200 * S, 1800 * S, 3600 * S)
    return Config(
        version=1,
        leases=(Lease("l", "c", agents, agents, 0, START * 2),),
        plans=(RingPlan("p", 5 * S, (RingStep(0, 1), RingStep(6 * S, 2), RingStep(10 * S, 5)), 20 * S),),
        agents=tuple(
            Agent(
                f"ag_{at:05}",
                f"{at:05}",
                "l",
                tuple(sorted((skill, rng.randint(1, 5)) for skill in rng.sample(SKILLS, 5))),
                3,
            )
            for at in range(agents)
        ),
        media=(
            MediumRules(Medium.CHAT, 3, 0, 30 * S, bounds),
            MediumRules(Medium.VOICE, 3, 0, 5 * S, bounds),
        ),
    )


def signatures(count: int, rng: random.Random) -> list[tuple[tuple[str, int], ...]]:
    """Requirement signatures: one or two skills, at levels that somebody has."""
    made: dict[tuple[tuple[str, int], ...], None] = {}
    while len(made) < count:
        names = sorted(rng.sample(SKILLS, rng.choice([1, 1, 2])))
        made[tuple((name, rng.randint(1, 3)) for name in names)] = None
    return list(made)


class Centre:
    """A state under load and what the driver knows of it."""

    def __init__(self, agents: int, seed: int, kinds: int) -> None:
        self.rng = random.Random(seed)
        self.now = START
        self.asked = signatures(kinds, self.rng)
        config = a_config(agents, self.rng)
        self.state = State.restore(Snapshot(config, self.now, 0))
        self.took: list[float] = []
        self.offers: list[tuple[str, str, str]] = []
        self.owned: list[tuple[str, str]] = []
        self.arrived = 0
        for member in config.agents:
            self.do(ev.SignedIn(member.id))
            self.do(ev.PresenceSet(member.id, PresenceState.READY))

    def grow(self, waiting: int) -> None:
        """Contacts arrive until so many wait."""
        while len(self.state.works) - len(self.owned) < waiting:
            self.arrive()
            self.answer_all()

    def do(self, event: ev.AnyEvent) -> None:
        self.now += 20
        begin = time.perf_counter()
        effects = decide(self.state, event, self.now)
        self.took.append(time.perf_counter() - begin)
        self.state.take_touched()
        for effect in effects:
            if isinstance(effect, Offered):
                self.offers.append((effect.offer.id, effect.agent, effect.contact))
            elif isinstance(effect, Owned):
                self.owned.append((effect.contact, effect.agent))

    def arrive(self) -> None:
        self.arrived += 1
        contact = Contact(
            id=f"ct_{self.arrived}",
            client="c",
            lease="l",
            medium=Medium.CHAT,
            tier=Tier(self.rng.randrange(4)),
            enqueued_at=self.now,
            clock_from=self.now,
            deadline=self.now + 60 * S,
            plan="p",
            needs=self.rng.choice(self.asked),
        )
        self.do(ev.Arrived(contact))

    def answer_all(self) -> None:
        while self.offers:
            offer, name, _ = self.offers.pop()
            if self.rng.random() < 0.02:
                self.do(ev.OfferDeclined(offer, name))
            else:
                self.do(ev.OfferAccepted(offer, name))

    def warm_up(self) -> None:
        """Every agent finishes once: the first time he looks up which needs he meets, and that is remembered."""
        for _ in range(len(self.owned)):
            contact, name = self.owned.pop(0)
            self.do(ev.Finished(contact, name))
            self.answer_all()
            self.arrive()

    def finish_one(self) -> None:
        at = self.rng.randrange(len(self.owned))
        self.owned[at], self.owned[-1] = self.owned[-1], self.owned[at]
        contact, name = self.owned.pop()
        self.do(ev.Finished(contact, name))


def measure(centre: Centre, events: int) -> tuple[float, float, float]:
    """One round: p50 and p99 in microseconds, and events per second."""
    centre.took.clear()
    gc.collect()
    while len(centre.took) < events:
        centre.finish_one()
        centre.answer_all()
        centre.arrive()
        centre.answer_all()
    took = sorted(centre.took)
    p50, p99 = took[len(took) // 2] * 1e6, took[len(took) * 99 // 100] * 1e6
    return p50, p99, len(took) / sum(took)


def main() -> None:
    parser = argparse.ArgumentParser(description="How long one decision takes.")
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--sizes", default="1000,10000,100000", help="waiting contacts, comma separated")
    parser.add_argument("--signatures", type=int, default=300)
    parser.add_argument("--events", type=int, default=20_000, help="measured decisions a round")
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    print(f"{options.agents} agents, 5 of 50 skills, {options.signatures} signatures, {options.rounds} rounds")
    print(f"{'waiting':>9} {'p50 us':>8} {'p99 us':>8} {'events/s':>10}")
    centre = Centre(options.agents, seed=1, kinds=options.signatures)
    for waiting in sorted(int(size) for size in options.sizes.split(",")):
        centre.grow(waiting)
        centre.warm_up()
        rounds = [measure(centre, options.events) for _ in range(options.rounds)]
        p50, p99, rate = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{waiting:>9} {p50:>8.1f} {p99:>8.1f} {rate:>10.0f}", flush=True)


if __name__ == "__main__":
    main()
