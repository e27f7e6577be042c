"""One suite, three buses: within a process, over Redis, over the database."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest

from contactcenter.clock import SystemClock
from contactcenter.realtime.bus import LocalBus
from contactcenter.realtime.notify_bus import ALONE_S, MOST_BYTES, NotifyBus, packed
from contactcenter.realtime.redis_bus import RedisBus
from contactcenter.services.ports import Bus, Subscription

PATIENCE_S = 10.0
NEEDS_REDIS = pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server binary")


@pytest.fixture(scope="module")
def redis_url() -> Iterator[str]:
    folder = tempfile.mkdtemp(prefix="cc-bus-")
    server = subprocess.Popen(
        ["redis-server", "--port", "0", "--unixsocket", f"{folder}/redis.sock", "--save", ""],
        stdout=subprocess.DEVNULL,
    )
    yield f"unix://{folder}/redis.sock"
    os.kill(server.pid, signal.SIGTERM)
    server.wait(10)
    shutil.rmtree(folder, ignore_errors=True)


class Pair:
    """Two processes' ends of one bus; of the local bus there is but one."""

    def __init__(self, one: Any, two: Any) -> None:
        self.one: Bus = one
        self.two: Bus = two


@pytest.fixture(
    params=["local", pytest.param("redis", marks=[pytest.mark.redis, NEEDS_REDIS]), "notify"],
    ids=lambda name: str(name),
)
async def pair(request: pytest.FixtureRequest, pg_dsn: str) -> AsyncIterator[Pair]:
    if request.param == "local":
        bus = LocalBus()
        yield Pair(bus, bus)
        return
    address = request.getfixturevalue("redis_url") if request.param == "redis" else pg_dsn
    clock = SystemClock()
    if request.param == "redis":
        ends: list[Any] = [RedisBus(address, clock), RedisBus(address, clock)]
    else:
        ends = [NotifyBus(address, name, clock) for name in ("one", "two")]
    async with Running(*ends):
        yield Pair(*ends)


class Running:
    """The buses' parts, up inside: each has told its listeners once that it is connected."""

    def __init__(self, *buses: Any) -> None:
        self.buses = buses

    async def __aenter__(self) -> None:
        up = [gap_of(bus) for bus in self.buses]
        self.tasks = [asyncio.ensure_future(bus.run()) for bus in self.buses]
        async with asyncio.timeout(PATIENCE_S):
            await asyncio.gather(*(each.wait() for each in up))

    async def __aexit__(self, *exc: object) -> None:
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks, return_exceptions=True)
        for bus in self.buses:
            await bus.close()


def gap_of(bus: Bus) -> asyncio.Event:
    seen = asyncio.Event()
    bus.on_gap(seen.set)
    return seen


async def heard(listener: Subscription, count: int) -> list[bytes]:
    found: list[bytes] = []
    async with asyncio.timeout(PATIENCE_S):
        async for payload in listener:
            found.append(payload)
            if len(found) == count:
                return found
    raise AssertionError("unreachable")


async def test_what_one_says_the_other_hears_in_order(pair: Pair) -> None:
    async with pair.two.subscribe("desk:a1") as listener:
        for number in range(200):
            await pair.one.publish("desk:a1", f'{{"n": {number}, "说": "你好"}}'.encode())
        said = await heard(listener, 200)
    assert said == [f'{{"n": {number}, "说": "你好"}}'.encode() for number in range(200)]


async def test_a_process_hears_itself_and_only_its_topics(pair: Pair) -> None:
    async with pair.one.subscribe("desk:a1", "live:ruixun") as listener:
        await pair.one.publish("desk:a2", b"another's")
        await pair.one.publish("live:ruixun")
        await pair.one.publish("desk:a1", b"mine")
        assert await heard(listener, 2) == [b"", b"mine"]


