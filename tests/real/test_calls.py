"""Plain calls on a real Asterisk: rings, answers, refusals and ends, in whichever order they come."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import Scene, flows, kinds
from floor import seen

HOTLINE = "4000000101"


async def test_a_call_is_answered_and_ended_by_the_caller(scene: Scene) -> None:
    await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 1.0
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    call.until("CONFIRMED")
    device = scene.device("1002").last
    device.until("CONFIRMED")
    assert await flows(call) > 30, "he hears the agent"
    assert await flows(device) > 30, "the agent hears him"
    call.hang_up()
    device.until("DISCONNECTED")
    found = await scene.state(contact, "ended")
    assert (found["contact"]["outcome"], found["contact"]["released_by"]) == ("finished", "customer")
    await scene.clean()


@pytest.mark.parametrize("how", ["device", "desk"])
async def test_the_agent_hangs_up(scene: Scene, how: str) -> None:
    call, contact = await scene.talk()
    if how == "device":
        scene.device("1002").last.hang_up()
    else:
        await scene.desks["a1002"].hang_up(contact)
    call.until("DISCONNECTED", 5)
    scene.device("1002").last.until("DISCONNECTED", 5)
    found = await scene.state(contact, "ended")
    assert (found["contact"]["outcome"], found["contact"]["released_by"]) == ("finished", "agent")
    await scene.clean()


async def test_the_caller_gives_up_while_it_rings(scene: Scene) -> None:
    await scene.at_work("a1002", "1002")
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    await scene.until("1002 rings", lambda: scene.device("1002").ringing)
    call.hang_up()
    found = await scene.state(contact, "ended")
    assert found["contact"]["outcome"] == "abandoned"
    await scene.until("1002 is quiet", lambda: not scene.device("1002").ringing, 3)
    await scene.clean()


def ends(story: dict[str, Any]) -> list[tuple[str, str]]:
    found = [fact["data"] for fact in story["facts"] if fact["kind"] == "offer.ended"]
    return [(each["outcome"], each.get("reason", "")) for each in found]


@pytest.mark.parametrize(
    ("code", "end"),
    [
        (603, ("declined", "device")),
        (403, ("declined", "device")),
        (486, ("unreachable", "busy")),
        (600, ("unreachable", "busy")),
        (480, ("declined", "device")),
        (488, ("unreachable", "unreachable")),
        (404, ("unreachable", "unreachable")),
    ],
)
async def test_a_refusal_rings_the_next(scene: Scene, code: int, end: tuple[str, str]) -> None:
    await scene.at_work("a1002", "1002")
    await scene.at_work("a1003", "1003")
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    rings = await scene.until("one rings", lambda: [each for each in ("1002", "1003") if scene.device(each).ringing])
    other = "1003" if rings[0] == "1002" else "1002"
    scene.device(other).answers_after_s = 0.1
    scene.device(rings[0]).last.hang_up(code)
    call.until("CONFIRMED")
    assert scene.device(other).talking
    call.hang_up()
    assert ends(await scene.state(contact, "ended")) == [end, ("accepted", "")]
    await scene.clean()


@pytest.mark.parametrize("device", ["1019", "no-such-endpoint"])
async def test_a_device_that_is_not_there(scene: Scene, device: str) -> None:
    await scene.at_work("a1002", device)
    call = scene.dial(HOTLINE)
    contact = await scene.contact()

    async def failed() -> bool:
        return ("unreachable", "unreachable") in ends(await scene.story(contact))

    await scene.asked("it is found unreachable", failed)
    scene.device("1003").answers_after_s = 0.1
    await scene.at_work("a1003", "1003")
    call.until("CONFIRMED")
    call.hang_up()
    assert ends(await scene.state(contact, "ended"))[-1] == ("accepted", "")
    await scene.clean()


async def test_the_ladder_rings_one_two_three_phones(scene: Scene) -> None:
    """After 0, 6 and 10 s, as the line's plan says; the first that answers has the caller."""
    for agent in ("1002", "1003", "1004"):
        await scene.at_work(f"a{agent}", agent)
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    names = ("1002", "1003", "1004")
    await scene.until("three ring", lambda: all(scene.device(name).ringing for name in names), 20)
    began = call.history[0][0]
    after = sorted(scene.device(name).last.history[0][0] - began for name in names)
    assert [round(each) for each in after] == [0, 6, 10]
    scene.device("1004").last.answer()
    call.until("CONFIRMED")
    await scene.until("the others are quiet", lambda: not any(scene.device(name).ringing for name in names), 3)
    call.hang_up()
    found = await scene.state(contact, "ended")
    assert sorted(ends(found)) == [("accepted", ""), *[("withdrawn", "answered_elsewhere")] * 2]
    await scene.clean()


async def test_two_answer_at_once(scene: Scene) -> None:
    for agent in ("1002", "1003", "1004"):
        await scene.at_work(f"a{agent}", agent)
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    names = ("1002", "1003", "1004")
    ringing = await scene.until("two ring", lambda: scene.two_of(names), 20)
    for name in ringing:
        scene.device(name).last.answer()
    call.until("CONFIRMED")
    await scene.until("one talks", lambda: sum(scene.device(name).talking for name in names) == 1, 5)
    assert kinds(await scene.state(contact, "active")).count("contact.assigned") == 1
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_answer_races_with_cancel(scene: Scene) -> None:
    """Whoever is first, it ends once, and nobody is left in an empty call."""
    await scene.at_work("a1002", "1002")
    device = scene.device("1002")
    for step in range(9):
        begun = len(device.calls)
        call = scene.dial(HOTLINE)
        contact = await scene.contact()
        await scene.until("1002 rings", lambda begun=begun: len(device.calls) > begun and device.ringing, 20)
        if step % 3 == 1:
            call.hang_up()
        device.last.answer()
        await asyncio.sleep(0.002 * step if step % 3 == 2 else 0)
        call.hang_up()
        found = await scene.state(contact, "ended")
        assert found["contact"]["outcome"] in ("finished", "abandoned")
        await scene.until("1002 is free", lambda: not device.talking and not device.ringing, 5)
    await scene.clean()


async def test_a_device_that_answers_without_ringing_and_hangs_up_at_once(scene: Scene) -> None:
    await scene.at_work("a1002", "1002")
    device = scene.device("1002")
    device.rings, device.answers_after_s = False, 0.0
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    call.until("CONFIRMED")
    device.last.hang_up()
    call.until("DISCONNECTED")
    found = await scene.state(contact, "ended")
    assert (found["contact"]["outcome"], found["contact"]["released_by"]) == ("finished", "agent")
    await scene.clean()


async def test_a_device_that_rings_by_183_only(scene: Scene) -> None:
    desk = await scene.at_work("a1002", "1002")
    device = scene.device("1002")
    device.says, device.answers_after_s = 183, 1.0
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    call.until("CONFIRMED")
    await seen(desk, lambda state: state.owns(contact))
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()
