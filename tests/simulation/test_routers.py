"""Two or three routers over one store, whatever happens to them: every promise holds, and a blind write is seen."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterator

import pytest
from simulation.blind import BlindRoutingStore
from simulation.routers import Told, history
from simulation.virtual_loop import Deadlock, VirtualLoop, simulate


@pytest.fixture(autouse=True)
def quiet() -> Iterator[None]:
    """Every fault is logged, and there are many."""
    logging.disable(logging.CRITICAL)
    yield
    logging.disable(logging.NOTSET)


@pytest.fixture(scope="module")
def told() -> list[Told]:
    logging.disable(logging.CRITICAL)
    return [history(seed) for seed in range(1, 11)]


def test_every_promise_holds_in_every_history(told: list[Told]) -> None:
    assert {each.seed: each.wrong for each in told if each.wrong} == {}


def test_the_histories_are_worth_it(told: list[Told]) -> None:
    """Domains change hands, also while their owner is alive, and there is something to route."""
    assert sum(each.takeovers for each in told) > 2 * len(told)
    assert any(history(seed).false_takeovers for seed in range(1, 60))
    assert min(each.events for each in told) > 10


def test_a_seed_is_one_history() -> None:
    assert history(7) == history(7)


def test_a_store_without_fence_and_compare_and_set_is_caught() -> None:
    """The first seed where an owner writes after its successor; that it is found is the simulation's worth."""
    wrong = next(found for seed in range(1, 40) if (found := history(seed, BlindRoutingStore).wrong))
    assert any("epoch" in each or "twice" in each or "two owners" in each or "gaps" in each for each in wrong), wrong


# --- the loop itself -----------------------------------------------------------------------------------------------


def test_a_frozen_process_takes_no_step_while_time_goes_on() -> None:
    loop, steps = VirtualLoop(1), []

    async def walk(name: str) -> None:
        for number in range(3):
            await _until(loop, number + 1.0)
            steps.append((name, number, loop.time()))

    async def main() -> None:
        both = [loop.start(walk("a"), "a"), loop.start(walk("b"), "b")]
        loop.freeze("a")
        loop.call_at(10.0, loop.thaw, "a")
        await asyncio.gather(*both)

    simulate(loop, main())
    assert [step for step in steps if step[0] == "b"] == [("b", 0, 1.0), ("b", 1, 2.0), ("b", 2, 3.0)]
    assert [step for step in steps if step[0] == "a"] == [("a", 0, 10.0), ("a", 1, 10.0), ("a", 2, 10.0)]


async def _until(loop: VirtualLoop, at: float) -> None:
    done = loop.create_future()
    loop.call_at(at, done.set_result, None)
    await done


def test_waiting_for_what_cannot_happen_is_named() -> None:
    loop = VirtualLoop(1)

    async def forever() -> None:
        await loop.create_future()

    with pytest.raises(Deadlock, match="nothing is ready"):
        simulate(loop, forever())
