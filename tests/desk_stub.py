"""A small service for the browser tests: the real pages, the real chat door, a scripted agent's socket and board."""

from __future__ import annotations

import asyncio
import contextlib
import datetime as dt
from pathlib import Path
from typing import Any

import msgspec
from aiohttp import WSMsgType, web
from chat_house import ChatHouse

from channels.chat.ports import Assigned, Ended
from channels.chat.server import ChatDoor, ChatSettings
from contactcenter.client import protocol as d
from contactcenter.domain.texts import catalogue, labels

ROOT = Path(__file__).parent.parent
PAGES = ROOT / "contactcenter" / "api" / "pages"
POLICY = "default-src 'self'; connect-src 'self' ws://{host}; img-src 'self' data:; object-src 'none'; base-uri 'none'"
COMMANDS: msgspec.json.Decoder[d.AnyCommand] = msgspec.json.Decoder(d.AnyCommand)
TOKEN = "agent-8012"


def page_labels(language: str) -> dict[str, str]:
    filled = labels(catalogue(), "", language)
    return {key: text.replace("{client}", "康佳") if key.startswith("chat.") else text for key, text in filled.items()}


def soon(seconds: float) -> str:
    return (dt.datetime.now(dt.UTC) + dt.timedelta(seconds=seconds)).isoformat(timespec="microseconds")


def card(contact: str, medium: str, **more: Any) -> d.Card:
    shown: dict[str, Any] = {
        "client": "kangjia",
        "client_name": "康佳",
        "greeting": "你好，我是康佳客户服务中心，8012号为您服务。请问您需要什么帮助？",
        "customer_name": "王女士",
        "tier": "gold",
        "tier_label": "黄金",
        "language": "zh-CN",
        "enqueued_at": soon(-42),
        "why": "3人能接，他的技能最高（5级）",
    }
    return d.Card(contact=contact, medium=medium, **{**shown, **more})


