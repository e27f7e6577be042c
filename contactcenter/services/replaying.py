"""Replay: every logged decision of a domain or of one day, decided again; the bytes must be the same.

Each stretch begins with a kept snapshot: that of its epoch, or one of those in between (decisions row 11). Where a
stretch ends at a snapshot of the same epoch, the domain must by then be what that snapshot holds.
"""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.services.playback import Playback, Played
from contactcenter.services.ports import RoutingStore
from contactcenter.services.views import SnapshotMark


class Difference(Struct, frozen=True):
    """A decision that came out otherwise. Hashes are hexadecimal."""

    seq: int
    at: Micros
    stored: str
    replayed: str


class ReplayReport(Struct, frozen=True, kw_only=True):
    """`decisions` were decided again, `set_aside` cannot be; `digest` is one hash over all of them, in order.

    `snapshots` were begun with; `snapshots_wrong` are the events after which a kept snapshot holds something else.
    """

    domain: str
    epochs: int
    snapshots: int
    decisions: int
    set_aside: int
    differences: tuple[Difference, ...]
    snapshots_wrong: tuple[int, ...]
    digest: str

    @property
    def exact(self) -> bool:
        return not self.differences and not self.snapshots_wrong


class Replaying:
    def __init__(self, store: RoutingStore) -> None:
        self._store = store

    async def run(self, domain: str, *, since: Micros = 0, until: Micros | None = None) -> ReplayReport:
        """Replay a domain; only decisions with `since <= at < until` are counted and compared.

        It begins at the last snapshot before `since`: all events up to that one are older.
        """
        tally = _Tally(domain, since, until)
        marks = _from(await self._store.snapshot_marks(domain), since)
        for number, mark in enumerate(marks):
            following = marks[number + 1] if number + 1 < len(marks) else None
            if following is not None and following.seq == mark.seq:
                continue
            if until is not None and mark.at >= until:
                break
            await self._stretch(mark, following, tally)
        return tally.report()

    async def _stretch(self, mark: SnapshotMark, following: SnapshotMark | None, tally: _Tally) -> None:
        playing = await Playback.start(self._store, tally.domain, mark)
        tally.snapshots += 1
        async for played in playing.play(following.seq if following else None, tally.until):
            tally.count(played)
        if following is not None and following.epoch == mark.epoch and playing.seq == following.seq:
            kept = await self._store.snapshot(tally.domain, following)
            if kept != msgspec.json.encode(playing.state.snapshot(following.at)):
                tally.snapshots_wrong.append(following.seq)


def _from(marks: Sequence[SnapshotMark], since: Micros) -> Sequence[SnapshotMark]:
    first = max((number for number, mark in enumerate(marks) if mark.at < since), default=0)
    return marks[first:]


class _Tally:
    def __init__(self, domain: str, since: Micros, until: Micros | None) -> None:
        self.domain, self.until = domain, until
        self._since = since
        self._digest = blake2b(digest_size=16)
        self._epochs: set[int] = set()
        self._decisions = 0
        self._set_aside = 0
        self._differences: list[Difference] = []
        self.snapshots = 0
        self.snapshots_wrong: list[int] = []

    def count(self, played: Played) -> None:
        line, again = played.line, played.again
        if line.at < self._since:
            return
        self._epochs.add(line.epoch)
        if again is None:
            self._set_aside += 1
            return
        self._decisions += 1
        self._digest.update(again.hash)
        if not played.same:
            self._differences.append(Difference(line.seq, line.at, line.effects_hash.hex(), again.hash.hex()))

    def report(self) -> ReplayReport:
        return ReplayReport(
            domain=self.domain,
            epochs=len(self._epochs),
            snapshots=self.snapshots,
            decisions=self._decisions,
            set_aside=self._set_aside,
            differences=tuple(self._differences),
            snapshots_wrong=tuple(self.snapshots_wrong),
            digest=self._digest.hexdigest(),
        )
