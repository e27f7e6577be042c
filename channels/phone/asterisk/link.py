"""ARI's websocket half: connected as long as the connection is ours, reconnected with a growing pause when it breaks.

There is no replay: whoever connects looks round first (survey.py). When another client takes the application
Asterisk says `ApplicationReplaced` to the old one and leaves its socket open, deaf: that is the end of ours.
"""

from __future__ import annotations

import asyncio
import base64
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import WebSocketException

from channels.phone.asterisk import events as ev
from channels.phone.asterisk.asked import Asked

log = logging.getLogger(__name__)
FIRST_PAUSE_S: Final = 0.1
LONGEST_PAUSE_S: Final = 5.0
REPLACED_PAUSES_S: Final = (1.0, 5.0, 15.0, 60.0)
"""A test client opened by mistake costs a second, and so does an attempt of ours that an Asterisk which stood still
accepts after the one that we hold. Two that fight for one application leave each other a minute."""
SOON_S: Final = 20.0
PING_S: Final = 5.0
IDLE_S: Final = 0.2

Hear = Callable[[ev.AnyEvent], None]


def fights(before: int, lived_s: float) -> int:
    """Which of the pauses is due, counted from 1, when a connection of so many seconds was taken from us."""
    soon = max(SOON_S, 2 * REPLACED_PAUSES_S[before - 1]) if before else 0.0
    return min(before + 1, len(REPLACED_PAUSES_S)) if lived_s < soon else 1


class Link:
    """`holds` says whether the connection is ours at this moment; `opened` is awaited beside the events; `asked` has
    the requests that go over this connection."""

    def __init__(
        self,
        address: str,
        *,
        credentials: tuple[str, str],
        holds: Callable[[], bool],
        hear: Hear,
        opened: Callable[[], Awaitable[None]],
        closed: Callable[[], None],
        asked: Asked,
    ) -> None:
        name, password = credentials
        token = base64.b64encode(f"{name}:{password}".encode()).decode()
        self._address = address
        self._headers = {"authorization": f"Basic {token}"}
        self._holds = holds
        self._hear = hear
        self._opened = opened
        self._closed = closed
        self._asked = asked
        self._socket: ClientConnection | None = None
        self.replaced = 0
        """How often another client took the application from us."""

    async def run(self) -> None:
        """For ever; cancel it to end."""
        pause, fought = FIRST_PAUSE_S, 0
        clock = asyncio.get_running_loop().time
        while True:
            if not self._holds():
                await asyncio.sleep(IDLE_S)
                continue
            began = clock()
            ended = await self._once()
            if ended == "replaced":
                self.replaced += 1
                fought = fights(fought, clock() - began)
                away = REPLACED_PAUSES_S[fought - 1]
                log.warning("another client took our application; ours again by a new lease, or in %d s", away)
                await self._until_lost(away)
                pause = FIRST_PAUSE_S
            elif ended == "heard":
                pause = FIRST_PAUSE_S
            else:
                await asyncio.sleep(pause)
                pause = min(pause * 2, LONGEST_PAUSE_S)

    async def renew(self) -> None:
        """This connection is no use, though it stands: another one."""
        if self._socket is not None:
            await self._socket.close()

    async def _until_lost(self, longest: float) -> None:
        until = asyncio.get_running_loop().time() + longest
        while self._holds() and asyncio.get_running_loop().time() < until:  # noqa: ASYNC110 A lease is asked, not told.
            await asyncio.sleep(IDLE_S)

    async def _once(self) -> str:
        """One connection's life: refused, heard (it was up) or replaced."""
        try:
            async with connect(
                self._address,
                additional_headers=self._headers,
                compression=None,
                ping_interval=PING_S,
                ping_timeout=PING_S,
                open_timeout=PING_S,
                close_timeout=1,
                max_size=2**20,
            ) as socket:
                return await self._listen(socket)
        except (OSError, TimeoutError, WebSocketException) as error:
            log.info("no connection to %s: %s", self._address, error)
            return "refused"

    async def _listen(self, socket: ClientConnection) -> str:
        self._socket = socket
        self._asked.open(socket.send)
        async with asyncio.TaskGroup() as group:
            opened = group.create_task(self._guard_opened(socket))
            watch = group.create_task(self._watch(socket))
            try:
                return await self._read(socket)
            finally:
                opened.cancel()
                watch.cancel()
                self._socket = None
                self._asked.close()
                self._closed()

    async def _guard_opened(self, socket: ClientConnection) -> None:
        """What must be done on a new connection; when it fails the connection is no use."""
        try:
            await self._opened()
        except Exception:
            log.exception("looking round after the connection failed")
            await socket.close()

    async def _watch(self, socket: ClientConnection) -> None:
        """A lease that is lost ends the connection: its new owner must not be cut off by us."""
        while self._holds():  # noqa: ASYNC110 A lease is asked, not told.
            await asyncio.sleep(IDLE_S)
        await socket.close()

    async def _read(self, socket: ClientConnection) -> str:
        try:
            async for text in socket:
                try:
                    event = ev.decode(text)
                except ev.Malformed as wrong:
                    log.error("an event that cannot be read: %s", wrong)
                    continue
                if isinstance(event, ev.ApplicationReplaced):
                    return "replaced"
                if isinstance(event, ev.RESTResponse):
                    self._asked.answered(event)
                elif event is not None:
                    self._hear(event)
        except WebSocketException as error:
            log.info("the connection broke: %s", error)
        return "heard"
