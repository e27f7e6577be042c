"""One drill from the first process to the checked history."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from contactcenter.client.errors import ClientError
from contactcenter.client.http import ApiClient
from drill.agents import Agent
from drill.checker import check
from drill.customers import Customers
from drill.cutter import DEPTH, Cutter
from drill.faults import SCENARIOS, Scene
from drill.gather import gathered
from drill.house import House, house
from drill.ledger import Ledger
from drill.platform import Platform
from drill.processes import DrillFailed
from drill.records import Desk, History, Violation
from drill.watch import Watch

ROOT = Path(__file__).parents[2]
RELAYS = ("desks", "chats", "webhooks", "mails")
SLOW, OVERHEAD_S = 4, 600
"""A drill is given up after so many times the seconds of its faults, and as much for start, drain and check."""
DESKS_S, GHOSTS_S = 30.0, 40.0
LAST_S = 150.0
"""For the customers who are still there: they do not give up, but they hang up."""


@dataclass(frozen=True)
class Wish:
    """What to drill. `root`: whose service; `eager`: two phones ring at once; `agents` of Kangjia and Xinghai."""

    seed: int
    seconds: float
    scenarios: Sequence[str]
    root: Path = ROOT
    eager: bool = False
    agents: int = 30
    keep: bool = False
    drain_s: float = 90.0


@dataclass
class Outcome:
    history: History
    violations: list[Violation]
    ledger: Ledger
    numbers: dict[str, list[float]] = field(default_factory=dict)
    checked_s: float = 0.0
    drained: bool = True
    folder: Path | None = None


async def drill(wish: Wish) -> Outcome:
    """Everything is over, and nothing runs any more, when it returns."""
    folder = _folder()
    try:
        async with asyncio.timeout(wish.seconds * SLOW + OVERHEAD_S):
            return await _drill(wish, folder)
    except TimeoutError as late:
        raise DrillFailed(f"not over after {wish.seconds * SLOW + OVERHEAD_S:.0f} s") from late
    finally:
        if not wish.keep:
            shutil.rmtree(folder, ignore_errors=True)


def _folder() -> Path:
    """The account of the database server may enter it."""
    folder = Path(tempfile.mkdtemp(prefix="contactcenter-drill-"))
    folder.chmod(0o755)
    return folder


async def _drill(wish: Wish, folder: Path) -> Outcome:
    rng, ledger = Random(wish.seed), Ledger()
    platform = Platform(ledger, Random(rng.random()), f"d{wish.seed}")
    async with asyncio.TaskGroup() as background:
        await platform.open(background)
        try:
            async with house(folder, wish.root, control_url=platform.control_url, eager=wish.eager) as built:
                ledger.note(f"{len(built.processes)} processes serve, seed {wish.seed}")
                platform.secret = built.access["secret"]
                scene, customers = await _peopled(built, ledger, platform, wish, rng)
                drained = await _traffic(scene, customers, wish, background)
                await scene.watch.close()
                for process in built.processes.values():
                    process.stop()
                history = await gathered(built, ledger, seed=wish.seed)
        finally:
            platform.stopping = True
            await platform.close()
    began = time.monotonic()
    violations = check(history)
    return Outcome(
        history, violations, ledger, scene.numbers, time.monotonic() - began, drained, folder if wish.keep else None
    )


async def _peopled(
    built: House, ledger: Ledger, platform: Platform, wish: Wish, rng: Random
) -> tuple[Scene, Customers]:
    """Every third agent, and one of the doors of each kind, is behind a cutter, which also changes the process."""
    gateways = [process.port for process in built.of("gateway")]
    apis = [process.port for process in built.of("api")]
    relays = [Cutter(ports, "http") for ports in (gateways, apis, [*apis, built.process("phone-1").port])]
    relays.append(Cutter([built.smtp["api-1"], built.smtp["api-2"]], "smtp"))
    for relay in relays:
        await relay.start()
    desk_relay, chat_relay, hook_relay, mail_relay = relays
    doors = [*apis, built.process("phone-1").port]
    platform.doors = [f"http://127.0.0.1:{port}" for port in (*doors, hook_relay.port)]
    customers = Customers(ledger, platform, Random(rng.random()), f"d{wish.seed}")
    customers.chat_doors = [f"http://127.0.0.1:{port}" for port in (*apis, chat_relay.port)]
    customers.smtp_doors = [built.smtp["api-1"], built.smtp["api-2"], mail_relay.port]
    tokens = {**built.access["agents"], **built.access["supervisors"]}
    chosen = [agent for agent in built.document["agents"] if agent["lease"] != "hongyan-2026"][: wish.agents]
    places = [*gateways, desk_relay.port]
    agents = [
        Agent(
            agent["id"],
            tokens[agent["id"]],
            f"http://127.0.0.1:{places[number % len(places)]}",
            device="" if wish.eager or number % 2 else agent["device"],
            ledger=ledger,
            rng=Random(rng.random()),
        )
        for number, agent in enumerate(chosen)
    ]
    return Scene(built, ledger, platform, agents, relays, Watch(built, ledger), rng), customers


async def _traffic(scene: Scene, customers: Customers, wish: Wish, background: asyncio.TaskGroup) -> bool:
    """Customers and agents at work, fault after fault; then the last ones are served. Was everything drained?"""
    async with _helpers(scene):
        arriving = background.create_task(customers.run())
        await asyncio.sleep(3)
        names = list(wish.scenarios)
        for name in names:
            scene.ledger.note(f"--- {name}")
            await SCENARIOS[name](scene, wish.seconds / len(names))
        scene.ledger.note("--- drain: no more customers, everything runs")
        customers.stopped.set()
        _, late = await asyncio.wait({arriving}, timeout=LAST_S)
        if late:
            scene.ledger.note(f"customers are still there after {LAST_S:.0f} s; they are sent away")
            arriving.cancel()
        drained = await _drain(scene, wish.drain_s)
        if drained:
            await _look_at_desks(scene)
            victim = scene.house.process("gateway-1")
            scene.ledger.note(f"kill -9 {victim.name} for good; the agents go home")
            victim.kill()
    if drained:
        await _look_for_ghosts(scene)
    seen = {name: len(relay.seen) for name, relay in zip(RELAYS, scene.cutters, strict=True)}
    cuts = sum(relay.cuts for relay in scene.cutters)
    scene.ledger.note(f"{cuts} connections cut; boundaries struck, of {4 * (DEPTH + 1)}: {seen}")
    for relay in scene.cutters:
        await relay.stop()
    return drained


async def _look_at_desks(scene: Scene) -> None:
    """Once everything is over desks are empty, and the router knows who is there; a moment later at most."""
    began = time.monotonic()
    while True:
        there = await scene.watch.connected()
        desks = [_desk(agent, there) for agent in scene.agents]
        wrong = [desk for desk in desks if desk.offers or desk.contacts or not desk.present or desk.shut_out]
        if not wrong or time.monotonic() - began > DESKS_S:
            break
        await asyncio.sleep(0.2)
    scene.ledger.note(f"{len(wrong)} of {len(desks)} desks are not as they should be")
    scene.ledger.desks += wrong


def _desk(agent: Agent, there: set[str]) -> Desk:
    if agent.desk is None or not agent.desk.fresh:
        return Desk(agent=agent.name, connected=False, present=False, shut_out=True)
    state = agent.desk.desk
    return Desk(
        agent=agent.name,
        offers=tuple(state.offers),
        contacts=tuple(state.contacts),
        connected=True,
        present=agent.name in there,
    )


async def _look_for_ghosts(scene: Scene) -> None:
    """A gateway was killed and everybody has gone home: the router hears of all of them, also of those."""
    began = time.monotonic()
    while True:
        there = await scene.watch.connected()
        if not there or time.monotonic() - began > GHOSTS_S:
            break
        await asyncio.sleep(0.2)
    scene.ledger.note(f"{len(there)} agents seem to be there, {time.monotonic() - began:.1f} s after they left")
    scene.ledger.desks += [Desk(agent=agent, connected=False, present=True) for agent in sorted(there)]


@asynccontextmanager
async def _helpers(scene: Scene) -> AsyncIterator[None]:
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(scene.watch.run())]
        tasks += [group.create_task(agent.run()) for agent in scene.agents]
        yield
        for task in tasks:
            task.cancel()


async def _drain(scene: Scene, patience_s: float) -> bool:
    """Callers who were never told to have gone go now; agents and their write-ups take the rest."""
    for call in list(scene.ledger.calls):
        await scene.platform.post(scene.platform.event("call.released", call, by="customer"))
    began, left = time.monotonic(), 1
    closed = False
    while left and time.monotonic() - began < patience_s:
        await asyncio.sleep(0.3)
        left = await scene.watch.open_contacts() + await scene.watch.undecided()
        if not closed and left > 100:
            closed = True
            await _close_crowd(scene)
    scene.ledger.note(f"drained in {time.monotonic() - began:.1f} s" if not left else f"{left} left over")
    scene.measured("drain, s", time.monotonic() - began)
    return not left


async def _close_crowd(scene: Scene) -> None:
    """More wait than agents can serve in a drill's time: an operator closes what nobody was offered yet."""
    gate = asyncio.Semaphore(20)
    async with ApiClient(scene.house.of("api")[0].url, scene.house.access["operator"]) as api:
        waiting: list[str] = []
        page = await api.get("/v1/contacts", limit=200, state="waiting")
        while True:
            waiting += [row["id"] for row in page["contacts"]]
            if not page["next"]:
                break
            page = await api.get("/v1/contacts", limit=200, state="waiting", before=page["next"])

        async def close(contact: str) -> None:
            async with gate:
                try:
                    await api.post(f"/v1/contacts/{contact}/close", {"reason": "drill"})
                except ClientError:
                    return

        async with asyncio.TaskGroup() as group:
            for contact in waiting:
                group.create_task(close(contact))
    scene.ledger.note(f"an operator closed {len(waiting)} that waited")
