"""Histories of two or three routers over one store, in virtual time, with everything that can go wrong.

    python -m tests.simulation.routers --histories 5000 [--first 1] [--jobs 2] [--blind]

Each seed is one history: contacts come and are served while calls are lost on their way, answers are lost after the
commit, statements take seconds, clocks are skewed, hints get lost, and routers are paused beyond their lease, killed,
stopped in good order and started anew. Then it gets calm, and everything that was promised is checked.
"""

from __future__ import annotations

import random
import sys
from functools import cache
from pathlib import Path
from typing import NamedTuple

if str(Path(__file__).parents[1]) not in sys.path:
    # Under pytest it is there already; a program and its worker processes put it there themselves.
    sys.path.insert(0, str(Path(__file__).parents[1]))

from msgspec.structs import replace
from simulation.crowd import LEASE, PROVIDER, Crowd
from simulation.faults import NETWORK, NodeClock, Weather
from simulation.nodes import LEASE_S, Node, Office
from simulation.promises import broken
from simulation.virtual_loop import Deadlock, VirtualLoop, simulate

from contactcenter.domain.configuration import Document
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.storage.memory import MemoryDatabase, memory_stores
from contactcenter.storage.memory.routing import MemoryRoutingStore
from contactcenter.storage.stores import Stores

EXAMPLE = Path(__file__).parents[2] / "contactcenter" / "demo" / "kangjia.yaml"
CALM_S = 60.0
"""After the last fault: everything that waits must be decided within it."""


class Told(NamedTuple):
    """One history: what was wrong with it, and what happened in it."""

    seed: int
    wrong: list[str]
    takeovers: int
    false_takeovers: int
    events: int


@cache
def small_document() -> Document:
    """The example with three agents of one lease."""
    document = load_yaml(EXAMPLE.read_text(encoding="utf-8"))
    agents = tuple(agent for agent in document.agents if agent.lease == LEASE)[:3]
    return replace(document, agents=agents)


def history(seed: int, routing: type[MemoryRoutingStore] = MemoryRoutingStore) -> Told:
    """One history from beginning to end. `routing` is the store that the routers write to."""
    loop = VirtualLoop(seed)
    database = MemoryDatabase(clock=NodeClock(loop))
    stores = with_routing(memory_stores(database), routing(database))
    rng = random.Random(seed)
    office = Office(loop, Weather(rng), database, stores)
    try:
        contacts = simulate(loop, _live(office, rng))
    except Deadlock as stuck:
        return Told(seed, [str(stuck)], 0, 0, 0)
    wrong = simulate(VirtualLoop(seed), broken(stores, database.tables, PROVIDER, contacts))
    events = len(database.tables.events)
    return Told(seed, [*office.wrong, *wrong], len(office.takeovers), office.false_takeovers, events)


def with_routing(stores: Stores, routing: MemoryRoutingStore) -> Stores:
    return Stores(**{**{name: getattr(stores, name) for name in Stores.__slots__}, "routing": routing})


async def _live(office: Office, rng: random.Random) -> list[str]:
    document = small_document()
    await office.stores.configuration.save(PROVIDER, 1, document, "simulation", 0)
    nodes = Nodes(office, rng)
    crowd = Crowd(office, rng, office.weather, [agent.id for agent in document.agents])
    clock = NodeClock(office.loop)
    served = office.loop.start(crowd.run(rng.randint(4, 10), 20.0), NETWORK)
    for _ in range(rng.randint(1, 4)):
        await clock.sleep(rng.uniform(0.5, 6.0))
        await nodes.suffer()
    await served
    office.weather.calm = True
    nodes.recover()
    await _settled(office, clock)
    return crowd.contacts


async def _settled(office: Office, clock: NodeClock) -> None:
    """Until nobody has anything to say for a while and nothing waits; the checks name what still does."""
    until = clock.monotonic() + CALM_S
    events, quiet = -1, 0
    while clock.monotonic() < until and quiet < 2:
        await clock.sleep(LEASE_S)
        quiet = quiet + 1 if len(office.database.tables.events) == events else 0
        events = len(office.database.tables.events)


class Nodes:
    """The router processes, and what is done to them."""

    def __init__(self, office: Office, rng: random.Random) -> None:
        self._office = office
        self._rng = rng
        self._count = 0
        self._nodes = [self._start() for _ in range(rng.choice([2, 2, 3]))]

    def _start(self) -> Node:
        self._count += 1
        skew = self._rng.choice([0, 0, -3_000_000, 1_500_000, 40_000])
        return Node(f"node-{self._count}", self._office, skew_us=skew, batch=self._rng.choice([1, 5, 200]))

    async def suffer(self) -> None:
        """Something happens to one of them, the owner more often than not."""
        node = self._victim()
        match self._rng.choice(["pause", "pause", "crash", "stop", "restart of the database", "one more"]):
            case "pause":
                node.pause(self._rng.choice([0.5, 2.0, 4.0, 8.0]))
            case "crash":
                node.crash()
                self._nodes.append(self._start())
            case "stop":
                self._nodes.append(self._start())
                await node.stop()
            case "restart of the database":
                self._office.database.restart()
            case _:
                self._nodes.append(self._start())

    def _victim(self) -> Node:
        alive = [node for node in self._nodes if node.alive and not self._office.loop.is_frozen(node.name)]
        if not alive:
            self._nodes.append(self._start())
            return self._nodes[-1]
        owners = {row.owner for row in self._office.database.tables.domains.values()}
        owning = [node for node in alive if node.name in owners]
        return self._rng.choice(owning if owning and self._rng.random() < 0.7 else alive)

    def recover(self) -> None:
        if not any(node.alive for node in self._nodes):
            self._nodes.append(self._start())


if __name__ == "__main__":
    from simulation.many import main

    sys.exit(main(sys.argv[1:]))