async def test_who_left_hears_no_more_and_who_stays_does(pair: Pair) -> None:
    async with pair.two.subscribe("outbox") as stays:
        async with pair.two.subscribe("outbox") as leaves:
            await pair.one.publish("outbox", b"1")
            assert await heard(leaves, 1) == [b"1"]
        await pair.one.publish("outbox", b"2")
        assert await heard(stays, 2) == [b"1", b"2"]


# --- NOTIFY alone ----------------------------------------------------------------------------------------------------


@pytest.fixture
async def notify(pg_dsn: str) -> AsyncIterator[Pair]:
    ends = [NotifyBus(pg_dsn, name, SystemClock()) for name in ("one", "two")]
    async with Running(*ends):
        yield Pair(*ends)


async def test_a_payload_that_is_too_large_tells_its_listeners_to_look(notify: Pair) -> None:
    gap = gap_of(notify.two)
    async with notify.two.subscribe("conversation:c1") as listener:
        await notify.one.publish("conversation:c1", b"x" * 8000)
        await notify.one.publish("conversation:c1", b"small")
        assert await heard(listener, 1) == [b"small"]
    assert gap.is_set()


async def test_a_lost_connection_is_made_again_and_everybody_looks(notify: Pair, pg_dsn: str) -> None:
    gap = gap_of(notify.two)
    async with notify.two.subscribe("outbox") as listener:
        admin = await asyncpg.connect(pg_dsn)
        await admin.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'contactcenter bus'"
        )
        await admin.close()
        async with asyncio.timeout(PATIENCE_S):
            await gap.wait()
        while True:
            await notify.one.publish("outbox", b"again")
            try:
                async with asyncio.timeout(1):
                    await anext(aiter(listener))
                return
            except TimeoutError:
                continue


async def test_an_echo_goes_through_the_server(notify: Pair) -> None:
    assert isinstance(notify.one, NotifyBus)
    assert await notify.one.echo(PATIENCE_S)
    assert not await NotifyBus("postgresql://nowhere", "three", SystemClock()).echo(0.0)


class HandClock(SystemClock):
    at = 0.0

    def monotonic(self) -> float:
        return self.at


async def test_who_is_alone_sends_nothing_and_tells_a_newcomer_to_look(pg_dsn: str) -> None:
    clock = HandClock()
    one, two = NotifyBus(pg_dsn, "one", clock), NotifyBus(pg_dsn, "two", SystemClock())
    async with Running(one):
        clock.at = ALONE_S + 1
        assert one.alone
        gaps = 0

        def count() -> None:
            nonlocal gaps
            gaps += 1
            twice.set() if gaps == 2 else None

        twice = asyncio.Event()
        two.on_gap(count)
        async with Running(two), asyncio.timeout(PATIENCE_S):
            await twice.wait()
            assert not one.alone
            async with two.subscribe("outbox") as listener:
                await one.publish("outbox", b"now")
                assert await heard(listener, 1) == [b"now"]


def test_notifications_are_few_and_never_too_large() -> None:
    items = [(f"desk:{n}", "语" * (n % 300 + 3000 * (n % 97 == 0))) for n in range(3000)]
    texts = list(packed("node", items))
    assert max(len(text.encode()) for text in texts) <= MOST_BYTES
    assert len(texts) < len(items) / 10
    assert list(packed("node", [])) == []
    assert list(packed("n", [("a", "b"), ("c", None)])) == ['["n",[["a","b"],["c",null]]]']


def test_no_notify_stands_in_the_transactions_that_do_the_work() -> None:
    """It takes one lock of the whole server until its transaction is flushed: once a turn, on its own connection."""
    root = Path(__file__).parents[2]
    files = [*root.glob("contactcenter/**/*.py"), *root.glob("contactcenter/**/*.sql"), *root.glob("migrations/*.sql")]
    found = [path.name for path in files if "pg_notify(" in path.read_text("utf-8") or says_notify(path)]
    assert found == ["notify_bus.py"]


def says_notify(path: Path) -> bool:
    lines = path.read_text("utf-8").splitlines()
    return any(line.strip().upper().startswith(("NOTIFY ", '"NOTIFY ')) for line in lines)
