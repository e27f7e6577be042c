"""Our whole phone service in virtual time over one database in memory: killed and started anew at will.

A process is intake, router, timers, outbox, the connection to its platform and the services behind them, put together
as the wiring does it. Nothing of it survives `kill` but what it stored.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from simulation.faults import NodeClock, OrderedBus
from simulation.virtual_loop import VirtualLoop

from channels.port import Sender
from contactcenter.client.protocol import Command
from contactcenter.clock import Clock, Ids
from contactcenter.config import Settings
from contactcenter.metrics.prometheus import Registry
from contactcenter.realtime.replies import BusReplies
from contactcenter.services.access import Access
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.ports import DoorReads
from contactcenter.services.seats import Seat
from contactcenter.services.stuck import ALLOWED
from contactcenter.services.takeover import Takeover
from contactcenter.storage.memory import MemoryDatabase, memory_stores
from contactcenter.storage.stores import Stores
from contactcenter.wiring.core import Core
from contactcenter.wiring.desk import build_desks
from contactcenter.wiring.firing import firing
from contactcenter.wiring.housekeeping import know_promised_callbacks
from contactcenter.wiring.outbound import phone_connections, run_outbound
from contactcenter.wiring.secrets_file import Secrets
from contactcenter.workers.router import Router, RouterSettings
from contactcenter.workers.supervisor import Part, Supervisor
from contactcenter.workers.tenure import Work
from contactcenter.workers.timers import Timers
from routing.events import AnyEvent, Connected, PresenceSet, SignedIn
from routing.model import PresenceState

PROVIDER, SOURCE = "ruixun", "pbx-1"
Plugged = tuple[Mapping[str, Sender], Work | None, Mapping[str, Part]]
"""Who takes commands, what the owner of the connection does, and what runs beside it."""
EXAMPLE = Path(__file__).parents[2] / "contactcenter" / "demo" / "kangjia.yaml"
SECOND = 1_000_000


class CountedIds:
    """One seed, one history."""

    def __init__(self) -> None:
        self._count = 0

    def new(self, prefix: str) -> str:
        self._count += 1
        return f"{prefix}_{self._count:08d}"

    def token(self) -> str:
        return self.new("token") + "x" * 32


@dataclass
class Ground:
    """What outlives every process: the database, time, and the line between both."""

    loop: VirtualLoop
    rng: random.Random
    configuration: str
    calm: bool = False
    """No more faults, and nobody dies any more."""

    def __post_init__(self) -> None:
        self.clock = NodeClock(self.loop)
        self.database = MemoryDatabase(clock=self.clock)
        self.stores = memory_stores(self.database)
        self.ids = CountedIds()

    @property
    def tables(self) -> Any:
        return self.database.tables

    async def stuck(self) -> dict[str, int]:
        """How much is beyond its deadline, by kind; kinds without any are left out."""
        now = self.clock.now()
        found = {what: await self.stores.stuck.stuck(what, now - s * SECOND) for what, s in ALLOWED.items()}
        return {what: len(rows) for what, rows in found.items() if rows}


class MemoryCore(Core):
    """A core on a ground of memory; `pool` is never asked."""

    ground: Ground

    def _ground(self) -> tuple[Clock, Ids, Stores, DoorReads]:
        return self.ground.clock, self.ground.ids, self.ground.stores, cast(DoorReads, self.ground.stores.reads)


class Process:
    """One life. `connect` brings the platform: what its connection does, and who takes commands."""

    def __init__(self, ground: Ground, name: str) -> None:
        kind = type("GroundedCore", (MemoryCore,), {"ground": ground})
        secrets = Secrets(visitors=["x" * 43], ari={SOURCE: "cc:secret"}, twilio={SOURCE: ["t" * 32]})
        settings = Settings(data_dir=Path("/nonexistent"), first_decision_ms=250)
        self.core: Core = kind(settings, cast(Any, None), name, secrets)
        self.core.bus = OrderedBus()
        self._rebuilt()
        self.supervisor = Supervisor(ground.clock)
        self.name = name
        self.router: Router | None = None
        self._in_hand: list[asyncio.Task[Any]] = []

    def _rebuilt(self) -> None:
        """The same core on a bus that tells its listeners in their order."""
        core = self.core
        core.replies = BusReplies(core.bus, core.node)
        core.office = replaced(core.office, bus=core.bus)
        core.configuring._bus = core.bus
        core.intake = core._intake()

    async def start(self, platform: Callable[[Core], Plugged]) -> None:
        core = self.core
        await core.directories.refresh()
        registry = Registry()
        access = Access(core.stores.access, core.clock, core.ids, client_of_agent=core.directories.client_of_agent)
        desks = build_desks(core, access, registry)
        self._desk = desks.gateway._service
        self.supervisor.run("replies", core.replies.run)
        self.supervisor.run("promised callbacks", lambda: know_promised_callbacks(core))
        self.router = Router(
            domain=PROVIDER,
            store=core.stores.routing,
            bus=core.bus,
            clock=core.clock,
            takeover=Takeover(core.stores.routing, core.stores.configuration),
            settings=RouterSettings(owner=self.name),
        )
        self.supervisor.run("router", self.router.run)
        self.supervisor.run(
            "timers", Timers(store=core.stores.timers, handle=firing(core, desks), clock=core.clock).run
        )
        made, work, parts = platform(core)
        for name, part in parts.items():
            self.supervisor.run(name, part)
        connections = phone_connections(core, lambda source: work if source == SOURCE else None)
        self.holds = connections.holds
        run_outbound(core, self.supervisor, senders=made, connections=connections, registry=registry)

    async def kill(self) -> None:
        """What agents have told it in this moment is lost, or done and not answered."""
        for task in self._in_hand:
            task.cancel()
        await self.supervisor.stop()

    async def hear(self, seat: Seat, command: Command) -> bool:
        """An agent's command: True when it was done, False when this process died over it. Raises what it refuses."""
        self._in_hand = [task for task in self._in_hand if not task.done()]
        task = asyncio.ensure_future(self._desk.carry_out(seat, command))
        self._in_hand.append(task)
        await asyncio.wait([task])
        if task.cancelled():
            return False
        task.result()
        return True

    async def happen(self, *events: AnyEvent) -> None:
        now = self.core.clock.now()
        rows = [NewEvent(domain=PROVIDER, event=event, received_at=now) for event in events]
        await self.core.stores.changes.apply(Changes(events=rows))
        await self.core.bus.publish(f"domain:{PROVIDER}")

    async def at_work(self, agent: str, device: str) -> None:
        await self.happen(Connected(agent), SignedIn(agent, device), PresenceSet(agent, PresenceState.READY))


def replaced(office: Any, **changes: Any) -> Any:
    from dataclasses import replace

    return replace(office, **changes)
