"""The chat door over a real websocket, before recording ports."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from chat_house import ChatHouse

from channels.chat.ports import Assigned, Ended, Released
from channels.chat.server import ChatDoor, ChatSettings
from channels.port import ChatLeft, ChatOpened, ChatSaid

SOCKET = "/v1/chat/kangjia-web/socket"
TOKEN = "kangjia-web|s1"


class Page:
    """A visitor's page: sends frames, collects what it hears."""

    def __init__(self, socket: aiohttp.ClientWebSocketResponse) -> None:
        self.socket = socket

    async def say(self, type: str, **fields: Any) -> None:
        await self.socket.send_json({"type": type, **fields})

    async def until(self, type: str) -> dict[str, Any]:
        while True:
            frame: dict[str, Any] = await asyncio.wait_for(self.socket.receive_json(), 5)
            if frame["type"] == type:
                return frame

    async def heard(self) -> list[dict[str, Any]]:
        """Everything that has been sent so far: a ping comes back behind it."""
        await self.say("ping")
        frames: list[dict[str, Any]] = []
        while not frames or frames[-1]["type"] != "pong":
            frames.append(await asyncio.wait_for(self.socket.receive_json(), 5))
        return frames[:-1]

    async def closed(self) -> tuple[list[dict[str, Any]], int | None]:
        """What is still heard, and the close code."""
        frames = [json.loads(message.data) async for message in self.socket]
        return frames, self.socket.close_code


class Site:
    def __init__(self, house: ChatHouse, door: ChatDoor, client: TestClient[Any, Any]) -> None:
        self.house, self.door, self.client = house, door, client

    @asynccontextmanager
    async def page(self, **hello: Any) -> AsyncIterator[Page]:
        async with self.client.ws_connect(SOCKET) as socket:
            page = Page(socket)
            if hello:
                await page.say("hello", **hello)
            yield page

    async def idle(self, connections: int = 0) -> None:
        """Until the server has seen that the other pages are gone."""
        while self.door.connections > connections:  # noqa: ASYNC110
            await asyncio.sleep(0)


@asynccontextmanager
async def serving(**settings: Any) -> AsyncIterator[Site]:
    house = ChatHouse()
    door = ChatDoor(
        intake=house,
        conversations=house,
        tokens=house,
        sites=house,
        texts=house,
        settings=ChatSettings(**settings),
    )
    app = web.Application()
    app.add_routes(door.routes())
    async with asyncio.TaskGroup() as tasks, TestClient(TestServer(app)) as client:
        departures = tasks.create_task(door.run())
        yield Site(house, door, client)
        await door.drain(0)
        departures.cancel()


@pytest.fixture
async def site() -> AsyncIterator[Site]:
    async with serving(grace_s=3600) as it:
        yield it


# --- before the socket -------------------------------------------------------------------------------


async def test_a_page_gets_a_session_and_labels(site: Site) -> None:
    answer = await site.client.post("/v1/chat/kangjia-web/sessions", headers={"Origin": "https://www.kangjia.example"})
    assert (answer.status, await answer.json()) == (201, {"token": TOKEN, "session": "s1"})
    assert answer.headers["Access-Control-Allow-Origin"] == "https://www.kangjia.example"
    labels = await site.client.get("/v1/chat/kangjia-web/texts?lang=en")
    assert await labels.json() == {"language": "en", "texts": {"chat.send": "Send"}}


async def test_an_unknown_site_is_not_found(site: Site) -> None:
    for answer in (await site.client.post("/v1/chat/none/sessions"), await site.client.get("/v1/chat/none/socket")):
        assert answer.status == 404
        assert (await answer.json())["code"] == "unknown_site"


async def test_a_foreign_page_may_not_open_the_chat(site: Site) -> None:
    for path in ("/v1/chat/kangjia-web/texts", SOCKET):
        answer = await site.client.get(path, headers={"Origin": "https://evil.example"})
        assert answer.status == 403
        assert "Access-Control-Allow-Origin" not in answer.headers


async def test_our_own_pages_may_open_every_chat(site: Site) -> None:
    origin = f"http://{site.client.host}:{site.client.port}"
    assert (await site.client.post("/v1/chat/kangjia-web/sessions", headers={"Origin": origin})).status == 201


# --- opening and talking -----------------------------------------------------------------------------


