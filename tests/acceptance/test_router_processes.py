"""Two real router processes beside one with the doors: hand-over, kill -9, a pause beyond the lease."""

from __future__ import annotations

import asyncio
import shutil
import signal
from collections.abc import AsyncIterator, Iterator

import asyncpg
import pytest
from floor import a_call_is_served, staffed
from process import Installation, Service, eventually, free_port, installation, redis_server

from contactcenter.storage.embedded import EmbeddedPostgres

pytestmark = [
    pytest.mark.redis,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server binary"),
]
DATABASE = "acceptance_routers"
DOORS = "api,gateway,phone,worker"


@pytest.fixture
async def dsn(pg_server: EmbeddedPostgres) -> AsyncIterator[str]:
    connection = await asyncpg.connect(pg_server.dsn)
    await connection.execute(f"CREATE DATABASE {DATABASE}")
    yield pg_server.dsn.replace("/postgres?", f"/{DATABASE}?")
    await connection.execute(f"DROP DATABASE {DATABASE} WITH (FORCE)")
    await connection.close()


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(dsn)
    yield connection
    await connection.close()


@pytest.fixture
def house(dsn: str) -> Iterator[Installation]:
    port = free_port()
    settings = {"CONTACTCENTER_DATABASE_URL": dsn, "CONTACTCENTER_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    with installation(**settings) as made, redis_server(port, made.folder):
        assert made.run("migrate").returncode == 0
        yield made
        made.close()


def _router(house: Installation) -> Service:
    return house.start("--role", "router", CONTACTCENTER_HTTP_PORT=str(free_port()))


async def _owner(database: asyncpg.Connection, service: Service) -> str:
    """Why this process has the queue, once it has it."""

    async def probe() -> str | None:
        sql = "SELECT taken_why FROM routing_domains WHERE owner LIKE $1"
        return await database.fetchval(sql, f"%-{service.pid}-%")

    return await eventually(f"process {service.pid} owns the queue", probe)


async def test_a_domain_moves_between_router_processes_and_no_call_is_lost(
    house: Installation, database: asyncpg.Connection
) -> None:
    front = await asyncio.to_thread(house.start, "--role", DOORS)
    first = await asyncio.to_thread(_router, house)
    assert await _owner(database, first) == "free"
    async with staffed(front, "a1003", "a1004", "a1005", "a1006"):
        await a_call_is_served(front, name="by-the-first")
        second = await asyncio.to_thread(_router, house)
        first.tell(signal.SIGTERM)
        assert await _owner(database, second) == "handover"
        assert await asyncio.to_thread(first.wait) == 0
        await a_call_is_served(front, name="by-the-second")

        third = await asyncio.to_thread(_router, house)
        second.tell(signal.SIGSTOP)
        assert await _owner(database, third) == "expired"
        await a_call_is_served(front, name="by-the-third")
        second.tell(signal.SIGCONT)
        await a_call_is_served(front, name="while-the-second-wakes")

        third.kill()
        assert await _owner(database, second) == "expired"
        await a_call_is_served(front, name="by-the-second-again")
    await _the_log_is_whole(database)


async def _the_log_is_whole(database: asyncpg.Connection) -> None:
    rows = await database.fetch("SELECT seq, epoch, problem FROM routing_events WHERE seq IS NOT NULL ORDER BY seq")
    assert [row["seq"] for row in rows] == list(range(1, len(rows) + 1))
    assert [row["epoch"] for row in rows] == sorted(row["epoch"] for row in rows)
    assert not any(row["problem"] for row in rows)
    served = "SELECT count(*) FROM contacts WHERE outcome = 'finished'"
    assert await database.fetchval(served) == 5
