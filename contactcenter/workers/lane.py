"""One kind of sending: claims what is due as places become free, so that a slow receiver holds up no other kind."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable
from typing import Final
from weakref import WeakValueDictionary

from channels.port import PhoneCommand
from contactcenter.errors import Busy
from contactcenter.services.views import OutboxItem

log = logging.getLogger(__name__)
POLL_S: Final = 1.0
"""How long a lost hint can delay what is due."""
FRESH_S: Final = 1.0
"""How long what was handed over may wait for a place: before its row comes due, which somebody else may claim."""
MOST_HANDED: Final = 4096
"""That wait for a place; of more the eldest are left to their rows."""

Claim = Callable[[int, bool], Awaitable[list[OutboxItem]]]
"""(how many at most, eager): eager also takes what was handed over to somebody who may not have heard it."""
Send = Callable[[OutboxItem], Awaitable[None]]


class Lane:
    """`width` sendings at a time. Commands about one call go out one after the other."""

    def __init__(self, kind: str, *, claim: Claim, claimed: Send, straight: Send, width: int) -> None:
        self.kind = kind
        self._claim = claim
        self._claimed = claimed
        self._straight = straight
        self._width = width
        self._eager = True
        self._wake = asyncio.Event()
        self._flying: set[str] = set()
        self._calls: WeakValueDictionary[tuple[str, str], asyncio.Lock] = WeakValueDictionary()
        self._group: asyncio.TaskGroup | None = None
        self._handed: deque[tuple[float, OutboxItem]] = deque(maxlen=MOST_HANDED)
        """Since when they wait for a place, in their order."""

    def wake(self, *, eager: bool = False) -> None:
        """`eager`: hints may have been lost, and what they carried with them."""
        self._eager = self._eager or eager
        self._wake.set()

    def hand(self, item: OutboxItem) -> None:
        """Send it now, or as soon as there is a place, beside what is claimed."""
        self._handed.append((asyncio.get_running_loop().time(), item))
        self._fill()

    def _fill(self) -> None:
        """What was handed over goes first: it is younger than what comes due, and somebody rings or waits."""
        freshest = asyncio.get_running_loop().time() - FRESH_S
        while self._group is not None and self._handed and len(self._flying) < self._width:
            since, item = self._handed.popleft()
            if since >= freshest and item.id not in self._flying:
                self._start(self._group, self._straight, item)

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as self._group:
                while True:
                    self._wake.clear()
                    if not await self._take(self._group):
                        await self._pause()
        finally:
            self._group = None
            self._handed.clear()

    async def round(self) -> int:
        """Send what is due now, and wait for it; how many there were."""
        async with asyncio.TaskGroup() as group:
            return await self._take(group)

    async def _take(self, group: asyncio.TaskGroup) -> int:
        room = self._width - len(self._flying)
        if room <= 0:
            return 0
        eager, self._eager = self._eager, False
        try:
            items = await self._claim(room, eager)
        except Busy as away:
            log.warning("%s: nothing is claimed: %s", self.kind, away)
            return 0
        for item in items:
            if item.id not in self._flying:
                self._start(group, self._claimed, item)
        return len(items)

    def _start(self, group: asyncio.TaskGroup, send: Send, item: OutboxItem) -> None:
        self._flying.add(item.id)
        group.create_task(self._fly(send, item, self._turn(item)))

    def _turn(self, item: OutboxItem) -> asyncio.Lock:
        if not isinstance(item.payload, PhoneCommand):
            return asyncio.Lock()
        key = (item.payload.source, item.payload.call)
        lock = self._calls.get(key) or asyncio.Lock()
        self._calls[key] = lock
        return lock

    async def _fly(self, send: Send, item: OutboxItem, turn: asyncio.Lock) -> None:
        try:
            async with turn:
                await send(item)
        except Exception:
            # Its row comes due again; a repeat carries the same id.
            log.exception("sending %s: its end is not kept", item.id)
        finally:
            self._flying.discard(item.id)
        self._fill()
        if len(self._flying) == self._width - 1:
            self._wake.set()

    async def _pause(self) -> None:
        try:
            async with asyncio.timeout(POLL_S):
                await self._wake.wait()
        except TimeoutError:
            return