async def test_a_visitor_opens_speaks_and_is_answered(site: Site) -> None:
    async with site.page(token=TOKEN, name="王\x00女士", topic="complaint", language="zh-CN") as page:
        assert (await page.until("welcome"))["texts"] == {"chat.send": "发送"}
        assert await page.until("queued") == {"type": "queued", "position": 2, "text": "已收到"}
        await page.say("say", id="1", text="电视坏了")
        mine = await page.until("message")
        assert (mine["number"], mine["sender"], mine["text"], mine["id"]) == (1, "visitor", "电视坏了", "1")
        assert await page.until("ack") == {"type": "ack", "id": "1", "number": 1}
        site.house.tell("s1", Assigned("8012"))
        assert await page.until("joined") == {
            "type": "joined",
            "agent_number": "8012",
            "text": "zh-CN chat.agent_joined number=8012",
        }
        site.house.write("s1", "您好，康佳客服", agent="8012")
        assert (await page.until("message"))["agent_number"] == "8012"
    opened = site.house.of(ChatOpened)
    assert [(o.external_id, o.name, o.complaint, o.language) for o in opened] == [("s1", "王女士", True, "zh-CN")]
    assert [said.external_id for said in site.house.of(ChatSaid)] == ["s1:1"]


async def test_a_say_that_comes_twice_is_stored_once_even_by_two_sockets(site: Site) -> None:
    for _ in range(2):
        async with site.page(token=TOKEN) as page:
            await page.say("say", id="1", text="你好")
            await page.say("say", id="1", text="你好")
            assert (await page.until("ack"))["number"] == 1
    assert len(site.house.of(ChatSaid)) == 1


