"""Where Twilio is less kind than one would think, by its own documentation; the emulator does as that says."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from twilio_emulator import Line
from twilio_rig import Rig, rig

from channels.phone.call import advance_stored
from channels.phone.callee import callee
from channels.phone.twilio import forms, twiml
from channels.phone.twilio.links import Links
from channels.port import CallProgress, CallReleased, Receipt
from channels.verbs import Caller, Gather, Say
from contactcenter.domain.callback_outcomes import of_legs

NUMBER, CUSTOMER = "+862112345678", "+8613900000009"
MUSIC = "https://music.example/one.mp3"


@pytest.fixture
async def line() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


def ends(line: Rig) -> list[tuple[str, str]]:
    """Who hung up on whom, of the customers' legs."""
    told = [each for each in line.intake.taken if isinstance(each, CallReleased) and each.leg == "customer"]
    return [(each.by, each.cause) for each in told]


async def waits(line: Rig) -> Line:
    caller = line.twilio.incoming(NUMBER)
    await line.twilio.until(lambda: caller.conference)
    return caller


async def dialled(line: Rig) -> tuple[Line, Line]:
    """An agent waits for the customer whose phone rings."""
    await line.command("dial", "ct_9/call", offer="ct_9/dial", device="client:one", number=CUSTOMER)
    device = await line.twilio.rings("client:one")
    line.twilio.answer(device)
    customer = await line.twilio.rings(CUSTOMER)
    await line.twilio.until(lambda: device.conference)
    return device, customer


# --- waiting ------------------------------------------------------------------------------------------------------


async def test_music_goes_on_as_long_as_a_caller_waits_and_his_place_is_said_once(line: Rig) -> None:
    """After the last verb of a waitUrl there is silence; and the place of then would be wrong by now."""
    caller = await waits(line)
    await line.twilio.until(lambda: MUSIC in caller.heard)
    for _ in range(3):
        await line.twilio.music_ends(caller)
    assert caller.heard == ["您排在第1位", MUSIC, MUSIC, MUSIC, MUSIC]


def test_without_music_of_ours_a_caller_hears_twilios_and_no_silence() -> None:
    said = twiml.meanwhile((Say("您排在第1位", "zh-CN"),), "", "https://cc.example/wait")
    assert "twimlets.com/holdmusic" in said.partition("<Redirect")[2]


async def test_a_caller_whose_waiting_could_not_begin_waits_all_the_same(line: Rig) -> None:
    """When a waitUrl fails Twilio does not let the caller in, and asks what to do instead."""
    line.twilio.refused_posts = ["/wait"]
    caller = await waits(line)
    await line.twilio.until(lambda: MUSIC in caller.heard)
    assert caller.alive
    assert caller.conference


async def test_a_first_decision_that_also_comes_as_a_command_does_not_tear_a_talk(line: Rig) -> None:
    """The caller has asked himself by then, and an agent may have answered him."""
    caller, device = await line.talk()
    await line.command("treat", caller.sid, treatment="queue", text="第2位", language="zh-CN")
    await line.twilio.until(lambda: line.twilio.quiet or line.twilio.talking(caller, device))
    assert line.twilio.talking(caller, device)
    assert ends(line) == []


async def test_a_caller_who_is_treated_as_his_agent_answers_has_not_left(line: Rig) -> None:
    caller, device = await line.talk()
    line.intake.answers = [Receipt("ct_1", instruction="voicemail", text="很抱歉", language="zh-CN")]
    await line.command("treat", caller.sid, treatment="voicemail", text="很抱歉", language="zh-CN")
    await line.twilio.until(lambda: not device.alive)
    assert caller.alive
    assert ends(line) == []


async def test_a_treatment_that_the_caller_has_asked_for_himself_is_not_begun_again(line: Rig) -> None:
    """He would be interrupted in his message."""
    line.intake.answers = [Receipt("ct_1", instruction="voicemail", text="很抱歉", language="zh-CN")]
    caller = line.twilio.incoming(NUMBER)
    await line.twilio.until(lambda: caller.twiml)
    await line.command("treat", caller.sid, treatment="voicemail", text="很抱歉", language="zh-CN")
    assert [path for method, path, _ in line.twilio.requests if method == "POST"] == []


# --- conferences begin with two -----------------------------------------------------------------------------------


async def test_an_agent_alone_in_a_conference_that_never_began_is_found_and_let_go(line: Rig) -> None:
    """His caller left in the moment in which he answered; nobody was told."""
    caller = await waits(line)
    await line.command("ring", caller.sid, offer="ct_1/1/one", device="client:one")
    device = await line.twilio.rings("client:one")
    line.twilio.lost = {"completed", "participant-leave"}
    await line.twilio.ends(caller)
    line.twilio.answer(device)
    await line.twilio.until(lambda: device.conference)
    line.restarts()
    assert await line.reconciler.round() >= 1
    await line.twilio.until(lambda: not device.alive)


