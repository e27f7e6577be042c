"""One agent at several gateways: connected while any of them holds a socket, whatever becomes of the others."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from desk_floor import Floor
from house import house
from test_desk_gateway import entered, raw

from contactcenter.realtime.desk import DeskLimits
from contactcenter.realtime.desk_attendance import AttendanceWatch
from contactcenter.services.seats import Seat


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with house(pool, tmp_path) as found:
        yield Floor(found, DeskLimits(drain_s=2.0))


def connections(floor: Floor) -> list[bool]:
    return [each.connected for each in floor.house.of("presence.connection")]


def watch(floor: Floor, node: str, silent_s: float) -> AttendanceWatch:
    return AttendanceWatch(floor.core.stores.attendance, floor.core.bus, floor.clock, node=node, silent_s=silent_s)


async def test_tabs_on_two_gateways_are_one_agent(floor: Floor) -> None:
    async with floor.served() as one:
        first = floor.gateway
        floor.gateway = floor.gateway_with(None, node="two")
        async with floor.served() as two, raw(two) as there:
            async with raw(one) as here:
                await entered(here, floor)
                await entered(there, floor)
                await floor.house.until(lambda: connections(floor) == [True])
            await first.drain()
            assert first.sockets == 0
            await floor.house.happen()
            assert connections(floor) == [True], "his other tab is still here"
            await there.close()
            await floor.house.until(lambda: connections(floor) == [True, False])


async def test_a_killed_gateway_disconnects_whom_it_held_alone_after_a_bounded_time(floor: Floor) -> None:
    async with floor.served() as url, raw(url) as socket:
        await entered(socket, floor)
        await floor.house.until(lambda: connections(floor) == [True])
        assert await watch(floor, "two", 3600.0).look() == [], "it was heard of a moment ago"
        assert await watch(floor, "two", 0.0).look() == ["one"]
        await floor.house.until(lambda: connections(floor) == [True, False])


async def test_nobody_gives_himself_up(floor: Floor) -> None:
    async with floor.served() as url, raw(url) as socket:
        await entered(socket, floor)
        assert await watch(floor, "one", 0.0).look() == []


async def test_who_came_back_elsewhere_is_never_disconnected(floor: Floor) -> None:
    async with floor.served() as one, raw(one) as dead:
        await entered(dead, floor)
        floor.gateway = floor.gateway_with(None, node="two")
        async with floor.served() as two, raw(two) as alive:
            await entered(alive, floor)
            await floor.house.until(lambda: connections(floor) == [True])
            await floor.attendance.beat()
            await watch(floor, "three", 0.0)._store.give_up(["one"], 0.0, floor.clock.now())
            await floor.house.happen()
            assert connections(floor) == [True]


async def test_a_gateway_that_was_only_paused_says_again_whom_it_holds(floor: Floor) -> None:
    async with floor.served() as url, raw(url) as socket:
        await entered(socket, floor)
        await watch(floor, "two", 0.0).look()
        await floor.house.until(lambda: connections(floor) == [True, False])
        await floor.attendance.beat()
        await floor.attendance.write_again()
        await floor.house.until(lambda: connections(floor) == [True, False, True])


async def test_a_disconnected_agent_keeps_his_chat_for_the_grace_time_and_no_offer(floor: Floor) -> None:
    """Row 8, through the socket: the offer returns at once, the chat stays until the grace is over."""
    async with floor.served() as url:
        async with await floor.client(url) as desk:
            await desk.sign_in()
            await desk.ready()
            mine = await floor.chat()
            state = await desk.until(lambda state: bool(state.offers))
            await desk.accept(next(iter(state.offers)))
            await desk.until(lambda state: state.owns(mine))
            await floor.chat()
            await desk.until(lambda state: bool(state.offers))
        await floor.house.until(lambda: bool(floor.house.of("offer.ended", reason="agent_left")))
        assert not floor.house.of("assignment.ended")
        async with await floor.client(url) as desk:
            state = await desk.until(lambda state: desk.fresh)
            assert state.owns(mine)


async def test_voice_rings_only_where_seat_and_device_are(floor: Floor) -> None:
    """Row 7, through the socket: without a device accepting is the answer; signed out nothing rings."""
    async with floor.served() as url, await floor.client(url) as desk:
        await desk.sign_in("seat-1002")
        await desk.ready()
        state = await desk.until(lambda state: state.presence.state == "ready")
        assert state.presence.device == "seat-1002"
        await desk.sign_out()
        await desk.until(lambda state: state.presence.state == "offline")
        await floor.house.call()
        assert desk.desk.offers == {}


async def test_an_offer_that_no_socket_acknowledged_is_noted(floor: Floor) -> None:
    seat: Seat = floor.seat()
    from contactcenter.services.unseen_offers import UnseenOffers
    from routing.effects import OfferEnded
    from routing.model import Outcome

    ended = OfferEnded("ct_1", seat.agent, "ct_1/1/a1002", Outcome.NO_ANSWER)
    counted: list[int] = []
    notes = UnseenOffers(floor.office, floor.attendance.elsewhere, lambda: counted.append(1))
    async with floor.core.bus.subscribe("desk:a1001") as told:
        await notes.note(seat, ended, at=floor.clock.now())
        assert b"offer_unseen" in await anext(aiter(told))
    assert (await floor.house.facts("ct_1"), counted) == (["offer.unseen"], [1])
    await floor.core.stores.attendance.move("two", [(seat.provider, seat.agent, True)], 0)
    await notes.note(seat, ended, at=floor.clock.now())
    assert counted == [1], "what he saw at another gateway is not known here"
