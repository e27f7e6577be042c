"""Ctrl-C and SIGTERM: doors shut, desks and visitors are told to come back, exit code 0, the next start goes on."""

from __future__ import annotations

import asyncio
import signal
import time

import pytest
from floor import BRIEF, HOTLINE, SITE, at_work, ended, finish, phone, seen, take
from process import Installation, eventually, fetch

from contactcenter.client import protocol as p
from contactcenter.client.chat import ChatVisitor, Visitor
from contactcenter.client.desk import AgentClient


async def _heard(desk: AgentClient, kind: type[p.Frame]) -> p.Frame:
    async for frame in desk.frames():
        if isinstance(frame, kind):
            return frame
    raise AssertionError("the client closed")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
async def test_a_signal_drains_and_the_next_start_goes_on(home: Installation, number: signal.Signals) -> None:
    service = home.start()
    visitor = ChatVisitor(service.url, SITE, Visitor(name="小李", topic="网络"), patience=BRIEF)
    async with at_work(service) as desk, at_work(service, "a1003") as chatting, phone(service) as pbx, visitor:
        call = (await pbx.offered("goes-on", dialled=HOTLINE, caller="13800000109"))["contact"]
        await _taken_by_either(desk, chatting, call)
        owner, other = (desk, chatting) if desk.desk.owns(call) else (chatting, desk)
        await visitor.say("请问电视怎么联网?")
        state = await seen(other, lambda state: bool(state.offers))
        chat = next(iter(state.offers.values())).contact
        await take(other, chat)
        async with asyncio.TaskGroup() as listening:
            resumes = [listening.create_task(_heard(each, p.ResumeFrame)) for each in (desk, chatting)]
            await asyncio.sleep(0)
            began = time.monotonic()
            service.tell(number)
            code = await asyncio.to_thread(service.wait)
            took = time.monotonic() - began
            async with asyncio.timeout(5):
                await asyncio.gather(*resumes)
        print(f"\n{number.name}: drained in {took:.2f} s")
        assert code == 0
        assert took < 10
        assert "Traceback" not in service.log, service.log
        assert fetch(f"{service.url}/healthz")[0] == 0
        again = await asyncio.to_thread(home.start)
        assert "Traceback" not in again.log
        await eventually("both desks are back", _both_back(desk, chatting))
        await other.say(chat, "请打开设置。")
        await visitor.hear(lambda said: said.text == "请打开设置。")
        await finish(owner, call)
        assert (await ended(again, call))["contact"]["outcome"] == "finished"
        await visitor.leave()


async def _taken_by_either(one: AgentClient, two: AgentClient, contact: str) -> None:
    """The plan decides at whom it rings first."""

    async def ringing() -> AgentClient | None:
        return next((each for each in (one, two) if each.desk.offer_of(contact)), None)

    await take(await eventually("the call rings", ringing), contact)


def _both_back(*desks: AgentClient):  # type: ignore[no-untyped-def]
    async def probe() -> bool:
        return all(desk.fresh and desk.connections >= 2 for desk in desks)

    return probe


async def test_while_it_drains_nothing_new_comes_in_and_what_came_in_is_kept(home: Installation) -> None:
    """Calls are posted all through the shutdown: each is either refused or acknowledged and kept."""
    service = home.start()
    acknowledged: dict[str, str] = {}

    async def call_on() -> None:
        async with phone(service) as pbx:
            for number in range(400):
                name = f"drain-{number}"
                receipt = await pbx.offered(name, dialled=HOTLINE, caller=f"1390002{number:04d}")
                acknowledged[name] = receipt["contact"]
                await pbx.released(name)
                if going_home.is_set():
                    return

    going_home = asyncio.Event()
    async with asyncio.TaskGroup() as tasks:
        tasks.create_task(call_on())
        await eventually("calls come in", _more_than(acknowledged, 10))
        service.tell(signal.SIGTERM)
        assert await asyncio.to_thread(service.wait) == 0
        again = await asyncio.to_thread(home.start)
        before = len(acknowledged)
        await eventually("calls come in again", _more_than(acknowledged, before + 5))
        going_home.set()
    assert len(set(acknowledged.values())) == len(acknowledged)
    for contact in list(acknowledged.values())[-12:]:
        await ended(again, contact)


def _more_than(found: dict[str, str], count: int):  # type: ignore[no-untyped-def]
    async def probe() -> bool:
        return len(found) > count

    return probe


async def test_a_second_ctrl_c_does_not_break_the_drain(home: Installation) -> None:
    service = home.start()
    async with at_work(service) as desk:
        assert desk.connected
        service.tell(signal.SIGINT)
        await asyncio.sleep(0.05)
        service.tell(signal.SIGINT)
        assert await asyncio.to_thread(service.wait) == 0
    assert "Traceback" not in service.log


def test_ctrl_c_while_it_starts_ends_it_in_good_order(home: Installation) -> None:
    for pause in (0.6, 1.6):
        service = home.start(ready=False)
        time.sleep(pause)
        service.tell(signal.SIGINT)
        code = service.wait()
        assert code in (0, 130, -signal.SIGINT), service.log
    home.start().stop()
