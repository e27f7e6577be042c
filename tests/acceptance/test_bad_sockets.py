"""Garbage and wrong tokens on the two sockets: answered, closed where it must be, and nothing stored."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import aiohttp
from floor import SITE
from process import Service
from stored import settled
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Subprotocol

from contactcenter.client.chat import SUBPROTOCOL as VISITOR
from contactcenter.client.protocol import SUBPROTOCOL as DESK

GARBAGE: tuple[str | bytes, ...] = (
    "",
    "{",
    "null",
    "[]",
    "42",
    '{"type": "hello"}',
    '{"type": "explode", "id": "1"}',
    '{"type": "accept", "id": "", "offer": "x"}',
    '{"type": "hello", "id": 7, "token": []}',
    "\x00\x01",
    b"\xff\xfe\x00",
    "[" * 50_000,
)


async def _end(socket: ClientConnection) -> int:
    """The close code of a socket that ends within seconds."""
    async with asyncio.timeout(15):
        try:
            while True:
                await socket.recv()
        except ConnectionClosed:
            pass
    assert socket.close_code is not None
    return socket.close_code


def _desk(service: Service, *, protocol: str = DESK) -> connect:
    url = service.url.replace("http", "ws") + "/v1/agent"
    return connect(url, subprotocols=[Subprotocol(protocol)], close_timeout=2)


async def test_a_wrong_token_on_the_agents_socket_is_4401(unharmed: Service) -> None:
    client = unharmed.access["clients"]["kangjia"]
    said: dict[str, tuple[int, ...]] = {"wrong": (4401,), "": (4401,), "x" * 2000: (4401,), client: (4401, 4403)}
    for token, codes in said.items():
        async with _desk(unharmed) as socket:
            await socket.send(json.dumps({"type": "hello", "id": "1", "token": token}))
            assert await _end(socket) in codes, token[:20]


async def test_garbage_for_a_hello_on_the_agents_socket_is_answered_and_closed(unharmed: Service) -> None:
    for noise in GARBAGE:
        async with _desk(unharmed) as socket:
            await socket.send(noise)
            assert await _end(socket) in (4401, 1002, 1003, 1007, 1009), noise[:40]


async def test_garbage_after_the_hello_is_answered_and_the_desk_goes_on(shared: Service) -> None:
    """What is stored is that the agent came and went, and nothing else."""
    token, before, mark = shared.access["agents"]["a1005"], await settled(shared), len(shared.log)
    async with _desk(shared) as socket, asyncio.timeout(20):
        await socket.send(json.dumps({"type": "hello", "id": "h", "token": token}))
        await _reply(socket, "h")
        for noise in GARBAGE:
            await socket.send(noise)
            while "re" not in (frame := json.loads(await socket.recv())):
                pass
            assert frame["error"]["code"] in ("malformed", "unknown", "not_found", "already_open", "invalid"), (
                noise,
                frame,
            )
        for number, command in enumerate(
            (
                {"type": "accept", "offer": "nothing"},
                {"type": "say", "contact": "ct_nobody", "text": "x"},
                {"type": "finish", "contact": "ct_nobody"},
                {"type": "wrap_up_done", "contact": "\x00"},
                {"type": "messages", "contact": "ct_nobody", "after": -1},
                {"type": "close_case", "case": "cs_nobody", "outcome": "resolved"},
                {"type": "not_ready", "reason": "tired" * 1000},
                {"type": "sign_in", "device": "\x00"},
            )
        ):
            await socket.send(json.dumps({"id": f"c{number}", **command}))
            frame = await _reply(socket, f"c{number}")
            assert frame["error"]["code"] not in ("internal", ""), (command, frame)
        await socket.send(json.dumps({"type": "fetch", "id": "last"}))
        assert "ok" in await _reply(socket, "last")
    after = await settled(shared)
    came_and_went = ("routing_events", "facts")
    assert {**after, **dict.fromkeys(came_and_went, 0)} == {**before, **dict.fromkeys(came_and_went, 0)}
    assert "Traceback" not in shared.log[mark:], shared.log[mark:][-5000:]


async def _reply(socket: ClientConnection, name: str) -> dict[str, Any]:
    while True:
        frame: dict[str, Any] = json.loads(await socket.recv())
        if frame.get("re") == name:
            return frame


async def test_a_frame_that_is_too_large_ends_the_agents_socket_alone(unharmed: Service) -> None:
    async with _desk(unharmed) as socket:
        await socket.send("x" * 200_000)
        assert await _end(socket) == 1009


async def test_the_agents_door_speaks_its_own_protocol_alone(unharmed: Service) -> None:
    async with aiohttp.ClientSession() as session:
        async with session.get(f"{unharmed.url}/v1/agent") as answer:
            assert answer.status == 400
        async with session.get(f"{unharmed.url}/v1/chat/{SITE}/socket") as answer:
            assert answer.status == 400
        async with session.get(f"{unharmed.url}/v1/chat/nowhere/socket") as answer:
            assert answer.status == 404
        async with session.post(f"{unharmed.url}/v1/chat/nowhere/sessions") as answer:
            assert answer.status == 404
        away = {"Origin": "https://evil.example"}
        async with session.post(f"{unharmed.url}/v1/chat/{SITE}/sessions", headers=away) as answer:
            assert answer.status == 403


def _visitor(service: Service) -> connect:
    url = service.url.replace("http", "ws") + f"/v1/chat/{SITE}/socket"
    return connect(url, subprotocols=[Subprotocol(VISITOR)], close_timeout=2)


async def test_a_wrong_token_on_the_chat_socket_is_4401(unharmed: Service) -> None:
    session = aiohttp.ClientSession()
    async with session, session.post(f"{unharmed.url}/v1/chat/xinghai-web/sessions") as answer:
        assert answer.status == 201
        other_site = (await answer.json())["token"]
    for token in ("wrong", other_site, other_site[:-3] + "AAA", "x" * 2048):
        async with _visitor(unharmed) as socket:
            await socket.send(json.dumps({"type": "hello", "token": token}))
            assert await _end(socket) == 4401, token[:20]


async def test_garbage_on_the_chat_socket_is_answered_and_then_closed(unharmed: Service) -> None:
    async with _visitor(unharmed) as socket:
        for noise in (*GARBAGE[:10], "{", "{"):
            try:
                await socket.send(noise)
            except ConnectionClosed:
                break
        assert await _end(socket) == 4400
    for noise in (b"\xff", "[" * 5_000):
        async with _visitor(unharmed) as socket:
            await socket.send(noise)
            async with asyncio.timeout(5):
                assert json.loads(await socket.recv())["code"] == "malformed"
    async with _visitor(unharmed) as socket:
        await socket.send("x" * 100_000)
        assert await _end(socket) == 1009
