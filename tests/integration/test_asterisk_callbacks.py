"""Callbacks on an Asterisk that speaks the real wire format: the agent first, then the customer, then what answered."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from ari.emulator import emulator
from ari.floor import Desk, Floor, adapter, board_of, floor
from ari.pulse import until
from ari.world import Device
from msgspec.json import encode

from channels.phone.callee import callee
from contactcenter.domain.callback_outcomes import of_legs


@pytest.fixture
async def pbx() -> AsyncIterator[Floor]:
    async with floor() as up:
        up.emulator.world.devices |= {"a1": Device(), "a2": Device()}
        yield up


async def test_a_callback_rings_the_agent_then_the_customer(pbx: Floor) -> None:
    pbx.emulator.world.devices["139@trunk"] = Device(answers=0.02)
    order = {"device": "a1", "number": "139", "agent": "1001"}
    assert await pbx.order("dial", "ct_9/call", **order) == "rings the agent"
    assert await pbx.order("dial", "ct_9/call", **order) == "dialled already"
    agent = "cc:agent:ct_9~1call"
    channels = pbx.emulator.world.channels
    await until(lambda: agent in channels and channels[agent].state == "Ringing")
    assert "cc:out:ct_9~1call" not in pbx.emulator.world.channels
    pbx.emulator.world.pick_up("a1")
    await until(lambda: len(pbx.emulator.world.inside("cc:bridge:ct_9~1call")) == 2)
    assert pbx.desk.of("call.answered", agent="1001", call="ct_9/call")
    pbx.emulator.world.hang_up("cc:out:ct_9~1call", cause=16)
    await pbx.all_quiet()
    assert await pbx.order("dial", "ct_9/call", **order) == "dialled already"


@pytest.mark.parametrize(
    ("customer", "cause"), [(Device("busy"), "busy"), (Device("declines"), "declined"), (None, "unreachable")]
)
async def test_a_customer_who_is_not_reached(pbx: Floor, customer: Device | None, cause: str) -> None:
    pbx.emulator.world.devices["a1"] = Device(answers=0.0)
    if customer is not None:
        pbx.emulator.world.devices["139@trunk"] = customer
    await pbx.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    await until(lambda: pbx.desk.ends("ct_9/call"))
    assert pbx.desk.ends("ct_9/call")[0].cause == cause
    await pbx.all_quiet()


@pytest.fixture
async def screening() -> AsyncIterator[Floor]:
    async with floor(screen="cc-amd") as up:
        up.emulator.world.devices["a1"] = Device(answers=0.0)
        yield up


@pytest.mark.parametrize(("amd", "machine"), [("MACHINE", True), ("HUMAN", False), ("NOTSURE", False)])
async def test_a_dialplan_that_runs_amd_tells_a_machine_from_a_customer(
    screening: Floor, amd: str, machine: bool
) -> None:
    world = screening.emulator.world
    world.devices["139@trunk"] = Device(answers=0.0, amd=amd)
    await screening.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    await until(lambda: screening.desk.of("call.progress", what="answered_by", value=amd.lower()))
    sent = screening.emulator.asked_for("POST", "cc:out:ct_9~1call/continue")
    assert sent == [{"context": "cc-amd", "extension": "s", "priority": 1}]
    if not machine:
        await until(lambda: len(world.inside("cc:bridge:ct_9~1call")) == 2)
        world.hang_up("cc:out:ct_9~1call", cause=16)
    await screening.all_quiet()
    found = callee(encode(screening.desk.calls["ct_9/call"]))
    assert (found.over, found.machine) == (True, machine)
    assert of_legs(found) == ("answering_machine" if machine else "reached")


async def test_without_the_dialplan_they_talk_unscreened(screening: Floor) -> None:
    world = screening.emulator.world
    screening.emulator.fail = lambda method, path: 404 if path.endswith("/continue") else 0
    world.devices["139@trunk"] = Device(answers=0.0)
    await screening.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    await until(lambda: len(world.inside("cc:bridge:ct_9~1call")) == 2)
    world.hang_up("cc:out:ct_9~1call", cause=16)
    await screening.all_quiet()


async def test_a_customer_who_hangs_up_while_amd_listens_ends_the_callback(screening: Floor) -> None:
    world = screening.emulator.world
    world.devices["139@trunk"] = Device(answers=0.0)
    screening.emulator.lose = lambda event: event["type"] == "StasisStart" and len(event["args"]) > 1
    await screening.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    await until(lambda: screening.emulator.asked_for("POST", "/continue"))
    world.hang_up("cc:out:ct_9~1call", cause=16)
    await screening.all_quiet()


async def test_an_agent_who_does_not_answer_ends_the_callback(pbx: Floor) -> None:
    pbx.emulator.world.devices["a1"] = Device("busy")
    await pbx.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    await until(lambda: pbx.desk.ends("ct_9/call"))
    await pbx.all_quiet()
    assert pbx.desk.ends("ct_9/call")[0].cause == "agent_busy"


async def test_a_callback_that_ended_while_nobody_listened_is_closed_with_the_reason(pbx: Floor) -> None:
    """The process that dialled it is no more, or Asterisk began anew: the house alone still knows of it."""
    pbx.desk.dialled = ["ct_8/call"]
    await pbx.emulator.drop()
    await until(lambda: pbx.desk.ends("ct_8/call"))
    ended = pbx.desk.ends("ct_8/call")
    assert [(each.by, each.cause) for each in ended] == [("platform", "ended_while_away")]


async def test_a_callback_that_is_still_there_after_a_gap_goes_on(pbx: Floor) -> None:
    pbx.emulator.world.devices |= {"a1": Device(answers=0.0), "139@trunk": Device(answers=0.02)}
    await pbx.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    await until(lambda: len(pbx.emulator.world.inside("cc:bridge:ct_9~1call")) == 2)
    pbx.desk.dialled = ["ct_8/call", "ct_9/call"]
    await pbx.emulator.drop()
    await until(lambda: pbx.desk.ends("ct_8/call"))
    assert pbx.desk.ends("ct_9/call") == []
    pbx.desk.dialled = []
    pbx.emulator.world.hang_up("cc:out:ct_9~1call", cause=16)
    await pbx.all_quiet()
    assert [each.by for each in pbx.desk.ends("ct_9/call")] == ["customer"]


async def test_a_customer_whose_busy_tone_nobody_heard_ends_the_callback_after_the_gap(pbx: Floor) -> None:
    """He had not been heard to ring yet as the socket broke: his agent would have heard ringing for ever."""
    pbx.emulator.world.devices |= {"a1": Device(answers=0.0), "139@trunk": Device()}
    pbx.emulator.lose = lambda event: event["type"] in ("ChannelStateChange", "Dial") and "cc:out" in str(event)
    await pbx.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
    customer = "cc:out:ct_9~1call"
    await until(lambda: customer in pbx.emulator.world.channels)
    await until(lambda: not pbx.asterisk.busy)
    pbx.emulator.lose = lambda event: True
    pbx.emulator.world.hang_up(customer, cause=17)
    await pbx.emulator.drop()
    pbx.emulator.lose = lambda event: False
    await until(lambda: pbx.desk.ends("ct_9/call"))
    assert [each.cause for each in pbx.desk.ends("ct_9/call")] == ["ended_while_away"]
    await pbx.all_quiet()


@pytest.mark.parametrize("state", ["the agent rings", "the customer rings", "they talk"])
async def test_our_process_is_killed_in_every_state_of_a_callback(state: str) -> None:
    """Half of one is let go and has ended; a talk goes on to its own end."""
    async with emulator() as (found, address):
        agent, customer = "cc:agent:ct_9~1call", "cc:out:ct_9~1call"
        answers = {
            "a1": None if state == "the agent rings" else 0.0,
            "139@trunk": 0.02 if state == "they talk" else None,
        }
        found.world.devices |= {name: Device(answers=after) for name, after in answers.items()}
        desk, channels = Desk(), found.world.channels
        async with adapter(found, address, desk, board_of()) as first:
            await first.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
            if state == "they talk":
                await until(lambda: len(found.world.inside("cc:bridge:ct_9~1call")) == 2)
            else:
                last = agent if state == "the agent rings" else customer
                await until(lambda: last in channels and channels[last].state == "Ringing")
        await until(lambda: found.socket is None)
        async with adapter(found, address, desk, board_of()) as second:
            if state == "they talk":
                assert desk.ends("ct_9/call") == []
                found.world.hang_up(customer, cause=16)
            await until(lambda: desk.ends("ct_9/call"))
            await second.all_quiet()
    causes = [each.cause for each in desk.ends("ct_9/call")]
    assert len(causes) == 1
    assert (causes == ["ended_while_away"]) is (state != "they talk")
    assert not {agent, customer} & channels.keys()


async def test_who_finds_two_talking_tells_the_answer_that_was_not_told() -> None:
    """Else the end of their talk would count as a call that nobody answered."""
    async with emulator() as (found, address):
        found.world.devices |= {"a1": Device(answers=0.0), "139@trunk": Device(answers=0.02)}
        async with adapter(found, address, Desk(), board_of()) as first:
            await first.order("dial", "ct_9/call", device="a1", number="139", agent="1001")
            await until(lambda: len(found.world.inside("cc:bridge:ct_9~1call")) == 2)
        await until(lambda: found.socket is None)
        desk = Desk()
        async with adapter(found, address, desk, board_of()) as second:
            found.world.hang_up("cc:out:ct_9~1call", cause=16)
            await until(lambda: desk.ends("ct_9/call"))
            await second.all_quiet()
    assert of_legs(callee(encode(desk.calls["ct_9/call"]))) == "reached"
