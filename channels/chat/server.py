"""The chat door: HTTP for a fresh session and its labels, a websocket for the conversation.

    POST /v1/chat/{site}/sessions   201 {token, session}
    GET  /v1/chat/{site}/texts      200 {language, texts}   labels before a conversation is open
    GET  /v1/chat/{site}/socket     the visitor's socket, see protocol.py

The pages that may open a site's chat are its configured origins; the visitor's token says the rest.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from aiohttp import web
from msgspec import Struct

from channels.chat import protocol as p
from channels.chat.connection import Connection, House
from channels.chat.departures import Departures
from channels.chat.ports import ConversationsPort, SitesPort, TextsPort, VisitorTokensPort
from channels.chat.visit import Limits
from channels.port import Intake

PROBLEM = "application/problem+json"
CLOSING_S = 2.0
"""How long a page may take to agree that the socket closes; a dead one must not hold up a drain."""


class ChatSettings(Struct, frozen=True, kw_only=True):
    grace_s: float = 30.0
    heartbeat_s: float = 20.0
    hello_s: float = 10.0
    retry_after_s: float = 2.0
    limits: Limits = Limits()


class ChatDoor:
    """`run` belongs under the process's supervisor; `drain` comes before the server stops."""

    def __init__(
        self,
        *,
        intake: Intake,
        conversations: ConversationsPort,
        tokens: VisitorTokensPort,
        sites: SitesPort,
        texts: TextsPort,
        settings: ChatSettings | None = None,
    ) -> None:
        self._settings = settings or ChatSettings()
        self._sites, self._tokens, self._texts = sites, tokens, texts
        self.departures = Departures(intake, self._settings.grace_s, self._settings.retry_after_s)
        self._house = House(
            intake=intake,
            conversations=conversations,
            tokens=tokens,
            texts=texts,
            departures=self.departures,
            limits=self._settings.limits,
            hello_s=self._settings.hello_s,
            retry_after_s=self._settings.retry_after_s,
        )
        self._open: set[Connection] = set()
        self._draining = False

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/chat/{site}/sessions", self._sessions),
            web.get("/v1/chat/{site}/texts", self._labels),
            web.get("/v1/chat/{site}/socket", self._socket),
        ]

    @property
    def connections(self) -> int:
        return len(self._open)

    async def run(self) -> None:
        """Hands in visitors who did not come back, for ever."""
        await self.departures.run()

    async def drain(self, retry_after: float | None = None) -> None:
        """No new sockets; the open ones are told to come back, to whoever serves then."""
        self._draining = True
        self.departures.stop()
        wait = self._settings.retry_after_s if retry_after is None else retry_after
        await asyncio.gather(*(connection.resume_later(wait) for connection in tuple(self._open)))

    # --- handlers ------------------------------------------------------------------------------------------

    async def _sessions(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refused(request):
            return refused
        token, visitor = self._tokens.issue(request.match_info["site"])
        answer = {"token": token, "session": visitor.session}
        return web.json_response(answer, status=201, headers={**_shared(request), "Cache-Control": "no-store"})

    async def _labels(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refused(request):
            return refused
        site = request.match_info["site"]
        language = self._texts.language(site, request.query.get("lang", "")[:35])
        answer = {"language": language, "texts": self._texts.labels(site, language)}
        return web.json_response(answer, headers=_shared(request))

    async def _socket(self, request: web.Request) -> web.StreamResponse:
        if refused := self._refused(request):
            return refused
        socket = web.WebSocketResponse(
            heartbeat=self._settings.heartbeat_s,
            timeout=CLOSING_S,
            max_msg_size=p.MAX_FRAME,
            protocols=(p.SUBPROTOCOL,),
        )
        await socket.prepare(request)
        connection = Connection(self._house, request.match_info["site"], socket)
        self._open.add(connection)
        try:
            await connection.run()
        finally:
            self._open.discard(connection)
        return socket

    def _refused(self, request: web.Request) -> web.Response | None:
        origins = self._sites.origins(request.match_info["site"])
        if origins is None:
            return _problem(request, 404, "unknown_site", "No such chat site.")
        if not _may_open(request, origins):
            return _problem(request, 403, "forbidden", "This page may not open this chat.")
        if self._draining:
            later = {"Retry-After": str(max(1, round(self._settings.retry_after_s)))}
            return _problem(request, 503, "busy", "The service restarts; try again.", later)
        return None


def _may_open(request: web.Request, origins: tuple[str, ...]) -> bool:
    """Browsers name the page's origin. No origin: not a browser. Our own pages always may."""
    origin = request.headers.get("Origin", "")
    if not origin or not origins or origin in origins:
        return True
    return urlsplit(origin).netloc == request.host


def _shared(request: web.Request) -> dict[str, str]:
    """The answer may be read by the page that asked; it was let in by `_may_open`."""
    origin = request.headers.get("Origin", "")
    return {"Access-Control-Allow-Origin": origin, "Vary": "Origin"} if origin else {}


def _problem(
    request: web.Request, status: int, code: str, title: str, headers: dict[str, str] | None = None
) -> web.Response:
    body = {"type": "about:blank", "status": status, "code": code, "title": title}
    shared = {} if code == "forbidden" else _shared(request)
    return web.json_response(body, status=status, content_type=PROBLEM, headers={**shared, **(headers or {})})
