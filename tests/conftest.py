"""Fixtures that everyone shares: one database server for the run, an empty database for each test that asks.

async def test_...(pool): ...       an asyncpg pool on a migrated, empty database of its own
async def test_...(pg_dsn): ...     its address, for tests that start a whole process
"""

from __future__ import annotations

import asyncio
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Coroutine, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import asyncpg
import pytest

from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import open_pool

collect_ignore = [] if "ASTERISK" in os.environ else ["real"]
"""Those need an Asterisk: `make asterisk`."""
NOT_DURABLE = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "shared_buffers": "64MB"}
T0 = 1_767_225_600_000_000
"""2026-01-01T00:00:00Z in microseconds: the partitions of a test database begin here."""

TABLES = """
SELECT quote_ident(relname) FROM pg_class
WHERE relnamespace = 'public'::regnamespace AND relkind IN ('r', 'p') AND NOT relispartition
  AND relname <> 'schema_migrations'
"""
OTHERS = """
SELECT pg_terminate_backend(pid) FROM pg_stat_activity
WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
"""


@pytest.fixture(scope="session")
def pg_server() -> Iterator[EmbeddedPostgres]:
    """Outside of pytest's own folder, which the server's account may not enter."""
    folder = tempfile.mkdtemp(prefix="contactcenter-tests-")
    os.chmod(folder, 0o755)
    try:
        with EmbeddedPostgres(f"{folder}/pg", settings=NOT_DURABLE) as server:
            _apart(_migrate(server.dsn))
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _apart(work: Coroutine[Any, Any, None]) -> None:
    """Run beside pytest's event loop."""
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, work).result()


async def _migrate(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await ensure_fact_partitions(connection, T0)
    await connection.close()


@pytest.fixture
async def pg_dsn(pg_server: EmbeddedPostgres) -> AsyncIterator[str]:
    yield pg_server.dsn
    await _empty(pg_server.dsn)


async def _empty(dsn: str) -> None:
    """Much faster than a database for each: only what the test filled is emptied."""
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(OTHERS)
        tables = [row[0] for row in await connection.fetch(TABLES)]
        probes = (f"SELECT '{table}' WHERE EXISTS (SELECT FROM {table})" for table in tables)
        filled = [row[0] for row in await connection.fetch(" UNION ALL ".join(probes))]
        if filled:
            await connection.execute(f"TRUNCATE {', '.join(filled)} RESTART IDENTITY CASCADE")
    finally:
        await connection.close()


@pytest.fixture
async def pool(pg_dsn: str) -> AsyncIterator[asyncpg.Pool]:
    opened = await open_pool(pg_dsn, application="tests", max_size=6)
    yield opened
    await opened.close()
