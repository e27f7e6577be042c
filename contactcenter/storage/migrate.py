"""The schema: plain SQL files, applied in order, each once, in one transaction, by one process at a time.

A database that newer code has moved on is refused, and so is one whose history differs from the files: both
mean that this program would write what it does not understand.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import asyncpg

import contactcenter
from contactcenter.errors import Misconfigured

log = logging.getLogger(__name__)

COMMAND = "contactcenter migrate"
LOCK = 0x636F6E7461637463
"""Any number of our own; its bytes read "contactc"."""
OLDEST_SERVER = 15
PATIENCE_S = 3600.0
"""A large table may take its time; the sessions of the pool give up after seconds."""
TABLE = """
CREATE TABLE IF NOT EXISTS schema_migrations (
    version    integer     PRIMARY KEY,
    name       text        NOT NULL,
    checksum   text        NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
)
"""


class Migration(NamedTuple):
    version: int
    name: str
    script: str

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.script.encode()).hexdigest()


def default_folder() -> Path:
    """Beside the package in a checkout, inside it when installed."""
    package = Path(contactcenter.__file__).parent
    beside, inside = package.parent / "migrations", package / "migrations"
    return beside if beside.is_dir() else inside


def read(folder: Path | None = None) -> list[Migration]:
    """0001_the_spine.sql, 0002_…: in order, without gaps."""
    place = folder or default_folder()
    files = sorted(place.glob("[0-9]*.sql"))
    found = [Migration(int(file.stem.partition("_")[0]), file.stem, file.read_text("utf-8")) for file in files]
    if not found or [each.version for each in found] != list(range(1, len(found) + 1)):
        raise Misconfigured(f"{place} must hold migrations numbered from 0001 without gaps")
    return found


async def migrate(connection: asyncpg.Connection, folder: Path | None = None) -> list[str]:
    """Bring the database up to date; returns the names of what was applied."""
    wanted = read(folder)
    await _refuse_unfit_server(connection)
    await connection.execute("SET statement_timeout = 0")
    await connection.execute("SELECT pg_advisory_lock($1)", LOCK, timeout=PATIENCE_S)
    try:
        await connection.execute(TABLE)
        done = await _applied(connection)
        _compare(wanted, done)
        return [await _apply(connection, each) for each in wanted[len(done) :]]
    finally:
        await connection.execute("SELECT pg_advisory_unlock($1)", LOCK)
        await connection.execute("RESET statement_timeout")


async def check(connection: asyncpg.Connection, folder: Path | None = None) -> None:
    """For a process that must not migrate: refuses a schema that it cannot read."""
    wanted = read(folder)
    exists = await connection.fetchval("SELECT to_regclass('schema_migrations') IS NOT NULL")
    done = await _applied(connection) if exists else []
    _compare(wanted, done)
    if len(done) < len(wanted):
        raise Misconfigured(
            f"the database's schema is at version {len(done)}, this program needs {len(wanted)}: run `{COMMAND}`"
        )


async def _refuse_unfit_server(connection: asyncpg.Connection) -> None:
    version, encoding = await connection.fetchrow(
        "SELECT current_setting('server_version_num')::int / 10000, current_setting('server_encoding')"
    )
    if version < OLDEST_SERVER:
        raise Misconfigured(f"the database server is PostgreSQL {version}: {OLDEST_SERVER} or newer is needed")
    if encoding != "UTF8":
        raise Misconfigured(f"the database keeps text as {encoding}: create it with ENCODING 'UTF8'")


async def _applied(connection: asyncpg.Connection) -> list[tuple[int, str, str]]:
    rows = await connection.fetch("SELECT version, name, checksum FROM schema_migrations ORDER BY version")
    return [(row["version"], row["name"], row["checksum"]) for row in rows]


def _compare(wanted: Sequence[Migration], done: Sequence[tuple[int, str, str]]) -> None:
    if len(done) > len(wanted):
        raise Misconfigured(
            f"the database's schema is at version {len(done)} ({done[-1][1]}), this program knows {len(wanted)}: "
            "newer code ran here. Start that version, or restore a backup from before its migration"
        )
    for ours, (version, name, checksum) in zip(wanted, done, strict=False):
        if checksum != ours.checksum:
            raise Misconfigured(
                f"migration {version:04} was applied to this database as {name} with another content than "
                f"{ours.name}.sql has now: an applied migration is never edited, write a new one"
            )


async def _apply(connection: asyncpg.Connection, migration: Migration) -> str:
    async with connection.transaction():
        await connection.execute(migration.script, timeout=PATIENCE_S)
        await connection.execute(
            "INSERT INTO schema_migrations (version, name, checksum) VALUES ($1, $2, $3)",
            migration.version,
            migration.name,
            migration.checksum,
        )
    log.info("applied migration %s", migration.name)
    return migration.name
