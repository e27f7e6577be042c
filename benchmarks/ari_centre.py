"""A whole centre on one Asterisk: router, intake, outbox and adapter in this process, on a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

import aiohttp
import asyncpg

from benchmarks.large_example import LEASE, large_example
from contactcenter.config import Settings
from contactcenter.metrics.prometheus import Registry
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.takeover import Takeover
from contactcenter.wiring.core import Core
from contactcenter.wiring.doors import build_doors
from contactcenter.wiring.outbound import run_outbound
from contactcenter.workers.router import Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor
from routing.effects import AnyEffect, WrapUpBegan
from routing.events import AnyEvent, PresenceSet, SignedIn, WrappedUp
from routing.model import PresenceState

SOURCE = "pbx-1"
WORK_AFTER = "medium: voice, units: 60, wrap_up_s: 20"


@dataclass
class AriCentre:
    """Agents wrap up the moment they may. `effects` counts what was decided, by kind."""

    core: Core
    supervisor: Supervisor
    effects: list[AnyEffect] = field(default_factory=list)
    todo: asyncio.Queue[AnyEvent] = field(default_factory=asyncio.Queue)

    def committed(self, effects: list[AnyEffect], seconds: float, events: int) -> None:
        self.effects.extend(effects)
        for effect in effects:
            if isinstance(effect, WrapUpBegan):
                self.todo.put_nowait(WrappedUp(effect.contact, effect.agent))

    async def happen(self, *events: AnyEvent) -> None:
        now = self.core.clock.now()
        new = [NewEvent(domain="ruixun", event=event, received_at=now) for event in events]
        await self.core.stores.changes.apply(Changes(events=new))
        await self.core.bus.publish("domain:ruixun")

    async def wrap_up(self) -> None:
        while True:
            events = [await self.todo.get()]
            while not self.todo.empty():
                events.append(self.todo.get_nowait())
            await self.happen(*events)

    def count(self, kind: str) -> int:
        return sum(effect.__struct_config__.tag == kind for effect in self.effects)


@asynccontextmanager
async def ari_centre(
    pool: asyncpg.Pool,
    folder: Path,
    address: str,
    *,
    lines: int,
    agents: int,
    endpoint: str = "PJSIP/{device}",
    password: str = "secret",
    after_call: bool = True,
) -> AsyncIterator[AriCentre]:
    """Up, and soon connected. `lines` agents have signed in, so many calls there may be (I3); `agents` of them
    are ready, the others are at a break, and as many calls may wait. Without `after_call` nothing follows a talk."""
    core = Core(Settings(data_dir=folder), pool, "bench")
    source = f"{{id: {SOURCE}, dialect: asterisk, base_url: '{address}', app: contactcenter, endpoint: '{endpoint}'}}"
    example = large_example(lines).replace(f"{{id: {SOURCE}}}", source)
    if not after_call:
        assert WORK_AFTER in example
        example = example.replace(WORK_AFTER, WORK_AFTER.replace("20", "0"))
    await core.configuring.apply("", example, by="bench")
    await core.directories.refresh()
    core.secrets.ari[SOURCE] = f"cc:{password}"
    core.secrets.visitors.append("a secret of no use")
    supervisor = Supervisor(core.clock)
    async with aiohttp.ClientSession() as session:
        doors = build_doors(core, session, session)
        centre = AriCentre(core, supervisor)
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
        supervisor.run("wrap up", centre.wrap_up)
        run_outbound(core, supervisor, senders=doors.senders, connections=doors.connections, registry=Registry())
        try:
            for number, agent in enumerate(core.directories.of("ruixun").agents_of(LEASE)[:lines]):
                ready = [PresenceSet(agent.id, PresenceState.READY)] if number < agents else []
                await centre.happen(SignedIn(agent.id, agent.id), *ready)
            yield centre
        finally:
            await supervisor.stop()
