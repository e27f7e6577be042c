"""The way to Postgres: a pool, the named statements, and the driver's errors as ours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import asyncpg

from contactcenter.errors import Busy, ContactCenterError, Invalid, StaleWrite
from contactcenter.storage.queries import Part, compose, sql

STATEMENT_TIMEOUT_S = 15.0
PLANS_KEPT_S = 1800
"""A plan is good whatever the tables held when it was made (queries.py), and making one costs as much as several uses;
what is rarely asked is forgotten all the same. The server itself makes plans anew when it has counted a table again."""
SESSION = {
    "timezone": "UTC",
    "jit": "off",
    # Every statement here is a look-up by index with a plan that does not depend on its values: plan it once
    # for many uses, and never by the size that a table happened to have when it was still empty.
    "plan_cache_mode": "force_generic_plan",
    "enable_seqscan": "off",
    "enable_hashjoin": "off",
    "enable_mergejoin": "off",
}
LOST_RACE = {"CC001", "23505", "40001", "40P01"}
"""Our own check, unique violation, serialization failure, deadlock: read again and decide again."""

DRIVER = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)
"""The last is what a statement meets on a connection that broke under the one before it."""


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    """No session state is ever changed, so nothing is reset between two uses: a round trip less each time."""

    def get_reset_query(self) -> str:
        return ""


class _Pool(asyncpg.Pool):  # type: ignore[misc]
    """Half of its connections stay out with the single statements, which take the last one used: the pool's own lending
    and giving back costs the program as much as a statement. Any failure gives the connection back to be looked at."""

    def __init__(self, *args: Any, max_size: int, **settings: Any) -> None:
        super().__init__(*args, max_size=max_size, **settings)
        self._most = max_size // 2
        self._out = 0
        self._idle: list[Any] = []

    async def fetch(self, query: str, *args: Any) -> list[Any]:
        return list(await self._one("fetch", query, args))

    async def fetchrow(self, query: str, *args: Any) -> Any:
        return await self._one("fetchrow", query, args)

    async def fetchval(self, query: str, *args: Any) -> Any:
        return await self._one("fetchval", query, args)

    async def execute(self, query: str, *args: Any) -> Any:
        return await self._one("execute", query, args)

    async def close(self) -> None:
        self._most = 0
        while self._idle:
            await self._give_back(self._idle.pop())
        await super().close()

    async def _one(self, how: str, query: str, args: Sequence[Any]) -> Any:
        connection = await self._take()
        try:
            found = await getattr(connection, how)(query, *args)
        except BaseException:
            await self._give_back(connection)
            raise
        if self._out <= self._most:
            self._idle.append(connection)
        else:
            await self._give_back(connection)
        return found

    async def _take(self) -> Any:
        while self._idle:
            connection = self._idle.pop()
            if not connection.is_closed():
                return connection
            await self._give_back(connection)
        self._out += 1
        try:
            return await self.acquire()
        except BaseException:
            self._out -= 1
            raise

    async def _give_back(self, connection: Any) -> None:
        self._out -= 1
        await self.release(connection)


async def open_pool(
    dsn: str, *, application: str = "contactcenter", max_size: int = 10, timeout_s: float = STATEMENT_TIMEOUT_S
) -> asyncpg.Pool:
    """A pool for the stores. `timeout_s` bounds a statement on the server; the client waits a little longer."""
    with translated():
        return await _Pool(
            dsn,
            min_size=1,
            max_size=max_size,
            max_queries=50_000,
            connect=None,
            setup=None,
            init=None,
            reset=None,
            loop=None,
            connection_class=_Connection,
            record_class=asyncpg.Record,
            command_timeout=timeout_s + 5,
            max_inactive_connection_lifetime=300,
            max_cached_statement_lifetime=PLANS_KEPT_S,
            max_cacheable_statement_size=64 * 1024,
            statement_cache_size=200,
            server_settings={
                **SESSION,
                "application_name": application,
                "statement_timeout": str(round(timeout_s * 1000)),
                "idle_in_transaction_session_timeout": str(round(timeout_s * 1000)),
            },
        )


class Database:
    """The pool and the named statements: what every store is built on."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def rows(self, name: str, *args: Any) -> list[Any]:
        with translated():
            found: list[Any] = await self._pool.fetch(sql(name), *args)
            return found

    async def row(self, name: str, *args: Any) -> Any | None:
        with translated():
            return await self._pool.fetchrow(sql(name), *args)

    async def value(self, name: str, *args: Any) -> Any:
        with translated():
            return await self._pool.fetchval(sql(name), *args)

    async def run(self, name: str, *args: Any) -> None:
        with translated():
            await self._pool.execute(sql(name), *args)

    async def write(self, parts: Sequence[Part], *, also: str = "") -> Any:
        """All parts in one statement, which is one transaction. The result row."""
        text, args = compose(parts, also=also)
        with translated():
            return await self._pool.fetchrow(text, *args)

    @asynccontextmanager
    async def snapshot(self) -> AsyncIterator[Snapshot]:
        """Reads that all see one instant."""
        with translated():
            async with (
                self._pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                yield Snapshot(connection)


class Snapshot:
    def __init__(self, connection: asyncpg.Connection) -> None:
        self._connection = connection

    async def rows(self, name: str, *args: Any) -> list[Any]:
        found: list[Any] = await self._connection.fetch(sql(name), *args)
        return found

    async def row(self, name: str, *args: Any) -> Any | None:
        return await self._connection.fetchrow(sql(name), *args)

    async def pages(self, name: str, *args: Any, size: int) -> AsyncIterator[list[Any]]:
        """All rows, so many at a time: whoever reads much lets others run in between."""
        cursor = await self._connection.cursor(sql(name), *args)
        while page := await cursor.fetch(size):
            yield page


@contextmanager
def translated() -> Iterator[None]:
    """The driver's exceptions as ours; the cause is kept, and what we cannot name passes through."""
    try:
        yield
    except (*DRIVER, UnicodeEncodeError, OSError) as error:
        named = _named(error)
        if named is None:
            raise
        raise named from error


def _named(error: BaseException) -> ContactCenterError | None:
    state = getattr(error, "sqlstate", None) or ""
    if state in LOST_RACE:
        return StaleWrite(what=getattr(error, "constraint_name", None) or "")
    if state[:2] in ("22", "23") or isinstance(error, ValueError):
        return Invalid(f"the database refuses this: {error}")
    if state[:2] in ("08", "53", "57") or not isinstance(error, asyncpg.PostgresError):
        return Busy(f"the database does not answer: {error or type(error).__name__}")
    return None
