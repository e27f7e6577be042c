"""What callers and carriers bring along: names in any bytes, odd numbers, no common codec, a sudden end."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import Scene, flows, kinds
from floor import seen, staffed
from places import CARRIER
from wire import ALAW, G729, peer

HOTLINE, TOLL_FREE = "4000000101", "8000000102"
NAME = "康佳用户"


# --- who calls ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("who", "shown"),
    [
        (f'"{NAME}" <sip:13900001234@{CARRIER}>'.encode(), "139****34"),
        (f'"{NAME}" <sip:13900001234@{CARRIER}>'.encode("gbk"), "139****34"),
        (f'"{NAME * 60}" <sip:13900001234@{CARRIER}>'.encode(), "139****34"),
        (f"<sip:+8613900001234@{CARRIER}>".encode(), "+86139****1234"),
        (b'"Anonymous" <sip:anonymous@anonymous.invalid>', "****"),
        (f"<sip:{'9' * 200}@{CARRIER}>".encode(), "999999****9999"),
    ],
    ids=["utf8", "gbk", "long-name", "plus", "anonymous", "long-number"],
)
async def test_a_caller_of_this_name_is_served(scene: Scene, who: bytes, shown: str) -> None:
    desk = await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 0.1
    async with peer(CARRIER) as carrier:
        call = carrier.invite(HOTLINE, scene.pbx.sip_port, who=who, sound=ALAW)
        contact = await scene.contact()
        await call.ended_with("200")
        await seen(desk, lambda state: state.owns(contact))
        assert (await scene.story(contact))["contact"]["address"] == shown
        call.bye()
        await carrier.asked("200")
    await scene.state(contact, "ended")
    await scene.clean()


async def test_a_dialled_number_with_a_plus(scene: Scene) -> None:
    """A carrier that dials by E.164."""
    await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 0.1
    call = scene.dial("+86" + HOTLINE)
    call.until("CONFIRMED")
    contact = await scene.contact()
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_a_number_that_is_no_line_gets_the_dialplans_own_answer(scene: Scene) -> None:
    call = scene.dial("4009999999")
    call.until("CONFIRMED")
    call.hang_up()
    await scene.clean()


async def test_one_number_calls_twice_at_once(scene: Scene) -> None:
    for name in ("1002", "1003"):
        await scene.at_work(f"a{name}", name)
        scene.device(name).answers_after_s = 0.2
    calls = [scene.dial(HOTLINE) for _ in range(2)]
    found = [await scene.contact() for _ in calls]
    for call in calls:
        call.until("CONFIRMED")
        assert await flows(call) > 30
    owners = {(await scene.story(contact))["contact"]["owner"] for contact in found}
    assert len(owners) == 2
    for call in calls:
        call.hang_up()
    for contact in found:
        await scene.state(contact, "ended")
    await scene.clean()


# --- how they call --------------------------------------------------------------------------------------------


async def test_a_caller_without_a_common_codec_is_no_call(scene: Scene) -> None:
    await scene.at_work("a1002", "1002")
    async with peer(CARRIER) as carrier:
        await carrier.invite(HOTLINE, scene.pbx.sip_port, sound=G729).ended_with("488")
    assert not scene.device("1002").calls
    await scene.clean()


async def test_a_caller_who_cancels_at_once(scene: Scene) -> None:
    """Before anything was answered: a call that is counted and rings nowhere for long."""
    await scene.at_work("a1002", "1002")
    async with peer(CARRIER) as carrier:
        for _ in range(5):
            call = carrier.invite(HOTLINE, scene.pbx.sip_port, sound=ALAW)
            await carrier.asked("100", call.id.encode())
            call.cancel()
            await call.ended_with("487")
    await scene.until("1002 is quiet", lambda: not scene.device("1002").ringing, 5)
    await scene.clean()
    outcomes = [each["contact"]["outcome"] for each in await scene.new()]
    assert set(outcomes) <= {"abandoned", "blocked"}, "blocked: he came before the one before him was off the line"


async def test_a_caller_who_vanishes_in_the_talk(scene: Scene) -> None:
    """No BYE: his network is gone. Nobody but the agent can end it."""
    desk = await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 0.1
    async with peer(CARRIER) as carrier:
        call = carrier.invite(HOTLINE, scene.pbx.sip_port, sound=ALAW)
        contact = await scene.contact()
        await call.ended_with("200")
        await seen(desk, lambda state: state.owns(contact))
    await desk.hang_up(contact)
    await scene.state(contact, "ended")
    scene.device("1002").last.until("DISCONNECTED", 5)
    await scene.clean()


# --- what they key --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("by_info", [False, True], ids=["rfc4733", "info"])
async def test_keys_by_either_way_walk_the_flow(scene: Scene, by_info: bool) -> None:
    desk = await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 0.2
    call = scene.dial(TOLL_FREE)
    call.until("CONFIRMED")
    for key in "22":
        await asyncio.sleep(0.8)
        call.press(key, by_info=by_info)
    contact = await scene.contact()
    await seen(desk, lambda state: state.owns(contact))
    assert (await scene.story(contact))["ivr"]["path"] == ["welcome=yue", "choices=sorry", "sorry=complaint"]
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


@pytest.mark.parametrize("keys", ["", "979*7#0"], ids=["none", "wrong"])
async def test_a_caller_who_keys_nothing_that_is_asked_for(scene: Scene, keys: str) -> None:
    """Whoever does not find his way is put through all the same."""
    desk = await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 0.2
    call = scene.dial(TOLL_FREE)
    call.until("CONFIRMED")
    for key in keys:
        await asyncio.sleep(0.3)
        call.press(key)
    contact = await scene.asked("a contact", scene.contact, 60)
    await seen(desk, lambda state: state.owns(contact), 20)
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


@pytest.mark.parametrize("after", [0.0, 0.15, 0.4, 0.8])
async def test_a_caller_who_hangs_up_on_the_beep_has_left_no_message(scene: Scene, after: float) -> None:
    call = scene.dial(HOTLINE)
    call.until("CONFIRMED")
    await asyncio.sleep(after)
    call.hang_up()
    await asyncio.sleep(4)
    [only] = await scene.new()
    assert (only["contact"]["state"], only["contact"]["outcome"]) == ("ended", "blocked")
    await scene.clean()


# --- many -----------------------------------------------------------------------------------------------------


async def test_twenty_call_at_once(scene: Scene) -> None:
    """Nine people, of whom three answer: nine callers are served in their order, each by one; the others are told."""
    names = ("1002", "1003", "1004")
    async with staffed(scene.service, *(f"a{number}" for number in range(1005, 1011))), peer(CARRIER) as carrier:
        for name in names:
            scene.device(name).answers_after_s = 0.1
            await scene.at_work(f"a{name}", name)

        async def one(number: int) -> None:
            who = f"<sip:139000055{number:02}@{CARRIER}>".encode()
            call = carrier.invite(HOTLINE, scene.pbx.sip_port, who=who, sound=ALAW)
            await call.ended_with("200", 60)
            await asyncio.sleep(0.5)
            call.bye()

        await asyncio.gather(*(one(number) for number in range(20)))
        await scene.clean()
    stories = await scene.new()
    assert len(stories) == 20
    served = [each for each in stories if each["contact"]["outcome"] == "finished"]
    assert len(served) == 9
    assert all(kinds(each).count("contact.assigned") == 1 for each in served)
    came = [each["contact"]["enqueued_at"] for each in sorted(served, key=turn)]
    assert came[3:] == sorted(came[3:]), "three found an agent free; the others took their turn"
    assert [each["contact"]["outcome"] for each in stories if each not in served] == ["blocked"] * 11


def turn(story: dict[str, Any]) -> tuple[int, int]:
    """When he was first offered, in the order of the decisions: `domain:event:effect`."""
    made = next(fact for fact in story["facts"] if fact["kind"] == "offer.made")
    return int(made["seq"]), int(made["id"].rpartition(":")[2])
