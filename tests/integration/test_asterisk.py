"""Calls on an Asterisk that speaks the real wire format, through everything that happens to calls."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest
from ari.emulator import Emulator, emulator
from ari.floor import Desk, Floor, adapter, board_of, floor, now
from ari.pulse import until
from ari.world import Device

from channels.port import ChannelDown, IntakeBusy, Receipt, UnknownDoor
from channels.verbs import Answer, Caller, Exit, Gather, Heard, Note, Outcome, Record, Say, Turn

FIRST, SECOND = "ct_1/1/a1", "ct_1/2/a2"


@pytest.fixture
async def pbx() -> AsyncIterator[Floor]:
    async with floor() as up:
        up.emulator.world.devices |= {"a1": Device(), "a2": Device()}
        yield up


async def talk(pbx: Floor, offer: str = FIRST) -> str:
    """A call that talks with the agent of the offer."""
    call = await pbx.arrived()
    await pbx.asterisk.send(pbx.ring(call, offer))
    await until(lambda: pbx.desk.of("call.alerting", offer=offer))
    pbx.emulator.world.pick_up(offer.rpartition("/")[2])
    await until(lambda: len(pbx.emulator.world.inside(f"cc:bridge:{call}")) == 2)
    return call


# --- the plain call -----------------------------------------------------------------------------


async def test_a_caller_hears_ringing_until_an_agent_answers(pbx: Floor) -> None:
    call = await pbx.arrived()
    await until(lambda: pbx.emulator.asked_for("POST", f"{call}/ring"))
    assert pbx.emulator.world.channels[call].state == "Ring"
    await pbx.asterisk.send(pbx.ring(call))
    await until(lambda: pbx.desk.of("call.alerting", offer=FIRST))
    assert pbx.emulator.world.channels[call].state == "Ring"
    pbx.emulator.world.pick_up("a1")
    await until(lambda: len(pbx.emulator.world.inside(f"cc:bridge:{call}")) == 2)
    assert pbx.emulator.world.channels[call].state == "Up"
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()
    assert [each.__struct_config__.tag for each in pbx.desk.heard] == [
        "call.offered", "call.alerting", "call.answered", "call.released",
    ]  # fmt: skip
    assert pbx.desk.ends(call)[0].by == "customer"


async def test_the_bridge_keeps_keys(pbx: Floor) -> None:
    call = await talk(pbx)
    assert pbx.emulator.world.bridges == {f"cc:bridge:{call}": "mixing,dtmf_events"}
    pbx.emulator.world.press(call, "42")
    await until(lambda: len(pbx.desk.of("call.progress", what="dtmf")) == 2)


async def test_an_agent_who_hangs_up_is_told_and_the_call_ends_by_him(pbx: Floor) -> None:
    call = await talk(pbx)
    pbx.emulator.world.hang_up(f"cc:leg:{call}:ct_1~11~1a1", cause=16)
    await until(lambda: pbx.desk.of("call.released", leg="agent", by="agent", offer=FIRST))
    assert call in pbx.emulator.world.channels
    await pbx.order("hang_up", call, agent="1")
    await pbx.all_quiet()
    assert pbx.desk.ends(call)[0].by == "agent"


# --- how a device ends without an answer --------------------------------------------------------


@pytest.mark.parametrize(
    ("device", "cause", "reached"),
    [
        (Device("busy"), "busy", True),
        (Device("declines"), "declined", True),
        (Device("gives_up"), "declined", True),
        (Device("dead"), "unreachable", False),
        (Device(), "no_answer", True),
        (None, "unreachable", False),
    ],
)
@pytest.mark.parametrize("old", [False, True])
async def test_why_a_device_was_not_answered(device: Device | None, cause: str, reached: bool, old: bool) -> None:
    async with floor() as pbx:
        pbx.emulator.old_version = old
        if device is not None:
            pbx.emulator.world.devices["a1"] = device
        call = await pbx.arrived()
        # A phone that refuses does so well before the ring is over, however busy the machine is.
        await pbx.asterisk.send(pbx.ring(call, lasts=5.0 if cause in ("busy", "declined") else 0.15))
        await until(lambda: pbx.desk.of("call.released", leg="agent"))
        told = pbx.desk.of("call.released", leg="agent")
        assert [(each.cause, each.reached, each.offer) for each in told] == [(cause, reached, FIRST)]  # type: ignore[union-attr]
        pbx.emulator.world.hang_up(call)
        await pbx.all_quiet()


async def test_a_device_that_never_rings_is_unreachable_before_its_offer_is_over(pbx: Floor) -> None:
    """Later the offer's own clock has said `no_answer`, and the agent pays for a dead phone (domain: three rings)."""
    pbx.emulator.world.devices["a1"] = Device("dead")
    call = await pbx.arrived()
    ring = pbx.ring(call, FIRST, lasts=1.3)
    await pbx.asterisk.send(ring)
    await until(lambda: pbx.desk.of("call.released", offer=FIRST))
    assert now() < ring.not_after
    (ended,) = pbx.desk.of("call.released", offer=FIRST)
    assert (ended.cause, ended.reached) == ("unreachable", False)  # type: ignore[union-attr]
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()


