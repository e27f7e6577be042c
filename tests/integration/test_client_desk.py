"""The agents' client against a scripted service: reconnects at every boundary, ids that stay, errors that speak."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from itertools import count
from typing import Any

import pytest
from websockets.asyncio.server import ServerConnection, serve
from websockets.typing import Subprotocol

from contactcenter.client.desk import AgentClient, socket_url
from contactcenter.client.errors import DeskClosed, DeskError
from contactcenter.client.protocol import SUBPROTOCOL
from contactcenter.client.world import Patience

QUICK = Patience(first_s=0.005, longest_s=0.02, tries=5)
SNAPSHOT = {"type": "snapshot", "seq": 7, "presence": {"state": "ready"}}
Talk = Callable[[ServerConnection, dict[str, Any]], Awaitable[None]]


class Service:
    """One handler a connection; the last one serves all further ones. Everything heard is kept."""

    def __init__(self, *talks: Talk) -> None:
        self.talks = talks
        self.hellos: list[dict[str, Any]] = []
        self.heard: list[dict[str, Any]] = []
        self.acknowledged: list[int] = []
        self.acknowledging = asyncio.Event()
        self.url = ""

    async def handle(self, socket: ServerConnection) -> None:
        talk = self.talks[min(len(self.hellos), len(self.talks) - 1)]
        hello = json.loads(await socket.recv())
        self.hellos.append(hello)
        await talk(socket, hello)

    async def listen(self, socket: ServerConnection) -> AsyncIterator[dict[str, Any]]:
        async for raw in socket:
            command = json.loads(raw)
            if command["type"] == "ack":
                self.acknowledged.append(command["seq"])
                self.acknowledging.set()
                continue
            self.heard.append(command)
            yield command


@asynccontextmanager
async def running(service: Service) -> AsyncIterator[Service]:
    async with serve(service.handle, "127.0.0.1", 0, subprotocols=[Subprotocol(SUBPROTOCOL)]) as server:
        service.url = f"ws://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        yield service


def client(service: Service, **more: Any) -> AgentClient:
    numbers = count(1)
    return AgentClient(
        service.url, "token", ids=lambda: f"c{next(numbers)}", chance=lambda: 0.0, patience=QUICK, **more
    )


async def tell(socket: ServerConnection, *frames: dict[str, Any]) -> None:
    for frame in frames:
        await socket.send(json.dumps(frame))


async def welcome(socket: ServerConnection, hello: dict[str, Any]) -> None:
    who = {"type": "welcome", "agent": "a1001", "number": "1001", "name": "王秀英"}
    await tell(socket, {"re": hello["id"], "ok": {}}, who, SNAPSHOT)


def answering(service: Service) -> Talk:
    async def talk(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        async for command in service.listen(socket):
            await tell(socket, {"re": command["id"], "ok": {"did": command["type"]}})

    return talk


async def test_a_command_is_answered_by_its_reply() -> None:
    service = Service()
    service.talks = (answering(service),)
    async with running(service), client(service) as desk:
        assert await desk.ready() == {"did": "ready"}
        state = await desk.until(lambda state: state.presence.state == "ready")
    assert (state.agent, state.number, state.seq) == ("a1001", "1001", 7)
    assert service.hellos[0]["token"] == "token"


async def test_an_error_names_its_code_and_field() -> None:
    service = Service()

    async def refusing(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        async for command in service.listen(socket):
            error = {"code": "reason", "message": "no", "field": "reason"}
            await tell(socket, {"re": command["id"], "error": error})

    service.talks = (refusing,)
    async with running(service), client(service) as desk:
        with pytest.raises(DeskError) as refused:
            await desk.not_ready("tea")
    assert (refused.value.code, refused.value.field) == ("reason", "reason")


async def test_not_now_is_waited_out_under_the_same_id() -> None:
    service = Service()

    async def late(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        async for command in service.listen(socket):
            busy = {"re": command["id"], "error": {"code": "undecided", "message": ""}}
            await tell(socket, busy if len(service.heard) < 3 else {"re": command["id"], "ok": {}})

    service.talks = (late,)
    async with running(service), client(service) as desk:
        await desk.accept("ct_1/1/a1001")
    assert {command["id"] for command in service.heard} == {service.heard[0]["id"]}
    assert len(service.heard) == 3


async def close_before_hello_is_answered(service: Service, socket: ServerConnection, hello: dict[str, Any]) -> None:
    await socket.close(1011)


async def close_after_welcome(service: Service, socket: ServerConnection, hello: dict[str, Any]) -> None:
    await welcome(socket, hello)
    await socket.close(1012)


async def close_instead_of_answering(service: Service, socket: ServerConnection, hello: dict[str, Any]) -> None:
    await welcome(socket, hello)
    async for _ in service.listen(socket):
        break
    socket.transport.abort()


async def send_away(service: Service, socket: ServerConnection, hello: dict[str, Any]) -> None:
    await welcome(socket, hello)
    await tell(socket, {"type": "resume", "after_s": 0.01})
    await socket.close(1012)


async def refuse_for_now(service: Service, socket: ServerConnection, hello: dict[str, Any]) -> None:
    await tell(socket, {"re": hello["id"], "error": {"code": "draining", "message": ""}})
    await socket.close(4401)


@pytest.mark.parametrize(
    "cut",
    [
        close_before_hello_is_answered,
        close_after_welcome,
        close_instead_of_answering,
        send_away,
        refuse_for_now,
    ],
)
async def test_it_comes_back_and_says_the_command_again_under_its_id(cut: Any) -> None:
    service = Service()

    async def breaking(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await cut(service, socket, hello)

    service.talks = (breaking, breaking, answering(service))
    async with running(service), client(service) as desk:
        async with asyncio.timeout(5):
            assert await desk.sign_in("seat-1001") == {"did": "sign_in"}
        assert desk.fresh or await desk.until(lambda state: state.seq == 7)
    assert len(service.hellos) == 3
    assert len({command["id"] for command in service.heard}) == 1
    assert len({hello["id"] for hello in service.hellos}) == 3, "every hello is its own command"


async def test_it_resumes_after_the_last_frame_it_applied() -> None:
    service = Service()

    async def once(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        presence = {"type": "presence", "seq": 9, "presence": {"state": "not_ready", "reason": "lunch"}}
        await tell(socket, presence)
        await socket.close(1012)

    service.talks = (once, answering(service))
    async with running(service), client(service) as desk:
        await desk.until(lambda state: state.presence.reason == "lunch")
        await desk.until(lambda state: state.presence.state == "ready")
    assert [hello.get("cursor", 0) for hello in service.hellos] == [0, 9]


async def test_a_token_that_may_not_come_in_is_told_at_once() -> None:
    async def away(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await tell(socket, {"re": hello["id"], "error": {"code": "unauthorized", "message": "who are you"}})
        await socket.close(4401)

    async with running(Service(away)) as service:
        with pytest.raises(DeskClosed, match="unauthorized"):
            async with client(service):
                pass


async def test_closing_wakes_everybody_who_waits() -> None:
    service = Service()

    async def silent(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        async for _ in service.listen(socket):
            pass

    service.talks = (silent,)
    async with running(service), asyncio.TaskGroup() as group, client(service) as desk:
        command = group.create_task(_outcome(desk.ready()))
        state = group.create_task(_outcome(desk.until(lambda state: state.seq > 99)))
        frames = group.create_task(_drain(desk))
        while not service.heard:
            await desk.until(lambda state: True)
            await asyncio.sleep(0)
    assert isinstance(command.result(), DeskClosed)
    assert isinstance(state.result(), DeskClosed)
    assert frames.done()


async def _outcome(work: Awaitable[Any]) -> Any:
    try:
        return await work
    except DeskClosed as closed:
        return closed


async def _drain(desk: AgentClient) -> int:
    return len([frame async for frame in desk.frames()])


async def test_frames_of_a_later_version_are_passed_over() -> None:
    service = Service()

    async def newer(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        await tell(socket, {"type": "hologram", "seq": 8}, {"type": "presence", "seq": 9, "presence": {"state": "x"}})
        async for _ in service.listen(socket):
            pass

    service.talks = (newer,)
    async with running(service), client(service) as desk:
        state = await desk.until(lambda state: state.presence.state == "x")
    assert state.seq == 9


def test_the_socket_is_found_from_the_base_address() -> None:
    assert socket_url("https://desk.example/") == "wss://desk.example/v1/agent"
    assert socket_url("ws://127.0.0.1:1/x") == "ws://127.0.0.1:1/x"


# --- resuming, acknowledging, filling gaps -----------------------------------------------------------------


def _said(number: int) -> dict[str, Any]:
    return {
        "type": "message", "contact": "ct_1", "conversation": "cv_1", "number": number, "sender": "customer",
        "text": str(number), "at": "",
    }  # fmt: skip


MINE = {"type": "assigned", "seq": 8, "card": {
    "contact": "ct_1", "medium": "chat", "client": "k", "client_name": "K", "greeting": "hi", "conversation": "cv_1",
}}  # fmt: skip


async def test_it_says_where_it_was_and_is_fresh_when_it_has_what_it_missed() -> None:
    service = Service()

    async def cut(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        half = {"type": "offer_ended", "seq": 9, "more": True, "offer": "o", "contact": "c", "outcome": "declined"}
        await tell(socket, MINE, _said(1), half)
        await socket.close(1012)

    async def resumed(socket: ServerConnection, hello: dict[str, Any]) -> None:
        who = {"type": "welcome", "agent": "a1001", "number": "1001", "name": "王秀英"}
        await tell(socket, {"re": hello["id"], "ok": {}}, who, {"type": "passed", "seq": 9}, _said(2))
        await tell(socket, {"type": "resumed", "seq": 9})
        async for _ in service.listen(socket):
            pass

    service.talks = (cut, resumed)
    async with running(service), client(service) as desk:
        state = await desk.until(lambda state: state.seq == 9 and desk.fresh)
        assert [one.number for one in state.conversations["ct_1"]] == [1, 2]
    again = service.hellos[1]
    assert (again["cursor"], again["conversations"]) == (8, {"cv_1": 1}), "half an event is no cursor"


async def test_what_was_applied_is_acknowledged_together() -> None:
    service = Service()

    async def many(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        await tell(socket, *({"type": "passed", "seq": seq} for seq in range(8, 100)))
        async for _ in service.listen(socket):
            pass

    service.talks = (many,)
    async with running(service), client(service) as desk:
        await desk.until(lambda state: state.seq == 99)
        async with asyncio.timeout(5):
            while 99 not in service.acknowledged:
                service.acknowledging.clear()
                await service.acknowledging.wait()
    assert len(service.acknowledged) < 10


async def test_a_gap_in_a_conversation_is_filled() -> None:
    service = Service()

    async def gap(socket: ServerConnection, hello: dict[str, Any]) -> None:
        await welcome(socket, hello)
        await tell(socket, MINE, _said(1), _said(4))
        async for command in service.listen(socket):
            after = command["after"]
            messages = [{"number": n, "sender": "customer", "text": str(n), "at": "", "agent": ""} for n in (2, 3)]
            told = {"contact": "ct_1", "conversation": "cv_1", "messages": messages, "more": False}
            await tell(socket, {"re": command["id"], "ok": told})
            assert after == 1

    service.talks = (gap,)
    async with running(service), client(service) as desk:
        state = await desk.until(lambda state: len(state.conversations.get("ct_1", ())) == 4)
        assert state.missing_after("ct_1") is None
        assert [one.text for one in state.conversations["ct_1"]] == ["1", "2", "3", "4"]
