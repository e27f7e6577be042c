"""Ring ladders and what an offer's end means (B01, domain.md section 3), as golden histories."""

from __future__ import annotations

import pytest
from property.routing_world import START, S, World, agent, call, chat, config

from routing import effects as fx
from routing import events as ev
from routing.decide import recover
from routing.model import Outcome, PresenceState, RingPlan, RingStep, Status
from routing.restoring import restore

CREW = [f"ag_{number}" for number in range(1, 8)]


def a_crew(*, device: str = "phone") -> World:
    world = World(*(agent(name) for name in CREW))
    world.sit(*CREW, device=device)
    return world


def phones_by_second(world: World, start: int) -> list[tuple[float, str]]:
    """When each phone began to ring, in seconds of the line clock."""
    since = start - START
    return [((at - since) / S, e.agent) for at, e in world.log if isinstance(e, fx.Offered)]


def test_china_rings_one_phone_then_another_at_6_s_and_five_at_10_s() -> None:
    world = a_crew()
    start = world.now
    world.arrive(call("c", start))
    world.later(19)
    assert phones_by_second(world, start) == [
        (0, "ag_1"),
        (6, "ag_2"),
        (10, "ag_3"),
        (10, "ag_4"),
        (10, "ag_5"),
    ]


def test_lines_with_3_s_cycles_ring_one_phone_for_4_s_and_then_five() -> None:
    world = a_crew()
    start = world.now
    world.arrive(call("c", start, plan="britain", deadline=start + 9 * S))
    world.later(9)
    assert [at for at, _ in phones_by_second(world, start)] == [0, 4, 4, 4, 4]


def test_the_ladder_and_the_rings_begin_when_ringing_begins_also_after_an_announcement() -> None:
    world = a_crew()
    start = world.now
    world.arrive(call("c", start))
    world.later(8)
    world.tell(ev.Changed("c", deadline=start + 23 * S, clock_from=start + 8 * S))
    world.later(10)
    assert [at for at, _ in phones_by_second(world, start)] == [0, 6, 18, 18, 18]
    world.tell(ev.Answered("c", "ag_1"))
    assert world.seen(fx.Owned)[0].waited == 10 * S
    world.tell(ev.Changed("c", clock_from=start))
    assert world.state.works["c"].clock_from == start + 8 * S, "he has had his rings"


def test_the_breach_is_recorded_at_15_s_while_ringing_goes_on() -> None:
    world = a_crew()
    start = world.now
    world.arrive(call("c", start))
    world.later(15 - 0.000001)
    assert world.seen(fx.Breached) == []
    world.later(0.000001)
    assert world.seen(fx.Breached) == [fx.Breached("c", start + 15 * S, "rings")]
    assert len(world.ringing("c")) == 5


def test_a_breach_is_recorded_once() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.later(100)
    assert len(world.seen(fx.Breached)) == 1


def test_an_answer_before_the_deadline_is_no_breach() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.later(14)
    world.tell(ev.Answered("c", "ag_2"))
    world.later(60)
    assert world.seen(fx.Breached) == []


def test_a_decline_moves_the_call_to_the_next_phone_at_once() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_1"), "ag_1", "busy", "k"))
    assert world.ringing("c") == ["ag_2"]


def test_a_decline_costs_nothing_but_is_not_asked_again() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_1"), "ag_1"))
    world.later(12)
    assert "ag_1" not in world.ringing("c")
    presence = world.state.presence("ag_1")
    assert presence is not None
    assert (presence.state, presence.misses) == (PresenceState.READY, 0)


def test_who_declined_is_asked_again_when_nobody_else_remains() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("c", world.now))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_1"), "ag_1"))
    world.later(3)
    assert world.ringing("c") == ["ag_2"]
    world.tell(ev.SignedOut("ag_2"))
    assert world.ringing("c") == ["ag_1"]


def test_who_declined_is_asked_again_when_the_busy_colleague_leaves() -> None:
    """No offer ends and nobody gets free: that the other one left is all that happens."""
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("busy", world.now))
    world.tell(ev.OfferAccepted(world.offer("busy", "ag_1"), "ag_1"))
    world.arrive(call("c", world.now))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_2"), "ag_2"))
    world.later(30)
    assert world.ringing("c") == []
    world.tell(ev.PresenceSet("ag_1", PresenceState.NOT_READY, "break"))
    assert world.ringing("c") == ["ag_2"]