async def test_a_repeated_ring_rings_once_and_a_stop_may_come_first(pbx: Floor) -> None:
    call = await pbx.arrived()
    ring = pbx.ring(call)
    assert await pbx.asterisk.send(ring) == "rings"
    assert await pbx.asterisk.send(ring) == "rings already"
    await pbx.order("stop_ringing", call, SECOND)
    assert await pbx.asterisk.send(pbx.ring(call, SECOND)) == "stopped before it rang"
    await until(lambda: pbx.desk.of("call.alerting"))
    assert len(pbx.emulator.asked_for("POST", "/channels")) == 1


async def test_a_caller_who_gives_up_ends_the_ringing(pbx: Floor) -> None:
    call = await pbx.arrived()
    await pbx.asterisk.send(pbx.ring(call))
    await until(lambda: pbx.desk.of("call.alerting"))
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()
    assert pbx.desk.ends(call)[0].cause == "127/487"
    assert not pbx.desk.of("call.answered")


# --- races --------------------------------------------------------------------------------------


async def test_an_answer_that_meets_the_callers_end_is_released(pbx: Floor) -> None:
    call = await pbx.arrived()
    await pbx.asterisk.send(pbx.ring(call))
    await until(lambda: pbx.desk.of("call.alerting"))
    pbx.emulator.world.hang_up(call)
    pbx.emulator.world.pick_up("a1")
    await pbx.all_quiet()
    assert not pbx.desk.of("call.answered")


async def test_of_two_who_answer_at_once_one_has_the_caller(pbx: Floor) -> None:
    call = await pbx.arrived()
    for offer in (FIRST, SECOND):
        await pbx.asterisk.send(pbx.ring(call, offer))
    await until(lambda: len(pbx.desk.of("call.alerting")) == 2)
    pbx.emulator.world.pick_up("a2")
    pbx.emulator.world.pick_up("a1")
    await until(lambda: pbx.desk.of("call.released", leg="agent"))
    assert [each.offer for each in pbx.desk.of("call.answered")] == [SECOND]  # type: ignore[union-attr]
    assert [(each.offer, each.cause) for each in pbx.desk.of("call.released")] == [(FIRST, "withdrawn")]  # type: ignore[union-attr]
    await until(lambda: len(pbx.emulator.world.inside(f"cc:bridge:{call}")) == 2)
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()
    assert set(pbx.emulator.world.most_agents.values()) == {1}


async def test_a_stop_that_comes_after_the_answer_does_not_cut_the_talk(pbx: Floor) -> None:
    call = await talk(pbx)
    assert await pbx.order("stop_ringing", call, FIRST) == "it has answered"
    assert len(pbx.emulator.world.inside(f"cc:bridge:{call}")) == 2


