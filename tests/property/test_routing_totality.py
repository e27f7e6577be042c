"""No event raises, whatever it names: senseless ids, contacts and configurations, in a domain that is busy."""

from __future__ import annotations

import random
from typing import Any

import pytest
from property.routing_scarcity import MEDIA, TEAM, burst, configuration, respond, sit
from property.routing_scene import Scene
from property.routing_world import START, S

from routing import events as ev
from routing.decide import decide
from routing.effects import Refused
from routing.model import Config, Contact, Medium, PresenceState, QueueRule, RelaxStep, Tier
from routing.state import State

IDS = ["", "ct_1", "ct_2", "ct_1/1/ag_1", "ag_1", "ag_2", "ag_none", "\x00", "客户 1", "x" * 300]
MANY = 150


def busy(seed: int) -> tuple[Scene, random.Random]:
    chance, scene = random.Random(seed), Scene()
    for move in (sit, sit, sit, sit, burst, burst, respond, respond):
        move(scene, chance.choice)
    return scene, chance


def garbage(chance: random.Random, scene: Scene) -> ev.AnyEvent:
    def name() -> str:
        return chance.choice([*IDS, *scene.records, *(offer.id for offer in scene.ringing())])

    needs = chance.choice([(), (("", 0),), (("tv", 10**12),), (("yue", 1), ("tv", -1))])
    events: list[ev.AnyEvent] = [
        ev.Arrived(senseless(chance, name())),
        ev.Changed(
            name(), chance.choice([None, True]), Tier.LEAD, chance.choice([None, 0, -1, START * 3]), "k", name()
        ),
        ev.Left(name(), name(), name(), chance.choice([True, False])),
        ev.SignedIn(name(), name(), "k"),
        ev.SignedOut(name(), "k"),
        ev.PresenceSet(name(), chance.choice(list(PresenceState)), name(), "k"),
        ev.Connected(name()),
        ev.Disconnected(name()),
        ev.OfferAccepted(name(), name(), "k"),
        ev.OfferDeclined(name(), name(), name(), "k"),
        ev.OfferDeclined(name(), name(), name(), "k", unanswered=True),
        ev.OfferFailed(name(), name(), name()),
        ev.Answered(name(), name()),
        ev.Dialled(name(), name()),
        ev.Finished(name(), name(), name(), "k"),
        ev.WrappedUp(name(), name(), "k"),
        ev.Transferred(name(), name(), name(), needs, name(), name(), "k"),
        ev.Assigned(name(), name(), name(), name(), "k"),
        ev.Closed(name(), name(), name(), "k"),
        ev.Ticked(),
    ]
    return chance.choice(events)


def senseless(chance: random.Random, id: str) -> Contact:
    """A contact of a client whom nobody leased anything: only its lease is not senseless, seats are never shared."""
    instants = [0, START - 10**6 * S, chance.randrange(START, START + 60 * S), START * 2]
    relax = (RelaxStep(-S, (("none", 9),)), RelaxStep(-2 * S, (), "k2"), RelaxStep(0, (), "nowhere"))
    return Contact(
        id=id,
        client="k",
        lease=chance.choice(["k", "k2", ""]),
        medium=chance.choice(list(Medium)),
        tier=chance.choice(list(Tier)),
        enqueued_at=chance.choice(instants),
        clock_from=chance.choice(instants),
        deadline=chance.choice(instants),
        plan=chance.choice(IDS),
        view=chance.choice(IDS),
        relax=chance.choice([(), relax]),
        preferred=chance.choice(IDS),
        preferred_until=chance.choice(instants),
        opens_at=chance.choice(instants[:3]),
    )


@pytest.mark.parametrize("seed", range(3))
def test_senseless_events_are_refused_or_ignored_and_break_no_promise(seed: int) -> None:
    scene, chance = busy(seed)
    for _ in range(MANY):
        scene.happen(garbage(chance, scene))
        scene.now += chance.choice([0, 0, 1, S])


CONFIGURATIONS: list[dict[str, Any]] = [
    {"agents": (), "leases": (), "plans": (), "media": (), "queues": ()},
    {"media": MEDIA[:1], "plans": ()},
    {"agents": TEAM[::-1]},
    {"agents": TEAM[:1]},
    {"queues": (QueueRule("", "", 1, 1), QueueRule("nowhere", "", 1, 1), QueueRule("k", "", 1, 1))},
    {"leases": ()},
    {"not_responding_for": 1, "back_off": 0, "grace": 1},
]


@pytest.mark.parametrize("fields", CONFIGURATIONS)
def test_a_poor_configuration_stops_nobody(fields: dict[str, Any]) -> None:
    scene, chance = busy(7)
    for config in (configuration(2, **fields), configuration(3), configuration(4, **fields)):
        scene.happen(ev.Configured(config))
        for _ in range(3):
            burst(scene, chance.choice)
            scene.happen(garbage(chance, scene))
            scene.later(4 * S)
        scene.take_over(S)


def test_an_unknown_kind_of_event_is_refused() -> None:
    class Unheard(ev.Event, frozen=True, tag="unheard"):
        pass

    state = State(Config(1, (), (), (), ()), START, 0)
    assert decide(state, Unheard(), START) == [Refused(command="", code="unknown_event")]  # type: ignore[arg-type]
