"""Commands for a platform that cannot be called: kept in a ring, fetched by polling (decisions row 17).

In memory and bounded, in the process that sends: it is for one process, for a first integration and for
networks where only the platform can dial out. A `control_url` is the better way.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from typing import Final

from msgspec import Raw, Struct

from channels.phone.command import render
from channels.port import PhoneCommand

RING_SIZE: Final = 1000
"""Commands kept per source: minutes of a busy platform; a command lives seconds."""


class Entry(Struct, frozen=True):
    """`seq` grows over restarts too, because it starts from the clock."""

    seq: int
    event: Raw


class Page(Struct, frozen=True):
    """`next` is the `after` of the next poll. `gap`: commands between the two may have been lost."""

    commands: list[Entry]
    next: int
    gap: bool = False


class _Kept(Struct, frozen=True):
    seq: int
    command: PhoneCommand
    body: bytes


class CommandFeed:
    """`now` gives microseconds UTC. Not thread-safe: one event loop."""

    def __init__(self, *, now: Callable[[], int], size: int = RING_SIZE) -> None:
        self._now = now
        self._size = size
        self._rings: dict[str, deque[_Kept]] = {}
        self._known: dict[tuple[str, str], int] = {}
        self._forgotten: dict[str, int] = {}
        self._last = self._began = now()

    def put(self, command: PhoneCommand) -> int:
        """Keep a command; its sequence number. The same id again changes nothing."""
        ring = self._rings.setdefault(command.source, deque())
        known = self._known.get((command.source, command.id))
        if known is not None:
            return known
        at = self._now()
        self._last = max(self._last + 1, at)
        ring.append(_Kept(self._last, command, render(command, at=at)))
        self._known[command.source, command.id] = self._last
        if len(ring) > self._size:
            oldest = ring.popleft()
            self._forgotten[command.source] = oldest.seq
            del self._known[command.source, oldest.command.id]
        return self._last

    def after(self, source: str, seq: int) -> Page:
        """What came after `seq` (0: everything kept) and has not lost its use.

        A cursor ahead of us is from another life, before the clock went back: begin again.
        """
        ahead = seq > self._last
        start = 0 if ahead else seq
        ring = self._rings.get(source, ())
        lost = self._forgotten.get(source, self._began)
        at = self._now()
        fresh = [kept for kept in ring if kept.seq > start and not 0 < kept.command.not_after <= at]
        through = max([start, lost, *(kept.seq for kept in ring)])
        gap = ahead or 0 < start < lost
        return Page([Entry(kept.seq, Raw(kept.body)) for kept in fresh], through, gap)
