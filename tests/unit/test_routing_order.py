"""Who comes first, and who is chosen (domain.md section 2)."""

from __future__ import annotations

import random
from bisect import bisect_left

import pytest
from msgspec.structs import replace
from property.routing_world import MEDIA, START, S, World, agent, call, chat, mail

from routing import effects as fx
from routing import events as ev
from routing.desks import Work
from routing.estimate import Known
from routing.model import Medium, PresenceState, RelaxStep, Tier
from routing.order import LAST, NORMAL, STARVING, Line, enqueued_of, key_at, key_of
from routing.overflow import UNBOUNDED
from routing.views import PART, Queue


def serve_all(world: World, name: str) -> list[str]:
    """Let one agent take everything that waits, and say in which order."""
    world.sit(name)
    served = []
    while ringing := [c for c in sorted(world.state.works) if name in world.ringing(c)]:
        contact = ringing[0]
        served.append(contact)
        world.tell(ev.OfferAccepted(world.offer(contact, name), name))
        world.tell(ev.Closed(contact, "served"))
    return served


def one_at_a_time() -> World:
    return World(agent("ag_1", capacity=1))


def test_a_better_tier_goes_first() -> None:
    world = one_at_a_time()
    world.arrive(chat("lead", tier=Tier.LEAD), chat("gold", tier=Tier.GOLD), chat("vip", tier=Tier.PLATINUM))
    assert serve_all(world, "ag_1") == ["vip", "gold", "lead"]


def test_a_complaint_goes_first_within_its_tier_only() -> None:
    world = one_at_a_time()
    world.arrive(chat("iron"), chat("angry", complaint=True), chat("gold", tier=Tier.GOLD))
    assert serve_all(world, "ag_1") == ["gold", "angry", "iron"]


def test_an_earlier_deadline_goes_first_then_the_earlier_arrival() -> None:
    world = one_at_a_time()
    world.arrive(chat("a"), chat("b", deadline=START + 50 * S), chat("c"))
    assert serve_all(world, "ag_1") == ["b", "a", "c"]


def patient(**rules: object) -> World:
    """One agent who takes one chat at a time, with other rules for chats."""
    media = tuple(replace(each, **rules) if each.medium is Medium.CHAT else each for each in MEDIA)
    return World(agent("ag_1", capacity=1), media=media)


def test_what_is_late_stays_urgent_unless_the_configuration_says_otherwise() -> None:
    for late_is_urgent, order in ((True, ["late", "fresh"]), (False, ["fresh", "late"])):
        world = patient(late_is_urgent=late_is_urgent)
        world.arrive(chat("late", deadline=START + 20 * S))
        world.now += 25 * S
        world.arrive(chat("fresh", world.now))
        assert serve_all(world, "ag_1") == order


def test_what_is_late_and_waited_too_long_goes_before_all() -> None:
    world = patient(late_is_urgent=False)
    world.arrive(chat("late", deadline=START + 20 * S, tier=Tier.LEAD))
    world.now += 181 * S
    world.arrive(chat("fresh", world.now, tier=Tier.PLATINUM))
    assert serve_all(world, "ag_1") == ["late", "fresh"]


def test_a_contact_at_risk_goes_before_a_better_tier() -> None:
    world = one_at_a_time()
    world.arrive(chat("risk", tier=Tier.LEAD), chat("vip", tier=Tier.PLATINUM, deadline=START + 900 * S))
    world.later(50)
    assert serve_all(world, "ag_1") == ["risk", "vip"]


def test_past_its_maximum_wait_no_later_arrival_overtakes() -> None:
    world = one_at_a_time()
    world.arrive(chat("old", tier=Tier.LEAD))
    world.later(181)
    world.arrive(*(chat(f"vip{n}", world.now, tier=Tier.PLATINUM, deadline=world.now) for n in range(3)))
    assert serve_all(world, "ag_1")[0] == "old"


def test_at_its_maximum_wait_exactly_a_contact_is_not_yet_starving() -> None:
    world = one_at_a_time()
    world.arrive(chat("old", tier=Tier.LEAD))
    world.now = START + 180 * S
    world.arrive(chat("vip", world.now, tier=Tier.PLATINUM, deadline=world.now))
    assert serve_all(world, "ag_1") == ["vip", "old"]


def test_a_contact_that_becomes_a_complaint_moves_forward() -> None:
    world = one_at_a_time()
    world.arrive(chat("a"), chat("b"))
    world.tell(ev.Changed("b", complaint=True, command="k"))
    assert serve_all(world, "ag_1") == ["b", "a"]


