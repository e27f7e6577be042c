"""Several router processes in virtual time: providers spread, move in good order, and new ones need no restart."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Awaitable, Callable, Iterator

import pytest
from msgspec.structs import replace
from simulation.crowd import PROVIDER, a_contact, a_row
from simulation.faults import NodeClock, Weather
from simulation.nodes import LEASE_S, Node, Office
from simulation.routers import small_document
from simulation.virtual_loop import VirtualLoop, simulate

from contactcenter.domain.configuration import Provider
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.storage.memory import MemoryDatabase, memory_stores
from routing.events import AnyEvent, Arrived, SignedIn
from routing.model import Contact, Medium

Story = Callable[["Scene"], Awaitable[None]]


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


class Scene:
    """A database with some providers, and processes in fair weather."""

    def __init__(self, loop: VirtualLoop) -> None:
        database = MemoryDatabase(clock=NodeClock(loop))
        weather = Weather(random.Random(1))
        weather.calm = True
        self.office = Office(loop, weather, database, memory_stores(database))
        self.clock = NodeClock(loop)

    async def configure(self, *providers: str) -> None:
        for provider in providers:
            document = small_document()
            own = replace(document, provider=Provider(id=provider, name={"en": provider}, lines=100, people=100))
            await self.office.stores.configuration.save(provider, 1, own, "test", 0)

    def start(self, name: str) -> Node:
        return Node(name, self.office, skew_us=0, batch=200)

    def contact(self, name: str) -> Contact:
        return a_contact(name, self.clock.now(), Medium.VOICE)

    async def arrive(self, name: str) -> None:
        contact = self.contact(name)
        row = a_row(contact, contact.enqueued_at)
        await self.office.stores.changes.apply(Changes(contacts=[row], events=[self._event(Arrived(contact))]))

    async def happen(self, *events: AnyEvent) -> None:
        await self.office.stores.changes.apply(Changes(events=[self._event(each) for each in events]))

    def _event(self, event: AnyEvent) -> NewEvent:
        return NewEvent(domain=PROVIDER, event=event, received_at=self.clock.now())

    async def later(self, seconds: float) -> None:
        await self.clock.sleep(seconds)

    @property
    def owners(self) -> dict[str, str]:
        return {domain: row.owner for domain, row in self.office.database.tables.domains.items()}

    @property
    def why(self) -> list[str]:
        return [how.why for how in self.office.takeovers]


def _played(story: Story) -> None:
    loop = VirtualLoop(1)

    async def play() -> None:
        await story(Scene(loop))

    simulate(loop, play())


def test_providers_spread_over_the_processes_and_move_when_one_joins() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure("one", "two", "three", "four")
        scene.start("node-1")
        await scene.later(1)
        assert set(scene.owners.values()) == {"node-1"}
        scene.start("node-2")
        await scene.later(3 * LEASE_S)
        assert sorted(scene.owners.values()) == ["node-1", "node-1", "node-2", "node-2"]
        assert scene.why.count("handover") == 2
        assert len(scene.why) == 6, "nothing moved without need"
        await scene.later(60)
        assert len(scene.why) == 6

    _played(story)


def test_who_stops_hands_over_at_once() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure("one", "two")
        first = scene.start("node-1")
        await scene.later(1)
        scene.start("node-2")
        await scene.later(3 * LEASE_S)
        await first.stop()
        await scene.later(0.2)
        assert set(scene.owners.values()) == {"node-2"}
        assert scene.why[-1] == "handover"

    _played(story)


def test_the_domains_of_a_killed_process_are_taken_when_their_lease_is_over() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure("one", "two", "three")
        nodes = [scene.start(f"node-{number}") for number in range(3)]
        await scene.later(4 * LEASE_S)
        assert len(set(scene.owners.values())) == 3
        nodes[0].crash()
        await scene.later(LEASE_S + 0.5)
        assert len(set(scene.owners.values())) == 2
        assert scene.why[-1] == "expired"
        assert scene.office.false_takeovers == 0

    _played(story)


def test_a_provider_that_is_configured_later_is_routed_within_a_heartbeat() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure(PROVIDER)
        scene.start("node-1")
        await scene.later(10)
        await scene.configure("newcomer")
        await scene.later(LEASE_S / 3 + 0.2)
        assert scene.owners["newcomer"] == "node-1"

    _played(story)


def test_a_process_that_wakes_after_its_lease_is_one_of_many_again() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure("one", "two")
        first = scene.start("node-1")
        scene.start("node-2")
        await scene.later(3 * LEASE_S)
        first.pause(3 * LEASE_S)
        await scene.later(3 * LEASE_S)
        assert set(scene.owners.values()) == {"node-2"}
        await scene.later(4 * LEASE_S)
        assert set(scene.owners.values()) == {"node-1", "node-2"}, "it gets its share back, in good order"
        assert scene.office.false_takeovers == 1
        assert scene.office.wrong == []

    _played(story)


def test_a_takeover_that_lasts_longer_than_the_lease_keeps_it() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure("one")
        first = scene.start("node-1")

        async def slowly(work: Callable[[], object]) -> object:
            await scene.clock.sleep(2 * LEASE_S)
            return work()

        first.takes(slowly)
        await scene.later(1)
        scene.start("node-2")
        await scene.later(20 * LEASE_S)
        assert scene.owners == {"one": "node-1"}
        assert scene.why == ["free"]

    _played(story)


def test_an_event_that_never_fits_its_rows_is_set_aside_and_holds_nobody_up() -> None:
    """A contact that has ended cannot arrive again: its row moved, however often it is read anew."""

    async def story(scene: Scene) -> None:
        await scene.configure(PROVIDER)
        tables, node = scene.office.database.tables, scene.start("node-1")
        await scene.arrive("ct_1")
        await scene.later(1)
        assert tables.contacts["ct_1"].state == "ended", "nobody is signed in: blocked"
        await scene.happen(Arrived(scene.contact("ct_1")), SignedIn("a1001"))
        await scene.later(5)
        problems = [row.problem for row in tables.events.values() if row.problem]
        assert len(problems) == 1
        assert problems[0].startswith("StaleWrite")
        assert tables.waiting == {}
        assert len(scene.office.takeovers) < 10
        assert [each.ownership is not None for each in node.fleet] == [True]

    _played(story)


def test_a_store_that_is_away_for_a_while_costs_nothing_but_time() -> None:
    async def story(scene: Scene) -> None:
        await scene.configure("one")
        scene.start("node-1")
        await scene.later(5)
        weather = scene.office.weather
        weather.calm, weather.refused = False, 1.0
        await scene.later(4 * LEASE_S)
        weather.calm = True
        await scene.later(2 * LEASE_S)
        assert scene.owners == {"one": "node-1"}
        await asyncio.sleep(0)

    _played(story)