# --- callbacks ----------------------------------------------------------------------------------------------------


async def test_an_agent_who_hangs_up_on_a_customer_whom_he_called_back_is_on_record(line: Rig) -> None:
    """A19."""
    device, customer = await dialled(line)
    line.twilio.answer(customer)
    await line.twilio.until(lambda: line.twilio.talking(device, customer))
    await line.twilio.ends(device)
    await line.twilio.until(lambda: not customer.alive and ends(line))
    assert ends(line) == [("agent", "completed")]


async def test_a_machine_that_hung_up_before_it_was_let_go_is_a_machine(line: Rig) -> None:
    """Its end names it; the address of the answer is never asked for."""
    _, customer = await dialled(line)
    customer.answered_by = "machine_start"
    customer.status = "in-progress"
    await line.twilio.ends(customer)
    await line.twilio.until(lambda: bool(ends(line)))
    facts = [(x.what, x.value) for x in line.intake.taken if isinstance(x, CallProgress)]
    assert ("answered_by", "machine_start") in facts


async def test_a_customer_who_hung_up_before_he_was_connected_was_not_reached(line: Rig) -> None:
    """While Twilio listens who has answered he hears nothing: he is called again, as he was promised."""
    _, customer = await dialled(line)
    customer.status, customer.answered_by = "in-progress", "human"
    await line.twilio.ends(customer)
    await line.twilio.until(lambda: bool(ends(line)))
    stored: bytes | None = None
    for at, event in enumerate(line.intake.taken, 1):
        stored, _ = advance_stored(stored, event, at)
    assert stored is not None
    assert of_legs(callee(stored)) == "no_answer"


async def test_no_customer_meets_silence_because_his_agent_hung_up_at_once(line: Rig) -> None:
    """Twilio is slow to take the call to the customer, and the agent is gone before it is made."""
    await line.command("dial", "ct_9/call", offer="ct_9/dial", device="client:one", number=CUSTOMER)
    device = await line.twilio.rings("client:one")
    line.control._rest._pause = lambda _: line.twilio.ends(device)
    line.twilio.faults.append(("POST Calls", 429, False))
    line.twilio.answer(device)
    await line.twilio.until(lambda: ends(line))
    assert line.twilio.ringing(CUSTOMER) == []


async def test_a_callback_that_was_ended_as_its_agent_answered_calls_nobody(line: Rig) -> None:
    await line.command("dial", "ct_9/call", offer="ct_9/dial", device="client:one", number=CUSTOMER)
    device = await line.twilio.rings("client:one")
    device.status, device.events = "in-progress", ()
    await line.command("hang_up", "ct_9/call")
    await line.twilio.until(lambda: not device.alive)
    await line.twilio._post(device.url, line.twilio._about(device))
    assert line.twilio.ringing(CUSTOMER) == []


# --- the end, and words -------------------------------------------------------------------------------------------


async def test_a_caller_who_is_told_goodbye_was_released_by_us(line: Rig) -> None:
    """A19."""
    line.intake.answers = [Receipt("ct_1", instruction="hang_up", text="再见", language="zh-CN")]
    caller = line.twilio.incoming(NUMBER)
    await line.twilio.until(lambda: not caller.alive and ends(line))
    assert caller.heard == ["再见"]
    assert ends(line) == [("platform", "completed")]


async def test_an_agents_order_to_hang_up_is_his(line: Rig) -> None:
    """As on the other platforms."""
    caller, _ = await line.talk()
    await line.command("hang_up", caller.sid, agent="A01")
    await line.twilio.until(lambda: bool(ends(line)))
    assert ends(line) == [("agent", "completed")]


def test_a_call_that_is_rejected_in_a_browser_is_declined() -> None:
    """Twilio calls that busy, without a SIP code."""
    form = {"CallSid": "CA2", "CallStatus": "busy", "To": "client:one"}
    event = forms.device("tw", "CA1", "ct_1/1/one", form)
    assert isinstance(event, CallReleased)
    assert (event.by, event.cause, event.reached) == ("agent", "declined", True)


def test_a_recording_that_only_the_other_platform_has_is_spoken() -> None:
    """Twilio plays addresses; the name of a sound of Asterisk's would be an error in the caller's ear."""
    verb = Gather(say=(Say("欢迎", "zh-CN", "sound:custom/welcome"),), most=1)
    caller = Caller(source="tw", call="CA1", dialled=NUMBER)
    document = twiml.verb(verb, b"state", Links("https://cc.example", "tw"), caller)
    assert "欢迎" in document
    assert "<Play" not in document
