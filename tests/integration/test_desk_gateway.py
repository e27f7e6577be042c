"""The agents' gateway over real sockets, a real router and a real database."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from desk_floor import Floor
from house import house
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.typing import Subprotocol

from channels.port import ChatOpened, ChatSaid
from contactcenter.client import protocol as p
from contactcenter.client.desk import AgentClient
from contactcenter.client.errors import DeskClosed, DeskError
from contactcenter.realtime.desk import DeskLimits
from contactcenter.services.notices import NoticePush
from contactcenter.services.pushes import DeskPush, encode
from routing.effects import Released


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with house(pool, tmp_path) as found:
        yield Floor(found, DeskLimits(hello_s=0.3, drain_s=2.0))


@pytest.fixture
async def url(floor: Floor) -> AsyncIterator[str]:
    async with floor.served() as address:
        yield address


def raw(url: str) -> connect:
    return connect(url, subprotocols=[Subprotocol(p.SUBPROTOCOL)], close_timeout=1)


async def heard(socket: ClientConnection, **wanted: str) -> dict[str, Any]:
    """The next frame or reply with these fields."""
    async with asyncio.timeout(5):
        while True:
            found: dict[str, Any] = msgspec.json.decode(await socket.recv())
            if all(found.get(name) == value for name, value in wanted.items()):
                return found


async def entered(socket: ClientConnection, floor: Floor, agent: str = "a1002") -> dict[str, Any]:
    """Past the hello; the first snapshot."""
    hello = {"type": "hello", "id": "h", "token": await floor.token(agent), "language": "en"}
    await socket.send(msgspec.json.encode(hello).decode())
    return await heard(socket, type="snapshot")


async def end_of(socket: ClientConnection) -> int | None:
    async with asyncio.timeout(5):
        while True:
            try:
                await socket.recv()
            except ConnectionClosed as end:
                return end.rcvd.code if end.rcvd else None


# --- the main job ------------------------------------------------------------------------------------------


async def test_an_agent_works_a_chat_from_offer_to_wrap_up(floor: Floor, url: str) -> None:
    async with await floor.client(url) as desk:
        await desk.sign_in()
        await desk.ready()
        contact = await floor.chat()
        state = await desk.until(lambda state: bool(state.offers))
        offer = next(iter(state.offers.values()))
        assert "1002" in offer.card.greeting
        assert offer.card.why
        assert state.presence.used_units == 20
        await desk.accept(offer.offer)
        await desk.until(lambda state: state.owns(contact))
        await desk.send(p.Say(id="say-1", contact=contact, text="您好"))
        state = await desk.until(lambda state: bool(state.conversations.get(contact)))
        assert state.conversations[contact][-1].agent == "1002"
        await desk.send(p.Finish(id="finish-1", contact=contact))
        await desk.until(lambda state: state.wraps_up(contact))
        await desk.send(p.WrapUpDone(id="wrap-1", contact=contact))
        state = await desk.until(lambda state: not state.owns(contact))
        assert (state.presence.state, state.presence.used_units) == ("ready", 0)


async def test_the_frames_of_a_whole_contact_end_where_a_snapshot_stands(floor: Floor, url: str) -> None:
    async with await floor.client(url) as desk:
        await desk.sign_in()
        await desk.ready()
        contact = await floor.chat()
        state = await desk.until(lambda state: bool(state.offers))
        await desk.accept(next(iter(state.offers)))
        by_frames = await desk.until(lambda state: state.owns(contact))
        async with raw(url) as other:
            by_fetch = await entered(other, floor)
        assert by_fetch["seq"] == by_frames.seq
        assert msgspec.convert(by_fetch["presence"], p.DeskPresence) == by_frames.presence
        assert [msgspec.convert(card, p.Card) for card in by_fetch["contacts"]] == [by_frames.contacts[contact]]


async def test_a_visitors_words_reach_every_tab_of_the_agent(floor: Floor, url: str) -> None:
    async with await floor.client(url) as desk, raw(url) as tab:
        await desk.sign_in()
        await desk.ready()
        await entered(tab, floor)
        opened = ChatOpened(source="kangjia-web", external_id="s-9", site="kangjia-web", session="s-9")
        await floor.core.intake.accept(opened)
        state = await desk.until(lambda state: bool(state.offers))
        await desk.accept(next(iter(state.offers)))
        await heard(tab, type="assigned")
        said = ChatSaid(source="kangjia-web", external_id="s-9-1", site="kangjia-web", session="s-9", text="在吗")
        await floor.core.intake.accept(said)
        frame = await heard(tab, type="message")
        assert (frame["text"], frame["sender"], frame["number"]) == ("在吗", "customer", 1)


async def test_a_complaint_raised_at_the_desk_is_noticed_by_the_supervisor(floor: Floor, url: str) -> None:
    async with await floor.client(url) as desk, raw(url) as boss:
        await desk.sign_in()
        await desk.ready()
        await entered(boss, floor, "a1001")
        contact = await floor.chat()
        state = await desk.until(lambda state: bool(state.offers))
        await desk.accept(next(iter(state.offers)))
        await desk.send(p.Complain(id="c-1", contact=contact, summary="要去法院起诉"))
        frame = await heard(boss, type="notice")
        assert frame["code"] == "complaint_raised"
        assert "000001" in frame["text"]
        state = await desk.until(lambda state: state.contacts[contact].complaint)
        assert state.contacts[contact].cases[0]["level"] == 1


# --- coming and going --------------------------------------------------------------------------------------


async def test_the_router_hears_of_the_first_and_the_last_socket_only(floor: Floor, url: str) -> None:
    async with raw(url) as one:
        await entered(one, floor)
        async with raw(url) as two:
            await entered(two, floor)
        assert floor.gateway.sockets >= 1
    await floor.house.until(lambda: len(floor.house.of("presence.connection")) == 2)
    assert [each.connected for each in floor.house.of("presence.connection")] == [True, False]


async def test_a_wrong_token_is_turned_away(floor: Floor, url: str) -> None:
    with pytest.raises(DeskClosed):
        async with AgentClient(url, "no-such-token"):
            pass


async def test_who_says_nothing_is_closed(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        assert await end_of(socket) == 4401


async def test_a_token_of_a_client_has_no_desk(floor: Floor, url: str) -> None:
    token = await floor.access.issue("client", "ruixun", "kangjia-desk", client="kangjia")
    async with raw(url) as socket:
        await socket.send(msgspec.json.encode({"type": "hello", "id": "h", "token": token}).decode())
        assert (await heard(socket, re="h"))["error"]["code"] == "no_seat"
        assert await end_of(socket) == 4403


async def test_another_subprotocol_is_refused_before_the_handshake(url: str) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with connect(url, subprotocols=[Subprotocol("chat")]):
            pass
    assert refused.value.response.status_code == 400


# --- what cannot be read -----------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("said", "field"),
    [
        ("{", ""),
        ('{"type": "dance", "id": "1"}', "type"),
        ('{"type": "accept", "id": "1"}', "offer"),
        ('{"type": "say", "id": "1", "contact": 5, "text": "x"}', "contact"),
    ],
)
async def test_a_malformed_command_is_answered_and_the_socket_stays(
    floor: Floor, url: str, said: str, field: str
) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        await socket.send(said)
        found = await heard(socket)
        while "error" not in found:
            found = await heard(socket)
        assert found["error"]["code"] == "malformed"
        assert found["error"].get("field", "") == field
        await socket.send('{"type": "fetch", "id": "2"}')
        assert (await heard(socket, re="2"))["ok"] == {}


async def test_a_frame_above_64_kib_closes_the_socket(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        await socket.send("x" * (64 * 1024 + 2))
        assert await end_of(socket) == 1009


# --- repeating, gaps, going away ---------------------------------------------------------------------------


async def test_a_command_said_again_gets_the_same_reply_again(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        await socket.send('{"type": "sign_in", "id": "s"}')
        first = await heard(socket, re="s")
        await socket.send('{"type": "sign_in", "id": "s"}')
        assert await heard(socket, re="s") == first
    rows = await floor.core.pool.fetchval("SELECT count(*) FROM routing_events WHERE dedupe = 'a1002:s'")
    assert rows == 1


async def test_a_refusal_carries_the_routers_code_and_a_sentence(floor: Floor, url: str) -> None:
    async with await floor.client(url) as desk:
        with pytest.raises(DeskError) as refused:
            await desk.accept("ct_gone/1/a1002")
        assert refused.value.code
        assert str(refused.value)


async def test_a_gap_in_the_pushes_leads_to_a_snapshot(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        missed = DeskPush("a1002", 5_000, 4_999, 0, (Released("ct_1", "a1002", "finished"),))
        await floor.core.bus.publish("desk:a1002", encode(missed))
        assert (await heard(socket, type="snapshot"))["presence"]["state"] == "offline"


async def test_a_gap_of_the_bus_leads_to_a_snapshot(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        floor.core.bus.gap()  # type: ignore[union-attr]
        await heard(socket, type="snapshot")


async def test_an_old_push_changes_nothing(floor: Floor, url: str) -> None:
    async with await floor.client(url) as desk:
        await desk.sign_in()
        before = await desk.until(lambda state: state.presence.state != "offline")
        await floor.core.bus.publish("desk:a1002", encode(DeskPush("a1002", 1, 0, 0, ())))
        await desk.send(p.Fetch(id="f"))
        assert desk.desk.seq == before.seq


async def test_a_push_that_cannot_be_read_leads_to_a_snapshot(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        await floor.core.bus.publish("desk:a1002", b"{}")
        await heard(socket, type="snapshot")


async def test_a_socket_that_takes_nothing_is_cut(floor: Floor) -> None:
    floor.gateway = floor.gateway_with(DeskLimits(stuck_s=0.2, waiting=20))
    async with floor.served() as url, raw(url) as socket:
        await entered(socket, floor)
        socket.transport.pause_reading()
        notice = NoticePush(agent="a1002", notice="x" * 1_000_000, at=0)
        async with asyncio.timeout(10):
            while floor.gateway.sockets:
                await floor.core.bus.publish("desk:a1002", msgspec.json.encode(notice))
                await asyncio.sleep(0)
        socket.transport.abort()


async def test_draining_tells_everybody_when_to_come_back(floor: Floor, url: str) -> None:
    async with raw(url) as socket:
        await entered(socket, floor)
        await floor.gateway.drain()
        assert (await heard(socket, type="resume"))["after_s"] >= 0.5
        assert await end_of(socket) == 1012
    with pytest.raises(InvalidStatus):
        async with raw(url):
            pass
