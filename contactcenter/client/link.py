"""One agent's socket, kept open: hello, resume, wait a little longer each time, and say again what got no answer.

The desk (desk.py) has the words; here are the bytes. A command stays pending under its id until its reply arrives:
after a reconnect it is sent again under the same id, so that it has its effect once.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import msgspec
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from contactcenter.client import protocol as p
from contactcenter.client import world
from contactcenter.client.errors import DeskClosed, DeskError

TRY_AGAIN = ("busy", "draining", "internal", "lease_lost", "stale_write", "timeout", "undecided")
"""Codes after which the same hello or command may succeed."""
KEPT_OUT = (4401, 4403)
"""Close codes of a socket whose token may not come in."""

_HEARD: msgspec.json.Decoder[p.AnyFrame] = msgspec.json.Decoder(p.AnyFrame)
_REPLY = msgspec.json.Decoder(p.Reply)
_KIND = msgspec.json.Decoder(dict[str, msgspec.Raw])
_ENCODE = msgspec.json.Encoder().encode


class Pending:
    """A command that waits for its reply."""

    __slots__ = ("command", "reply")

    def __init__(self, command: p.Command) -> None:
        self.command = command
        self.reply: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()


class Link:
    """`run` belongs in a task; `heard` is called with every frame, `cursor` says where to resume."""

    def __init__(
        self,
        url: str,
        hello: Callable[[], p.Hello],
        heard: Callable[[p.AnyFrame], None],
        *,
        patience: world.Patience,
        chance: world.Chance,
    ) -> None:
        self._url = url
        self._hello = hello
        self._heard = heard
        self._patience = patience
        self._chance = chance
        self._pending: dict[str, Pending] = {}
        self._socket: ClientConnection | None = None
        self._closed: DeskClosed | None = None
        self._pause_asked = 0.0
        self.opened = asyncio.Event()
        self.connections = 0

    # --- saying ----------------------------------------------------------------------------------------

    async def say(self, command: p.Command) -> dict[str, Any]:
        """Send, and wait for the reply over as many connections as it takes."""
        if self._closed is not None:
            raise self._closed
        pending = self._pending[command.id] = Pending(command)
        try:
            await self._send(command)
            return await pending.reply
        finally:
            self._pending.pop(command.id, None)

    async def tell(self, command: p.Command) -> None:
        """Something that gets no reply, and that nobody misses when the connection is lost."""
        if self.opened.is_set():
            await self._send(command)

    async def _send(self, command: p.Command) -> None:
        """A lost connection is no error here: the next one sends it again."""
        socket = self._socket
        if socket is not None:
            with suppress(ConnectionClosed):
                await socket.send(_ENCODE(command).decode())

    # --- staying connected -----------------------------------------------------------------------------

    async def run(self) -> None:
        """Until it is cancelled, or the service keeps this token out."""
        attempt = 0
        while self._closed is None:
            before = self.connections
            await self._once()
            attempt = 0 if self.connections > before else attempt + 1
            if self._closed is None:
                pause = self._patience.pause(attempt, self._chance())
                await asyncio.sleep(max(pause, self._pause_asked))
                self._pause_asked = 0.0

    async def _once(self) -> None:
        """One connection, from its hello to its end."""
        try:
            async with connect(
                self._url,
                subprotocols=[Subprotocol(p.SUBPROTOCOL)],
                open_timeout=self._patience.open_s,
                close_timeout=1,
                max_size=16 << 20,
            ) as socket:
                await self._serve(socket)
        except DeskError as refusal:
            if refusal.code not in TRY_AGAIN:
                self.close(DeskClosed(str(refusal)))
        except ConnectionClosed as end:
            if end.rcvd is not None and end.rcvd.code in KEPT_OUT:
                self.close(DeskClosed(f"kept out: {end.rcvd.code} {end.rcvd.reason}"))
        except (OSError, WebSocketException, TimeoutError, msgspec.MsgspecError):
            return
        finally:
            self._socket = None
            self.opened.clear()

    async def _serve(self, socket: ClientConnection) -> None:
        hello = self._hello()
        await socket.send(_ENCODE(hello).decode())
        async for raw in socket:
            reply = self._take(raw)
            if reply is None:
                continue
            if reply.re == hello.id:
                await self._welcomed(socket, reply)
            else:
                self._settle(reply)
        socket_end = socket.close_code
        if socket_end in KEPT_OUT:
            raise DeskError("unauthorized", socket.close_reason or "")

    def _take(self, raw: str | bytes) -> p.Reply | None:
        """A frame goes to the desk; a reply is handed back. Kinds of frames that came later than us are skipped."""
        if "re" in _KIND.decode(raw):
            return _REPLY.decode(raw)
        try:
            frame = _HEARD.decode(raw)
        except msgspec.ValidationError:
            return None
        if isinstance(frame, p.ResumeFrame):
            self._pause_asked = frame.after_s
        self._heard(frame)
        return None

    async def _welcomed(self, socket: ClientConnection, reply: p.Reply) -> None:
        if reply.error is not None:
            raise DeskError(reply.error.code, reply.error.message, reply.error.field)
        self._socket = socket
        self.connections += 1
        self.opened.set()
        for pending in tuple(self._pending.values()):
            await socket.send(_ENCODE(pending.command).decode())

    def _settle(self, reply: p.Reply) -> None:
        pending = self._pending.get(reply.re)
        if pending is None or pending.reply.done():
            return
        if reply.error is not None:
            pending.reply.set_exception(DeskError(reply.error.code, reply.error.message, reply.error.field))
        else:
            pending.reply.set_result(reply.ok or {})

    def close(self, why: DeskClosed) -> None:
        """No more connections; whoever waits is told."""
        self._closed = why
        self.opened.set()
        for pending in self._pending.values():
            if not pending.reply.done():
                pending.reply.set_exception(why)

    @property
    def closed(self) -> DeskClosed | None:
        return self._closed
