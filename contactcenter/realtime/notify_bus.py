"""The bus between processes without Redis: PostgreSQL's NOTIFY, on two connections of its own (decisions row 19).

A NOTIFY takes one lock of the whole server until its transaction is flushed, so none stands in the transactions that
do the work. What a process publishes is gathered per turn of the loop and sent as few notifications by one connection
that does not wait for the disk. A notification bears under 8000 bytes: what is larger becomes a hint to look for
oneself. Nothing exists only here; after a reconnect every listener is told that it may have missed something.

A process hears itself at once, without the detour. While no other process is heard of, nothing is sent at all: each
says every few seconds that it is there, and whoever was alone tells a newcomer that it has missed something.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import asyncpg
import msgspec

from contactcenter.clock import Clock
from contactcenter.realtime.bus import LocalBus, LocalListener, LocalSubscription

log = logging.getLogger(__name__)
CHANNEL: Final = "contactcenter"
MOST_BYTES: Final = 7_900
"""Below PostgreSQL's 8000, with room for its own."""
RETRY_S: Final = 0.5
BEAT_S: Final = 5.0
ALONE_S: Final = 20.0
"""Not heard of any other process for so long: there is none."""
ANSWER_S: Final = 5.0
HELD_FOR_SENDING: Final = 100_000
LOOK: Final = None
"""Instead of a payload that is too large: whoever listens to this topic must look for itself."""
HERE: Final = "here"
"""The topic of a process that says it is there; its payload is 1 when it has just connected."""
SESSION: Final = {"application_name": "contactcenter bus", "synchronous_commit": "off", "statement_timeout": "5000"}
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(tuple[str, list[tuple[str, str | None]]]).decode
"""(who says it, [(topic, payload)])."""
Item = tuple[str, str | None]


class NotifyBus:
    """`run` must be running for anything to reach other processes; until then publishing is held back, bounded."""

    def __init__(self, dsn: str, node: str, clock: Clock) -> None:
        self._dsn = dsn
        self._node = node
        self._clock = clock
        self._local = LocalBus()
        self._outgoing: list[Item] = []
        self._something = asyncio.Event()
        self._heard_at: float | None = None
        self._down = False
        self._echo = asyncio.Event()

    async def publish(self, topic: str, payload: bytes = b"") -> None:
        self._local.deliver(topic, payload)
        if not self.alone and len(self._outgoing) < HELD_FOR_SENDING:
            self._outgoing.append((topic, _text(payload)))
            self._something.set()

    def subscribe(self, *topics: str) -> LocalSubscription:
        return self._local.subscribe(*topics)

    async def listen(self, topic: str, heard: Callable[[bytes], None]) -> LocalListener:
        return await self._local.listen(topic, heard)

    def on_gap(self, callback: Callable[[], None]) -> None:
        self._local.on_gap(callback)

    @property
    def alone(self) -> bool:
        """No other process was heard of lately."""
        return self._heard_at is None or self._clock.monotonic() - self._heard_at > ALONE_S

    async def echo(self, timeout_s: float) -> bool:
        """Whether what is said is heard through the server and back: for `contactcenter doctor`."""
        self._echo.clear()
        self._say_here(new=False)
        try:
            async with asyncio.timeout(timeout_s):
                await self._echo.wait()
        except TimeoutError:
            return False
        return True

    # --- the two connections ------------------------------------------------------------------------------------

    async def run(self) -> None:
        while True:
            try:
                await self._connected()
            except* (asyncpg.PostgresError, asyncpg.InterfaceError, OSError, TimeoutError) as problems:
                self._say_down(problems.exceptions[0])
            await self._clock.sleep(RETRY_S)

    async def _connected(self) -> None:
        listening = await asyncpg.connect(self._dsn, timeout=ANSWER_S, server_settings=SESSION)
        try:
            sending = await asyncpg.connect(self._dsn, timeout=ANSWER_S, server_settings=SESSION)
            try:
                await listening.add_listener(CHANNEL, self._hear)
                self._say_up()
                # Until the silence has lasted, there may be others.
                self._heard_at = self._clock.monotonic()
                self._local.gap()
                self._say_here(new=True)
                async with asyncio.TaskGroup() as group:
                    group.create_task(self._beat(listening))
                    group.create_task(self._send(sending))
            finally:
                sending.terminate()
        finally:
            listening.terminate()

    async def _beat(self, listening: asyncpg.Connection) -> None:
        """A connection that died in silence is found by asking it."""
        while True:
            await self._clock.sleep(BEAT_S)
            await listening.fetchval("SELECT 1", timeout=ANSWER_S)
            self._say_here(new=False)

    async def _send(self, sending: asyncpg.Connection) -> None:
        while True:
            await self._something.wait()
            self._something.clear()
            batch, self._outgoing = self._outgoing, []
            try:
                for text in packed(self._node, batch):
                    await sending.execute("SELECT pg_notify($1, $2)", CHANNEL, text, timeout=ANSWER_S)
            except BaseException:
                # Some of it may come twice; listeners bear that, as with any bus.
                self._outgoing[:0] = batch[: HELD_FOR_SENDING - len(self._outgoing)]
                self._something.set()
                raise

    def _hear(self, connection: Any, pid: int, channel: str, payload: object) -> None:
        try:
            node, items = _decode(str(payload))
        except msgspec.DecodeError:
            log.warning("something on the bus cannot be read: another version runs beside this one")
            self._local.gap()
            return
        if node == self._node:
            self._echo.set()
            return
        was_alone, self._heard_at = self.alone, self._clock.monotonic()
        for topic, text in items:
            self._hand_on(topic, text, was_alone=was_alone)

    def _hand_on(self, topic: str, text: str | None, *, was_alone: bool) -> None:
        if topic == HERE:
            if was_alone:
                # Until now nothing was sent to it: it must look, and it must know of us.
                self._outgoing.append((HERE, "0"))
                self._outgoing.append(("gap", LOOK))
                self._something.set()
            return
        if text is LOOK:
            if topic == "gap" or self._local.is_heard(topic):
                self._local.gap()
            return
        self._local.deliver(topic, text.encode())

    # --- what is said about it -----------------------------------------------------------------------------------

    def _say_here(self, *, new: bool) -> None:
        self._outgoing.append((HERE, "1" if new else "0"))
        self._something.set()

    def _say_down(self, problem: BaseException) -> None:
        if not self._down:
            log.warning("the bus is down (%s); the store is polled until it is back", type(problem).__name__)
        self._down = True

    def _say_up(self) -> None:
        if self._down:
            log.warning("the bus is back")
        self._down = False

    async def close(self) -> None:
        """Its connections end with `run`."""


def _text(payload: bytes) -> str | None:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        return LOOK


def packed(node: str, items: Sequence[Item]) -> Iterator[str]:
    """As few notifications as hold the items in their order."""
    held: list[bytes] = []
    size = empty = len(_encode((node, [])))
    for topic, text in items:
        item = _encode((topic, text))
        if len(item) + empty > MOST_BYTES:
            item = _encode((topic, LOOK))
        if size + len(item) + 1 > MOST_BYTES:
            yield _joined(node, held)
            held, size = [], empty
        held.append(item)
        size += len(item) + 1
    if held:
        yield _joined(node, held)


def _joined(node: str, items: Sequence[bytes]) -> str:
    return msgspec.json.encode((node, [msgspec.Raw(item) for item in items])).decode()
