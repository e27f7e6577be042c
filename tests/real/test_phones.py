"""What agents' phones do on their own: redirect, answer late or never, hold, transfer, move."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from conftest import Scene, flows, kinds
from floor import seen
from places import ELSEWHERE
from wire import ALAW, G729, Message, Peer, peer

HOTLINE = "4000000101"


def ends(story: dict[str, Any]) -> list[tuple[str, str]]:
    found = [fact["data"] for fact in story["facts"] if fact["kind"] == "offer.ended"]
    return [(each["outcome"], each.get("reason", "")) for each in found]


async def rung(scene: Scene, phone: Peer, endpoint: str = "floor") -> tuple[Any, str, Message]:
    """A caller, his contact, and the INVITE that this hand-made phone of the only agent got."""
    await scene.at_work("a1002", f"PJSIP/{endpoint}/sip:x@{phone.host}:{phone.port}")
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    return call, contact, await phone.asked("INVITE")


# --- how they refuse ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("code", [480, 486, 600, 603])
async def test_do_not_disturb_passes_the_call_on(scene: Scene, code: int) -> None:
    await scene.at_work("a1002", "1002")
    scene.device("1002").refuses = code
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    await scene.until("1002 has refused", lambda: scene.device("1002").calls)
    scene.device("1003").answers_after_s = 0.1
    await scene.at_work("a1003", "1003")
    call.until("CONFIRMED")
    call.hang_up()
    found = ends(await scene.state(contact, "ended"))
    assert found[0] == {480: ("unreachable", "unreachable"), 603: ("declined", "device")}.get(
        code, ("unreachable", "busy")
    )
    assert found[-1] == ("accepted", "")
    await scene.clean()


async def test_early_media_and_then_busy(scene: Scene) -> None:
    await scene.at_work("a1002", "1002")
    scene.device("1002").says = 183
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    await scene.until("1002 plays its tone", lambda: scene.device("1002").ringing)
    scene.device("1002").last.hang_up(486)

    async def told() -> bool:
        return ("unreachable", "busy") in ends(await scene.story(contact))

    await scene.asked("it was busy", told)
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_a_redirect_leads_nowhere(scene: Scene) -> None:
    """A device's forward must not carry our caller away."""
    async with peer(ELSEWHERE) as phone:
        call, contact, invite = await rung(scene, phone)
        phone.reply(invite, "302 Moved Temporarily", contact="sip:4000000102@127.0.0.1")
        await phone.asked("ACK")

        async def told() -> bool:
            return bool(ends(await scene.story(contact)))

        await scene.asked("the offer is over", told)
        assert ends(await scene.story(contact))[0] == ("unreachable", "unreachable")
        call.hang_up()
        await scene.state(contact, "ended")
    await scene.clean()


async def test_a_phone_that_says_nothing_at_all(scene: Scene) -> None:
    """The next one rings at its time; when he who waits gives up nothing stays behind."""
    async with peer(ELSEWHERE) as phone:
        call, contact, _ = await rung(scene, phone)
        await scene.at_work("a1003", "1003")
        await scene.until("1003 rings", lambda: scene.device("1003").ringing)
        call.hang_up()
        await scene.state(contact, "ended")
        await scene.until("1003 is quiet", lambda: not scene.device("1003").ringing, 3)
        await scene.clean()


# --- how they answer ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("meanwhile", ["caller_gone", "answered_elsewhere"])
async def test_a_late_answer_is_let_go(scene: Scene, meanwhile: str) -> None:
    """The 200 OK crosses our CANCEL."""
    async with peer(ELSEWHERE) as phone:
        call, contact, invite = await rung(scene, phone)
        phone.reply(invite, "180 Ringing")
        if meanwhile == "caller_gone":
            call.hang_up()
        else:
            scene.device("1003").answers_after_s = 0.1
            await scene.at_work("a1003", "1003")
        cancel = await phone.asked("CANCEL")
        phone.reply(invite, "200 OK", sound=ALAW)
        phone.reply(cancel, "200 OK")
        await phone.asked("ACK")
        bye = await phone.asked("BYE")
        phone.reply(bye, "200 OK")
        if meanwhile == "answered_elsewhere":
            await scene.state(contact, "active")
            call.until("CONFIRMED")
            assert await flows(call) > 30
            call.hang_up()
        found = await scene.state(contact, "ended")
        assert kinds(found).count("contact.assigned") == (meanwhile == "answered_elsewhere")
        await scene.clean()


