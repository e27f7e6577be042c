"""What goes wrong around calls: our process killed, Asterisk killed, stopped, reloaded, its application stolen."""

from __future__ import annotations

import asyncio
from base64 import b64encode

from asterisk import MUSIC, PASSWORD
from conftest import Scene, connected, flows
from floor import seen
from process import eventually
from websockets.asyncio.client import connect

HOTLINE = "4000000101"


async def back(scene: Scene) -> None:
    await eventually("the service is on Asterisk again", lambda: connected(scene.place))


async def serves(scene: Scene) -> None:
    """A new call finds its agent."""
    scene.device("1002").answers_after_s = 0.1
    call = scene.dial(HOTLINE)
    call.until("CONFIRMED")
    contact = await scene.contact()
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_the_service_is_killed_while_one_talks_and_one_rings(scene: Scene) -> None:
    call, contact = await scene.talk()
    await scene.at_work("a1003", "1003")
    second = scene.dial(HOTLINE, "13900002222")
    ringing = await scene.contact()
    await scene.until("1003 rings", lambda: scene.device("1003").ringing)
    scene.service.kill()
    await asyncio.sleep(1)
    assert await flows(call) > 30, "they do not notice"
    assert scene.device("1003").ringing
    scene.place.service = scene.place.home.start()
    await back(scene)
    assert await flows(call) > 30
    assert scene.device("1003").ringing, "goes on, and is not rung anew"
    assert len(scene.device("1003").calls) == 1
    scene.device("1003").last.answer()
    second.until("CONFIRMED")
    await seen(scene.desks["a1003"], lambda state: state.owns(ringing))
    await seen(scene.desks["a1002"], lambda state: state.owns(contact))
    call.hang_up()
    second.hang_up()
    await scene.state(contact, "ended")
    await scene.state(ringing, "ended")
    await scene.clean()


async def test_a_call_ends_while_the_service_is_away(scene: Scene) -> None:
    call, contact = await scene.talk()
    scene.service.kill()
    call.hang_up()
    await asyncio.sleep(0.5)
    assert scene.device("1002").talking, "nobody tells the agent's phone"
    scene.place.service = scene.place.home.start()
    found = await scene.state(contact, "ended")
    scene.device("1002").last.until("DISCONNECTED", 5)
    assert (found["contact"]["outcome"], found["contact"]["released_by"]) == ("finished", "platform")
    await scene.clean()


async def test_a_caller_who_comes_meanwhile_gets_the_dialplans_own_answer(scene: Scene) -> None:
    await scene.at_work("a1002", "1002")
    scene.service.kill()
    call = scene.dial(HOTLINE)
    call.until("CONFIRMED")
    call.hang_up()
    scene.place.service = scene.place.home.start()
    await back(scene)
    await seen(scene.desks["a1002"], lambda state: state.presence.state == "ready")
    await serves(scene)


async def test_asterisk_is_killed(scene: Scene) -> None:
    call, contact = await scene.talk()
    scene.pbx.kill()
    await asyncio.sleep(1)
    scene.pbx.start()
    await back(scene)
    found = await scene.state(contact, "ended")
    assert found["contact"]["outcome"] == "finished"
    call.hang_up()
    scene.device("1002").last.hang_up()
    for name in scene.place.phones.devices:
        scene.place.phones.renew(name)
    await scene.until("the phones gave up", lambda: call.over and not scene.device("1002").talking)
    await serves(scene)


async def test_asterisk_stands_still_for_a_while(scene: Scene) -> None:
    """Longer than the websocket's pings may go unanswered."""
    call, contact = await scene.talk()
    scene.pbx.pause(True)
    await asyncio.sleep(14)
    scene.pbx.pause(False)
    await asyncio.sleep(1)
    await back(scene)
    assert await flows(call) > 30
    await seen(scene.desks["a1002"], lambda state: state.owns(contact))
    call.hang_up()
    await scene.state(contact, "ended")
    await scene.clean()


async def test_all_is_hung_up_from_the_console(scene: Scene) -> None:
    call, contact = await scene.talk()
    scene.pbx.console("channel request hangup all")
    call.until("DISCONNECTED", 5)
    await scene.state(contact, "ended")
    await scene.clean()


async def test_another_client_takes_the_application_for_a_moment(scene: Scene) -> None:
    call, contact = await scene.talk()
    token = b64encode(f"cc:{PASSWORD}".encode()).decode()
    address = scene.pbx.base.replace("http", "ws") + "/events?app=contactcenter"
    async with connect(address, additional_headers={"authorization": f"Basic {token}"}):
        await asyncio.sleep(1)
        call.hang_up()
        await asyncio.sleep(0.5)
    await scene.state(contact, "ended", seconds=10)
    await scene.clean()
    await serves(scene)


async def test_asterisk_is_reloaded(scene: Scene) -> None:
    call, contact = await scene.talk()
    scene.pbx.console("core reload")
    await asyncio.sleep(1)
    assert await flows(call) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    await serves(scene)


async def test_asterisk_restarts_in_a_ringing_call(scene: Scene) -> None:
    """`core restart now`: the same process, and nothing of its calls."""
    await scene.at_work("a1002", "1002")
    call = scene.dial(HOTLINE)
    contact = await scene.contact()
    await scene.until("1002 rings", lambda: scene.device("1002").ringing)
    scene.pbx.console("core restart now")
    await scene.until("it is gone", lambda: not scene.pbx.get("/asterisk/info"))
    found = await scene.state(contact, "ended", seconds=30)
    assert found["contact"]["outcome"] == "abandoned"
    await back(scene)
    call.hang_up()
    for name in scene.place.phones.devices:
        scene.place.phones.renew(name)
    await scene.until("the phone is quiet", lambda: not scene.device("1002").ringing)
    await serves(scene)


async def test_without_music_on_hold_they_talk_all_the_same(scene: Scene) -> None:
    """The class that `music` names is missing."""
    scene.pbx.write("musiconhold.conf", "[other]\nmode=files\ndirectory=nowhere\n")
    scene.pbx.console("moh reload")
    call, contact = await scene.talk()
    desk = scene.desks["a1002"]
    await desk.hold(contact)
    await asyncio.sleep(0.5)
    await desk.resume(contact)
    await asyncio.sleep(0.5)
    assert await flows(call) > 30
    call.hang_up()
    await scene.state(contact, "ended")
    scene.pbx.write("musiconhold.conf", MUSIC)
    scene.pbx.console("moh reload")
    await scene.clean()
