"""On a real database: an owner that slept through its lease writes nothing and tells nobody."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import asyncpg
from house import House, house

from contactcenter.services.pushes import decode_desk
from contactcenter.services.takeover import Takeover, TookOver
from contactcenter.services.views import Ownership
from contactcenter.workers.router import Router, RouterSettings
from routing.events import PresenceSet, SignedIn
from routing.model import PresenceState

LEASE_S = 0.4


class Sleeper:
    """The way to the store of a process that can be put to sleep: what it says then is said when it wakes."""

    def __init__(self, store: Any) -> None:
        self._store = store
        self.awake = asyncio.Event()
        self.awake.set()
        self.commits = asyncio.Event()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)

    async def commit(self, batch: Any) -> None:
        if not self.awake.is_set():
            self.commits.set()
        await self.awake.wait()
        await self._store.commit(batch)

    async def renew(self, *lease: Any) -> Any:
        await self.awake.wait()
        return await self._store.renew(*lease)


class Told:
    """What a router said of its takeovers and lost leases."""

    def __init__(self) -> None:
        self.takeovers: list[TookOver] = []
        self.lost = 0
        self.changed = asyncio.Event()

    def __call__(self, domain: str, how: TookOver | None) -> None:
        if how is None:
            self.lost += 1
        else:
            self.takeovers.append(how)
        self.changed.set()

    async def until(self, count: int, *, lost: int = 0) -> None:
        async with asyncio.timeout(20):
            while len(self.takeovers) < count or self.lost < lost:
                self.changed.clear()
                await self.changed.wait()


def _router(home: House, owner: str, store: Any, told: Told, *, observe: Any) -> Router:
    core = home.core
    return Router(
        domain="ruixun",
        store=store,
        bus=core.bus,
        clock=core.clock,
        takeover=Takeover(store, core.stores.configuration),
        settings=RouterSettings(owner=owner, lease_s=LEASE_S, told=told),
        observe=observe,
    )


async def test_a_router_that_slept_between_deciding_and_committing_writes_nothing_and_tells_nobody(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    async with house(pool, tmp_path, routed=False) as home, asyncio.TaskGroup() as group:
        store, first, second = Sleeper(home.core.stores.routing), Told(), Told()
        firsts: list[Any] = []
        pushed: list[tuple[int, int]] = []
        listening = group.create_task(_listen(home, "a1003", pushed))
        slow = _router(home, "one", store, first, observe=lambda effects, seconds, events: firsts.extend(effects))
        home.supervisor.run("one", slow.run)
        await first.until(1)

        store.awake.clear()
        await home.happen(SignedIn("a1003"), PresenceSet("a1003", PresenceState.READY), dedupe="")
        await asyncio.wait_for(store.commits.wait(), 10)
        before = len(firsts)
        home.supervisor.run("two", _router(home, "two", home.core.stores.routing, second, observe=home._observe).run)
        await home.until(lambda: len(home.of("presence.changed", agent="a1003")) >= 2)
        store.awake.set()
        await first.until(1, lost=1)

        assert firsts[before:] == [], "its commit failed"
        assert (second.takeovers[0].why, second.takeovers[0].before) == ("expired", "one")
        rows = await pool.fetch("SELECT seq, epoch FROM routing_events WHERE seq IS NOT NULL ORDER BY seq")
        assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
        assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
        facts = await pool.fetch("SELECT kind, data FROM facts WHERE kind = 'presence.changed' AND agent_id = 'a1003'")
        assert len(facts) == 2, "decided once"
        takeovers = await pool.fetch("SELECT data->>'why' AS why FROM facts WHERE kind = 'ops.takeover' ORDER BY seq")
        assert [row["why"] for row in takeovers][:2] == ["free", "expired"]
        epochs = {row["seq"]: row["epoch"] for row in rows}
        assert all(epochs[seq] == 2 for seq, told in pushed if told), "what left was the successor's"
        listening.cancel()


async def _listen(home: House, agent: str, pushed: list[tuple[int, int]]) -> None:
    async with home.core.bus.subscribe(f"desk:{agent}") as desk:
        async for payload in desk:
            push = decode_desk(payload)
            pushed.append((push.seq, len(push.effects)))


async def test_a_lease_is_renewed_beside_a_commit_that_takes_longer_than_it(pool: asyncpg.Pool, tmp_path: Path) -> None:
    """Only the commit hangs: the process is alive, so nobody may take its domain."""

    class Slow(Sleeper):
        async def renew(self, *lease: Any) -> Any:
            renewed.append(1)
            if len(renewed) >= 6:
                self.awake.set()
            return await self._store.renew(*lease)

    renewed: list[int] = []
    async with house(pool, tmp_path, routed=False) as home:
        store, first, second = Slow(home.core.stores.routing), Told(), Told()
        home.supervisor.run("one", _router(home, "one", store, first, observe=home._observe).run)
        await first.until(1)
        renewed.clear()
        store.awake.clear()
        await home.happen(SignedIn("a1003"))
        await asyncio.wait_for(store.commits.wait(), 10)
        home.supervisor.run("two", _router(home, "two", home.core.stores.routing, second, observe=home._observe).run)
        await home.until(lambda: bool(home.of("presence.changed", agent="a1003")))
        assert (first.lost, len(second.takeovers)) == (0, 0)


async def test_a_router_that_leaves_hands_over_and_says_to_whom(pool: asyncpg.Pool, tmp_path: Path) -> None:
    async with house(pool, tmp_path, routed=False) as home:
        first, second = Told(), Told()
        leaving = _router(home, "one", home.core.stores.routing, first, observe=home._observe)
        home.supervisor.run("one", leaving.run)
        await first.until(1)
        home.supervisor.run("two", _router(home, "two", home.core.stores.routing, second, observe=home._observe).run)
        await asyncio.wait_for(leaving.leave(), 10)
        await second.until(1)
        assert second.takeovers[0].why == "free", "no heir was named: a process alone has none"
        assert leaving.ownership is None
        assert await home.core.stores.routing.acquire("ruixun", "three", 3.0) is None
        assert isinstance(await home.core.stores.routing.acquire("ruixun", "two", 3.0), Ownership)
