"""The API's client over the cheapest HTTP/1.1 there is: kept-alive connections of one post at a time, httptools reads.

What is posted, how it is signed and what becomes of a refusal is `contactcenter.client`'s; only its transport, aiohttp,
is replaced. It knows no time-out: what is never answered is in the backlog.
"""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from types import TracebackType
from typing import Self, cast
from urllib.parse import urlencode, urlsplit

import httptools

from benchmarks.door_floor import ONCE
from contactcenter.client.http import ApiClient

CONNECTIONS = 100
"""At once, as many as aiohttp's client opens."""
SAME_HEADERS = (
    "Host: bench\r\nAccept: */*\r\nAccept-Encoding: gzip, deflate\r\nUser-Agent: Python/3.11 aiohttp/3.14\r\n"
)
"""What aiohttp's client would say, so that the service reads as much."""

Answer = tuple[int, float, bytes]
"""Status, seconds of Retry-After, body."""


class Connection(asyncio.Protocol):
    """Kept alive; one request at a time."""

    def __init__(self) -> None:
        self._transport: asyncio.WriteTransport | None = None
        self._waiting: asyncio.Future[Answer] | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._after = 0.0
        self._parts: list[bytes] = []

    @property
    def usable(self) -> bool:
        return self._transport is not None and not self._transport.is_closing()

    def ask(self, request: bytes) -> asyncio.Future[Answer]:
        """ConnectionError when the other side goes before it has answered."""
        assert self._transport is not None
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.abort()

    # --- called by the loop and by the parser ------------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.WriteTransport, transport)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def connection_lost(self, problem: Exception | None) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_exception(ConnectionError(f"closed: {problem}"))

    def on_header(self, name: bytes, value: bytes) -> None:
        if name.lower() == b"retry-after" and value.isdigit():
            self._after = float(value)

    def on_body(self, part: bytes) -> None:
        self._parts.append(part)

    def on_message_complete(self) -> None:
        """The parser begins anew by itself with the next answer."""
        answer = self._parser.get_status_code(), self._after, b"".join(self._parts)
        self._after, self._parts = 0.0, []
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(answer)


class LeanApi(ApiClient):
    """No token, one try: for signed posts."""

    def __init__(self, base_url: str) -> None:
        super().__init__(base_url, patience=ONCE)
        address = urlsplit(base_url)
        self._address = str(address.hostname), address.port or 80
        self._room = asyncio.Semaphore(CONNECTIONS)
        self._free: list[Connection] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for connection in self._free:
            connection.close()

    async def _once(
        self, method: str, path: str, query: Mapping[str, str | int], body: bytes, headers: Mapping[str, str]
    ) -> Answer:
        target = f"{path}?{urlencode(query)}" if query else path
        said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        head = f"{method} {target} HTTP/1.1\r\n{SAME_HEADERS}{said}Content-Length: {len(body)}\r\n\r\n"
        async with self._room:
            connection = await self._connection()
            answer = await connection.ask(head.encode() + body)
            self._free.append(connection)
            return answer

    async def _connection(self) -> Connection:
        """The one that was used last, or a new one."""
        while self._free:
            if (connection := self._free.pop()).usable:
                return connection
        _, connection = await asyncio.get_running_loop().create_connection(Connection, *self._address)
        return connection
