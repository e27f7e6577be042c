"""The rows of a lifecycle written durably with nothing before them: no doors, no frames, no decisions.

What `benchmarks lifecycles` has the service do, the generator in the process, by the empty service's three steps
(floor_service.py): each event stored in one commit, decided in another, its sendings marked in a third, each step
taking whatever has queued meanwhile.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from pathlib import Path

from benchmarks.floor_frames import Desk
from benchmarks.floor_rows import Kind, Life, new_id
from benchmarks.floor_service import Centre, Posted, now, prepared, writing
from benchmarks.processor import processor_s
from contactcenter.client import protocol as p
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.pool import open_pool

CALLERS = 5000


class Agent(Desk):
    """Accepts, finishes and wraps up at once, in the process and without a frame."""

    def __init__(self, agent: str, floor: Floor) -> None:
        self.agent = agent
        self._floor = floor

    async def reply(self, command: str) -> None:
        """He does not wait for it."""

    async def hear(self, kind: Kind, life: Life, at: int) -> None:
        match kind:
            case Kind.ARRIVED:
                await self._say_to_it(p.Accept(id=new_id("c", at), offer=life.offer))
            case Kind.ACCEPTED:
                await self._say_to_it(p.Finish(id=new_id("c", at), contact=life.contact))
            case Kind.FINISHED:
                await self._say_to_it(p.WrapUpDone(id=new_id("c", at), contact=life.contact))
            case Kind.WRAPPED_UP:
                self._floor.ended()

    async def _say_to_it(self, command: p.AnyCommand) -> None:
        await self._floor.centre.commanded(self, command)


class Floor:
    """A closed loop: the next one comes when one has ended."""

    def __init__(self, agents: int, count: int) -> None:
        self.centre = Centre()
        self.done = asyncio.Event()
        self._come = self._gone = 0
        self._count = count
        for number in range(agents):
            agent = f"b{number:04}"
            self.centre.desks[agent] = Agent(agent, self)
            self.centre.free.append(agent)

    def call(self) -> None:
        if self._come < self._count:
            self._come += 1
            said = Posted.Said(dialled="", caller=f"138{self._come % CALLERS:08}")
            self.centre.called(Posted(f"evt-{self._come}", "call.offered", f"call-{self._come}", said))

    def ended(self) -> None:
        self._gone += 1
        self.call()
        if self._gone == self._count:
            self.done.set()


async def _round(dsn: str, *, agents: int, at_once: int, count: int) -> tuple[float, float, float]:
    """Lifecycles a second, and the milliseconds of processor that one took here and in the database."""
    pool = await open_pool(dsn, max_size=4)
    await prepared(pool, now())
    floor = Floor(agents, count)
    async with asyncio.TaskGroup() as tasks:
        writers = writing(floor.centre, pool, tasks)
        began, own, server = time.perf_counter(), time.process_time(), processor_s(dsn)
        for _ in range(at_once):
            floor.call()
        await floor.done.wait()
        took = time.perf_counter() - began
        own, server = time.process_time() - own, processor_s(dsn) - server
        for writer in writers:
            writer.cancel()
    await pool.close()
    return count / took, own / count * 1e3, server / count * 1e3


def run(*, agents: int, at_once: int, count: int) -> None:
    import uvloop

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(f"{folder}/pg") as server:
            rate, own, database = uvloop.run(_round(server.dsn, agents=agents, at_once=at_once, count=count))
    print(f"{rate:.0f} lifecycles/s; milliseconds of processor of one: {own:.2f} here, {database:.2f} in the database")
