"""Replay: every logged decision of a domain, decided again from the snapshots; the bytes must be the same.

Each epoch begins with the snapshot its router started from (decisions row 11). An event that was set aside ends
an epoch's chain until the next snapshot: its router dropped its memory there, and so does the replay.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from hashlib import blake2b

import msgspec
from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.services.ports import RoutingStore
from contactcenter.services.views import LoggedEvent, SavedSnapshot
from routing.events import AnyEvent
from routing.model import Snapshot
from routing.replay import Logged, replay

_snapshot = msgspec.json.Decoder(Snapshot).decode
_event = msgspec.json.Decoder(AnyEvent | None).decode


class Difference(Struct, frozen=True):
    """A decision that came out otherwise. Hashes are hexadecimal."""

    seq: int
    at: Micros
    stored: str
    replayed: str


class ReplayReport(Struct, frozen=True, kw_only=True):
    """`decisions` were decided again, `set_aside` cannot be; `digest` is one hash over all of them, in order."""

    domain: str
    epochs: int
    decisions: int
    set_aside: int
    differences: tuple[Difference, ...]
    digest: str


class Replaying:
    def __init__(self, store: RoutingStore) -> None:
        self._store = store

    async def run(self, domain: str, *, since: Micros = 0, until: Micros | None = None) -> ReplayReport:
        """Replay a domain; only decisions with `since <= at < until` are counted and compared."""
        tally = _Tally(domain, since, until)
        saved = await self._store.snapshots(domain)
        for number, first in enumerate(saved):
            following = saved[number + 1].seq if number + 1 < len(saved) else None
            log = self._store.log(domain, first.seq, following)
            await self._epoch(first, log, tally)
        return tally.report(len(saved))

    async def _epoch(self, first: SavedSnapshot, log: AsyncIterator[LoggedEvent], tally: _Tally) -> None:
        lines: list[LoggedEvent] = []
        async for line in log:
            if line.problem:
                tally.set_aside += 1
                break
            lines.append(line)
        logged = (Logged(line.seq, line.at, _event(line.event)) for line in lines)
        for line, again in zip(lines, replay(_snapshot(first.snapshot), logged), strict=True):
            tally.compare(line, again.hash)


class _Tally:
    def __init__(self, domain: str, since: Micros, until: Micros | None) -> None:
        self._domain, self._since, self._until = domain, since, until
        self._digest = blake2b(digest_size=16)
        self.decisions = 0
        self.set_aside = 0
        self.differences: list[Difference] = []

    def compare(self, line: LoggedEvent, replayed: bytes) -> None:
        if line.at < self._since or (self._until is not None and line.at >= self._until):
            return
        self.decisions += 1
        self._digest.update(replayed)
        if line.effects_hash != replayed:
            self.differences.append(Difference(line.seq, line.at, line.effects_hash.hex(), replayed.hex()))

    def report(self, epochs: int) -> ReplayReport:
        return ReplayReport(
            domain=self._domain,
            epochs=epochs,
            decisions=self.decisions,
            set_aside=self.set_aside,
            differences=tuple(self.differences),
            digest=self._digest.hexdigest(),
        )
