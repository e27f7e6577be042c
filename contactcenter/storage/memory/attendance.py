"""The twin of who holds agents' sockets."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from contactcenter.services.changes import NewEvent
from contactcenter.storage.memory.database import EventRow, MemoryDatabase, Tables
from routing.events import Connected, Disconnected

MICROS = 1_000_000


class MemoryAttendanceStore:
    def __init__(self, database: MemoryDatabase) -> None:
        self._database = database

    async def beat(self, node: str) -> bool:
        async with self._database.call() as tables:
            fresh = node not in tables.gateways
            tables.gateways[node] = self._database.clock.now()
            return fresh

    async def move(self, node: str, moves: Sequence[tuple[str, str, bool]], now: int) -> list[str]:
        async with self._database.call() as tables:
            told = set()
            for provider, agent, here in moves:
                before = tables.attendance.get((provider, agent), ())
                others = tuple(each for each in before if each != node)
                told |= _settle(tables, provider, agent, (*others, node) if here else others, now)
            return sorted(told)

    async def silent(self, for_s: float) -> list[str]:
        async with self._database.call() as tables:
            unknown = {node for nodes in tables.attendance.values() for node in nodes} - tables.gateways.keys()
            return sorted(unknown | {node for node in tables.gateways if self._is_silent(tables, node, for_s)})

    async def give_up(self, nodes: Sequence[str], for_s: float, now: int) -> list[str]:
        async with self._database.call() as tables:
            dead = {node for node in nodes if self._is_silent(tables, node, for_s)}
            for node in dead:
                tables.gateways.pop(node, None)
            told = set()
            for (provider, agent), held in tuple(tables.attendance.items()):
                told |= _settle(tables, provider, agent, tuple(each for each in held if each not in dead), now)
            return sorted(told)

    async def attending(self, provider: str, agent: str) -> tuple[str, ...]:
        async with self._database.call() as tables:
            return tables.attendance.get((provider, agent), ())

    def _is_silent(self, tables: Tables, node: str, for_s: float) -> bool:
        return tables.gateways.get(node, 0) < self._database.clock.now() - for_s * MICROS


def _settle(tables: Tables, provider: str, agent: str, nodes: tuple[str, ...], now: int) -> set[str]:
    """The agent's row is now this; the domain when that is an event."""
    before = tables.attendance.get((provider, agent), ())
    tables.attendance[provider, agent] = nodes
    if bool(before) is bool(nodes):
        return set()
    event = Connected(agent) if nodes else Disconnected(agent)
    row = len(tables.events) + 1
    queued = NewEvent(domain=provider, event=event, received_at=now)
    tables.events[row] = EventRow(queued=queued, event=msgspec.json.encode(event))
    tables.waiting[row] = provider
    return {provider}
