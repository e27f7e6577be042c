"""Agents' devices across a restart of our process: known again by looking, and not left alone in a conference."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
from twilio_emulator import Line
from twilio_rig import Rig, rig

from channels.phone.twilio.reconcile import ALONE
from channels.port import CallReleased

OFFER = "ct_1/1/one"


@pytest.fixture
async def line() -> AsyncIterator[Rig]:
    async with rig() as made:
        yield made


def vanishes(line: Rig, caller: Line) -> None:
    """He has gone in the moment in which the agent walked in: the conference did not end with him, nobody is told."""
    caller.status = "completed"
    del line.twilio.rooms[caller.conference].members[caller.sid]


@pytest.mark.parametrize("restarted", [True, False])
async def test_an_agent_who_was_left_alone_is_let_go_and_the_callers_end_is_told(line: Rig, restarted: bool) -> None:
    caller, device = await line.talk()
    vanishes(line, caller)
    if restarted:
        line.restarts()
    assert await line.reconciler.round() >= 1
    await line.twilio.until(lambda: not device.alive)
    gone = [each for each in line.intake.taken if isinstance(each, CallReleased) and each.leg == "customer"]
    assert {each.call for each in gone} == {caller.sid}
    assert await line.reconciler.round() == 0


async def test_a_talk_goes_on_and_its_device_can_be_commanded_again(line: Rig) -> None:
    caller, device = await line.talk()
    line.restarts()
    assert await line.command("hang_up", caller.sid, offer=OFFER) == "nothing of it rings here"
    assert await line.reconciler.round() == 0
    assert line.twilio.talking(caller, device)
    await line.command("hang_up", caller.sid, offer=OFFER)
    await line.twilio.until(lambda: not device.alive)
    assert caller.alive


async def test_a_device_whose_end_was_lost_after_a_restart_is_missed(line: Rig) -> None:
    caller, device = await line.talk()
    line.restarts()
    await line.reconciler.round()
    line.twilio.lost = {"completed", "participant-leave"}
    await line.twilio.ends(device)
    assert await line.reconciler.round() == 1
    ended = [each for each in line.intake.taken if isinstance(each, CallReleased) and each.leg == "agent"]
    assert [(each.call, each.offer, each.by) for each in ended] == [(caller.sid, OFFER, "agent")]


@pytest.mark.parametrize(("late", "waits"), [(0, True), (ALONE + 1_000_000, False)])
async def test_an_agent_waits_for_the_customer_whom_he_calls_back_but_not_for_ever(
    line: Rig, late: int, waits: bool
) -> None:
    """The customer's last callback came while we were away."""
    await line.command("dial", "ct_9/call", device="client:one", number="+8613900000009")
    device = await line.twilio.rings("client:one")
    line.twilio.answer(device)
    customer = await line.twilio.rings("+8613900000009")
    await line.twilio.until(lambda: device.conference)
    line.twilio.lost = {"busy"}
    await line.twilio.ends(customer, "busy")
    line.restarts()
    line.twilio.rooms[device.conference].created = "Mon, 01 Jan 2001 00:00:00 +0000" if late else ""
    assert await line.reconciler.round() == (not waits)
    await line.twilio.until(lambda: device.alive is waits)


async def test_conferences_of_others_on_the_account_are_left_alone(line: Rig) -> None:
    theirs = line.twilio.room("board-meeting")
    theirs.begun, theirs.members["CA-theirs"] = True, False
    assert await line.reconciler.round() == 0
    assert theirs.members == {"CA-theirs": False}
    assert not [path for _, path, _ in line.twilio.requests if path.startswith("Conferences/")]


# --- devices that ring as our process dies -----------------------------------------------------------------------


async def rings_and_dies(line: Rig) -> tuple[Line, Line]:
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    await line.command("ring", caller.sid, offer=OFFER, device="client:one")
    device = await line.twilio.rings("client:one")
    await line.twilio.until(lambda: any("/status?" in url for url, _ in line.twilio.answers))
    line.restarts()
    return caller, device


async def test_a_device_that_rings_for_an_offer_that_is_over_is_called_off_at_the_start(line: Rig) -> None:
    caller, device = await rings_and_dies(line)
    line.house.devices = frozenset({"client:one"})
    assert await line.reconciler.round() == 1
    await line.twilio.until(lambda: not device.alive)
    assert caller.alive
    assert await line.reconciler.round() == 0


async def test_a_device_that_rings_for_a_living_offer_rings_on_and_can_be_commanded_again(line: Rig) -> None:
    caller, device = await rings_and_dies(line)
    line.house.devices, line.house.rings = frozenset({"client:one"}), [("client:one", caller.sid, OFFER)]
    assert await line.reconciler.round() == 0
    assert device.alive
    await line.command("stop_ringing", caller.sid, offer=OFFER)
    await line.twilio.until(lambda: not device.alive)


async def test_what_others_ring_from_our_number_is_left_alone(line: Rig) -> None:
    _, device = await rings_and_dies(line)
    line.house.devices = frozenset({"client:two"})
    assert await line.reconciler.round() == 0
    assert device.alive


# --- calls that we made ------------------------------------------------------------------------------------------


async def dialled(line: Rig) -> tuple[Line, Line]:
    """An agent waits for the customer whose phone rings."""
    await line.command("dial", "ct_9/call", offer="ct_9/dial", device="client:one", number="+8613900000009")
    device = await line.twilio.rings("client:one")
    line.twilio.answer(device)
    customer = await line.twilio.rings("+8613900000009")
    await line.twilio.until(lambda: device.conference)
    line.house.dialling = ["ct_9/call"]
    return device, customer


def ends(line: Rig) -> list[tuple[str, str]]:
    told = [each for each in line.intake.taken if isinstance(each, CallReleased) and each.leg == "customer"]
    return [(each.call, each.cause) for each in told]


async def test_a_callback_of_which_nothing_is_left_after_a_restart_has_ended_while_we_were_away(line: Rig) -> None:
    device, customer = await dialled(line)
    line.twilio.lost = {"completed", "canceled", "participant-leave", "busy"}
    await line.twilio.ends(customer, "busy")
    await line.twilio.ends(device)
    line.restarts()
    line.intake.taken.clear()
    assert await line.reconciler.round() == 1
    assert ends(line) == [("ct_9/call", "ended_while_away")]


async def test_a_callback_that_goes_on_is_not_ended_by_a_restart(line: Rig) -> None:
    device, customer = await dialled(line)
    line.twilio.answer(customer)
    await line.twilio.until(lambda: line.twilio.talking(device, customer))
    line.restarts()
    assert await line.reconciler.round() == 0
    assert await line.reconciler.round() == 0
    assert line.twilio.talking(device, customer)
    assert ends(line) == []


async def test_the_lost_end_of_a_called_customer_is_missed_with_its_cause(line: Rig) -> None:
    device, customer = await dialled(line)
    line.twilio.lost = {"busy"}
    await line.twilio.ends(customer, "busy")
    assert await line.reconciler.round() == 1
    assert ends(line) == [("ct_9/call", "busy")]
    await line.twilio.until(lambda: not device.alive)


async def test_an_agent_who_hangs_up_while_the_customers_phone_rings_leaves_nobody_to_silence(line: Rig) -> None:
    device, customer = await dialled(line)
    await line.twilio.ends(device)
    await line.twilio.until(lambda: not customer.alive and ends(line))
    assert [call for call, _ in ends(line)] == ["ct_9/call"]