async def test_a_phone_that_answers_in_a_codec_nobody_offered(scene: Scene) -> None:
    async with peer(ELSEWHERE) as phone:
        call, contact, invite = await rung(scene, phone)
        phone.reply(invite, "180 Ringing")
        phone.reply(invite, "200 OK", sound=G729)
        await phone.asked("ACK")
        bye = await phone.asked("BYE")
        phone.reply(bye, "200 OK")

        async def told() -> bool:
            return bool(ends(await scene.story(contact)))

        await scene.asked("the offer is over", told)
        assert ends(await scene.story(contact))[0][0] != "accepted"
        call.hang_up()
        await scene.state(contact, "ended")
        await scene.clean()


async def test_a_phone_that_dies_in_the_talk(scene: Scene) -> None:
    """Without a BYE. `rtp_timeout` notices; the caller is let go as after the agent's own hang-up."""
    async with peer(ELSEWHERE) as phone:
        call, contact, invite = await rung(scene, phone, "heard")
        phone.reply(invite, "200 OK", sound=ALAW)
        call.until("CONFIRMED")
    found = await scene.state(contact, "ended")
    call.until("DISCONNECTED")
    assert (found["contact"]["outcome"], found["contact"]["released_by"]) == ("finished", "agent")
    await scene.clean()


async def test_a_phone_that_moved_while_it_rang(scene: Scene) -> None:
    """It rings on where it was; the next call reaches it where it is now."""
    await scene.at_work("a1002", "1007")
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    device = scene.device("1007")
    await scene.until("1007 rings", lambda: device.ringing)
    scene.place.phones.move("1007", ELSEWHERE)
    device.last.answer()
    call.until("CONFIRMED")
    call.hang_up()
    await scene.state(contact, "ended")
    device.answers_after_s = 0.1
    again = scene.dial(HOTLINE)
    second = await scene.contact()
    again.until("CONFIRMED")
    assert ELSEWHERE in scene.place.phones.ask(lambda: device.last.getInfo().localContact)
    again.hang_up()
    await scene.state(second, "ended")
    await scene.clean()


# --- their own keys -------------------------------------------------------------------------------------------


async def test_the_phones_own_hold(scene: Scene) -> None:
    call, contact = await scene.talk()
    device = scene.device("1002").last
    device.hold(True)

    def told() -> Any:
        async def facts() -> list[str]:
            found = await scene.story(contact)
            return [fact["data"]["what"] for fact in found["facts"] if fact["kind"] == "call.progress"]

        return facts()

    async def held() -> bool:
        return await told() == ["held"]

    async def resumed() -> bool:
        return await told() == ["held", "resumed"]

    await scene.asked("it is held", held)
    assert await flows(call) > 30, "music"
    device.hold(False)
    await scene.asked("it is resumed", resumed)
    assert await flows(call) > 30
    assert await flows(device) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


@pytest.mark.parametrize("who", ["agent", "caller"])
async def test_a_transfer_by_the_phone_is_refused(scene: Scene, who: str) -> None:
    """Blind transfer does not exist: the talk goes on."""
    call, contact = await scene.talk()
    device = scene.device("1002").last
    (device if who == "agent" else call).refer(f"sip:8000000102@127.0.0.1:{scene.pbx.sip_port}")
    await asyncio.sleep(2)
    assert await flows(call) > 30
    assert await flows(device) > 30
    await seen(scene.desks["a1002"], lambda state: state.owns(contact))
    assert len(scene.pbx.channels()) == 2
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()
