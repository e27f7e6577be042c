"""kill -9 with the embedded database: what was acknowledged is there, what was going on goes on, nothing is doubled."""

from __future__ import annotations

import asyncio
import re
import time
from collections import Counter

import aiosmtplib
import asyncpg
from floor import (
    BRIEF,
    HOTLINE,
    SITE,
    TOLL_FREE,
    XINGHAI_LINE,
    a_call_is_served,
    at_work,
    contacts,
    ended,
    finish,
    mail,
    operator,
    phone,
    seen,
    story,
    take,
)
from process import PATIENCE_S, Installation, Service, eventually

from contactcenter.client.chat import ChatVisitor, Visitor
from contactcenter.client.desk import AgentClient
from contactcenter.client.errors import DeskError
from contactcenter.storage.embedded import EmbeddedPostgres

LINES = (HOTLINE, TOLL_FREE, XINGHAI_LINE)
CALLS, MAILS, WORDS = 45, 12, 12
DIGEST = re.compile(r"(\d+) decisions in (\d+) epochs replayed, (\d+) differences, (\d+) set aside, digest (\w+)")


class Traffic:
    """Customers who do not give up: whatever was not acknowledged is said again, under the same id."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.calls: dict[str, str] = {}
        self.mails: list[str] = []
        self.heard: list[tuple[int, str, str]] = []

    @property
    def acknowledged(self) -> int:
        return len(self.calls) + len(self.mails)

    async def run(self) -> None:
        async with asyncio.TaskGroup() as tasks:
            for first in range(3):
                tasks.create_task(self._calls(first))
            tasks.create_task(self._mails())
            tasks.create_task(self._chat())

    async def _calls(self, first: int) -> None:
        async with phone(self.service) as pbx:
            for number in range(first, CALLS, 3):
                name = f"traffic-{number}"
                receipt = await pbx.offered(name, dialled=LINES[first], caller=f"1390001{number:04d}")
                self.calls[name] = receipt["contact"]
                if number % 2:
                    await pbx.released(name)
                await asyncio.sleep(0.01)

    async def _mails(self) -> None:
        for number in range(MAILS):
            name = f"<traffic-{number}@customer.example>"
            while True:
                try:
                    await mail(self.service, message_id=name, subject=f"第{number}封")
                    break
                except (OSError, aiosmtplib.SMTPException):
                    await asyncio.sleep(0.1)
            self.mails.append(name)

    async def _chat(self) -> None:
        async with ChatVisitor(self.service.url, SITE, Visitor(name="小李"), patience=BRIEF) as visitor:
            for number in range(WORDS):
                await visitor.say(f"第{number}句")
                await asyncio.sleep(0.05)
            await visitor.hear(lambda said: said.text == f"第{WORDS - 1}句")
            self.heard = [(said.number, said.sender, said.text) for said in visitor.messages]
            await visitor.leave()


async def _busy(desk: AgentClient) -> None:
    """An agent who takes whatever rings, and is done with it at once; a chat the visitor ends."""
    while True:
        await desk.until(lambda state: bool(state.offers or state.contacts))
        for offer in list(desk.desk.offers.values()):
            await _try(desk.accept(offer.offer))
        for contact in list(desk.desk.contacts):
            card = desk.desk.contacts[contact]
            if card.state == "wrap_up":
                await _try(desk.wrap_up_done(contact))
            elif card.medium != "chat":
                await _try(desk.finish(contact, no_reply_reason="test" if card.medium == "mail" else ""))
        await asyncio.sleep(0.03)


async def _try(said: object) -> None:
    """What just changed under his hand is no error of the agent's."""
    try:
        await said  # type: ignore[misc]
    except DeskError as refusal:
        if refusal.code in ("internal", "timeout"):
            raise


async def test_kill_9_in_the_middle_of_traffic_loses_nothing_and_doubles_nothing(home: Installation) -> None:
    service = home.start()
    async with at_work(service, "a1002") as mine, phone(service) as pbx:
        open_call = (await pbx.offered("open", dialled=HOTLINE, caller="13800000109"))["contact"]
        await take(mine, open_call)
        async with (
            at_work(service, "a1003") as second,
            at_work(service, "a1012") as third,
            asyncio.TaskGroup() as work,
        ):
            traffic = Traffic(service)
            helpers = [work.create_task(_busy(second)), work.create_task(_busy(third))]
            running = work.create_task(traffic.run())
            await eventually("traffic flows", _as_probe(lambda: traffic.acknowledged >= 12))
            service.kill()
            before = traffic.acknowledged
            service = await asyncio.to_thread(home.start)
            async with asyncio.timeout(60):
                await running
            for helper in helpers:
                helper.cancel()
        print(f"\n{before} of {traffic.acknowledged} acknowledged before kill -9; ready {service.ready_after_s:.2f} s")
        assert before < CALLS + MAILS, "the kill came too late to prove anything"
        await _the_open_call_goes_on(service, mine, open_call)
    await _everything_is_there_once(service, home, traffic, open_call)
    service.stop()
    _the_log_replays(home)


def _as_probe(condition):  # type: ignore[no-untyped-def]
    async def probe() -> bool:
        return bool(condition())

    return probe


