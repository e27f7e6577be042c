"""The twin's own promises: undo, a network with delays and failures, a restart."""

from __future__ import annotations

import pytest
from conformance.builders import PROVIDER, T0, contact, event, fact

from contactcenter.services.changes import Changes
from contactcenter.storage.memory import MemoryDatabase, memory_stores
from contactcenter.storage.memory.database import Transaction

SECOND = 1_000_000


class SetClock:
    def __init__(self) -> None:
        self.at = T0

    def now(self) -> int:
        return self.at

    def monotonic(self) -> float:
        return self.at / SECOND

    async def sleep(self, seconds: float) -> None:
        self.at += round(seconds * SECOND)


class Cut(Exception):
    """The network failed."""


def test_a_transaction_takes_back_what_it_did_last_first() -> None:
    table = {"a": 1, "b": 2}
    transaction = Transaction()
    transaction.put(table, "a", 9)
    transaction.drop(table, "b")
    transaction.add(table, "c", 3)
    transaction.put(table, "a", 10)
    transaction.drop(table, "unknown")
    transaction.undo()
    assert table == {"a": 1, "b": 2}


async def test_every_call_travels_there_and_back() -> None:
    travelled = []

    async def latency() -> None:
        travelled.append(1)

    await memory_stores(MemoryDatabase(latency=latency)).changes.apply(Changes(contacts=[contact()]))
    assert len(travelled) == 2


@pytest.mark.parametrize(("fails_at", "written"), [(1, False), (2, True)])
async def test_a_cut_on_the_way_back_leaves_the_write(fails_at: int, written: bool) -> None:
    database = MemoryDatabase()
    travelled = []

    async def latency() -> None:
        travelled.append(1)
        if len(travelled) == fails_at:
            raise Cut

    cut = memory_stores(database)
    database.latency = latency
    with pytest.raises(Cut):
        await cut.changes.apply(Changes(contacts=[contact()], facts=[fact()], events=[event()]))
    tables = database.tables
    assert [bool(table) for table in (tables.contacts, tables.facts, tables.events, tables.waiting)] == [written] * 4


async def test_a_lease_runs_out_by_the_databases_clock() -> None:
    clock = SetClock()
    routing = memory_stores(MemoryDatabase(clock=clock)).routing
    await routing.acquire(PROVIDER, "node-1", 3.0)
    await clock.sleep(2.999999)
    assert await routing.acquire(PROVIDER, "node-2", 3.0) is None
    await clock.sleep(0.000001)
    assert await routing.acquire(PROVIDER, "node-2", 3.0) is not None


async def test_a_restart_voids_the_leases_from_before() -> None:
    clock = SetClock()
    database = MemoryDatabase(clock=clock)
    routing = memory_stores(database).routing
    await routing.acquire(PROVIDER, "node-1", 3600.0)
    await clock.sleep(1)
    database.restart()
    assert await routing.acquire(PROVIDER, "node-2", 3.0) is not None