class DeskStub:
    """One agent. `commands` is what the page sent; `refuse` maps a command's type to the problem it gets."""

    def __init__(self) -> None:
        texts = {
            language: {k: v for k, v in page_labels(language).items() if k.startswith(("chat.", "error."))}
            for language in ("zh-CN", "en")
        }
        self.house = ChatHouse(labels=texts)
        self.door = ChatDoor(
            intake=self.house,
            conversations=self.house,
            tokens=self.house,
            sites=self.house,
            texts=self.house,
            settings=ChatSettings(grace_s=3600),
        )
        self.commands: list[d.AnyCommand] = []
        self.replies: dict[str, d.Reply] = {}
        self.refuse: dict[str, d.Problem] = {}
        self.sockets: list[web.WebSocketResponse] = []
        self.boards: list[web.WebSocketResponse] = []
        self.board: dict[str, Any] = {}
        self.presence = d.DeskPresence(state="offline", capacity=60)
        self.contacts: dict[str, d.Card] = {}
        self.offers: dict[str, d.OfferCard] = {}
        self.seq = 0
        self.arrived = asyncio.Condition()
        self.house.tell = self._told  # type: ignore[method-assign]

    def app(self) -> web.Application:
        app = web.Application(middlewares=[_policy])
        app.add_routes(self.door.routes())
        app.add_routes(
            [
                web.get("/v1/agent", self._agent),
                web.get("/v1/texts", self._texts),
                web.get("/v1/queues/feed", self._feed),
                web.get("/v1/queues", self._queues),
                web.get("/v1/reports/day", self._report),
                web.get("/v1/complaints", self._complaints),
                web.get("/", _page),
                web.get("/{page}", _page),
            ]
        )
        return app

    # --- the desk ------------------------------------------------------------------------------------

    async def _agent(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(d.SUBPROTOCOL,))
        await socket.prepare(request)
        async for message in socket:
            if message.type is WSMsgType.TEXT:
                await self._hear(socket, COMMANDS.decode(message.data))
        return socket

    async def _hear(self, socket: web.WebSocketResponse, command: d.AnyCommand) -> None:
        if command.id in self.replies:
            await self._send(socket, self.replies[command.id])
            return
        if isinstance(command, d.Hello):
            await self._welcome(socket, command)
            return
        self.commands.append(command)
        kind = type(command).__struct_config__.tag
        problem = self.refuse.get(str(kind))
        ok = None if problem else await self._carry_out(command)
        self.replies[command.id] = d.Reply(re=command.id, ok=ok, error=problem)
        await self._send(socket, self.replies[command.id])
        async with self.arrived:
            self.arrived.notify_all()

    async def _welcome(self, socket: web.WebSocketResponse, hello: d.Hello) -> None:
        if hello.token != TOKEN:
            await self._send(socket, d.Reply(re=hello.id, error=d.Problem(code="unauthorized", message="口令有误")))
            await socket.close(code=4401)
            return
        self.sockets.append(socket)
        await self._send(socket, d.Reply(re=hello.id, ok={}))
        await self._send(socket, d.Welcome(agent="ag_1", number="8012", name="李明"))
        await self._send(socket, self._snapshot())

    def _snapshot(self) -> d.SnapshotFrame:
        return d.SnapshotFrame(
            seq=self.seq,
            presence=self.presence,
            offers=tuple(self.offers.values()),
            contacts=tuple(self.contacts.values()),
        )

    async def _carry_out(self, command: d.AnyCommand) -> dict[str, Any]:
        match command:
            case d.SignIn() | d.Ready():
                await self.present("ready" if isinstance(command, d.Ready) else "not_ready", "signed_in")
            case d.NotReady(reason=reason):
                await self.present("not_ready", reason)
            case d.Accept(offer=offer):
                await self.assign(self.offers.pop(offer).card)
            case d.Say(contact=contact, text=text):
                self.house.write(contact, text, "agent", agent="8012")
                return {"warnings": [{"phrase": "请稍等", "suggestion": "我马上帮您查"}] if "请稍等" in text else []}
            case d.Messages(contact=contact):
                return {"messages": [self._message(contact, m) for m in self.house.messages[contact]]}
            case d.Finish(contact=contact):
                await self.push(d.WrapUpFrame(contact=contact, until=soon(30), by="agent"))
                self.house.tell(contact, Ended())
            case d.WrapUpDone(contact=contact):
                self.contacts.pop(contact)
                await self.push(d.ReleasedFrame(contact=contact))
            case d.OpenCase():
                return {"case": "cs_1", "number": "KJ-1001"}
        return {}

    async def present(self, state: str, reason: str = "") -> None:
        reason = "" if state == "ready" else reason
        self.presence = d.DeskPresence(state=state, reason=reason, used_units=20, capacity=60)
        await self.push(d.PresenceFrame(presence=self.presence))

    async def offer(self, card: d.Card, seconds: float = 20) -> None:
        offer = d.OfferCard(offer=f"of_{card.contact}", contact=card.contact, expires_at=soon(seconds), card=card)
        self.offers[offer.offer] = offer
        await self.push(d.OfferFrame(offer=offer))

    async def assign(self, card: d.Card) -> None:
        self.contacts[card.contact] = card
        await self.push(d.AssignedFrame(card=card))
        if card.contact in self.house.standings:
            self.house.tell(card.contact, Assigned("8012"))

    async def push(self, frame: d.AnyFrame) -> None:
        self.seq += 1
        for socket in self.sockets:
            if not socket.closed:
                await self._send(socket, msgspec.structs.replace(frame, seq=self.seq))

    def _told(self, session: str, push: Any) -> None:
        """What the conversation tells its visitor, the desk hears too."""
        ChatHouse.tell(self.house, session, push)
        if hasattr(push, "number") and session in self.contacts:
            asyncio.get_running_loop().create_task(self.push(d.MessageFrame(**self._message(session, push))))

    @staticmethod
    def _message(contact: str, m: Any) -> dict[str, Any]:
        return {
            "contact": contact,
            "conversation": contact,
            "number": m.number,
            "sender": m.sender,
            "text": m.text,
            "at": m.at,
            "agent": m.agent_number,
        }

    @staticmethod
    async def _send(socket: web.WebSocketResponse, frame: Any) -> None:
        # A page that was reloaded is gone before its socket is seen to close; what it missed is in the next snapshot.
        with contextlib.suppress(ConnectionResetError):
            await socket.send_str(msgspec.json.encode(frame).decode())

    async def heard(self, kind: type[d.Command]) -> Any:
        """The newest command of this kind, as soon as there is one."""
        async with self.arrived, asyncio.timeout(10):
            await self.arrived.wait_for(lambda: any(isinstance(c, kind) for c in self.commands))
        return next(c for c in reversed(self.commands) if isinstance(c, kind))

    # --- texts and the board -------------------------------------------------------------------------

    async def _texts(self, request: web.Request) -> web.Response:
        language = request.query.get("lang", "zh-CN")
        return web.json_response({"language": language, "texts": page_labels(language)})

    async def _queues(self, request: web.Request) -> web.Response:
        return web.json_response(self.board) if self.board else web.json_response({}, status=503)

    async def _report(self, request: web.Request) -> web.Response:
        two = {"formula": "rings@1", "numerator": 81, "denominator": 84, "value": 81 / 84}
        return web.json_response({"table": {"within_2_rings": two, "within_3_rings": {**two, "value": None}}})

    async def _complaints(self, request: web.Request) -> web.Response:
        return web.json_response({"complaints": [{"level": 0}, {"level": 0}, {"level": 2}]})

    async def _feed(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=("contactcenter.queues.v1",))
        await socket.prepare(request)
        await socket.receive()
        self.boards.append(socket)
        await socket.send_json(self.board)
        async for _ in socket:
            pass
        return socket


async def _page(request: web.Request) -> web.StreamResponse:
    name = request.match_info.get("page") or "index.html"
    path = PAGES / (name if "." in name else f"{name}.html")
    return web.FileResponse(path) if path.is_file() else web.Response(status=404)


@web.middleware
async def _policy(request: web.Request, handler: Any) -> web.StreamResponse:
    response: web.StreamResponse = await handler(request)
    if not response.prepared:
        response.headers["Content-Security-Policy"] = POLICY.format(host=request.host)
    return response
