"""One process from start to stop: the order in which its parts come up, and the order in which they go down.

Going down: readiness off, doors shut, sockets told to come back, routers give their leases back, pool closed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass

import aiohttp
import msgspec
from aiohttp import web

from contactcenter.config import PREFIX, Settings
from contactcenter.errors import Misconfigured
from contactcenter.metrics.prometheus import Registry
from contactcenter.services.access import Access
from contactcenter.services.takeover import Takeover
from contactcenter.storage.migrate import check, migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import open_pool
from contactcenter.wiring import example
from contactcenter.wiring.core import Core
from contactcenter.wiring.desk import Desks, build_desks
from contactcenter.wiring.doors import Doors, build_doors
from contactcenter.wiring.secrets_file import load as load_secrets
from contactcenter.wiring.web_app import build_web
from contactcenter.workers.outbox import Outbox
from contactcenter.workers.router import Observer, Router, RouterSettings
from contactcenter.workers.supervisor import Supervisor
from contactcenter.workers.timers import Timers
from routing.effects import AnyEffect

log = logging.getLogger(__name__)
DAY_S = 86_400.0


@dataclass(slots=True)
class Service:
    """A running process: where it can be reached."""

    core: Core
    base_url: str
    smtp: tuple[str, int]
    access: example.AccessFile | None


@asynccontextmanager
async def running(settings: Settings, dsn: str, *, owns_schema: bool) -> AsyncIterator[Service]:
    """The process's parts, up inside the context. `owns_schema`: bring the schema up to date instead of checking it."""
    async with AsyncExitStack() as stack:
        core = await _core(settings, dsn, owns_schema, stack)
        access = Access(core.stores.access, core.clock, core.ids, client_of_agent=core.directories.client_of_agent)
        await _configure(core, access)
        session = await stack.enter_async_context(aiohttp.ClientSession())
        registry = Registry()
        doors = build_doors(core, session)
        desks = build_desks(core, access)
        routers = _routers(core, registry)
        supervisor = Supervisor(core.clock)
        stack.push_async_callback(supervisor.stop)
        _run_parts(core, supervisor, routers=routers, doors=doors, desks=desks, registry=registry)
        base_url, smtp = await _open_doors(core, access, doors, desks, routers, registry, stack)
        yield Service(core, base_url, smtp, example.tell_address(core, base_url, smtp))


async def _core(settings: Settings, dsn: str, owns_schema: bool, stack: AsyncExitStack) -> Core:
    pool = await open_pool(dsn, max_size=16)
    stack.push_async_callback(pool.close)
    node = f"{socket.gethostname()}-{os.getpid()}"
    core = Core(settings, pool, node)
    async with pool.acquire() as connection:
        await (migrate(connection) if owns_schema else check(connection))
        await ensure_fact_partitions(connection, core.clock.now())
    if core.redis is not None:
        stack.push_async_callback(core.redis.close)
    return core


async def _configure(core: Core, access: Access) -> None:
    """Configuration and secrets; the example where there is nothing yet."""
    await core.directories.refresh()
    core.secrets = load_secrets(core.settings.data_dir, _sources(core), core.ids)
    if not core.directories.providers and core.settings.example:
        await example.load(core, access)
        core.secrets = load_secrets(core.settings.data_dir, _sources(core), core.ids)


def _sources(core: Core) -> list[str]:
    documents = [core.directories.of(provider).document for provider in core.directories.providers]
    return [source.id for document in documents for source in document.sources]


def _routers(core: Core, registry: Registry) -> list[Router]:
    if "router" not in core.settings.roles:
        return []
    takeover = Takeover(core.stores.routing, core.stores.configuration)
    mine = RouterSettings(owner=core.node, batch=core.settings.batch, lease_s=core.settings.lease_s)
    return [
        Router(
            domain=provider,
            store=core.stores.routing,
            bus=core.bus,
            clock=core.clock,
            takeover=takeover,
            settings=mine,
            observe=_counting(registry),
        )
        for provider in core.directories.providers
    ]


def _counting(registry: Registry) -> Observer:
    """What /metrics says of this process's routers."""

    def committed(effects: list[AnyEffect], seconds: float, events: int) -> None:
        registry.batch(events=events, seconds=seconds)
        for effect in effects:
            told = msgspec.to_builtins(effect)
            registry.effect(
                told["kind"], outcome=told.get("outcome", ""), what=told.get("what", ""), client=told.get("lease", "")
            )

    return committed


def _run_parts(
    core: Core,
    supervisor: Supervisor,
    *,
    routers: list[Router],
    doors: Doors,
    desks: Desks,
    registry: Registry,
) -> None:
    if core.redis is not None:
        supervisor.run("bus", core.redis.run)
    supervisor.run("replies", core.replies.run)
    supervisor.run("configuration", lambda: _hear_configuration(core))
    for router in routers:
        supervisor.run(f"router {router.domain}", router.run)
    if "api" in core.settings.roles:
        supervisor.run("chat", doors.chat.run)
    if "worker" in core.settings.roles:
        outbox = Outbox(
            store=core.stores.outbox,
            changes=core.stores.changes,
            bus=core.bus,
            senders=doors.senders,
            clock=core.clock,
            ids=core.ids,
        )
        supervisor.run("outbox", outbox.run)
        supervisor.run("timers", Timers(store=core.stores.timers, handle=desks.deadlines.handle, clock=core.clock).run)
        supervisor.run("partitions", lambda: _keep_partitions(core))


async def _hear_configuration(core: Core) -> None:
    async with core.bus.subscribe("configuration") as changed:
        await core.directories.refresh()
        async for _ in changed:
            await core.directories.refresh()


async def _keep_partitions(core: Core) -> None:
    while True:
        async with core.pool.acquire() as connection:
            await ensure_fact_partitions(connection, core.clock.now())
        await core.clock.sleep(DAY_S)


async def _open_doors(
    core: Core,
    access: Access,
    doors: Doors,
    desks: Desks,
    routers: list[Router],
    registry: Registry,
    stack: AsyncExitStack,
) -> tuple[str, tuple[str, int]]:
    """Last to open, first to shut."""
    app = build_web(core, access, doors=doors, desks=desks, routers=routers, registry=registry)
    runner = web.AppRunner(app, access_log=None, auto_decompress=False, shutdown_timeout=5)
    await runner.setup()
    stack.push_async_callback(runner.cleanup)
    site = web.TCPSite(runner, core.settings.http_host, core.settings.http_port)
    with _taken("HTTP_PORT", core.settings.http_port):
        await site.start()
    port = runner.addresses[0][1]
    if "api" in core.settings.roles:
        with _taken("SMTP_PORT", core.settings.smtp_port):
            await doors.mail.start()
        stack.push_async_callback(doors.mail.stop)
    stack.push_async_callback(_drain, doors, desks)
    return core.settings.public_url or f"http://{core.settings.http_host}:{port}", doors.mail.address


@contextmanager
def _taken(setting: str, port: int) -> Iterator[None]:
    """A port that cannot be had is a wrong setting: said by name, not by traceback."""
    try:
        yield
    except OSError as problem:
        raise Misconfigured(
            f"port {port} cannot be opened: {problem.strerror}", field=f"{PREFIX}{setting}"
        ) from problem


async def _drain(doors: Doors, desks: Desks) -> None:
    await asyncio.gather(doors.chat.drain(), desks.drain())
