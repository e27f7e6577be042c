"""The order inside the one queue: a tuple, compared field by field, never a sum of magnitudes (B10, B13).

`(band, tier, complaint first, deadline, enqueued_at, arrival)`. Band 0 is past its tier's maximum wait, band 1
is at risk or breached, band 2 is normal. Inside band 0 only the arrival counts: whoever waited too long is
overtaken by nobody who came later (row 5.1-22). A transfer or callback keeps `enqueued_at`, and so its place.
Bands change at known instants, so between two timers every key is static. `late_is_urgent` off is the one
choice that a configuration has: what is late already then waits behind what can still be in time (docs/routing.md).
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from routing.model import Contact, MediumRules, Micros

Key = int
"""The tuple, packed into one integer field by field: band, tier and complaint in two bits each, deadline and
enqueued_at in 64, the arrival number in 48. No field can run into the next one, so integers compare as the tuples do;
but a comparison looks at one object where a tuple would have it look at three, and 100,000 waiting contacts are in no
cache."""

NEVER: Micros = 1 << 62
STARVING, URGENT, NORMAL, LATE = 0, 1, 2, 3
CHUNK = 256
INSTANT, ARRIVAL = 64, 48
"""Bits of an instant, which may be negative, and of an arrival number."""
ZERO = 1 << (INSTANT - 1)
CLASS = 2 * INSTANT + ARRIVAL
"""Below this bit are deadline, enqueued_at and arrival; from it on band, tier and complaint."""
LAST: Key = 1 << (CLASS + 8)
"""After every contact: the first of an empty line."""


def arrival_of(key: Key) -> int:
    return key & (1 << ARRIVAL) - 1


def enqueued_of(key: Key) -> Micros:
    return (key >> ARRIVAL & (1 << INSTANT) - 1) - ZERO


def tier_of(key: Key) -> int:
    """Of one who starves 0, as he comes before all."""
    return key >> (CLASS + 2) & 3


def band_at(contact: Contact, rules: MediumRules, now: Micros) -> tuple[int, Micros]:
    """The band in force at `now` and the instant at which it changes (NEVER from band 0).

    Starving strictly after the maximum wait, urgent from the margin before the deadline on. With
    `late_is_urgent` off a contact whose deadline has passed is urgent no longer, but LATE: no haste saves it, and it
    may save another's.
    """
    starving = contact.enqueued_at + rules.max_wait[contact.tier] + 1
    if now >= starving:
        return STARVING, NEVER
    deadline = contact.deadline
    if now >= deadline and not rules.late_is_urgent:
        return LATE, starving
    if now >= deadline - rules.urgent_before:
        return URGENT, starving if rules.late_is_urgent or starving < deadline else deadline
    urgent = deadline - rules.urgent_before
    return NORMAL, urgent if urgent < starving else starving


def key_of(contact: Contact, arrival: int, band: int) -> Key:
    """The place in the queue of a contact; unique, because arrival numbers are.

    LATE is the end of its tier in band 2, and of the complaints of its tier.
    """
    if band == STARVING:
        return (ZERO << INSTANT | contact.enqueued_at + ZERO) << ARRIVAL | arrival
    complaint = 0 if contact.complaint else 2
    if band == LATE:
        band, complaint = NORMAL, complaint + 1
    rank = band << 4 | contact.tier << 2 | complaint
    return ((rank << INSTANT | contact.deadline + ZERO) << INSTANT | contact.enqueued_at + ZERO) << ARRIVAL | arrival


class Line:
    """Keys in order, in chunks, so that adding, removing and ranking among 100,000 stay a few microseconds.

    A chunk never mixes bands, tiers or complaints: a newcomer usually belongs at the end of his own, and is put there
    without a search. A line of a pool tells its first key to `heads`, the pool's list, at its number.
    """

    __slots__ = ("_chunks", "_heads", "_lasts", "_number", "_sizes", "first")

    def __init__(self, heads: list[Key] | None = None, number: int = 0) -> None:
        self._heads = heads
        self._number = number
        self.first: Key = LAST
        self._chunks: list[list[Key]] = []
        self._lasts: list[Key] = []
        self._sizes: list[int] = []

    def add(self, key: Key) -> None:
        if key < self.first:
            self._lead(key)
        lasts = self._lasts
        at = bisect_left(lasts, key)
        if at < len(lasts) and self._chunks[at][0] < key:
            chunk = self._chunks[at]
            insort(chunk, key)
            self._sizes[at] += 1
            if len(chunk) > 2 * CHUNK:
                self._split(at, chunk)
        elif at and lasts[at - 1] >> CLASS == key >> CLASS and self._sizes[at - 1] < 2 * CHUNK:
            self._chunks[at - 1].append(key)
            self._sizes[at - 1] += 1
            lasts[at - 1] = key
        elif at < len(lasts) and lasts[at] >> CLASS == key >> CLASS and self._sizes[at] < 2 * CHUNK:
            self._chunks[at].insert(0, key)
            self._sizes[at] += 1
        else:
            self._chunks.insert(at, [key])
            lasts.insert(at, key)
            self._sizes.insert(at, 1)

    def _split(self, at: int, chunk: list[Key]) -> None:
        tail = chunk[CHUNK:]
        del chunk[CHUNK:]
        self._chunks.insert(at + 1, tail)
        self._lasts[at : at + 1] = [chunk[-1], tail[-1]]
        self._sizes[at : at + 1] = [len(chunk), len(tail)]

    def remove(self, key: Key) -> None:
        lasts = self._lasts
        first = key == self.first
        at = 0 if first else bisect_left(lasts, key)
        chunk = self._chunks[at]
        del chunk[0 if first else bisect_left(chunk, key)]
        self._sizes[at] -= 1
        if not chunk:
            del self._chunks[at], lasts[at], self._sizes[at]
        elif lasts[at] == key:
            lasts[at] = chunk[-1]
        if first:
            self._lead(self._chunks[0][0] if self._chunks else LAST)

    def _lead(self, key: Key) -> None:
        self.first = key
        if self._heads is not None:
            self._heads[self._number] = key

    def rank(self, key: Key) -> int:
        """How many keys stand before this one, which need not be in the line itself."""
        if self.first >= key:
            return 0
        at = bisect_left(self._lasts, key)
        before = sum(self._sizes[:at])
        if at == len(self._lasts):
            return before
        if key == self._lasts[at]:
            return before + self._sizes[at] - 1
        return before + bisect_left(self._chunks[at], key)

    def size(self) -> int:
        return sum(self._sizes)

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk


class Queue(Line):
    """A view's line, which also counts by tier who comes before whom; the starving (`tiers[0]` too) before all."""

    __slots__ = ("tiers",)

    def __init__(self) -> None:
        super().__init__()
        self.tiers = [0, 0, 0, 0]

    def add(self, key: Key) -> None:
        self.tiers[tier_of(key)] += 1
        super().add(key)

    def remove(self, key: Key) -> None:
        self.tiers[tier_of(key)] -= 1
        super().remove(key)
