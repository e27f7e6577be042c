"""A callback whose agent is lost: before he dialled it is for somebody else, after that it is a call of his (row 8)."""

from __future__ import annotations

import msgspec
import pytest
from property.routing_world import START, S, World, agent, callback, config, kinds

from routing import effects as fx
from routing import events as ev
from routing.model import End, Medium, PresenceState, Record, Snapshot, Status
from routing.restoring import restore

LEFT_AT = 5
GRACE_S = 30


def taken(*others: str) -> World:
    """ag_1 has accepted it; the others are ready."""
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1")
    world.arrive(callback("c", START - 7 * S, opens_at=0, deadline=START + 60 * S))
    world.tell(ev.OfferAccepted(world.offer("c", "ag_1"), "ag_1"))
    world.sit(*others)
    world.later(LEFT_AT)
    return world


def dialled(*others: str) -> World:
    world = taken(*others)
    assert world.tell(ev.Dialled("c", "ag_1")) == []
    return world


def record(world: World) -> Record:
    found = world.state.record("c")
    assert found is not None
    return found


def presence(world: World) -> PresenceState:
    desk = world.state.listed("ag_1")
    assert desk is not None
    return desk.state


def lost(world: World, how: str) -> None:
    match how:
        case "socket":
            world.tell(ev.Disconnected("ag_1"))
            world.later(GRACE_S)
        case "signed_out":
            world.tell(ev.SignedOut("ag_1"))
        case "removed":
            world.tell(ev.Configured(config(agent("ag_2"), version=2)))


EVERY_WAY = pytest.mark.parametrize("how", ["socket", "signed_out", "removed"])

# --- before he dialled ---------------------------------------------------------------------------------------


@EVERY_WAY
def test_it_is_offered_to_somebody_else_at_its_old_place(how: str) -> None:
    world = taken("ag_2")
    lost(world, how)
    assert (world.owner("c"), world.ringing("c")) == ("", ["ag_2"])
    assert record(world).contact.enqueued_at == START - 7 * S
    assert [each.reason for each in world.seen(fx.Queued)] == ["", "agent_left"]


def test_who_is_back_within_the_grace_still_has_it() -> None:
    world = taken("ag_2")
    world.tell(ev.Disconnected("ag_1"))
    world.later(GRACE_S - 1)
    world.tell(ev.Connected("ag_1"))
    world.later(GRACE_S)
    assert world.owner("c") == "ag_1"


@EVERY_WAY
def test_a_window_that_ends_meanwhile_is_a_breach(how: str) -> None:
    """Nobody has called: that somebody accepted it keeps no promise."""
    world = taken()
    lost(world, how)
    assert record(world).answered_at == 0
    world.later(60)
    assert world.seen(fx.Breached) == [fx.Breached("c", START + 60 * S, "window")]


def test_one_that_is_handed_on_undialled_can_still_be_late() -> None:
    world = taken()
    world.tell(ev.Transferred("c", "ag_1", view="other", needs=(("tv", 1),)))
    world.later(60)
    assert len(world.seen(fx.Breached)) == 1


def test_it_teaches_the_queue_once() -> None:
    """The time for which the first agent kept it is nobody's wait."""
    world = taken()
    lost(world, "socket")
    known = world.state.works["c"].queue_line.known
    before = known.wait(2, place=0, head=0, now=world.now)
    world.sit("ag_2")
    world.tell(ev.OfferAccepted(world.offer("c", "ag_2"), "ag_2"))
    assert known.wait(2, place=0, head=0, now=world.now) <= before


# --- after he dialled ----------------------------------------------------------------------------------------


@EVERY_WAY
def test_it_stays_with_its_leg_until_the_call_ends(how: str) -> None:
    world = dialled("ag_2")
    lost(world, how)
    assert (world.owner("c"), world.ringing("c")) == ("ag_1", [])
    assert kinds(world.tell(ev.Left("c", by="customer", cause="reached")))[0] == "wrap_up.began"
    world.later(5)
    assert [(each.how, each.agent) for each in world.seen(fx.Ended)] == [(End.FINISHED, "ag_1")]


def test_a_lost_socket_takes_the_seat_only_after_the_call() -> None:
    world = dialled()
    lost(world, "socket")
    assert presence(world) is PresenceState.READY
    world.tell(ev.Left("c"))
    assert presence(world) is PresenceState.OFFLINE


def test_it_is_not_handed_on_while_its_customer_is_called() -> None:
    world = dialled("ag_2")
    told = world.tell(ev.Transferred("c", "ag_1", view="vip", command="k"))
    assert told == [fx.Refused("k", "already_dialled", "c", "ag_1")]
    assert world.owner("c") == "ag_1"


def test_a_second_word_of_the_dialling_changes_nothing() -> None:
    world = dialled()
    assert world.tell(ev.Dialled("c", "ag_1")) == []
    assert record(world).dialled


@pytest.mark.parametrize("how", ["socket", "signed_out"])
def test_a_router_that_takes_over_between_the_dialling_and_the_talk_knows_of_it(how: str) -> None:
    world = dialled("ag_2")
    kept = msgspec.json.encode(world.state.snapshot(world.now))
    world.state = restore(msgspec.json.decode(kept, type=Snapshot))
    lost(world, how)
    assert world.owner("c") == "ag_1"


def test_a_row_of_before_this_was_kept_was_not_dialled() -> None:
    kept = msgspec.json.encode(record(taken()))
    assert b"dialled" not in kept
    assert msgspec.json.decode(kept, type=Record).dialled is False


# --- whose it is not -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("contact", "name", "code"), [("c", "ag_2", "not_owner"), ("gone", "ag_1", "unknown_contact")])
def test_a_dialling_of_somebody_else_is_refused(contact: str, name: str, code: str) -> None:
    world = taken("ag_2")
    assert world.tell(ev.Dialled(contact, name)) == [fx.Refused("", code, contact, name)]


def test_one_that_went_back_in_the_same_moment_ends_with_its_call() -> None:
    """The number is being called all the same; what became of that ends it, wherever it stands."""
    world = taken("ag_2")
    lost(world, "signed_out")
    assert kinds(world.tell(ev.Dialled("c", "ag_1"))) == ["command.refused"]
    assert record(world).status is Status.OFFERED
    world.tell(ev.Left("c", by="platform", cause="busy"))
    assert world.state.record("c") is None


def test_only_a_callback_is_dialled() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.arrive(callback("c", medium=Medium.CHAT, opens_at=0))
    world.tell(ev.OfferAccepted(world.offer("c", "ag_1"), "ag_1"))
    assert world.tell(ev.Dialled("c", "ag_1")) == [fx.Refused("", "medium", "c", "ag_1")]
