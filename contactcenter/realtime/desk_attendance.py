"""Who has a socket here, kept in rows: an agent's first socket anywhere and his last one become his domain's events.

Changes that come while others are written go together, so that ten thousand agents who come back at once cost a few
dozen statements. A gateway says every `beat_s` seconds that it is alive. One that is silent for `silent_s` is given up
by any other gateway or worker: whoever was connected there alone is disconnected then, and his grace time begins. One
that was only paused is new when it wakes, and says again whom it holds.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable

from contactcenter.clock import Clock
from contactcenter.errors import ContactCenterError
from contactcenter.services.ports import AttendanceStore, Bus
from contactcenter.services.seats import Seat

log = logging.getLogger(__name__)
BEAT_S, SILENT_S = 2.0, 12.0
TOGETHER = 1000
"""Agents that are written in one statement."""
Key = tuple[str, str]


class Attendance:
    def __init__(self, store: AttendanceStore, bus: Bus, clock: Clock, *, node: str) -> None:
        self._store = store
        self._bus = bus
        self._clock = clock
        self._node = node
        self._sockets: Counter[Key] = Counter()
        self._held: set[Key] = set()
        """As the rows have it."""
        self._moved: dict[Key, None] = {}
        self._turn = asyncio.Lock()
        self._known = self._given_up = False

    async def came(self, seat: Seat) -> None:
        """Returns when the agent is connected, as far as his router is concerned."""
        key = (seat.provider, seat.agent)
        self._sockets[key] += 1
        await self._settle(key)

    async def went(self, seat: Seat) -> None:
        """A failure to say so is logged: the socket is gone all the same, and the next beat says it again."""
        key = (seat.provider, seat.agent)
        self._sockets[key] -= 1
        try:
            await self._settle(key)
        except ContactCenterError as problem:
            log.warning("it could not be written that %s has gone: %s", seat.agent, problem)

    async def beat(self) -> None:
        """Alive. It waits for nothing else: a gateway with much to write is not silent."""
        if await self._store.beat(self._node) and self._known:
            log.warning("this gateway was given up while it was silent: whom it holds is written again")
            self._given_up = True
        self._known = True

    async def write_again(self) -> None:
        """What could not be written before, and everybody when this gateway was given up."""
        async with self._turn:
            if self._given_up:
                self._given_up = False
                self._held.clear()
                self._moved.update(dict.fromkeys(self._sockets))
        while self._moved:
            async with self._turn:
                if self._moved:
                    await self._write(next(iter(self._moved)))

    async def run(self) -> None:
        """A part for the supervisor."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._every(self.beat))
            group.create_task(self._every(self.write_again))

    async def _every(self, work: Callable[[], Awaitable[None]]) -> None:
        while True:
            await work()
            await self._clock.sleep(BEAT_S)

    async def elsewhere(self, seat: Seat) -> bool:
        """Another gateway holds sockets of this agent."""
        return any(node != self._node for node in await self._store.attending(seat.provider, seat.agent))

    async def _settle(self, key: Key) -> None:
        """Whatever is being written now may be older than this: it is looked at again when the turn comes."""
        self._moved[key] = None
        async with self._turn:
            if not self._known:
                await self._store.beat(self._node)
                self._known = True
            if key in self._moved:
                await self._write(key)

    async def _write(self, own: Key) -> None:
        keys = list(dict.fromkeys((own, *self._moved)))[:TOGETHER]
        here = {key: self._sockets[key] > 0 for key in keys}
        moves = [(*key, is_here) for key, is_here in sorted(here.items()) if is_here != (key in self._held)]
        for key in keys:
            self._moved.pop(key, None)
        try:
            domains = await self._store.move(self._node, moves, self._clock.now()) if moves else []
        except BaseException:
            self._moved.update(dict.fromkeys(keys))
            raise
        self._held |= {key for key in keys if here[key]}
        self._held -= {key for key in keys if not here[key]}
        for key in keys:
            if not self._sockets[key]:
                del self._sockets[key]
        for domain in domains:
            await self._bus.publish(f"domain:{domain}")


class AttendanceWatch:
    """Gives up gateways that are silent, never its own; runs in every gateway and worker, two at once do no harm."""

    def __init__(
        self, store: AttendanceStore, bus: Bus, clock: Clock, *, node: str, silent_s: float = SILENT_S
    ) -> None:
        self._node = node
        self._store = store
        self._bus = bus
        self._clock = clock
        self._silent_s = silent_s

    async def look(self) -> list[str]:
        """The gateways that were given up now."""
        silent = [each for each in await self._store.silent(self._silent_s) if each != self._node]
        if silent:
            log.warning("no sign of life of %s: nobody is connected there any more", ", ".join(silent))
            for domain in await self._store.give_up(silent, self._silent_s, self._clock.now()):
                await self._bus.publish(f"domain:{domain}")
        return silent

    async def run(self) -> None:
        """A part for the supervisor. Who has just started waits: it may be itself the one that was missed, and its
        agents are on their way back."""
        await self._clock.sleep(self._silent_s)
        while True:
            await self.look()
            await self._clock.sleep(BEAT_S)