async def _the_open_call_goes_on(service: Service, desk: AgentClient, contact: str) -> None:
    """The same agent, connected again, still has his call and can finish it."""
    await eventually("the agent is connected again", _as_probe(lambda: desk.fresh))
    assert desk.connections >= 2
    assert desk.desk.contacts[contact].state == "active"
    await finish(desk, contact)
    told = [fact["kind"] for fact in (await ended(service, contact))["facts"]]
    assert told.count("contact.opened") == told.count("contact.assigned") == told.count("contact.ended") == 1


async def _everything_is_there_once(service: Service, home: Installation, traffic: Traffic, open_call: str) -> None:
    rows = await contacts(service)
    assert len({row["id"] for row in rows}) == len(rows)
    calls = [row["id"] for row in rows if row["medium"] == "voice"]
    assert Counter(calls) == Counter([*traffic.calls.values(), open_call])
    # Each of the mails starts a thread of its own, so it is a contact of its own.
    assert Counter(row["subject"] for row in rows if row["medium"] == "mail") == Counter(
        f"第{number}封" for number in range(MAILS)
    )
    assert len([row for row in rows if row["medium"] == "chat"]) == 1
    said = [text for _, sender, text in traffic.heard if sender == "visitor"]
    assert said == [f"第{number}句" for number in range(WORDS)]
    assert [number for number, _, _ in traffic.heard] == list(range(1, len(traffic.heard) + 1))
    async with operator(service) as api:
        day = (await api.get("/v1/reports/day"))["table"]
    assert (day["lost"], day["doubly_owned"], day["imbalance"]) == (0, 0, 0)
    opened = await _facts_of_a_contact(home, "contact.opened")
    assert opened == dict.fromkeys((row["id"] for row in rows), 1)
    assert set((await _facts_of_a_contact(home, "contact.ended")).values()) <= {1}


async def _facts_of_a_contact(home: Installation, kind: str) -> dict[str, int]:
    """How many facts of a kind each contact has, read past the service."""
    connection = await asyncpg.connect(EmbeddedPostgres(home.data / "postgres").dsn)
    try:
        rows = await connection.fetch(
            "SELECT contact_id, count(*) AS n FROM facts WHERE kind = $1 GROUP BY contact_id", kind
        )
    finally:
        await connection.close()
    return {row["contact_id"]: row["n"] for row in rows}


def _the_log_replays(home: Installation) -> None:
    """0 differences, and the same digest whatever the order of hashes."""
    digests = set()
    for seed in ("0", "1", "random"):
        done = home.run("replay", PYTHONHASHSEED=seed)
        assert done.returncode == 0, done.stdout + done.stderr
        found = DIGEST.search(done.stdout)
        assert found is not None, done.stdout
        decisions, epochs, differences, set_aside, digest = found.groups()
        assert int(decisions) > CALLS
        assert (differences, set_aside) == ("0", "0")
        assert int(epochs) == 2
        digests.add(digest)
    assert len(digests) == 1


async def test_a_second_start_serves_and_routes_within_seconds_even_after_kill_9(home: Installation) -> None:
    home.start().stop()
    began = time.monotonic()
    service = home.start()
    clean = time.monotonic() - began
    service.kill()
    began = time.monotonic()
    service = home.start()
    after_kill = time.monotonic() - began
    await a_call_is_served(service, name="after-kill")
    routed = time.monotonic() - began
    print(f"\nsecond start {clean:.2f} s; after kill -9 {after_kill:.2f} s, the first call served at {routed:.2f} s")
    assert clean < 10
    assert after_kill < 10
    assert routed < 20


async def test_killed_while_it_starts_it_starts_again(home: Installation) -> None:
    """Nobody who presses the wrong key at the wrong moment has to repair anything."""
    for pause in (0.7, 1.3, 1.8):
        service = home.start(ready=False)
        await asyncio.sleep(pause)
        service.kill()
    service = home.start()
    await a_call_is_served(service, name="after-three-kills")
    assert sorted(service.access["agents"]), "the example was loaded whole"


async def test_an_offer_that_rang_at_the_crash_is_never_held_against_the_agent(home: Installation) -> None:
    service = home.start()
    async with at_work(service) as desk, phone(service) as pbx:
        contact = (await pbx.offered("ringing", dialled=HOTLINE, caller="13800000109"))["contact"]
        await seen(desk, lambda state: state.offer_of(contact) is not None)
        service.kill()
        service = await asyncio.to_thread(home.start)
        await take(desk, contact)
        told = (await story(service, contact))["facts"]
        outcomes = [fact["data"]["outcome"] for fact in told if fact["kind"] == "offer.ended"]
        assert "no_answer" not in outcomes
        assert outcomes.count("accepted") == 1
        await finish(desk, contact)


async def test_a_call_released_while_the_service_was_down_ends_once_it_is_told(home: Installation) -> None:
    service = home.start()
    async with at_work(service) as desk, phone(service) as pbx:
        contact = (await pbx.offered("gone", dialled=HOTLINE, caller="13800000109"))["contact"]
        await take(desk, contact)
        service.kill()
        async with asyncio.TaskGroup() as tasks, asyncio.timeout(PATIENCE_S):
            hung_up = tasks.create_task(pbx.released("gone"))
            service = await asyncio.to_thread(home.start)
            await hung_up
        await seen(desk, lambda state: state.wraps_up(contact) or not state.owns(contact))
        await desk.wrap_up_done(contact)
        assert (await ended(service, contact))["contact"]["released_by"] == "customer"
