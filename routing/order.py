"""The order inside the one queue: a tuple, compared field by field, never a sum of magnitudes (B10, B13).

`(band, tier, complaint first, deadline, enqueued_at, arrival)`. Band 0 is past its tier's maximum wait, band 1
is at risk or breached, band 2 is normal. Inside band 0 only the arrival counts: whoever waited too long is
overtaken by nobody who came later (row 5.1-22). A transfer or callback keeps `enqueued_at`, and so its place.
Bands change at known instants, so between two timers every key is static. `late_is_urgent` off is the one
choice that a configuration has: what is late already then waits behind what can still be in time (docs/routing.md).
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right, insort
from collections.abc import Iterator
from typing import Final

from routing.model import Contact, Micros

Key = int
"""The tuple, packed into one integer field by field: band, tier and complaint in two bits each, deadline and
enqueued_at in 64, the arrival number in 48. No field can run into the next one, so integers compare as the tuples do;
but a comparison looks at one object where a tuple would have it look at three, and 100,000 waiting contacts are in no
cache."""

NEVER: Final = (1 << 62) - 1
"""After every instant: the largest integer that compiled code keeps in one machine word."""
STARVING: Final = 0
URGENT: Final = 1
NORMAL: Final = 2
LATE: Final = 3
CHUNK: Final = 256
INSTANT: Final = 64
ARRIVAL: Final = 48
"""Bits of an instant, which may be negative, and of an arrival number."""
ZERO: Final = 1 << (INSTANT - 1)
CLASS: Final = 2 * INSTANT + ARRIVAL
"""Below this bit are deadline, enqueued_at and arrival; from it on band, tier and complaint: the class."""
CLASSES: Final = 1 << 6
LAST: Final = 1 << (CLASS + 8)
"""After every contact: the first of an empty line."""
NOTHING: Final = -1
"""No key at all."""
BASES: Final = [each << CLASS | ZERO << (INSTANT + ARRIVAL) | ZERO << ARRIVAL for each in range(CLASSES)]
"""By class: the key of a contact of which all else is 0."""
FLOORS: Final = frozenset(each << CLASS for each in range(CLASSES))
"""Of every class the least key that it can have."""


def arrival_of(key: Key) -> int:
    return key & (1 << ARRIVAL) - 1


def enqueued_of(key: Key) -> Micros:
    return (key >> ARRIVAL & (1 << INSTANT) - 1) - ZERO


def key_of(contact: Contact, arrival: int, band: int) -> Key:
    """The place in the queue of a contact; unique, because arrival numbers are."""
    complaint = 0 if contact.complaint else 2
    return key_at(
        band,
        tier=int(contact.tier),
        complaint=complaint,
        deadline=contact.deadline,
        enqueued_at=contact.enqueued_at,
        arrival=arrival,
    )


def key_at(band: int, *, tier: int, complaint: int, deadline: Micros, enqueued_at: Micros, arrival: int) -> Key:
    """The same of plain values; `complaint` is 0 of one and 2 of none.

    LATE is the end of its tier in band 2, and of the complaints of its tier.
    """
    came = (enqueued_at << ARRIVAL) + arrival
    if band == STARVING:
        return BASES[0] + came
    if band == LATE:
        band, complaint = NORMAL, complaint + 1
    return BASES[band << 4 | tier << 2 | complaint] + (deadline << INSTANT + ARRIVAL) + came


class Line:
    """Keys in order, in chunks, so that adding and removing among 100,000 stay a few microseconds.

    A chunk has keys of one class, which is found without a look at any of them: that would be a look at memory which
    nothing has touched for long. A newcomer usually belongs at the end of its class and costs a look at the last one.
    A line of a pool tells its first key to `heads`, the pool's list, at its number.
    """

    __slots__ = ("_chunks", "_classes", "_heads", "_number", "first")

    def __init__(self, heads: list[Key] | None = None, number: int = 0) -> None:
        self._heads = heads
        self._number = number
        self.first: Key = LAST
        self._chunks: list[list[Key]] = []
        self._classes: list[int] = []
        """Of each chunk."""

    def add(self, key: Key) -> None:
        kind = key >> CLASS
        at = bisect_right(self._classes, kind) - 1
        if at < 0 or self._classes[at] != kind:
            at += 1
            self._classes.insert(at, kind)
            self._chunks.insert(at, [key])
        elif self._chunks[at][-1] < key:
            self._chunks[at].append(key)
        else:
            at = self._chunk_of(key, kind, at)
            insort(self._chunks[at], key)
        chunk = self._chunks[at]
        if not at and chunk[0] == key:
            self._lead(key)
        if len(chunk) > 2 * CHUNK:
            self._chunks[at : at + 1] = [chunk[:CHUNK], chunk[CHUNK:]]
            self._classes.insert(at, kind)

    def remove(self, key: Key) -> None:
        kind = key >> CLASS
        at = self._chunk_of(key, kind, bisect_right(self._classes, kind) - 1)
        chunk = self._chunks[at]
        if chunk[0] != key:
            del chunk[bisect_left(chunk, key)]
            return
        del chunk[0]
        if not chunk:
            del self._chunks[at], self._classes[at]
        if not at:
            self._lead(self._chunks[0][0] if self._chunks else LAST)

    def _chunk_of(self, key: Key, kind: int, last: int) -> int:
        """The chunk in which a key belongs, where the last one of its class is known: usually there is one."""
        if not last or self._classes[last - 1] != kind:
            return last
        low = bisect_left(self._classes, kind)
        while low < last:
            middle = (low + last + 1) >> 1
            if self._chunks[middle][0] <= key:
                low = middle
            else:
                last = middle - 1
        return low

    def _lead(self, key: Key) -> None:
        self.first = key
        if self._heads is not None:
            self._heads[self._number] = key

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk


class Queue:
    """A view's line, which also says who comes before whom: counted by chunk, and by tier (the starving before all).

    `_floors` has the least key that belongs into each chunk: no key of another class does, and it stays when keys come
    and go. Where a key was last looked for is remembered, because whoever comes or goes is asked for his place as well.
    """

    __slots__ = (
        "_at",
        "_chunks",
        "_floors",
        "_head",
        "_index",
        "_kinds",
        "_lengths",
        "_sought",
        "first",
        "name",
        "tiers",
    )

    def __init__(self, name: tuple[str, ...]) -> None:
        """`name`: lease and view, of open length, so that compiled code keeps the tuple and copies none."""
        self.name = name
        self.first: Key = LAST
        self.tiers = [0, 0, 0, 0]
        self._head: Micros = NEVER
        self._kinds = [False] * CLASSES
        self._floors: list[Key] = []
        self._chunks: list[list[Key]] = []
        self._lengths: list[int] = []
        """Of each chunk: a list of small numbers is summed without a look at the chunks."""
        self._sought: Key = NOTHING
        self._at = 0
        self._index = 0

    def add(self, key: Key, tier: int) -> None:
        """`tier` is 0 for one who starves."""
        self.tiers[tier] += 1
        kind = key >> CLASS
        if not self._kinds[kind]:
            self._open(kind)
        self._seek(key)
        at = self._at
        chunk = self._chunks[at]
        chunk.insert(self._index, key)
        self._lengths[at] += 1
        if key < self.first:
            self.first, self._head = key, NEVER
        if len(chunk) > 2 * CHUNK:
            self._split(at)

    def remove(self, key: Key, tier: int) -> None:
        self.tiers[tier] -= 1
        self._seek(key)
        at = self._at
        chunk = self._chunks[at]
        del chunk[self._index]
        self._lengths[at] -= 1
        if key == self.first:
            self._find_first(at)
        if not chunk and self._floors[at] not in FLOORS:
            del self._floors[at], self._chunks[at], self._lengths[at]
            self._sought = NOTHING

    def rank(self, key: Key) -> int:
        """How many keys stand before this one, which need not be in the line itself."""
        if self.first >= key:
            return 0
        self._seek(key)
        return sum(self._lengths[: self._at]) + self._index

    def size(self) -> int:
        return sum(self.tiers)

    def head(self) -> Micros:
        """When the first of them came; it must not be empty."""
        if self._head == NEVER:
            self._head = enqueued_of(self.first)
        return self._head

    def _seek(self, key: Key) -> None:
        """Its chunk and its place in there, which it has or would have."""
        if key == self._sought:
            return
        self._sought = key
        self._at = at = max(bisect_right(self._floors, key) - 1, 0)
        chunk = self._chunks[at]
        self._index = bisect_left(chunk, key) if chunk and chunk[-1] >= key else len(chunk)

    def _open(self, kind: int) -> None:
        """The first chunk of a class, which stays when it is empty."""
        floor = kind << CLASS
        at = bisect_right(self._floors, floor)
        self._floors.insert(at, floor)
        self._chunks.insert(at, [])
        self._lengths.insert(at, 0)
        self._kinds[kind] = True
        self._sought = NOTHING

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        self._chunks[at : at + 1] = [chunk[:CHUNK], chunk[CHUNK:]]
        self._lengths[at : at + 1] = [CHUNK, len(chunk) - CHUNK]
        self._floors.insert(at + 1, chunk[CHUNK])
        self._sought = NOTHING

    def _find_first(self, at: int) -> None:
        self.first, self._head = LAST, NEVER
        for chunk in self._chunks[at:]:
            if chunk:
                self.first = chunk[0]
                return

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk
