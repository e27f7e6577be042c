"""A whole house without sockets: stores, bus, intake and router on a real database, with a hand on its pulse."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg

from channels.port import CallOffered, Receipt
from contactcenter.config import Settings
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.takeover import Takeover
from contactcenter.wiring.core import Core
from contactcenter.workers.router import SNAPSHOT_EVERY, Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor
from routing.effects import AnyEffect
from routing.events import AnyEvent, PresenceSet, SignedIn
from routing.model import PresenceState

EXAMPLE = (Path(__file__).parents[1] / "contactcenter" / "demo" / "kangjia.yaml").read_text(encoding="utf-8")
HOTLINE, TOLL_FREE, OTHER_LINE = "4000000101", "8000000102", "4000000201"
PATIENCE_S = 10.0


class House:
    """`effects` are all that routers here have committed, in order."""

    def __init__(self, core: Core) -> None:
        self.core = core
        self.supervisor = Supervisor(core.clock)
        self.effects: list[AnyEffect] = []
        self.committed = asyncio.Event()
        self._calls = 0

    def router(
        self, owner: str = "one", *, batch: int = 200, lease_s: float = 3.0, snapshot_every: int = SNAPSHOT_EVERY
    ) -> Router:
        return Router(
            domain="ruixun",
            store=self.core.stores.routing,
            bus=self.core.bus,
            clock=self.core.clock,
            takeover=Takeover(self.core.stores.routing, self.core.stores.configuration),
            settings=RouterSettings(owner=owner, batch=batch, lease_s=lease_s, snapshot_every=snapshot_every),
            observe=self._observe,
        )

    def _observe(self, effects: list[AnyEffect], seconds: float, events: int) -> None:
        self.effects.extend(effects)
        self.committed.set()

    async def until(self, what: Callable[[], bool | Awaitable[bool]]) -> None:
        """Wait, commit by commit, until it is so."""
        async with asyncio.timeout(PATIENCE_S):
            while True:
                self.committed.clear()
                found = what()
                if found if isinstance(found, bool) else await found:
                    return
                await self.committed.wait()

    async def happen(self, *events: AnyEvent, dedupe: str = "") -> None:
        now = self.core.clock.now()
        new = [NewEvent(domain="ruixun", event=event, received_at=now, dedupe=dedupe) for event in events]
        await self.core.stores.changes.apply(Changes(events=new))
        await self.core.bus.publish("domain:ruixun")

    async def at_work(self, *agents: str, device: str = "") -> None:
        for agent in agents:
            await self.happen(SignedIn(agent, device), PresenceSet(agent, PresenceState.READY))
        await self.until(lambda: len(self.of("presence.changed")) >= 2 * len(agents))

    async def call(self, dialled: str = HOTLINE, **known: Any) -> Receipt:
        self._calls += 1
        name = known.pop("call", f"call-{self._calls}")
        caller = known.pop("caller", f"1390000{self._calls:04d}")
        offered = CallOffered(
            source="pbx-1", external_id=f"{name}-offered", call=name, dialled=dialled, caller=caller, **known
        )
        return await self.core.intake.accept(offered)

    def of(self, kind: str, **fields: str) -> list[Any]:
        """Committed effects of a kind whose fields have these values."""
        found = [effect for effect in self.effects if effect.__struct_config__.tag == kind]
        return [each for each in found if all(getattr(each, name) == value for name, value in fields.items())]

    async def facts(self, contact: str) -> list[str]:
        rows = await self.core.pool.fetch("SELECT kind FROM facts WHERE contact_id = $1 ORDER BY at, id", contact)
        return [row["kind"] for row in rows]


@asynccontextmanager
async def house(
    pool: asyncpg.Pool,
    tmp_path: Path,
    *,
    routed: bool = True,
    first_decision_ms: int = 5000,
    configuration: str = EXAMPLE,
) -> AsyncIterator[House]:
    core = Core(Settings(data_dir=tmp_path, first_decision_ms=first_decision_ms), pool, "one")
    await core.configuring.apply("", configuration, by="test")
    await core.directories.refresh()
    found = House(core)
    found.supervisor.run("replies", core.replies.run)
    if routed:
        found.supervisor.run("router", found.router().run)
        await found.until(lambda: bool(found.of("config.activated")))
    try:
        yield found
    finally:
        await found.supervisor.stop()
