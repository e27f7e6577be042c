"""How a router starts: from rows, the same way after a clean stop, a crash or a lost lease.

The state is restored from a snapshot value and the snapshot is kept beside the log, so that a replay starts
from exactly what the router started from (decisions row 11). Keeping it goes on while the state is built, and is over
before the first decision is committed: no epoch has events without its snapshot. Contacts that intake opened and no
router has seen wait as `Arrived` events in the log: they need nothing here.
"""

from __future__ import annotations

import asyncio
import gc
from collections.abc import Awaitable, Callable
from itertools import pairwise
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from contactcenter.clock import Clock, Micros, SystemClock
from contactcenter.domain.routing_config import routing_config
from contactcenter.errors import Misconfigured
from contactcenter.services.dispatch import Dispatch
from contactcenter.services.ports import ConfigurationStore, RoutingStore
from contactcenter.services.pushes import DeskPush
from contactcenter.services.views import Loaded, Ownership, SnapshotMark
from routing.decide import recover
from routing.model import PresenceState, Snapshot
from routing.restoring import restore
from routing.state import State

T = TypeVar("T")
Offload = Callable[[Callable[[], T]], Awaitable[T]]
"""Runs long work beside the event loop, which has a lease to renew and sockets to serve."""


class TookOver(Struct, frozen=True, kw_only=True):
    """What one takeover was: why, from whom, how much, and where the time went (seconds)."""

    why: str
    before: str
    contacts: int
    load_s: float
    restore_s: float
    snapshot_s: float
    recover_s: float
    commit_s: float = 0.0

    @property
    def took_s(self) -> float:
        return self.load_s + self.restore_s + self.snapshot_s + self.recover_s + self.commit_s

    def told(self) -> str:
        steps = ("load", "restore", "snapshot", "recover", "commit")
        took = ", ".join(f"{step} {getattr(self, f'{step}_s') * 1000:.0f}" for step in steps)
        return f"{self.why}, {self.contacts} contacts, ms: {took}"


class Takeover:
    def __init__(
        self,
        store: RoutingStore,
        configurations: ConfigurationStore,
        *,
        clock: Clock | None = None,
        offload: Offload[Any] = asyncio.to_thread,
    ) -> None:
        self._store = store
        self._configurations = configurations
        self._clock = clock or SystemClock()
        self._offload = offload

    async def begin(self, domain: str, ownership: Ownership, tick: Callable[[], Micros]) -> tuple[Dispatch, TookOver]:
        """Read the domain, keep its snapshot, and decide what the gap itself decided (offers that ran out)."""
        laps = [self._clock.monotonic()]
        loaded = await self._store.load(domain)
        laps.append(self._clock.monotonic())
        snapshot = await self._snapshot(domain, loaded, ownership, tick())
        mark = SnapshotMark(ownership.last_seq, ownership.epoch, snapshot.now)
        async with asyncio.TaskGroup() as group:
            group.create_task(self._keep(domain, mark, snapshot))
            state: State = await self._offload(lambda: _restored(snapshot))
            laps.append(self._clock.monotonic())
        laps.append(self._clock.monotonic())
        now = tick()
        effects = await self._offload(lambda: recover(state, now))
        laps.append(self._clock.monotonic())
        dispatch = Dispatch(domain=domain, state=state, loaded=loaded, ownership=ownership)
        dispatch.pushes.desks.extend(_wake_up(loaded, now))
        dispatch.recovered(effects, now, ownership)
        return dispatch, _told(ownership, loaded, laps)

    async def _keep(self, domain: str, mark: SnapshotMark, snapshot: Snapshot) -> None:
        encoded: bytes = await self._offload(lambda: msgspec.json.encode(snapshot))
        await self._store.save_snapshot(domain, mark, encoded)

    async def again(self, domain: str, ownership: Ownership, now: int) -> Dispatch:
        """The domain as its rows have it, after a batch failed: to write down which event is set aside.

        `ownership` says where the log stands now.
        """
        loaded = await self._store.load(domain)
        snapshot = await self._snapshot(domain, loaded, ownership, now)
        state: State = await self._offload(lambda: _restored(snapshot))
        return Dispatch(domain=domain, state=state, loaded=loaded, ownership=ownership)

    async def _snapshot(self, domain: str, loaded: Loaded, ownership: Ownership, now: int) -> Snapshot:
        found = await self._configurations.latest(domain)
        if found is None:
            raise Misconfigured(f"provider {domain} has no configuration: contactcenter config apply FILE")
        version, document = found
        made: Snapshot = await self._offload(
            lambda: Snapshot(
                config=routing_config(document, version),
                now=now,
                arrivals=ownership.arrivals,
                records=tuple(sorted((record for record, _ in loaded.records), key=lambda record: record.contact.id)),
                presences=tuple(sorted(loaded.presences, key=lambda presence: presence.agent)),
            )
        )
        return made


def _restored(snapshot: Snapshot) -> State:
    """Hundreds of thousands of objects that all stay: looking for garbage among them takes a third of the time."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        return restore(snapshot)
    finally:
        if collecting:
            gc.enable()


def _wake_up(loaded: Loaded, now: Micros) -> list[DeskPush]:
    """Who fell between a commit and its pushes is behind, and reads his desk anew; everybody else drops it."""
    working = [each.agent for each in loaded.presences if each.state is not PresenceState.OFFLINE]
    seqs = loaded.desk_seqs
    return [DeskPush(agent, seqs.get(agent, 0), seqs.get(agent, 0), now, ()) for agent in working]


def _told(ownership: Ownership, loaded: Loaded, laps: list[float]) -> TookOver:
    load, restore, snapshot, recovered = (after - before for before, after in pairwise(laps))
    return TookOver(
        why=ownership.why,
        before=ownership.before,
        contacts=len(loaded.records),
        load_s=load,
        restore_s=restore,
        snapshot_s=snapshot,
        recover_s=recovered,
    )
