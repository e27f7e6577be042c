"""Whole lifecycles through all doors of a running service, and how long it takes from a call to its offer on a socket.

    python -m benchmarks doors [--agents N] [--seconds S] [--quick] [--rates R ...] [--client lean|typed]

One `contactcenter serve` process with its own database, all roles; signed webhooks in, agents on their sockets
who accept, finish and wrap up at once; one contact in twenty is a mail, one a chat (25 a minute at most: all come from
one address). The generator, the service and the database share the machine's cores. `--client typed` calls and works
with contactcenter.client; the default says the same on the wire and takes a third of the processor for it.

First a closed loop finds how many lifecycles a second go through. Then calls come by an open loop, Poisson, whatever
becomes of the ones before: the breaking rate is the highest at which the backlog stays flat, p99 stays below a second
and not one in a hundred is refused. At 10, 50 and 80 % of it the time is taken from before the webhook is written to
after the offer's frame is read: the generator's own share is in it.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import random
import statistics
import time
from collections.abc import Callable
from typing import NamedTuple

from benchmarks import lean_agent, typed_agent
from benchmarks.door_floor import ONCE, Crowd, Tally, World, hire, serving
from benchmarks.processor import children, own_s, tree_s
from contactcenter.client.http import ApiClient

SHARES = (0.1, 0.5, 0.8)
STEPS = 4
"""Of the search for the breaking rate: the last one is a sixteenth of what the closed loop did."""


class Use(NamedTuple):
    """Seconds of processor a second (cores that were busy), of this process, the service, and its database."""

    generator: float
    service: float
    database: float


class Trial(NamedTuple):
    offered: float
    done: float
    """Lifecycles that ended, a second."""
    p50_ms: float
    p99_ms: float
    backlog: list[int]
    tally: Tally
    use: Use

    @property
    def holds(self) -> bool:
        quarter = max(1, len(self.backlog) // 4)
        before, after = (
            statistics.mean(each) for each in (self.backlog[quarter : 2 * quarter], self.backlog[-quarter:])
        )
        refused = sum(count for code, count in self.tally.refused.items() if not code.startswith("desk "))
        return after <= before * 1.5 + 20 and self.p99_ms < 1000 and refused <= self.tally.sent / 100


class Bench:
    """`service` is its process; its children are the database. With `mix` open loops bring mails and chats too."""

    def __init__(self, world: World, service: int, *, mix: bool = True, seed: int = 1) -> None:
        self._world = world
        self._service = service
        self._mix = mix
        self._rng = random.Random(seed)

    async def closed(self, at_once: int, seconds: float) -> Trial:
        """So many on their way at once, of calls alone: the next one comes when one has ended."""

        async def keep_going(until: float) -> None:
            while time.perf_counter() < until:
                room = at_once - self._world.tally.open - coming()
                for _ in range(room):
                    self._world.spawn(self._world.one(mix=False))
                await asyncio.sleep(0.005)

        def coming() -> int:
            tally = self._world.tally
            return (
                tally.sent - tally.taken - sum(n for code, n in tally.refused.items() if not code.startswith("desk "))
            )

        return await self._measured(keep_going, seconds, 0.0)

    async def opened(self, rate: float, seconds: float) -> Trial:
        """Poisson arrivals."""

        async def come(until: float) -> None:
            due = time.perf_counter()
            while (due := due + self._rng.expovariate(rate)) < until:
                if (wait := due - time.perf_counter()) > 0:
                    await asyncio.sleep(wait)
                self._world.spawn(self._world.one(mix=self._mix))

        return await self._measured(come, seconds, rate)

    async def _measured(self, traffic: Callable[[float], object], seconds: float, rate: float) -> Trial:
        tally = self._world.tally = Tally()
        backlog: list[int] = []
        began, before = time.perf_counter(), self._used()
        driver = asyncio.ensure_future(traffic(began + seconds))  # type: ignore[call-overload]
        while time.perf_counter() < began + seconds:
            await asyncio.sleep(0.25)
            backlog.append(tally.sent - tally.ended - sum(tally.refused.values()))
        took = time.perf_counter() - began
        used = [(after - earlier) / took for after, earlier in zip(self._used(), before, strict=True)]
        done, waits = tally.ended / took, sorted(tally.waits) or [0.0]
        await driver
        await self._drained(tally)
        p50, p99 = (waits[int(len(waits) * share)] * 1e3 for share in (0.5, 0.99))
        return Trial(rate or done, done, p50, p99, backlog, tally, Use(*used))

    async def _drained(self, tally: Tally) -> None:
        """Until everybody has gone, or ten seconds: what is still there belongs to the next trial's burden."""
        for _ in range(100):
            if tally.open <= 0:
                return
            await asyncio.sleep(0.1)

    def _used(self) -> tuple[float, float, float]:
        return own_s(os.getpid()), own_s(self._service), sum(map(tree_s, children(self._service)))


