"""The bus between processes: Redis pub/sub. Nothing exists only there; a flushed or dead Redis may delay, never lose.

One connection listens for the whole process and hands on to the local bus; publishing is gathered per turn of
the loop and sent as one pipeline (a call costs 25 to 90 µs, docs/performance.md). What could not be sent is
sent again, so a push may come twice. After a reconnect every
listener is told that it may have missed something.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable

from redis import asyncio as redis
from redis.exceptions import RedisError

from contactcenter.clock import Clock
from contactcenter.realtime.bus import LocalBus, LocalListener, LocalSubscription

log = logging.getLogger(__name__)
RETRY_S = 0.5
PREFIX = "contactcenter:"
HELD_FOR_SENDING = 100_000
# A pub/sub connection without any channel cannot be read; this one is always there.
ALIVE = f"{PREFIX}alive"


class RedisBus:
    """`run` must be running for anything to be delivered; until then publishing is held back, bounded."""

    def __init__(self, url: str, clock: Clock) -> None:
        self._client: redis.Redis = redis.Redis.from_url(url, socket_connect_timeout=2, health_check_interval=15)
        self._clock = clock
        self._local = LocalBus()
        self._pubsub = self._client.pubsub()
        self._topics: set[str] = set()
        self._outgoing: list[tuple[str, bytes]] = []
        self._something = asyncio.Event()
        self._down = False
        # Two first subscriptions at once would open two connections, and one of them would be forgotten.
        self._one_at_a_time = asyncio.Lock()

    async def publish(self, topic: str, payload: bytes = b"") -> None:
        if len(self._outgoing) < HELD_FOR_SENDING:
            self._outgoing.append((PREFIX + topic, payload))
        self._something.set()

    def subscribe(self, *topics: str) -> RedisSubscription:
        return RedisSubscription(self, self._local, topics)

    async def listen(self, topic: str, heard: Callable[[bytes], None]) -> RedisListener:
        listener = RedisListener(self, self._local, topic, heard)
        await self.wants(self._local.attach(listener))
        return listener

    def on_gap(self, callback: Callable[[], None]) -> None:
        self._local.on_gap(callback)

    # --- the two long-lived parts ---------------------------------------------------------------------------

    async def run(self) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(self._listen())
            group.create_task(self._send())

    async def echo(self, timeout_s: float) -> bool:
        """Whether what is said is heard through the server and back: for `contactcenter doctor`."""
        topic = f"echo:{id(self)}"
        try:
            async with asyncio.timeout(timeout_s), self.subscribe(topic) as listener:
                while True:
                    await self.publish(topic, b"?")
                    try:
                        async with asyncio.timeout(timeout_s / 10):
                            async for _ in listener:
                                return True
                    except TimeoutError:
                        continue
        except TimeoutError:
            return False

    async def _listen(self) -> None:
        while True:
            try:
                async with self._one_at_a_time:
                    await self._pubsub.subscribe(ALIVE, *self._topics)
                self._say_up()
                self._local.gap()
                async for message in self._pubsub.listen():
                    self._hand_on(message)
            except (RedisError, OSError) as problem:
                self._say_down(problem)
                await self._reset()
                await self._clock.sleep(RETRY_S)

    async def _reset(self) -> None:
        try:
            await self._pubsub.aclose()  # type: ignore[no-untyped-call]
        except (RedisError, OSError):
            log.debug("closing the lost bus connection failed too")
        self._pubsub = self._client.pubsub()

    def _hand_on(self, message: dict[str, object]) -> None:
        if message["type"] == "message":
            channel, data = message["channel"], message["data"]
            assert isinstance(channel, bytes)
            assert isinstance(data, bytes)
            self._local.deliver(channel.decode()[len(PREFIX) :], data)

    async def _send(self) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            batch, self._outgoing = self._outgoing, []
            try:
                async with self._client.pipeline(transaction=False) as pipe:
                    for topic, payload in batch:
                        pipe.publish(topic, payload)
                    await pipe.execute()
                self._say_up()
            except (RedisError, OSError) as problem:
                self._say_down(problem)
                self._outgoing[:0] = batch[: HELD_FOR_SENDING - len(self._outgoing)]
                self._something.set()
                await self._clock.sleep(RETRY_S)

    def _say_down(self, problem: Exception) -> None:
        if not self._down:
            log.warning("the bus is down (%s); the store is polled until it is back", type(problem).__name__)
        self._down = True

    def _say_up(self) -> None:
        if self._down:
            log.warning("the bus is back")
        self._down = False

    # --- topics ------------------------------------------------------------------------------------------------

    async def wants(self, topics: list[str]) -> None:
        channels = [PREFIX + topic for topic in topics]
        self._topics.update(channels)
        await self._tell("subscribe", channels)

    async def drops(self, topics: list[str]) -> None:
        channels = [PREFIX + topic for topic in topics]
        self._topics.difference_update(channels)
        await self._tell("unsubscribe", channels)

    async def _tell(self, what: str, channels: list[str]) -> None:
        """A failure here needs nothing: the listener subscribes to all of `_topics` when it is back."""
        if not channels:
            return
        try:
            async with self._one_at_a_time:
                await getattr(self._pubsub, what)(*channels)
        except (RedisError, OSError) as problem:
            self._say_down(problem)

    async def close(self) -> None:
        await self._reset()
        await self._client.aclose()


class RedisListener(LocalListener):
    __slots__ = ("_shared",)

    def __init__(self, bus: RedisBus, local: LocalBus, topic: str, heard: Callable[[bytes], None]) -> None:
        super().__init__(local, topic, heard)
        self._shared = bus

    async def stop(self) -> None:
        await self._shared.drops(self._bus.detach(self))


class RedisSubscription(LocalSubscription):
    def __init__(self, bus: RedisBus, local: LocalBus, topics: tuple[str, ...]) -> None:
        super().__init__(local, topics)
        self._shared = bus

    async def __aenter__(self) -> RedisSubscription:
        await self._shared.wants(self._bus.attach(self))
        return self

    async def __aexit__(self, *exc: object) -> None:
        await self._shared.drops(self._bus.detach(self))