def test_a_busy_colleague_still_counts_as_somebody_who_remains() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("busy", world.now))
    world.tell(ev.OfferAccepted(world.offer("busy", "ag_1"), "ag_1"))
    world.arrive(call("c", world.now))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_2"), "ag_2"))
    world.later(5)
    assert world.ringing("c") == []


def test_a_failed_offer_backs_the_agent_off_for_two_seconds() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.arrive(call("c", world.now))
    world.tell(ev.OfferFailed(world.offer("c", "ag_1"), "ag_1", "network"))
    world.later(2 - 0.000001)
    assert world.ringing("c") == []
    world.later(0.000001)
    assert world.ringing("c") == ["ag_1"]


def rings_out(world: World, after: float, *, plan: str = "china") -> list[tuple[str, str]]:
    """His device stops ringing by itself `after` seconds: the outcome at once, and after the offer's own end."""
    start = world.now
    world.arrive(call("c", start, plan=plan))
    name = world.offer("c", "ag_1")
    world.later(after)
    world.tell(ev.OfferDeclined(name, "ag_1", reason="device", unanswered=True))
    at_once = [each.outcome.value for each in world.seen(fx.OfferEnded)]
    world.later(start / S + 20.5 - world.now / S)
    return [(at_once[0] if at_once else "", world.seen(fx.OfferEnded)[0].outcome.value)]


@pytest.mark.parametrize(
    ("after", "at_once", "in_the_end"),
    [
        (4, "declined", "declined"),
        (14.9, "declined", "declined"),
        (15, "no_answer", "no_answer"),
        (19.9, "no_answer", "no_answer"),
    ],
)
def test_a_device_that_stops_by_itself_before_three_cycles_declines_and_after_them_did_not_answer(
    after: float, at_once: str, in_the_end: str
) -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1", device="phone")
    assert rings_out(world, after) == [(at_once, in_the_end)]


@pytest.mark.parametrize(("after", "at_once", "in_the_end"), [(17, "declined", "declined"), (18.5, "", "withdrawn")])
def test_a_ring_that_ends_with_an_offer_too_short_to_prove_anything_is_the_clocks(
    after: float, at_once: str, in_the_end: str
) -> None:
    """Cycles of 7 s: at 20 s nothing is proven, and the platform's own time-out a little earlier proves no more."""
    world = World(agent("ag_1"), plans=(RingPlan("slow", 7 * S, (RingStep(0, 1),), 20 * S),))
    world.sit("ag_1", device="phone")
    assert rings_out(world, after, plan="slow") == [(at_once, in_the_end)]


def test_an_unreachable_device_is_not_the_agents_fault() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.tell(ev.OfferFailed(world.offer("c", "ag_1"), "ag_1"))
    presence = world.state.presence("ag_1")
    assert presence is not None
    assert (presence.state, presence.misses) == (PresenceState.READY, 0)
    assert world.ringing("c") == ["ag_2"]


def test_letting_it_ring_moves_the_agent_to_not_responding_and_back() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.arrive(call("c", world.now))
    world.later(20)
    presence = world.state.presence("ag_1")
    assert presence is not None
    assert presence.state is PresenceState.NOT_RESPONDING
    assert presence.until == world.now + 60 * S
    world.later(60)
    assert world.ringing("c") == ["ag_1"]


def test_two_misses_in_a_row_tell_the_supervisor() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.arrive(call("c", world.now))
    world.later(20 + 60 + 19)
    assert world.seen(fx.Missed) == []
    world.later(1)
    assert world.seen(fx.Missed) == [fx.Missed("ag_1", 2)]


def test_an_offer_shorter_than_three_cycles_proves_nothing_about_the_agent() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    hasty = [plan if plan.id != "china" else _with_life(plan, 14 * S) for plan in world.state.config.plans]
    world.tell(ev.Configured(_with_plans(world.state.config, hasty)))
    world.arrive(call("c", world.now))
    world.later(14)
    ended = world.seen(fx.OfferEnded)
    assert [(e.outcome, e.reason) for e in ended] == [(Outcome.WITHDRAWN, "expired")]


def _with_life(plan, life):  # type: ignore[no-untyped-def]
    return type(plan)(plan.id, plan.cycle, plan.steps, life, plan.parallel_max)