async def test_a_say_id_with_another_text_is_refused(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.say("say", id="1", text="你好")
        await page.until("ack")
    async with site.page(token=TOKEN, resume_after=1) as page:
        await page.until("queued")
        site.house.messages["s1"].clear()
        await page.say("say", id="1", text="别的")
        assert (await page.until("error"))["code"] == "different_payload"


async def test_two_tabs_hear_the_same(site: Site) -> None:
    async with site.page(token=TOKEN) as one, site.page(token=TOKEN, name="other words") as two:
        await one.until("queued")
        await two.until("queued")
        await one.say("say", id="1", text="你好")
        assert (await two.until("message"))["text"] == "你好"
    assert len(site.house.of(ChatOpened)) == 1


# --- coming back -------------------------------------------------------------------------------------


@pytest.mark.parametrize("boundary", range(7))
async def test_a_drop_at_any_boundary_loses_and_repeats_nothing(site: Site, boundary: int) -> None:
    """Six things happen; the socket drops after `boundary` of them and comes back with what it has shown."""
    seen: list[int] = []
    steps: list[Any] = [
        lambda page: page.say("say", id="1", text="一"),
        lambda page: site.house.write("s1", "二"),
        lambda page: page.say("say", id="3", text="三"),
        lambda page: site.house.write("s1", "四"),
        lambda page: page.say("say", id="5", text="五"),
        lambda page: site.house.write("s1", "六"),
    ]
    for part in (steps[:boundary], steps[boundary:]):
        async with site.page(token=TOKEN, resume_after=max(seen, default=0)) as page:
            await page.until("welcome")
            for step in part:
                done = step(page)
                await done if asyncio.iscoroutine(done) else None
                seen += [frame["number"] for frame in await page.heard() if frame["type"] == "message"]
            seen += [frame["number"] for frame in await page.heard() if frame["type"] == "message"]
        site.house.write("s1", "while away")
    async with site.page(token=TOKEN, resume_after=max(seen, default=0)) as page:
        seen += [frame["number"] for frame in await page.heard() if frame["type"] == "message"]
    assert seen == list(range(1, 9))
    assert [message.number for message in site.house.messages["s1"]] == seen


async def test_a_bus_that_loses_pushes_loses_no_message(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        site.house.deaf = True
        site.house.write("s1", "lost push")
        site.house.deaf = False
        site.house.write("s1", "next")
        heard = [frame["text"] for frame in await page.heard() if frame["type"] == "message"]
    assert heard == ["lost push", "next"]


async def test_a_long_history_comes_in_pages(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
    for number in range(450):
        site.house.write("s1", str(number))
    async with site.page(token=TOKEN) as page:
        heard = [frame["text"] for frame in await page.heard() if frame["type"] == "message"]
    assert heard == [str(number) for number in range(450)]


async def test_a_page_that_comes_back_hears_who_is_there(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        site.house.tell("s1", Assigned("8012"))
        await page.until("joined")
        site.house.tell("s1", Released())
        assert (await page.until("left"))["text"] == "zh-CN chat.agent_left number=8012"
    async with site.page(token=TOKEN) as page:
        assert (await page.until("joined"))["agent_number"] == "8012"


# --- going away --------------------------------------------------------------------------------------


async def test_leaving_is_told_at_once(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        await page.say("leave")
        frames, code = await page.closed()
    assert (frames[-1]["type"], code) == ("closed", 1000)
    assert [left.external_id for left in site.house.of(ChatLeft)] == ["s1:left"]
    await site.idle()
    assert site.door.departures.waiting == 0


async def test_a_visitor_who_does_not_come_back_has_left_after_the_grace() -> None:
    async with serving(grace_s=0.0) as site:
        async with site.page(token=TOKEN) as page:
            await page.until("queued")
        await asyncio.wait_for(site.house.departed.wait(), 5)
        assert len(site.house.of(ChatLeft)) == 1


async def test_a_visitor_who_comes_back_within_the_grace_has_not_left(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
    await site.idle()
    assert site.door.departures.waiting == 1
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        assert site.door.departures.waiting == 0
    assert site.house.of(ChatLeft) == []


async def test_closing_one_of_two_tabs_starts_no_grace(site: Site) -> None:
    async with site.page(token=TOKEN) as one:
        await one.until("queued")
        async with site.page(token=TOKEN) as two:
            await two.until("queued")
        await site.idle(1)
        assert site.door.departures.waiting == 0


async def test_leaving_while_the_intake_is_busy_is_told_later() -> None:
    async with serving(grace_s=3600, retry_after_s=0.0) as site:
        async with site.page(token=TOKEN) as page:
            await page.until("queued")
            site.house.busy = True
            await page.say("leave")
            await page.closed()
        site.house.busy = False
        await asyncio.wait_for(site.house.departed.wait(), 5)


async def test_a_closed_conversation_shows_its_history_and_ends(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        site.house.write("s1", "再见")
        site.house.tell("s1", Ended())
        frames, code = await page.closed()
        assert ([frame["type"] for frame in frames], code) == (["message", "closed"], 1000)
    async with site.page(token=TOKEN) as page:
        frames, code = await page.closed()
        assert ([frame["type"] for frame in frames], code) == (["welcome", "message", "closed"], 1000)


async def test_draining_sends_every_page_away_with_a_hint(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        async with asyncio.TaskGroup() as tasks:
            tasks.create_task(site.door.drain(0.5))
            frames, code = await page.closed()
        assert (frames[-1]["type"], frames[-1]["retry_after"], code) == ("busy", 0.5, 1012)
    await site.idle()
    assert site.door.departures.waiting == 0
    assert (await site.client.get(SOCKET)).status == 503


# --- bad input ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("token", ["nonsense", "xinghai-web|s1"])
async def test_a_bad_token_is_told_and_closed(site: Site, token: str) -> None:
    async with site.page(token=token) as page:
        frames, code = await page.closed()
    assert ([frame["code"] for frame in frames], code) == (["unauthorized"], 4401)
    assert site.house.accepted == []


async def test_a_page_that_says_nothing_is_closed() -> None:
    async with serving(hello_s=0.0) as site, site.page() as page:
        assert await page.closed() == ([], 4408)


async def test_garbage_is_named_and_the_conversation_goes_on(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        await page.socket.send_str('{"type":"say","id":"1"}')
        assert (await page.until("error"))["field"] == "text"
        await page.socket.send_bytes(b"\x00\xff")
        assert (await page.until("error"))["code"] == "malformed"
        await page.say("say", id="1", text="还在")
        assert (await page.until("ack"))["number"] == 1


async def test_an_oversized_frame_is_closed_and_nothing_is_stored(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        await page.say("say", id="1", text="x" * 17_000)
        assert (await page.closed())[1] == 1009
    assert site.house.of(ChatSaid) == []


async def test_a_busy_intake_is_told_and_the_say_can_be_sent_again(site: Site) -> None:
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
        site.house.busy = True
        await page.say("say", id="1", text="你好")
        assert await page.until("busy") == {
            "type": "busy",
            "retry_after": 2.0,
            "id": "1",
            "text": "zh-CN error.busy seconds=2",
        }
        site.house.busy = False
        await page.say("say", id="1", text="你好")
        assert (await page.until("ack"))["number"] == 1


async def test_a_busy_intake_at_the_opening_sends_the_page_away_to_come_back(site: Site) -> None:
    site.house.busy = True
    async with site.page(token=TOKEN) as page:
        frames, code = await page.closed()
    assert ([frame["type"] for frame in frames], code) == (["welcome", "busy"], 1013)
    await site.idle()
    assert site.door.departures.waiting == 0, "who never came in cannot leave"


async def test_a_failing_house_closes_the_socket_and_the_door_stays_open(site: Site) -> None:
    async def broken(site: str, session: str) -> None:
        raise RuntimeError("no database")

    site.house.standing = broken  # type: ignore[assignment,method-assign]
    async with site.page(token=TOKEN) as page:
        assert (await page.closed())[1] == 1011
    del site.house.standing
    async with site.page(token=TOKEN) as page:
        await page.until("queued")
