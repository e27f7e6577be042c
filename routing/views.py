"""Who stands before whom in a view, counted and never walked: positions and estimates ask at every arrival."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from routing.at_hand import bisect_left, bisect_right
from routing.estimate import Known
from routing.model import Micros, QueueRule
from routing.order import CLASSES, LAST, NEVER, NOTHING, Key, enqueued_of

KINDS: Final = len(CLASSES)
PART: Final = 128
"""Keys in half of the largest chunk. Where a chunk is searched, nothing has touched it for long."""


class Tally:
    """How many there are of something: counted in an object, because compiled code counts in a list by objects."""

    __slots__ = ("count",)

    def __init__(self) -> None:
        self.count = 0


class Section:
    """The keys of one class, in order, in chunks; `band`, `step` (band and tier) and `tier` count it in.

    `_floors` has the least key that belongs into each chunk: it stays when keys come and go. Where a key was last
    looked for is remembered, because whoever comes or goes is asked for his place as well.
    """

    __slots__ = ("_at", "_chunks", "_floors", "_index", "_lengths", "_sought", "band", "count", "step", "tier")

    def __init__(self, band: Tally, step: Tally, tier: Tally) -> None:
        self.band = band
        self.step = step
        self.tier = tier
        self.count = 0
        self._floors: list[Key] = [NOTHING]
        self._chunks: list[list[Key]] = [[]]
        self._lengths: list[int] = [0]
        """Of each chunk: small numbers are summed without a look at the chunks."""
        self._sought: Key = NOTHING
        self._at = 0
        self._index = 0

    def add(self, key: Key) -> None:
        self._change(1)
        self._seek(key)
        at = self._at
        chunk = self._chunks[at]
        chunk.insert(self._index, key)
        length = len(chunk)
        self._lengths[at] = length
        if length > 2 * PART:
            self._split(at)

    def remove(self, key: Key) -> None:
        self._change(-1)
        self._seek(key)
        at = self._at
        chunk = self._chunks[at]
        chunk.pop(self._index)
        self._lengths[at] = len(chunk)
        if not chunk and at:
            del self._floors[at], self._chunks[at], self._lengths[at]
            self._sought = NOTHING

    def before(self, key: Key) -> int:
        """How many are before this key, which need not be among them."""
        self._seek(key)
        at, lengths, count = self._at, self._lengths, self._index
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
        for chunk in self._chunks:
            if chunk:
                return chunk[0]
        return LAST

    def _change(self, by: int) -> None:
        self.count += by
        self.band.count += by
        self.step.count += by
        self.tier.count += by

    def _seek(self, key: Key) -> None:
        """Its chunk and its place in there, which it has or would have."""
        if key is self._sought:
            return
        self._sought = key
        at = len(self._floors) - 1
        if at and key < self._floors[at]:
            at = bisect_right(self._floors, key) - 1
        self._at = at
        chunk = self._chunks[at]
        self._index = bisect_left(chunk, key) if chunk and chunk[-1] >= key else len(chunk)

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        self._chunks[at : at + 1] = [chunk[:PART], chunk[PART:]]
        self._lengths[at : at + 1] = [PART, len(chunk) - PART]
        self._floors.insert(at + 1, chunk[PART])
        self._sought = NOTHING

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk


class Queue:
    """A view's line: a section for each class that was seen, and how many there are in each band and tier."""

    __slots__ = (
        "_bands",
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
        self._head: Micros = NEVER
        self._sections: list[Section | None] = [None] * KINDS
        self._bands = [Tally() for _ in range(KINDS >> 4)]
        self._steps = [Tally() for _ in range(KINDS >> 2)]
        """Of each band and tier: a class without its last two bits."""
        self._tiers = [Tally() for _ in range(4)]
        """Of each tier; the starving are counted as the first."""

    def add(self, key: Key, kind: int) -> None:
        """`kind` is the class of the key."""
        self._section(kind).add(key)
        if key < self.first:
            self.first, self._head = key, NEVER

    def remove(self, key: Key, kind: int) -> None:
        self._section(kind).remove(key)
        if key == self.first:
            self._find_first(kind)

    def rank(self, key: Key, kind: int) -> int:
        """How many keys stand before this one, which need not be in the line itself."""
        if self.first >= key:
            return 0
        count = self._section(kind).before(key)
        for band in range(kind >> 4):
            count += self._bands[band].count
        for step in range(kind >> 4 << 2, kind >> 2):
            count += self._steps[step].count
        for each in range(kind >> 2 << 2, kind):
            section = self._sections[each]
            if section is not None:
                count += section.count
        return count

    def size(self) -> int:
        return self.up_to(len(self._tiers) - 1)

    def up_to(self, tier: int) -> int:
        """How many are of this tier or a better one; the starving are."""
        count = 0
        for each in range(tier + 1):
            count += self._tiers[each].count
        return count

    def head(self) -> Micros:
        """When the first of them came; it must not be empty."""
        if self._head == NEVER:
            self._head = enqueued_of(self.first)
        return self._head

    def _section(self, kind: int) -> Section:
        section = self._sections[kind]
        if section is None:
            section = Section(self._bands[kind >> 4], self._steps[kind >> 2], self._tiers[kind >> 2 & 3])
            self._sections[kind] = section
        return section

    def _find_first(self, kind: int) -> None:
        """The first one has gone, who was of this class."""
        self.first, self._head = LAST, NEVER
        for at in range(kind, KINDS):
            section = self._sections[at]
            if section is not None and section.count:
                self.first = section.first()
                return

    def __iter__(self) -> Iterator[Key]:
        for section in self._sections:
            if section is not None:
                yield from section
