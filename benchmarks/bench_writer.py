"""How many durable routing transitions a second one writer commits, by the size of its batches.

    python benchmarks/bench_writer.py [--sizes 1,10,50,200] [--seconds 2] [--rounds 3] [--contacts 5000]

A unit is one contact's state change by compare-and-set on its version, and the fact of it, through
RoutingStore.commit with its fence: one statement, one transaction, fsync on. With `--events` each unit also
logs the routing event that caused it, as in the running service. One connection, batches behind each other on
an embedded server of its own; medians over the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import statistics
import tempfile
import time
from collections.abc import Iterator

import asyncpg
import msgspec

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Batch, Changes, ContactMove, Decided, NewContact
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import open_pool
from contactcenter.storage.postgres import postgres_stores
from contactcenter.storage.stores import Stores
from routing.events import Ticked
from routing.model import Contact, Medium, Record, Tier

T0 = 1_767_225_600_000_000
DOMAIN, CLIENT = "ruixun", "kangjia"
TICKED = msgspec.json.encode(Ticked())


class Writer:
    """A router's side of the commits: versions and numbers, as a real one keeps them."""

    def __init__(self, stores: Stores, contacts: int, domain: str = DOMAIN) -> None:
        self._stores = stores
        self._domain = domain
        self._ids = [f"ct_{domain}_{n:06}" for n in range(contacts)]
        self._versions = dict.fromkeys(self._ids, 0)
        self._turn = itertools.cycle(self._ids)
        self._seq = self._facts = self._epoch = 0
        self._made: list[Batch] = []

    async def prepare(self) -> None:
        await self._stores.changes.apply(Changes(contacts=[_new(each, self._domain) for each in self._ids]))
        ownership = await self._stores.routing.acquire(self._domain, "bench", 3600.0)
        assert ownership is not None
        self._epoch = ownership.epoch

    def make(self, count: int, size: int) -> None:
        """Batches to be committed later."""
        self._made = [self._batch(size, events=False) for _ in range(count)]

    async def commit(self) -> None:
        for batch in self._made:
            await self._stores.routing.commit(batch)

    async def run(self, size: int, seconds: float, events: bool) -> tuple[float, list[float]]:
        """Units per second of committing, and each commit's seconds; making the batches is not in it."""
        took: list[float] = []
        while sum(took) < seconds:
            batch = self._batch(size, events)
            before = time.perf_counter()
            await self._stores.routing.commit(batch)
            took.append(time.perf_counter() - before)
        return size * len(took) / sum(took), took

    def _batch(self, size: int, events: bool) -> Batch:
        batch = Batch(domain=self._domain, epoch=self._epoch, first_seq=self._seq + 1, arrivals=0)
        for contact in itertools.islice(self._turn, size):
            self._facts += 1
            batch.contacts.append(self._move(contact))
            batch.facts.append(_fact(contact, self._facts, self._domain))
            if events:
                self._seq += 1
                batch.decided.append(Decided(seq=self._seq, at=T0 + self._seq, event=TICKED, effects_hash=b"x" * 16))
        return batch

    def _move(self, contact: str) -> ContactMove:
        version = self._versions[contact]
        self._versions[contact] = version + 1
        state = ("offered", "waiting")[version % 2]
        return ContactMove(
            id=contact, expected=version, state=state, owner="", view="hotline", tier=2, complaint=False,
            deadline=T0 + 15_000_000, route=_route(contact),
        )  # fmt: skip


def _new(contact: str, domain: str) -> NewContact:
    return NewContact(
        id=contact, domain=domain, provider=domain, client=CLIENT, lease="kangjia-10", medium="voice", view="hotline",
        door="8008200000", external_id=contact, tier=2, opened_at=T0, enqueued_at=T0, deadline=T0 + 15_000_000,
    )  # fmt: skip


def _route(contact: str) -> bytes:
    core = Contact(
        id=contact, client=CLIENT, lease="kangjia-10", medium=Medium.VOICE, tier=Tier.IRON, enqueued_at=T0,
        clock_from=T0, deadline=T0 + 15_000_000, plan="rings", needs=(("lang:zh-CN", 3), ("tv", 1)),
    )  # fmt: skip
    return msgspec.json.encode(Record(contact=core, arrival=1))


def _fact(contact: str, number: int, domain: str) -> Fact:
    return Fact(
        id=f"{domain}:{number}:0", at=T0 + number, kind="offer.made", provider=domain, client=CLIENT, contact=contact,
        agent="ag_0001", seq=number, data={"offer": f"{contact}/1/ag_0001", "because": {"rule": "longest_idle"}},
    )  # fmt: skip


def _rounds(arguments: argparse.Namespace) -> Iterator[tuple[int, int]]:
    """Sizes take turns, so that a slow minute of the machine hits them all."""
    for number in range(arguments.rounds):
        for size in map(int, arguments.sizes.split(",")):
            yield number, size


async def measure(dsn: str, arguments: argparse.Namespace) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await ensure_fact_partitions(connection, T0)
    await connection.close()
    pool = await open_pool(dsn, application="bench", max_size=1)
    writer = Writer(postgres_stores(pool), arguments.contacts)
    await writer.prepare()
    await writer.run(50, 1.0, arguments.events)
    rates: dict[int, list[float]] = {}
    waits: dict[int, list[float]] = {}
    for _, size in _rounds(arguments):
        rate, took = await writer.run(size, arguments.seconds, arguments.events)
        rates.setdefault(size, []).append(rate)
        waits.setdefault(size, []).extend(took)
    await pool.close()
    print(f"{'batch':>6} {'units/s':>9} {'lowest':>9} {'highest':>9} {'commit p50 ms':>14} {'p99 ms':>8}")
    for size, found in rates.items():
        cuts = statistics.quantiles(waits[size], n=100)
        spread = f"{min(found):9,.0f} {max(found):9,.0f}"
        print(f"{size:6} {statistics.median(found):9,.0f} {spread} {cuts[49] * 1e3:14.2f} {cuts[98] * 1e3:8.2f}")


def main(options: list[str]) -> None:
    parser = argparse.ArgumentParser(description="units per second of the batch writer")
    parser.add_argument("--sizes", default="1,10,50,200")
    parser.add_argument("--seconds", type=float, default=2.0)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--contacts", type=int, default=5000)
    parser.add_argument("--events", action="store_true")
    arguments = parser.parse_args(options)
    with tempfile.TemporaryDirectory(prefix="contactcenter-bench-") as folder:
        os.chmod(folder, 0o755)
        with EmbeddedPostgres(f"{folder}/pg") as server:
            asyncio.run(measure(server.dsn, arguments))
