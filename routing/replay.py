"""Replay: the logged events of a domain, decided again from a snapshot (decisions row 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct

from routing.decide import decide, recover
from routing.effects import AnyEffect
from routing.events import AnyEvent
from routing.model import Micros, Snapshot
from routing.state import State

_encoder = msgspec.json.Encoder()


class Logged(Struct, frozen=True):
    """One line of a domain's log. `event` is None where a router took the domain over and recovered it."""

    seq: int
    now: Micros
    event: AnyEvent | None


class Replayed(Struct, frozen=True):
    """What was decided for one line of the log."""

    seq: int
    effects: tuple[AnyEffect, ...]
    hash: bytes


def effects_hash(effects: Sequence[AnyEffect]) -> bytes:
    """Sixteen bytes that two decisions share only if they decided the same, byte for byte."""
    return blake2b(_encoder.encode(effects), digest_size=16).digest()


def replay(snapshot: Snapshot, log: Iterable[Logged]) -> Iterator[Replayed]:
    """Decide every logged event again, in the order of the log."""
    state = State.restore(snapshot)
    for line in log:
        if line.event is None:
            effects = recover(state, line.now)
        else:
            effects = decide(state, line.event, line.now)
        state.take_touched()
        yield Replayed(seq=line.seq, effects=tuple(effects), hash=effects_hash(effects))
