"""The commands that look back: `replay` decides the log again, `explain` says why a contact went where it went.

Both only read, so they may be asked while the service runs.
"""

from __future__ import annotations

import argparse
import platform
from zoneinfo import ZoneInfo

from contactcenter.config import Settings
from contactcenter.domain.texts import Renderer, catalogue
from contactcenter.errors import NotFound
from contactcenter.services.explaining import Explaining
from contactcenter.services.explanation import Explanation
from contactcenter.services.moments import MomentWords, path_lines
from contactcenter.services.replaying import Replaying, ReplayReport
from contactcenter.services.seats import public_number
from contactcenter.services.views import ContactView, Scope
from contactcenter.wiring.arguments import day, instant, only, run_async
from contactcenter.wiring.core import Core
from contactcenter.wiring.database import database_to_read, opened


def replay(settings: Settings, options: argparse.Namespace) -> int:
    async def run(dsn: str) -> int:
        async with opened(settings, dsn) as core:
            provider = options.provider or only(core.directories.providers)
            since, until = day(options.day, _zone(core, provider))
            report = await Replaying(core.stores.routing).run(provider, since=since, until=until)
        print("\n".join(_told(report)))
        return 0 if report.exact else 1

    with database_to_read(settings) as dsn:
        return run_async(run(dsn))


def _told(report: ReplayReport) -> list[str]:
    lines = [
        f"{report.domain}: {report.decisions} decisions in {report.epochs} epochs replayed, "
        f"{len(report.differences)} differences, {report.set_aside} set aside, digest {report.digest}",
        f"begun at {report.snapshots} snapshots, {platform.python_implementation()} {platform.python_version()}",
    ]
    lines += [f"  event {each.seq}: stored {each.stored}, replayed {each.replayed}" for each in report.differences[:20]]
    return lines + [f"  the snapshot after event {seq} holds something else" for seq in report.snapshots_wrong[:20]]


def explain(settings: Settings, options: argparse.Namespace) -> int:
    async def run(dsn: str) -> int:
        async with opened(settings, dsn) as core:
            contact = await _found(core, options.contact)
            print("\n".join(await _explained(core, contact, options)))
        return 0

    with database_to_read(settings) as dsn:
        return run_async(run(dsn))


async def _found(core: Core, contact: str) -> ContactView:
    for provider in core.directories.providers:
        found = await core.reads.contact(Scope(provider), contact)
        if found is not None:
            return found
    raise NotFound(f"there is no contact {contact!r}", field="CONTACT")


async def _explained(core: Core, contact: ContactView, options: argparse.Namespace) -> list[str]:
    directory, zone = core.directories.of(contact.provider), _zone(core, contact.provider)
    speaking = (Renderer(catalogue()), options.language, zone, lambda agent: public_number(directory, agent))
    explanation, words = Explanation(*speaking), MomentWords(*speaking)
    explaining, everyone = Explaining(core.stores.routing), options.all_agents
    if options.at is not None:
        at = instant(options.at, zone, contact.opened_at)
        moment = await explaining.instant(contact.domain, contact.id, at, everyone=everyone)
        return [words.clock(at), *words.lines(moment, whole=everyone)]
    facts = await core.reads.facts_of_contact(Scope(contact.provider), contact.id)
    moments = await explaining.path(contact.domain, contact.id, facts, everyone=everyone)
    return path_lines(explanation, words, facts, moments, whole=everyone)


def _zone(core: Core, provider: str) -> ZoneInfo:
    return ZoneInfo(core.directories.of(provider).document.provider.time_zone)
