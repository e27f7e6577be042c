"""The demo's hour is a function of its seed, and what it asks for can be played."""

from __future__ import annotations

from importlib import resources

import msgspec
import pytest
import yaml

from contactcenter.demo import script as s
from contactcenter.demo import stories
from contactcenter.demo.chance import dice
from contactcenter.demo.layout import House, houses
from contactcenter.demo.people import Casting
from contactcenter.demo.traffic import lanes
from contactcenter.errors import Misconfigured

DOCUMENT = yaml.safe_load(resources.files("contactcenter.demo").joinpath("kangjia.yaml").read_text(encoding="utf-8"))
AGENTS = {house.client: house for house in houses(DOCUMENT, agents=100)}


def played(seed: int, contacts: int = 400) -> tuple[s.Lane, ...]:
    return lanes(houses(DOCUMENT, agents=100), seed=seed, contacts=contacts)


def test_the_same_seed_plays_the_same_hour() -> None:
    assert msgspec.json.encode(played(7)) == msgspec.json.encode(played(7))
    assert msgspec.json.encode(played(7)) != msgspec.json.encode(played(8))


@pytest.mark.parametrize("contacts", [200, 400, 1000])
def test_as_many_contacts_come_as_were_asked_for(contacts: int) -> None:
    came = sum(lane.contacts for lane in played(1, contacts))
    assert came == pytest.approx(contacts, abs=3)


def test_every_house_is_complete_and_the_smallest_comes_first() -> None:
    sizes = {house.client: len(house.agents) for house in houses(DOCUMENT, agents=100)}
    assert sizes == {"kangjia": 10, "xinghai": 20, "hongyan": 70}
    assert {house.client: len(house.agents) for house in houses(DOCUMENT, agents=30)} == {
        "kangjia": 10,
        "xinghai": 14,
        "hongyan": 6,
    }


def test_a_configuration_without_leases_is_refused() -> None:
    with pytest.raises(Misconfigured, match="example"):
        houses({"leases": [], "agents": [], "lines": []}, agents=10)


@pytest.mark.parametrize("seed", range(5))
def test_no_contact_goes_on_before_it_came_and_every_answered_one_ends(seed: int) -> None:
    for lane in played(seed):
        came: set[str] = set()
        taken: dict[str, str] = {}
        for step in lane.steps:
            if isinstance(step, s.ARRIVALS):
                assert step.label not in came, "a label is one contact"
                came.add(step.label)
            elif step.label:
                assert step.label in came
            taken |= {step.label: type(step).__name__} if isinstance(step, s.Take | s.WrapUp) else {}
        assert set(taken.values()) == {"WrapUp"}


@pytest.mark.parametrize("seed", range(5))
def test_there_is_always_somebody_free_for_what_rings(seed: int) -> None:
    """Outside the scenes that fill the house on purpose."""
    for lane in played(seed):
        people = len(AGENTS[lane.client].agents)
        open_now: set[str] = set()
        for step in lane.steps:
            if isinstance(step, s.ARRIVALS):
                assert len(open_now) < people or step.expect != s.RINGS
                if step.expect != s.BLOCKED:
                    open_now.add(step.label)
            elif isinstance(step, s.WrapUp) or (isinstance(step, s.HangUp) and _gives_up(lane, step)):
                open_now.discard(step.label)
        assert not open_now


def _gives_up(lane: s.Lane, step: s.HangUp) -> bool:
    return not any(isinstance(other, s.Take) and other.label == step.label for other in lane.steps)


def test_the_hours_clock_stands_only_where_nothing_rings() -> None:
    for lane in played(3):
        ringing: set[str] = set()
        for step in lane.steps:
            if isinstance(step, s.ARRIVALS) and step.expect == s.RINGS:
                ringing.add(step.label)
            elif isinstance(step, s.Take | s.HangUp):
                ringing.discard(step.label)
            assert not (isinstance(step, s.Pace) and ringing)


@pytest.mark.parametrize("name", stories.SMALLEST)
def test_the_smallest_house_tells_every_scene(name: str) -> None:
    kangjia: House = AGENTS["kangjia"]
    told = {story.name: story for story in stories.of(kangjia, Casting(kangjia, dice(1, "x")))}
    assert told[name].contacts >= 1


def test_numbers_are_new_in_every_run_but_labels_are_not() -> None:
    callers = {step.caller for lane in played(1) for step in lane.steps if isinstance(step, s.Call)}
    fixed = {caller for caller in callers if "{run}" not in caller}
    assert fixed == {stories.PLATINUM, stories.CANTONESE}
