"""Two or three routers over one store, whatever happens to them: every promise holds, and a blind write is seen."""

from __future__ import annotations

import asyncio
import logging
import random
from collections.abc import Iterator

import pytest
from simulation import virtual_loop
from simulation.blind import BlindRoutingStore
from simulation.crowd import PROVIDER
from simulation.faults import T0, NodeClock, Weather
from simulation.nodes import Node, Office
from simulation.routers import Told, history, small_document, with_routing
from simulation.virtual_loop import Deadlock, VirtualLoop, simulate

from contactcenter.services.changes import Batch, Changes, NewEvent
from contactcenter.storage.memory import MemoryDatabase, memory_stores
from contactcenter.storage.memory.routing import MemoryRoutingStore
from routing.events import SignedIn


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Every fault is logged, and there are many."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def told() -> list[Told]:
    logging.disable(logging.CRITICAL)
    return [history(seed) for seed in range(1, 11)]


def test_every_promise_holds_in_every_history(told: list[Told]) -> None:
    assert {each.seed: each.wrong for each in told if each.wrong} == {}


def test_the_histories_are_worth_it(told: list[Told]) -> None:
    """Domains change hands, also while their owner is alive, and there is something to route."""
    assert sum(each.takeovers for each in told) > 2 * len(told)
    assert any(history(seed).false_takeovers for seed in range(1, 60))
    assert min(each.events for each in told) > 10


def test_a_seed_is_one_history() -> None:
    assert history(7) == history(7)


def test_a_store_without_fence_and_compare_and_set_is_caught() -> None:
    """The first seed where an owner writes after its successor; that it is found is the simulation's worth."""
    wrong = next(found for seed in range(1, 40) if (found := history(seed, BlindRoutingStore).wrong))
    assert any("epoch" in each or "twice" in each or "two owners" in each or "gaps" in each for each in wrong), wrong


class LateStore(MemoryRoutingStore):
    """The owner's process sleeps 4 s as its first batch is committed; then, for a time, a renewal is heard 4 s late."""

    def __init__(self, database: MemoryDatabase, loop: VirtualLoop, owner: str) -> None:
        super().__init__(database)
        self._loop = loop
        self._owner = owner
        self._slept = False

    async def commit(self, batch: Batch) -> None:
        await super().commit(batch)
        if not self._slept and any(each.row is not None for each in batch.decided):
            self._slept = True
            self._loop.freeze(self._owner)
            self._loop.call_later(4.0, self._loop.thaw, self._owner)

    async def renew(self, domain: str, owner: str, epoch: int, ttl_s: float) -> bool:
        found = await super().renew(domain, owner, epoch, ttl_s)
        if self._slept and self._loop.time() < 6.0:
            await _until(self._loop, self._loop.time() + 4.0)
        return found


def test_a_renewal_that_is_heard_too_late_lets_nothing_out() -> None:
    """Renewed at 4 s, heard at 8 s: by then the lease has run out again, and another may have the domain."""
    loop = VirtualLoop(1)
    database = MemoryDatabase(clock=NodeClock(loop))
    store = LateStore(database, loop, "node-1")
    weather = Weather(random.Random(1))
    weather.calm = True
    office = Office(loop, weather, database, with_routing(memory_stores(database), store))

    async def main() -> None:
        await office.stores.configuration.save(PROVIDER, 1, small_document(), "test", 0)
        agent = next(iter(small_document().agents)).id
        came = NewEvent(domain=PROVIDER, event=SignedIn(agent), received_at=T0)
        await office.stores.changes.apply(Changes(events=[came]))
        Node("node-1", office, skew_us=0, batch=10)
        await _until(loop, 7.0)
        for row in tuple(database.tables.domains.values()):
            await store.release(PROVIDER, "node-1", row.epoch)
        assert await store.acquire(PROVIDER, "node-2", 60.0) is not None
        await _until(loop, 20.0)

    simulate(loop, main())
    assert database.tables.domains[PROVIDER].owner == "node-2"
    assert office.wrong == []


# --- the loop itself -----------------------------------------------------------------------------------------------


def test_a_frozen_process_takes_no_step_while_time_goes_on() -> None:
    loop, steps = VirtualLoop(1), []

    async def walk(name: str) -> None:
        for number in range(3):
            await _until(loop, number + 1.0)
            steps.append((name, number, loop.time()))

    async def main() -> None:
        both = [loop.start(walk("a"), "a"), loop.start(walk("b"), "b")]
        loop.freeze("a")
        loop.call_at(10.0, loop.thaw, "a")
        await asyncio.gather(*both)

    simulate(loop, main())
    assert [step for step in steps if step[0] == "b"] == [("b", 0, 1.0), ("b", 1, 2.0), ("b", 2, 3.0)]
    assert [step for step in steps if step[0] == "a"] == [("a", 0, 10.0), ("a", 1, 10.0), ("a", 2, 10.0)]


async def _until(loop: VirtualLoop, at: float) -> None:
    done = loop.create_future()
    loop.call_at(at, done.set_result, None)
    await done


def test_waiting_for_what_cannot_happen_is_named() -> None:
    loop = VirtualLoop(1)

    async def forever() -> None:
        await loop.create_future()

    with pytest.raises(Deadlock, match="nothing is ready"):
        simulate(loop, forever())


def test_whoever_goes_round_in_circles_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(virtual_loop, "MOST_TURNS", 100)

    async def forever() -> None:
        while True:  # noqa: ASYNC110
            await asyncio.sleep(0)

    with pytest.raises(Deadlock, match="no end"):
        simulate(VirtualLoop(1), forever())


def test_in_the_end_tasks_unwind_in_the_order_in_which_they_were_made(monkeypatch: pytest.MonkeyPatch) -> None:
    """Unwinding writes to the store, so its order belongs to the history; a set of tasks has none."""
    monkeypatch.setattr(virtual_loop, "MANY", 10)
    loop, unwound = VirtualLoop(1), []

    async def wait(number: int) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            unwound.append(number)

    async def main() -> None:
        for number in range(50):
            loop.start(wait(number), "a")
        await _until(loop, 1.0)

    loop._rng.choice = lambda ready: ready[0]  # type: ignore[method-assign]
    simulate(loop, main())
    assert unwound == list(range(50))


def test_what_was_cancelled_is_not_done() -> None:
    loop, done = VirtualLoop(1), []

    async def main() -> None:
        loop.call_soon(done.append, "soon").cancel()
        at_once = loop.call_at(1.0, done.append, "at")
        loop.call_at(1.0, done.append, "kept")
        loop.call_at(2.0, done.append, "later").cancel()
        loop.call_at(0.5, at_once.cancel)
        await _until(loop, 3.0)

    simulate(loop, main())
    assert done == ["kept"]
