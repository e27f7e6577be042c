"""The way to the database of a command: the configured server, or our own for as long as it runs."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager

import asyncpg

from contactcenter.config import PREFIX, Settings
from contactcenter.errors import Busy, Misconfigured
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import check
from contactcenter.storage.pool import open_pool
from contactcenter.wiring.core import Core


@contextmanager
def database(settings: Settings) -> Iterator[str]:
    """The address of the database; the embedded server starts and stops with the context, in the main thread."""
    if settings.database_url:
        yield settings.database_url
        return
    with EmbeddedPostgres(settings.data_dir / "postgres") as server:
        yield server.dsn


@contextmanager
def database_to_read(settings: Settings) -> Iterator[str]:
    """For a command that only reads: the embedded server of a service that runs is asked where it is."""
    if not settings.database_url:
        server = EmbeddedPostgres(settings.data_dir / "postgres")
        if server.is_serving:
            yield server.dsn
            return
    with database(settings) as dsn:
        yield dsn


async def reached(settings: Settings, dsn: str, *, max_size: int) -> asyncpg.Pool:
    """A pool; a configured server that cannot be reached is a wrong setting, named."""
    try:
        return await open_pool(dsn, max_size=max_size)
    except (Busy, asyncpg.PostgresError) as problem:
        if not settings.database_url:
            raise
        raise Misconfigured(str(problem), field=f"{PREFIX}DATABASE_URL") from problem


@asynccontextmanager
async def opened(settings: Settings, dsn: str) -> AsyncIterator[Core]:
    """Stores and configuration without doors or workers."""
    pool = await reached(settings, dsn, max_size=4)
    try:
        async with pool.acquire() as connection:
            await check(connection)
        core = Core(settings, pool, "command")
        await core.directories.refresh()
        yield core
    finally:
        await pool.close()
