"""The scenarios that every phone platform must tell alike: neutral events in, one end out."""

from __future__ import annotations

import pytest

from channels.phone.call import Call, State, advance
from channels.phone.signals import Kind, Signal
from channels.port import CallReleased
from phone_platforms.platform import Platform

ONE, TWO = "ct_1/1/one", "ct_1/2/two"


def life(platform: Platform, call: str) -> tuple[State, list[Signal]]:
    """Where the call's life ends and what it told, from the events alone."""
    known, told = Call(source=platform.events[0].source, call=call), []
    for at, event in enumerate(platform.events, 1):
        known, signals = advance(known, event, at)
        told += signals
    return known.state, told


def kinds(told: list[Signal]) -> list[Kind]:
    return [signal.kind for signal in told]


async def test_ring_answer_and_the_caller_hangs_up(platform: Platform) -> None:
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


async def test_ring_answer_and_the_agent_hangs_up(platform: Platform) -> None:
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
async def test_a_device_that_does_not_answer_says_why(platform: Platform, how: str, why: str) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_fails(ONE, how)
    await platform.caller_hangs_up(call)
    await platform.settled()
    _, told = life(platform, call)
    failed = next(signal for signal in told if signal.kind is Kind.DEVICE_FAILED)
    assert (failed.offer, failed.why) == (ONE, why)


async def test_the_first_of_two_that_answers_talks_and_the_other_is_released(platform: Platform) -> None:
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
    platform: Platform,
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


async def test_a_second_agent_may_win_after_the_first_one_has_gone(platform: Platform) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_answers(call, ONE)
    await platform.device_hangs_up(ONE)
    await platform.device_rings(call, TWO, "two")
    await platform.device_answers(call, TWO)
    assert platform.connected(call, TWO)
    await platform.caller_hangs_up(call)
    await platform.settled()


async def test_a_call_that_is_given_back_to_the_queue_leaves_its_agent_and_rings_at_another(platform: Platform) -> None:
    call = await platform.call_comes()
    await platform.device_rings(call, ONE, "one")
    await platform.device_answers(call, ONE)
    await platform.command("requeue", call, agent="")
    await platform.device_rings(call, TWO, "two")
    await platform.device_answers(call, TWO)
    assert platform.connected(call, TWO)
    await platform.command("requeue", call, agent="the first one, said again")
    assert platform.connected(call, TWO)
    await platform.caller_hangs_up(call)
    await platform.settled()
    _, told = life(platform, call)
    assert [(each.kind, each.offer) for each in told if each.kind in (Kind.ANSWER, Kind.AGENT_GONE)] == [
        (Kind.ANSWER, ONE),
        (Kind.AGENT_GONE, ONE),
        (Kind.ANSWER, TWO),
    ]
    assert told[-1].kind is Kind.CUSTOMER_GONE
