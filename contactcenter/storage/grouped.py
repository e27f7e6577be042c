"""Many callers, one statement: what was asked for by key while the last statement ran goes out together.

For look-ups, and for small writes that may be made twice. No timer here either: a lone caller's goes at once. A
statement begins after all of it was asked for, so each reads at least what its caller was already told is stored.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Iterable, Iterator, Mapping, Sequence
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
        self._waiting: dict[K, list[asyncio.Future[V | None]]] = {}
        self._task: asyncio.Task[None] | None = None

    async def get(self, key: K) -> V | None:
        """None when there is no such row. Raises what the statement raises, and Busy when too many wait already."""
        callers = self._waiting.get(key)
        if callers is None:
            if len(self._waiting) >= self._limit:
                raise Busy("more is waiting for the store than can be", code="overloaded")
            callers = self._waiting[key] = []
            if self._task is None:
                self._task = asyncio.get_running_loop().create_task(self._work())
        # Each caller has a future of his own: whoever goes away takes nobody along.
        mine: asyncio.Future[V | None] = asyncio.get_running_loop().create_future()
        callers.append(mine)
        return await mine

    async def _work(self) -> None:
        try:
            while self._waiting:
                keys = list(self._waiting)[: self._largest]
                await self._settle({key: self._waiting.pop(key) for key in keys})
        finally:
            self._task = None

    async def _settle(self, asked: dict[K, list[asyncio.Future[V | None]]]) -> None:
        """What fails for one of its keys is tried again for each alone."""
        try:
            found = await self._fetch(list(asked))
        except Exception as problem:
            if len(asked) == 1 or isinstance(problem, Busy):
                for mine in _still_there(asked.values()):
                    mine.set_exception(_own(problem))
                return
        except asyncio.CancelledError:
            for mine in _still_there(asked.values()):
                mine.cancel()
            raise
        else:
            for key, callers in asked.items():
                for mine in _still_there((callers,)):
                    mine.set_result(found.get(key))
            return
        for key, callers in asked.items():
            await self._settle({key: callers})


def _still_there(asked: Iterable[list[asyncio.Future[V | None]]]) -> Iterator[asyncio.Future[V | None]]:
    return (mine for callers in asked for mine in callers if not mine.done())


def _own(problem: Exception) -> Exception:
    """Each caller raises an exception of his own: one that is raised twice carries two callers' tracebacks."""
    if not isinstance(problem, ContactCenterError):
        return problem
    again = type(problem)(str(problem), code=problem.code)
    again.__cause__ = problem
    return again
