"""The lifecycle of contacts and the agents' presence around it (decisions rows 7 and 8)."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from property.routing_world import START, S, World, agent, call, chat, config, mail

from routing import effects as fx
from routing import events as ev
from routing.decide import decide, recover
from routing.desks import Work
from routing.explain import why_not
from routing.model import MEDIUM_NO, Config, End, Medium, PresenceState, RelaxStep, Snapshot, Status, Tier
from routing.restoring import restore


def talking(contact_id: str = "c", *, medium: Medium = Medium.VOICE) -> World:
    """Two agents, the first of whom owns a contact."""
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    make = {Medium.VOICE: call, Medium.CHAT: chat, Medium.MAIL: mail}[medium]
    world.arrive(make(contact_id, world.now))
    world.tell(ev.Answered(contact_id, "ag_1"))
    return world


def state_of(world: World, name: str) -> PresenceState:
    presence = world.state.presence(name)
    assert presence is not None
    return presence.state


def test_a_contact_arrives_once() -> None:
    world = World()
    world.arrive(chat("c"))
    assert world.arrive(chat("c")) == [fx.Refused("", "contact_exists", "c")]


def test_what_is_kept_beside_a_contact_is_the_contacts_own() -> None:
    """All fields are taken at once, by their order."""
    world = World()
    contact = chat(
        "c", 1, lease="haier", enqueued_at=2, clock_from=3, deadline=4, view="v", complaint=True, tier=Tier.GOLD,
        needs=(("tv", 1),), relax=(RelaxStep(1, ()), RelaxStep(2, ())), preferred="ag_1", preferred_until=5, opens_at=6,
    )  # fmt: skip
    work = Work(contact, 1, world.state)
    for name in ("id", "lease", "enqueued_at", "clock_from", "deadline", "plan", "view", "complaint", "needs"):
        assert getattr(work, name) == getattr(contact, name), name
    assert (work.preferred_until, work.relaxations) == (5, 2)
    assert (work.terms.tier, work.terms.medium_no, work.is_call) == (1, MEDIUM_NO[Medium.CHAT], False)


def test_wrap_up_holds_the_agents_capacity_until_it_is_over() -> None:
    world = talking()
    world.tell(ev.Finished("c", "ag_1", "solved", "k"))
    world.tell(ev.SignedOut("ag_2"))
    world.arrive(call("next", world.now))
    assert world.state.record("c").status is Status.WRAP_UP  # type: ignore[union-attr]
    assert why_not(world.state, "next", "ag_1", world.now) in ("capacity", "unknown_contact")
    world.later(10)
    assert world.seen(fx.Released) == [fx.Released("c", "ag_1", "wrap_up_over")]
    assert world.seen(fx.Ended)[0].how is End.FINISHED


def test_the_agent_may_end_wrap_up_early() -> None:
    world = talking()
    world.tell(ev.Left("c", by="agent", cause="hangup"))
    assert world.seen(fx.WrapUpBegan) == [fx.WrapUpBegan("c", "ag_1", world.now + 10 * S, "agent", "hangup")]
    effects = world.tell(ev.WrappedUp("c", "ag_1", "k"))
    assert effects[:2] == [
        fx.Released("c", "ag_1", "wrapped_up"),
        fx.Ended("c", End.FINISHED, agent="ag_1"),
    ]


def test_a_medium_without_wrap_up_ends_at_once() -> None:
    world = talking(medium=Medium.CHAT)
    effects = world.tell(ev.Finished("c", "ag_1", "solved", "k"))
    assert effects == [
        fx.Released("c", "ag_1", "finished"),
        fx.Ended("c", End.FINISHED, "agent", "solved", "ag_1"),
        fx.Done("k", "ag_1"),
    ]


def test_hanging_up_during_wrap_up_is_harmless() -> None:
    world = talking()
    world.tell(ev.Left("c"))
    assert world.tell(ev.Left("c")) == []
    assert world.tell(ev.Finished("c", "ag_1", command="k")) == [fx.Refused("k", "contact_not_active", "c", "ag_1")]


def test_only_the_owner_finishes() -> None:
    world = talking()
    assert world.tell(ev.Finished("c", "ag_2", command="k")) == [fx.Refused("k", "not_owner", "c", "ag_2")]


def test_a_waiting_customer_may_choose_a_callback() -> None:
    world = World()
    world.arrive(chat("c"))
    assert world.tell(ev.Left("c", to_callback=True))[-1].how is End.TO_CALLBACK  # type: ignore[union-attr]


def test_a_transfer_to_one_agent_waits_twenty_seconds_for_him() -> None:
    world = World(agent("ag_1", capacity=1), agent("ag_2", capacity=1), agent("ag_3", capacity=1))
    world.sit("ag_1", "ag_2")
    world.arrive(chat("c", world.now), chat("d", world.now))
    for contact, name in (("c", "ag_1"), ("d", "ag_2")):
        world.tell(ev.OfferAccepted(world.offer(contact, name), name))
    world.sit("ag_3")
    world.tell(ev.Transferred("c", "ag_1", to_agent="ag_2", command="k"))
    world.later(20 - 0.000001)
    assert world.ringing("c") == []
    world.later(0.000001)
    assert world.ringing("c") == ["ag_3"]


def test_a_transfer_frees_the_agent_and_does_not_come_back_to_him() -> None:
    world = talking()
    world.tell(ev.Transferred("c", "ag_1", needs=(), reason="tired", command="k"))
    assert world.ringing("c") == ["ag_2"]
    assert world.state.desks["ag_1"].load == 0


def test_a_supervisor_may_pass_over_skills_but_not_over_capacity() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1")
    world.arrive(call("c", world.now, needs=(("yue", 3),)))
    effects = world.tell(ev.Assigned("c", "ag_1", "boss", "vip", "k"))
    assert effects[0] == fx.Owned("c", "ag_1", "", 0, "boss", "vip")
    world.sit("ag_2")
    world.arrive(call("d", world.now, needs=(("yue", 3),)))
    assert world.tell(ev.Assigned("d", "ag_1", "boss", "vip", "k"))[-1] == fx.Refused("k", "capacity", "d", "ag_1")


def test_a_supervisors_assignment_withdraws_the_ringing_phones() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(call("c", world.now))
    world.tell(ev.Assigned("c", "ag_2", "boss", "vip", "k"))
    assert [(e.agent, e.reason) for e in world.seen(fx.OfferEnded)] == [("ag_1", "supervisor")]


def test_a_supervisors_assignment_of_a_call_rings_the_agents_phone_and_who_answers_owns_it() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2", device="phone")
    world.arrive(call("c", world.now))
    world.tell(ev.Assigned("c", "ag_2", "boss", "vip", "k"))
    assert world.ringing("c") == ["ag_1", "ag_2"], "whose phone rings already may answer first"
    offered = world.seen(fx.Offered)[-1]
    assert (offered.agent, offered.because.rule) == ("ag_2", "override")
    assert (offered.because.by, offered.because.reason) == ("boss", "vip")
    assert world.seen(fx.Owned) == []
    assert world.tell(ev.Assigned("c", "ag_2", "boss", "vip", "k")) == [fx.Done("k", "ag_2")], "it rings there already"
    world.tell(ev.Answered("c", "ag_2"))
    assert world.state.works["c"].owner == "ag_2"
    assert world.ringing("c") == []


def test_who_lets_an_assigned_call_ring_gives_it_to_the_others() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1", device="phone")
    world.arrive(call("c", world.now, needs=(("yue", 3),)))
    assert world.ringing("c") == []
    world.tell(ev.Assigned("c", "ag_1", "boss", "vip", "k"))
    world.later(20)
    assert [(e.agent, e.outcome.value) for e in world.seen(fx.OfferEnded)] == [("ag_1", "no_answer")]
    assert world.state.works["c"].status is Status.WAITING


def test_closing_an_active_contact_frees_its_owner() -> None:
    world = talking()
    effects = world.tell(ev.Closed("c", "spam", "boss", "k"))
    assert effects == [
        fx.Released("c", "ag_1", "closed"),
        fx.Ended("c", End.CLOSED, "boss", "spam", "ag_1"),
        fx.Done("k", "boss"),
    ]


# --- agents --------------------------------------------------------------------------------------------


def test_a_chat_returns_to_its_old_place_after_the_grace_time() -> None:
    world = talking(medium=Medium.CHAT)
    world.tell(ev.PresenceSet("ag_2", PresenceState.NOT_READY, "lunch"))
    world.arrive(chat("later", world.now))
    world.tell(ev.Disconnected("ag_1"))
    world.later(30 - 0.000001)
    assert world.owner("c") == "ag_1"
    world.later(0.000001)
    assert state_of(world, "ag_1") is PresenceState.OFFLINE
    assert ("c", 1, "agent_left") in [
        (e.contact, e.position, e.reason) for _, e in world.log if isinstance(e, fx.Queued)
    ]


def test_reconnecting_in_time_keeps_everything() -> None:
    world = talking(medium=Medium.CHAT)
    world.tell(ev.Disconnected("ag_1"))
    world.later(29)
    world.tell(ev.Connected("ag_1"))
    world.later(60)
    assert world.owner("c") == "ag_1"
    assert state_of(world, "ag_1") is PresenceState.READY


def test_mail_stays_through_a_lost_connection_and_returns_at_the_end_of_the_shift() -> None:
    world = talking(medium=Medium.MAIL)
    world.tell(ev.Disconnected("ag_1"))
    world.later(40)
    assert world.owner("c") == "ag_1"
    world.tell(ev.SignedOut("ag_1"))
    assert world.owner("c") == ""


def test_a_call_stays_with_its_leg_and_keeps_the_seat_until_it_ends() -> None:
    world = talking()
    world.tell(ev.Disconnected("ag_1"))
    world.later(40)
    assert (world.owner("c"), state_of(world, "ag_1")) == ("ag_1", PresenceState.READY)
    world.tell(ev.Left("c"))
    assert state_of(world, "ag_1") is PresenceState.OFFLINE


def test_a_call_survives_signing_out() -> None:
    world = talking()
    world.tell(ev.SignedOut("ag_1", "k"))
    assert world.owner("c") == "ag_1"


def test_signing_in_is_not_yet_being_ready() -> None:
    world = World(agent("ag_1"))
    world.tell(ev.SignedIn("ag_1", "phone", "k"))
    world.arrive(chat("c"))
    assert world.ringing("c") == []
    assert why_not(world.state, "c", "ag_1", world.now) == "not_ready"


def test_nobody_is_ready_before_signing_in() -> None:
    world = World(agent("ag_1"))
    assert world.tell(ev.PresenceSet("ag_1", PresenceState.READY, command="k")) == [
        fx.Refused("k", "not_signed_in", agent="ag_1")
    ]


def test_asking_for_ready_again_does_not_reset_the_idle_time() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1")
    since = world.state.presence("ag_1").idle_since  # type: ignore[union-attr]
    world.later(5)
    assert world.tell(ev.PresenceSet("ag_1", PresenceState.READY, command="k")) == [fx.Done("k", "ag_1")]
    assert world.state.presence("ag_1").idle_since == since  # type: ignore[union-attr]


def test_an_answer_elsewhere_takes_back_what_rings_at_his_desk() -> None:
    world = World(agent("ag_1"))
    world.sit("ag_1", device="phone")
    world.sit("ag_1", device="phone")
    world.arrive(chat("c", world.now), chat("d", world.now))
    world.arrive(mail("m", world.now))
    world.tell(ev.Answered("c", "ag_1"))
    assert world.owner("c") == "ag_1"
    assert world.state.desks["ag_1"].load <= 3


# --- totality ------------------------------------------------------------------------------------------

IDS = st.sampled_from(["ct_1", "ct_2", "ag_1", "ag_2", "", "ct_1/1/ag_1", "ct_2/1/ag_2"])
TIMES = st.sampled_from([0, 1, START, START + 5 * S, -1, 1 << 50])
ODD = st.builds(
    chat,
    IDS,
    TIMES,
    medium=st.sampled_from(list(Medium)),
    plan=st.sampled_from(["china", "none", "text"]),
    lease=st.sampled_from(["kangjia", "none"]),
    preferred=IDS,
    preferred_until=TIMES,
)
BARE = Config(version=2, leases=(), plans=(), agents=(), media=())
CONFIGS = st.sampled_from(
    [BARE, config(agent("ag_1", capacity=0)), config(agent("ag_1"), not_responding_for=0, back_off=0, grace=0)]
)
EVENTS = st.one_of(
    st.builds(ev.Arrived, ODD),
    st.builds(ev.Configured, CONFIGS),
    *(
        st.builds(kind, IDS, IDS)
        for kind in (
            ev.OfferAccepted,
            ev.OfferDeclined,
            ev.OfferFailed,
            ev.Answered,
            ev.Finished,
            ev.WrappedUp,
            ev.Transferred,
            ev.Closed,
        )
    ),
    *(st.builds(kind, IDS) for kind in (ev.SignedIn, ev.SignedOut, ev.Connected, ev.Disconnected, ev.Left)),
    st.builds(ev.PresenceSet, IDS, st.sampled_from(list(PresenceState))),
    st.builds(ev.Assigned, IDS, IDS, IDS, IDS, IDS),
    st.builds(ev.Changed, IDS, deadline=TIMES),
    st.just(ev.Ticked()),
)


@given(st.lists(st.tuples(EVENTS, TIMES), max_size=30))
@settings(max_examples=150, deadline=None)
def test_no_event_raises_in_any_state(history: list[tuple[ev.AnyEvent, int]]) -> None:
    state = restore(Snapshot(config(agent("ag_1"), agent("ag_2")), START, 0))
    for name in ("ag_1", "ag_2"):
        decide(state, ev.SignedIn(name), START)
        decide(state, ev.PresenceSet(name, PresenceState.READY), START)
    for event, now in history:
        decide(state, event, now)
        recover(restore(state.snapshot(now)), now)
