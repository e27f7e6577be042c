"""What happens by itself: one next instant per contact, agent and lease, with lazy deletion.

An object's `wake` is the truth; an entry that disagrees with it is stale and is dropped when it surfaces. Entries
wait unsorted in buckets of one second, because most are cancelled long before their time; only the earliest bucket
is a heap. Ties at one instant go contacts first (by arrival), then agents (by number), then leases (by id): `order`.
Creation order would be lost in a restart, and a restored router must decide like the one it replaces.
"""

from __future__ import annotations

from heapq import heapify, heappop, heappush

from routing.model import Micros
from routing.order import NEVER

SLACK = 4096
BUCKET: Micros = 1_000_000
AGENTS: int = 1 << 48
"""Contacts have their arrival number as order; agents follow from here, leases after them."""
LEASES: int = 1 << 49


class Sleeper:
    """Whatever can be woken. `order` is its place among those due at the same instant."""

    __slots__ = ("order", "wake")

    def __init__(self, order: int) -> None:
        self.order = order
        self.wake: Micros = NEVER

    def __lt__(self, other: Sleeper) -> bool:
        """Two entries of one sleeper at one instant mean the same."""
        return False


Entry = tuple[Micros, int, Sleeper]


class Agenda:
    def __init__(self) -> None:
        self._buckets: dict[int, list[Entry]] = {}
        self._numbers: list[int] = []
        """A heap of the buckets' numbers; each bucket is there once."""
        self._near: list[Entry] = []
        """The earliest bucket, as a heap."""
        self._near_until: Micros = 0
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
        entry = (due, sleeper.order, sleeper)
        if due < self._near_until:
            heappush(self._near, entry)
        else:
            number = due // BUCKET
            bucket = self._buckets.get(number)
            if bucket is None:
                self._buckets[number] = [entry]
                heappush(self._numbers, number)
            else:
                bucket.append(entry)
        if self._entries > SLACK + 4 * self._live:
            self._compact()

    def is_due(self, now: Micros) -> bool:
        """Might somebody be due? A quick look; a stale entry may say yes."""
        if self._near:
            return self._near[0][0] <= now
        return bool(self._numbers) and self._numbers[0] * BUCKET <= now

    def next_due(self) -> Micros | None:
        """The earliest instant at which somebody is to be woken."""
        while True:
            near = self._near
            while near:
                due, _, sleeper = near[0]
                if sleeper.wake == due:
                    return due
                heappop(near)
                self._entries -= 1
            if not self._numbers:
                return None
            self._open_bucket()

    def pop_due(self, now: Micros) -> tuple[Micros, Sleeper] | None:
        """The earliest sleeper due by `now`, taken off the agenda; None when nobody is."""
        if not self.is_due(now):
            return None
        due = self.next_due()
        if due is None or due > now:
            return None
        sleeper = heappop(self._near)[2]
        self._entries -= 1
        self._live -= 1
        sleeper.wake = NEVER
        return due, sleeper

    def _open_bucket(self) -> None:
        number = heappop(self._numbers)
        bucket = self._buckets.pop(number)
        self._near = [entry for entry in bucket if entry[2].wake == entry[0]]
        heapify(self._near)
        self._near_until = (number + 1) * BUCKET
        self._entries -= len(bucket) - len(self._near)

    def _compact(self) -> None:
        everything = [*self._near, *(entry for bucket in self._buckets.values() for entry in bucket)]
        self._near = [entry for entry in everything if entry[2].wake == entry[0] and entry[0] < self._near_until]
        heapify(self._near)
        later = [entry for entry in everything if entry[2].wake == entry[0] and entry[0] >= self._near_until]
        self._buckets = {}
        for entry in later:
            self._buckets.setdefault(entry[0] // BUCKET, []).append(entry)
        self._numbers = sorted(self._buckets)
        self._entries = len(self._near) + len(later)