def test_a_transferred_contact_keeps_its_place() -> None:
    world = World(agent("ag_1", capacity=1), agent("ag_2", capacity=1))
    world.sit("ag_1")
    world.arrive(chat("first"))
    world.tell(ev.OfferAccepted(world.offer("first", "ag_1"), "ag_1"))
    world.now += S
    world.arrive(chat("second", world.now))
    world.tell(ev.PresenceSet("ag_1", PresenceState.NOT_READY, "lunch"))
    effects = world.tell(ev.Transferred("first", "ag_1", reason="expert", command="k"))
    assert effects[0] == fx.Released("first", "ag_1", "transfer")
    assert isinstance(effects[1], fx.Queued)
    assert (effects[1].contact, effects[1].position, effects[1].reason) == ("first", 1, "transfer")
    assert serve_all(world, "ag_2") == ["first", "second"]


def test_the_position_counts_who_waits_before_in_the_same_view_of_the_same_lease() -> None:
    world = World()
    world.arrive(mail("a"), mail("b", lease="other"), mail("c", view="vip"))
    effects = world.arrive(mail("d"), mail("e", tier=Tier.PLATINUM))
    assert [e.position for e in effects if isinstance(e, fx.Queued)] == [2, 1]


# --- which agent ---------------------------------------------------------------------------------------


def chosen(world: World, **contact: object) -> tuple[str, str]:
    world.arrive(chat("c", world.now, **contact))
    offered = world.seen(fx.Offered)[-1]
    return offered.agent, offered.because.rule


def test_the_only_one_who_can_is_chosen() -> None:
    world = World(agent("ag_1"), agent("ag_2", skills=(("yue", 3),)))
    world.sit("ag_1", "ag_2")
    assert chosen(world, needs=(("yue", 3),)) == ("ag_2", "only")


def test_the_best_level_is_chosen() -> None:
    world = World(agent("ag_1", skills=(("tv", 2),)), agent("ag_2", skills=(("tv", 5),)))
    world.sit("ag_1", "ag_2")
    assert chosen(world, needs=(("tv", 1),)) == ("ag_2", "level")


def test_levels_are_compared_skill_by_skill_and_never_added() -> None:
    world = World(agent("ag_1", skills=(("a", 3), ("b", 1))), agent("ag_2", skills=(("a", 2), ("b", 5))))
    world.sit("ag_1", "ag_2")
    assert chosen(world, needs=(("a", 1), ("b", 1))) == ("ag_1", "level")


def test_the_only_free_cantonese_speaker_is_spared_even_if_better() -> None:
    world = World(agent("ag_1", skills=(("cmn", 5), ("yue", 4))), agent("ag_2", skills=(("cmn", 2),)))
    world.sit("ag_1", "ag_2")
    assert chosen(world, needs=(("cmn", 1),)) == ("ag_2", "spare_skills")


def test_who_knows_less_besides_is_chosen_before_who_knows_it_better() -> None:
    world = World(
        agent("ag_1", skills=(("cmn", 5), ("yue", 4))),
        agent("ag_2", skills=(("cmn", 2),)),
        agent("ag_3", skills=(("yue", 1),)),
    )
    world.sit("ag_1", "ag_2", "ag_3")
    assert chosen(world, needs=(("cmn", 1),)) == ("ag_2", "spare_skills")


def test_between_two_of_the_same_breadth_the_better_level_decides_unless_he_is_the_only_speaker() -> None:
    world = World(
        agent("ag_1", skills=(("cmn", 5), ("yue", 4))),
        agent("ag_2", skills=(("cmn", 2), ("tv", 2))),
        agent("ag_3", skills=(("tv", 1), ("yue", 1))),
    )
    world.sit("ag_1", "ag_2", "ag_3")
    assert chosen(world, needs=(("cmn", 1),)) == ("ag_1", "level")


def test_a_colleague_who_is_busy_does_not_make_a_speaker_less_scarce() -> None:
    world = World(
        agent("ag_1", skills=(("cmn", 5), ("yue", 4))),
        agent("ag_2", skills=(("cmn", 2),)),
        agent("ag_3", skills=(("yue", 1),)),
    )
    world.sit("ag_3")
    world.arrive(call("busy", world.now))
    world.sit("ag_1", "ag_2")
    assert chosen(world, needs=(("cmn", 1),)) == ("ag_2", "spare_skills")


def test_generalists_are_spared_among_equals() -> None:
    world = World(
        agent("ag_1", skills=(("cmn", 3), ("tv", 1))),
        agent("ag_2", skills=(("cmn", 3),)),
        agent("ag_3", skills=(("tv", 1),)),
    )
    world.sit("ag_1", "ag_2", "ag_3")
    assert chosen(world, needs=(("cmn", 1),)) == ("ag_2", "spare_skills")


def test_the_longest_idle_is_chosen_among_equals() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_2", "ag_1")
    assert chosen(world) == ("ag_2", "longest_idle")


def test_who_carries_nothing_is_chosen_before_who_was_idle_longer() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    world.arrive(chat("first", world.now))
    assert chosen(world) == ("ag_2", "longest_idle")


