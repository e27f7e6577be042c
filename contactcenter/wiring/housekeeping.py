"""What a process does beside its work: it follows the configuration, watches the backlog, keeps partitions ahead of
the facts and a router's heap in large pages.
"""

from __future__ import annotations

import asyncio
import logging

from contactcenter.services.promised_callbacks import LOOK_S
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.retention import Keep, Retention
from contactcenter.wiring import large_pages
from contactcenter.wiring.core import Core
from contactcenter.workers.backlog_watch import BacklogWatch

log = logging.getLogger(__name__)
HOUR_S = 3_600.0
DAY_S = 86_400.0
CONFIGURATION_S = 5.0
HEAP_S = 300.0


async def hear_configuration(core: Core) -> None:
    """At once by a push, and by looking every few seconds: a push may be lost, and a command line has no bus."""
    async with core.bus.subscribe("configuration") as changed, asyncio.TaskGroup() as group:
        group.create_task(_look_now_and_then(core))
        async for _ in changed:
            await core.directories.refresh()
            await core.webhooks.refresh()


async def _look_now_and_then(core: Core) -> None:
    while True:
        await core.directories.refresh()
        await core.webhooks.refresh()
        await core.clock.sleep(CONFIGURATION_S)


async def know_promised_callbacks(core: Core) -> None:
    """For the flows that ask whether a caller is promised one."""
    while True:
        await core.promised.look()
        await core.clock.sleep(LOOK_S)


async def keep_no_longer(core: Core) -> None:
    """Old rows and months go, a little at a time (CONTACTCENTER_KEEP_...)."""
    settings = core.settings
    keep = Keep(**{name: getattr(settings, f"keep_{name}") for name in Keep.__struct_fields__})
    while True:
        async with core.pool.acquire() as connection:
            done = await Retention(connection, keep=keep, clock=core.clock).round()
        if done:
            log.info("deleted for their age: %s", ", ".join(f"{table} {count}" for table, count in done.items()))
        await core.clock.sleep(HOUR_S)


def watch_backlog(core: Core) -> BacklogWatch:
    return BacklogWatch(
        core.admission,
        reads=core.reads,
        here=core.stores.changes.waiting,
        providers=lambda: core.directories.providers,
        most=core.settings.max_backlog,
        clock=core.clock,
    )


async def keep_partitions(core: Core) -> None:
    while True:
        async with core.pool.acquire() as connection:
            await ensure_fact_partitions(connection, core.clock.now())
        await core.clock.sleep(DAY_S)


async def keep_large_pages(core: Core) -> None:
    """Now and then: a takeover brings a domain's contacts, and what grows gets ordinary pages at first."""
    while True:
        await asyncio.to_thread(large_pages.ask)
        await core.clock.sleep(HEAP_S)
