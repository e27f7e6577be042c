"""An agent's desk as cheap as it can be: one protocol object on a raw connection, for ten thousand at once.

It says and hears on the wire what `contactcenter.client` does (hello, commands under ids of the same length, an
acknowledgement at once and then four a second at most), keeps no state of the desk, and does not reconnect.
"""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
from collections.abc import Callable
from typing import cast

import msgspec

from contactcenter.client.desk import ACK_PAUSE_S
from contactcenter.client.protocol import SUBPROTOCOL, Ack, Command, Hello

_encode = msgspec.json.Encoder().encode
_numbers = itertools.count(1)
TEXT, PING, PONG = 0x81, 0x89, 0x8A


class Offer(msgspec.Struct):
    offer: str
    contact: str


class Card(msgspec.Struct):
    contact: str


class Error(msgspec.Struct):
    code: str


class Heard(msgspec.Struct):
    """Of a frame or a reply what a driver needs; the rest is skipped unread."""

    type: str = ""
    re: str = ""
    seq: int = 0
    more: bool = False
    offer: Offer | str = ""
    """In `offer` the offer, in `offer_ended` its id."""
    card: Card | None = None
    contact: str = ""
    error: Error | None = None


_decode = msgspec.json.Decoder(Heard).decode


def command_id() -> str:
    """Never the same twice in this process, and as long as the typed client's."""
    return f"{next(_numbers):032x}"


class DeskSocket(asyncio.Protocol):
    """`ready` is set when the desk stands: after its snapshot, or after `resumed`. `cursor` is where it stands.

    `heard` is called with every frame and reply, `lost` once when the connection has gone.
    """

    def __init__(self, token: str, cursor: int = 0, *, language: str = "en", acknowledges: bool = False) -> None:
        self.cursor = cursor
        self.ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.heard: Callable[[Heard], None] | None = None
        self.lost: Callable[[], None] | None = None
        self._hello = Hello(id=command_id(), token=token, cursor=cursor, language=language)
        self._acknowledges = acknowledges
        self._acknowledged = cursor
        self._pausing = False
        self._buffer = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    # --- saying --------------------------------------------------------------------------------------------

    def say(self, command: Command) -> None:
        self._frame(TEXT, _encode(command))

    def _frame(self, head: int, payload: bytes) -> None:
        """Masked with zeros: allowed, and free."""
        assert self._transport is not None
        size = len(payload)
        length = bytes([0x80 | size]) if size < 126 else bytes([0x80 | 126]) + size.to_bytes(2, "big")
        self._transport.write(bytes([head]) + length + b"\0\0\0\0" + payload)

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # --- hearing -------------------------------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        key = base64.b64encode(os.urandom(16)).decode()
        self._transport.write(
            f"GET /v1/agent HTTP/1.1\r\nHost: bench\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n"
            f"Sec-WebSocket-Protocol: {SUBPROTOCOL}\r\n\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        if not self._upgraded:
            head, found, rest = self._buffer.partition(b"\r\n\r\n")
            if not found:
                return
            if b" 101 " not in head:
                self._fail(head.decode(errors="replace"))
                return
            self._upgraded, self._buffer = True, rest
            self.say(self._hello)
        while self._take():
            pass
        if not self._pausing:
            self._acknowledge()

    def _take(self) -> bool:
        """One frame of the service, if it is here whole."""
        if len(self._buffer) < 2:
            return False
        size, at = self._buffer[1] & 0x7F, 2
        if size >= 126:
            wide = 2 if size == 126 else 8
            size, at = int.from_bytes(self._buffer[2 : 2 + wide], "big"), 2 + wide
        if len(self._buffer) < at + size:
            return False
        head, payload = self._buffer[0], self._buffer[at : at + size]
        self._buffer = self._buffer[at + size :]
        if head == PING:
            self._frame(PONG, payload)
        elif head == TEXT:
            self._told(_decode(payload))
        return True

    def _told(self, frame: Heard) -> None:
        if frame.error is not None:
            self._fail(frame.error.code)
        if frame.seq > self.cursor and not frame.more:
            self.cursor = frame.seq
        if frame.type in ("snapshot", "resumed") and not self.ready.done():
            self.ready.set_result(frame.type)
        if self.heard is not None:
            self.heard(frame)

    def _acknowledge(self) -> None:
        """What was heard since the last time, after everything that came along with it."""
        self._pausing = self._acknowledges and self.cursor != self._acknowledged
        if self._pausing:
            self._acknowledged = self.cursor
            self.say(Ack(seq=self.cursor))
            asyncio.get_running_loop().call_later(ACK_PAUSE_S, self._acknowledge)

    def _fail(self, why: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(why))

    def connection_lost(self, problem: Exception | None) -> None:
        self._acknowledges = False
        self._fail(f"closed: {problem}")
        if self.lost is not None:
            self.lost()