HEADS = (
    f"{'offered/s':>18} {'done/s':>8} {'p50 ms':>8} {'p99 ms':>8} {'waiting':>8}"
    f" {'cores busy':>17} {'ms a lifecycle':>17}  refused"
)
"""Cores and milliseconds of processor: of the generator, the service, the database."""


def show(name: str, trial: Trial) -> None:
    cores = " ".join(f"{share:5.2f}" for share in trial.use)
    spent = " ".join(f"{share / trial.done * 1e3 if trial.done else 0:5.2f}" for share in trial.use)
    refused = dict(trial.tally.refused) or ""
    figures = f"{trial.offered:9.0f} {trial.done:8.0f} {trial.p50_ms:8.1f} {trial.p99_ms:8.1f}"
    print(f"{name:>8} {figures} {max(trial.backlog):8} {cores} {spent}  {refused}", flush=True)


async def _search(bench: Bench, most: float, seconds: float) -> float:
    """The highest rate that holds, by halving."""
    holds, breaks = 0.0, most * 1.1
    for _ in range(STEPS):
        rate = (holds + breaks) / 2 if holds else breaks * 0.6
        trial = await bench.opened(rate, seconds)
        show("holds" if trial.holds else "breaks", trial)
        holds, breaks = (rate, breaks) if trial.holds else (holds, rate)
    return holds


async def trials(bench: Bench, options: argparse.Namespace) -> None:
    """The closed loop, the search for the breaking rate, and the shares of it; or the rates that were asked for."""
    print(f"{options.agents} agents on sockets; cores and milliseconds of processor: generator, service, database")
    print(HEADS)
    show("warm up", await bench.closed(options.at_once, 3))
    if options.rates:
        for rate in options.rates:
            show("", await bench.opened(rate, options.seconds))
        return
    closed = await bench.closed(options.at_once, options.seconds)
    show("closed", closed)
    breaking = await _search(bench, closed.done, options.seconds)
    print(f"breaking rate {breaking:.0f}/s")
    for share in SHARES if breaking else ():
        show(f"{share:.0%}", await bench.opened(breaking * share, options.seconds))


async def _measure(options: argparse.Namespace) -> None:
    with serving() as (service, access):
        world = World(access, crowd(options.client))
        async with world.at_work(await hire(access, options.agents)):
            await trials(Bench(world, service), options)


def crowd(client: str) -> Crowd:
    """Imported when it is asked for: the lean one needs the extra `bench`."""
    if client == "typed":
        return Crowd(api=lambda url: ApiClient(url, patience=ONCE), day=typed_agent.day)
    from benchmarks.lean_api import LeanApi

    return Crowd(api=LeanApi, day=lean_agent.day)


def options_of(parser: argparse.ArgumentParser, arguments: list[str]) -> argparse.Namespace:
    parser.add_argument("--agents", type=int, default=400)
    parser.add_argument("--at-once", type=int, default=200)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--quick", action="store_true", help="ten seconds a trial")
    parser.add_argument("--rates", type=float, nargs="+", help="calls per second, in place of the search")
    parser.add_argument("--client", choices=("lean", "typed"), default="lean")
    options = parser.parse_args(arguments)
    if options.quick:
        options.seconds = 10.0
    return options


def main(arguments: list[str]) -> None:
    import uvloop

    options = options_of(argparse.ArgumentParser(prog="python -m benchmarks doors", description=__doc__), arguments)
    print(f"lifecycles through all doors, embedded PostgreSQL with fsync, {options.client} clients")
    uvloop.run(_measure(options))
