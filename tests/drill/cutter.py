"""A TCP relay that cuts: between clients and a door, at every message boundary in turn and in the middle of messages.

Each connection gets the next plan of a walk that never ends: cut after the n-th message of one direction, at its
boundary or inside the message that follows. Which plan a connection gets depends on its number alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Sequence
from contextlib import suppress
from itertools import repeat
from typing import NamedTuple

from drill.boundaries import Boundaries

CHUNK = 65_536
DEPTH = 8
"""Messages of one direction before the walk begins again."""


class Plan(NamedTuple):
    """Cut after `messages` messages `upstream` (client to service) or down; `inside` the next one, or before it."""

    messages: int
    upstream: bool
    inside: bool


def walk(depth: int) -> Iterator[Plan]:
    """Both directions, both places, 0 to `depth` messages; then from the beginning."""
    while True:
        for messages in range(depth + 1):
            for upstream in (True, False):
                for inside in (False, True):
                    yield Plan(messages, upstream, inside)


class Cutter:
    """Listens on `port` once started; relays unless it is `armed`. `cuts` counts, `seen` has the plans that struck."""

    def __init__(self, targets: Sequence[int], protocol: str, *, depth: int = DEPTH) -> None:
        self._targets = targets
        self._protocol = protocol
        self._plans: Iterator[Plan] = walk(depth)
        self._server: asyncio.Server | None = None
        self.armed = False
        self.connections = 0
        self.seen: set[Plan] = set()
        self.cuts = 0
        self.passed = 0
        """Bytes relayed, in all."""
        self.port = 0
        self._open: set[asyncio.StreamWriter] = set()

    async def start(self) -> None:
        self._server = await asyncio.start_server(self._relay, "127.0.0.1", 0)
        self.port = self._server.sockets[0].getsockname()[1]

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()

    def follow(self, plan: Plan) -> None:
        """Every connection from now on gets this one plan."""
        self._plans = repeat(plan)
        self.armed = True

    def drop(self) -> None:
        """End the connections that began before: those that come next follow the walk."""
        _abort(list(self._open))

    async def _relay(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        plan = next(self._plans) if self.armed else None
        try:
            up_reader, up_writer = await self._upstream()
        except OSError:
            writer.transport.abort()
            return
        ends = [writer, up_writer]
        self._open.update(ends)
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._pump(reader, up_writer, _own(plan, upstream=True), ends))
                group.create_task(self._pump(up_reader, writer, _own(plan, upstream=False), ends))
        except* OSError:
            pass
        finally:
            self._open.difference_update(ends)
            _abort(ends)

    async def _upstream(self) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
        """The targets in turn, as a load balancer does it; one that does not answer is passed over."""
        first = self.connections
        for number in range(first, first + len(self._targets) - 1):
            with suppress(OSError):
                return await asyncio.open_connection("127.0.0.1", self._targets[number % len(self._targets)])
        return await asyncio.open_connection("127.0.0.1", self._targets[(first - 1) % len(self._targets)])

    async def _pump(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        plan: Plan | None,
        ends: list[asyncio.StreamWriter],
    ) -> None:
        """One direction, to its end or to the cut."""
        boundaries, left = Boundaries(self._protocol), plan.messages if plan else 0
        while data := await reader.read(CHUNK):
            at = None
            if plan is not None:
                at, left = _cut_at(boundaries, data, left, inside=plan.inside)
            part = data if at is None else data[:at]
            self.passed += len(part)
            writer.write(part)
            await writer.drain()
            if at is not None and plan is not None:
                self.cuts += 1
                self.seen.add(plan)
                await asyncio.sleep(0)
                _abort(ends)
                return
        _finish(writer)


def _own(plan: Plan | None, *, upstream: bool) -> Plan | None:
    return plan if plan is not None and plan.upstream is upstream else None


def _cut_at(boundaries: Boundaries, data: bytes, left: int, *, inside: bool) -> tuple[int | None, int]:
    """Where in these bytes to cut, and how many whole messages are still to pass."""
    begins = 0
    for end in boundaries.feed(data):
        if left == 0:
            return (begins + max(1, (end - begins) // 2) if inside else begins), 0
        left -= 1
        begins = end
    if left == 0 and not inside:
        return begins, 0
    if left == 0 and len(data) > begins:
        return begins + max(1, (len(data) - begins) // 2), 0
    return None, left


def _finish(writer: asyncio.StreamWriter) -> None:
    if writer.can_write_eof() and not writer.is_closing():
        try:
            writer.write_eof()
        except OSError:
            return


def _abort(ends: list[asyncio.StreamWriter]) -> None:
    for writer in ends:
        writer.transport.abort()
