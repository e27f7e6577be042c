"""The live feed of the queues: the JSON of GET /v1/queues, pushed when it changes, at most twice a second.

One address, two dresses: a websocket whose first frame is `{"token": ...}`, and server-sent events for
`Accept: text/event-stream` with the token in the Authorization header (an address would end up in logs).
Whoever listens late hears the whole state first, so nothing needs to be resumed. Hints on the bus may be lost:
without one the board is looked at every `idle_s` anyway.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine
from dataclasses import dataclass
from typing import Final

import msgspec
from aiohttp import WSMsgType, web
from msgspec import Struct
from msgspec.structs import replace

from contactcenter.errors import Busy, ContactCenterError, Forbidden, Unauthorized
from contactcenter.services.access import Access
from contactcenter.services.ports import Bus
from contactcenter.services.reporting import LiveQueues, QueueBoard
from contactcenter.services.views import Scope

LISTENERS: Final = frozenset({"operator", "supervisor", "client"})
"""Wallboards hang on walls: an agent's token, which sits in a desk, opens none."""
SUBPROTOCOL: Final = "contactcenter.queues.v1"
CLOSE_UNAUTHORIZED: Final = 4401
CLOSE_FORBIDDEN: Final = 4403
CLOSE_RESTART: Final = 1012
Send = Callable[[bytes], Awaitable[None]]


class FeedHello(Struct, frozen=True, forbid_unknown_fields=True):
    """The first and only frame of a listener."""

    token: str


class FeedProblem(Struct, frozen=True):
    """Why the feed closes."""

    code: str
    message: str


class FeedPace(Struct, frozen=True, kw_only=True):
    """At most one push every `interval_s`; a look at the board every `idle_s` without a hint."""

    interval_s: float = 0.5
    idle_s: float = 5.0
    hello_s: float = 10.0
    max_listeners: int = 500


class _Listener:
    """Whether there is something to say, and whether anybody still hears it."""

    def __init__(self) -> None:
        self.over = asyncio.Event()
        self.changed = asyncio.Event()

    def leave(self) -> None:
        self.over.set()
        self.changed.set()


class LiveFeed:
    """`handle` is the aiohttp handler; `drain` ends all streams before the server stops."""

    def __init__(self, *, board: QueueBoard, access: Access, bus: Bus, pace: FeedPace | None = None) -> None:
        self._board = board
        self._access = access
        self._bus = bus
        self._pace = pace or FeedPace()
        self._listeners: set[_Listener] = set()
        self._draining = False

    @property
    def listeners(self) -> int:
        return len(self._listeners)

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """Raises Unauthorized, Forbidden and Busy before a stream begins; a websocket hears them as a frame."""
        if self._draining or self.listeners >= self._pace.max_listeners:
            raise Busy()
        listener = _Listener()
        self._listeners.add(listener)
        try:
            if request.headers.get("Upgrade", "").lower() == "websocket":
                return await self._websocket(request, listener)
            return await self._events(request, listener)
        finally:
            self._listeners.discard(listener)

    def drain(self) -> None:
        self._draining = True
        for listener in self._listeners:
            listener.leave()

    # --- server-sent events --------------------------------------------------------------------------------

    async def _events(self, request: web.Request, listener: _Listener) -> web.StreamResponse:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer":
            raise Unauthorized()
        scope = await self._admit(token.strip())
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no", "X-Content-Type-Options": "nosniff"}
        response = web.StreamResponse(headers=headers)
        response.content_type = "text/event-stream"
        await response.prepare(request)

        async def send(payload: bytes) -> None:
            await response.write(b"event: queues\ndata: " + payload + b"\n\n")

        await self._run(_Stream(scope, token.strip(), send, listener))
        return response

    # --- websocket -----------------------------------------------------------------------------------------

    async def _websocket(self, request: web.Request, listener: _Listener) -> web.StreamResponse:
        socket = web.WebSocketResponse(heartbeat=20.0, max_msg_size=4096, compress=False, protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        try:
            token = await self._hello(socket)
            scope = await self._admit(token)
        except ContactCenterError as refusal:
            await _refuse(socket, refusal)
            return socket

        async def send(payload: bytes) -> None:
            await socket.send_str(payload.decode())

        ended = await self._run(_Stream(scope, token, send, listener), _until_closed(socket, listener))
        if ended is not None:
            await _refuse(socket, ended)
        await socket.close(code=CLOSE_RESTART if self._draining else 1000)
        return socket

    async def _hello(self, socket: web.WebSocketResponse) -> str:
        wrong = Unauthorized('the first frame is {"token": ...}', code="no_hello")
        try:
            message = await socket.receive(timeout=self._pace.hello_s)
            if message.type is not WSMsgType.TEXT:
                raise wrong
            return msgspec.json.decode(message.data, type=FeedHello).token
        except (TimeoutError, msgspec.MsgspecError, UnicodeError):
            raise wrong from None

    # --- both ----------------------------------------------------------------------------------------------

    async def _admit(self, token: str) -> Scope:
        who = await self._access.principal(token)
        if who.kind not in LISTENERS:
            raise Forbidden()
        return self._access.scope_of(who)

    async def _run(self, stream: _Stream, *beside: Coroutine[None, None, None]) -> ContactCenterError | None:
        """Push until the listener is gone or the service drains; what is returned is why we ended it."""
        async with asyncio.TaskGroup() as tasks:
            others = [tasks.create_task(self._hear(stream)), *(tasks.create_task(one) for one in beside)]
            try:
                return await self._push(stream)
            finally:
                for other in others:
                    other.cancel()

    async def _hear(self, stream: _Stream) -> None:
        async with self._bus.subscribe(f"live:{stream.scope.provider}") as hints:
            async for _ in hints:
                stream.listener.changed.set()

    async def _push(self, stream: _Stream) -> ContactCenterError | None:
        """A revoked token ends the stream at its next look (errors are returned: a task group would wrap them)."""
        told: LiveQueues | None = None
        listener = stream.listener
        try:
            while not listener.over.is_set():
                listener.changed.clear()
                await self._access.principal(stream.token)
                board = await self._board.live(stream.scope)
                if told is None or replace(board, at=told.at) != told:
                    await stream.send(msgspec.json.encode(board))
                    told = board
                await _wait(listener.over, self._pace.interval_s)
                await _wait(listener.changed, self._pace.idle_s - self._pace.interval_s)
        except ConnectionError:
            listener.leave()
        except ContactCenterError as refusal:
            return refusal
        return None


@dataclass(frozen=True, slots=True)
class _Stream:
    scope: Scope
    token: str
    send: Send
    listener: _Listener


async def _until_closed(socket: web.WebSocketResponse, listener: _Listener) -> None:
    """Nothing more is expected of a listener; the loop ends when the other side is gone."""
    async for _ in socket:
        pass
    listener.leave()


async def _refuse(socket: web.WebSocketResponse, refusal: ContactCenterError) -> None:
    code = CLOSE_FORBIDDEN if isinstance(refusal, Forbidden) else CLOSE_UNAUTHORIZED
    try:
        await socket.send_str(msgspec.json.encode(FeedProblem(refusal.code, str(refusal))).decode())
    except ConnectionError:
        return
    await socket.close(code=code, message=refusal.code.encode())


async def _wait(event: asyncio.Event, seconds: float) -> None:
    """Until the event, at most so long."""
    try:
        async with asyncio.timeout(max(seconds, 0)):
            await event.wait()
    except TimeoutError:
        return
