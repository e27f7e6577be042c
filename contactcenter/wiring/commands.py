"""What each command does: open what it needs, call one service, print, close."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys

from channels.chat import protocol as chat
from contactcenter.api.asyncapi import live_feed, visitor
from contactcenter.api.documents import write_docs
from contactcenter.config import Settings
from contactcenter.domain.configuration_rules import check as check_rules
from contactcenter.domain.configuration_rules import warnings
from contactcenter.domain.configuration_yaml import dump_yaml, load_yaml
from contactcenter.errors import Invalid, Misconfigured
from contactcenter.realtime import feed
from contactcenter.services.access import Access
from contactcenter.storage.migrate import migrate
from contactcenter.wiring import places
from contactcenter.wiring.arguments import only, run_async
from contactcenter.wiring.database import database, opened, reached
from contactcenter.wiring.greeting import greeting
from contactcenter.wiring.service import running


def serve(settings: Settings, options: argparse.Namespace) -> int:
    with database(settings) as dsn:
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
        pool = await reached(settings, dsn, max_size=1)
        async with contextlib.AsyncExitStack() as stack:
            stack.push_async_callback(pool.close)
            async with pool.acquire() as connection:
                done = await migrate(connection)
        print("\n".join(done) or "nothing to do: the schema is up to date")
        return 0

    with database(settings) as dsn:
        return run_async(run(dsn))


def configure(settings: Settings, options: argparse.Namespace) -> int:
    if options.action != "show" and options.file is None:
        raise Misconfigured("name the YAML file", field="file")
    if options.action != "show":
        text = places.read(options.file)
        try:
            document = check_rules(load_yaml(text))
        except Invalid as wrong:
            print("\n".join(places.refused(options.file, text, wrong)), file=sys.stderr)
            return 2
        print("".join(f"{line}\n" for line in places.located(options.file, text, warnings(document))), end="")
    if options.action == "check":
        print(f"{options.file}: fine, {len(document.agents)} agents on {len(document.leases)} leases")
        return 0
    with database(settings) as dsn:
        return run_async(_configure(settings, dsn, options))


async def _configure(settings: Settings, dsn: str, options: argparse.Namespace) -> int:
    async with opened(settings, dsn) as core:
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
        async with opened(settings, dsn) as core:
            provider = options.provider or only(core.directories.providers)
            access = Access(core.stores.access, core.clock, core.ids, client_of_agent=core.directories.client_of_agent)
            print(await access.issue(options.kind, provider, options.subject, client=options.client))
        return 0

    with database(settings) as dsn:
        return run_async(run(dsn))


def write_documents(settings: Settings, options: argparse.Namespace) -> int:
    sockets = (
        live_feed(feed.FeedHello, feed.FeedProblem, feed.SUBPROTOCOL),
        visitor(chat.AnyIn, chat.AnyOut, chat.SUBPROTOCOL),
    )
    write_docs(options.folder, sockets)
    print(f"written: {options.folder}")
    return 0
