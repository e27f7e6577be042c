"""Leased seats: whose call enters, and whose people answer it (I2, I3, I4, M03)."""

from __future__ import annotations

from property.routing_world import FOREVER, LEASES, START, S, World, agent, call, chat, config

from routing import effects as fx
from routing import events as ev
from routing.explain import why_not
from routing.model import Lease, Medium, PresenceState
from routing.restoring import restore

OURS = [f"ag_{number:02}" for number in range(1, 11)]
THEIRS = [f"ag_{number:02}" for number in range(11, 101)]


def both_clients() -> World:
    world = World(*(agent(n) for n in OURS), *(agent(n, lease="other") for n in THEIRS))
    world.sit(*OURS, *THEIRS)
    return world


def test_the_eleventh_call_is_blocked_while_the_other_clients_people_idle() -> None:
    world = both_clients()
    world.arrive(*(call(f"c{n}", world.now) for n in range(10)))
    effects = world.arrive(call("c10", world.now, treatment="ivr"))
    assert effects == [fx.Blocked("c10", "kangjia", "ivr", "lines_busy", 10, 10)]
    assert world.state.record("c10") is None
    assert all(name in OURS for n in range(10) for name in world.ringing(f"c{n}"))


def test_the_line_is_free_again_when_the_call_ends_although_wrap_up_goes_on() -> None:
    world = both_clients()
    world.arrive(*(call(f"c{n}", world.now) for n in range(10)))
    name = world.ringing("c0")[0]
    world.tell(ev.OfferAccepted(world.offer("c0", name), name))
    assert isinstance(world.arrive(call("d", world.now))[0], fx.Blocked)
    world.tell(ev.Left("c0"))
    assert isinstance(world.arrive(call("e", world.now))[0], fx.Queued)


def test_after_a_restart_wrap_up_still_holds_no_line() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("a", world.now), call("b", world.now))
    world.tell(ev.Answered("a", "ag_1"))
    world.tell(ev.Left("a"))
    world.state = restore(world.state.snapshot(world.now))
    assert isinstance(world.arrive(call("c", world.now))[0], fx.Queued)


def test_nothing_is_offered_at_the_instant_at_which_the_lease_ends() -> None:
    lease = Lease("kangjia", "kangjia", 10, 10, 0, START + 10 * S)
    world = World(agent("ag_1"), leases=[lease])
    world.arrive(chat("c"))
    world.now = START + 10 * S
    world.sit("ag_1")
    assert world.ringing("c") == []


def test_no_more_calls_enter_than_seats_are_staffed() -> None:
    world = World(*(agent(n) for n in OURS))
    world.sit(*OURS[:2])
    effects = world.arrive(*(call(f"c{n}", world.now) for n in range(3)))
    assert effects[-1] == fx.Blocked("c2", "kangjia", "voicemail", "lines_busy", 2, 2)


def test_breaks_and_the_reconnect_grace_count_as_staffed() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.tell(ev.PresenceSet("ag_1", PresenceState.NOT_READY, "lunch"))
    world.tell(ev.Disconnected("ag_2"))
    effects = world.arrive(call("a", world.now), call("b", world.now))
    assert [type(e) for e in effects] == [fx.Queued, fx.Queued]


def test_staffing_is_told_when_it_changes() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.tell(ev.Disconnected("ag_1"))
    world.later(30)
    assert [e.staffed for e in world.seen(fx.Staffing)] == [1, 0]


def test_a_call_for_a_lease_that_nobody_staffs_is_blocked() -> None:
    effects = World(agent("ag_1")).arrive(call("c"))
    assert effects == [fx.Blocked("c", "kangjia", "voicemail", "unstaffed", 0, 0)]


def test_a_call_for_an_unknown_lease_is_blocked() -> None:
    effects = World(agent("ag_1")).arrive(call("c", lease="nobody"))
    assert effects == [fx.Blocked("c", "nobody", "voicemail", "unknown_lease", 0, 0)]


def test_a_lease_is_in_force_from_its_start_until_before_its_end() -> None:
    lease = Lease("kangjia", "kangjia", 10, 10, START + 10 * S, START + 20 * S)
    world = World(agent("ag_1"), agent("ag_2"), leases=[lease])
    world.sit("ag_1", "ag_2")
    outcomes = []
    for second in (9, 10, 19, 20):
        world.now = START + second * S
        outcomes.append(type(world.arrive(call(f"c{second}", world.now))[0]))
    assert outcomes == [fx.Blocked, fx.Queued, fx.Queued, fx.Blocked]


def test_text_waits_for_the_lease_to_begin_and_is_offered_at_that_instant() -> None:
    lease = Lease("kangjia", "kangjia", 10, 10, START + 10 * S, FOREVER)
    world = World(agent("ag_1"), leases=[lease])
    world.sit("ag_1")
    world.arrive(chat("c", world.now))
    assert why_not(world.state, "c", "ag_1", world.now) == "lease_not_in_force"
    world.now = START
    world.later(10)
    assert world.ringing("c") == ["ag_1"]


def test_text_queues_without_a_line_and_is_not_offered_to_other_leases() -> None:
    world = both_clients()
    world.tell(ev.Configured(config(*(agent(n, lease="other") for n in THEIRS), version=2)))
    world.arrive(chat("c", world.now))
    assert world.ringing("c") == []
    assert why_not(world.state, "c", THEIRS[0], world.now) == "lease"


def test_after_the_end_of_a_lease_its_waiting_contacts_stay_and_are_not_offered() -> None:
    world = World(agent("ag_1"))
    world.arrive(chat("c"))
    world.tell(ev.Configured(config(agent("ag_1"), version=2, leases=LEASES[1:])))
    world.sit("ag_1")
    assert world.ringing("c") == []
    assert world.state.record("c") is not None


def test_an_agent_who_vanishes_from_the_configuration_is_signed_out() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(chat("c", world.now))
    world.tell(ev.OfferAccepted(world.offer("c", "ag_1"), "ag_1"))
    effects = world.tell(ev.Configured(config(agent("ag_2"), version=2)))
    assert effects[0] == fx.ConfigTaken(2)
    assert fx.Released("c", "ag_1", "agent_left") in effects
    assert world.ringing("c") == ["ag_2"]
    assert world.state.presence("ag_1") is None
    assert world.tell(ev.SignedIn("ag_1", command="k")) == [fx.Refused("k", "unknown_agent", agent="ag_1")]


def test_a_call_of_a_vanished_agent_stays_with_its_leg() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("c", world.now))
    world.tell(ev.Answered("c", "ag_1"))
    world.tell(ev.Configured(config(agent("ag_2"), version=2)))
    assert world.owner("c") == "ag_1"
    world.tell(ev.Left("c"))
    world.later(10)
    assert world.state.record("c") is None
    assert list(world.state.desks) == ["ag_2"]


def test_an_agent_who_moves_to_another_lease_no_longer_rings_for_the_old_one() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("c", world.now))
    world.tell(ev.Configured(config(agent("ag_1", lease="other"), agent("ag_2"), version=2)))
    assert world.ringing("c") == ["ag_2"]


def test_a_medium_an_agent_does_not_serve_is_not_offered() -> None:
    world = World(agent("ag_1", media=(Medium.CHAT,)))
    world.sit("ag_1")
    world.arrive(call("c", world.now))
    assert why_not(world.state, "c", "ag_1", world.now) == "medium"
    assert world.ringing("c") == []
