"""An agent's desk as cheap as it can be: one protocol object on a raw connection, for ten thousand at once."""

from __future__ import annotations

import asyncio
import base64
import itertools
import os
from collections.abc import Callable
from typing import Any, cast

import msgspec

from contactcenter.client.protocol import SUBPROTOCOL

_decode = msgspec.json.decode
_numbers = itertools.count(1)
TEXT, CLOSE, PING, PONG = 0x81, 0x88, 0x89, 0x8A


class DeskSocket(asyncio.Protocol):
    """`ready` is set when the desk stands: after its snapshot, or after `resumed`. `cursor` is where it stands."""

    def __init__(self, token: str, cursor: int = 0) -> None:
        self.token = token
        self.cursor = cursor
        self.ready: asyncio.Future[str] = asyncio.get_running_loop().create_future()
        self.heard: Callable[[dict[str, Any]], None] | None = None
        self._buffer = b""
        self._upgraded = False
        self._transport: asyncio.Transport | None = None

    # --- saying --------------------------------------------------------------------------------------------

    def say(self, **command: Any) -> str:
        """Send one command under a new id, which is returned."""
        name = str(next(_numbers))
        self._frame(0x81, msgspec.json.encode({**command, "id": name}))
        return name

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
            self.say(type="hello", token=self.token, cursor=self.cursor, language="en")
        while self._take():
            pass

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

    def _told(self, frame: dict[str, Any]) -> None:
        if frame.get("error"):
            self._fail(str(frame["error"]))
        if frame.get("seq") and not frame.get("more"):
            self.cursor = frame["seq"]
        if frame.get("type") in ("snapshot", "resumed") and not self.ready.done():
            self.ready.set_result(frame["type"])
        if self.heard is not None:
            self.heard(frame)

    def _fail(self, why: str) -> None:
        if not self.ready.done():
            self.ready.set_exception(ConnectionError(why))

    def connection_lost(self, problem: Exception | None) -> None:
        self._fail(f"closed: {problem}")
