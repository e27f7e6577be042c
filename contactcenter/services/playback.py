"""A domain's log, decided again from a kept snapshot: what a replay and an explanation stand on.

A snapshot is the domain right after its event, so the log goes on with the next one. Snapshots are kept when an
epoch begins and every 100,000 events (decisions row 11), so that no question needs more of the log than that.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence

import msgspec
from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.services.ports import RoutingStore
from contactcenter.services.views import LoggedEvent, SnapshotMark
from routing.events import AnyEvent
from routing.model import Snapshot
from routing.replay import Logged, Replay, Replayed
from routing.state import State

_snapshot = msgspec.json.Decoder(Snapshot).decode
_event = msgspec.json.Decoder(AnyEvent | None).decode
BREATH = 64
"""Lines in one go, some milliseconds: a service that answers a question in between keeps serving."""


class Played(Struct, frozen=True):
    """A line of the log and what it came to this time; `again` is None for an event that was set aside."""

    line: LoggedEvent
    event: AnyEvent | None
    again: Replayed | None

    @property
    def same(self) -> bool:
        """The decision is that of the day, byte for byte."""
        return self.again is not None and self.again.hash == self.line.effects_hash


class Playback:
    """`state` is the domain after the last line that was played."""

    def __init__(self, store: RoutingStore, domain: str, mark: SnapshotMark, replay: Replay) -> None:
        self._store = store
        self._domain = domain
        self._replay = replay
        self.mark = mark
        self.seq = mark.seq

    @classmethod
    async def start(cls, store: RoutingStore, domain: str, mark: SnapshotMark) -> Playback:
        body = await store.snapshot(domain, mark)
        return cls(store, domain, mark, await asyncio.to_thread(lambda: Replay(_snapshot(body))))

    @property
    def state(self) -> State:
        return self._replay.state

    async def play(self, until_seq: int | None, until: Micros | None = None) -> AsyncIterator[Played]:
        """The lines up to and with `until_seq`, and before the instant `until`; `state` moves with each."""
        async for line in self._store.log(self._domain, self.seq, until_seq):
            if until is not None and line.at >= until:
                return
            self.seq = line.seq
            yield self._step(line)
            if line.seq % BREATH == 0:
                await asyncio.sleep(0)

    def _step(self, line: LoggedEvent) -> Played:
        """What was set aside changed nothing: it could not be read, or its router began a new epoch after it."""
        if line.problem:
            return Played(line, None, None)
        event = _event(line.event)
        return Played(line, event, self._replay.step(Logged(line.seq, line.at, event)))


def last_before(marks: Sequence[SnapshotMark], seq: int) -> SnapshotMark | None:
    """The nearest snapshot from which event `seq` can be decided again."""
    return next((mark for mark in reversed(marks) if mark.seq < seq), None)


def last_until(marks: Sequence[SnapshotMark], at: Micros) -> SnapshotMark | None:
    """The nearest snapshot that was taken at or before an instant."""
    return next((mark for mark in reversed(marks) if mark.at <= at), None)
