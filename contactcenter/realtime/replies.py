"""How a process hears what a router decided about something that it has just stored.

One subscription for the whole process; a key is waited for before its event is stored, so that an answer can
never come too early. An answer that is lost, or late, is no harm: the event stands and the store tells.
"""

from __future__ import annotations

import asyncio
from typing import Any

from contactcenter.services.ports import Bus
from contactcenter.services.pushes import decode_reply
from routing.effects import AnyEffect


class BusReplies:
    """`run` is a part for the supervisor: until it listens nothing is heard."""

    def __init__(self, bus: Bus, node: str) -> None:
        self._bus = bus
        self._node = node
        self._waiting: dict[str, asyncio.Future[tuple[AnyEffect, ...]]] = {}

    @property
    def node(self) -> str:
        return self._node

    def expect(self, key: str) -> Answer:
        return Answer(self, key)

    async def run(self) -> None:
        async with self._bus.subscribe(f"node:{self._node}") as payloads:
            async for payload in payloads:
                reply = decode_reply(payload)
                waiting = self._waiting.get(reply.key)
                if waiting is not None and not waiting.done():
                    waiting.set_result(reply.effects)

    def wait_for(self, key: str) -> asyncio.Future[tuple[AnyEffect, ...]]:
        return self._waiting.setdefault(key, asyncio.get_running_loop().create_future())

    def forget(self, key: str) -> None:
        self._waiting.pop(key, None)


class Answer:
    """Waiting begins with entering and ends with leaving the context."""

    def __init__(self, replies: BusReplies, key: str) -> None:
        self._replies = replies
        self._key = key

    async def __aenter__(self) -> Answer:
        self._future = self._replies.wait_for(self._key)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._replies.forget(self._key)

    async def wait(self, timeout_s: float) -> tuple[AnyEffect, ...] | None:
        """The effects of the event; None when nothing was heard in time."""
        if not self._future.done():
            await _either(self._future, timeout_s)
        return self._future.result() if self._future.done() else None


async def _either(future: asyncio.Future[Any], seconds: float) -> None:
    """Until it is done or the time is over, which leaves it as it is. A third of the work of asyncio.wait."""
    loop = asyncio.get_running_loop()
    over: asyncio.Future[None] = loop.create_future()

    def end(done: object = None) -> None:
        if not over.done():
            over.set_result(None)

    timer = loop.call_later(seconds, end)
    future.add_done_callback(end)
    try:
        await over
    finally:
        timer.cancel()
        future.remove_done_callback(end)
