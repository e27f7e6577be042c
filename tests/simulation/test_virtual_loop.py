"""Virtual time itself: one seed is one order, wherever in the memory its tasks happen to lie."""

from __future__ import annotations

import asyncio
import contextlib
import random

from simulation.faults import NodeClock
from simulation.virtual_loop import VirtualLoop, simulate

TASKS = 32


def cancelled(garbage: int) -> list[int]:
    """The order in which a group's tasks hear that it failed. `garbage` makes other holes for them to lie in."""
    heard: list[int] = []

    async def waiting(number: int) -> None:
        try:
            await asyncio.get_running_loop().create_future()
        finally:
            heard.append(number)

    async def main() -> None:
        holes = [asyncio.ensure_future(asyncio.sleep(0)) for _ in range(8 * TASKS)]
        await asyncio.gather(*holes)
        random.Random(garbage).shuffle(holes)
        loop._left()
        with contextlib.suppress(ExceptionGroup):
            async with asyncio.TaskGroup() as group:
                for number in range(TASKS):
                    del holes[-3:]
                    group.create_task(waiting(number))
                await NodeClock(loop).sleep(1)
                raise ValueError

    loop = VirtualLoop(1)
    simulate(loop, main())
    return heard


def test_a_group_is_cancelled_in_the_same_order_whatever_the_addresses_of_its_tasks() -> None:
    first = cancelled(garbage=1)
    assert sorted(first) == list(range(TASKS))
    assert [cancelled(garbage) for garbage in range(2, 6)] == [first] * 4
