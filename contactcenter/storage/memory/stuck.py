"""The twin of what is stuck."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence

from msgspec.structs import replace

from contactcenter.services.views import StuckRow
from contactcenter.storage.memory.database import MemoryDatabase, Tables
from contactcenter.storage.rows import decode_presence
from routing.events import Arrived
from routing.model import PresenceState

MOST = 100


class MemoryStuckStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def stuck(self, what: str, before: int) -> list[StuckRow]:
        async with self._database.call() as tables:
            return [row for row in KINDS[what](tables) if row.since < before][:MOST]

    async def end_orphans(self, assignments: Sequence[str]) -> None:
        async with self._database.call() as tables:
            for name in assignments:
                row = tables.assignments.get(name)
                ended_at = tables.contacts[row.contact].ended_at if row and row.ended_at is None else None
                if row and ended_at is not None:
                    tables.assignments[name] = replace(row, ended_at=ended_at, reason="reaped")
                    tables.owners.pop(row.contact, None)


def _domains(tables: Tables) -> Iterator[StuckRow]:
    yield from (StuckRow(name, name, row.expires_at) for name, row in sorted(tables.domains.items()))


def _events(tables: Tables) -> Iterator[StuckRow]:
    for key, home in sorted(tables.waiting.items()):
        yield StuckRow(home, str(key), tables.events[key].queued.received_at)


def _arrivals(tables: Tables) -> Iterator[StuckRow]:
    for _, row in sorted(tables.events.items()):
        event = row.queued.event
        if row.problem and isinstance(event, Arrived):
            contact = tables.contacts[event.contact.id]
            if contact.state == "new":
                yield StuckRow(contact.provider, contact.id, contact.opened_at)


def _offers(tables: Tables) -> Iterator[StuckRow]:
    for name in tables.live_offers.values():
        offer = tables.offers[name]
        yield StuckRow(offer.provider, offer.id, offer.expires_at)


def _orphans(tables: Tables) -> Iterator[StuckRow]:
    for row in tables.assignments.values():
        ended_at = tables.contacts[row.contact].ended_at
        if row.ended_at is None and ended_at is not None:
            yield StuckRow(row.provider, row.id, ended_at)


def _deserted(tables: Tables) -> Iterator[StuckRow]:
    for row in tables.assignments.values():
        _, presence = tables.presences.get((row.provider, row.agent), ("", None))
        if row.ended_at is None and presence is not None and presence.state == "offline":
            yield StuckRow(row.provider, row.contact, presence.changed_at)


def _wrap_ups(tables: Tables) -> Iterator[StuckRow]:
    for row in tables.assignments.values():
        if row.ended_at is None and row.wrap_up_at is not None:
            yield StuckRow(row.provider, row.contact, row.wrap_up_at)


def _presences(tables: Tables) -> Iterator[StuckRow]:
    for (provider, agent), (_, row) in tables.presences.items():
        until = decode_presence(row.route).until
        if row.state == PresenceState.NOT_RESPONDING and until:
            yield StuckRow(provider, agent, until)


def _sendings(tables: Tables) -> Iterator[StuckRow]:
    for row in sorted(tables.outbox.values(), key=lambda row: row.next_at):
        if row.item.done_at is None:
            yield StuckRow(row.item.provider, row.item.id, row.next_at)


def _timers(tables: Tables) -> Iterator[StuckRow]:
    for row in sorted(tables.timers.values(), key=lambda row: row.due_at):
        yield StuckRow(row.provider, row.id, row.due_at)


def _cases(tables: Tables) -> Iterator[StuckRow]:
    for row in sorted(tables.cases.values(), key=lambda row: row.due_at):
        if row.closed_at is None and row.breached_at is None:
            yield StuckRow(row.provider, row.id, row.due_at)


KINDS: dict[str, Callable[[Tables], Iterator[StuckRow]]] = {
    "domains": _domains,
    "events": _events,
    "arrivals": _arrivals,
    "offers": _offers,
    "orphans": _orphans,
    "deserted": _deserted,
    "wrap_ups": _wrap_ups,
    "presences": _presences,
    "sendings": _sendings,
    "timers": _timers,
    "cases": _cases,
}
