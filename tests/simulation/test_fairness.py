"""FCFS-ALIS: first come, first served, and the longest idle agent is assigned, in a busy center of equals.

One skill, one tier, one class of contacts; judged from the effects alone. Order and idleness are rebuilt here, so a
core that ranks wrongly cannot agree with itself.
"""

from __future__ import annotations

from collections import Counter
from functools import cache

import pytest

from benchmarks.simulator.driver import Driver
from benchmarks.simulator.intervals import batch_means
from benchmarks.simulator.one_queue import Queue
from routing import effects as fx
from routing import events as ev
from routing.model import Micros

AGENTS = 12
LOADS = (0.7, 0.95)


class Watched:
    """A run: who was offered in which order, and how long the offered agent and the others had been idle."""

    def __init__(self, load: float, agents: int = AGENTS, contacts: int = 3000) -> None:
        self.queue = Queue(agents, agents * load, contacts, patience=4.0)
        self.offered: list[str] = []
        self.chose: list[tuple[str, str]] = []
        """Per offer: who got it, and who had been idle longest."""
        self.idle: dict[str, Micros] = {}
        driver = self.queue.driver()
        driver.listen = self.hear
        self.driver: Driver = driver
        self.records = driver.run()

    def hear(self, now: Micros, event: ev.AnyEvent, effects: list[fx.AnyEffect]) -> None:
        for effect in effects:
            if isinstance(effect, fx.PresenceMoved | fx.Released):
                self.idle[effect.agent] = now
            elif isinstance(effect, fx.Offered):
                self.offered.append(effect.contact)
                self.chose.append((effect.agent, min(self.idle, key=lambda agent: (self.idle[agent], agent))))
                del self.idle[effect.agent]


@cache
def watched(load: float) -> Watched:
    return Watched(load)


@pytest.mark.parametrize("load", LOADS)
def test_nobody_is_overtaken(load: float) -> None:
    run = watched(load)
    numbers = [int(contact.removeprefix("c")) for contact in run.offered]
    assert numbers == sorted(set(numbers))
    waited = sum(run.records.wait(number) > 0 for number in numbers)
    assert waited > 200, "a run in which nobody waits shows nothing"


@pytest.mark.parametrize("load", LOADS)
def test_whoever_has_been_idle_longest_is_next(load: float) -> None:
    run = watched(load)
    assert [got for got, _ in run.chose] == [longest for _, longest in run.chose]
    assert len({got for got, _ in run.chose}) == AGENTS


def test_among_many_idle_people_too_the_longest_idle_is_next() -> None:
    """Sixty agents of whom about thirty are idle: far more than can be compared one by one."""
    run = Watched(0.5, agents=60, contacts=1000)
    assert [got for got, _ in run.chose] == [longest for _, longest in run.chose]
    assert len({got for got, _ in run.chose}) == 60


@pytest.mark.parametrize("load", LOADS)
def test_in_the_long_run_everybody_has_the_same_share_of_contacts(load: float) -> None:
    """Within 99.9 % intervals around one twelfth; the fixed choice of the lowest number would be far outside."""
    run = watched(load)
    answered = [agent for agent in run.records.agent if agent >= 0]
    for agent in range(AGENTS):
        share = batch_means([float(each == agent) for each in answered], control=[0.0] * len(answered))
        assert share.holds(1 / AGENTS), f"agent {agent}: {share}"
        assert share.half < 0.3 / AGENTS


@pytest.mark.parametrize("load", LOADS)
def test_in_the_long_run_everybody_talks_as_long(load: float) -> None:
    """Talk times are exponential: with some 240 contacts each, a total strays by 6.5 %; 30 % is 4.6 times that."""
    run = watched(load)
    talked: Counter[int] = Counter()
    for row, agent in enumerate(run.records.agent):
        if agent >= 0:
            talked[agent] += run.records.ended[row] - run.records.answered[row]
    fair = talked.total() / AGENTS
    assert max(abs(talked[agent] - fair) for agent in range(AGENTS)) < 0.3 * fair
