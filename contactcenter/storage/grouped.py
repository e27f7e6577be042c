"""Many callers, one statement: what was asked for by key while the last statement ran goes out together.

For look-ups, and for small writes that may be made twice. No timer here either: a lone caller's goes at once. A
statement begins after all of it was asked for, so each reads at least what its caller was already told is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Final, Generic, TypeVar

from contactcenter.errors import Busy, ContactCenterError

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")
LARGEST: Final = 200
LIMIT: Final = 10_000

Fetch = Callable[[Sequence[K]], Awaitable[Mapping[K, V]]]
"""Keys, no one twice -> what was found; nothing for a write."""


class Grouped(Generic[K, V]):
    """One kind of statement. At most one statement is on its way: more would only be smaller."""

    def __init__(self, fetch: Fetch[K, V], *, largest: int = LARGEST, limit: int = LIMIT) -> None:
        self._fetch = fetch
        self._largest = largest
        self._limit = limit
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """None when there is no such row. Raises what the statement raises, and Busy when too many wait already."""
        found = self._waiting.get(key)
        if found is None:
            if len(self._waiting) >= self._limit:
                raise Busy("more is waiting for the store than can be", code="overloaded")
            found = self._waiting[key] = asyncio.get_running_loop().create_future()
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._work())
        try:
            return await asyncio.shield(found)
        except ContactCenterError as problem:
            # One key may have several callers, and each raises an exception of its own.
            raise type(problem)(str(problem), code=problem.code) from problem

    async def _work(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[: self._largest]
                await self._settle({key: self._waiting.pop(key) for key in keys})
        finally:
            self._task = None

    async def _settle(self, asked: dict[K, asyncio.Future[V | None]]) -> None:
        """What fails for one of its keys is tried again for each alone."""
        try:
            found = await self._fetch(list(asked))
        except Exception as problem:
            if len(asked) == 1 or isinstance(problem, Busy):
                for future in asked.values():
                    future.set_exception(problem)
                    future.exception()  # Its callers may all have gone.
                return
        except asyncio.CancelledError:
            for future in asked.values():
                future.cancel()
            raise
        else:
            for key, future in asked.items():
                future.set_result(found.get(key))
            return
        for key, future in asked.items():
            await self._settle({key: future})
