"""`contactcenter outbox dead` and `contactcenter outbox replay`: what was given up, and sending it again."""

from __future__ import annotations

import argparse

from contactcenter.clock import rfc3339
from contactcenter.config import Settings
from contactcenter.errors import Misconfigured
from contactcenter.services.dead_letters import DeadLetters
from contactcenter.services.privacy import mask_text
from contactcenter.services.views import OutboxItem, Scope
from contactcenter.wiring.arguments import only, run_async
from contactcenter.wiring.core import Core
from contactcenter.wiring.database import database_to_read, opened

PAGE = 200


def outbox(settings: Settings, options: argparse.Namespace) -> int:
    if options.action == "replay" and not options.id:
        raise Misconfigured("name the sendings, or say all", field="id")

    async def run(dsn: str) -> int:
        async with opened(settings, dsn) as core:
            scope = Scope(options.provider or only(core.directories.providers))
            letters = letters_of(core)
            if options.action == "dead":
                items = await letters.listed(scope, max(1, min(options.limit, 1000)))
                print("\n".join(map(_line, items)) or "nothing was given up")
                return 0
            for name in await _named(letters, scope, options.id):
                await letters.replay(scope, name, "command line")
                print(f"{name}: due again")
        return 0

    with database_to_read(settings) as dsn:
        return run_async(run(dsn))


def letters_of(core: Core) -> DeadLetters:
    return DeadLetters(
        store=core.stores.outbox, changes=core.stores.changes, bus=core.bus, clock=core.clock, ids=core.ids
    )


async def _named(letters: DeadLetters, scope: Scope, names: list[str]) -> list[str]:
    """`all`: what may still be sent; commands whose time is over are left."""
    if names != ["all"]:
        return names
    found: list[str] = []
    before = ""
    while page := await letters.listed(scope, PAGE, before):
        found += [item.id for item in page if item.not_after is None]
        before = page[-1].id
    return found


def _line(item: OutboxItem) -> str:
    died = rfc3339(item.done_at or 0)
    return f"{item.id}  {item.kind}  {item.client or '-'}  {died}  {item.attempts} tries  {mask_text(item.outcome)}"
