"""Why this one, and why not the others: one scene for each reason."""

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace
from property.routing_world import START, S, World, agent, call, chat, config, mail

from routing import effects as fx
from routing import events as ev
from routing.effects import AnyEffect
from routing.explain import CODES, Explained, before_offer, explain, explain_blocked, explain_choice, why_not
from routing.model import Lease, Medium, Offer, Presence, PresenceState, Record, RelaxStep, Snapshot, Status
from routing.replay import effects_hash

FREE = agent("ag_1", number="11")
OTHER = agent("ag_2", number="12")


def codes(explained: Explained | None) -> dict[str, str]:
    assert explained is not None
    return {reason.agent: reason.code for reason in explained.agents}


def now(world: World, contact: str = "c") -> dict[str, str]:
    return codes(explain(world.state, contact, world.now))


def choice(world: World, effects: list[AnyEffect]) -> Explained:
    """The last offer that a decision made."""
    made = max(number for number, effect in enumerate(effects) if isinstance(effect, fx.Offered))
    return explain_choice(world.state.snapshot(world.now), effects, made)


def test_codes_are_said_once_each() -> None:
    assert len(set(CODES)) == len(CODES)


# --- could not -------------------------------------------------------------------------------------------------


def test_whoever_cannot_be_offered_it_has_the_reason_that_stands_first() -> None:
    team = [
        agent("ag_away", number="1"),
        agent("ag_lunch", number="2"),
        agent("ag_lost", number="3"),
        agent("ag_mail", number="4", media=(Medium.MAIL,)),
        agent("ag_weak", number="5", skills=(("yue", 1),)),
        agent("ag_busy", number="6", skills=(("yue", 3),)),
    ]
    world = World(*team)
    world.sit("ag_lunch", "ag_lost", "ag_mail", "ag_weak", "ag_busy")
    world.tell(ev.PresenceSet("ag_lunch", PresenceState.NOT_READY, "lunch"))
    world.tell(ev.Disconnected("ag_lost"))
    world.arrive(call("first", world.now, needs=(("yue", 2),)))
    world.tell(ev.Answered("first", "ag_busy"))
    world.arrive(chat("c", world.now, needs=(("yue", 2),)))
    assert now(world) == {
        "ag_away": "skill",
        "ag_lunch": "skill",
        "ag_lost": "skill",
        "ag_mail": "medium",
        "ag_weak": "skill",
        "ag_busy": "capacity",
    }
    world.arrive(call("d", world.now))
    assert now(world, "d") == {
        "ag_away": "offline",
        "ag_lunch": "not_ready",
        "ag_lost": "disconnected",
        "ag_mail": "medium",
        "ag_weak": "ringing",
        "ag_busy": "capacity",
    }


def test_agents_of_other_leases_are_left_out_unless_everyone_is_asked_for() -> None:
    world = World(FREE, agent("ag_9", number="90", lease="other"))
    world.arrive(chat("c"))
    assert now(world) == {"ag_1": "offline"}
    assert codes(explain(world.state, "c", world.now, everyone=True)) == {"ag_1": "offline", "ag_9": "lease"}


def test_a_lease_that_is_not_in_force_stops_all_its_people() -> None:
    ended = (Lease("kangjia", "kangjia", 10, 10, 0, START + S),)
    world = World(FREE, leases=ended)
    world.sit("ag_1")
    world.now = START + S
    world.arrive(mail("c", world.now))
    assert now(world) == {"ag_1": "lease_not_in_force"}


def test_whoever_declined_is_passed_over_while_another_remains_and_then_rests_a_moment() -> None:
    world = World(FREE, OTHER)
    world.sit("ag_1", "ag_2")
    world.arrive(chat("c", world.now))
    world.tell(ev.OfferDeclined(world.offer("c", "ag_1"), "ag_1"))
    assert now(world) == {"ag_1": "declined", "ag_2": "ringing"}
    world.tell(ev.OfferDeclined(world.offer("c", "ag_2"), "ag_2"))
    assert now(world) == {"ag_1": "back_off", "ag_2": "back_off"}


def test_a_phone_that_rang_out_is_not_responding() -> None:
    world = World(FREE)
    world.sit("ag_1")
    world.arrive(chat("c", world.now))
    world.later(20)
    assert now(world) == {"ag_1": "not_responding"}


# --- held ------------------------------------------------------------------------------------------------------


def test_a_free_agent_waits_beside_a_contact_that_is_held_for_its_preferred_one() -> None:
    world = World(FREE, OTHER)
    world.sit("ag_1", "ag_2")
    world.arrive(call("first", world.now))
    world.tell(ev.Answered("first", "ag_1"))
    world.arrive(chat("c", world.now, preferred="ag_1", preferred_until=world.now + 8 * S))
    assert now(world) == {"ag_1": "capacity", "ag_2": "held"}


