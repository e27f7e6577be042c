"""Commands sent to a real HTTP server: signed, judged by its answer, never late."""

from __future__ import annotations

import asyncio
import base64
import json
import time
from collections.abc import AsyncIterator

import aiohttp
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port

from channels.phone.feed import CommandFeed
from channels.phone.send import PhoneSender
from channels.phone.verify import Verifier
from channels.port import ChannelDown, PhoneCommand, Refused, SendMail

NEW = "whsec_" + base64.b64encode(b"n" * 32).decode()
OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
SECOND = 1_000_000


def now() -> int:
    return time.time_ns() // 1000


class Platform:
    """A phone platform's control URL: keeps what it got, answers as it is told, or not at all."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.text = "ringing"
        self.silent = False
        self.released = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        if self.silent:
            await self.released.wait()
        return web.Response(status=self.status, text=self.text, headers={"location": "/elsewhere"})


@pytest.fixture
async def platform() -> Platform:
    return Platform()


@pytest.fixture
async def server(platform: Platform) -> AsyncIterator[TestServer]:
    app = web.Application()
    app.router.add_post("/control", platform.handle)
    async with TestServer(app) as server:
        yield server
        platform.released.set()


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with aiohttp.ClientSession() as session:
        yield session


@pytest.fixture
def feed() -> CommandFeed:
    return CommandFeed(now=now)


@pytest.fixture
def sender(server: TestServer, session: aiohttp.ClientSession, feed: CommandFeed) -> PhoneSender:
    return PhoneSender(
        control_urls={"pbx": str(server.make_url("/control")), "dead": f"http://127.0.0.1:{unused_port()}/"},
        secrets={"pbx": [NEW, OLD], "dead": [NEW], "polling": [NEW]},
        session=session,
        now=now,
        feed=feed,
        timeout_s=0.2,
    )


def ring(*, source: str = "pbx", not_after: int = 0) -> PhoneCommand:
    return PhoneCommand(
        id="cmd-1", source=source, call="c1", verb="ring", offer="o1", device="SIP/1001", not_after=not_after
    )


async def test_a_command_is_posted_as_one_event_under_its_own_id(sender: PhoneSender, platform: Platform) -> None:
    assert await sender.send(ring(not_after=now() + 4 * SECOND)) == "ringing"
    headers, body = platform.got[0]
    event = json.loads(body)
    assert headers["webhook-id"] == event["id"] == "cmd-1"
    assert headers["Content-Type"] == "application/cloudevents+json"
    assert (event["type"], event["subject"], event["data"]["device"]) == ("phone.ring", "c1", "SIP/1001")
    assert event["data"]["not_after"].endswith("Z")


@pytest.mark.parametrize("secret", [NEW, OLD])
async def test_a_platform_that_knows_either_secret_of_a_rotation_believes_it(
    sender: PhoneSender, platform: Platform, secret: str
) -> None:
    await sender.send(ring())
    headers, body = platform.got[0]
    Verifier({"us": [secret]}).verify("us", headers, body)


async def test_a_command_that_lost_its_use_is_never_sent(sender: PhoneSender, platform: Platform) -> None:
    with pytest.raises(Refused, match=r"^expired$"):
        await sender.send(ring(not_after=now() - 1))
    assert platform.got == []


@pytest.mark.parametrize("status", [400, 401, 404, 409, 410, 422])
async def test_a_platforms_no_is_refused(sender: PhoneSender, platform: Platform, status: int) -> None:
    platform.status = status
    with pytest.raises(Refused, match=f"{status} ringing"):
        await sender.send(ring())


@pytest.mark.parametrize("status", [302, 408, 429, 500, 503])
async def test_a_platform_that_cannot_now_is_down(sender: PhoneSender, platform: Platform, status: int) -> None:
    platform.status = status
    with pytest.raises(ChannelDown, match=f"{status} ringing"):
        await sender.send(ring())
    assert len(platform.got) == 1


async def test_a_platform_that_does_not_answer_in_time_is_down(sender: PhoneSender, platform: Platform) -> None:
    platform.silent = True
    with pytest.raises(ChannelDown, match="pbx"):
        await sender.send(ring())


async def test_a_platform_that_is_not_there_is_down(sender: PhoneSender) -> None:
    with pytest.raises(ChannelDown, match="dead: ClientConnectorError"):
        await sender.send(ring(source="dead"))


async def test_an_answer_of_any_length_and_encoding_is_read_in_part(sender: PhoneSender, platform: Platform) -> None:
    platform.text = "好" * 100_000
    assert len(await sender.send(ring())) < 600


async def test_an_empty_answer_is_logged_by_its_status(sender: PhoneSender, platform: Platform) -> None:
    platform.status, platform.text = 202, ""
    assert await sender.send(ring()) == "202"


async def test_a_platform_without_a_control_url_finds_the_command_in_the_feed(
    sender: PhoneSender, feed: CommandFeed
) -> None:
    assert (await sender.send(ring(source="polling"))).startswith("kept for polling as ")
    assert len(feed.after("polling", 0).commands) == 1


async def test_a_platform_nobody_configured_is_refused(sender: PhoneSender) -> None:
    with pytest.raises(Refused, match="no phone platform is called 'nobody'"):
        await sender.send(ring(source="nobody"))


async def test_what_is_not_a_phone_command_is_refused(sender: PhoneSender) -> None:
    mail = SendMail(id="m", sender="a", sender_name="", to="b", subject="", text="", message_id="m")
    with pytest.raises(Refused, match="SendMail is not a phone command"):
        await sender.send(mail)


async def test_a_control_url_without_a_secret_is_refused_at_start(
    session: aiohttp.ClientSession, feed: CommandFeed
) -> None:
    with pytest.raises(ValueError, match="control_url of: pbx"):
        PhoneSender(control_urls={"pbx": "http://x/"}, secrets={}, session=session, now=now, feed=feed)
