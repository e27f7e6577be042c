"""What waits on both sides of a desk, bounded: a slow reader costs a snapshot, never memory.

Both are empty most of the time, and an empty one holds no queue.
"""

from __future__ import annotations

from collections import deque
from typing import Generic, TypeVar

Item = TypeVar("Item")


class Inbox(Generic[Item]):
    """What the bus told this desk. Too much of it becomes one wish to read the desk again."""

    __slots__ = ("_items", "_limit", "_stale")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[Item] | None = None
        self._stale = False

    def put(self, item: Item) -> None:
        if self._items is None:
            self._items = deque()
        if len(self._items) >= self._limit:
            self.resync()
        else:
            self._items.append(item)

    def resync(self) -> None:
        """Whatever waits is in the desk's rows already."""
        self._items = None
        self._stale = True

    def stale(self) -> bool:
        """True once after a loss: read the desk again before anything else."""
        stale, self._stale = self._stale, False
        return stale

    def take(self) -> Item | None:
        """The next one; None when there is none."""
        if not self._items:
            return None
        item = self._items.popleft()
        if not self._items:
            self._items = None
        return item

    def __bool__(self) -> bool:
        return self._stale or bool(self._items)


class Outlet:
    """What waits for the socket. Frames beyond the limit are dropped, all of them; replies never are."""

    __slots__ = ("_dropped", "_frames", "_items", "_last", "_limit")

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._items: deque[tuple[bool, bytes]] | None = None
        self._frames = 0
        self._dropped = False
        self._last = False

    def frame(self, payload: bytes) -> None:
        if self._dropped:
            return
        if self._frames >= self._limit:
            self._items = deque(item for item in self._items or () if not item[0])
            self._frames, self._dropped = 0, True
            return
        self._put(True, payload)

    def reply(self, payload: bytes) -> None:
        self._put(False, payload)

    def finish(self, payload: bytes) -> None:
        """The last thing that is sent."""
        self._put(False, payload)
        self._last = True

    def take(self) -> bytes | None:
        """The next payload; None when nothing waits."""
        if not self._items:
            self._items = None
            return None
        is_frame, payload = self._items.popleft()
        self._frames -= is_frame
        return payload

    @property
    def finished(self) -> bool:
        """The last thing was taken."""
        return self._last and not self._items

    def recovered(self) -> bool:
        """True once after an overflow, when the socket takes data again: now a snapshot makes sense."""
        if not self._dropped:
            return False
        self._dropped = False
        return True

    def _put(self, is_frame: bool, payload: bytes) -> None:
        if self._last:
            return
        if self._items is None:
            self._items = deque()
        self._items.append((is_frame, payload))
        self._frames += is_frame
