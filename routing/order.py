"""The order inside the one queue: a tuple, compared field by field, never a sum of magnitudes (B10, B13).

`(band, tier, complaint first, deadline, enqueued_at, arrival)`. Band 0 is past its tier's maximum wait, band 1
is at risk or breached, band 2 is normal. Inside band 0 only the arrival counts: whoever waited too long is
overtaken by nobody who came later (row 5.1-22). A transfer or callback keeps `enqueued_at`, and so its place.
Bands change at known instants, so between two timers every key is static. `late_is_urgent` off is the one
choice that a configuration has: what is late already then waits behind what can still be in time (docs/routing.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from routing.at_hand import bisect_left, bisect_right, pack, sum_of
from routing.estimate import Known
from routing.model import Contact, Micros, QueueRule

if TYPE_CHECKING:
    from routing.desks import Work

Key = bytes
"""The tuple, packed field by field: one byte for band, tier and complaint (the class), eight each for deadline,
enqueued_at and the arrival number. Bytes compare as the tuples do; but a comparison looks at one object where a tuple
would have it look at four, and 100,000 waiting contacts are in no cache."""

NEVER: Final = (1 << 62) - 1
"""After every instant: the largest integer that compiled code keeps in one machine word."""
STARVING: Final = 0
URGENT: Final = 1
NORMAL: Final = 2
LATE: Final = 3
CHUNK: Final = 256
ZERO: Final = 1 << 61
"""Added to an instant in a key, because one may be negative. All that are less than NEVER / 2 away from 1970 fit."""
ENQUEUED: Final = 9
ARRIVAL: Final = 17
"""Where enqueued_at and the arrival number begin in a key."""
CLASSES: Final = [bytes((kind,)) for kind in range(1 << 6)]
"""By class: the first byte of its keys. Alone it is before all of them."""
STARVED: Final = 0
"""The class of the starving."""
LAST: Final = b"\xff"
"""After every contact: the first of an empty line."""
NOTHING: Final = b""
"""No key at all."""


def enqueued_of(key: Key) -> Micros:
    return int.from_bytes(key[ENQUEUED:ARRIVAL], "big") - ZERO


def key_of(contact: Contact, arrival: int, band: int) -> Key:
    """The place in the queue of a contact; unique, because arrival numbers are."""
    kind = class_of(band, tier=int(contact.tier), complaint=contact.complaint)
    return key_at(kind, deadline=contact.deadline, enqueued_at=contact.enqueued_at, arrival=arrival)


def class_of(band: int, *, tier: int, complaint: bool) -> int:
    """Band, tier and complaint; the starving are one class.

    LATE is the end of its tier in band 2, and of the complaints of its tier.
    """
    if band == STARVING:
        return STARVED
    late = band == LATE
    mark = (0 if complaint else 2) + late
    return (NORMAL if late else band) << 4 | tier << 2 | mark


def key_at(kind: int, *, deadline: Micros, enqueued_at: Micros, arrival: int) -> Key:
    """The key of a contact of this class: inside the starving only the arrival counts."""
    return pack(kind, 0 if kind == STARVED else deadline + ZERO, enqueued_at + ZERO, arrival)


def key_moved(key: Key, *, to: int) -> Key:
    """The key of the same contact in another class; neither is that of the starving."""
    return CLASSES[to] + key[1:]


class Line:
    """Keys in order, in chunks, so that adding and removing among 100,000 stay a few microseconds.

    A chunk has keys of one class, which is found without a look at any of them: that would be a look at memory which
    nothing has touched for long. A newcomer usually belongs at the end of its class and costs a look at the last one.
    The contacts stand beside their keys, in chunks of the same lengths. A line of a pool tells its first key to
    `heads`, the pool's list, at its number, and whose it is to `leaders`.
    """

    __slots__ = ("_chunks", "_classes", "_heads", "_leaders", "_number", "_works", "first")

    def __init__(self, heads: list[Key] | None = None, leaders: dict[Key, Work] | None = None, number: int = 0) -> None:
        self._heads = heads
        self._leaders = leaders
        self._number = number
        self.first: Key = LAST
        self._chunks: list[list[Key]] = []
        self._works: list[list[Work]] = []
        self._classes: list[int] = []
        """Of each chunk."""

    def add(self, key: Key, work: Work) -> None:
        kind = work.kind
        at = self._last_of(kind)
        if at < 0 or self._classes[at] != kind:
            at += 1
            self._classes.insert(at, kind)
            self._chunks.insert(at, [key])
            self._works.insert(at, [work])
        elif self._chunks[at][-1] < key:
            self._chunks[at].append(key)
            self._works[at].append(work)
        else:
            at = self._chunk_of(key, kind, at)
            index = bisect_left(self._chunks[at], key)
            self._chunks[at].insert(index, key)
            self._works[at].insert(index, work)
        if key < self.first:
            self._lead(key, work)
        if len(self._chunks[at]) > 2 * CHUNK:
            self._split(at, kind)

    def remove(self, key: Key, work: Work) -> None:
        kind = work.kind
        at = self._chunk_of(key, kind, self._last_of(kind))
        chunk, works = self._chunks[at], self._works[at]
        if works[0] is not work:
            index = bisect_left(chunk, key)
            chunk.pop(index)
            works.pop(index)
            return
        chunk.pop(0)
        works.pop(0)
        if not chunk:
            del self._chunks[at], self._classes[at], self._works[at]
        if not at:
            self._follow()

    def _last_of(self, kind: int) -> int:
        """The last chunk of a class, or of what comes before it; -1 where nothing does. There are few chunks."""
        classes = self._classes
        at = len(classes) - 1
        while at >= 0 and classes[at] > kind:
            at -= 1
        return at

    def _split(self, at: int, kind: int) -> None:
        chunk, works = self._chunks[at], self._works[at]
        self._chunks[at : at + 1] = [chunk[:CHUNK], chunk[CHUNK:]]
        self._works[at : at + 1] = [works[:CHUNK], works[CHUNK:]]
        self._classes.insert(at, kind)

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

    def _follow(self) -> None:
        """The first one has gone: the next one leads."""
        if self._chunks:
            self._lead(self._chunks[0][0], self._works[0][0])
        else:
            self._lead(LAST, None)

    def _lead(self, key: Key, work: Work | None) -> None:
        if self._heads is not None and self._leaders is not None:
            self._leaders.pop(self.first, None)
            if work is not None:
                self._leaders[key] = work
            self._heads[self._number] = key
        self.first = key

    def works(self) -> Iterator[Work]:
        """In their order."""
        for works in self._works:
            yield from works

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
        "_size",
        "_sought",
        "first",
        "known",
        "max_length",
        "max_wait",
        "rule",
        "tiers",
    )

    def __init__(self, rule: QueueRule, known: Known) -> None:
        """`rule`: the bounds of the view; `known`: how long those took who were answered in it."""
        self.rule = rule
        self.max_length = rule.max_length
        self.max_wait: Micros = rule.max_wait
        self.known = known
        self.first: Key = LAST
        self.tiers = [0, 0, 0, 0]
        self._head: Micros = NEVER
        self._kinds = [False] * len(CLASSES)
        self._floors: list[Key] = []
        self._chunks: list[list[Key]] = []
        self._lengths: list[int] = []
        """Of each chunk: a list of small numbers is summed without a look at the chunks."""
        self._size = 0
        self._sought: Key = NOTHING
        self._at = 0
        self._index = 0

    def add(self, key: Key, *, kind: int, tier: int) -> None:
        """`tier` is 0 for one who starves."""
        self.tiers[tier] += 1
        self._size += 1
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
        self._size -= 1
        self._seek(key)
        at = self._at
        chunk = self._chunks[at]
        chunk.pop(self._index)
        self._lengths[at] -= 1
        if key == self.first:
            self._find_first(at)
        if not chunk and len(self._floors[at]) > 1:
            del self._floors[at], self._chunks[at], self._lengths[at]
            self._sought = NOTHING

    def rank(self, key: Key) -> int:
        """How many keys stand before this one, which need not be in the line itself."""
        if self.first >= key:
            return 0
        self._seek(key)
        at, lengths = self._at, self._lengths
        if at + at <= len(lengths):
            return sum_of(lengths[:at]) + self._index
        return self._size - sum_of(lengths[at:]) + self._index

    def size(self) -> int:
        return self._size

    def up_to(self, tier: int) -> int:
        """How many are of this tier or a better one; the starving are."""
        count = 0
        for each in range(tier + 1):
            count += self.tiers[each]
        return count

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
        at = bisect_right(self._floors, key) - 1
        if at < 0:
            at = 0
        self._at = at
        chunk = self._chunks[at]
        self._index = bisect_left(chunk, key) if chunk and chunk[-1] >= key else len(chunk)

    def _open(self, kind: int) -> None:
        """The first chunk of a class, which stays when it is empty."""
        floor = CLASSES[kind]
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
