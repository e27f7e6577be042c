"""By which indexes the statements look up: the ones that are meant, whatever the tables held when a plan was made.

A session keeps its plans (contactcenter/storage/pool.py), and a plan is made at the first use: of a new service over
empty tables, of another over weeks of work. Both must be the same, and good for both.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from conformance.builders import T0

from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import SESSION
from contactcenter.storage.queries import FOLDER, Part, compose, sql

STATEMENTS = sorted(file.stem for file in FOLDER.glob("*.sql"))
WHOLE_TABLE = {
    "configured_providers",
    "complaints_all",
    "beat_node",
    "live_nodes",
    "silent_gateways",
    *(name for name in STATEMENTS if name.startswith("doctor_")),
}
"""The few that may look at every row of a table: it is small, or all of it is wanted."""
EITHER = {"doctor_orphaned_offers", "doctor_stray_assignments", "fact_partitions"}
"""They read all that is live, by one or the other index that holds just that; or the server's own tables."""
PAST = Path(__file__).with_name("storage_past.sql").read_text(encoding="utf-8")
ARGUMENTS = {
    "facts_between": f"'ruixun', '', {T0}, {T0 + 1}, '{{}}', -1, '', 10",
    "counts_since": f"'ruixun', '', {T0}",
    "decided_facts": f"'ruixun', 0, 9, {T0}, {T0 + 1}",
    "dialling": f"'ruixun', {T0 + 1}",
    "said_waits": f"'ruixun', '', {T0}",
}
"""Where NULL would leave out the months of the facts."""
BY_CONTACT = "facts_2026_01_contact_id_at_idx"
BY_TIME = "facts_2026_01_provider_id_at_idx"
MEANT = {
    "arrivals": "receipts_pkey calls_pkey contacts_pkey identities_pkey customers_pkey identities_by_customer"
    " contacts_by_customer callbacks_one_open",
    "callback": "callbacks_pkey",
    "callers": "identities_pkey customers_pkey identities_by_customer contacts_by_customer",
    "calls": "calls_pkey contacts_pkey",
    "cancel_timers": "timers_pkey",
    "case": "cases_pkey",
    "cases_of_customer": "cases_by_customer cases_pkey",
    "change_callbacks": "callbacks_pkey",
    "change_cases": "cases_pkey",
    "claim_sendings": "outbox_due_of_kind outbox_pkey",
    "close_offers": "offers_pkey",
    "contacts": "contacts_pkey",
    "contacts_of_customer": "contacts_by_customer contacts_pkey",
    "conversation_by_messages": "messages_by_message_id conversations_pkey",
    "conversation_by_thread": "conversations_by_thread",
    "customers": "customers_pkey identities_by_customer customer_records_by_customer",
    "dead_sendings": "outbox_dead outbox_pkey",
    "decided_facts": BY_TIME,
    "decided_through": "routing_events_seq",
    "desk_consults": "assignments_by_agent assignments_by_contact offers_live_by_agent offers_by_contact contacts_pkey",
    "desk_contacts": "assignments_by_agent contacts_pkey",
    "desk_offers": "offers_live_by_agent",
    "dialling": f"callbacks_one_open contacts_pkey {BY_CONTACT}",
    "doctor_ownerless_contacts": "contacts_open assignments_one_owner",
    "due_timers": "timers_due",
    "end_orphans": "assignments_pkey contacts_pkey",
    "facts_between": BY_TIME,
    "facts_of_contact": BY_CONTACT,
    "facts_of_event": f"routing_events_dedupe {BY_TIME}",
    "find_customer": "identities_by_value customers_pkey",
    "finish_sendings": "outbox_pkey",
    "fire_timers": "timers_pkey",
    "first_receipts": "receipts_pkey",
    "kept_mail": "outbox_mail",
    "link_contacts": "contacts_pkey",
    "load_contacts": "contacts_open",
    "load_presences": "presences_by_domain",
    "long_talks": "contacts_open",
    "move_assignments": "assignments_by_contact",
    "move_contacts": "contacts_pkey",
    "number_events": "routing_events_pkey",
    "open_callback": "contacts_one_callback",
    "open_calls": "contacts_open calls_by_contact calls_there contacts_pkey",
    "outbox_backlog": "outbox_due_of_kind",
    "outstanding_callbacks": "callbacks_one_open",
    "pending_events": "routing_events_pending",
    "queue_lines": "contacts_open",
    "read_log": "routing_events_seq",
    "recent_contacts": "contacts_recent contacts_pkey",
    "recent_contacts_of_client": "contacts_recent_by_client contacts_pkey",
    "retry_sending": "outbox_pkey",
    "said_waits": f"contacts_recent {BY_CONTACT}",
    "screens": "contacts_pkey customers_pkey identities_by_customer customer_records_by_customer contacts_by_customer"
    " cases_by_customer cases_pkey complaints_pkey",
}
"""What is asked at every call, and what would read much by any other index. Of the facts one month stands for all."""
NAMED = '\'[{"n": 0, "provider": "ruixun", "client": "kangjia", "id": "ct_100"}]\''
FEW = {
    "screens": f"{NAMED}, 10, 20",
    "contacts": NAMED,
    "contacts_of_customer": "'ruixun', 'kangjia', 'cu_101', '', '', 50",
    "cases_of_customer": "'ruixun', 'kangjia', 'cu_101', '', '', 50",
    "desk_contacts": "'{ruixun}', '{a7}'",
    "desk_consults": "'{ruixun}', '{a7}'",
    "facts_of_event": "'ruixun', 'key 1'",
    "finish_sendings": "'{ob_1,ob_2999}', '{sent,sent}', '{1,1}', '{f,f}'",
    "queue_lines": f"'ruixun', '', {T0}",
    "retry_sending": f"'ob_2999', 'not sent', {T0}",
}
"""Each finds a few rows, in a database that has thousands."""


