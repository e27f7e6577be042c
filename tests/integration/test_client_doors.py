"""The clients of the phone, chat and API doors against a scripted service: one id over all tries."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from aiohttp import WSMsgType, web
from aiohttp.test_utils import TestServer
from standardwebhooks import Webhook

from contactcenter.client.chat import SUBPROTOCOL, ChatVisitor, Visitor
from contactcenter.client.errors import DoorError, Unreachable
from contactcenter.client.http import ApiClient
from contactcenter.client.phone import PhoneClient
from contactcenter.client.world import Patience

QUICK = Patience(first_s=0.005, longest_s=0.02, tries=6)
SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


@asynccontextmanager
async def serving(*routes: tuple[str, str, Handler]) -> AsyncIterator[str]:
    app = web.Application()
    for method, path, handler in routes:
        app.router.add_route(method, path, handler)
    async with TestServer(app) as server:
        yield str(server.make_url("")).rstrip("/")


def api(url: str, token: str = "") -> ApiClient:
    return ApiClient(url, token, patience=QUICK, chance=lambda: 0.0)


def problem(status: int, code: str, **more: str) -> web.Response:
    return web.json_response({"code": code, "title": code, **more}, status=status)


# --- phone ---------------------------------------------------------------------------------------------------


class Platform:
    """Answers each try with the next of `answers`, the last one for ever."""

    def __init__(self, *answers: Callable[[web.Request], web.Response]) -> None:
        self.answers = answers
        self.tries: list[tuple[dict[str, str], bytes]] = []

    async def handle(self, request: web.Request) -> web.StreamResponse:
        body = await request.read()
        self.tries.append(({name.lower(): value for name, value in request.headers.items()}, body))
        return self.answers[min(len(self.tries), len(self.answers)) - 1](request)


def taken(request: web.Request) -> web.Response:
    return web.json_response({"contact": "ct_1", "instruction": "queue", "pending": False, "text": ""})


def busy(request: web.Request) -> web.Response:
    return problem(503, "busy")


def cut(request: web.Request) -> web.Response:
    assert request.transport is not None
    request.transport.abort()
    return web.Response()


@asynccontextmanager
async def phone(platform: Platform) -> AsyncIterator[PhoneClient]:
    numbers = count(1)
    async with (
        serving(("POST", "/v1/phone/pbx-1/events", platform.handle)) as url,
        PhoneClient(url, "pbx-1", SECRET, ids=lambda: f"evt-{next(numbers)}", api=api) as client,
    ):
        yield client


async def test_an_event_is_signed_and_answered() -> None:
    platform = Platform(taken)
    async with phone(platform) as client:
        receipt = await client.offered("call-1", dialled="4000000101", caller="13800000109")
    headers, body = platform.tries[0]
    event: Any = Webhook(SECRET).verify(body, headers)
    assert receipt["instruction"] == "queue"
    assert (event["type"], event["subject"], event["data"]["dialled"]) == ("call.offered", "call-1", "4000000101")


async def test_a_repeated_event_keeps_its_id_and_content() -> None:
    platform = Platform(busy, cut, taken)
    async with phone(platform) as client:
        await client.released("call-1")
    assert len(platform.tries) == 3
    assert {headers["webhook-id"] for headers, _ in platform.tries} == {"evt-1"}
    assert len({body for _, body in platform.tries}) == 1
    for headers, body in platform.tries:
        Webhook(SECRET).verify(body, headers)


async def test_a_refused_event_is_not_repeated() -> None:
    platform = Platform(lambda request: problem(422, "malformed", field="data.dialled"))
    async with phone(platform) as client:
        with pytest.raises(DoorError) as refused:
            await client.offered("call-1", dialled="")
    assert (refused.value.status, refused.value.code, refused.value.field) == (422, "malformed", "data.dialled")
    assert len(platform.tries) == 1


async def test_nobody_there_is_said_with_the_address() -> None:
    async with serving() as url:
        pass
    async with api(url) as client:
        with pytest.raises(Unreachable, match=url):
            await client.get("/readyz")


# --- API -----------------------------------------------------------------------------------------------------


async def test_the_token_and_the_question_are_sent() -> None:
    async def handler(request: web.Request) -> web.Response:
        return web.json_response({"auth": request.headers["Authorization"], "limit": request.query["limit"]})

    async with serving(("GET", "/v1/contacts", handler)) as url, api(url, "op") as client:
        assert await client.get("/v1/contacts", limit=5) == {"auth": "Bearer op", "limit": "5"}


# --- chat ----------------------------------------------------------------------------------------------------


class Site:
    """A chat door: `cuts` sockets end at their first say, unanswered; every say is stored once by its id."""

    def __init__(self, cuts: int = 0) -> None:
        self.cuts = cuts
        self.hellos: list[dict[str, Any]] = []
        self.stored: dict[str, str] = {}
        self.left = asyncio.Event()

    async def session(self, request: web.Request) -> web.StreamResponse:
        return web.json_response({"token": "visitor", "session": "se_1"}, status=201)

    async def socket(self, request: web.Request) -> web.StreamResponse:
        socket = web.WebSocketResponse(protocols=(SUBPROTOCOL,))
        await socket.prepare(request)
        self.hellos.append(await socket.receive_json())
        await socket.send_json({"type": "welcome", "session": "se_1", "language": "zh-CN"})
        async for message in socket:
            if message.type is not WSMsgType.TEXT or not await self._heard(socket, message.json()):
                break
        return socket

    async def _heard(self, socket: web.WebSocketResponse, frame: dict[str, Any]) -> bool:
        if frame["type"] == "leave":
            await socket.send_json({"type": "closed"})
            return False
        self.stored.setdefault(frame["id"], frame["text"])
        if len(self.hellos) <= self.cuts:
            return False
        number = len(self.stored) * 2
        await socket.send_json({"type": "ack", "id": frame["id"], "number": number - 1})
        answer = {"type": "message", "number": number, "sender": "agent", "text": f"re: {frame['text']}", "at": ""}
        await socket.send_json(answer)
        return True


@asynccontextmanager
async def visiting(site: Site) -> AsyncIterator[ChatVisitor]:
    routes = (
        ("POST", "/v1/chat/kangjia-web/sessions", site.session),
        ("GET", "/v1/chat/kangjia-web/socket", site.socket),
    )
    numbers = count(1)
    who = Visitor(name="小李", topic="网络")
    async with serving(*routes) as url:
        visitor = ChatVisitor(
            url, "kangjia-web", who, ids=lambda: f"s{next(numbers)}", chance=lambda: 0.0, patience=QUICK
        )
        async with asyncio.timeout(5), visitor:
            yield visitor


async def test_a_visitor_talks_and_leaves() -> None:
    site = Site()
    async with visiting(site) as visitor:
        await visitor.say("电视没有声音")
        answer = await visitor.hear(lambda message: message.sender == "agent")
        await visitor.leave()
    assert answer.text == "re: 电视没有声音"
    assert site.hellos[0]["name"] == "小李"


async def test_what_was_not_acknowledged_is_said_again_under_its_id() -> None:
    site = Site(cuts=2)
    async with visiting(site) as visitor:
        await visitor.say("还在吗")
        await visitor.hear(lambda message: message.number == 2)
        await visitor.leave()
    assert site.stored == {"s1": "还在吗"}
    assert len(site.hellos) == 3


async def test_a_page_that_comes_back_names_the_last_message_it_has() -> None:
    site = Site()
    async with visiting(site) as visitor:
        await visitor.say("一")
        await visitor.hear(lambda message: message.number == 2)
        site.cuts = 2
        await visitor.say("二")
        await visitor.leave()
    assert [hello["resume_after"] for hello in site.hellos] == [0, 2, 2][: len(site.hellos)]
    assert sorted(site.stored.values()) == ["一", "二"]


def test_pauses_grow_to_a_ceiling_and_are_spread() -> None:
    patience = Patience(first_s=1.0, longest_s=8.0)
    assert [patience.pause(attempt, 1.0) for attempt in range(6)] == [1.0, 2.0, 4.0, 8.0, 8.0, 8.0]
    assert patience.pause(3, 0.0) == 4.0
