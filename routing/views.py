"""Who stands before whom in a view, counted and never walked: positions and estimates ask at every arrival."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from librt.strings import read_i64_be
from librt.vecs import append, extend, pop, vec
from mypy_extensions import i64

from routing.at_hand import bisect_left
from routing.estimate import Known
from routing.model import Micros, QueueRule
from routing.order import CLASSES, DEADLINE, ENQUEUED, LAST, NOTHING, STARVED, Key, enqueued_of
from routing.timers import NEVER

KINDS: Final = len(CLASSES)
BANDS: Final = KINDS >> 4
STEPS: Final = KINDS >> 2
"""A step is a band and a tier: a class without its last two bits."""
TIERS: Final = 4
PART: Final = 256
"""Keys in the largest part."""


def earlier(instants: vec[i64], than: i64) -> i64:
    """How many of these, which are in order, are earlier."""
    low: i64 = 0
    high: i64 = len(instants)
    while low < high:
        middle = (low + high) >> 1
        if instants[middle] < than:
            low = middle + 1
        else:
            high = middle
    return low


def without(numbers: vec[i64], at: i64) -> vec[i64]:
    """All but one of them."""
    _gone: i64  # Of this type, so that compiled code makes no object of it.
    rest, _gone = pop(numbers, at)
    return rest


class Part:
    """Some keys of one class that follow each other, and their instants; `floor` is the least key that belongs here."""

    __slots__ = ("floor", "instants", "keys")

    def __init__(self, instants: vec[i64], keys: list[Key], floor: Key) -> None:
        self.instants = instants
        self.keys = keys
        self.floor = floor

    def place(self, instant: i64, key: Key) -> i64:
        """How many are before this key."""
        instants, keys = self.instants, self.keys
        count: i64 = len(instants)
        last = count - 1
        if not count or instants[last] < instant or (instants[last] == instant and keys[last] < key):
            return count
        at = earlier(instants, instant)
        if instants[at] != instant or keys[at] >= key:
            return at
        return bisect_left(keys, key, at)

    def insert(self, at: i64, instant: i64, key: Key) -> None:
        instants = self.instants
        if at == len(instants):
            self.instants = append(instants, instant)
        else:
            self.instants = extend(append(instants[:at], instant), instants[at:])
        self.keys.insert(at, key)

    def pop(self, at: i64) -> None:
        self.instants = without(self.instants, at)
        del self.keys[at]

    def split(self, at: i64) -> Part:
        """Those from `at` on, who leave this one."""
        instants, keys = self.instants, self.keys
        other = Part(instants[at:], keys[at:], keys[at])
        self.instants = instants[:at]
        del keys[at:]
        return other


class Section:
    """The keys of one class, in order, in parts.

    A part is searched by what its keys begin with, the class left out: the deadline, or for the starving the instant
    they came. These stand close together, where the keys lie all over the memory; keys are compared only where two
    instants are equal. `_floors` has the least instant that belongs into each part: it stays when keys come and go.
    Where a key was last looked for is remembered, because whoever comes or goes is asked for his place as well.
    """

    __slots__ = ("_at", "_field", "_floors", "_index", "_instant", "_lengths", "_parts", "_sought", "count")

    def __init__(self, kind: int) -> None:
        self.count: i64 = 0
        self._field: i64 = ENQUEUED if kind == STARVED else DEADLINE
        self._floors = vec[i64]([0])
        self._lengths = vec[i64]([0])
        """Of each part: they are summed without a look at the parts."""
        self._parts = [Part(vec[i64](), [], NOTHING)]
        self._sought: Key = NOTHING
        self._instant: i64 = 0
        self._at: i64 = 0
        self._index: i64 = 0

    def add(self, key: Key) -> None:
        self._seek(key)
        at = self._at
        part = self._parts[at]
        part.insert(self._index, self._instant, key)
        self.count += 1
        length = len(part.instants)
        self._lengths[at] = length
        if length > PART:
            self._split(at, max(1, min(self._index + 1, length - 1)))

    def remove(self, key: Key) -> None:
        self._seek(key)
        at = self._at
        self._parts[at].pop(self._index)
        self.count -= 1
        length = self._lengths[at] - 1
        self._lengths[at] = length
        if not length and at:
            del self._parts[at]
            self._lengths = without(self._lengths, at)
            self._floors = without(self._floors, at)
            self._sought = NOTHING

    def before(self, key: Key) -> i64:
        """How many are before this key, which need not be among them."""
        self._seek(key)
        lengths, at, count = self._lengths, self._at, self._index
        each: i64
        if at + at <= len(lengths):
            for each in range(at):
                count += lengths[each]
            return count
        count += self.count
        for each in range(at, len(lengths)):
            count -= lengths[each]
        return count

    def first(self) -> Key:
        """LAST when it is empty."""
        for part in self._parts:
            if part.keys:
                return part.keys[0]
        return LAST

    def _seek(self, key: Key) -> None:
        """Its part and its place in there, which it has or would have."""
        if key is self._sought:
            return
        self._sought = key
        instant = self._instant = read_i64_be(key, self._field)
        floors = self._floors
        at: i64 = len(floors) - 1
        if at and floors[at] >= instant:
            at = self._part_of(key, instant)
        self._at = at
        self._index = self._parts[at].place(instant, key)

    def _part_of(self, key: Key, instant: i64) -> i64:
        """The last part whose floor is not after the key; many contacts may have one deadline."""
        low = earlier(self._floors, instant) - 1
        high = earlier(self._floors, instant + 1) - 1
        while low < high:
            middle = (low + high + 1) >> 1
            if self._parts[middle].floor <= key:
                low = middle
            else:
                high = middle - 1
        return low

    def _split(self, at: i64, index: i64) -> None:
        """Behind the newcomer, because the next one is likely to come there: at the end of a part it moves nobody."""
        part, after = self._parts[at].split(index), at + 1
        self._parts.insert(after, part)
        floors, lengths = self._floors, self._lengths
        self._floors = extend(append(floors[:after], part.instants[0]), floors[after:])
        lengths[at] = index
        self._lengths = extend(append(lengths[:after], len(part.instants)), lengths[after:])
        self._sought = NOTHING

    def __iter__(self) -> Iterator[Key]:
        for part in self._parts:
            yield from part.keys


class Queue:
    """A view's line: a section for each class that was seen, and how many there are of each class, step, band, tier."""

    __slots__ = (
        "_bands",
        "_classes",
        "_first_kind",
        "_head",
        "_sections",
        "_steps",
        "_tiers",
        "first",
        "known",
        "max_length",
        "max_wait",
        "rule",
    )

    def __init__(self, rule: QueueRule, known: Known) -> None:
        """`rule`: the bounds of the view; `known`: how long those took who were answered in it."""
        self.rule = rule
        self.max_length = rule.max_length
        self.max_wait: Micros = rule.max_wait
        self.known = known
        self.first: Key = LAST
        """The very object that was added: that key and no other."""
        self._first_kind = KINDS
        self._head: Micros = NEVER
        self._sections: list[Section | None] = [None] * KINDS
        self._classes = vec[i64]([0] * KINDS)
        self._steps = vec[i64]([0] * STEPS)
        self._bands = vec[i64]([0] * BANDS)
        self._tiers = vec[i64]([0] * TIERS)
        """Of each tier; the starving are counted as the first."""

    def add(self, key: Key, kind: int) -> None:
        """`kind` is the class of the key."""
        self._section(kind).add(key)
        self._count(kind, 1)
        if kind < self._first_kind or (kind == self._first_kind and key < self.first):
            self.first, self._first_kind, self._head = key, kind, NEVER

    def remove(self, key: Key, kind: int) -> None:
        self._section(kind).remove(key)
        self._count(kind, -1)
        if key is self.first:
            self._find_first(kind)

    def rank(self, key: Key, kind: int) -> int:
        """How many keys stand before this one, which need not be in the line itself."""
        if kind < self._first_kind or key is self.first:
            return 0
        count = self._section(kind).before(key)
        at: i64 = kind
        each: i64
        for each in range(at >> 4):
            count += self._bands[each]
        for each in range(at >> 4 << 2, at >> 2):
            count += self._steps[each]
        for each in range(at >> 2 << 2, at):
            count += self._classes[each]
        return count

    def size(self) -> int:
        return self.up_to(TIERS - 1)

    def up_to(self, tier: int) -> int:
        """How many are of this tier or a better one; the starving are."""
        count: i64 = 0
        each: i64
        for each in range(tier + 1):
            count += self._tiers[each]
        return count

    def head(self) -> Micros:
        """When the first of them came; it must not be empty."""
        if self._head == NEVER:
            self._head = enqueued_of(self.first)
        return self._head

    def _count(self, kind: i64, by: i64) -> None:
        self._classes[kind] += by
        self._steps[kind >> 2] += by
        self._bands[kind >> 4] += by
        self._tiers[kind >> 2 & 3] += by

    def _section(self, kind: int) -> Section:
        section = self._sections[kind]
        if section is None:
            section = self._sections[kind] = Section(kind)
        return section

    def _find_first(self, kind: int) -> None:
        """The first one has gone, who was of this class."""
        self.first, self._first_kind, self._head = LAST, KINDS, NEVER
        for at in range(kind, KINDS):
            section = self._sections[at]
            if section is not None and section.count:
                self.first, self._first_kind = section.first(), at
                return

    def __iter__(self) -> Iterator[Key]:
        for section in self._sections:
            if section is not None:
                yield from section
