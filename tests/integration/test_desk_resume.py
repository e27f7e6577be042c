"""Snapshot and frames are the fetch, for every action of the protocol and at every frame boundary, over real sockets.

One agent does everything that the protocol has. Each frame he hears is kept; afterwards the line is cut at each of
them, and whoever resumes there with his cursor ends where a fetch stands.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, get_args

import asyncpg
import msgspec
import pytest
from desk_floor import Floor
from house import house
from talking import SECOND, Talking
from test_desk_gateway import raw
from websockets.asyncio.client import ClientConnection

from channels.port import ChatOpened, ChatSaid
from contactcenter.client import protocol as p
from contactcenter.client.state import DeskState, apply
from contactcenter.realtime.desk import DeskLimits
from contactcenter.services.notices import NoticePush

AGENT = "a1002"
decode = msgspec.json.Decoder(p.AnyFrame).decode


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with house(pool, tmp_path) as found:
        yield Floor(found, DeskLimits(drain_s=2.0))


class Tab:
    """One socket that keeps every frame, and the state after each."""

    def __init__(self, socket: ClientConnection, state: DeskState) -> None:
        self.socket = socket
        self.state = state
        self.states = [state]
        self.kinds: list[str] = []
        self.said: set[str] = set()
        self._count = 0

    async def until(self, kind: str, **wanted: str) -> dict[str, Any]:
        """Apply what comes up to and with the first of this kind ('re': the reply of that id)."""
        async with asyncio.timeout(5):
            while True:
                raw_frame = await self.socket.recv()
                found: dict[str, Any] = msgspec.json.decode(raw_frame)
                if "re" in found:
                    if kind == "re" and found["re"] == wanted.get("re"):
                        return found
                    continue
                self.kinds.append(found["type"])
                self.state = apply(self.state, decode(raw_frame))
                self.states.append(self.state)
                if found["type"] == kind and all(found.get(name) == value for name, value in wanted.items()):
                    return found

    async def do(self, kind: str, /, **more: Any) -> dict[str, Any]:
        """One command, carried out."""
        self._count += 1
        name = f"{kind}-{self._count}"
        self.said.add(kind)
        await self.socket.send(msgspec.json.encode({"type": kind, "id": name, **more}).decode())
        reply = await self.until("re", re=name)
        assert "ok" in reply, reply
        return dict(reply["ok"])


@asynccontextmanager
async def tab(floor: Floor, url: str, state: DeskState | None = None) -> AsyncIterator[Tab]:
    """Connected with the cursor of `state`, up to where the desk stands."""
    known = state or DeskState()
    async with raw(url) as socket:
        hello = p.Hello(
            id="h", token=await floor.token(AGENT), cursor=known.seq, conversations=known.heard(), language="en"
        )
        await socket.send(msgspec.json.encode(hello).decode())
        found = Tab(socket, known)
        await found.until("re", re="h")
        while not {"snapshot", "resumed"} & set(found.kinds):
            await _next(found)
        yield found


async def _next(found: Tab) -> None:
    async with asyncio.timeout(5):
        raw_frame = await found.socket.recv()
    kind = msgspec.json.decode(raw_frame)["type"]
    found.kinds.append(kind)
    found.state = apply(found.state, decode(raw_frame))
    found.states.append(found.state)


async def everything(floor: Floor, desk: Tab) -> None:
    """All that the protocol lets an agent do. The calls come first: then the colleague has one, and no chat."""
    await calls(floor, desk)
    await desk.do("sign_in")
    await desk.do("not_ready", reason="lunch")
    await desk.do("ready")
    chat = await _offered(floor, desk, "s-1")
    await desk.do("accept", offer=chat["offer"])
    contact = chat["contact"]
    await _customer_says(floor, "s-1", "在吗")
    await desk.do("say", contact=contact, text="您好")
    await desk.do("messages", contact=contact)
    opened = await desk.do("open_case", contact=contact, kind="repair", subject="tv")
    await desk.do("note", case=opened["case"], text="asked for the invoice")
    raised = await desk.do("complain", contact=contact, summary="要去法院起诉")
    await desk.do("escalate", case=raised["case"], reason="customer_asks_leader")
    while not desk.state.contacts[contact].complaint:
        await _next(desk)
    await desk.do("finish", contact=contact)
    await desk.do("wrap_up_done", contact=contact)
    other = await _offered(floor, desk, "s-2")
    await desk.do("accept", offer=other["offer"])
    await desk.do("transfer", contact=other["contact"], view="chat")
    again = await _offered(floor, desk, "s-3")
    await desk.do("decline", offer=again["offer"], reason="busy")
    await desk.do("close_case", case=opened["case"], outcome="resolved", proof="heard it play")
    await desk.do("fetch")
    await desk.do("sign_out")


async def calls(floor: Floor, desk: Tab) -> None:
    """A call about which a colleague is asked twice: he leaves, and then takes it over. One more, which I end."""
    await desk.do("sign_in", device="sip/a1002")
    await desk.do("ready")
    talk = Talking(floor)
    await talk.ring("talk-1")
    await talk.colleague()
    mine = {"contact": talk.contact}
    for kind, more in (("hold", {}), ("resume", {}), ("record", {"state": "on"})):
        await desk.do(kind, **mine, **more)
    for end in ("leave", "join"):
        await desk.do("consult", **mine, agent="1003")
        await talk.answered(SECOND)
        while desk.state.consults[talk.contact].state != "talking":
            await _next(desk)
        await desk.do(end, **mine)
    await talk.ring("talk-2")
    await desk.do("hang_up", contact=talk.contact)
    await desk.do("wrap_up_done", contact=talk.contact)
    await desk.do("sign_out")


async def _offered(floor: Floor, desk: Tab, session: str) -> dict[str, Any]:
    known = set(desk.state.offers)
    await floor.core.intake.accept(
        ChatOpened(source="kangjia-web", external_id=session, site="kangjia-web", session=session)
    )
    while not set(desk.state.offers) - known:
        await desk.until("offer")
    offer = desk.state.offers[next(iter(set(desk.state.offers) - known))]
    return {"offer": offer.offer, "contact": offer.contact}


async def _customer_says(floor: Floor, session: str, text: str) -> None:
    said = ChatSaid(source="kangjia-web", external_id=f"{session}-1", site="kangjia-web", session=session, text=text)
    await floor.core.intake.accept(said)


async def test_cut_at_every_frame_of_everything_the_desk_is_what_a_fetch_shows(floor: Floor) -> None:
    async with floor.served() as url, tab(floor, url) as desk:
        await everything(floor, desk)
        tags = {str(kind.__struct_config__.tag) for kind in get_args(p.AnyCommand)}
        assert tags - desk.said == {"hello", "ack", "dial"}, "every command is in it; dial has a test of its own"
        while desk.state.presence.state != "offline":
            await _next(desk)
        async with tab(floor, url) as fresh:
            fetched = fresh.state
        assert _shown(desk.state) == _shown(fetched)
        for boundary in desk.states:
            async with tab(floor, url, boundary) as back:
                assert _shown(back.state) == _shown(fetched)
                if boundary.seq == desk.state.seq:
                    assert "snapshot" not in back.kinds


async def test_after_every_action_the_frames_are_the_fetch(floor: Floor) -> None:
    """The states in between, compared with a fetch of that very seq."""
    async with floor.served() as url, tab(floor, url) as desk:
        plain, compared = desk.do, []

        async def watched(kind: str, /, **more: Any) -> dict[str, Any]:
            answer = await plain(kind, **more)
            while kind == "complain" and not desk.state.contacts[more["contact"]].complaint:
                # The store knows at once, so that nobody hands it on blind; until routing has told, a fetch is ahead.
                await _next(desk)
            async with tab(floor, url) as fresh:
                while desk.state.seq < fresh.state.seq:
                    await _next(desk)
                if desk.state.seq == fresh.state.seq:
                    assert _shown(desk.state) == _shown(fresh.state), kind
                    compared.append(kind)
            return answer

        desk.do = watched  # type: ignore[method-assign]
        await everything(floor, desk)
        assert len(compared) > 15


def _shown(state: DeskState) -> dict[str, Any]:
    """What is in front of the agent. What a card tells of the past is as of its reading; messages are read apart."""

    def bare(card: p.Card) -> p.Card:
        return msgspec.structs.replace(card, history=(), cases=(), records=(), context={})

    return {
        "seq": state.seq,
        "presence": state.presence,
        "offers": {name: bare(offer.card) for name, offer in state.offers.items()},
        "contacts": {name: bare(card) for name, card in state.contacts.items()},
        "consults": state.consults,
    }


async def test_messages_that_were_missed_come_with_the_resume(floor: Floor) -> None:
    async with floor.served() as url:
        async with tab(floor, url) as desk:
            await desk.do("sign_in")
            await desk.do("ready")
            offer = await _offered(floor, desk, "s-1")
            await desk.do("accept", offer=offer["offer"])
            await _customer_says(floor, "s-1", "在吗")
            await desk.until("message")
            await desk.do("say", contact=offer["contact"], text="您好")
            await desk.until("message")
            states = desk.states
        heard = next(state for state in states if state.heard())
        async with tab(floor, url, heard) as back:
            numbers = [one.number for one in back.state.conversations[offer["contact"]]]
        assert numbers == [1, 2]


async def test_a_restarted_gateway_resumes_a_desk_that_stands_where_it_stood(floor: Floor) -> None:
    async with floor.served() as url, tab(floor, url) as desk:
        await desk.do("sign_in")
        await desk.do("ready")
        offer = await _offered(floor, desk, "s-1")
        await desk.do("accept", offer=offer["offer"])
        while not desk.state.owns(offer["contact"]):
            await _next(desk)
        floor.gateway = floor.gateway_with(None, node="two")
        async with floor.served() as second, tab(floor, second, desk.state) as back:
            assert back.kinds == ["welcome", "resumed"]
            await back.do("finish", contact=offer["contact"])
            while not back.state.wraps_up(offer["contact"]):
                await _next(back)
            assert back.state.contacts[offer["contact"]].greeting, "the card it had is kept"


async def test_a_cursor_that_nobody_knows_gets_a_snapshot(floor: Floor) -> None:
    async with floor.served() as url, tab(floor, url, DeskState(seq=999_999)) as desk:
        assert "snapshot" in desk.kinds
        assert desk.state.seq < 999_999


async def test_what_was_acknowledged_is_known(floor: Floor) -> None:
    async with floor.served() as url, tab(floor, url) as desk:
        await desk.do("sign_in")
        await desk.socket.send(msgspec.json.encode({"type": "ack", "seq": 1}).decode())
        await desk.do("ready")
        assert floor.gateway.unacknowledged == 1
        await desk.socket.send(msgspec.json.encode({"type": "ack", "seq": desk.state.seq + 100}).decode())
        await desk.do("fetch")
        assert floor.gateway.unacknowledged == 0


async def test_a_socket_that_reads_slowly_is_sent_a_snapshot_instead_of_what_it_missed(floor: Floor) -> None:
    floor.gateway = floor.gateway_with(DeskLimits(stuck_s=30.0, waiting=5))
    async with floor.served() as url, tab(floor, url) as desk:
        desk.socket.transport.pause_reading()
        big = NoticePush(agent=AGENT, notice="x" * 200_000, at=0)
        for _ in range(100):
            await floor.core.bus.publish(f"desk:{AGENT}", msgspec.json.encode(big))
            await asyncio.sleep(0)
        await floor.house.at_work(AGENT)
        desk.socket.transport.resume_reading()
        await desk.until("snapshot")
        assert desk.state.presence.state == "ready"
        assert desk.kinds.count("notice") < 100
