"""ARI's REST half. Whatever Asterisk answers is an outcome; only what may pass is tried again: it boots (503), or
cannot be reached. Every request of ours can be asked twice, because the ids are ours.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final, NamedTuple
from urllib.parse import urlsplit

import aiohttp
import msgspec
from websockets.exceptions import WebSocketException
from yarl import URL

from channels.phone.asterisk.actions import Rest
from channels.phone.asterisk.asked import Asked, Unanswered

TIMEOUT_S: Final = 4.0
TRIES: Final = 4
FIRST_PAUSE_S: Final = 0.05
LONGEST_PAUSE_S: Final = 1.0
AT_ONCE: Final = 48
"""Connections; Asterisk's own limit is 100 (http.conf `sessionlimit`)."""
IDLE_S: Final = 10.0
"""Shorter than Asterisk's `session_keep_alive` of 15 s, so that a connection is not closed under a request."""
BOOTS: Final = 503
THERE: Final = 409
_MICRO: Final = 1_000_000


class Outcome(NamedTuple):
    """`status` 0: nobody answered; then `body` is the error's name."""

    status: int
    body: bytes

    @property
    def well(self) -> bool:
        return 200 <= self.status < 300

    @property
    def said(self) -> str:
        return self.body[:500].decode(errors="replace")


def session(username: str, password: str) -> aiohttp.ClientSession:
    """Connections to one Asterisk. Whoever opens it closes it."""
    return aiohttp.ClientSession(
        headers={"authorization": aiohttp.encode_basic_auth(username, password)},
        connector=aiohttp.TCPConnector(limit=AT_ONCE, keepalive_timeout=IDLE_S),
        timeout=aiohttp.ClientTimeout(total=TIMEOUT_S),
    )


class RestClient:
    """`base` is Asterisk's ARI address, such as http://10.0.0.5:8088/ari. `now` gives microseconds UTC."""

    def __init__(self, base: str, *, session: aiohttp.ClientSession, now: Callable[[], int]) -> None:
        self._base = base.rstrip("/")
        self._session = session
        self._now = now
        self.asked = Asked()
        """What goes over the events' socket."""

    async def send(self, rest: Rest, done: Callable[[], bool] = lambda: False) -> Outcome:
        """Until it is answered, its time is over, or its effect was heard of (`done`): then as if it were there."""
        pause, tries = FIRST_PAUSE_S, 0
        while True:
            outcome = await self._once(rest)
            tries += 1
            if outcome.status not in (0, BOOTS) or not self._again(rest, tries, pause):
                return outcome
            await asyncio.sleep(pause)
            if done():
                return Outcome(THERE, b"")
            pause = min(pause * 2, LONGEST_PAUSE_S)

    def _again(self, rest: Rest, tries: int, pause: float) -> bool:
        if rest.until:
            return self._now() + pause * _MICRO < rest.until
        return tries < TRIES

    async def get(self, path: str) -> Outcome:
        return await self.send(Rest(call="", lane="", method="GET", path=path))

    async def put(self, path: str, body: dict[str, object]) -> Outcome:
        return await self.send(Rest(call="", lane="", method="PUT", path=path, body=body))

    async def _once(self, rest: Rest) -> Outcome:
        """Those of calls over the events' socket, if they are heard there. The others by HTTP: what is there may be
        long, and the proof that we hear must reach a socket that is deaf."""
        by_socket = rest.call and self.asked.takes()
        return await (self._by_socket(rest) if by_socket else self._by_http(rest))

    async def _by_socket(self, rest: Rest) -> Outcome:
        try:
            answer = await self.asked.ask(rest)
        except (Unanswered, OSError, WebSocketException) as error:
            return Outcome(0, type(error).__name__.encode())
        return Outcome(answer.status_code, answer.message_body.encode())

    async def _by_http(self, rest: Rest) -> Outcome:
        url = URL(self._base + rest.path, encoded=True)
        if rest.query:
            url = url.update_query(rest.query)
        body = msgspec.json.encode(rest.body) if rest.body is not None else None
        headers = {"content-type": "application/json"} if body is not None else None
        try:
            async with self._session.request(rest.method, url, data=body, headers=headers) as response:
                return Outcome(response.status, await response.read())
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            return Outcome(0, type(error).__name__.encode())


def socket_address(base: str, app: str) -> str:
    """Where the events are: ws://host:8088/ari/events?app=..."""
    parts = urlsplit(base)
    scheme = "wss" if parts.scheme == "https" else "ws"
    return str(URL(f"{scheme}://{parts.netloc}{parts.path.rstrip('/')}/events").with_query(app=app))