def test_a_free_agent_waits_beside_a_contact_that_rings_at_enough_phones() -> None:
    world = World(FREE, OTHER)
    world.sit("ag_1", "ag_2")
    world.arrive(call("c", world.now))
    assert now(world) == {"ag_1": "ringing", "ag_2": "rings_enough"}


def test_between_a_timer_and_its_decision_a_freed_agent_is_due() -> None:
    world = World(FREE, OTHER)
    world.sit("ag_1", "ag_2")
    world.arrive(call("c", world.now))
    at_second_step = world.now + 6 * S
    assert codes(explain(world.state, "c", at_second_step - 1))["ag_2"] == "rings_enough"
    assert codes(explain(world.state, "c", at_second_step))["ag_2"] == "due"


# --- owned and over --------------------------------------------------------------------------------------------


def test_once_somebody_has_it_the_others_are_told_so() -> None:
    world = World(FREE, OTHER)
    world.sit("ag_1", "ag_2")
    world.arrive(chat("c", world.now))
    world.tell(ev.OfferAccepted(world.offer("c", "ag_1"), "ag_1"))
    explained = explain(world.state, "c", world.now)
    assert codes(explained) == {"ag_1": "owner", "ag_2": "owned"}
    assert explained is not None
    assert (explained.owner, explained.position, explained.status) == ("ag_1", 0, Status.ACTIVE)


def test_what_the_queue_does_not_hold_is_not_explained() -> None:
    world = World(FREE)
    assert explain(world.state, "c", world.now) is None
    assert why_not(world.state, "c", "ag_1", world.now) == "unknown_contact"
    world.arrive(chat("c"))
    assert why_not(world.state, "c", "nobody", world.now) == "unknown_agent"
    world.tell(ev.Left("c"))
    assert explain(world.state, "c", world.now) is None


def test_a_blocked_call_names_who_was_busy_and_who_was_free_but_not_asked() -> None:
    one_line = (Lease("kangjia", "kangjia", 1, 10, 0, START * 2),)
    world = World(FREE, OTHER, agent("ag_3", number="13"), leases=one_line)
    world.sit("ag_1", "ag_2")
    world.arrive(call("first", world.now))
    (blocked,) = world.arrive(call("c", world.now))
    assert isinstance(blocked, fx.Blocked)
    explained = explain_blocked(world.state.snapshot(world.now), call("c", world.now))
    assert codes(explained) == {"ag_1": "capacity", "ag_2": "blocked", "ag_3": "offline"}


# --- lost to the chosen one ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("loser", "code"),
    [
        ({"skills": (("tv", 1), ("yue", 1))}, "spared"),
        ({"skills": (("tv", 1),)}, "less_proficient"),
        ({"skills": (("tv", 2), ("en", 1))}, "more_skills"),
        ({"skills": (("tv", 2),)}, "less_idle"),
    ],
)
def test_a_loser_is_told_the_first_rule_by_which_the_chosen_one_came_before(loser: dict[str, Any], code: str) -> None:
    best = agent("ag_1", number="11", skills=(("tv", 2),))
    also_english = agent("ag_3", number="13", skills=(("en", 1), ("wu", 1)))
    world = World(best, agent("ag_2", number="12", **loser), also_english)
    world.sit("ag_1", "ag_2", "ag_3")
    explained = choice(world, world.arrive(chat("c", world.now, needs=(("tv", 1),))))
    assert codes(explained) == {"ag_1": "chosen", "ag_2": code, "ag_3": "skill"}


def test_load_comes_before_rest_and_the_number_decides_last() -> None:
    world = World(FREE, OTHER, agent("ag_3", number="13"))
    world.sit("ag_1")
    world.arrive(chat("first", world.now))
    world.tell(ev.OfferAccepted(world.offer("first", "ag_1"), "ag_1"))
    for name in ("ag_2", "ag_3"):
        world.tell(ev.SignedIn(name))
        world.tell(ev.PresenceSet(name, PresenceState.READY))
    explained = choice(world, world.arrive(chat("c", world.now)))
    assert codes(explained) == {"ag_1": "carries_more", "ag_2": "chosen", "ag_3": "higher_number"}


def test_the_preferred_agent_beats_a_better_one() -> None:
    world = World(agent("ag_1", number="11", skills=(("tv", 3),)), agent("ag_2", number="12", skills=(("tv", 1),)))
    world.sit("ag_1", "ag_2")
    wish = {"needs": (("tv", 1),), "preferred": "ag_2", "preferred_until": world.now + 8 * S}
    explained = choice(world, world.arrive(chat("c", world.now, **wish)))
    assert codes(explained) == {"ag_1": "not_preferred", "ag_2": "chosen"}


