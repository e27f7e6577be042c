"""Durable complete lifecycles per second, the generator in the same process.

Arrive, queue, offer, accept, end, wrap up.
Every step is a stored event with its facts; the database is the embedded one with fsync on. `python -m benchmarks
lifecycles [--count N] [--at-once N] [--agents N] [--rounds N]`.
"""

from __future__ import annotations

import argparse
import asyncio
import statistics
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

from benchmarks.large_example import LEASE, LINE, large_example
from benchmarks.processor import processor_s
from channels.port import CallOffered
from contactcenter.config import Settings
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.takeover import Takeover
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.pool import open_pool
from contactcenter.wiring import garbage
from contactcenter.wiring.core import Core
from contactcenter.workers.router import Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor
from routing.effects import AnyEffect, Ended, Offered
from routing.events import AnyEvent, Finished, OfferAccepted, PresenceSet, SignedIn, WrappedUp
from routing.model import PresenceState


@dataclass
class Centre:
    """The agents of one lease, and the futures of the contacts on their way."""

    core: Core
    offers: dict[str, asyncio.Future[Offered]] = field(default_factory=dict)
    ends: dict[str, asyncio.Future[None]] = field(default_factory=dict)
    events: int = 0

    def committed(self, effects: list[AnyEffect], seconds: float, events: int) -> None:
        self.events += events
        for effect in effects:
            if isinstance(effect, Offered):
                _done(self._offer(effect.contact), effect)
            elif isinstance(effect, Ended):
                _done(self._end(effect.contact), None)

    def _offer(self, contact: str) -> asyncio.Future[Offered]:
        return self.offers.setdefault(contact, asyncio.get_running_loop().create_future())

    def _end(self, contact: str) -> asyncio.Future[None]:
        return self.ends.setdefault(contact, asyncio.get_running_loop().create_future())

    async def happen(self, *events: AnyEvent) -> None:
        now = self.core.clock.now()
        new = [NewEvent(domain="ruixun", event=event, received_at=now) for event in events]
        await self.core.stores.changes.apply(Changes(events=new))
        await self.core.bus.publish("domain:ruixun")

    async def live(self, name: str) -> float:
        """One lifecycle; seconds from the call to its offer."""
        began = time.perf_counter()
        call = CallOffered(
            source="pbx-1", external_id=name, call=name, dialled=LINE, caller=f"138{hash(name) % 5000:08}"
        )
        receipt = await self.core.intake.accept(call)
        offered = await self._offer(receipt.contact)
        waited = time.perf_counter() - began
        await self.happen(OfferAccepted(offered.offer.id, offered.agent))
        await self.happen(Finished(receipt.contact, offered.agent))
        await self.happen(WrappedUp(receipt.contact, offered.agent))
        await self._end(receipt.contact)
        return waited


def _done(future: asyncio.Future[object], value: object) -> None:  # type: ignore[type-arg]
    if not future.done():
        future.set_result(value)


class Figures(NamedTuple):
    rate: float
    waits: list[float]
    """Seconds from each call to its first offer, sorted."""
    decided: float
    own_ms: float
    server_ms: float
    """Processor time of a lifecycle, of this process and of the database server."""


class Load(NamedTuple):
    count: int
    at_once: int
    agents: int
    warm_up: int


async def _round(dsn: str, folder: Path, load: Load) -> Figures:
    pool = await open_pool(dsn, max_size=16)
    async with pool.acquire() as connection:
        await migrate(connection)
    core = Core(Settings(data_dir=folder, first_decision_ms=10_000), pool, "bench")
    centre, supervisor = Centre(core), Supervisor(core.clock)
    await core.configuring.apply("", large_example(load.agents), by="bench")
    await core.directories.refresh()
    router = Router(
        domain="ruixun",
        store=core.stores.routing,
        bus=core.bus,
        clock=core.clock,
        takeover=Takeover(core.stores.routing, core.stores.configuration),
        settings=RouterSettings(owner="bench"),
        observe=centre.committed,
    )
    supervisor.run("replies", core.replies.run)
    supervisor.run("router", router.run)
    agents = [agent.id for agent in core.directories.of("ruixun").agents_of(LEASE)]
    for agent in agents:
        await centre.happen(SignedIn(agent), PresenceSet(agent, PresenceState.READY))
    waits: list[float] = []
    gate = asyncio.Semaphore(load.at_once)

    async def one(number: int) -> None:
        async with gate:
            waits.append(await centre.live(f"call-{number}"))

    await one(-1)
    garbage.settle()
    await asyncio.gather(*(one(number) for number in range(load.warm_up)))
    waits.clear()
    events, began, own, server = centre.events, time.perf_counter(), time.process_time(), processor_s(dsn)
    await asyncio.gather(*(one(load.warm_up + number) for number in range(load.count)))
    took = time.perf_counter() - began
    own, server = time.process_time() - own, processor_s(dsn) - server
    decided = (centre.events - events) / took
    await supervisor.stop()
    await pool.close()
    count = load.count
    return Figures(count / took, sorted(waits), decided, own / count * 1e3, server / count * 1e3)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks lifecycles", description=__doc__)
    parser.add_argument("--count", type=int, default=10_000)
    parser.add_argument("--at-once", type=int, default=400)
    parser.add_argument("--agents", type=int, default=500)
    parser.add_argument("--warm-up", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    print("lifecycles, generator in the process, embedded PostgreSQL with fsync")
    heads = f"{'call to offer p50':>18} {'p99 ms':>8} {'own ms':>7} {'server ms':>10}"
    print(f"{'round':>6} {'per s':>8} {'events/s':>9} {heads}")
    rates = []
    for number in range(options.rounds):
        with tempfile.TemporaryDirectory(prefix="bench-") as folder:
            Path(folder).chmod(0o755)
            with EmbeddedPostgres(f"{folder}/pg") as server:
                load = Load(options.count, options.at_once, options.agents, options.warm_up)
                work = _round(server.dsn, Path(folder), load)
                figures = _run(work)
        rates.append(figures.rate)
        p50, p99 = (figures.waits[int(len(figures.waits) * share)] * 1e3 for share in (0.5, 0.99))
        shown = f"{figures.rate:>8.0f} {figures.decided:>9.0f} {p50:>18.1f} {p99:>8.1f}"
        print(f"{number + 1:>6} {shown} {figures.own_ms:>7.2f} {figures.server_ms:>10.2f}", flush=True)
    print(f"median {statistics.median(rates):.0f} lifecycles/s")


def _run(work: object) -> Figures:
    import uvloop

    return uvloop.run(work)  # type: ignore[arg-type,no-any-return]
