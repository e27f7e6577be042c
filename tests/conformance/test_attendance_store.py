"""Who holds an agent's sockets: the first gateway and the last become events, a silent one is given up."""

from __future__ import annotations

import asyncio

from builders import PROVIDER, T0

from contactcenter.storage.stores import Stores
from routing.events import Connected, Disconnected

LONG, NOW_S = 3600.0, 0.0
"""A gateway that was heard of this minute is silent for 'no time' and not for an hour."""


async def told(stores: Stores) -> list[object]:
    return [pending.event for pending in await stores.routing.pending(PROVIDER, 100)]


async def move(stores: Stores, node: str, agent: str, *, here: bool) -> list[str]:
    return await stores.attendance.move(node, [(PROVIDER, agent, here)], T0)


async def test_a_gateway_is_new_once(stores: Stores) -> None:
    assert await stores.attendance.beat("g1")
    assert not await stores.attendance.beat("g1")


async def test_the_first_gateway_and_the_last_are_events_and_those_between_are_not(stores: Stores) -> None:
    for node in ("g1", "g2"):
        await stores.attendance.beat(node)
    assert await move(stores, "g1", "a1", here=True) == [PROVIDER]
    assert await move(stores, "g2", "a1", here=True) == []
    assert set(await stores.attendance.attending(PROVIDER, "a1")) == {"g1", "g2"}
    assert await move(stores, "g1", "a1", here=False) == []
    assert await move(stores, "g2", "a1", here=False) == [PROVIDER]
    assert await told(stores) == [Connected("a1"), Disconnected("a1")]
    assert await stores.attendance.attending(PROVIDER, "a1") == ()


async def test_the_same_move_again_is_no_event(stores: Stores) -> None:
    for here in (True, True, False, False):
        await move(stores, "g1", "a1", here=here)
    assert await told(stores) == [Connected("a1"), Disconnected("a1")]


async def test_who_never_came_does_not_leave(stores: Stores) -> None:
    assert await move(stores, "g1", "a1", here=False) == []
    assert await told(stores) == []


async def test_many_agents_move_together(stores: Stores) -> None:
    moves = [(PROVIDER, f"a{number}", True) for number in range(50)]
    assert await stores.attendance.move("g1", moves, T0) == [PROVIDER]
    assert len(await told(stores)) == 50


async def test_a_silent_gateway_is_given_up_with_everybody_who_was_only_there(stores: Stores) -> None:
    for node in ("g1", "g2"):
        await stores.attendance.beat(node)
    for node, agent in (("g1", "a1"), ("g1", "a2"), ("g2", "a2")):
        await move(stores, node, agent, here=True)
    assert await stores.attendance.silent(LONG) == []
    suspects = await stores.attendance.silent(NOW_S)
    assert suspects == ["g1", "g2"]
    assert await stores.attendance.give_up(suspects, LONG, T0) == [], "it was heard of meanwhile"
    assert await stores.attendance.give_up(["g1"], NOW_S, T0) == [PROVIDER]
    assert (await told(stores))[2:] == [Disconnected("a1")]
    assert await stores.attendance.attending(PROVIDER, "a2") == ("g2",)
    assert await stores.attendance.beat("g1"), "it is new again, and will say whom it holds"


async def test_a_gateway_that_nobody_knows_is_found(stores: Stores) -> None:
    await move(stores, "ghost", "a1", here=True)
    assert await stores.attendance.silent(LONG) == ["ghost"]
    assert await stores.attendance.give_up(["ghost"], LONG, T0) == [PROVIDER]
    assert await stores.attendance.silent(LONG) == []


async def test_two_gateways_at_once_leave_the_truth_as_the_last_event(stores: Stores) -> None:
    for node in ("g1", "g2"):
        await stores.attendance.beat(node)
    await move(stores, "g1", "a1", here=True)
    for _ in range(10):
        await asyncio.gather(move(stores, "g1", "a1", here=False), move(stores, "g2", "a1", here=True))
        assert (await told(stores))[-1] == Connected("a1")
        await asyncio.gather(move(stores, "g2", "a1", here=False), move(stores, "g1", "a1", here=True))
        assert (await told(stores))[-1] == Connected("a1")


async def test_several_desks_are_read_together(stores: Stores) -> None:
    assert await stores.reads.desks([(PROVIDER, "a1"), (PROVIDER, "a2")]) == {}
