"""One process from start to stop: the order in which its parts come up, and the order in which they go down.

Going down: readiness off, doors shut, sockets told to come back, routers give their leases back, pool closed.
"""

from __future__ import annotations

import asyncio
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
from aiohttp import web

from channels.webhook.send import open_session
from contactcenter.clock import SystemIds
from contactcenter.config import PREFIX, Settings
from contactcenter.errors import Misconfigured
from contactcenter.metrics.prometheus import Registry
from contactcenter.services.access import Access
from contactcenter.storage.migrate import check, migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.wiring import example, garbage
from contactcenter.wiring.access_file import AccessFile, tell_address
from contactcenter.wiring.core import Core
from contactcenter.wiring.database import reached
from contactcenter.wiring.desk import Desks, build_desks
from contactcenter.wiring.doors import Doors, build_doors
from contactcenter.wiring.parts import run_parts, supervisors_words
from contactcenter.wiring.routers import build_routers
from contactcenter.wiring.secrets_file import load as load_secrets
from contactcenter.wiring.web_app import build_web
from contactcenter.workers.alarms import Alarms
from contactcenter.workers.supervisor import Supervisor

FIRST_START = 0x6578616D706C65
"""The advisory lock of a first start; any number of our own."""


@dataclass(slots=True)
class Service:
    """A running process: where it can be reached."""

    core: Core
    base_url: str
    smtp: tuple[str, int]
    access: AccessFile | None


@asynccontextmanager
async def running(settings: Settings, dsn: str, *, owns_schema: bool) -> AsyncIterator[Service]:
    """The process's parts, up inside the context. `owns_schema`: bring the schema up to date instead of checking it."""
    async with AsyncExitStack() as stack:
        core = await _core(settings, dsn, owns_schema, stack)
        access = Access(core.stores.access, core.clock, core.ids, client_of_agent=core.directories.client_of_agent)
        await _configure(core, access)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        outside = await stack.enter_async_context(open_session(private=settings.webhook_private))
        registry, alarms = Registry(), Alarms(supervisors_words(core))
        doors, desks = build_doors(core, session, outside), build_desks(core, access, registry)
        supervisor = Supervisor(core.clock)
        stack.push_async_callback(supervisor.stop)
        routers = build_routers(core, supervisor, registry, alarms)
        if routers is not None:
            stack.push_async_callback(routers.leave)
        run_parts(core, supervisor, routers=routers, alarms=alarms, doors=doors, desks=desks, registry=registry)
        app = build_web(core, access, doors=doors, desks=desks, routers=routers, registry=registry)
        yield await _open_doors(core, app, doors=doors, desks=desks, stack=stack)


async def _core(settings: Settings, dsn: str, owns_schema: bool, stack: AsyncExitStack) -> Core:
    pool = await reached(settings, dsn, max_size=16)
    stack.push_async_callback(pool.close)
    core = Core(settings, pool, f"{socket.gethostname()}-{os.getpid()}-{SystemIds().token()[:6]}")
    async with pool.acquire() as connection:
        await (migrate(connection) if owns_schema else check(connection))
        await ensure_fact_partitions(connection, core.clock.now())
    if core.shared_bus is not None:
        stack.push_async_callback(core.shared_bus.close)
    return core


async def _configure(core: Core, access: Access) -> None:
    """Configuration and secrets; the example where there is nothing yet, or where loading it once broke off.

    One process at a time: several may start at once on an empty database.
    """
    async with core.pool.acquire() as connection:
        await connection.execute("SELECT pg_advisory_lock($1)", FIRST_START)
        try:
            await core.directories.refresh()
            if core.settings.example:
                await example.load(core, access)
            names = core.webhooks.secret_names()
            core.secrets = load_secrets(core.settings.data_dir, core.directories.sources("standard"), core.ids, names)
        finally:
            await connection.execute("SELECT pg_advisory_unlock($1)", FIRST_START)


async def _open_doors(
    core: Core, app: web.Application, *, doors: Doors, desks: Desks, stack: AsyncExitStack
) -> Service:
    """Last to open, first to shut. The addresses are written down before anybody is answered."""
    settings = core.settings
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    with _taken("HTTP_PORT", settings.http_port):
        family = socket.AF_INET6 if ":" in settings.http_host else socket.AF_INET
        listener = socket.create_server((settings.http_host, settings.http_port), family=family, backlog=1024)
    stack.callback(listener.close)
    if "api" in settings.roles:
        with _taken("SMTP_PORT", settings.smtp_port):
            await doors.mail.start()
        stack.push_async_callback(doors.mail.stop)
    base_url = settings.public_url or f"http://{settings.http_host}:{listener.getsockname()[1]}"
    access = tell_address(core, base_url, doors.mail.address)
    garbage.settle()
    await web.SockSite(runner, listener).start()
    stack.push_async_callback(_drain, core, doors, desks)
    return Service(core, base_url, doors.mail.address, access)


@contextmanager
def _taken(setting: str, port: int) -> Iterator[None]:
    """A port that cannot be had is a wrong setting: said by name, not by traceback."""
    try:
        yield
    except OSError as problem:
        name = f"{PREFIX}{setting}"
        raise Misconfigured(f"port {port} cannot be opened: {problem.strerror}", field=name) from problem


async def _drain(core: Core, doors: Doors, desks: Desks) -> None:
    core.draining = True
    await asyncio.gather(doors.chat.drain(), desks.drain())
