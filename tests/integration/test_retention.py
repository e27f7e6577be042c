"""What is old goes, what is open stays, and what is kept can be replayed."""

from __future__ import annotations

import asyncpg
import pytest

from contactcenter.clock import SystemClock
from contactcenter.storage import retention
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.retention import DAY, LOCK, Keep, Retention

T0 = 1_767_225_600_000_000
NOW = T0 + 500 * DAY


class SetClock(SystemClock):
    def now(self) -> int:
        return NOW

    async def sleep(self, seconds: float) -> None:
        return None


@pytest.fixture
async def connection(pool: asyncpg.Pool) -> asyncpg.Connection:
    async with pool.acquire() as found:
        yield found


async def swept(connection: asyncpg.Connection, **keep: int) -> dict[str, int]:
    return await Retention(connection, keep=Keep(**keep), clock=SetClock()).round()


def days(age: int) -> str:
    return f"instant({NOW - age * DAY})"


async def test_receipts_go_after_their_days_in_batches(
    connection: asyncpg.Connection, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "BATCH", 10)
    await connection.execute(
        f"INSERT INTO receipts SELECT 's', n::text, '', '{{}}', instant({NOW} - n * {DAY}::bigint)"
        " FROM generate_series(1, 70) n"
    )
    assert await swept(connection) == {"receipts": 35}
    assert await connection.fetchval("SELECT max(external_id::int) FROM receipts") == 35
    assert await swept(connection) == {}
    assert await swept(connection, receipts_days=0) == {}


async def test_only_what_is_over_leaves_the_outbox(connection: asyncpg.Connection) -> None:
    row = (
        "INSERT INTO outbox (id, kind, provider_id, client_id, payload, created_at, next_at, done_at, dead) VALUES"
        f" ($1, 'mail', 'p', 'c', '{{}}', {days(450)}, {days(450)}, $2::timestamptz, $3)"
    )
    when = {each: await connection.fetchval(f"SELECT {days(each)}") for each in (450, 300, 10)}
    for name, age, dead in (("old", 450, False), ("fresh", 10, False), ("dead", 300, True), ("long dead", 450, True)):
        await connection.execute(row, name, when[age], dead)
    await connection.execute(row, "waits", None, False)
    assert await swept(connection) == {"outbox": 2}
    assert [each["id"] for each in await connection.fetch("SELECT id FROM outbox ORDER BY id")] == [
        "dead",
        "fresh",
        "waits",
    ]
    assert await swept(connection, dead_days=0) == {}


async def test_open_timers_and_unsettled_quarantine_stay(connection: asyncpg.Connection) -> None:
    await connection.execute(
        "INSERT INTO timers (id, kind, provider_id, client_id, subject_id, due_at, fired_at) VALUES"
        f" ('fired', 'k', 'p', 'c', 's', {days(450)}, {days(450)}), ('late', 'k', 'p', 'c', 's', {days(450)}, NULL)"
    )
    await connection.execute(
        "INSERT INTO quarantine (id, source, reason, payload, received_at, settled_at) VALUES"
        f" ('settled', 's', 'r', '', {days(480)}, {days(450)}), ('open', 's', 'r', '', {days(480)}, NULL)"
    )
    assert await swept(connection) == {"timers": 1, "quarantine": 1}
    assert await connection.fetchval("SELECT id FROM timers") == "late"
    assert await connection.fetchval("SELECT id FROM quarantine") == "open"


async def logged(connection: asyncpg.Connection) -> None:
    """Twenty events, one a day, from 420 to 401 days ago and a snapshot before 1, 6, 11 and 16; one waits."""
    await connection.execute("INSERT INTO routing_domains (domain_id, epoch, last_seq) VALUES ('p', 1, 40)")
    await connection.execute(
        "INSERT INTO routing_events (domain_id, event, received_at, seq, decided_at)"
        f" SELECT 'p', '{{}}', t, n, t FROM generate_series(1, 40) n, LATERAL (SELECT instant({NOW} - (421 - n) *"
        f" {DAY}::bigint) AS t) s"
    )
    await connection.execute(
        "INSERT INTO routing_snapshots SELECT 'p', n, 1,"
        f" instant({NOW} - (421 - n) * {DAY}::bigint), '' FROM generate_series(0, 35, 5) n"
    )
    await connection.execute(
        f"INSERT INTO routing_events (domain_id, event, received_at) VALUES ('p', '{{}}', {days(450)})"
    )


async def test_a_log_is_cut_at_a_snapshot_so_that_the_rest_can_be_replayed(connection: asyncpg.Connection) -> None:
    await logged(connection)
    assert await swept(connection) == {"routing_snapshots": 4, "routing_events": 20}
    assert await connection.fetchval("SELECT min(seq) FROM routing_snapshots") == 20
    assert await connection.fetchval("SELECT min(seq) FROM routing_events") == 21
    assert await connection.fetchval("SELECT count(*) FROM routing_events WHERE seq IS NULL") == 1
    assert await swept(connection) == {}


async def test_a_log_without_an_old_snapshot_is_kept_whole(connection: asyncpg.Connection) -> None:
    await logged(connection)
    await connection.execute(f"DELETE FROM routing_snapshots WHERE taken_at < {days(400)}")
    assert await swept(connection) == {}


async def test_events_that_webhooks_have_not_read_stay(connection: asyncpg.Connection) -> None:
    await logged(connection)
    await connection.execute("INSERT INTO webhook_cursors VALUES ('p', 3, now())")
    assert await swept(connection) == {"routing_snapshots": 4, "routing_events": 3}


async def test_months_of_facts_go_whole_and_only_when_somebody_said_so(connection: asyncpg.Connection) -> None:
    for age in (420, 360, 90):
        await ensure_fact_partitions(connection, NOW - age * DAY, 0)
        await connection.execute(
            "INSERT INTO facts (id, at, kind, provider_id, client_id, data)"
            f" VALUES ('f_{age}', {days(age)}, 'k', 'p', 'c', '{{}}')"
        )
    assert await swept(connection) == {}
    assert (await swept(connection, facts_months=12))["facts"] >= 1
    left = [row["id"] for row in await connection.fetch("SELECT id FROM facts ORDER BY at")]
    assert left == ["f_360", "f_90"]
    await ensure_fact_partitions(connection, T0)  # as the tests' database was


async def test_a_month_that_is_read_stays_until_the_next_time(
    connection: asyncpg.Connection, pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "PATIENCE", "20ms")
    async with pool.acquire() as reader, reader.transaction():
        await reader.execute("SELECT FROM facts")
        assert await swept(connection, facts_months=1) == {}
    assert (await swept(connection, facts_months=1))["facts"] >= 3
    await ensure_fact_partitions(connection, T0)


async def test_one_process_at_a_time(connection: asyncpg.Connection, pool: asyncpg.Pool) -> None:
    await connection.execute("INSERT INTO receipts VALUES ('s', '1', '', '{}', '2020-01-01Z')")
    async with pool.acquire() as other:
        await other.execute("SELECT pg_advisory_lock($1)", LOCK)
        assert await swept(connection) == {}
        await other.execute("SELECT pg_advisory_unlock($1)", LOCK)
    assert await swept(connection) == {"receipts": 1}