def test_equal_agents_are_taken_by_number() -> None:
    world = World(agent("ag_x", number="2"), agent("ag_y", number="1"))
    for name in ("ag_x", "ag_y"):
        world.tell(ev.SignedIn(name))
        world.tell(ev.PresenceSet(name, PresenceState.READY))
    assert chosen(world)[0] == "ag_y"


def test_the_preferred_agent_is_first() -> None:
    world = World(agent("ag_1"), agent("ag_2"))
    world.sit("ag_1", "ag_2")
    wish = {"preferred": "ag_2", "preferred_until": world.now + 8 * S}
    assert chosen(world, **wish) == ("ag_2", "preferred")


def busy_favourite() -> World:
    world = World(agent("ag_1", capacity=1), agent("ag_2", capacity=1))
    world.sit("ag_1")
    world.arrive(chat("busy", world.now))
    world.tell(ev.OfferAccepted(world.offer("busy", "ag_1"), "ag_1"))
    world.sit("ag_2")
    world.arrive(chat("c", world.now, preferred="ag_1", preferred_until=world.now + 8 * S))
    return world


def test_a_busy_preferred_agent_is_waited_for_and_then_anyone_takes_it() -> None:
    world = busy_favourite()
    world.later(8 - 0.000001)
    assert world.ringing("c") == []
    world.later(0.000001)
    assert world.ringing("c") == ["ag_2"]


def test_a_preferred_agent_who_frees_in_time_gets_it() -> None:
    world = busy_favourite()
    world.later(3)
    world.tell(ev.Left("busy"))
    assert world.ringing("c") == ["ag_1"]


def test_a_preferred_agent_who_goes_on_a_break_is_not_waited_for() -> None:
    world = busy_favourite()
    world.tell(ev.PresenceSet("ag_1", PresenceState.NOT_READY, "lunch"))
    assert world.ringing("c") == ["ag_2"]


def test_needs_relax_by_declared_steps() -> None:
    world = World(agent("ag_1", skills=(("yue", 2),)))
    world.sit("ag_1")
    relax = (RelaxStep(10 * S, (("yue", 2),)),)
    world.arrive(chat("c", world.now, needs=(("yue", 4),), relax=relax))
    world.later(9)
    assert world.ringing("c") == []
    world.later(1)
    assert world.ringing("c") == ["ag_1"]
    assert world.seen(fx.Relaxed) == [fx.Relaxed("c", 1)]


BEHIND = key_at(63, deadline=1 << 60, enqueued_at=0, arrival=0)
"""After all others."""


@pytest.mark.parametrize(("deadlines", "band"), [(50, NORMAL), (1, NORMAL), (50, STARVING)])
def test_a_queue_of_keys_agrees_with_a_sorted_list(deadlines: int, band: int) -> None:
    """Also where many have one deadline: a working day ends for all of them at once."""
    rng = random.Random(1)
    line, model = Queue(UNBOUNDED, Known()), []
    for step in range(6000):
        if model and rng.random() < 0.3:
            key = model.pop(rng.randrange(len(model)))
            line.remove(key, key[0])
        else:
            contact = chat("c", step, tier=Tier(rng.randrange(2)), deadline=rng.randrange(deadlines))
            key = key_of(contact, step, band)
            model.append(key)
            model.sort()
            line.add(key, key[0])
        assert line.first == (model[0] if model else LAST)
        assert not model or line.head() == enqueued_of(model[0])
        asked = rng.choice([key, key, BEHIND, *model[:1], *model[-1:], *model[step % 7 :: 97]])
        assert line.rank(asked, asked[0]) == bisect_left(model, asked)
    assert list(line) == model
    assert [line.rank(key, key[0]) for key in model[::97]] == list(range(0, len(model), 97))
    assert line.rank(BEHIND, BEHIND[0]) == len(model)


def test_whoever_came_last_can_leave_at_once() -> None:
    """Also when his coming split the chunk that he came into."""
    line, keys = Queue(UNBOUNDED, Known()), [key_of(chat("c", at), at, NORMAL) for at in range(3 * PART)]
    for key in keys:
        line.add(key, key[0])
        line.remove(key, key[0])
        line.add(key, key[0])
    assert list(line) == keys


def test_a_line_of_contacts_agrees_with_a_sorted_list() -> None:
    rng = random.Random(2)
    state = one_at_a_time().state
    line, model, works = Line(), [], {}
    for step in range(6000):
        if model and rng.random() < 0.4:
            key = model.pop(rng.randrange(len(model)))
            line.remove(key, works[key])
        else:
            contact = chat("c", step, tier=Tier(rng.randrange(4)), deadline=rng.randrange(50))
            work = Work(contact, step, state)
            key = work.key = key_of(contact, step, NORMAL)
            work.kind, works[key] = key[0], work
            model.append(key)
            model.sort()
            line.add(key, work)
        assert line.first == (model[0] if model else LAST)
    assert list(line.works()) == [works[key] for key in model]
