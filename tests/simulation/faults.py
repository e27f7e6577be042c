"""What goes wrong between a router and its store, and around it.

A call runs in the database once it got there, whatever becomes of its caller: a paused or crashed process may have
committed what it will never hear of.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import Any

from simulation.virtual_loop import VirtualLoop

from contactcenter.errors import Busy
from contactcenter.realtime.bus import LocalBus, LocalSubscription

T0 = 1_767_225_600_000_000
NETWORK = "network"
"""Neither router nor database: calls under way and the database's own work are never frozen."""


class Weather:
    """How bad it is; all of it stops when `calm` is set."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.calm = False
        self.refused = rng.choice([0.0, 0.01, 0.05])
        self.unheard = rng.choice([0.0, 0.01, 0.05])
        self.slow = rng.choice([0.0, 0.01, 0.03])
        self.lost_hints = rng.choice([0.0, 0.1, 0.5])

    def happens(self, chance: float) -> bool:
        return not self.calm and self.rng.random() < chance

    def delay(self) -> float:
        if self.happens(self.slow):
            return self.rng.uniform(0.5, 5.0)
        return self.rng.expovariate(1000)


class NodeClock:
    """A node's wall clock may be wrong; its monotonic one runs like everybody's."""

    def __init__(self, loop: VirtualLoop, skew_us: int = 0) -> None:
        self._loop = loop
        self._skew_us = skew_us

    def now(self) -> int:
        return T0 + round(self._loop.time() * 1e6) + self._skew_us

    def monotonic(self) -> float:
        return self._loop.time()

    async def sleep(self, seconds: float) -> None:
        done = self._loop.create_future()
        timer = self._loop.call_later(seconds, _wake, done)
        try:
            await done
        finally:
            timer.cancel()


def _wake(done: asyncio.Future[None]) -> None:
    if not done.done():
        done.set_result(None)


class Wire:
    """A store behind a network. Attributes are the store's own methods, with a way there and a way back."""

    def __init__(self, store: object, loop: VirtualLoop, weather: Weather) -> None:
        self._store = store
        self._loop = loop
        self._weather = weather
        self._clock = NodeClock(loop)

    def __getattr__(self, name: str) -> Callable[..., Awaitable[Any]]:
        method = getattr(self._store, name)

        async def call(*args: Any) -> Any:
            served = self._loop.start(self._serve(method, args), NETWORK)
            served.add_done_callback(_looked_at)
            return await asyncio.shield(served)

        setattr(self, name, call)  # Found by itself from now on.
        return call

    async def _serve(self, method: Callable[..., Awaitable[Any]], args: tuple[Any, ...]) -> Any:
        if self._weather.calm:
            await self._clock.sleep(0.001)
            return await method(*args)
        await self._clock.sleep(self._weather.delay())
        if self._weather.happens(self._weather.refused):
            raise Busy("the call was lost on its way")
        found = await method(*args)
        await self._clock.sleep(self._weather.delay())
        if self._weather.happens(self._weather.unheard):
            raise Busy("the answer was lost on its way")
        return found


def _looked_at(served: asyncio.Task[Any]) -> None:
    """The caller may be gone; nobody need be told that his call failed."""
    if not served.cancelled():
        served.exception()


class OrderedBus(LocalBus):
    """Listeners are told in the order in which they came: one seed, one history."""

    def __init__(self) -> None:
        super().__init__()
        self._numbers: dict[LocalSubscription, int] = {}

    def subscribe(self, *topics: str) -> LocalSubscription:
        made = super().subscribe(*topics)
        self._numbers[made] = len(self._numbers)
        return made

    def deliver(self, topic: str, payload: bytes) -> None:
        for listener in sorted(self._listeners.get(topic, ()), key=self._numbers.__getitem__):
            listener.put(payload)


class NodeBus:
    """One process's end of the bus. Hints may be lost; `leaves` is told of everything that is published."""

    def __init__(self, bus: LocalBus, weather: Weather, leaves: Callable[[str, bytes], None]) -> None:
        self._bus = bus
        self._weather = weather
        self._leaves = leaves

    async def publish(self, topic: str, payload: bytes = b"") -> None:
        self._leaves(topic, payload)
        if not self._weather.happens(self._weather.lost_hints):
            await self._bus.publish(topic, payload)

    def subscribe(self, *topics: str) -> LocalSubscription:
        return self._bus.subscribe(*topics)

    def on_gap(self, callback: Callable[[], None]) -> None:
        self._bus.on_gap(callback)
