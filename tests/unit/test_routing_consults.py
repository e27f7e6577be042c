"""A warm transfer: the owner consults a second agent, who rings, talks, and leaves or takes the call over."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from property.routing_world import S, World, agent, call, chat

from routing import effects as fx
from routing import events as ev
from routing.decide import recover
from routing.effects import Because
from routing.explain import explain, explain_choice, why_not
from routing.model import Medium, Outcome, PresenceState, Record, Snapshot, Status
from routing.restoring import restore

ASK = ev.Consulted("c", "ag_1", "ag_2", command="k")


def talking(device: str = "", **more: Any) -> World:
    """`ag_1` owns the call `c`; `ag_2` and `ag_3` are ready, and `ag_4` sits for another client."""
    world = World(
        agent("ag_1", skills=(("tv", 2),)),
        agent("ag_2"),
        agent("ag_3", skills=(("law", 3),)),
        agent("ag_4", lease="other"),
    )
    world.sit("ag_1", "ag_2", "ag_3", "ag_4", device=device)
    world.arrive(call("c", world.now, needs=(("tv", 1),), **more))
    world.tell(ev.Answered("c", "ag_1"))
    return world


def record(world: World) -> Record:
    found = world.state.record("c")
    assert found is not None
    return found


def consulting(device: str = "phone") -> World:
    world = talking(device)
    world.tell(ASK)
    world.tell(ev.Answered("c", "ag_2"))
    return world


def load(world: World, name: str) -> int:
    return world.state.desks[name].load


def presence(world: World, name: str) -> PresenceState:
    found = world.state.presence(name)
    assert found is not None
    return found.state


# --- asking ----------------------------------------------------------------------------------------------


def test_a_named_colleague_rings_and_the_call_stays_with_its_owner() -> None:
    world = talking("phone")
    asked, offered, done = world.tell(ASK)
    assert asked == fx.ConsultAsked("c", "ag_2", "ag_1", "c/2/ag_2")
    assert isinstance(offered, fx.Offered)
    assert (offered.offer.role, offered.offer.device, offered.because.rule) == ("consult", "phone", "named")
    assert done == fx.Done("k", "ag_1")
    assert (record(world).status, record(world).owner, load(world, "ag_2")) == (Status.ACTIVE, "ag_1", 3)
    assert why_not(world.state, "c", "ag_2", world.now) == "ringing"


def test_by_a_views_needs_the_best_free_one_is_asked() -> None:
    world = talking()
    offered = world.tell(ev.Consulted("c", "ag_1", needs=(("law", 1),), command="k"))[1]
    assert isinstance(offered, fx.Offered)
    assert offered.agent == "ag_3"
    assert offered.because == Because("only", 2, 2, idle=world.now - record_idle(world, "ag_3"))


def test_by_a_views_needs_one_who_is_not_to_be_asked_is_passed_over() -> None:
    world = talking()
    (refused,) = world.tell(ev.Consulted("c", "ag_1", needs=(("law", 1),), command="k", besides="ag_3"))
    assert isinstance(refused, fx.Refused)
    assert (refused.code, refused.detail) == ("agent_not_available", "nobody_free")
    offered = world.tell(ev.Consulted("c", "ag_1", command="k", besides="ag_2"))[1]
    assert isinstance(offered, fx.Offered)
    assert offered.agent == "ag_3"


def record_idle(world: World, name: str) -> int:
    found = world.state.presence(name)
    assert found is not None
    return found.idle_since


@pytest.mark.parametrize(
    ("event", "code", "detail"),
    [
        (ev.Consulted("gone", "ag_1", "ag_2", command="k"), "unknown_contact", ""),
        (ev.Consulted("c", "ag_2", "ag_3", command="k"), "not_owner", ""),
        (ev.Consulted("c", "ag_1", "ag_1", command="k"), "agent_not_available", "owner"),
        (ev.Consulted("c", "ag_1", "ag_4", command="k"), "agent_not_available", "lease"),
        (ev.Consulted("c", "ag_1", "nobody", command="k"), "agent_not_available", "unknown_agent"),
        (ev.Consulted("c", "ag_1", needs=(("fax", 1),), command="k"), "agent_not_available", "nobody_free"),
        (ev.Joined("c", "ag_1", "k"), "no_consult", ""),
        (ev.ConsultLeft("c", "ag_1", "k"), "no_consult", ""),
        (ev.ConsultLeft("c", "ag_2", "k"), "not_owner", ""),
    ],
)
def test_what_cannot_be_is_refused_with_its_reason(event: ev.AnyEvent, code: str, detail: str) -> None:
    world = talking()
    (refused,) = world.tell(event)
    assert isinstance(refused, fx.Refused)
    assert (refused.command, refused.code, refused.detail) == ("k", code, detail)
    assert record(world).consult is None


def test_who_is_busy_or_away_is_not_rung() -> None:
    world = talking()
    world.arrive(call("other", world.now))
    busy = world.ringing("other")[0]
    (refused,) = world.tell(ev.Consulted("c", "ag_1", busy, command="k"))
    assert refused == fx.Refused("k", "agent_not_available", "c", "ag_1", "capacity")
    free = next(name for name in ("ag_2", "ag_3") if name != busy)
    world.tell(ev.PresenceSet(free, PresenceState.NOT_READY, "lunch"))
    (refused,) = world.tell(ev.Consulted("c", "ag_1", free, command="k"))
    assert refused == fx.Refused("k", "agent_not_available", "c", "ag_1", "not_ready")


def test_only_calls_know_a_second_agent_and_only_one() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(chat("c"))
    world.tell(ev.Answered("c", "ag_1"))
    assert world.tell(ASK) == [fx.Refused("k", "not_a_call", "c", "ag_1")]
    world = consulting()
    again = ev.Consulted("c", "ag_1", "ag_3", command="k")
    assert world.tell(again) == [fx.Refused("k", "consult_running", "c", "ag_1")]
    blind = ev.Transferred("c", "ag_1", view="x", command="k")
    assert world.tell(blind) == [fx.Refused("k", "consult_running", "c", "ag_1")]


# --- ringing ---------------------------------------------------------------------------------------------


def test_who_lets_it_ring_is_not_responding_and_the_owner_hears_of_it() -> None:
    world = talking("phone")
    world.tell(ASK)
    effects = world.later(20)
    assert fx.OfferEnded("c", "ag_2", "c/2/ag_2", Outcome.NO_ANSWER) in effects
    assert fx.ConsultEnded("c", "ag_2", "ag_1", "c/2/ag_2", "no_answer") in effects
    assert (presence(world, "ag_2"), load(world, "ag_2")) == (PresenceState.NOT_RESPONDING, 0)
    assert (record(world).consult, record(world).owner) == (None, "ag_1")


@pytest.mark.parametrize(
    ("event", "outcome"),
    [
        (ev.OfferDeclined("c/2/ag_2", "ag_2", "busy"), Outcome.DECLINED),
        (ev.OfferFailed("c/2/ag_2", "ag_2", "cable"), Outcome.UNREACHABLE),
    ],
)
def test_a_decline_or_a_dead_device_ends_it_and_is_no_decline_of_the_call(event: ev.AnyEvent, outcome: Outcome) -> None:
    world = talking("phone")
    world.tell(ASK)
    effects = world.tell(event)
    assert effects[-1] == fx.ConsultEnded("c", "ag_2", "ag_1", "c/2/ag_2", outcome.value)
    assert (record(world).declined, record(world).consult, load(world, "ag_2")) == ((), None, 0)
    assert presence(world, "ag_2") is PresenceState.READY


def test_a_click_is_the_answer_only_where_no_phone_rings() -> None:
    world = talking("phone")
    world.tell(ASK)
    assert world.tell(ev.OfferAccepted("c/2/ag_2", "ag_2", "k")) == [fx.Done("k", "ag_2")]
    world = talking()
    world.tell(ASK)
    began = world.tell(ev.OfferAccepted("c/2/ag_2", "ag_2", "k"))[1]
    assert began == fx.ConsultBegan("c", "ag_2", "ag_1", "c/2/ag_2")


def test_a_takeover_blames_nobody_for_what_rang_out_meanwhile() -> None:
    world = talking("phone")
    world.tell(ASK)
    state = restore(world.state.snapshot(world.now))
    effects = recover(state, world.now + 60 * S)
    assert [effect for effect in effects if isinstance(effect, fx.OfferEnded | fx.ConsultEnded)] == [
        fx.OfferEnded("c", "ag_2", "c/2/ag_2", Outcome.WITHDRAWN, "recovered"),
        fx.ConsultEnded("c", "ag_2", "ag_1", "c/2/ag_2", "withdrawn"),
    ]


# --- talking ---------------------------------------------------------------------------------------------


def test_the_consulted_agent_talks_beside_the_owner_and_has_no_room_for_more() -> None:
    world = consulting()
    assert (record(world).owner, record(world).consult_since) == ("ag_1", world.now)
    assert load(world, "ag_2") == 3
    assert why_not(world.state, "c", "ag_2", world.now) == "consulted"
    world.arrive(call("next", world.now))
    assert world.ringing("next") == ["ag_3"]
    assert world.tell(ev.Answered("c", "ag_2")) == []


def test_joining_makes_him_the_owner_in_one_decision() -> None:
    world = consulting()
    world.now += 5 * S
    effects = world.tell(ev.Joined("c", "ag_1", "k"))
    assert effects[:4] == [
        fx.ConsultEnded("c", "ag_2", "ag_1", "c/2/ag_2", "joined", talked=True, by="ag_1"),
        fx.Released("c", "ag_1", "joined"),
        fx.Owned("c", "ag_2", "", 0, "ag_1", "consult"),
        fx.Done("k", "ag_1"),
    ]
    assert (record(world).owner, record(world).consult, record(world).consult_since) == ("ag_2", None, 0)
    assert (load(world, "ag_1"), load(world, "ag_2")) == (0, 3)
    assert world.tell(ev.Left("c", by="agent", agent="ag_1")) == [], "the first owner's leg is released by the platform"
    assert record(world).status is Status.ACTIVE


def test_he_must_have_answered_before_he_is_joined() -> None:
    world = talking("phone")
    world.tell(ASK)
    assert world.tell(ev.Joined("c", "ag_1", "k")) == [fx.Refused("k", "no_consult", "c", "ag_1")]


@pytest.mark.parametrize(
    ("event", "by"),
    [
        (ev.ConsultLeft("c", "ag_1", "k"), "ag_1"),
        (ev.ConsultLeft("c", "ag_2", "k"), "ag_2"),
        (ev.Left("c", by="agent", agent="ag_2"), "ag_2"),
    ],
)
def test_either_of_the_two_may_end_it_and_the_call_goes_on(event: ev.AnyEvent, by: str) -> None:
    world = consulting()
    effects = world.tell(event)
    assert effects[0] == fx.ConsultEnded("c", "ag_2", "ag_1", "c/2/ag_2", "left", talked=True, by=by)
    assert (record(world).status, record(world).owner, load(world, "ag_2")) == (Status.ACTIVE, "ag_1", 0)


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (ev.Left("c"), "customer_left"),
        (ev.Left("c", by="agent", agent="ag_1"), "finished"),
        (ev.Finished("c", "ag_1", "", "k"), "finished"),
        (ev.Closed("c", "spam", "boss", "k"), "closed"),
    ],
)
def test_the_end_of_the_call_frees_the_consulted_agent(event: ev.AnyEvent, reason: str) -> None:
    world = consulting()
    effects = world.tell(event)
    assert effects[0] == fx.ConsultEnded("c", "ag_2", "ag_1", "c/2/ag_2", reason, talked=True)
    assert load(world, "ag_2") == 0


def test_a_consulted_agent_whose_sockets_are_gone_stays_until_the_talk_is_over() -> None:
    world = consulting()
    world.tell(ev.Disconnected("ag_2"))
    world.later(60)
    assert presence(world, "ag_2") is PresenceState.READY
    world.tell(ev.ConsultLeft("c", "ag_1", "k"))
    assert presence(world, "ag_2") is PresenceState.OFFLINE


# --- what is stored --------------------------------------------------------------------------------------


@pytest.mark.parametrize("answered", [False, True])
def test_a_restored_router_knows_the_consult(answered: bool) -> None:
    world = consulting() if answered else talking("phone")
    if not answered:
        world.tell(ASK)
    kept = msgspec.json.encode(world.state.snapshot(world.now))
    state = restore(msgspec.json.decode(kept, type=Snapshot))
    assert state.snapshot(world.now) == world.state.snapshot(world.now)
    assert state.desks["ag_2"].load == 3
    assert state.due() == world.state.due()


def test_a_row_from_before_there_were_consults_is_read_and_written_as_it_was() -> None:
    world = talking()
    row = msgspec.json.encode(record(world))
    assert b"consult" not in row
    assert msgspec.json.decode(row, type=Record) == record(world)


def test_the_offer_of_a_consult_is_explained() -> None:
    world = talking("phone")
    effects = world.tell(ASK)
    told = explain_choice(world.state.snapshot(world.now), effects, 1)
    assert {each.agent: each.code for each in told.agents} == {"ag_1": "owner", "ag_2": "chosen", "ag_3": "owned"}
    now = explain(world.state, "c", world.now)
    assert now is not None
    assert now.medium is Medium.VOICE
