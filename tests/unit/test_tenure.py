"""A lease is believed in by the monotonic clock, never longer than it was asked for."""

from __future__ import annotations

import asyncio

from contactcenter.clock import SystemClock
from contactcenter.errors import Busy
from contactcenter.storage.memory import memory_stores
from contactcenter.storage.memory.database import MemoryDatabase
from contactcenter.workers.tenure import Tenure, Tenures

TTL_S = 3.0


class HandClock(SystemClock):
    """Time stands still until it is moved; sleepers wake when it has come."""

    def __init__(self) -> None:
        self.at = 100.0
        self._sleepers: list[tuple[float, asyncio.Event]] = []

    def now(self) -> int:
        return round(self.at * 1_000_000)

    def monotonic(self) -> float:
        return self.at

    async def sleep(self, seconds: float) -> None:
        woken = asyncio.Event()
        self._sleepers.append((self.at + seconds, woken))
        await woken.wait()

    async def pass_(self, seconds: float) -> None:
        self.at += seconds
        for due, woken in self._sleepers:
            if due <= self.at + 1e-9:
                woken.set()
        for _ in range(10):
            await asyncio.sleep(0)


class Room:
    def __init__(self) -> None:
        self.clock = HandClock()
        self.database = MemoryDatabase(clock=self.clock)
        self.store = memory_stores(self.database).leases
        self.worked: list[str] = []

    def tenure(self, owner: str, name: str = "pbx-1") -> Tenure:
        async def work(epoch: int) -> None:
            self.worked.append(f"{owner} {epoch} on")
            try:
                await asyncio.Event().wait()
            finally:
                self.worked.append(f"{owner} {epoch} off")

        return Tenure(name, store=self.store, owner=owner, ttl_s=TTL_S, clock=self.clock, work=work)


async def stopped(*tasks: asyncio.Task[None]) -> None:
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)


async def test_one_holds_and_the_other_stands_by_until_it_is_given_back() -> None:
    room = Room()
    one, two = room.tenure("one"), room.tenure("two")
    first = asyncio.ensure_future(one.run())
    await room.clock.pass_(0)
    second = asyncio.ensure_future(two.run())
    for _ in range(6):
        await room.clock.pass_(1)
    assert (one.holds(), two.holds()) == (True, False)
    await stopped(first)
    await room.clock.pass_(1)
    assert (one.holds(), two.holds(), two.epoch) == (False, True, 2)
    assert room.worked == ["one 1 on", "one 1 off", "two 2 on"]
    await stopped(second)


async def test_a_process_that_was_stopped_longer_than_its_lease_believes_it_no_more() -> None:
    room = Room()
    one = room.tenure("one")
    task = asyncio.ensure_future(one.run())
    await room.clock.pass_(0)
    assert one.holds()
    room.clock.at += TTL_S
    assert not one.holds(), "before anything has run, and before anybody else can own it"
    assert await room.store.acquire("pbx-1", "two", 60.0) == 2
    await room.clock.pass_(0)
    assert room.worked == ["one 1 on", "one 1 off"]
    assert not one.holds()
    await stopped(task)


async def test_a_store_that_does_not_answer_ends_it_in_time() -> None:
    room = Room()
    one = room.tenure("one")
    task = asyncio.ensure_future(one.run())
    await room.clock.pass_(0)

    async def away() -> None:
        raise Busy

    room.database.latency = away
    for _ in range(2):
        await room.clock.pass_(1)
    assert one.holds()
    await room.clock.pass_(1)
    assert not one.holds()
    room.database.latency = None
    await room.clock.pass_(1)
    assert one.holds()
    await stopped(task)


async def test_names_come_and_go_with_the_configuration() -> None:
    room, names = Room(), ["pbx-1"]
    tenures = Tenures(lambda: names, lambda name: room.tenure("one", name), room.clock)
    task = asyncio.ensure_future(tenures.run())
    await room.clock.pass_(0)
    assert tenures.ours() == ["pbx-1"]
    names[:] = ["pbx-2"]
    await room.clock.pass_(2)
    assert tenures.ours() == ["pbx-2"]
    assert not tenures.holds("pbx-1")
    assert await room.store.acquire("pbx-1", "two", 60.0) == 2, "given back at once"
    await stopped(task)
    assert tenures.ours() == []
