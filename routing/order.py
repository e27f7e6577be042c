"""The order inside the one queue: a tuple, compared field by field, never a sum of magnitudes (B10, B13).

`(band, tier, complaint first, deadline, enqueued_at, arrival)`. Band 0 is past its tier's maximum wait, band 1
is at risk or breached, band 2 is normal. Inside band 0 only the arrival counts: whoever waited too long is
overtaken by nobody who came later (row 5.1-22). A transfer or callback keeps `enqueued_at`, and so its place.
Bands change at known instants, so between two timers every key is static. `late_is_urgent` off is the one
choice that a configuration has: what is late already then waits behind what can still be in time (docs/routing.md).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from librt.strings import BytesWriter, read_i64_be, write_i64_be

from routing.at_hand import bisect_left
from routing.model import Contact, Micros
from routing.timers import Sleeper

Key = bytes
"""The tuple, packed field by field: one byte for band, tier and complaint (the class), eight each for deadline,
enqueued_at and the arrival number. Bytes compare as the tuples do; but a comparison looks at one object where a tuple
would have it look at four, and 100,000 waiting contacts are in no cache."""

STARVING: Final = 0
URGENT: Final = 1
NORMAL: Final = 2
LATE: Final = 3
CHUNK: Final = 256
ZERO: Final = 1 << 61
"""Added to an instant in a key, because one may be negative. All that are less than NEVER / 2 away from 1970 fit."""
DEADLINE: Final = 1
ENQUEUED: Final = 9
"""Where they begin in a key."""
CLASSES: Final = [bytes((kind,)) for kind in range(1 << 6)]
"""By class: the first byte of its keys."""
STARVED: Final = 0
"""The class of the starving."""
LAST: Final = b"\xff"
"""After every contact: the first of an empty line."""
NOTHING: Final = b""
"""No key at all."""


def enqueued_of(key: Key) -> Micros:
    return read_i64_be(key, ENQUEUED) - ZERO


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
    writer = BytesWriter()
    writer.append(kind)
    write_i64_be(writer, 0 if kind == STARVED else deadline + ZERO)
    write_i64_be(writer, enqueued_at + ZERO)
    write_i64_be(writer, arrival)
    return writer.getvalue()


def key_moved(key: Key, *, to: int) -> Key:
    """The key of the same contact in another class; neither is that of the starving."""
    return CLASSES[to] + key[1:]


class Ranked(Sleeper):
    """A contact as lines know it. `kind` is the class of `key`, which it has while it stands in one."""

    __slots__ = ("deadline", "key", "kind")

    deadline: Micros

    def __init__(self, order: int) -> None:
        super().__init__(order)
        self.key: Key | None = None
        self.kind = 0


class Line:
    """Contacts in the order of their keys, in chunks, so that coming and going among 100,000 stay a few microseconds.

    A chunk has contacts of one class, which is found without a look at any of them: that would be a look at memory
    which nothing has touched for long. A newcomer usually belongs at the end of its class and costs a look at the last
    one. A line of a pool tells its first key to `heads`, the pool's list, at its number, and whose it is to `leaders`.
    """

    __slots__ = ("_chunks", "_classes", "_heads", "_leaders", "_number", "first")

    def __init__(
        self, heads: list[Key] | None = None, leaders: dict[Key, Ranked] | None = None, number: int = 0
    ) -> None:
        self._heads = heads
        self._leaders = leaders
        self._number = number
        self.first: Key = LAST
        self._chunks: list[list[Ranked]] = []
        self._classes: list[int] = []
        """Of each chunk."""

    def add(self, key: Key, work: Ranked) -> None:
        kind = work.kind
        at = self._last_of(kind)
        if at < 0 or self._classes[at] != kind:
            at += 1
            self._classes.insert(at, kind)
            self._chunks.insert(at, [work])
        else:
            chunk = self._chunks[at]
            if is_before(chunk[-1], work, key):
                chunk.append(work)
            else:
                at = self._chunk_of(key, kind, at)
                chunk = self._chunks[at]
                chunk.insert(place_in(chunk, key), work)
            if len(chunk) > 2 * CHUNK:
                self._split(at, kind)
        if not at and self._chunks[0][0] is work:
            self._lead(key, work)

    def remove(self, key: Key, work: Ranked) -> None:
        kind = work.kind
        at = self._chunk_of(key, kind, self._last_of(kind))
        chunk = self._chunks[at]
        if chunk[0] is not work:
            chunk.pop(place_in(chunk, key))
            return
        chunk.pop(0)
        if not chunk:
            del self._chunks[at], self._classes[at]
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
        chunk = self._chunks[at]
        self._chunks[at : at + 1] = [chunk[:CHUNK], chunk[CHUNK:]]
        self._classes.insert(at, kind)

    def _chunk_of(self, key: Key, kind: int, last: int) -> int:
        """The chunk in which a key belongs, where the last one of its class is known: usually there is one."""
        if not last or self._classes[last - 1] != kind:
            return last
        low = bisect_left(self._classes, kind)
        while low < last:
            middle = (low + last + 1) >> 1
            if key_in(self._chunks[middle], 0) <= key:
                low = middle
            else:
                last = middle - 1
        return low

    def _follow(self) -> None:
        """The first one has gone: the next one leads."""
        if self._chunks:
            self._lead(key_in(self._chunks[0], 0), self._chunks[0][0])
        else:
            self._lead(LAST, None)

    def _lead(self, key: Key, work: Ranked | None) -> None:
        if self._heads is not None and self._leaders is not None:
            if self.first is not LAST:
                del self._leaders[self.first]
            if work is not None:
                self._leaders[key] = work
            self._heads[self._number] = key
        self.first = key

    def works(self) -> Iterator[Ranked]:
        """In their order."""
        for chunk in self._chunks:
            yield from chunk


def is_before(one: Ranked, other: Ranked, key: Key) -> bool:
    """Two of one class; `key` is the other's. Where the deadlines differ, and count, the keys need no look."""
    if other.kind != STARVED and one.deadline != other.deadline:
        return one.deadline < other.deadline
    assert one.key is not None
    return one.key < key


def key_in(chunk: list[Ranked], at: int) -> Key:
    """Whoever stands in a line has a key."""
    key = chunk[at].key
    assert key is not None
    return key


def place_in(chunk: list[Ranked], key: Key) -> int:
    """How many of them are before this key."""
    low, high = 0, len(chunk)
    while low < high:
        middle = (low + high) >> 1
        if key_in(chunk, middle) < key:
            low = middle + 1
        else:
            high = middle
    return low
