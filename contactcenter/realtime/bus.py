"""The bus of one process: topics, listeners, nothing durable.

A listener that does not keep up loses what it could not hold and is told so (`on_gap`): it then reads the
truth again, as after a lost connection of the bus between processes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Callable

HELD_PER_LISTENER = 10_000
GAP_TOPIC = "gap"
GAP = b"gap"
"""Who cannot register a callback listens to this topic beside its own."""


class LocalBus:
    def __init__(self) -> None:
        self._listeners: dict[str, set[LocalSubscription | LocalListener]] = {}
        self._gap_callbacks: list[Callable[[], None]] = []

    async def publish(self, topic: str, payload: bytes = b"") -> None:
        self.deliver(topic, payload)

    def deliver(self, topic: str, payload: bytes) -> None:
        for listener in tuple(self._listeners.get(topic, ())):
            listener.put(payload)

    def subscribe(self, *topics: str) -> LocalSubscription:
        return LocalSubscription(self, topics)

    async def listen(self, topic: str, heard: Callable[[bytes], None]) -> LocalListener:
        listener = LocalListener(self, topic, heard)
        self.attach(listener)
        return listener

    def on_gap(self, callback: Callable[[], None]) -> None:
        self._gap_callbacks.append(callback)

    def gap(self) -> None:
        self.deliver(GAP_TOPIC, GAP)
        for callback in tuple(self._gap_callbacks):
            callback()

    def is_heard(self, topic: str) -> bool:
        """Somebody in this process listens to it."""
        return bool(self._listeners.get(topic))

    def attach(self, listener: LocalSubscription | LocalListener) -> list[str]:
        """Start delivering; returns the topics that nobody here listened to before."""
        fresh = [topic for topic in listener.topics if not self._listeners.get(topic)]
        for topic in listener.topics:
            self._listeners.setdefault(topic, set()).add(listener)
        return fresh

    def detach(self, listener: LocalSubscription | LocalListener) -> list[str]:
        """Stop delivering; returns the topics that nobody here listens to any more."""
        for topic in listener.topics:
            self._listeners.get(topic, set()).discard(listener)
        empty = [topic for topic in listener.topics if topic in self._listeners and not self._listeners[topic]]
        for topic in empty:
            del self._listeners[topic]
        return empty


class LocalListener:
    """One topic and a callback: a few hundred bytes, where a subscription has a queue and needs a task."""

    __slots__ = ("_bus", "put", "topics")

    def __init__(self, bus: LocalBus, topic: str, heard: Callable[[bytes], None]) -> None:
        self._bus = bus
        self.topics = (topic,)
        self.put = heard

    async def stop(self) -> None:
        self._bus.detach(self)


class LocalSubscription:
    """Listening begins when the context is entered, before the body reads anything else."""

    def __init__(self, bus: LocalBus, topics: tuple[str, ...]) -> None:
        self.topics = topics
        self._bus = bus
        self._held: deque[bytes] = deque()
        self._ready = asyncio.Event()

    def put(self, payload: bytes) -> None:
        if len(self._held) >= HELD_PER_LISTENER:
            self._held.clear()
            self._bus.gap()
        self._held.append(payload)
        self._ready.set()

    async def __aenter__(self) -> LocalSubscription:
        self._bus.attach(self)
        return self

    async def __aexit__(self, *exc: object) -> None:
        self._bus.detach(self)

    def __aiter__(self) -> AsyncIterator[bytes]:
        return self._payloads()

    async def _payloads(self) -> AsyncIterator[bytes]:
        while True:
            while self._held:
                yield self._held.popleft()
            self._ready.clear()
            if not self._held:
                await self._ready.wait()
