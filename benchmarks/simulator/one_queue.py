"""One skill, one lease, one class of contacts, one at a time per agent: the model of Erlang and Palm.

Contacts are chats that take an agent's whole capacity, so no line limits them; they are accepted at once and nobody
wraps up. Deadlines and maximum waits are out of reach, so nothing but arrival order and idleness decides.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

from benchmarks.simulator.driver import Driver
from benchmarks.simulator.erlang import Expected, erlang_a, erlang_c
from benchmarks.simulator.first_come import Served
from benchmarks.simulator.intervals import batch_means
from benchmarks.simulator.records import Records
from benchmarks.simulator.shifts import always
from benchmarks.simulator.streams import Arrival, Behaviour, S, Stream, exponential, steady
from routing.model import Agent, Config, Contact, Lease, Medium, MediumRules, Micros, RingPlan, RingStep, Tier

START: Micros = 1_700_000_000 * S
OUT_OF_REACH: Micros = 10_000_000 * S
TALK = 100.0
"""Mean talk time in seconds."""


def config(agents: int, medium: Medium = Medium.CHAT) -> Config:
    never = (OUT_OF_REACH,) * 4
    return Config(
        version=1,
        leases=(Lease("l", "c", agents, agents, 0, START * 2),),
        plans=(RingPlan("p", 5 * S, (RingStep(0, 1),), 20 * S),),
        agents=tuple(
            Agent(f"ag_{number:04}", f"{number:04}", "l", (("tv", 3),), 1, (medium,)) for number in range(agents)
        ),
        media=(MediumRules(medium, 1, 0, 0, never),),
    )


@dataclass(frozen=True)
class Queue:
    """One cell of a grid: `load` in erlangs, `patience` in mean talk times (None: nobody gives up)."""

    agents: int
    load: float
    contacts: int
    seed: int = 1
    patience: float | None = None
    medium: Medium = Medium.CHAT

    def stream(self) -> Stream:
        behaviour = Behaviour(exponential(TALK), None if self.patience is None else exponential(self.patience * TALK))
        rates = steady(self.load / TALK, self.contacts)
        return Stream("c", self._contact, behaviour, rates, most=self.contacts)

    def _contact(self, rng: Random, name: str, now: Micros) -> Contact:
        return Contact(name, "c", "l", self.medium, Tier.IRON, now, now, now + OUT_OF_REACH, "p", needs=(("tv", 1),))

    def driver(self) -> Driver:
        made = config(self.agents, self.medium)
        shifts = always([agent.id for agent in made.agents], START)
        return Driver(made, [self.stream()], shifts, seed=self.seed, start=START)

    def arrivals(self) -> list[Arrival]:
        """Who comes to `driver()`, for a referee that serves them by itself."""
        return list(self.stream().arrivals(self.seed, START))

    def expected(self, threshold: float) -> Expected:
        if self.patience is None:
            return erlang_c(self.agents, self.load, threshold=threshold)
        return erlang_a(self.agents, self.load, patience=self.patience, threshold=threshold)

    def measured(self, served: Sequence[Served], threshold: float) -> Measured:
        return Measured(self.arrivals(), served, load=self.load, threshold=threshold)


class Measured:
    """What a run came to, with intervals, comparable to `Expected`. Times are in mean talk times.

    The first tenth is left out while the empty center fills. The control variate is how much more work came than
    should have: its mean is exactly 0, and most of a queue's luck is in it.
    """

    def __init__(self, arrivals: Sequence[Arrival], served: Sequence[Served], *, load: float, threshold: float) -> None:
        rows = range(len(arrivals) // 10, len(arrivals))
        between = TALK * S / load
        excess = []
        for row in rows:
            talk = arrivals[row].talk / (TALK * S) - 1 if served[row].answered else 0.0
            excess.append(talk + 1 - (arrivals[row].at - arrivals[row - 1].at) / between)
        waits = [served[row].wait / (TALK * S) for row in rows]
        within = [served[row].answered and wait <= threshold for row, wait in zip(rows, waits, strict=True)]
        self.waits = batch_means([float(wait > 0) for wait in waits], control=excess)
        self.wait = batch_means(waits, control=excess)
        self.served_within = batch_means([float(good) for good in within], control=excess)
        self.abandons = batch_means([float(not served[row].answered) for row in rows], control=excess)


def served(records: Records) -> list[Served]:
    return [Served(records.wait(row), records.answered[row] > 0) for row in range(len(records))]
