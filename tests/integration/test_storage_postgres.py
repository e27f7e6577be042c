"""What only a real server can show: waits at the fence, and how it fails. Its plans: test_storage_plans.py."""

from __future__ import annotations

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator

import asyncpg
import pytest
from conformance.builders import CLIENT, PROVIDER, T0, batch, contact, event, fact, move, outgoing

from contactcenter.errors import Busy, LeaseLost
from contactcenter.services.changes import Changes
from contactcenter.storage.pool import Database, open_pool
from contactcenter.storage.postgres import postgres_stores
from contactcenter.storage.queries import compose, sql
from contactcenter.storage.routing_store import parts_of_batch
from contactcenter.storage.stores import Stores


@pytest.fixture
def stores(pool: asyncpg.Pool) -> Stores:
    return postgres_stores(pool)


# --- the schema ------------------------------------------------------------------------------------------------------


async def test_no_function_of_the_schema_notifies(other: asyncpg.Connection) -> None:
    """A trigger's NOTIFY would put a lock of the whole database into every transaction that sets it off."""
    functions = """SELECT proname FROM pg_proc
        WHERE pronamespace = 'public'::regnamespace AND ($1 = '' OR prosrc ~* $1) ORDER BY proname"""
    assert "facts_are_append_only" in [row[0] for row in await other.fetch(functions, "")]
    assert [row[0] for row in await other.fetch(functions, "notify")] == []


async def test_no_index_of_contacts_sees_a_move_before_the_end(other: asyncpg.Connection) -> None:
    """A move that no index sees stays in its page (heap-only update), which halves its cost."""
    moved = re.findall(r"(\w+) = (?:m\.|instant|coalesce|c\.version)", sql("move_contacts").partition("FROM")[0])
    assert {"version", "state", "owner_id", "ended_at", "released_by", "route"} <= set(moved)
    indexes = await other.fetch("SELECT indexdef FROM pg_indexes WHERE tablename = 'contacts'")
    seen = {column for row in indexes for column in moved if re.search(rf"\b{column}\b", row[0])}
    assert seen == {"ended_at"}


# --- the fence -----------------------------------------------------------------------------------------------------


@pytest.fixture
async def other(pg_dsn: str) -> AsyncIterator[asyncpg.Connection]:
    connection = await asyncpg.connect(pg_dsn)
    yield connection
    await connection.close()


async def somebody_waits(connection: asyncpg.Connection) -> None:
    """Returns when a statement waits for a lock."""
    async with asyncio.timeout(10):
        while not await connection.fetchval("SELECT EXISTS (SELECT FROM pg_locks WHERE NOT granted)"):
            pass


