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