@pytest.fixture(scope="module")
def early(pg_server: EmbeddedPostgres) -> dict[str, str]:
    """The plan of every statement over empty tables; made beside pytest's event loop."""
    return _apart(_plans(pg_server.dsn, past="SELECT"))


@pytest.fixture(scope="module")
def late(pg_server: EmbeddedPostgres) -> dict[str, str]:
    """The same over a database that has worked for a while, and was looked over by the server."""
    return _apart(_plans(pg_server.dsn, past=PAST))


@pytest.fixture(scope="module")
def overtaken(pg_server: EmbeddedPostgres) -> dict[str, list[Any]]:
    """What each of FEW read in that database by a plan that was made while it was empty."""
    return _apart(_overtaken(pg_server.dsn))


def _apart(work: Any) -> Any:
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, work).result()


async def _plans(dsn: str, *, past: str) -> dict[str, str]:
    async def all_of_them(connection: asyncpg.Connection) -> dict[str, str]:
        await connection.execute(past)
        return {name: await _plan(connection, name) for name in STATEMENTS}

    return await _with_database(dsn, all_of_them)


async def _overtaken(dsn: str) -> dict[str, list[Any]]:
    async def before_and_after(connection: asyncpg.Connection) -> dict[str, list[Any]]:
        for name in FEW:
            await connection.execute(f"PREPARE {name}_ AS {sql(name)}")
            await connection.fetch(f"EXPLAIN EXECUTE {name}_({FEW[name]})")
        await connection.execute(PAST.replace("ANALYZE;", ""))
        explain = "EXPLAIN (ANALYZE, FORMAT JSON) EXECUTE"
        texts = {name: await connection.fetchval(f"{explain} {name}_({given})") for name, given in FEW.items()}
        return {name: msgspec.json.decode(text) for name, text in texts.items()}

    return await _with_database(dsn, before_and_after)


