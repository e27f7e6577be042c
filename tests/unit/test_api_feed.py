"""The live feed: the whole state at once, then every change, to whom it is meant for, in both dresses."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp import ClientWebSocketResponse, WSMsgType
from aiohttp.test_utils import TestClient, TestServer
from api_house import House
from test_api_doors import line

from contactcenter.realtime.feed import FeedPace

Client = TestClient[Any, Any]


@pytest.fixture
async def house() -> House:
    house = House(pace=FeedPace(interval_s=0.01, idle_s=0.5, hello_s=0.2))
    await house.admit_everybody()
    house.rows.lines = [line("kangjia"), line("xinghai")]
    return house


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as opened:
        yield opened


async def listen(client: Client, house: House, who: str) -> ClientWebSocketResponse:
    socket = await client.ws_connect("/v1/queues/feed")
    await socket.send_json({"token": house.headers[who]["Authorization"].removeprefix("Bearer ")})
    return socket


async def test_the_first_frame_is_the_whole_board(client: Client, house: House) -> None:
    socket = await listen(client, house, "operator")
    board = await socket.receive_json()
    assert [queue["client"] for queue in board["queues"]] == ["kangjia", "xinghai"]


async def test_a_client_hears_of_its_own_queues_alone(client: Client, house: House) -> None:
    board = await (await listen(client, house, "client")).receive_json()
    assert [queue["client"] for queue in board["queues"]] == ["kangjia"]


async def test_a_change_is_pushed(client: Client, house: House) -> None:
    socket = await listen(client, house, "operator")
    await socket.receive_json()
    house.clock.pass_(1)
    house.rows.lines = [line("kangjia", waiting=7)]
    await house.bus.publish("live:ruixun")
    assert (await socket.receive_json(timeout=2))["queues"][0]["waiting"] == 7


async def test_a_lost_hint_only_delays(client: Client, house: House) -> None:
    socket = await listen(client, house, "operator")
    await socket.receive_json()
    house.clock.pass_(1)
    house.rows.lines = []
    assert (await socket.receive_json(timeout=3))["queues"] == []


@pytest.mark.parametrize(("who", "code"), [("agent", 4403), ("platform", 4403)])
async def test_a_desk_opens_no_wallboard(client: Client, house: House, who: str, code: int) -> None:
    socket = await listen(client, house, who)
    assert (await socket.receive_json())["code"] == "forbidden"
    assert (await socket.receive()).type is WSMsgType.CLOSE
    assert socket.close_code == code


@pytest.mark.parametrize("hello", ["{}", "[]", "x", '{"token": "wrong"}', '{"token": 1}'])
async def test_a_wrong_hello_is_refused(client: Client, hello: str) -> None:
    socket = await client.ws_connect("/v1/queues/feed")
    await socket.send_str(hello)
    assert (await socket.receive_json())["code"] in ("no_hello", "unauthorized")
    await socket.receive()
    assert socket.close_code == 4401


async def test_who_says_nothing_is_let_go(client: Client) -> None:
    socket = await client.ws_connect("/v1/queues/feed")
    assert (await socket.receive_json(timeout=2))["code"] == "no_hello"


async def test_a_revoked_token_ends_the_feed(client: Client, house: House) -> None:
    socket = await listen(client, house, "operator")
    await socket.receive_json()
    await house.access.revoke("ruixun", "ops-1")
    await house.bus.publish("live:ruixun")
    assert (await socket.receive_json(timeout=2))["code"] == "unauthorized"


async def test_a_drain_tells_listeners_to_come_back(client: Client, house: House) -> None:
    socket = await listen(client, house, "operator")
    await socket.receive_json()
    house.feed.drain()
    await socket.receive(timeout=2)
    assert socket.close_code == 1012


async def test_server_sent_events_say_the_same(client: Client, house: House) -> None:
    headers = {**house.headers["client"], "Accept": "text/event-stream"}
    async with client.get("/v1/queues/feed", headers=headers) as answer:
        assert answer.content_type == "text/event-stream"
        assert await answer.content.readline() == b"event: queues\n"
        data = (await answer.content.readline()).removeprefix(b"data: ")
        assert json.loads(data)["client"] == "kangjia"


async def test_server_sent_events_need_a_token(client: Client) -> None:
    assert (await client.get("/v1/queues/feed")).status == 401


async def test_nobody_listens_once_everybody_is_gone(client: Client, house: House) -> None:
    socket = await listen(client, house, "operator")
    await socket.receive_json()
    await socket.close()
    for _ in range(10):
        await client.get("/healthz")
    assert house.feed.listeners == 0
