"""The last frames of a desk, so that a socket that was cut hears exactly what it missed. Pure.

A push is remembered under the number before it: the pushes are a chain, and a cursor that is one of its links can be
resumed. Whoever comes from before the chain, or from beside it, gets a snapshot.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence

KEPT = 64
"""Pushes of one desk."""


class Trail:
    __slots__ = ("_pushes",)

    def __init__(self) -> None:
        self._pushes: deque[tuple[int, int, tuple[bytes, ...]]] | None = None

    def add(self, prev: int, seq: int, payloads: Sequence[bytes]) -> None:
        """The frames of the push `seq`, perhaps none. A push that does not follow the last one begins a new chain."""
        if self._pushes is None:
            self._pushes = deque(maxlen=KEPT)
        elif self._pushes and self._pushes[-1][1] != prev:
            self._pushes.clear()
        self._pushes.append((prev, seq, tuple(payloads)))

    def after(self, cursor: int) -> list[bytes] | None:
        """Every frame after the push `cursor`; None when that is not known any more."""
        pushes = self._pushes or ()
        found = next((at for at, (prev, _, _) in enumerate(pushes) if prev == cursor), None)
        if found is None:
            return None
        return [payload for _, _, payloads in list(pushes)[found:] for payload in payloads]

    def clear(self) -> None:
        self._pushes = None
