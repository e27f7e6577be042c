"""What each command does: open what it needs, call one service, print, close."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import datetime as dt
import signal
import sys
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Any, TypeVar

from channels.chat import protocol as chat
from contactcenter.api.asyncapi import live_feed, visitor
from contactcenter.api.documents import write_docs
from contactcenter.clock import to_micros
from contactcenter.config import Settings
from contactcenter.domain.configuration_rules import check as check_rules
from contactcenter.domain.configuration_rules import warnings
from contactcenter.domain.configuration_yaml import dump_yaml, load_yaml
from contactcenter.errors import Misconfigured, NotFound
from contactcenter.realtime import feed
from contactcenter.services.access import Access
from contactcenter.services.replaying import Replaying
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import check, migrate
from contactcenter.storage.pool import open_pool
from contactcenter.wiring.core import Core
from contactcenter.wiring.greeting import greeting
from contactcenter.wiring.service import running

T = TypeVar("T")


def serve(settings: Settings, options: argparse.Namespace) -> int:
    with _database(settings) as dsn:
        return run_async(_serve(settings, dsn, owns_schema=not settings.database_url))


async def _serve(settings: Settings, dsn: str, *, owns_schema: bool) -> int:
    over = asyncio.Event()
    loop = asyncio.get_running_loop()
    for name in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(name, over.set)
    async with running(settings, dsn, owns_schema=owns_schema) as service:
        print(greeting(service), flush=True)
        await over.wait()
        print("stopping: doors shut, sockets told to come back", flush=True)
    return 0


def migrate_schema(settings: Settings, options: argparse.Namespace) -> int:
    async def run(dsn: str) -> int:
        pool = await open_pool(dsn, max_size=1)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(pool.close)
            async with pool.acquire() as connection:
                done = await migrate(connection)
        print("\n".join(done) or "nothing to do: the schema is up to date")
        return 0

    with _database(settings) as dsn:
        return run_async(run(dsn))


def configure(settings: Settings, options: argparse.Namespace) -> int:
    if options.action != "show" and options.file is None:
        raise Misconfigured("name the YAML file", field="file")
    if options.action == "check":
        document = check_rules(load_yaml(options.file.read_text(encoding="utf-8")))
        for problem in warnings(document):
            print(f"warning: {problem.path}: {problem.message}")
        print(f"{options.file}: fine, {len(document.agents)} agents on {len(document.leases)} leases")
        return 0
    with _database(settings) as dsn:
        return run_async(_configure(settings, dsn, options))


async def _configure(settings: Settings, dsn: str, options: argparse.Namespace) -> int:
    async with _opened(settings, dsn) as core:
        if options.action == "show":
            for provider in core.directories.providers:
                version, document = await core.configuring.current(provider)
                print(f"# version {version}\n{dump_yaml(document)}")
            return 0
        change = await core.configuring.apply("", options.file.read_text(encoding="utf-8"), by="command line")
        print("\n".join(change.difference) or "nothing changed")
        print(f"version {change.version} {'is active' if change.applied else 'stays active'}")
        return 0


def issue_token(settings: Settings, options: argparse.Namespace) -> int:
    async def run(dsn: str) -> int:
        async with _opened(settings, dsn) as core:
            provider = options.provider or _only(core.directories.providers)
            access = Access(core.stores.access, core.clock, core.ids, client_of_agent=core.directories.client_of_agent)
            print(await access.issue(options.kind, provider, options.subject, client=options.client))
        return 0

    with _database(settings) as dsn:
        return run_async(run(dsn))


def replay(settings: Settings, options: argparse.Namespace) -> int:
    async def run(dsn: str) -> int:
        async with _opened(settings, dsn) as core:
            provider = options.provider or _only(core.directories.providers)
            since, until = _day(options.day)
            report = await Replaying(core.stores.routing).run(provider, since=since, until=until)
        print(
            f"{report.domain}: {report.decisions} decisions in {report.epochs} epochs replayed, "
            f"{len(report.differences)} differences, {report.set_aside} set aside, digest {report.digest}"
        )
        for found in report.differences[:20]:
            print(f"  event {found.seq}: stored {found.stored}, replayed {found.replayed}")
        return 1 if report.differences else 0

    with _database(settings) as dsn:
        return run_async(run(dsn))


def write_documents(settings: Settings, options: argparse.Namespace) -> int:
    sockets = (
        live_feed(feed.FeedHello, feed.FeedProblem, feed.SUBPROTOCOL),
        visitor(chat.AnyIn, chat.AnyOut, chat.SUBPROTOCOL),
    )
    write_docs(options.folder, sockets)
    print(f"written: {options.folder}")
    return 0


# --- what they share ------------------------------------------------------------------------------------------


@contextmanager
def _database(settings: Settings) -> Iterator[str]:
    """The address of the database: the configured one, or our own server for as long as the context lasts."""
    if settings.database_url:
        yield settings.database_url
        return
    server = EmbeddedPostgres(settings.data_dir / "postgres")
    server.start()
    try:
        yield server.dsn
    finally:
        server.stop()


@asynccontextmanager
async def _opened(settings: Settings, dsn: str) -> AsyncIterator[Core]:
    """Stores and configuration without doors or workers."""
    pool = await open_pool(dsn, max_size=4)
    try:
        async with pool.acquire() as connection:
            await check(connection)
        core = Core(settings, pool, "command")
        await core.directories.refresh()
        yield core
    finally:
        await pool.close()


def run_async(main: Coroutine[Any, Any, T]) -> T:
    """uvloop where there is one; the plain loop elsewhere."""
    if sys.platform == "win32":
        return asyncio.run(main)
    import uvloop

    return uvloop.run(main)


def _only(providers: tuple[str, ...]) -> str:
    if len(providers) != 1:
        raise NotFound(f"say which provider: {', '.join(providers) or 'none is configured'}", field="--provider")
    return providers[0]


def _day(day: str | None) -> tuple[int, int | None]:
    if day is None:
        return 0, None
    try:
        start = dt.datetime.combine(dt.date.fromisoformat(day), dt.time(), dt.UTC)
    except ValueError as wrong:
        raise Misconfigured(f"{day!r} is not a day like 2026-11-22", field="--day") from wrong
    return to_micros(start), to_micros(start + dt.timedelta(days=1))
