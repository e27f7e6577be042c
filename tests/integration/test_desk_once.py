"""Each command has its effect once: said again after a reconnect, on another gateway, it gets the first answer."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from desk_floor import Floor
from house import house
from test_desk_gateway import entered, heard, raw
from websockets.asyncio.client import ClientConnection

from contactcenter.realtime.desk import DeskLimits


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with house(pool, tmp_path) as found:
        yield Floor(found, DeskLimits(drain_s=2.0))


@asynccontextmanager
async def another(floor: Floor) -> AsyncIterator[ClientConnection]:
    """The same agent at another gateway: nothing but the database is common to both."""
    floor.gateway = floor.gateway_with(None, node="two")
    async with floor.served() as url, raw(url) as socket:
        await entered(socket, floor)
        yield socket


async def say(socket: ClientConnection, kind: str, /, **more: str) -> dict[str, Any]:
    await socket.send(msgspec.json.encode({"type": kind, "id": f"the-{kind}", **more}).decode())
    found = await heard(socket, re=f"the-{kind}")
    found.get("ok", {}).pop("duplicate", None)
    found.get("ok", {}).pop("number", None)
    return found


@asynccontextmanager
async def here(floor: Floor) -> AsyncIterator[ClientConnection]:
    async with floor.served() as url, raw(url) as socket:
        await entered(socket, floor)
        yield socket


async def owning(floor: Floor, socket: ClientConnection) -> str:
    """At work, with a chat of his own."""
    for kind in ("sign_in", "ready"):
        await say(socket, kind)
    contact = await floor.chat()
    offer = await heard(socket, type="offer")
    await say(socket, "accept", offer=offer["offer"]["offer"])
    return contact


COMMANDS = [
    ("finish", {}, "wrap_up.began"),
    ("transfer", {"view": "chat"}, "assignment.ended"),
    ("say", {"text": "您好"}, "message.sent"),
    ("open_case", {"kind": "repair", "subject": "tv"}, "case.opened"),
    ("complain", {"summary": "要去法院起诉"}, "complaint.raised"),
]


@pytest.mark.parametrize(("kind", "more", "fact"), COMMANDS)
async def test_said_again_on_another_gateway_it_gets_the_first_answer(
    floor: Floor, kind: str, more: dict[str, str], fact: str
) -> None:
    async with here(floor) as socket, another(floor) as other:
        contact = await owning(floor, socket)
        first = await say(socket, kind, contact=contact, **more)
        assert "ok" in first, first
        assert await say(other, kind, contact=contact, **more) == first
        assert (await floor.house.facts(contact)).count(fact) == 1


@pytest.mark.parametrize("kind", ["sign_in", "ready", "sign_out"])
async def test_what_only_moves_the_agent_happens_once(floor: Floor, kind: str) -> None:
    async with here(floor) as socket, another(floor) as other:
        for before in ("sign_in", "ready"):
            if before != kind:
                await say(socket, before)
        first = await say(socket, kind)
        assert await say(other, kind) == first
    rows = await floor.core.pool.fetchval("SELECT count(*) FROM routing_events WHERE dedupe = $1", f"a1002:the-{kind}")
    assert rows == 1


async def test_a_command_whose_answer_was_lost_with_its_gateway_is_answered_by_the_next(floor: Floor) -> None:
    async with here(floor) as socket:
        contact = await owning(floor, socket)
        await socket.send(msgspec.json.encode({"type": "finish", "id": "the-finish", "contact": contact}).decode())
        socket.transport.abort()
        async with another(floor) as other:
            assert await say(other, "finish", contact=contact) == {"re": "the-finish", "ok": {}}
        assert (await floor.house.facts(contact)).count("wrap_up.began") == 1


async def test_a_refusal_is_repeated_as_well(floor: Floor) -> None:
    async with here(floor) as socket, another(floor) as other:
        first = await say(socket, "accept", offer="ct_gone/1/a1002")
        again = await say(other, "accept", offer="ct_gone/1/a1002")
        assert first["error"]["code"] == again["error"]["code"]


async def test_the_same_id_for_another_finish_is_refused_on_another_gateway(floor: Floor) -> None:
    async with here(floor) as socket, another(floor) as other:
        contact = await owning(floor, socket)
        await say(socket, "finish", contact=contact)
        assert (await say(other, "finish", contact="ct_other"))["error"]["code"] == "command_id_reused"
