"""`contactcenter doctor`: looks at store, bus, clocks and rows, and says in plain words what is wrong and what to do.

It only reads (and hears itself over the bus), so it may be asked while the service runs. Exit code 0: all is well;
1: somebody should look; 2: something is wrong.
"""

from __future__ import annotations

import argparse
import asyncio
from collections.abc import Awaitable, Callable
from functools import partial

import msgspec

from contactcenter.config import Settings
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.errors import ContactCenterError
from contactcenter.realtime.notify_bus import NotifyBus
from contactcenter.services.examination import Check, Finding, examine, exit_code, lines, told
from contactcenter.storage.doctor_checks import row_checks
from contactcenter.storage.migrate import check as check_schema
from contactcenter.storage.pool import Database
from contactcenter.wiring.arguments import run_async
from contactcenter.wiring.core import Core
from contactcenter.wiring.database import database_to_read, reached

SKEW_S = 2.0
NOTICED_S = 0.5
ECHO_S = 5.0


def doctor(settings: Settings, options: argparse.Namespace) -> int:
    try:
        with database_to_read(settings) as dsn:
            findings = run_async(_examined(settings, dsn, options.older))
    except ContactCenterError as problem:
        findings = [Finding(check="store", state="bad", values={"problem": str(problem)})]
    texts = Renderer(catalogue())
    words = [told(finding, texts, options.language) for finding in findings]
    if options.json:
        print(msgspec.json.format(msgspec.json.encode(words), indent=2).decode())
    else:
        print("\n".join(lines(words, texts, options.language)))
    return exit_code(findings)


async def _examined(settings: Settings, dsn: str, older_s: float) -> list[Finding]:
    pool = await reached(settings, dsn, max_size=2)
    try:
        core = Core(settings, pool, "doctor")
        first = await examine([Check("schema", partial(_schema, core))])
        if first[0].state != "ok":
            return first
        await core.directories.refresh()
        return first + await examine(checks_of(core, older_s))
    finally:
        await pool.close()


def checks_of(core: Core, older_s: float) -> list[Check]:
    """The whole list, in the order in which it is told."""
    database = Database(core.pool)
    own: dict[str, Callable[[], Awaitable[Finding]]] = {
        "store": partial(_store, database),
        "clock": partial(_clock, core, database),
        "bus": partial(_bus, core),
        "connections": partial(_connections, core, database),
    }
    rows = row_checks(database, older_s=older_s, receipts_days=core.settings.keep_receipts_days)
    return [*(Check(name, look) for name, look in own.items()), *rows]


async def _schema(core: Core) -> Finding:
    async with core.pool.acquire() as connection:
        try:
            await check_schema(connection)
        except ContactCenterError as problem:
            return Finding(check="schema", state="bad", values={"problem": str(problem)})
        version = await connection.fetchval("SELECT max(version) FROM schema_migrations")
    return Finding(check="schema", state="ok", values={"version": version})


async def _store(database: Database) -> Finding:
    row = await database.row("doctor_server")
    assert row is not None
    wanted = {"fsync": "on", "full_page_writes": "on"}
    off = [name for name, value in wanted.items() if row[name] != value]
    off += ["synchronous_commit"] if row["synchronous_commit"] == "off" else []
    off += ["standby"] if row["standby"] else []
    if off:
        return Finding(check="store", state="bad", values={"problem": ", ".join(off)})
    return Finding(check="store", state="ok", values={"PostgreSQL": row["version"]})


async def _clock(core: Core, database: Database) -> Finding:
    before = core.clock.now()
    row = await database.row("doctor_server")
    assert row is not None
    skew_s = abs(row["at"] - (before + core.clock.now()) / 2) / 1_000_000
    state = "bad" if skew_s > SKEW_S else "warning" if skew_s > NOTICED_S else "ok"
    return Finding(check="clock", state=state, values={"skew_s": f"{skew_s:.3f}"})  # type: ignore[arg-type]


async def _bus(core: Core) -> Finding:
    if core.shared_bus is None:
        return Finding(check="bus", state="ok", values={"kind": "local"})
    kind = "notify" if isinstance(core.shared_bus, NotifyBus) else "redis"
    running = asyncio.ensure_future(core.shared_bus.run())  # noqa: TID251
    try:
        heard = await core.shared_bus.echo(ECHO_S)
    finally:
        running.cancel()
        await asyncio.wait([running])
        await core.shared_bus.close()
    return Finding(check="bus", state="ok" if heard else "bad", values={"kind": kind})


async def _connections(core: Core, database: Database) -> Finding:
    owned = {row["name"] for row in await database.rows("doctor_connections")}
    without = [source for source in core.directories.sources() if source not in owned]
    if not without:
        return Finding(check="connections", state="ok")
    return Finding(check="connections", state="bad", values={"count": len(without), "example": without[0]})
