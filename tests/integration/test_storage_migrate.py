"""Migrations: in order, once, by one at a time; refused where this program would not understand the schema."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path

import asyncpg
import pytest

from contactcenter.errors import Misconfigured
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import check, default_folder, migrate, read
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.queries import sql

JANUARY = 1_767_225_600_000_000
DAY = 86_400_000_000
PUT = """
INSERT INTO facts (id, at, kind, provider_id, client_id, data) VALUES ($1, ($2::text)::timestamptz, 'k', 'p', 'c', '{}')
"""


@pytest.fixture
async def empty_dsn(pg_server: EmbeddedPostgres) -> AsyncIterator[str]:
    """A database that has never seen a migration."""
    admin = await asyncpg.connect(pg_server.dsn)
    await admin.execute("CREATE DATABASE empty")
    yield pg_server.dsn.replace("@/postgres?", "@/empty?")
    await admin.execute("DROP DATABASE empty WITH (FORCE)")
    await admin.close()


@pytest.fixture
async def connection(empty_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    async with connected(empty_dsn) as opened:
        yield opened


@asynccontextmanager
async def connected(dsn: str) -> AsyncIterator[asyncpg.Connection]:
    opened = await asyncpg.connect(dsn)
    try:
        yield opened
    finally:
        await opened.close()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The real migrations and room for more."""
    return Path(shutil.copytree(default_folder(), tmp_path / "migrations"))


def names(folder: Path) -> list[str]:
    return sorted(file.stem for file in folder.glob("*.sql"))


async def test_an_empty_database_is_brought_up_to_date_once(connection: asyncpg.Connection) -> None:
    assert await migrate(connection) == names(default_folder())
    assert await migrate(connection) == []
    await check(connection)


async def test_processes_that_start_together_migrate_once(empty_dsn: str) -> None:
    async with AsyncExitStack() as stack:
        several = [await stack.enter_async_context(connected(empty_dsn)) for _ in range(4)]
        done = await asyncio.gather(*(migrate(each) for each in several))
    assert sorted(map(len, done)) == [0, 0, 0, len(names(default_folder()))]


async def test_a_process_that_must_not_migrate_names_the_command(connection: asyncpg.Connection) -> None:
    with pytest.raises(Misconfigured, match="contactcenter migrate"):
        await check(connection)


async def test_a_database_that_newer_code_moved_on_is_refused(connection: asyncpg.Connection, folder: Path) -> None:
    (folder / f"{len(names(folder)) + 1:04}_next.sql").write_text("CREATE TABLE newer (n int)")
    await migrate(connection, folder)
    for refuses in (migrate, check):
        with pytest.raises(Misconfigured, match="newer code ran here"):
            await refuses(connection)


async def test_an_applied_migration_is_never_edited(connection: asyncpg.Connection, folder: Path) -> None:
    await migrate(connection, folder)
    spine = folder / "0001_the_spine.sql"
    spine.write_text(spine.read_text() + "-- harmless?\n")
    for refuses in (migrate, check):
        with pytest.raises(Misconfigured, match=r"0001.*never edited"):
            await refuses(connection, folder)


async def test_a_migration_that_fails_leaves_nothing_behind(connection: asyncpg.Connection, folder: Path) -> None:
    (folder / f"{len(names(folder)) + 1:04}_bad.sql").write_text("CREATE TABLE half (n int); SELECT 1/0;")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await migrate(connection, folder)
    assert await connection.fetchval("SELECT to_regclass('half') IS NULL")
    await check(connection)


CALLS_BEFORE = """
INSERT INTO contacts (id, domain_id, provider_id, client_id, lease_id, medium, view, door, external_id, tier, opened_at,
    enqueued_at, deadline, state, ended_at)
    SELECT n, 'p', 'p', 'c', 'l', 'voice', 'v', 'd', n, 2, t, t, t, 'ended', now()
    FROM (VALUES ('gone', now()), ('quiet', now()), ('old', now() - interval '2 days')) AS s (n, t);
INSERT INTO calls (source, call, provider_id, contact_id, life, version, changed_at)
    SELECT 'pbx', c, 'p', c, ('{"state": "' || s || '"}')::jsonb, 1, now()
    FROM (VALUES ('gone', 'released'), ('quiet', 'waiting'), ('old', 'waiting')) AS v (c, s);
"""


