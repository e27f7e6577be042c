"""The scenarios that every phone platform must tell alike, told by Twilio: neutral events in, one end out."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import suppress

import pytest
from twilio_driver import TwilioDriver
from twilio_rig import Rig, rig

from channels.phone.call import Call, State, advance
from channels.phone.signals import Kind, Signal
from channels.port import CallReleased, ChannelDown

ONE, TWO = "ct_1/1/one", "ct_1/2/two"


@pytest.fixture
async def platform() -> AsyncIterator[TwilioDriver]:
    async with rig() as made:
        yield TwilioDriver(made)


def life(platform: TwilioDriver, call: str) -> tuple[State, list[Signal]]:
    """Where the call's life ends and what it told, from the events alone."""
    known, told = Call(source="tw", call=call), []
    for at, event in enumerate(platform.events, 1):
        known, signals = advance(known, event, at)
        told += signals
    return known.state, told


def kinds(told: list[Signal]) -> list[Kind]:
    return [signal.kind for signal in told]


async def test_ring_answer_and_the_caller_hangs_up(platform: TwilioDriver) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_answers(call, ONE)
    assert platform.connected(call, ONE)
    await platform.caller_hangs_up(call)
    await platform.settled()
    state, told = life(platform, call)
    assert state is State.RELEASED
    assert kinds(told) == [Kind.ENTER, Kind.DEVICE_RINGS, Kind.ANSWER, Kind.CUSTOMER_GONE]
    assert (told[-1].by, told[-1].offer) == ("customer", ONE)


async def test_ring_answer_and_the_agent_hangs_up(platform: TwilioDriver) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_answers(call, ONE)
    await platform.device_hangs_up(ONE)
    await platform.command("hang_up", call)
    await platform.settled()
    _, told = life(platform, call)
    assert kinds(told) == [Kind.ENTER, Kind.DEVICE_RINGS, Kind.ANSWER, Kind.AGENT_GONE, Kind.CUSTOMER_GONE]
    assert (told[3].by, told[4].by) == ("agent", "platform")


@pytest.mark.parametrize(
    ("how", "why"), [("busy", "busy"), ("declined", "declined"), ("no_answer", "no_answer"), ("absent", "unreachable")]
)
async def test_a_device_that_does_not_answer_says_why(platform: TwilioDriver, how: str, why: str) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_fails(ONE, how)
    await platform.caller_hangs_up(call)
    await platform.settled()
    _, told = life(platform, call)
    failed = next(signal for signal in told if signal.kind is Kind.DEVICE_FAILED)
    assert (failed.offer, failed.why) == (ONE, why)


async def test_the_first_of_two_that_answers_talks_and_the_other_is_released(platform: TwilioDriver) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_rings(call, TWO, "two")
    await platform.device_answers(call, TWO)
    await platform.device_answers(call, ONE)
    assert platform.connected(call, TWO)
    _, told = life(platform, call)
    assert [signal.offer for signal in told if signal.kind is Kind.ANSWER] == [TWO]
    assert [(signal.offer, signal.why) for signal in told if signal.kind is Kind.DEVICE_FAILED] == [(ONE, "withdrawn")]
    await platform.caller_hangs_up(call)
    await platform.settled()


async def test_the_caller_leaves_and_a_device_is_told_to_stop(
    platform: TwilioDriver,
) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.caller_hangs_up(call)
    await platform.command("stop_ringing", call, offer=ONE)
    await platform.settled()
    state, told = life(platform, call)
    assert (state, kinds(told)) == (State.RELEASED, [Kind.ENTER, Kind.DEVICE_RINGS, Kind.CUSTOMER_GONE])
    ended = [event for event in platform.events if isinstance(event, CallReleased) and event.leg == "agent"]
    assert [event.cause for event in ended] == ["withdrawn"]


async def test_a_second_agent_may_win_after_the_first_one_has_gone(platform: TwilioDriver) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_answers(call, ONE)
    await platform.device_hangs_up(ONE)
    await platform.device_rings(call, TWO, "two")
    await platform.device_answers(call, TWO)
    assert platform.connected(call, TWO)
    await platform.caller_hangs_up(call)
    await platform.settled()


# --- many calls, a bad network -----------------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_a_hundred_calls_over_a_bad_network_all_end_once(seed: int) -> None:
    """A fifth of the callbacks is lost, a fifth comes twice, a tenth of the dialling fails, done or not."""
    chance = random.Random(seed)
    async with rig() as made:
        made.twilio.loses = lambda: chance.random() < 0.2
        made.twilio.doubles = lambda: chance.random() < 0.2
        calls = [await one_call(made, chance, number) for number in range(100)]
        await made.twilio.until(lambda: made.twilio.quiet)
        await made.reconciler.round()
        await made.twilio.until(lambda: made.twilio.quiet)
        assert [line.sid for line in made.twilio.lines.values() if line.alive] == []
        platform = TwilioDriver(made)
        for call in calls:
            state, told = life(platform, call)
            assert state is State.RELEASED
            assert kinds(told).count(Kind.ENTER) == kinds(told).count(Kind.CUSTOMER_GONE) == 1
        assert await made.reconciler.round() == 0, "nobody is believed to be there any more"


async def one_call(made: Rig, chance: random.Random, number: int) -> str:
    """A caller, up to two devices, and any of the ways in which it can go."""
    caller = made.twilio.incoming("+862112345678")
    await made.twilio.until(lambda: caller.conference)
    if chance.random() < 0.1:
        status = chance.choice([429, 500, 503])
        made.twilio.faults.append(("POST Calls", status, status != 429 and chance.random() < 0.5))
    rung = []
    for device in ("one", "two")[: chance.randint(0, 2)]:
        to = f"client:{device}-{number}"
        with suppress(ChannelDown):
            await made.command("ring", caller.sid, offer=f"ct_{number}/1/{device}", device=to)
        rung += made.twilio.ringing(to)
    made.twilio.faults.clear()
    for line in rung:
        match chance.choice(["answer", "busy", "no-answer", "failed", "ring on"]):
            case "answer":
                made.twilio.answer(line)
                await made.twilio.until(lambda line=line: line.conference or not line.alive)
            case "ring on":
                pass
            case ended:
                await made.twilio.ends(line, ended)
    if chance.random() < 0.3:
        await made.command("hang_up", caller.sid)
    await made.twilio.ends(caller)
    for device in ("one", "two"):
        await made.command("stop_ringing", caller.sid, offer=f"ct_{number}/1/{device}")
    for line in rung:
        await made.twilio.until(lambda line=line: not line.alive)
    return caller.sid
