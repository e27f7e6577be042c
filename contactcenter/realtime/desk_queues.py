"""What waits on both sides of a socket, bounded: a slow reader costs a snapshot, never memory."""

from __future__ import annotations

import asyncio
from collections import deque

from contactcenter.services.notices import NoticePush
from contactcenter.services.pushes import ConversationPush, DeskPush

Item = DeskPush | NoticePush | ConversationPush | None
"""None: read the desk again."""


class Inbox:
    """What the bus told this socket. Too much of it, or a gap, becomes one wish to read the desk again."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[Item] = deque()
        self._ready = asyncio.Event()

    def put(self, item: Item) -> None:
        if len(self._items) >= self._limit:
            self.resync()
            return
        self._items.append(item)
        self._ready.set()

    def resync(self) -> None:
        """Whatever waits is in the desk's rows already."""
        self._items = deque([None])
        self._ready.set()

    async def get(self) -> Item:
        while not self._items:
            self._ready.clear()
            await self._ready.wait()
        return self._items.popleft()


class Outlet:
    """What waits for the socket. Frames beyond the limit are dropped, all of them; replies never are."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[tuple[bool, bytes]] = deque()
        self._ready = asyncio.Event()
        self._frames = 0
        self._dropped = False
        self._last = False

    def frame(self, payload: bytes) -> None:
        """Dropped while an overflow waits for its snapshot."""
        if self._dropped or self._last:
            return
        if self._frames >= self._limit:
            self._items = deque(item for item in self._items if not item[0])
            self._frames, self._dropped = 0, True
            return
        self._frames += 1
        self._put(True, payload)

    def reply(self, payload: bytes) -> None:
        self._put(False, payload)

    def finish(self, payload: bytes) -> None:
        """The last thing that is sent."""
        self._put(False, payload)
        self._last = True

    async def take(self) -> bytes | None:
        """The next payload; None after the last one."""
        while not self._items:
            if self._last:
                return None
            self._ready.clear()
            await self._ready.wait()
        is_frame, payload = self._items.popleft()
        self._frames -= is_frame
        return payload

    def recovered(self) -> bool:
        """True once after an overflow, when the socket takes data again: now a snapshot makes sense."""
        if not self._dropped:
            return False
        self._dropped = False
        return True

    def _put(self, is_frame: bool, payload: bytes) -> None:
        self._items.append((is_frame, payload))
        self._ready.set()