async def test_calls_of_before_that_may_still_be_there_are_found(connection: asyncpg.Connection) -> None:
    """Migration 0007 marks them; from then on every write does."""
    (*before, seventh) = read()[:7]
    for each in before:
        await connection.execute(each.script)
    await connection.execute(CALLS_BEFORE)
    await connection.execute(seventh.script)
    assert [row["contact_id"] for row in await connection.fetch(sql("open_calls"), "pbx")] == ["quiet"]


async def test_a_database_that_cannot_keep_chinese_is_refused(pg_server: EmbeddedPostgres) -> None:
    async with connected(pg_server.dsn) as admin:
        await admin.execute(
            "CREATE DATABASE latin TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc"
        )
        async with connected(pg_server.dsn.replace("@/postgres?", "@/latin?")) as latin:
            with pytest.raises(Misconfigured, match="LATIN1"):
                await migrate(latin)
        await admin.execute("DROP DATABASE latin WITH (FORCE)")


def test_migrations_are_numbered_without_gaps(folder: Path) -> None:
    (folder / "0099_far.sql").write_text("SELECT 1")
    with pytest.raises(Misconfigured, match="without gaps"):
        read(folder)


# --- facts -----------------------------------------------------------------------------------------------------------


async def month_of(connection: asyncpg.Connection, fact: str) -> str:
    found: str = await connection.fetchval("SELECT tableoid::regclass::text FROM facts WHERE id = $1", fact)
    return found


async def put(connection: asyncpg.Connection, fact: str, at: str) -> None:
    await connection.execute(PUT, fact, at)


async def test_months_are_made_ahead_once(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    assert await ensure_fact_partitions(connection, JANUARY) == ["facts_2026_01", "facts_2026_02", "facts_2026_03"]
    assert await ensure_fact_partitions(connection, JANUARY + 40 * DAY) == ["facts_2026_04"]
    assert await ensure_fact_partitions(connection, JANUARY - DAY, 1) == ["facts_2025_12"]
    for fact, at, month in (
        ("f1", "2026-01-31 23:59:59.999999Z", "facts_2026_01"),
        ("f2", "2026-02-01 00:00:00Z", "facts_2026_02"),
        ("f3", "2027-01-01 00:00:00Z", "facts_rest"),
    ):
        await put(connection, fact, at)
        assert await month_of(connection, fact) == month


async def test_months_are_made_by_many_at_once(empty_dsn: str) -> None:
    async with AsyncExitStack() as stack:
        several = [await stack.enter_async_context(connected(empty_dsn)) for _ in range(4)]
        await migrate(several[0])
        made = await asyncio.gather(*(ensure_fact_partitions(each, JANUARY) for each in several))
    assert sorted(name for each in made for name in each) == ["facts_2026_01", "facts_2026_02", "facts_2026_03"]


async def test_facts_in_the_default_partition_stay_where_they_are(connection: asyncpg.Connection) -> None:
    await migrate(connection)
    await put(connection, "f1", "2026-02-10Z")
    assert await ensure_fact_partitions(connection, JANUARY) == ["facts_2026_01", "facts_2026_03"]
    await put(connection, "f2", "2026-02-11Z")
    assert await month_of(connection, "f2") == "facts_rest"


@pytest.mark.parametrize("at", ["2026-01-05Z", "2031-01-05Z"])
async def test_a_fact_is_never_changed_nor_deleted(connection: asyncpg.Connection, at: str) -> None:
    await migrate(connection)
    await ensure_fact_partitions(connection, JANUARY)
    await put(connection, "f1", at)
    for attempt in ("UPDATE facts SET kind = 'other'", "DELETE FROM facts"):
        with pytest.raises(asyncpg.RestrictViolationError, match="append-only"):
            await connection.execute(attempt)
