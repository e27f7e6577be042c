"""Facts are kept by month. Months are made ahead; what falls outside of them waits in the default partition."""

from __future__ import annotations

import logging
from itertools import pairwise

import asyncpg

from contactcenter.clock import to_datetime

log = logging.getLogger(__name__)


def months(now: int, ahead: int) -> list[tuple[str, str, str]]:
    """(partition, its first instant, the next one's) for this month and those ahead, UTC."""
    start = to_datetime(now)
    numbers = [start.year * 12 + start.month - 1 + step for step in range(ahead + 2)]
    days = [f"{number // 12:04}-{number % 12 + 1:02}-01" for number in numbers]
    return [(f"facts_{day[:4]}_{day[5:7]}", f"{day} 00:00Z", f"{end} 00:00Z") for day, end in pairwise(days)]


async def ensure_fact_partitions(connection: asyncpg.Connection, now: int, months_ahead: int = 2) -> list[str]:
    """Make what is missing; returns the new partitions' names. Safe beside writers and beside itself.

    A month whose facts are in the default partition already stays there: nothing is moved under way.
    """
    made = []
    for name, since, until in months(now, months_ahead):
        if await connection.fetchval("SELECT to_regclass($1) IS NULL", name) and await _make(
            connection, name, since=since, until=until
        ):
            made.append(name)
    return made


async def _make(connection: asyncpg.Connection, name: str, *, since: str, until: str) -> bool:
    async with connection.transaction():
        # From here on nobody makes a month, and nobody puts a fact of this month into the default partition.
        await connection.execute("LOCK TABLE facts_rest IN SHARE ROW EXCLUSIVE MODE")
        if not await connection.fetchval("SELECT to_regclass($1) IS NULL", name):
            return False
        taken = f"SELECT EXISTS (SELECT FROM facts_rest WHERE at >= '{since}' AND at < '{until}')"
        if await connection.fetchval(taken):
            log.warning("facts of %s are in the default partition: they stay there", since[:7])
            return False
        await connection.execute(f"CREATE TABLE {name} (LIKE facts INCLUDING DEFAULTS INCLUDING CONSTRAINTS)")
        await connection.execute(
            f"ALTER TABLE facts ATTACH PARTITION {name} FOR VALUES FROM ('{since}') TO ('{until}')"
        )
    return True
