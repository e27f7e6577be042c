"""Waiting without a clock: what happens on the emulated Asterisk or in the adapter beats, and who waits looks again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

PATIENCE_S = 5.0
_waiting: set[asyncio.Future[None]] = set()


def beat() -> None:
    """Something has happened."""
    for each in _waiting:
        if not each.done():
            each.set_result(None)


async def until(what: Callable[[], object], patience: float = PATIENCE_S) -> None:
    """Until it is so. `patience` (seconds) bounds a failure, it is no wait."""
    async with asyncio.timeout(patience):
        while not what():
            again = asyncio.get_running_loop().create_future()
            _waiting.add(again)
            try:
                await again
            finally:
                _waiting.discard(again)
