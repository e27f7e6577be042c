"""Terms of leases that begin and end while contacts wait, and takeovers: what walks once found, each in a few lines."""

from __future__ import annotations

from typing import Any

from property.routing_world import FOREVER, LEASES, START, S, World, agent, chat, config

from routing import effects as fx
from routing import events as ev
from routing.decide import recover
from routing.model import Lease, PresenceState, RelaxStep, Tier
from routing.restoring import restore

WIDE = (RelaxStep(0, (), "second"),)
HERE, THERE = agent("ag_1", lease="home", capacity=1), agent("ag_2", lease="second")


def two_pools(*, ends: int = FOREVER, begins: int = 0) -> World:
    leases = (Lease("home", "kangjia", 5, 5, 0, ends), Lease("second", "kangjia", 5, 5, begins, FOREVER))
    world = World(HERE, THERE, leases=leases)
    world.sit("ag_1", "ag_2")
    return world


def wide(id: str, **more: Any) -> Any:
    return chat(id, lease="home", relax=WIDE, **more)


def test_a_lease_that_begins_between_two_late_timers_serves_at_once() -> None:
    world = two_pools(begins=START + 10 * S)
    world.arrive(wide("declined", deadline=START + 22 * S))
    world.tell(ev.OfferDeclined(world.offer("declined", "ag_1"), "ag_1"))
    world.tell(ev.PresenceSet("ag_1", PresenceState.NOT_READY))
    world.arrive(wide("other"))
    world.now = START + 15 * S
    world.tell(ev.Ticked())
    assert world.ringing("declined") == ["ag_2"]
    assert world.ringing("other") == ["ag_2"]


def busy_at_home() -> World:
    """The home lease ends in ten seconds; its one agent is ready and busy until then."""
    world = two_pools(ends=START + 10 * S)
    world.arrive(chat("talk", lease="home"))
    world.tell(ev.OfferAccepted(world.offer("talk", "ag_1"), "ag_1"))
    return world


def test_the_end_of_a_lease_frees_whom_it_held_for_its_agent() -> None:
    world = busy_at_home()
    world.arrive(wide("held", preferred="ag_1", preferred_until=START + 30 * S))
    world.later(9)
    assert world.ringing("held") == []
    world.later(1)
    assert world.ringing("held") == ["ag_2"]


def test_at_the_end_of_a_lease_those_who_declined_may_be_all_that_remain() -> None:
    world = busy_at_home()
    world.arrive(wide("c"))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_2"), "ag_2"))
    world.later(9)
    assert world.ringing("c") == [], "somebody at home has not declined it"
    world.later(1)
    assert world.ringing("c") == ["ag_2"]


def test_a_takeover_speaks_of_places_as_they_are_now() -> None:
    """Both are past their maximum wait by then, and the one who came later stood first before."""
    world = World(agent("ag_1", capacity=1))
    world.sit("ag_1")
    world.arrive(chat("first", tier=Tier.LEAD, needs=(("rare", 1),)))
    world.arrive(chat("later", tier=Tier.PLATINUM))
    state = restore(world.state.snapshot(world.now))
    told = recover(state, world.now + 300 * S)
    assert [effect.position for effect in told if isinstance(effect, fx.Queued)] == [2]


def test_a_lease_that_comes_into_the_configuration_says_how_it_is_staffed() -> None:
    team = (agent("ag_1"), agent("ag_2", lease="other"))
    world = World(*team, leases=LEASES[:1])
    world.sit("ag_2")
    assert world.seen(fx.Staffing) == []
    world.tell(ev.Configured(config(*team, version=2)))
    assert world.seen(fx.Staffing) == [fx.Staffing("other", 1, 90)]


def test_who_declined_is_not_asked_again_while_somebody_of_the_second_lease_only_has_no_room() -> None:
    world = two_pools()
    for name in ("c1", "c2", "c3"):
        world.arrive(chat(name, lease="second"))
        world.tell(ev.OfferAccepted(world.offer(name, "ag_2"), "ag_2"))
    world.arrive(wide("declined"))
    world.tell(ev.OfferDeclined(world.offer("declined", "ag_1"), "ag_1"))
    world.later(10)
    assert world.ringing("declined") == []
    world.tell(ev.Finished("c1", "ag_2"))
    assert world.ringing("declined") == ["ag_2"]