# --- the moment ------------------------------------------------------------------------------------------------


def test_the_second_phone_of_one_decision_is_explained_after_the_first_began_to_ring() -> None:
    world = World(FREE, OTHER, agent("ag_3", number="13"))
    world.sit("ag_1", "ag_2", "ag_3")
    late = call("c", world.now - 7 * S, deadline=world.now + 8 * S)
    effects = world.arrive(late)
    first, second = [number for number, effect in enumerate(effects) if isinstance(effect, fx.Offered)]
    after = world.state.snapshot(world.now)
    assert codes(explain_choice(after, effects, first)) == {"ag_1": "chosen", "ag_2": "less_idle", "ag_3": "less_idle"}
    assert codes(explain_choice(after, effects, second)) == {"ag_1": "ringing", "ag_2": "chosen", "ag_3": "less_idle"}


def test_an_offer_is_taken_back_whole() -> None:
    world = World(FREE, OTHER)
    world.sit("ag_1", "ag_2")
    before = world.state.snapshot(world.now)
    effects = world.arrive(chat("c", world.now))
    made = next(number for number, effect in enumerate(effects) if isinstance(effect, fx.Offered))
    (record,) = before_offer(world.state.snapshot(world.now), effects, made).records
    assert (record.status, record.attempts, record.offers) == (Status.WAITING, 0, ())
    assert before_offer(world.state.snapshot(world.now), effects, made).presences == before.presences


def test_the_contact_itself_is_described_as_it_stood() -> None:
    steps = (RelaxStep(4 * S, (("tv", 1),)), RelaxStep(9 * S, ()))
    world = World(FREE)
    world.sit("ag_1")
    world.arrive(chat("before", START, needs=(("tv", 1),)), chat("c", START, needs=(("yue", 2),), relax=steps))
    world.later(5)
    explained = explain(world.state, "c", world.now)
    assert explained is not None
    assert (explained.step, explained.needs, explained.position) == (1, (("tv", 1),), 2)
    assert (explained.band, explained.tier, explained.phones, explained.waited) == (2, 2, 1, world.now - START)


def test_two_agents_with_one_number_are_told_apart_by_their_ids() -> None:
    world = World(agent("ag_b", number="1"), agent("ag_a", number="1"))
    world.arrive(chat("c"))
    assert list(now(world)) == ["ag_a", "ag_b"]


# --- a second lease that helps ---------------------------------------------------------------------------------

HOME = agent("ag_1", number="21")
HELPER = agent("ag_2", number="11", lease="other")


def helped(*agents: str, waited: int = 5 * S) -> Snapshot:
    """A chat for which the second lease helps by now, beside these of HOME and HELPER, ready and idle."""
    contact = chat("c", START, relax=(RelaxStep(4 * S, (), "other"),))
    ready = [Presence(agent=name, state=PresenceState.READY, connected=True) for name in agents]
    record = Record(contact=contact, arrival=1, relaxed=1)
    return Snapshot(config(HOME, HELPER), START + waited, 1, (record,), tuple(ready))


def offered(snapshot: Snapshot, to: str) -> Explained:
    """The choice as it is told right after `to` was offered it."""
    offer = Offer(f"c/1/{to}", "c", to, 1, snapshot.now, snapshot.now + 20 * S)
    (record,) = snapshot.records
    after = replace(record, offers=(offer,), attempts=1, status=Status.OFFERED)
    effects: list[AnyEffect] = [fx.Offered("c", to, offer, fx.Because("only", 2, 2))]
    return explain_choice(replace(snapshot, records=(after,)), effects, 0)


def test_the_agents_of_the_second_lease_are_in_the_pool_once_its_step_is_in_force() -> None:
    explained = offered(helped("ag_2"), "ag_2")
    assert codes(explained) == {"ag_1": "offline", "ag_2": "chosen"}
    assert explained.second == "other"


def test_its_own_lease_comes_first() -> None:
    assert codes(offered(helped("ag_1", "ag_2"), "ag_1")) == {"ag_1": "chosen", "ag_2": "home_first"}


def test_before_the_step_nobody_of_the_second_lease_is_asked() -> None:
    world = World(HOME, HELPER)
    world.arrive(chat("c", START, relax=(RelaxStep(4 * S, (), "other"),)))
    assert now(world) == {"ag_1": "offline"}


# --- what a replay compares ------------------------------------------------------------------------------------


def test_two_decisions_are_the_same_though_they_estimate_the_wait_otherwise() -> None:
    queued = fx.Queued("c", 1, 2)
    assert effects_hash([replace(queued, expected=9 * S, at_most=20 * S)]) == effects_hash([queued])
    assert effects_hash([replace(queued, position=3)]) != effects_hash([queued])
