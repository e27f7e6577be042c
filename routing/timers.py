"""What happens by itself: one next instant per contact, agent and lease, with lazy deletion.

An object's `wake` is the truth; an entry that disagrees with it is stale and is dropped when it surfaces. Entries
wait unsorted in buckets of one second, because most are cancelled long before their time; only the earliest bucket
is sorted. Ties at one instant go contacts first (by arrival), then agents (by number), then leases (by
id): `order`. Creation order would be lost in a restart, and a restored router must decide like the one it replaces.
"""

from __future__ import annotations

from typing import Any, Final

from routing.at_hand import heappop, heappush, insort
from routing.model import Micros

NEVER: Final = (1 << 62) - 1
"""After every instant: the largest integer that compiled code keeps in one machine word."""
SLACK: Final = 4096
BUCKET: Final = 1_000_000
LATELY: Final = 64
"""Buckets kept at hand, a power of two."""
AGENTS: Final = 1 << 48
"""Contacts have their arrival number as order; agents follow from here, leases after them."""
LEASES: Final = 1 << 49


class Sleeper:
    """Whatever can be woken. `order` is its place among those due at the same instant."""

    __slots__ = ("order", "wake")

    def __init__(self, order: int) -> None:
        self.order = order
        self.wake: Micros = NEVER

    def __lt__(self, other: Sleeper) -> bool:
        """Also the order of contacts that are equal in all else (order.py)."""
        return self.order < other.order


Entry = tuple[Any, ...]
"""(instant, order, sleeper), of open length so that compiled code keeps the tuple and copies none."""


class Bucket:
    """Who is to be woken in one second, unsorted; `number` counts the seconds."""

    __slots__ = ("number", "sleepers")

    def __init__(self, number: int) -> None:
        self.number = number
        self.sleepers: list[Sleeper] = []


NO_BUCKET: Final = Bucket(-NEVER)
"""Of no second that anybody asks for."""


class Agenda:
    def __init__(self) -> None:
        self._buckets: dict[int, Bucket] = {}
        self._lately: list[Bucket] = [NO_BUCKET] * LATELY
        """Those asked for last, by the last bits of their numbers: a look here costs a tenth of one there."""
        self._numbers: list[int] = []
        """A heap of the buckets' numbers; each bucket is there once."""
        self._near: list[Entry] = []
        """The earliest bucket, in order; those before `_next` have gone."""
        self._next = 0
        self._near_until: Micros = 0
        self._not_before: Micros = NEVER
        """Nobody is due earlier; a stale entry may have left it too low."""
        self._entries = 0
        self._live = 0

    def set(self, sleeper: Sleeper, due: Micros) -> None:
        """Wake it at `due` and not at any earlier arrangement; NEVER cancels."""
        wake = sleeper.wake
        if due == wake:
            return
        sleeper.wake = due
        if due == NEVER:
            self._live -= 1
            return
        if wake == NEVER:
            self._live += 1
        self._entries += 1
        if due < self._not_before:
            self._not_before = due
        if due < self._near_until:
            insort(self._near, (due, sleeper.order, sleeper), self._next)
        else:
            number = due // BUCKET
            bucket = self._lately[number & (LATELY - 1)]
            if bucket.number != number:
                bucket = self._find_bucket(number)
            bucket.sleepers.append(sleeper)
        if self._entries > SLACK + 4 * self._live:
            self._compact()

    def _find_bucket(self, number: int) -> Bucket:
        bucket = self._buckets.get(number)
        if bucket is None:
            bucket = self._buckets[number] = Bucket(number)
            heappush(self._numbers, number)
        self._lately[number & (LATELY - 1)] = bucket
        return bucket

    def is_due(self, now: Micros) -> bool:
        """Might somebody be due? A quick look; a stale entry may say yes."""
        return self._not_before <= now

    def next_due(self) -> Micros | None:
        """The earliest instant at which somebody is to be woken."""
        while True:
            while self._next < len(self._near):
                entry = self._near[self._next]
                sleeper: Sleeper = entry[2]
                if sleeper.wake == entry[0]:
                    self._not_before = sleeper.wake
                    return sleeper.wake
                self._next += 1
                self._entries -= 1
            if not self._numbers:
                self._not_before = NEVER
                return None
            self._open_bucket()

    def pop_due(self, now: Micros) -> tuple[Micros, Sleeper] | None:
        """The earliest sleeper due by `now`, taken off the agenda; None when nobody is."""
        if not self.is_due(now):
            return None
        due = self.next_due()
        if due is None or due > now:
            return None
        sleeper: Sleeper = self._near[self._next][2]
        self._next += 1
        self._entries -= 1
        self._live -= 1
        sleeper.wake = NEVER
        return due, sleeper

    def _open_bucket(self) -> None:
        number = heappop(self._numbers)
        sleepers = self._forget_bucket(number).sleepers
        self._near_until = (number + 1) * BUCKET
        self._near = sorted([(each.wake, each.order, each) for each in sleepers if each.wake // BUCKET == number])
        self._next = 0
        self._entries -= len(sleepers) - len(self._near)

    def _forget_bucket(self, number: int) -> Bucket:
        bucket = self._buckets.pop(number)
        if self._lately[number & (LATELY - 1)] is bucket:
            self._lately[number & (LATELY - 1)] = NO_BUCKET
        return bucket

    def _compact(self) -> None:
        self._near = [entry for entry in self._near[self._next :] if entry[2].wake == entry[0]]
        self._next = 0
        for number, bucket in [*self._buckets.items()]:
            bucket.sleepers = [each for each in bucket.sleepers if each.wake // BUCKET == number]
            if not bucket.sleepers:
                self._forget_bucket(number)
        self._numbers = sorted(self._buckets)
        self._entries = len(self._near) + sum([len(bucket.sleepers) for bucket in self._buckets.values()])
