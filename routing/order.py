"""The order inside the one queue: a tuple, compared field by field, never a sum of magnitudes (B10, B13).

`(band, tier, complaint first, deadline, enqueued_at, arrival)`. Band 0 is past its tier's maximum wait, band 1
is at risk or breached, band 2 is normal. Inside band 0 only the arrival counts: whoever waited too long is
overtaken by nobody who came later (row 5.1-22). A transfer or callback keeps `enqueued_at`, and so its place.
Bands change at known instants, so between two timers every key is static.
"""

from __future__ import annotations

from bisect import bisect_left, insort
from collections.abc import Iterator

from routing.model import Contact, MediumRules, Micros

Key = tuple[int, int, int, Micros, Micros, int]

NEVER: Micros = 1 << 62
STARVING, URGENT, NORMAL = 0, 1, 2
CHUNK = 512


def band_of(contact: Contact, rules: MediumRules, now: Micros) -> int:
    """The band in force at `now`: starving strictly after the maximum wait, urgent from the margin on."""
    if now - contact.enqueued_at > rules.max_wait[contact.tier]:
        return STARVING
    return URGENT if now >= contact.deadline - rules.urgent_before else NORMAL


def next_band(contact: Contact, rules: MediumRules, band: int) -> Micros:
    """The instant at which the contact leaves `band`; NEVER from band 0."""
    if band == STARVING:
        return NEVER
    starving = contact.enqueued_at + rules.max_wait[contact.tier] + 1
    return starving if band == URGENT else min(starving, contact.deadline - rules.urgent_before)


def key_of(contact: Contact, arrival: int, band: int) -> Key:
    """The place in the queue. Unique, because arrival numbers are."""
    if band == STARVING:
        return (STARVING, 0, 0, 0, contact.enqueued_at, arrival)
    complaint = 0 if contact.complaint else 1
    return (band, int(contact.tier), complaint, contact.deadline, contact.enqueued_at, arrival)


class Line:
    """Keys in order, in chunks, so that adding, removing and ranking among 100,000 stay a few microseconds."""

    __slots__ = ("_chunks", "_lasts", "first")

    def __init__(self) -> None:
        self.first: Key | None = None
        self._chunks: list[list[Key]] = []
        self._lasts: list[Key] = []

    def add(self, key: Key) -> None:
        if self.first is None or key < self.first:
            self.first = key
        if not self._chunks:
            self._chunks.append([key])
            self._lasts.append(key)
            return
        at = min(bisect_left(self._lasts, key), len(self._chunks) - 1)
        chunk = self._chunks[at]
        insort(chunk, key)
        if len(chunk) > 2 * CHUNK:
            tail = chunk[CHUNK:]
            del chunk[CHUNK:]
            self._chunks.insert(at + 1, tail)
            self._lasts.insert(at + 1, tail[-1])
        self._lasts[at] = chunk[-1]

    def remove(self, key: Key) -> None:
        at = bisect_left(self._lasts, key)
        chunk = self._chunks[at]
        del chunk[bisect_left(chunk, key)]
        if chunk:
            self._lasts[at] = chunk[-1]
        else:
            del self._chunks[at], self._lasts[at]
        if key == self.first:
            self.first = self._chunks[0][0] if self._chunks else None

    def rank(self, key: Key) -> int:
        """How many keys stand before this one, which need not be in the line itself."""
        at = bisect_left(self._lasts, key)
        if at == len(self._chunks):
            return sum(map(len, self._chunks))
        return sum(map(len, self._chunks[:at])) + bisect_left(self._chunks[at], key)

    def __iter__(self) -> Iterator[Key]:
        for chunk in self._chunks:
            yield from chunk
