"""Agents' devices across a restart of our process: known again by looking, and not left alone in a conference."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from email.utils import formatdate

import pytest
from twilio_emulator import Line
from twilio_rig import Rig, rig

from channels.phone.twilio import rest
from channels.phone.twilio.reconcile import ALONE
from channels.port import CallProgress, CallReleased

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


@pytest.mark.parametrize(("late", "waits"), [(0, True), (94_000_000, True), (ALONE + 1_000_000, False)])
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
    line.twilio.rooms[device.conference].created = formatdate(time.time() - late / 1_000_000) if late else ""
    assert await line.reconciler.round() == (not waits)
    await line.twilio.until(lambda: device.alive is waits)


async def test_conferences_of_others_on_the_account_are_left_alone(line: Rig) -> None:
    theirs = line.twilio.room("board-meeting")
    theirs.begun, theirs.members["CA-theirs"] = True, False
    assert await line.reconciler.round() == 0
    assert theirs.members == {"CA-theirs": False}
    assert not [path for _, path, _ in line.twilio.requests if path.startswith("Conferences/")]


# --- long lists --------------------------------------------------------------------------------------------------


async def test_callers_on_every_page_are_known_again_and_one_whom_the_house_alone_has_is_gone(line: Rig) -> None:
    callers = [line.twilio.incoming("+862112345678") for _ in range(5)]
    await line.twilio.until(lambda: all(each.conference for each in callers))
    line.twilio.lost = {"completed", "participant-leave"}
    await line.twilio.ends(callers[0])
    line.restarts()
    line.intake.taken.clear()
    line.twilio.largest_page = 2
    line.house.callers = [each.sid for each in callers]
    assert await line.reconciler.round() == 1
    assert ends(line) == [(callers[0].sid, "completed")]
    assert set(line.board.calls) == {each.sid for each in callers[1:]}


async def test_of_a_list_without_end_the_newest_are_read_and_the_log_says_so(
    line: Rig, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    callers = [line.twilio.incoming("+862112345678") for _ in range(5)]
    await line.twilio.until(lambda: all(each.conference for each in callers))
    line.twilio.largest_page = 2
    monkeypatch.setattr(rest, "MOST_PAGES", 2)
    assert await line.control.under_way() == [each.sid for each in callers[:0:-1]]
    assert "has more than 4 entries" in caplog.text


# --- devices that ring as our process dies -----------------------------------------------------------------------


def told(line: Rig) -> int:
    """Status callbacks: of each leg that it was initiated, and that it rings."""
    return sum("/status?" in url for url, _ in line.twilio.answers)


async def rings_and_dies(line: Rig) -> tuple[Line, Line]:
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    await line.command("ring", caller.sid, offer=OFFER, device="client:one")
    device = await line.twilio.rings("client:one")
    await line.twilio.until(lambda: told(line) == 2)
    line.restarts()
    return caller, device


@pytest.mark.parametrize("status", ["ringing", "queued"])
async def test_a_device_that_rings_for_an_offer_that_is_over_is_called_off_at_the_start(line: Rig, status: str) -> None:
    """Or will ring: Twilio queues calls beyond its calls per second."""
    caller, device = await rings_and_dies(line)
    device.status = status
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


async def ring_together_and_die(line: Rig, *offers: str) -> tuple[Line, list[Line]]:
    """At one device, the oldest first."""
    caller = line.twilio.incoming("+862112345678")
    await line.twilio.until(lambda: caller.conference)
    for offer in offers:
        await line.command("ring", caller.sid, offer=offer, device="client:one")
    await line.twilio.until(lambda: told(line) == 2 * len(offers))
    line.restarts()
    line.house.devices = frozenset({"client:one"})
    return caller, line.twilio.ringing("client:one")


async def test_of_two_that_ring_at_one_device_the_older_is_called_off(line: Rig) -> None:
    """It rang for an offer before; its end was lost, and the next one rang the same device."""
    caller, (older, newer) = await ring_together_and_die(line, "ct_1/1/one", "ct_1/2/one")
    line.house.rings = [("client:one", caller.sid, "ct_1/2/one")]
    assert await line.reconciler.round() == 1
    await line.twilio.until(lambda: not older.alive)
    assert newer.alive
    leg = line.board.leg(caller.sid, "ct_1/2/one")
    assert leg is not None
    assert leg.sid == newer.sid


async def test_a_device_with_two_living_offers_rings_for_both(line: Rig) -> None:
    offers = ("ct_1/1/one", "ct_2/1/one")
    caller, both = await ring_together_and_die(line, *offers)
    line.house.rings = [("client:one", caller.sid, offer) for offer in offers]
    assert await line.reconciler.round() == 0
    legs = [line.board.leg(caller.sid, offer) for offer in offers]
    assert [leg.sid for leg in legs if leg is not None] == [each.sid for each in both]


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
    await line.twilio.until(lambda: device.conference and told(line) == 4)
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


@pytest.mark.parametrize(
    ("status", "by", "cause"),
    [("completed", "human", "completed"), ("completed", "machine_start", "completed"), ("no-answer", "", "no-answer")],
)
async def test_twilio_knows_how_a_callback_went_of_which_nothing_is_left(
    line: Rig, status: str, by: str, cause: str
) -> None:
    """Else a customer with whom somebody had talked would be called again."""
    device, customer = await dialled(line)
    line.house.called = ("+8613900000009", time.time_ns() // 1000)
    line.twilio.lost = {"completed", "canceled", "participant-leave", status}
    customer.answered_by = by
    await line.twilio.ends(customer, status)
    await line.twilio.ends(device)
    line.restarts()
    line.intake.taken.clear()
    assert await line.reconciler.round() == 1
    assert ends(line) == [("ct_9/call", cause)]
    facts = [each.value for each in line.intake.taken if isinstance(each, CallProgress) and each.what == "answered_by"]
    assert facts == ([by] if by else [])


async def test_a_call_to_him_from_before_this_attempt_tells_nothing_about_it(line: Rig) -> None:
    _, customer = await dialled(line)
    await line.twilio.ends(customer)
    await line.twilio.until(lambda: bool(ends(line)))
    await line.reconciler.round()
    line.intake.taken.clear()
    line.house.dialling = ["ct_10/call"]
    line.house.called = ("+8613900000009", time.time_ns() // 1000 + 60_000_000)
    assert await line.reconciler.round() == 1
    assert ends(line) == [("ct_10/call", "ended_while_away")]


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