# --- hold, transfer, recording ------------------------------------------------------------------


async def test_a_held_caller_hears_music_and_comes_back(pbx: Floor) -> None:
    call = await talk(pbx)
    await pbx.order("hold", call)
    await until(lambda: pbx.emulator.asked_for("POST", f"{call}/moh"))
    assert call not in pbx.emulator.world.inside(f"cc:bridge:{call}")
    await pbx.order("resume", call)
    await until(lambda: call in pbx.emulator.world.inside(f"cc:bridge:{call}"))
    assert [each.what for each in pbx.desk.of("call.progress")] == ["held", "resumed"]  # type: ignore[union-attr]
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()


async def test_the_phones_own_hold_is_a_fact(pbx: Floor) -> None:
    call = await talk(pbx)
    for held in (True, False):
        pbx.emulator.world.hold(f"cc:leg:{call}:ct_1~11~1a1", held=held)
    await until(lambda: len(pbx.desk.of("call.progress")) == 2)
    assert [each.what for each in pbx.desk.of("call.progress")] == ["held", "resumed"]  # type: ignore[union-attr]
    assert sorted(pbx.emulator.world.inside(f"cc:bridge:{call}")) == sorted([call, f"cc:leg:{call}:ct_1~11~1a1"])


@pytest.mark.parametrize("joined", [True, False])
async def test_a_warm_transfer(pbx: Floor, joined: bool) -> None:
    call = await talk(pbx)
    bridge, consulted = f"cc:bridge:{call}", f"cc:leg:{call}:ct_1~12~1a2"
    await pbx.order("consult", call, SECOND, device="a2")
    await until(lambda: pbx.desk.of("call.alerting", offer=SECOND))
    pbx.emulator.world.pick_up("a2")
    await until(lambda: consulted in pbx.emulator.world.inside(bridge))
    assert call not in pbx.emulator.world.inside(bridge)
    await pbx.order("join" if joined else "leave", call, SECOND)
    await until(lambda: len(pbx.emulator.world.inside(bridge)) == 2 and call in pbx.emulator.world.inside(bridge))
    assert (consulted in pbx.emulator.world.inside(bridge)) is joined
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()


async def test_a_talk_is_recorded_paused_and_kept(pbx: Floor) -> None:
    call = await talk(pbx)
    for verb in ("record", "pause_record", "record", "stop_record"):
        await pbx.order(verb, call)
    await until(lambda: f"cc-{call}-1" in pbx.emulator.world.stored)
    verbs = [(method, path.split("/", 3)[-1]) for _, method, path, _ in pbx.emulator.requests if "/live/" in path]
    name = f"cc-{call}-1"
    assert verbs == [("POST", f"{name}/pause"), ("DELETE", f"{name}/pause"), ("POST", f"{name}/stop")]
    assert pbx.desk.of("call.progress")[0].value == f"http://pbx/ari/recordings/stored/{name}/file"  # type: ignore[union-attr]


async def test_a_recording_that_ends_with_the_call_is_known(pbx: Floor) -> None:
    call = await talk(pbx)
    await pbx.order("record", call)
    await until(lambda: pbx.desk.of("call.progress", what="recording"))
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()
    told = [each.value for each in pbx.desk.of("call.progress", what="recording")]  # type: ignore[union-attr]
    assert told == [f"http://pbx/ari/recordings/stored/cc-{call}-1/file"]
    assert f"cc-{call}-1" in pbx.emulator.world.stored


async def test_a_recording_that_asterisk_refuses_is_told_and_may_be_asked_again(pbx: Floor) -> None:
    call = await talk(pbx)
    pbx.emulator.fail = lambda method, path: 500 if path.endswith("/record") else 0
    await pbx.order("record", call)
    await until(lambda: pbx.desk.of("call.progress", what="recording_failed"))
    pbx.emulator.fail = lambda method, path: 0
    assert await pbx.order("record", call) == "records"
    await until(lambda: pbx.desk.of("call.progress", what="recording"))