def _with_plans(old, plans):  # type: ignore[no-untyped-def]
    return type(old)(2, old.leases, tuple(plans), old.agents, old.media)


def test_losers_are_withdrawn_after_the_winner_is_confirmed() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.later(7)
    effects = world.tell(ev.Answered("c", "ag_2"))
    story = [(type(e).__name__, e.agent, getattr(e, "outcome", ""), getattr(e, "reason", "")) for e in effects]
    assert story == [
        ("OfferEnded", "ag_2", "accepted", ""),
        ("Owned", "ag_2", "", ""),
        ("OfferEnded", "ag_1", "withdrawn", "answered_elsewhere"),
    ]


def test_a_click_with_a_phone_only_asks_it_to_ring() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    effects = world.tell(ev.OfferAccepted(world.offer("c", "ag_1"), "ag_1", "k"))
    assert effects == [fx.Done("k", "ag_1")]
    assert world.owner("c") == ""


def test_a_click_without_a_phone_is_the_answer() -> None:
    world = a_crew(device="")
    world.arrive(call("c", world.now))
    world.later(3)
    world.tell(ev.OfferAccepted(world.offer("c", "ag_1"), "ag_1", "k"))
    assert world.owner("c") == "ag_1"
    assert world.seen(fx.Owned)[0].waited == 3 * S


def test_the_second_answer_is_refused() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.later(7)
    world.tell(ev.Answered("c", "ag_1"))
    assert world.tell(ev.Answered("c", "ag_2")) == [fx.Refused("", "already_owned", "c", "ag_2")]
    assert world.tell(ev.Answered("c", "ag_1")) == []


def test_an_answer_wins_even_when_its_offer_has_just_expired() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1", device="phone")
    world.arrive(call("c", world.now))
    world.later(20)
    assert world.ringing("c") == []
    world.tell(ev.Answered("c", "ag_1"))
    assert world.owner("c") == "ag_1"


def test_a_click_after_the_offers_life_is_refused_however_late_the_tick() -> None:
    world = a_crew(device="")
    world.arrive(chat("c", world.now))
    offer = world.offer("c", "ag_1")
    world.now += 20 * S
    effects = world.tell(ev.OfferAccepted(offer, "ag_1", "k"))
    assert fx.Refused("k", "offer_gone", "", "ag_1") in effects
    assert world.owner("c") == ""


def test_a_customer_who_hangs_up_is_nobodys_miss() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    effects = world.tell(ev.Left("c", cause="hangup"))
    assert [type(e).__name__ for e in effects] == ["OfferEnded", "Ended"]
    assert effects[0] == fx.OfferEnded("c", "ag_1", "c/1/ag_1", Outcome.CUSTOMER_LEFT)


def test_an_agent_who_leaves_rings_no_longer() -> None:
    world = a_crew()
    world.arrive(call("c", world.now))
    world.tell(ev.Disconnected("ag_1"))
    ended = world.seen(fx.OfferEnded)
    assert [(e.outcome, e.reason) for e in ended] == [(Outcome.WITHDRAWN, "agent_left")]
    assert world.ringing("c") == ["ag_2"]


def test_offers_that_ran_out_while_nobody_routed_are_recovered_and_nobodys_fault() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    world.arrive(call("c", world.now))
    state = restore(world.state.snapshot(world.now))
    effects = recover(state, world.now + 60 * S)
    ended = [e for e in effects if isinstance(e, fx.OfferEnded)]
    assert [(e.outcome, e.reason) for e in ended] == [(Outcome.WITHDRAWN, "recovered")]
    assert fx.Queued("c", 1, 1, "recovered") in effects
    record = state.record("c")
    assert record is not None
    assert record.status is Status.OFFERED
    assert state.due() is not None


def test_the_cap_of_the_parallel_set_holds() -> None:
    capped = [_capped(plan) for plan in config().plans]
    world = World(*(agent(name) for name in CREW))
    world.tell(ev.Configured(_with_plans(world.state.config, capped)))
    world.sit(*CREW)
    world.arrive(call("c", world.now))
    world.later(12)
    assert len(world.ringing("c")) == 3


def _capped(plan):  # type: ignore[no-untyped-def]
    return type(plan)(plan.id, plan.cycle, plan.steps, plan.offer_life, 3)
