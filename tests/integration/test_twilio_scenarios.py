"""Many calls by Twilio over a bad network; what each scenario tells is tests/conformance/phone_platforms's."""

from __future__ import annotations

import random
from contextlib import suppress

import pytest
from twilio_driver import TwilioDriver
from twilio_rig import Rig, rig

from channels.phone.call import Call, State, advance
from channels.phone.signals import Kind, Signal
from channels.port import ChannelDown


def life(platform: TwilioDriver, call: str) -> tuple[State, list[Signal]]:
    """Where the call's life ends and what it told, from the events alone."""
    known, told = Call(source="tw", call=call), []
    for at, event in enumerate(platform.events, 1):
        known, signals = advance(known, event, at)
        told += signals
    return known.state, told


def kinds(told: list[Signal]) -> list[Kind]:
    return [signal.kind for signal in told]


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
