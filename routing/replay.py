"""Replay: the logged events of a domain, decided again from a snapshot (decisions row 11)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from hashlib import blake2b

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from routing.decide import decide, recover
from routing.effects import AnyEffect, Queued
from routing.events import AnyEvent
from routing.model import Micros, Snapshot
from routing.restoring import restore

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
    """Sixteen bytes that two decisions share only if they decided the same, byte for byte.

    Estimates of waiting are left out: they are said, not decided by, and learned from more than a snapshot holds.
    """
    return blake2b(_encoder.encode([_decided(effect) for effect in effects]), digest_size=16).digest()


def _decided(effect: AnyEffect) -> AnyEffect:
    if isinstance(effect, Queued) and (effect.expected or effect.at_most):
        return replace(effect, expected=0, at_most=0)
    return effect


class Replay:
    """A domain in the course of a replay. `state` is that after the last line."""

    def __init__(self, snapshot: Snapshot) -> None:
        self.state = restore(snapshot)

    def step(self, line: Logged) -> Replayed:
        """Decide the next line of the log again."""
        state = self.state
        effects = recover(state, line.now) if line.event is None else decide(state, line.event, line.now)
        state.take_touched()
        return Replayed(seq=line.seq, effects=tuple(effects), hash=effects_hash(effects))


def replay(snapshot: Snapshot, log: Iterable[Logged]) -> Iterator[Replayed]:
    """Decide every logged event again, in the order of the log."""
    playing = Replay(snapshot)
    for line in log:
        yield playing.step(line)
