"""A platform of our own dialect, from its signed posts to what is stored: door, intake, router and rows are real."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from callback_scene import Scene, calls_himself
from desk_floor import SetClock
from house import HOTLINE, House, house

from channels.phone import questions as asked
from channels.phone.door import PhoneDoor
from channels.phone.feed import CommandFeed
from channels.phone.questions import Questions
from channels.phone.send import PhoneSender
from channels.phone.verify import Verifier
from contactcenter.client.phone import PhoneClient
from contactcenter.services.phone_survey import PhoneSurvey
from contactcenter.wiring.own_platforms import OwnPlatforms

SECRET = "whsec_MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY="
SOURCE = "pbx-1"
DEVICE = "SIP/1001"


@asynccontextmanager
async def posting(found: House) -> AsyncIterator[PhoneClient]:
    """The platform's client, at a door over this house's intake."""
    feed = CommandFeed(now=found.core.clock.now)
    door = PhoneDoor(intake=found.core.intake, verifier=Verifier({SOURCE: [SECRET]}), feed=feed)
    app = web.Application()
    app.add_routes(door.routes())
    async with (
        TestServer(app) as server,
        PhoneClient(str(server.make_url("")).rstrip("/"), SOURCE, SECRET) as client,
    ):
        yield client


@pytest.fixture
async def clock() -> SetClock:
    return SetClock()


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path, clock: SetClock) -> AsyncIterator[House]:
    """Routed by a clock that is set by hand."""
    async with house(pool, tmp_path, routed=False) as found:
        found.core.clock = found.core.intake._clock = clock
        found.supervisor.run("router", found.router().run)
        await found.until(lambda: bool(found.of("config.activated")))
        yield found


async def recorded(found: House, contact: str) -> list[str]:
    """The outcomes of the contact's offers, as they are stored."""
    query = "SELECT data->>'outcome' AS outcome FROM facts WHERE kind = 'offer.ended' AND contact_id = $1"
    return [row["outcome"] for row in await found.core.pool.fetch(query, contact)]


@pytest.mark.parametrize(
    ("rang_s", "cause", "outcome"),
    [
        (9.0, "no_answer", "declined"),
        (16.0, "no_answer", "no_answer"),
        (16.0, "declined", "declined"),
        (16.0, "unreachable", "unreachable"),
    ],
)
async def test_a_device_that_rings_out_by_itself_is_recorded_by_how_long_it_rang(
    floor: House, clock: SetClock, rang_s: float, cause: str, outcome: str
) -> None:
    """Three rings last 15 s. Only before them it counts as the agent's refusal, and only `no_answer` knows after."""
    await floor.at_work("a1001", device=DEVICE)
    async with posting(floor) as platform:
        contact = (await platform.offered("c1", dialled=HOTLINE, caller="13900139002"))["contact"]
        await floor.until(lambda: bool(floor.of("offer.made", contact=contact)))
        offer = floor.of("offer.made", contact=contact)[0].offer.id
        await platform.post("call.alerting", "c1", offer=offer)
        clock.pass_s(rang_s)
        await platform.released("c1", by="platform", leg="agent", offer=offer, cause=cause)
        await floor.until(lambda: bool(floor.of("offer.ended", contact=contact)))
    assert await recorded(floor, contact) == [outcome]


# --- what became of a dialled call ------------------------------------------------------------------------------


@pytest.fixture
async def scene(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Scene]:
    async with house(pool, tmp_path) as found:
        yield Scene(found)


class Control:
    """The platform's control address: keeps the questions, answers as it is told."""

    def __init__(self) -> None:
        self.asked: list[dict[str, Any]] = []
        self.status = 200
        self.heard = asyncio.Event()

    async def handle(self, request: web.Request) -> web.Response:
        self.asked.append(await request.json())
        self.heard.set()
        return web.Response(status=self.status)


@asynccontextmanager
async def sending(control: Control, now: Callable[[], int]) -> AsyncIterator[PhoneSender]:
    """To a platform with a control address."""
    app = web.Application()
    app.router.add_post("/control", control.handle)
    async with TestServer(app) as server, aiohttp.ClientSession() as session:
        urls = {SOURCE: str(server.make_url("/control"))}
        feed = CommandFeed(now=now)
        yield PhoneSender(control_urls=urls, secrets={SOURCE: [SECRET]}, session=session, now=now, feed=feed)


@asynccontextmanager
async def questions(scene: Scene, control: Control) -> AsyncIterator[Questions]:
    core, now = scene.core, scene.clock.now
    async with sending(control, now) as sender:
        survey = PhoneSurvey(SOURCE, reads=core.reads, directories=core.directories, clock=scene.clock)
        yield Questions(SOURCE, house=survey, sender=sender, now=now)