async def test_a_takeover_waits_for_the_batch_that_is_under_way(
    stores: Stores, other: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", 0.0)
    text, args = compose(parts_of_batch(batch(1, 1, decided=3)))
    async with other.transaction():
        await other.fetchrow(text, *args)
        async with asyncio.TaskGroup() as tasks:
            takeover = tasks.create_task(stores.routing.acquire(PROVIDER, "node-2", 3.0))
            async with pool.acquire() as watching:
                await somebody_waits(watching)
            assert not takeover.done()
            await other.execute("COMMIT; BEGIN")
    ownership = takeover.result()
    assert ownership
    assert (ownership.epoch, ownership.last_seq) == (2, 3)


async def test_a_batch_that_waits_for_a_takeover_finds_its_lease_lost(
    stores: Stores, other: asyncpg.Connection, pool: asyncpg.Pool
) -> None:
    await stores.changes.apply(Changes(contacts=[contact()]))
    await stores.routing.acquire(PROVIDER, "node-1", 0.0)
    async with other.transaction():
        await other.fetchrow(sql("acquire_domain"), PROVIDER, "node-2", 3.0, 0.0)
        async with asyncio.TaskGroup() as tasks:
            late = tasks.create_task(refused(stores))
            async with pool.acquire() as watching:
                await somebody_waits(watching)
            await other.execute("COMMIT; BEGIN")
    assert late.result()
    assert (await stores.routing.load(PROVIDER)).fresh == (("ct_1", 0),)


async def refused(stores: Stores) -> bool:
    with pytest.raises(LeaseLost):
        await stores.routing.commit(batch(1, 1, contacts=[move()], facts=[fact()]))
    return True


async def test_a_lease_from_before_the_servers_start_is_free_at_once(stores: Stores, other: asyncpg.Connection) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", 3600.0)
    assert await stores.routing.acquire(PROVIDER, "node-2", 3.0) is None
    await other.execute("UPDATE routing_domains SET renewed_at = pg_postmaster_start_time() - interval '1 second'")
    ownership = await stores.routing.acquire(PROVIDER, "node-2", 3.0)
    assert ownership
    assert ownership.epoch == 2


# --- how it fails --------------------------------------------------------------------------------------------------


async def test_an_event_that_cannot_be_read_any_more_is_shown_with_its_reason(
    stores: Stores, other: asyncpg.Connection
) -> None:
    await stores.changes.apply(Changes(events=[event(), event()]))
    await other.execute("""UPDATE routing_events SET event = '{"type": "from_the_future"}' WHERE id = 1""")
    first, second = await stores.routing.pending(PROVIDER, 10)
    assert (first.event, second.bad) == (None, "")
    assert "from_the_future" in first.bad
    assert second.event is not None


async def test_a_sending_that_cannot_be_read_is_not_in_the_way(stores: Stores, other: asyncpg.Connection) -> None:
    await other.execute(
        "INSERT INTO outbox (id, kind, provider_id, client_id, payload, created_at, next_at)"
        " VALUES ('ob_1', 'mail', $1, $2, '{}', now(), '2026-01-01Z')",
        PROVIDER,
        CLIENT,
    )
    assert await stores.outbox.due(T0 * 2, 10, 30.0) == []
    assert await stores.outbox.backlog() == 0
    assert "unreadable" in await other.fetchval("SELECT outcome FROM outbox")


async def test_a_statement_that_takes_too_long_is_given_up(pg_dsn: str, other: asyncpg.Connection) -> None:
    impatient = await open_pool(pg_dsn, timeout_s=0.05)
    stores = postgres_stores(impatient)
    await stores.routing.acquire(PROVIDER, "node-1", 3.0)
    async with other.transaction():
        await other.execute("LOCK TABLE routing_domains")
        with pytest.raises(Busy):
            await stores.routing.renew(PROVIDER, "node-1", 1, 3.0)
    assert await stores.routing.renew(PROVIDER, "node-1", 1, 3.0)
    await impatient.close()


async def test_a_lost_connection_is_busy_and_the_next_call_goes_on(stores: Stores, other: asyncpg.Connection) -> None:
    await stores.changes.apply(Changes(contacts=[contact()]))
    waiting = "SELECT DISTINCT pid FROM pg_locks WHERE NOT granted"
    async with other.transaction():
        await other.execute("LOCK TABLE contacts")
        async with asyncio.TaskGroup() as tasks:
            cut = tasks.create_task(is_busy(stores))
            await somebody_waits(other)
            await other.execute(f"SELECT pg_terminate_backend(pid) FROM ({waiting}) w")
    assert cut.result()
    await stores.changes.apply(Changes(contacts=[contact(id="ct_2")]))


async def is_busy(stores: Stores) -> bool:
    with pytest.raises(Busy):
        await stores.changes.apply(Changes(contacts=[contact(id="ct_2")]))
    return True


async def test_a_server_that_is_not_there_is_busy(tmp_path: object) -> None:
    with pytest.raises(Busy):
        await open_pool(f"postgresql://postgres@/postgres?host={tmp_path}")


async def test_statements_leave_room_for_transactions_and_take_no_connection_along_when_the_pool_closes(
    pg_dsn: str,
) -> None:
    opened = await open_pool(pg_dsn, max_size=4)
    where = "SELECT pg_backend_pid() + 0 * length(pg_sleep(0.01)::text)"
    assert len(set(await asyncio.gather(*(opened.fetchval(where) for _ in range(20))))) == 4, "all of them at work"
    async with opened.acquire(timeout=1), opened.acquire(timeout=1):
        assert await opened.fetchval("SELECT 1") == 1
    await asyncio.wait_for(opened.close(), 5)


async def test_a_connection_that_failed_or_broke_is_not_used_again(pg_dsn: str) -> None:
    opened = await open_pool(pg_dsn, max_size=2)
    mine = await opened.fetchval("SELECT pg_backend_pid()")
    with pytest.raises(asyncpg.DivisionByZeroError):
        await opened.fetchval("SELECT 1 / 0")
    assert await opened.fetchval("SELECT pg_backend_pid()") == mine, "the server refused, the connection is sound"
    stuck = asyncio.ensure_future(opened.fetchval("SELECT pg_sleep(30)"))
    await asyncio.wait([stuck], timeout=0.05)
    stuck.cancel()
    mine = await opened.fetchval("SELECT pg_backend_pid()")
    async with opened.acquire() as other:
        await other.execute("SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE pid = $1", mine)
    with contextlib.suppress(asyncpg.PostgresConnectionError, asyncpg.InterfaceError):
        await opened.fetchval("SELECT 3")
    assert await opened.fetchval("SELECT pg_backend_pid()") != mine
    await asyncio.wait_for(opened.close(), 5)


async def test_an_unhurried_end_of_a_sending_makes_no_later_write_unhurried(pool: asyncpg.Pool) -> None:
    stores = postgres_stores(pool)
    await stores.changes.apply(Changes(outbox=[outgoing()]))
    await pool.execute("SET synchronous_commit TO remote_apply")
    mine = await pool.fetchval("SELECT pg_backend_pid()")
    await stores.outbox.done("ob_1", "sent: 250", T0)
    assert await pool.fetchval("SELECT done_at IS NOT NULL FROM outbox")
    assert await pool.fetchval("SHOW synchronous_commit") == "remote_apply"
    assert await pool.fetchval("SELECT pg_backend_pid()") == mine, "the same session did it all"
    await pool.execute("RESET synchronous_commit")


async def test_a_session_keeps_its_plans_and_nothing_else(pool: asyncpg.Pool) -> None:
    database = Database(pool)
    for _ in range(3):
        await database.value("outbox_backlog")
    assert await pool.fetchval("SHOW plan_cache_mode") == "force_generic_plan"
    kept = await pool.fetch("SELECT statement, generic_plans FROM pg_prepared_statements")
    assert [row["generic_plans"] for row in kept if row["statement"] == sql("outbox_backlog")] == [3]
