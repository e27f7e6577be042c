"""A callback is offered to nobody before the window that was promised begins (A04, D21)."""

from __future__ import annotations

from property.routing_world import START, S, World, agent, call, callback

from routing import effects as fx
from routing import events as ev
from routing.explain import why_not
from routing.restoring import restore

TEN = START + 10 * S


def waiting() -> World:
    """Somebody is free, and the callback's window begins in ten seconds."""
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.arrive(callback("back", opens_at=TEN))
    return world


def test_it_is_held_until_its_window_begins_and_then_offered_by_itself() -> None:
    world = waiting()
    assert why_not(world.state, "back", "ag_1", world.now) == "too_early"
    world.later(9)
    assert world.ringing("back") == []
    assert world.state.due() == TEN
    world.later(1)
    assert world.ringing("back") == ["ag_1"]


def test_who_comes_later_is_served_meanwhile_and_it_keeps_its_place() -> None:
    world = waiting()
    world.arrive(call("call"))
    assert world.ringing("call") == ["ag_1"]
    world.tell(ev.OfferAccepted(world.offer("call", "ag_1"), "ag_1"))
    world.later(10)
    world.arrive(callback("younger", world.now, opens_at=0))
    world.tell(ev.Finished("call", "ag_1"))
    world.tell(ev.WrappedUp("call", "ag_1"))
    assert world.ringing("back") == ["ag_1"]


def test_it_is_held_after_a_takeover_as_well() -> None:
    world = waiting()
    world.state = restore(world.state.snapshot(world.now))
    world.later(9)
    assert world.ringing("back") == []
    world.later(1)
    assert world.ringing("back") == ["ag_1"]


def test_a_supervisor_may_give_it_to_somebody_before() -> None:
    told = waiting().tell(ev.Assigned("back", "ag_1", "boss", "he asked for it", "k"))
    assert any(isinstance(effect, fx.Owned) for effect in told)


def test_the_hours_that_its_customer_wished_are_no_pace_of_the_queue() -> None:
    world = waiting()
    world.later(10)
    world.tell(ev.OfferAccepted(world.offer("back", "ag_1"), "ag_1"))
    known = world.state.works["back"].queue_line.known
    assert (known.wait(0, place=0, head=0, now=world.now), known.wait(0, place=1, head=0, now=world.now)) == (0, 0)
