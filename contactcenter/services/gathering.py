"""Many askers, few questions: whoever asks while a question is under way is answered by the next one, together.

No timer: an asker who is alone asks at once, and ten thousand sockets that come back at the same moment cost a few
dozen statements. An answer is never older than its question.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")


class Gathering(Generic[K, V]):
    """`ask` answers many keys at once; a key that it leaves out is answered with None."""

    def __init__(self, ask: Callable[[Sequence[K]], Awaitable[Mapping[K, V]]], *, most: int = 500) -> None:
        self._ask = ask
        self._most = most
        self._waiting: dict[K, asyncio.Future[V | None]] = {}
        self._turn = asyncio.Lock()

    async def get(self, key: K) -> V | None:
        """Raises what the question raised, to everybody who was in it."""
        answer = self._waiting.get(key)
        if answer is None:
            answer = self._waiting[key] = asyncio.get_running_loop().create_future()
        async with self._turn:
            if not answer.done():
                await self._round(key)
        return await asyncio.shield(answer)

    async def _round(self, own: K) -> None:
        """The own key is in it, whoever came before."""
        keys = list(dict.fromkeys((own, *self._waiting)))[: self._most]
        asked = {key: self._waiting.pop(key) for key in keys}
        try:
            found = await self._ask(keys)
        except BaseException as problem:
            self._fail(asked, problem)
            raise
        for key, answer in asked.items():
            if not answer.done():
                answer.set_result(found.get(key))

    @staticmethod
    def _fail(asked: dict[K, asyncio.Future[V | None]], problem: BaseException) -> None:
        """Who asks with a socket that closes is cancelled; the others are only to ask again."""
        told = problem if isinstance(problem, Exception) else ConnectionError("the question was given up")
        for answer in asked.values():
            if not answer.done():
                answer.set_exception(told)
                answer.exception()
