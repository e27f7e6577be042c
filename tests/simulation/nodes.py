"""Router processes of a simulation: the real fleet, shares, routers and takeovers, over wires that fail."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

from simulation.faults import NodeBus, NodeClock, OrderedBus, Weather, Wire
from simulation.virtual_loop import VirtualLoop

from contactcenter.services.pushes import decode_desk
from contactcenter.services.shares import Shares
from contactcenter.services.takeover import Takeover, TookOver
from contactcenter.storage.memory import MemoryDatabase
from contactcenter.storage.stores import Stores
from contactcenter.workers.fleet import Fleet
from contactcenter.workers.router import Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor

LEASE_S = 3.0


class Office:
    """What all processes share. `wrong` collects what left a process that must not have left it."""

    def __init__(self, loop: VirtualLoop, weather: Weather, database: MemoryDatabase, stores: Stores) -> None:
        self.loop = loop
        self.weather = weather
        self.database = database
        self.stores = stores
        self.bus = OrderedBus()
        self.wrong: list[str] = []
        self.takeovers: list[TookOver] = []
        self.false_takeovers = 0

    def is_database_new(self) -> bool:
        """A restart of the server voids every lease, also of owners that are alive and may just have committed."""
        return self.database.clock.now() - self.database.started_at < LEASE_S * 1e6


class Node:
    """One process. `crash` and `pause` stop it at whatever await it has come to."""

    def __init__(self, name: str, office: Office, *, skew_us: int, batch: int) -> None:
        self.name = name
        self._office = office
        self._clock = NodeClock(office.loop, skew_us)
        self._bus = NodeBus(office.bus, office.weather, self._leaves)
        self._supervisor = Supervisor(self._clock)
        shares = Shares(name, self._clock, LEASE_S)
        wires = {each: Wire(getattr(office.stores, each), office.loop, office.weather) for each in STORES}
        self._takeover = Takeover(
            wires["routing"],
            wires["configuration"],
            clock=self._clock,
            offload=_here,  # type: ignore[arg-type]
        )
        self._settings = RouterSettings(
            owner=name, batch=batch, lease_s=LEASE_S, snapshot_every=20, share=shares, told=self._told
        )
        self._routing = wires["routing"]
        self.fleet = Fleet(
            wires["nodes"],  # type: ignore[arg-type]
            self._clock,
            shares=shares,
            lease_s=LEASE_S,
            build=self._router,
            start=self._supervisor.run,
        )
        self.alive = True
        office.loop.start(self._run(), name)

    async def _run(self) -> None:
        self._supervisor.run("routers", self.fleet.run)

    def _router(self, domain: str) -> Router:
        return Router(
            domain=domain,
            store=self._routing,  # type: ignore[arg-type]
            bus=self._bus,
            clock=self._clock,
            takeover=self._takeover,
            settings=self._settings,
        )

    def _told(self, domain: str, how: TookOver | None) -> None:
        if how is None:
            self._office.false_takeovers += 1
        else:
            self._office.takeovers.append(how)

    def _leaves(self, topic: str, payload: bytes) -> None:
        """Nothing of an undecided or uncommitted event leaves, and nothing after the domain has another owner."""
        if not topic.startswith("desk:"):
            return
        push = decode_desk(payload)
        facts = self._office.database.tables.facts.values()
        known = [fact.kind for fact in facts if fact.seq == push.seq and fact.agent == push.agent]
        for effect in push.effects:
            kind = str(effect.__struct_config__.tag)
            if getattr(effect, "agent", "") == push.agent and kind not in known:
                self._office.wrong.append(f"{self.name}: {kind} of event {push.seq} left before it was committed")
        owners = [row.owner for row in self._office.database.tables.domains.values()]
        if self.name not in owners and not self._office.is_database_new():
            self._office.wrong.append(f"{self.name}: event {push.seq} left, though {owners} own the domain")

    def takes(self, offload: Callable[[Callable[[], Any]], Any]) -> None:
        """How long its takeovers' work takes; to be said before it runs."""
        self._takeover._offload = offload

    # --- what is done to it ------------------------------------------------------------------------------------

    def pause(self, seconds: float) -> None:
        self._office.loop.freeze(self.name)
        self._office.loop.call_later(seconds, self._resume)

    def _resume(self) -> None:
        if self.alive:
            self._office.loop.thaw(self.name)

    def crash(self) -> None:
        """kill -9: it never takes another step."""
        self.alive = False
        self._office.loop.freeze(self.name)

    async def stop(self) -> None:
        """SIGTERM: hand over, then go."""
        self.alive = False
        await self._office.loop.start(self._stop(), self.name)

    async def _stop(self) -> None:
        await self.fleet.leave()
        await self._supervisor.stop()


STORES = ("routing", "configuration", "nodes")


async def _here(work: Callable[[], Any]) -> Any:
    """No threads in virtual time."""
    await asyncio.sleep(0)
    return work()
