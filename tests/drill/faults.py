"""What happens to the service while it works: one function per scenario, each fault written down with its instant.

A scenario does its faults within `seconds`, in an order and at moments that the seed decides, and leaves everything
running again behind it.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from random import Random

from contactcenter.clock import SystemClock
from contactcenter.demo.people import awake
from drill.agents import Agent
from drill.backing import FAST, IMMEDIATE
from drill.cutter import Cutter
from drill.house import LEASE_S, House
from drill.ledger import Ledger
from drill.platform import Platform, Sent
from drill.processes import Process
from drill.watch import Watch

STORM = 3_000
STORM_S = 10.0
AT_ONCE = 150
CROWD, CROWD_S = 1_000, 15.0
"""Callbacks that wait when the router of the recovery is killed, if the machine takes them in within this time."""


@dataclass
class Scene:
    house: House
    ledger: Ledger
    platform: Platform
    agents: list[Agent]
    cutters: list[Cutter]
    watch: Watch
    rng: Random
    numbers: dict[str, list[float]] = field(default_factory=dict)
    """What was measured, by name."""

    def measured(self, name: str, value: float) -> None:
        self.numbers.setdefault(name, []).append(value)


Scenario = Callable[[Scene, float], Awaitable[None]]


async def webhooks(scene: Scene, seconds: float) -> None:
    """Storms: events that were told long ago are told again, thousands at once, at all doors."""
    ends = time.monotonic() + seconds
    while True:
        await asyncio.sleep(scene.rng.uniform(1, 3))
        known = list(scene.platform.recent)
        if known:
            await _storm(scene, known)
        if time.monotonic() > ends:
            return


async def _storm(scene: Scene, known: list[Sent]) -> None:
    """STORM repetitions, or as many as the machine takes in STORM_S."""
    gate, began, said = asyncio.Semaphore(AT_ONCE), time.monotonic(), 0

    async def again() -> None:
        nonlocal said
        async with gate:
            if time.monotonic() - began < STORM_S:
                said += 1
                await scene.platform.once(scene.rng.choice(known))

    async with asyncio.TaskGroup() as group:
        for _ in range(STORM):
            group.create_task(again())
    rate = said / (time.monotonic() - began)
    scene.ledger.note(f"storm: {said} repetitions of {len(known)} events, {rate:.0f}/s")
    scene.measured("storm, repetitions/s", rate)


async def kill_router(scene: Scene, seconds: float) -> None:
    """kill -9 of the one that owns the queue; the other takes over. Then the dead one comes back."""
    ends = time.monotonic() + seconds
    while True:
        await asyncio.sleep(scene.rng.uniform(0.5, 3))
        victim = await owner(scene)
        open_contacts = await scene.watch.open_contacts()
        scene.ledger.note(f"kill -9 {victim.name}, {open_contacts} contacts open")
        at = scene.watch.now()
        victim.kill()
        first = await scene.watch.first_offer_after(at, 20)
        scene.ledger.note(f"next offer {first:.2f} s after the kill" if first else "no offer within 20 s")
        if first:
            scene.measured("kill -9 of the router to the next offer, s", first)
        await asyncio.sleep(scene.rng.uniform(0, 2))
        victim.start()
        await victim.ready()
        if time.monotonic() > ends:
            return


async def kill_doors(scene: Scene, seconds: float) -> None:
    """kill -9 of an api, a gateway or the phone process, away for a moment, back."""
    ends = time.monotonic() + seconds
    victims = ["api", "gateway", "phone"]
    scene.rng.shuffle(victims)
    for number in range(100):
        if number >= len(victims) and time.monotonic() > ends:
            return
        await asyncio.sleep(scene.rng.uniform(0.5, 2))
        victim = scene.rng.choice(scene.house.of(victims[number % len(victims)]))
        scene.ledger.note(f"kill -9 {victim.name}")
        victim.kill()
        await asyncio.sleep(scene.rng.uniform(0, 2))
        victim.start()
        scene.measured("door started again, s", await victim.ready())


async def postgres(scene: Scene, seconds: float) -> None:
    """Restarted in order, and crashed."""
    ends = time.monotonic() + seconds
    for number in range(100):
        if number >= 2 and time.monotonic() > ends:
            return
        await asyncio.sleep(scene.rng.uniform(2, 4))
        how, name = ((FAST, "fast"), (IMMEDIATE, "immediate"))[number % 2]
        away = scene.rng.uniform(0.1, 2)
        scene.ledger.note(f"PostgreSQL restarted ({name}), away for {away:.1f} s")
        await scene.house.postgres.break_off(how, away)
        at = scene.watch.now()
        first = await scene.watch.first_offer_after(at, 20)
        if first:
            scene.measured("PostgreSQL back to the next offer, s", first)
        scene.ledger.note(f"next offer {first:.2f} s after it is back" if first else "no offer within 20 s")


async def redis(scene: Scene, seconds: float) -> None:
    """Flushed, stopped, started with nothing in it."""
    ends = time.monotonic() + seconds
    while True:
        await asyncio.sleep(scene.rng.uniform(1, 3))
        scene.ledger.note("Redis flushed")
        scene.house.redis.says("FLUSHALL")
        await asyncio.sleep(scene.rng.uniform(1, 2))
        away = scene.rng.uniform(1, 4)
        scene.ledger.note(f"Redis stopped for {away:.1f} s")
        scene.house.redis.stop()
        await asyncio.sleep(away)
        scene.house.redis.start()
        await scene.house.redis.ready()
        if time.monotonic() > ends:
            return


async def pause(scene: Scene, seconds: float) -> None:
    """SIGSTOP of the owning router until its lease is another's; then it wakes in the middle of what it did."""
    ends = time.monotonic() + seconds
    while True:
        await asyncio.sleep(scene.rng.uniform(0.5, 2))
        victim = await owner(scene)
        before = await scene.watch.epoch()
        scene.ledger.note(f"SIGSTOP {victim.name} (epoch {before})")
        at = scene.watch.now()
        victim.pause()
        taken = await scene.watch.epoch_above(before, LEASE_S * 5)
        first = await scene.watch.first_offer_after(at, 10)
        if first:
            scene.measured("router stopped to the next offer, s", first)
        await asyncio.sleep(scene.rng.uniform(0, 1))
        scene.ledger.note(f"SIGCONT {victim.name}: epoch {taken or 'was not taken'}")
        victim.wake()
        await asyncio.sleep(scene.rng.uniform(1, 2))
        if time.monotonic() > ends:
            return


