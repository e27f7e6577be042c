"""While they talk, and what callers do by keys, on a real Asterisk with real sound."""

from __future__ import annotations

import asyncio
from typing import Any

from conftest import Scene, flows, kinds
from floor import contacts, seen

HOTLINE, TOLL_FREE = "4000000101", "8000000102"


def progress(story: dict[str, Any], what: str) -> list[str]:
    found = [fact["data"] for fact in story["facts"] if fact["kind"] == "call.progress"]
    return [each["value"] for each in found if each["what"] == what]


async def test_hold_and_resume(scene: Scene) -> None:
    call, contact = await scene.talk()
    device, desk = scene.device("1002").last, scene.desks["a1002"]
    await desk.hold(contact)
    await asyncio.sleep(0.5)
    assert await flows(call) > 30, "music"
    assert await flows(device) < 10, "the agent hears nobody"
    await desk.resume(contact)
    await asyncio.sleep(0.5)
    assert await flows(call) > 30
    assert await flows(device) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_a_held_caller_hangs_up(scene: Scene) -> None:
    call, contact = await scene.talk()
    await scene.desks["a1002"].hold(contact)
    await asyncio.sleep(0.3)
    call.hang_up()
    await scene.state(contact, "ended")
    scene.device("1002").last.until("DISCONNECTED", 5)
    await scene.clean()


async def test_a_colleague_is_consulted_and_takes_over(scene: Scene) -> None:
    call, contact = await scene.talk()
    second = await scene.at_work("a1003", "1003")
    scene.device("1003").answers_after_s = 0.3
    first = scene.desks["a1002"]
    await first.consult(contact, agent="1003")
    await scene.until("1003 talks", lambda: scene.device("1003").talking)
    await asyncio.sleep(0.5)
    for each in (call, scene.device("1002").last, scene.device("1003").last):
        assert await flows(each) > 30
    await first.join(contact)
    scene.device("1002").last.until("DISCONNECTED", 5)
    await seen(second, lambda state: state.owns(contact))
    assert await flows(call) > 30
    assert await flows(scene.device("1003").last) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_a_colleague_declines_then_comes_and_goes(scene: Scene) -> None:
    call, contact = await scene.talk()
    await scene.at_work("a1003", "1003")
    first = scene.desks["a1002"]
    await first.consult(contact, agent="1003")
    await scene.until("1003 rings", lambda: scene.device("1003").ringing)
    scene.device("1003").last.hang_up(603)

    async def over() -> bool:
        return "consult.ended" in kinds(await scene.story(contact))

    await scene.asked("the consult is over", over)
    await asyncio.sleep(0.5)
    assert await flows(scene.device("1002").last) > 30, "the caller is back"
    await scene.desks["a1003"].ready()
    scene.device("1003").answers_after_s = 0.1
    await asyncio.sleep(3)
    await first.consult(contact, agent="1003")
    await scene.until("1003 talks", lambda: scene.device("1003").talking)
    await asyncio.sleep(0.3)
    await first.leave(contact)
    await scene.until("1003 is let go", lambda: not scene.device("1003").talking)
    await asyncio.sleep(0.5)
    assert await flows(call) > 30
    assert await flows(scene.device("1002").last) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_recordings_are_known_and_on_disk(scene: Scene) -> None:
    """One that is paused and stopped, one that ends with the call."""
    call, contact = await scene.talk()
    desk = scene.desks["a1002"]
    for state, lasts in (("on", 1.0), ("pause", 0.5), ("on", 0.5), ("off", 0.5), ("on", 1.0)):
        await desk.record(contact, state)
        await asyncio.sleep(lasts)
    call.hang_up()
    told = progress(await scene.state(contact, "ended"), "recording")
    assert len(told) == 2
    for address in told:
        assert len(await scene.fetch(address)) > 4000, "a WAV file with something in it"
    await scene.clean()


async def test_keys_go_through_while_they_talk(scene: Scene) -> None:
    call, contact = await scene.talk()
    await asyncio.sleep(0.5)
    call.press("42")
    await scene.until("the agent's phone hears them", lambda: scene.device("1002").last.keys == "42")

    async def told() -> bool:
        return progress(await scene.story(contact), "dtmf") == ["1", "1"]

    await scene.asked("how many keys, not which", told)
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_a_message_when_nobody_is_at_work(scene: Scene) -> None:
    call = scene.dial(HOTLINE)
    call.until("CONFIRMED")
    await asyncio.sleep(4)
    call.hang_up()

    async def left() -> dict[str, Any] | None:
        for row in await contacts(scene.service):
            found = await scene.story(row["id"])
            if row["id"] not in scene.known and found["context"].get("voicemail"):
                return found
        return None

    message = (await scene.asked("a contact with a message", left))["context"]["voicemail"]
    assert 2 <= message["seconds"] <= 5
    assert len(await scene.fetch(message["recording"])) > 16000 * 2


async def test_a_complaint_by_keys_in_cantonese(scene: Scene) -> None:
    desk = await scene.at_work("a1002", "1002")
    scene.device("1002").answers_after_s = 0.2
    # Nobody who has just left a message: until that is settled he would be asked about it.
    call = scene.dial(TOLL_FREE, caller="13900001235")
    call.until("CONFIRMED")
    for key in "22":
        await asyncio.sleep(0.8)
        call.press(key)
    contact = await scene.contact()
    await seen(desk, lambda state: state.owns(contact))
    found = await scene.story(contact)
    assert (found["contact"]["language"], found["contact"]["complaint"]) == ("yue", True)
    assert found["ivr"]["path"] == ["welcome=yue", "choices=sorry", "sorry=complaint"]
    assert await flows(call) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()
