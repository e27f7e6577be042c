"""The simulator itself: its chance, its books, and that two runs of one seed are one run."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from random import Random
from statistics import fmean

import msgspec
import pytest

from benchmarks.simulator.driver import Driver
from benchmarks.simulator.one_queue import START, TALK, Queue, config
from benchmarks.simulator.records import How, Records
from benchmarks.simulator.shifts import Shift, always
from benchmarks.simulator.streams import QUARTER, Behaviour, Draw, S, Stream, constant, exponential, later, lognormal
from routing import effects as fx
from routing import events as ev
from routing.model import Contact, Medium, MediumRules, Micros, Tier


def a_contact(rng: Random, name: str, now: Micros) -> Contact:
    return Contact(name, "c", "l", Medium.CHAT, Tier.IRON, now, now, now + 60 * S, "p")


def a_stream(behaviour: Behaviour, *rates: float) -> Stream:
    return Stream("c", a_contact, behaviour, rates)


def columns(records: Records) -> list[list[int]]:
    return [list(column) for column in vars(records).values()]


def test_one_seed_is_one_run_and_another_seed_another() -> None:
    queue = Queue(5, 4.0, 300, patience=1.0)
    first = columns(queue.driver().run())
    assert columns(queue.driver().run()) == first
    assert columns(replace(queue, seed=2).driver().run()) != first


def test_who_comes_does_not_depend_on_who_answers() -> None:
    few, many = Queue(2, 4.0, 200), Queue(20, 4.0, 200)
    assert few.arrivals() == many.arrivals()
    assert few.driver().run().arrived == many.driver().run().arrived


def test_the_rate_of_each_quarter_of_an_hour_is_kept() -> None:
    stream = a_stream(Behaviour(constant(1)), 1.0, 0.0, 3.0)
    came = Counter((arrival.at - START) // QUARTER for arrival in stream.arrivals(1, START))
    assert set(came) == {0, 2}
    assert came[0] == pytest.approx(900, abs=4 * 30)
    assert came[2] == pytest.approx(2700, abs=4 * 52)


@pytest.mark.parametrize("draw", [exponential(50), lognormal(50, 0.8), constant(50), later(10, exponential(40))])
def test_draws_have_the_mean_they_are_named_with(draw: Draw) -> None:
    rng = Random(1)
    assert fmean(draw(rng) for _ in range(10_000)) / S == pytest.approx(50, rel=0.03)


def test_everybody_who_came_has_one_end() -> None:
    driver = Queue(3, 6.0, 400, patience=0.5).driver()
    counts = driver.run().counts()
    assert set(counts) == {How.FINISHED, How.ABANDONED}
    assert counts.total() == 400
    assert driver.conserved()
    assert (driver.lost(), driver.doubly_owned, driver.overloaded, driver.strays) == (0, 0, 0, 0)


def test_whom_nobody_serves_stays_open_and_is_not_lost() -> None:
    driver = Driver(config(1), [a_stream(Behaviour(constant(1)), 0.01)], [], seed=1, start=START)
    assert driver.run().counts() == {How.OPEN: len(driver.records)}
    assert driver.conserved()
    assert driver.lost() == 0
    with pytest.raises(ValueError, match="still waits"):
        driver.records.wait(0)


def test_agents_decline_ignore_and_take_their_time() -> None:
    behaviour = Behaviour(constant(10), pick_up=constant(3), declines=0.3, ignores=0.1)
    driver = Driver(config(4), [a_stream(behaviour, 0.2)], always(["ag_0000", "ag_0001"], START), seed=1, start=START)
    ended: Counter[str] = Counter()
    driver.listen = lambda now, event, effects: ended.update(e.outcome for e in effects if isinstance(e, fx.OfferEnded))
    records = driver.run()
    assert set(records.how) == {How.FINISHED}
    assert ended["declined"] / ended.total() == pytest.approx(0.3, abs=0.1)
    assert ended["no_answer"] / ended.total() == pytest.approx(0.1, abs=0.06)
    assert min(records.answered[row] - records.offered[row] for row in range(len(records))) == 3 * S


def test_wrap_up_is_the_configurations_and_a_deadline_counts_from_the_records() -> None:
    rules = MediumRules(Medium.CHAT, 1, 20 * S, 0, (3600 * S,) * 4)
    wrapping = msgspec.structs.replace(config(1), media=(rules,))
    stream = a_stream(Behaviour(constant(TALK)), 0.02)
    records = Driver(wrapping, [stream], always(["ag_0000"], START), seed=1, start=START).run()
    assert {records.ended[row] - records.answered[row] for row in range(len(records))} == {120 * S}
    met = [records.met(row) for row in range(len(records))]
    assert met == [records.wait(row) < 60 * S for row in range(len(records))]
    assert True in met
    assert False in met


def test_at_the_end_of_a_shift_the_last_contact_is_finished_and_then_he_leaves() -> None:
    shifts = [
        Shift("ag_0000", START, START + QUARTER, breaks=((START + 300 * S, START + 400 * S),)),
        Shift("ag_0001", START + QUARTER),
    ]
    driver = Driver(config(2), [a_stream(Behaviour(constant(70)), 0.05, 0.05)], shifts, seed=1, start=START)
    said: list[tuple[Micros, ev.AnyEvent]] = []
    driver.listen = lambda now, event, effects: said.append((now, event))
    records = driver.run()
    by_agent = list(zip(records.agent, records.answered, strict=True))
    answered = {agent: [at for by, at in by_agent if by == agent] for agent in (0, 1)}
    assert max(answered[0]) < START + QUARTER <= min(answered[1])
    assert not [at for at in answered[0] if START + 300 * S < at < START + 400 * S]
    left = [at for at, event in said if event == ev.SignedOut("ag_0000")]
    last = max(records.ended[row] for row in range(len(records)) if records.agent[row] == 0)
    assert left == [max(last, START + QUARTER)]
    assert set(records.how) == {How.FINISHED}