async def cut(scene: Scene, seconds: float) -> None:
    """Connections of some agents, visitors, platforms and mail servers are cut, boundary after boundary."""
    before = sum(cutter.cuts for cutter in scene.cutters)
    for cutter in scene.cutters:
        cutter.armed = True
        cutter.drop()
    scene.ledger.note("the cutter is at work")
    await asyncio.sleep(seconds)
    for cutter in scene.cutters:
        cutter.armed = False
    cuts = sum(cutter.cuts for cutter in scene.cutters) - before
    scene.ledger.note(f"the cutter rests after {cuts} cuts")


async def together(scene: Scene, seconds: float) -> None:
    """Several at once: cut connections, dead doors, dead routers, no Redis, and storms on top."""
    async with asyncio.TaskGroup() as group:
        for scenario in (cut, kill_doors, kill_router, redis, webhooks):
            group.create_task(scenario(scene, seconds))


async def recovery(scene: Scene, seconds: float) -> None:
    """A crowd waits, its router is killed: how long until somebody is offered a contact again."""
    for agent in scene.agents:
        agent.asleep = True
    gate, began = asyncio.Semaphore(40), time.monotonic()

    async def wish(number: int) -> None:
        async with gate:
            if time.monotonic() - began > CROWD_S:
                return
            event = scene.platform.event(
                "callback.requested",
                f"crowd-{number}",
                dialled="4000000101",
                number=f"{awake(SystemClock().now())}9{number:07d}",
            )
            await scene.platform.post(event)

    async with asyncio.TaskGroup() as group:
        for number in range(CROWD):
            group.create_task(wish(number))
    victim = await owner(scene)
    scene.ledger.note(f"kill -9 {victim.name}, {await scene.watch.open_contacts()} contacts open")
    at = scene.watch.now()
    victim.kill()
    for agent in scene.agents:
        agent.asleep = False
    first = await scene.watch.first_offer_after(at, 30)
    scene.ledger.note(f"first offer {first:.2f} s after the kill" if first else "no offer within 30 s")
    if first:
        scene.measured("recovery with a crowd waiting, first offer, s", first)
    victim.start()
    await victim.ready()


async def owner(scene: Scene) -> Process:
    """The router that the domain's row names now: an owner is `<host>-<pid>-<token>`."""
    for _ in range(200):
        name = await scene.watch.owner()
        for process in scene.house.of("router"):
            if process.alive and not process.paused and f"-{process.pid}-" in name:
                return process
        await asyncio.sleep(0.1)
    raise RuntimeError(f"nobody owns the domain: {name!r}")


SCENARIOS: dict[str, Scenario] = {
    "webhooks": webhooks,
    "kill-router": kill_router,
    "kill-doors": kill_doors,
    "postgres": postgres,
    "redis": redis,
    "pause": pause,
    "cut": cut,
    "together": together,
    "recovery": recovery,
}
