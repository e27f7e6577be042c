"""What happens by itself: one next instant per contact, agent and lease, in a heap with lazy deletion.

An object's `wake` is the truth; a heap entry that disagrees with it is stale and is dropped when it surfaces.
Ties at one instant go contacts first (by arrival), then agents (by number), then leases (by id). Creation
order would be lost in a restart, and a restored router must decide like the one it replaces.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush
from typing import Protocol

from routing.model import Micros
from routing.order import NEVER

SLACK = 1024


class Sleeper(Protocol):
    """Whatever can be woken. `turn_of_call` is its place among those due at the same instant."""

    wake: Micros

    def turn_of_call(self) -> tuple[int, int, str]: ...


Entry = tuple[Micros, tuple[int, int, str], int, Sleeper]


class Agenda:
    def __init__(self) -> None:
        self._heap: list[Entry] = []
        self._serial = 0
        self._live = 0

    def set(self, sleeper: Sleeper, due: Micros) -> None:
        """Wake it at `due` and not at any earlier arrangement; NEVER cancels."""
        if due == sleeper.wake:
            return
        self._live += (due < NEVER) - (sleeper.wake < NEVER)
        sleeper.wake = due
        if due < NEVER:
            # The serial only keeps two sleepers from being compared; both copies of one entry mean the same.
            self._serial += 1
            heappush(self._heap, (due, sleeper.turn_of_call(), self._serial, sleeper))
            if len(self._heap) > SLACK + 4 * self._live:
                self._compact()

    def next_due(self) -> Micros | None:
        heap = self._heap
        while heap and heap[0][3].wake != heap[0][0]:
            heappop(heap)
        return heap[0][0] if heap else None

    def pop_due(self, now: Micros) -> tuple[Micros, Sleeper] | None:
        """The earliest sleeper due by `now`, taken off the agenda; None when nobody is."""
        due = self.next_due()
        if due is None or due > now:
            return None
        sleeper = heappop(self._heap)[3]
        sleeper.wake = NEVER
        self._live -= 1
        return due, sleeper

    def _compact(self) -> None:
        self._heap = [entry for entry in self._heap if entry[3].wake == entry[0]]
        heapify(self._heap)