async def test_the_owner_of_a_source_of_our_own_dialect_asks_as_his_tenure_begins(scene: Scene) -> None:
    control = Control()
    await calls_himself(scene, "came-before")
    async with sending(control, scene.core.clock.now) as sender, asyncio.timeout(10):
        own = OwnPlatforms(scene.core, sender)
        assert own.work_of("another") is None
        work = own.work_of(SOURCE)
        assert work is not None
        tenure = asyncio.create_task(work(1))
        await control.heard.wait()
        tenure.cancel()
    assert [each["subject"] for each in control.asked] == ["came-before"]


async def test_a_dialled_call_that_the_platform_does_not_know_is_over_and_an_attempt(scene: Scene) -> None:
    contact, control = (await scene.asked()).contact, Control()
    call = await scene.dialled(contact)
    async with questions(scene, control) as asking, posting(scene.house) as platform:
        assert await asking.round()
        assert control.asked == [], "it may be under way"
        scene.clock.pass_s(61)
        assert await asking.round()
        question = control.asked[0]
        assert (question["type"], question["subject"]) == ("phone.status", call)
        assert question["id"].startswith(f"{call}/status/")
        assert (await scene.promise(contact)).attempts == (), "a platform that says nothing changes nothing"
        await platform.post("call.unknown", call)
        await scene.over(contact)
        assert await asking.round()
    assert len(control.asked) == 1, "nobody asks after a call that is over"
    assert [each["result"] for each in (await scene.promise(contact)).attempts] == ["no_answer"]
    assert await scene.next_attempt(contact)


async def test_after_a_start_it_is_asked_after_the_callers_who_came_before_once(scene: Scene) -> None:
    control = Control()
    contact = await calls_himself(scene, "came-before")
    async with questions(scene, control) as asking, posting(scene.house) as platform:
        control.status = 503
        assert await asking.round()
        control.status = 200
        assert await asking.round()
        assert await asking.round()
        assert [each["subject"] for each in control.asked] == ["came-before"] * 2, "until it was heard"
        await platform.post("call.unknown", "came-before")
    await scene.house.until(lambda: bool(scene.house.of("contact.ended", contact=contact)))
    (ended,) = scene.house.of("contact.ended", contact=contact)
    assert ended.by == "platform"


async def test_of_very_many_calls_some_are_asked_after_and_the_log_says_so(
    scene: Scene, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    control = Control()
    await calls_himself(scene, "one")
    await calls_himself(scene, "two")
    monkeypatch.setattr(asked, "MOST", 1)
    async with questions(scene, control) as asking:
        assert await asking.round()
    assert len(control.asked) == 1
    assert "asked after 1 of its 2 calls" in caplog.text


async def test_a_platform_that_knows_the_end_says_it_again(scene: Scene) -> None:
    contact, control = (await scene.asked()).contact, Control()
    call = await scene.dialled(contact)
    scene.clock.pass_s(61)
    async with questions(scene, control) as asking, posting(scene.house) as platform:
        assert await asking.round()
        await platform.released(control.asked[0]["subject"], by="platform", cause="busy")
        await platform.post("call.unknown", call)
    assert [each["result"] for each in (await scene.promise(contact)).attempts] == ["busy"]


@pytest.mark.parametrize(("status", "goes_on"), [(404, False), (501, True), (503, True)])
async def test_who_refuses_the_question_for_good_is_asked_no_more(scene: Scene, status: int, goes_on: bool) -> None:
    """Nothing changes for its calls: the agent's word ends them."""
    contact, control = (await scene.asked()).contact, Control()
    await scene.dialled(contact)
    scene.clock.pass_s(61)
    control.status = status
    async with questions(scene, control) as asking:
        assert await asking.round() is goes_on
    assert (await scene.promise(contact)).state == "dialling"


async def test_after_a_refusal_the_questions_of_this_tenure_are_over(scene: Scene) -> None:
    contact, control = (await scene.asked()).contact, Control()
    await scene.dialled(contact)
    scene.clock.pass_s(61)
    statuses, pauses = [503, 200, 404], list[float]()

    async def sleep(seconds: float) -> None:
        pauses.append(seconds)
        control.status = statuses[min(len(pauses), 2)]

    control.status = statuses[0]
    async with questions(scene, control) as asking, asyncio.timeout(10):
        await asking.run(sleep)
    assert pauses == [60.0, 60.0, 60.0]
    assert len(control.asked) == 3
