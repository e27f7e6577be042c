"""Queueing theory as a referee: with one skill and one class of contacts the core is a queue whose laws are known.

Each cell of the grid is judged twice. Contact by contact it must agree with the recursion of Kiefer and Wolfowitz, to
the microsecond. And what a run comes to must lie within 99.9 % intervals (30 batch means with a control variate)
around which Erlang's formulas are. A mean wait is skewed, so its interval is less sure than that: over 150 other
seeds of each cell, served by the recursion, the mean wait at 10 agents without abandonment missed 3 times, every other
measure twice at most. The intervals are narrow enough to notice a tenth more agents. The long grid is
`python -m benchmarks staffing`.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import pairwise

import pytest

from benchmarks.simulator.erlang import erlang_a, erlang_b, erlang_c, halfin_whitt
from benchmarks.simulator.first_come import Served, first_come
from benchmarks.simulator.intervals import batch_means
from benchmarks.simulator.one_queue import Measured, Queue, served
from benchmarks.simulator.records import How
from routing.model import Medium

THRESHOLD = 0.2
"""Of the service level, in mean talk times: 20 s for talks of 100 s."""

NOBODY_GIVES_UP = [
    Queue(5, 5 * 0.6, 4000),
    Queue(5, 5 * 0.8, 6000),
    Queue(10, 10 * 0.8, 6000),
]
SOME_GIVE_UP = [
    Queue(10, 10 * 1.0, 3000, patience=2.0),
    Queue(10, 10 * 1.2, 3000, patience=1.0),
    Queue(30, 30 * 1.2, 4000, patience=0.5),
]
GRID = [*NOBODY_GIVES_UP, *SOME_GIVE_UP]


def named(queue: Queue) -> str:
    return f"{queue.agents} agents, load {queue.load:g}, patience {queue.patience}"


@cache
def run(queue: Queue) -> list[Served]:
    return served(queue.driver().run())


@cache
def measured(queue: Queue) -> Measured:
    return queue.measured(run(queue), THRESHOLD)


@pytest.mark.parametrize("queue", GRID, ids=named)
def test_every_contact_waits_as_long_as_the_recursion_says(queue: Queue) -> None:
    assert run(queue) == first_come(queue.agents, queue.arrivals())


@pytest.mark.parametrize("queue", GRID, ids=named)
@pytest.mark.parametrize("measure", ["waits", "wait", "served_within", "abandons"])
def test_a_run_comes_to_what_erlang_says(queue: Queue, measure: str) -> None:
    interval, expected = getattr(measured(queue), measure), getattr(queue.expected(THRESHOLD), measure)
    assert interval.holds(expected), f"{interval}, expected {expected:.4f}"


@pytest.mark.parametrize("queue", GRID, ids=named)
def test_a_tenth_more_agents_would_be_noticed(queue: Queue) -> None:
    more = Queue(math.ceil(queue.agents * 1.1), queue.load, 0, patience=queue.patience).expected(THRESHOLD)
    assert not all(getattr(measured(queue), measure).holds(getattr(more, measure)) for measure in more._fields)


@pytest.mark.parametrize("agents", [5, 20])
def test_calls_without_a_free_line_are_blocked_as_erlang_b_says(agents: int) -> None:
    """As many lines as agents and everybody picks up at once: nobody can wait."""
    queue = Queue(agents, agents * 0.9, 2000, medium=Medium.VOICE)
    records = queue.driver().run()
    blocked = [float(how == How.BLOCKED) for how in records.how]
    came = [arrival.at for arrival in queue.arrivals()]
    excess = [1 - (at - before) / (100e6 / queue.load) for before, at in pairwise(came)]
    assert set(records.how) == {How.FINISHED, How.BLOCKED}
    assert batch_means(blocked[1:], control=excess).holds(erlang_b(agents, queue.load))


# --- the referee's own papers ---------------------------------------------------------------------------------


def test_erlang_b_is_the_table_of_a_hundred_years() -> None:
    """10 trunks carry 4.46 erlangs at 1 % blocking, 20 carry 12.0, 100 carry 84.1."""
    for trunks, load in ((10, 4.461), (20, 12.03), (100, 84.06)):
        assert erlang_b(trunks, load) == pytest.approx(0.01, abs=1e-4)


def test_erlang_c_is_the_textbook_example() -> None:
    """100 calls in 30 minutes of 180 s by 14 agents: 17.4 % wait, 88.8 % within 20 s, 7.8 s on average."""
    expected = erlang_c(14, 10, threshold=20 / 180)
    assert expected.waits == pytest.approx(0.1741319, abs=1e-7)
    assert expected.served_within == pytest.approx(0.88835, abs=1e-5)
    assert expected.wait * 180 == pytest.approx(7.83593701, abs=1e-8)


def test_erlang_a_and_c_are_the_table_of_garnett_mandelbaum_and_reiman() -> None:
    """Designing a call center with impatient customers (2002): 50 agents, 48 calls of 1 min per min, patience 2 min."""
    patient, impatient = erlang_c(50, 48, threshold=1), erlang_a(50, 48, patience=2, threshold=1)
    assert round(patient.wait * 60, 1) == 20.8
    assert round(48 * patient.wait) == 17
    assert round(impatient.abandons, 3) == 0.031
    assert round(impatient.wait * 60, 1) == 3.7
    assert round(48 * impatient.wait) == 3
    assert round(48 * (1 - impatient.abandons) / 50, 2) == 0.93


@pytest.mark.parametrize("load", [3.0, 4.0, 4.75])
@pytest.mark.parametrize("threshold", [0.0, 0.2, 2.0])
def test_with_endless_patience_erlang_a_is_erlang_c(load: float, threshold: float) -> None:
    endless = erlang_a(5, load, patience=1e9, threshold=threshold)
    assert endless == pytest.approx(erlang_c(5, load, threshold=threshold), abs=1e-6)


IMPATIENT = [(1, 0.5, 1.0), (5, 6.0, 0.3), (30, 36.0, 2.0), (200, 240.0, 1.0)]


@pytest.mark.parametrize(("agents", "load", "patience"), IMPATIENT)
def test_in_erlang_a_whoever_is_not_served_gave_up(agents: int, load: float, patience: float) -> None:
    """After for ever everybody is served or gone, and what comes in goes out: two ways to the same share."""
    after = erlang_a(agents, load, patience=patience, threshold=1000 * patience)
    assert after.served_within == pytest.approx(1 - after.abandons, abs=1e-9)


def test_one_agent_with_patience_as_long_as_talks_is_a_poisson_distribution() -> None:
    """Then every departure is alike, with rate = number of contacts: P(n contacts) = e^-load load^n / n!."""
    load = 1.5
    assert erlang_a(1, load, patience=1, threshold=0).waits == pytest.approx(1 - math.exp(-load), abs=1e-12)


def test_square_root_staffing_comes_near_erlang_c_as_centers_grow() -> None:
    assert halfin_whitt(1.0) == pytest.approx(0.2234, abs=1e-4)
    for beta in (0.5, 1.0, 1.5):
        size = 10_000
        agents = round(size + beta * math.sqrt(size))
        assert erlang_c(agents, size, threshold=0).waits == pytest.approx(halfin_whitt(beta), abs=0.01)


def test_a_queue_that_never_settles_is_refused() -> None:
    with pytest.raises(ValueError, match="never settles"):
        erlang_c(5, 5.0, threshold=0)


def test_batch_means_want_enough_values() -> None:
    with pytest.raises(ValueError, match="too few"):
        batch_means([1.0] * 29, control=[0.0] * 29)