async def _with_database(dsn: str, work: Any) -> Any:
    admin = await asyncpg.connect(dsn)
    await admin.execute("CREATE DATABASE plans")
    connection = await asyncpg.connect(dsn, database="plans", server_settings=SESSION)
    try:
        await migrate(connection)
        await ensure_fact_partitions(connection, T0)
        return await work(connection)
    finally:
        await connection.close()
        await admin.execute("DROP DATABASE plans")
        await admin.close()


async def _plan(connection: asyncpg.Connection, name: str) -> str:
    text = sql(name)
    if name == "write_messages":  # reads from the one before it
        text, _ = compose([Part("touch_conversations", [None]), Part("write_messages", [None])])
    await connection.execute(f"PREPARE {name}_ AS {text}")
    wanted = max((int(number) for number in re.findall(r"\$(\d+)", text)), default=0)
    given = ARGUMENTS.get(name) or ", ".join(["NULL"] * wanted)
    rows = await connection.fetch(f"EXPLAIN EXECUTE {name}_" + (f"({given})" if given else ""))
    return "\n".join(row[0] for row in rows)


def indexes_of(plan: str) -> set[str]:
    found = re.findall(r"(?:Scan|Backward) using (\w+)|Bitmap Index Scan on (\w+)", plan)
    return {one or other for one, other in found if not re.match(r"facts_(2026_0[^1]|rest)", one or other)}


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name not in WHOLE_TABLE])
def test_no_statement_reads_a_whole_table(late: dict[str, str], name: str) -> None:
    assert "Seq Scan" not in late[name]


@pytest.mark.parametrize(("name", "indexes"), MEANT.items(), ids=MEANT)
def test_a_statement_looks_up_by_the_indexes_that_are_meant(early: dict[str, str], name: str, indexes: str) -> None:
    assert indexes_of(early[name]) == set(indexes.split())


@pytest.mark.parametrize("name", [name for name in STATEMENTS if name not in EITHER])
def test_a_plan_that_was_made_while_all_was_empty_is_that_of_later(
    early: dict[str, str], late: dict[str, str], name: str
) -> None:
    assert indexes_of(early[name]) == indexes_of(late[name])


@pytest.mark.parametrize("name", FEW)
def test_a_plan_of_the_first_day_reads_little_of_what_came_since(overtaken: dict[str, list[Any]], name: str) -> None:
    assert sum(removed(node) for node in nodes(overtaken[name][0]["Plan"])) <= 50


@pytest.fixture(scope="module")
def types(pg_server: EmbeddedPostgres) -> dict[str, set[str]]:
    """The types of what goes into each statement and comes out of it."""

    async def all_of_them(connection: asyncpg.Connection) -> dict[str, set[str]]:
        for name in STATEMENTS:
            await _plan(connection, name)
        asked = "SELECT name, parameter_types::text[] || result_types::text[] FROM pg_prepared_statements"
        return {name.removesuffix("_"): set(named or ()) for name, named in await connection.fetch(asked)}

    return _apart(_with_database(pg_server.dsn, all_of_them))


@pytest.mark.parametrize("name", STATEMENTS)
def test_the_driver_knows_all_types_of_a_statement(types: dict[str, set[str]], name: str) -> None:
    """Else each connection asks the server what they are, at the first use: twenty milliseconds, mostly planning."""
    assert {each for each in types[name] if each.endswith("[]")} <= {"text[]"}


def nodes(plan: dict[str, Any]) -> Iterator[dict[str, Any]]:
    yield plan
    for below in plan.get("Plans", ()):
        yield from nodes(below)


def removed(node: dict[str, Any]) -> float:
    """Rows that were read and not wanted."""
    each = node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Join Filter", 0)
    return float(each * node["Actual Loops"])


def test_the_newest_contacts_are_read_in_order_and_not_sorted(late: dict[str, str]) -> None:
    for name in ("recent_contacts", "recent_contacts_of_client", "contacts_of_customer", "pending_events"):
        assert "Sort" not in late[name]
