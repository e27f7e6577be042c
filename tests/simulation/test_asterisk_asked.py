"""Requests over the events' socket, in virtual time: an Asterisk that answers, one that is slow, one that is deaf."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Coroutine
from typing import Any

import pytest
from simulation.virtual_loop import VirtualLoop, simulate

from channels.phone.asterisk.actions import Rest
from channels.phone.asterisk.asked import BUSY_S, PATIENCE_S, Asked, Unanswered
from channels.phone.asterisk.events import RESTResponse

ANSWER = Rest(call="1.2", lane="1.2", method="POST", path="/channels/1.2/answer")


class Peer:
    """Hears what is said, and answers when the test says so."""

    def __init__(self) -> None:
        self.asked = Asked()
        self.heard: list[dict[str, Any]] = []
        self.asked.open(self.hear)

    async def hear(self, text: str) -> None:
        self.heard.append(json.loads(text))

    def answer(self, request: str, status: int = 204) -> None:
        self.asked.answered(RESTResponse(request_id=request, status_code=status))

    async def is_known(self) -> Peer:
        await self.asked.probe()
        self.answer("probe", 200)
        return self


def played(main: Coroutine[Any, Any, None]) -> None:
    simulate(VirtualLoop(seed=1), main)


async def begun(coro: Coroutine[Any, Any, RESTResponse]) -> asyncio.Task[RESTResponse]:
    task = asyncio.get_running_loop().create_task(coro)
    await pass_s(0.001)
    return task


async def pass_s(seconds: float) -> None:
    """Virtual ones."""
    loop = asyncio.get_running_loop()
    over = loop.create_future()
    loop.call_later(seconds, over.set_result, None)
    await over


def test_nothing_goes_this_way_before_the_probe_was_answered() -> None:
    async def main() -> None:
        peer = Peer()
        assert not peer.asked.takes()
        await peer.asked.probe()
        assert peer.heard == [
            {"type": "RESTRequest", "request_id": "probe", "method": "GET", "uri": "asterisk/ping"},
        ]
        assert not peer.asked.takes()
        peer.answer("probe", 200)
        assert peer.asked.takes()
        peer.asked.close()
        peer.asked.open(peer.hear)
        assert not peer.asked.takes(), "another connection, perhaps to another version"

    played(main())


def test_each_answer_finds_its_request() -> None:
    async def main() -> None:
        peer = await Peer().is_known()
        query = {"channelId": "cc:leg:1", "app": "contact center"}
        ring = Rest(call="1.2", lane="a", method="POST", path="/channels", query=query, body={"variables": {"A": "ä"}})
        first, second = await begun(peer.asked.ask(ring)), await begun(peer.asked.ask(ANSWER))
        one, other = peer.heard[1:]
        assert one["uri"] == "channels?channelId=cc%3Aleg%3A1&app=contact+center"
        assert (one["content_type"], json.loads(one["message_body"])) == ("application/json", {"variables": {"A": "ä"}})
        assert other["uri"] == "channels/1.2/answer"
        peer.answer(other["request_id"], 404)
        peer.answer(one["request_id"], 200)
        assert [(await first).status_code, (await second).status_code] == [200, 404]

    played(main())


def test_while_one_takes_long_the_others_go_another_way() -> None:
    async def main() -> None:
        peer = await Peer().is_known()
        task = await begun(peer.asked.ask(ANSWER))
        assert peer.asked.takes()
        await pass_s(BUSY_S)
        assert not peer.asked.takes()
        peer.answer(peer.heard[-1]["request_id"])
        assert (await task).status_code == 204
        assert peer.asked.takes()

    played(main())


def test_one_that_takes_too_long_is_asked_elsewhere_and_whatever_held_it_up_must_be_over_first() -> None:
    async def main() -> None:
        peer = await Peer().is_known()
        began = asyncio.get_running_loop().time()
        with pytest.raises(Unanswered):
            await peer.asked.ask(ANSWER)
        assert asyncio.get_running_loop().time() - began == pytest.approx(PATIENCE_S)
        late, probe = peer.heard[-2:]
        assert probe["uri"] == "asterisk/ping"
        assert not peer.asked.takes()
        peer.answer(late["request_id"])
        assert not peer.asked.takes()
        peer.answer(probe["request_id"], 200)
        assert peer.asked.takes()

    played(main())


def test_with_the_connection_everything_on_the_way_ends() -> None:
    async def main() -> None:
        peer = await Peer().is_known()
        task = await begun(peer.asked.ask(ANSWER))
        peer.asked.close()
        with pytest.raises(Unanswered):
            await task
        with pytest.raises(Unanswered):
            await peer.asked.ask(ANSWER)

    played(main())