async def test_a_device_that_rings_with_the_carriers_tone_was_reached(pbx: Floor) -> None:
    pbx.emulator.world.devices["a1"] = Device("progress")
    call = await pbx.arrived()
    await pbx.asterisk.send(pbx.ring(call, lasts=0.3))
    await until(lambda: pbx.desk.of("call.alerting", offer=FIRST))
    await until(lambda: pbx.desk.of("call.released", offer=FIRST))
    end = pbx.desk.of("call.released", offer=FIRST)[0]
    assert (end.cause, end.reached) == ("no_answer", True)  # type: ignore[union-attr]
    pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()


# --- words --------------------------------------------------------------------------------------


class Menu:
    """One flow: a key for the member number, then the queue (1), a message (2) or a callback (3)."""

    def begin(self, caller: Caller, now: int) -> Turn | None:
        ask = Gather(say=(Say("press", "zh-CN", media="menu"),), most=1, timeout=100_000)
        return Turn(state=b"menu", verb=ask) if not caller.why else None

    def go_on(self, state: bytes, answer: Answer, now: int) -> Turn:
        if state == b"message" and answer.what is not Heard.MESSAGE:
            return Turn(state=b"", outcome=Outcome(exit=Exit.HANG_UP))
        if state == b"message":
            said = Outcome(exit=Exit.VOICEMAIL, recording=answer.value, seconds=answer.length // 1_000_000)
            return Turn(state=b"", outcome=said)
        if answer.value == "2":
            return Turn(state=b"message", verb=Record(say=()))
        if answer.value == "4":
            return Turn(state=b"", outcome=Outcome(exit=Exit.CANCEL_CALLBACK))
        if answer.value == "3":
            return Turn(state=b"", outcome=Outcome(exit=Exit.CALLBACK))
        queue = Outcome(exit=Exit.QUEUE, language="yue", member=answer.value or answer.what)
        return Turn(state=b"", outcome=queue, notes=(Note("ivr.menu", "queue"),))

    def waiting(self, caller: Caller, receipt: Receipt, now: int) -> tuple[Say, ...]:
        return ()


@pytest.fixture
async def menu() -> AsyncIterator[Floor]:
    async with floor(Menu()) as up:
        up.emulator.world.devices |= {"a1": Device()}
        yield up


async def asked(menu: Floor) -> str:
    call = menu.emulator.world.call()
    await until(lambda: menu.emulator.asked_for("POST", f"{call}/play"))
    return call


async def test_a_flow_picks_up_listens_and_queues(menu: Floor) -> None:
    call = await asked(menu)
    menu.emulator.world.press(call, "1")
    await until(lambda: menu.desk.of("call.offered"))
    offered = menu.desk.of("call.offered")[0]
    assert (offered.alerting, offered.language, offered.member) == (False, "yue", "1")  # type: ignore[union-attr]
    assert menu.emulator.world.channels[call].state == "Up"
    await until(lambda: menu.emulator.asked_for("POST", f"{call}/moh"))
    await menu.asterisk.send(menu.ring(call))
    await until(lambda: menu.desk.of("call.alerting"))
    menu.emulator.world.pick_up("a1")
    await until(lambda: len(menu.emulator.world.inside(f"cc:bridge:{call}")) == 2)
    menu.emulator.world.hang_up(call)
    await menu.all_quiet()


async def test_no_key_in_time_is_an_answer_too(menu: Floor) -> None:
    await asked(menu)
    await until(lambda: menu.desk.of("call.offered"))
    assert menu.desk.of("call.offered")[0].member == Heard.NOTHING  # type: ignore[union-attr]


async def speaks(menu: Floor, *, seconds: int) -> str:
    """A caller who leaves a message, so long after the beep."""
    call = await asked(menu)
    menu.emulator.world.press(call, "2")
    await until(lambda: menu.emulator.world.recordings)
    await until(lambda: not menu.asterisk.busy)
    menu.clock.ahead += seconds * 1_000_000
    return call


async def test_a_message_is_kept_when_the_caller_just_hangs_up(menu: Floor) -> None:
    call = await speaks(menu, seconds=4)
    menu.emulator.world.hang_up(call, cause=16)
    await until(lambda: menu.desk.of("voicemail.left"))
    left = menu.desk.of("voicemail.left")[0]
    assert left.recording == f"http://pbx/ari/recordings/stored/cc-{call}-2/file"  # type: ignore[union-attr]
    assert left.seconds == 4  # type: ignore[union-attr]
    await menu.all_quiet()


@pytest.mark.parametrize("stays", [False, True])
async def test_a_message_of_nothing_is_none(menu: Floor, stays: bool) -> None:
    """Hung up on the beep, or a key at once: nobody is to call back for it, and nothing of it is kept."""
    call = await speaks(menu, seconds=0)
    if stays:
        menu.emulator.world.finish_recording(f"cc-{call}-2", 0)
    else:
        menu.emulator.world.hang_up(call, cause=16)
    await until(lambda: menu.emulator.asked_for("DELETE", f"cc-{call}-2") and not menu.emulator.world.stored)
    await menu.all_quiet()
    assert not menu.desk.of("voicemail.left")


async def test_a_message_whose_end_was_lost_is_looked_for(menu: Floor) -> None:
    menu.emulator.lose = lambda event: event["type"] == "RecordingFinished"
    call = await speaks(menu, seconds=4)
    menu.emulator.world.hang_up(call, cause=16)
    await until(lambda: menu.desk.of("voicemail.left"))
    await menu.all_quiet()


async def test_a_caller_who_cancels_hears_what_came_of_it_before_the_end(menu: Floor) -> None:
    call = await asked(menu)
    menu.emulator.world.press(call, "4")
    await until(lambda: menu.desk.of("callback.cancelled", number="13900001111", call=call))
    await menu.all_quiet()


async def test_a_wish_for_a_callback_ends_the_call(menu: Floor) -> None:
    call = await asked(menu)
    menu.emulator.world.press(call, "3")
    await until(lambda: menu.desk.of("callback.requested", number="13900001111", call=call))
    await menu.all_quiet()


@pytest.mark.parametrize("treatment", ["voicemail", "callback", "ivr", "hang_up"])
async def test_a_call_that_no_agent_takes_is_treated_and_ends(treatment: str, caplog: pytest.LogCaptureFixture) -> None:
    async with floor() as pbx:
        pbx.desk.receipt = Receipt("ct_1", instruction=treatment, text="all seats in use", language="en")
        call = pbx.emulator.world.call()
        await until(lambda: pbx.desk.ends(call))
        await pbx.all_quiet()
        assert bool(pbx.desk.of("callback.requested")) is (treatment == "callback")
        assert ("all seats in use" in caplog.text) is (treatment != "hang_up")


# --- the house says no --------------------------------------------------------------------------


async def test_an_unknown_line_goes_back_to_the_dialplan() -> None:
    async with floor() as pbx:
        pbx.desk.refuse = [UnknownDoor("no line")]
        call = pbx.emulator.world.call("999")
        await until(lambda: call in pbx.emulator.world.fallback)


async def test_a_busy_house_is_asked_again(pbx: Floor) -> None:
    pbx.desk.refuse = [IntakeBusy("later")]
    await pbx.arrived()


# --- the connection -----------------------------------------------------------------------------


async def test_a_booting_asterisk_is_waited_for() -> None:
    async with emulator() as (found, address):
        found.boots = 5
        async with adapter(found, address, Desk(), board_of()) as pbx:
            await pbx.arrived()


async def test_without_a_connection_commands_come_again(pbx: Floor) -> None:
    call = await pbx.arrived()
    await pbx.emulator.drop()
    await until(lambda: not pbx.asterisk.ready.is_set())
    with pytest.raises(ChannelDown):
        await pbx.asterisk.send(pbx.ring(call))


async def test_a_second_client_takes_over_and_the_first_stops(pbx: Floor) -> None:
    port = pbx.emulator.connections
    async with __import__("aiohttp").ClientSession() as http:
        url = pbx.asterisk._link._address
        await http.ws_connect(url, headers={"authorization": "Basic Y2M6c2VjcmV0"})
        await until(lambda: not pbx.asterisk.ready.is_set())
        assert pbx.emulator.connections == port + 1


async def test_a_connection_that_stands_and_is_deaf_is_made_anew() -> None:
    """Asterisk may forget whom its application belongs to; a call that came meanwhile is found."""
    async with emulator() as (found, address):
        desk = Desk()
        async with adapter(found, address, desk, board_of(), proof_s=0.05) as pbx:
            await until(lambda: len(found.asked_for("POST", "/contactcenter-hears")) > 2)
            assert found.connections == 1
            found.lose = lambda event: True
            call = found.world.call()
            await until(lambda: found.connections > 1)
            found.lose = lambda event: False
            await until(lambda: desk.of("call.offered", call=call))
            found.world.hang_up(call)
            await pbx.all_quiet()


STATES = ["ringing", "alerting", "talking", "held"]


async def reach(pbx: Floor, state: str) -> str:
    if state in ("talking", "held"):
        call = await talk(pbx)
        if state == "held":
            await pbx.order("hold", call)
            await until(lambda: call not in pbx.emulator.world.inside(f"cc:bridge:{call}"))
        return call
    call = await pbx.arrived()
    if state == "alerting":
        await pbx.asterisk.send(pbx.ring(call))
        await until(lambda: pbx.desk.of("call.alerting"))
    return call


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ends_meanwhile", [True, False])
async def test_the_websocket_drops_in_every_state(pbx: Floor, state: str, ends_meanwhile: bool) -> None:
    call = await reach(pbx, state)
    await pbx.emulator.drop()
    if ends_meanwhile:
        pbx.emulator.world.hang_up(call)
    await until(lambda: pbx.emulator.connections > 1 and pbx.asterisk.ready.is_set())
    if not ends_meanwhile:
        pbx.emulator.world.hang_up(call)
    await pbx.all_quiet()


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("ends_meanwhile", [True, False])
async def test_our_process_is_killed_in_every_state(state: str, ends_meanwhile: bool) -> None:
    async with emulator() as (found, address):
        found.world.devices |= {"a1": Device(), "a2": Device()}
        desk = Desk()
        async with adapter(found, address, desk, board_of()) as first:
            call = await reach(first, state)
        await until(lambda: found.socket is None)
        if ends_meanwhile:
            found.world.hang_up(call)
        async with adapter(found, address, desk, board_of()) as second:
            if not ends_meanwhile:
                await goes_on(second, call, state)
                found.world.hang_up(call)
            await until(lambda: desk.ends(call))
            await second.all_quiet()
    assert all(not leg.talking for leg in desk.calls[call].legs) or desk.calls[call].released


async def goes_on(pbx: Floor, call: str, state: str) -> None:
    """The next process has the call where the last one left it."""
    bridge = f"cc:bridge:{call}"
    if state == "alerting":
        pbx.emulator.world.pick_up("a1")
    if state in ("alerting", "talking"):
        await until(lambda: len(pbx.emulator.world.inside(bridge)) == 2)
        assert pbx.board.calls[call].winner == FIRST


@pytest.mark.parametrize("then", ["resume", "join", "leave"])
async def test_a_caller_on_hold_and_a_consult_survive_our_death(then: str) -> None:
    """He would hear what is not meant for him, and the consulted agent, or the first, would be cut off."""
    async with emulator() as (found, address):
        found.world.devices |= {"a1": Device(), "a2": Device()}
        desk = Desk()
        async with adapter(found, address, desk, board_of()) as first:
            call = await talk(first)
            bridge, legs = f"cc:bridge:{call}", [f"cc:leg:{call}:ct_1~1{n}~1a{n}" for n in (1, 2)]
            await (first.order("hold", call) if then == "resume" else consult(first, call))
            inside = legs[:1] if then == "resume" else legs
            await until(lambda: sorted(found.world.inside(bridge)) == inside)
        await until(lambda: found.socket is None)
        async with adapter(found, address, desk, board_of()) as second:
            await until(lambda: not second.asterisk.busy)
            assert sorted(found.world.inside(bridge)) == inside
            await second.order(then, call, "" if then == "resume" else SECOND)
            stays = legs[1] if then == "join" else legs[0]
            await until(lambda: sorted(found.world.inside(bridge)) == sorted([call, stays]))
            found.world.hang_up(call)
            await second.all_quiet()


async def consult(pbx: Floor, call: str) -> None:
    await pbx.order("consult", call, SECOND, device="a2")
    await until(lambda: pbx.desk.of("call.alerting", offer=SECOND))
    pbx.emulator.world.pick_up("a2")


async def test_a_recording_can_be_paused_after_our_death() -> None:
    """A card number that is said then must not be in it."""
    async with emulator() as (found, address):
        found.world.devices["a1"] = Device()
        desk = Desk()
        async with adapter(found, address, desk, board_of()) as first:
            call = await talk(first)
            await first.order("record", call)
            await until(lambda: desk.of("call.progress", what="recording"))
        await until(lambda: found.socket is None)
        async with adapter(found, address, desk, board_of()) as second:
            await until(lambda: not second.asterisk.busy)
            assert await second.order("pause_record", call) == "paused"
            found.world.hang_up(call)
            await second.all_quiet()


async def test_a_caller_who_came_while_we_were_dead_is_offered() -> None:
    async with emulator() as (found, address):
        async with adapter(found, address, Desk(), board_of()):
            found.lose = lambda event: True
            call = found.world.call()
        await until(lambda: found.socket is None)
        found.lose = lambda event: False
        desk = Desk()
        async with adapter(found, address, desk, board_of()):
            await until(lambda: desk.of("call.offered", call=call))


async def test_without_us_calls_go_to_the_dialplan(pbx: Floor) -> None:
    await pbx.emulator.drop()
    call = pbx.emulator.world.call()
    assert pbx.emulator.world.fallback == [call]


# --- a bad day ----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(3))
async def test_events_lost_late_and_requests_that_fail(pbx: Floor, seed: int) -> None:
    """Twenty calls at once while a fifth of everything goes wrong: after a look round all is quiet."""
    chance = random.Random(seed)
    faulty: Emulator = pbx.emulator
    calls = [await pbx.arrived() for _ in range(20)]
    faulty.lose = lambda event: chance.random() < 0.2
    faulty.delay = lambda event: chance.random() * 0.02 if chance.random() < 0.2 else 0.0
    faulty.fail = lambda method, path: 500 if chance.random() < 0.1 else 0
    for number, call in enumerate(calls):
        device = f"d{number}"
        faulty.world.devices[device] = Device(
            chance.choice(["rings", "busy", "declines"]), answers=chance.random() / 20
        )
        await pbx.asterisk.send(pbx.ring(call, f"ct_{number}/1/{device}", lasts=0.2))
    await until(lambda: all(channel.state != "Down" for channel in faulty.world.channels.values()))
    for call in calls:
        faulty.world.hang_up(call)
    faulty.lose, faulty.delay, faulty.fail = (lambda e: False), (lambda e: 0.0), (lambda m, p: 0)
    await faulty.drop()
    await until(lambda: faulty.connections > 1 and pbx.asterisk.ready.is_set())
    await pbx.asterisk._look()
    await pbx.all_quiet()
    assert set(faulty.world.most_agents.values()) <= {1}
