"""Doors and router in two processes over Redis and one PostgreSQL: fan-out works, and Redis may go without a loss."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import asyncpg
import pytest
from floor import (
    BRIEF,
    HOTLINE,
    SITE,
    a_call_is_served,
    at_work,
    close_all,
    finish,
    phone,
    seen,
    staffed,
    story,
    take,
)
from process import Installation, Service, eventually, free_port, installation, redis_says, redis_server

from contactcenter.client.chat import ChatVisitor, Visitor
from contactcenter.client.desk import AgentClient
from contactcenter.storage.embedded import EmbeddedPostgres

pytestmark = [
    pytest.mark.redis,
    pytest.mark.skipif(shutil.which("redis-server") is None, reason="no redis-server binary"),
]
DATABASE = "acceptance_two"
DOORS, BACK = "api,gateway,phone", "router,worker"


class Pair:
    """`front` has the doors and the desks, `back` decides and sends."""

    def __init__(self, home: Installation, redis_port: int) -> None:
        self.home = home
        self.redis_port = redis_port
        self.redis = redis_server(redis_port, home.folder)
        self.back_port = free_port()
        self.front: Service
        self.back: Service

    def start_front(self) -> Service:
        self.front = self.home.start("--role", DOORS)
        return self.front

    def start_back(self) -> Service:
        self.back = self.home.start("--role", BACK, CONTACTCENTER_HTTP_PORT=str(self.back_port))
        return self.back

    def redis_up(self) -> None:
        self.redis = redis_server(self.redis_port, self.home.folder)
        self.redis.__enter__()

    def redis_down(self) -> None:
        self.redis.__exit__(None, None, None)


@pytest.fixture(scope="module")
def database(pg_server: EmbeddedPostgres) -> str:
    async def create() -> None:
        connection = await asyncpg.connect(pg_server.dsn)
        await connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        await connection.execute(f"CREATE DATABASE {DATABASE}")
        await connection.close()

    asyncio.run(create())
    return pg_server.dsn.replace("/postgres?", f"/{DATABASE}?")


@pytest.fixture(scope="module")
def pair(database: str) -> Iterator[Pair]:
    port = free_port()
    settings = {"CONTACTCENTER_DATABASE_URL": database, "CONTACTCENTER_REDIS_URL": f"redis://127.0.0.1:{port}/0"}
    with installation(**settings) as home:
        migrated = home.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        made = Pair(home, port)
        made.redis_up()
        try:
            made.start_front()
            made.start_back()
            yield made
        finally:
            home.close()
            made.redis_down()


@pytest.fixture(autouse=True)
def told(pair: Pair, capsys: pytest.CaptureFixture[str]) -> Iterator[None]:
    """What both processes logged during a failed test."""
    marks = (len(pair.front.log), len(pair.back.log))
    yield
    print(f"--- front ---\n{pair.front.log[marks[0] :][-3000:]}\n--- back ---\n{pair.back.log[marks[1] :][-3000:]}")


@pytest.fixture
async def colleagues(pair: Pair) -> AsyncIterator[None]:
    """Seats for calls that wait while the only one who answers is busy."""
    async with staffed(pair.front, "a1003", "a1004", "a1005", "a1006"):
        yield


@pytest.fixture
async def desk(pair: Pair) -> AsyncIterator[AgentClient]:
    await close_all(pair.front)
    async with at_work(pair.front) as found:
        yield found
        async with asyncio.timeout(10):
            await found.sign_out()


async def _call(pair: Pair, name: str) -> str:
    async with phone(pair.front) as pbx:
        receipt = await pbx.offered(name, dialled=HOTLINE, caller="13800000109")
    return str(receipt["contact"])


async def test_a_call_posted_to_one_process_reaches_its_agent_through_the_router_of_the_other(
    pair: Pair, desk: AgentClient
) -> None:
    async with phone(pair.front) as pbx:
        receipt = await pbx.offered("fan-out", dialled=HOTLINE, caller="13800000109")
    assert (receipt["instruction"], receipt["pending"]) == ("queue", False), "the decision came back in the reply"
    await take(desk, receipt["contact"])
    await finish(desk, receipt["contact"])
    # Who decided is another process than who took the call in.
    assert "owned, epoch" in pair.back.log
    assert "owned, epoch" not in pair.front.log


async def test_the_address_that_is_written_down_is_the_one_with_the_doors(pair: Pair) -> None:
    """`simulate`, `demo` and a stranger read it: the process without doors must not write over it."""
    assert pair.front.access["base_url"] == pair.front.url
    assert tuple(pair.front.access["smtp"]) == ("127.0.0.1", pair.home.smtp_port)


async def test_a_process_without_doors_serves_its_health_alone(pair: Pair) -> None:
    from process import fetch

    assert fetch(f"{pair.back.url}/readyz")[0] == 200
    assert fetch(f"{pair.back.url}/metrics")[0] == 200
    assert fetch(f"{pair.back.url}/v1/contacts", pair.front.access["operator"])[0] == 404


async def test_a_platform_that_polls_hears_its_commands_from_the_process_that_it_asks(pair: Pair) -> None:
    """The sender works in the other process; the ring for the device has to come through all the same."""
    async with phone(pair.front) as pbx:
        after = (await pbx.commands())["next"]
        async with at_work(pair.front, "a1003", device="seat-1003") as agent:
            receipt = await pbx.offered("polled", dialled=HOTLINE, caller="13800000109")
            await seen(agent, lambda state: state.offer_of(receipt["contact"]) is not None)

            async def ring() -> bool:
                page = await pbx.commands(after)
                return any(command["event"]["type"] == "phone.ring" for command in page["commands"])

            try:
                await eventually("phone.ring in the feed", ring, 5)
            finally:
                await pbx.released("polled")
                await seen(agent, lambda state: not state.offers)
                await agent.sign_out()


async def test_flushing_redis_loses_nothing(pair: Pair, desk: AgentClient) -> None:
    before = await _call(pair, "before-flush")
    await take(desk, before)
    assert redis_says(pair.redis_port, "FLUSHALL").startswith("+OK")
    await finish(desk, before)
    after = await _call(pair, "after-flush")
    await take(desk, after)
    await finish(desk, after)
    assert (await story(pair.front, after))["contact"]["owner"] == "a1002"


@pytest.mark.parametrize("kind", ["normal", "pubsub"])
async def test_a_cut_connection_to_redis_delays_a_push_by_seconds_at_most(
    pair: Pair, desk: AgentClient, kind: str
) -> None:
    """Either of the two connections of a process may break alone: the one that says, or the one that hears."""
    for number in range(2):
        redis_says(pair.redis_port, f"CLIENT KILL TYPE {kind}")
        began = time.monotonic()
        contact = await _call(pair, f"cut-{kind}-{number}")
        await take(desk, contact, 5)
        await finish(desk, contact)
        took = time.monotonic() - began
        print(f"\n{kind} cut: a whole call in {took:.2f} s")
        assert took < 10


async def test_without_redis_calls_are_stored_and_routed_and_the_desk_is_right_when_it_is_back(
    pair: Pair, colleagues: None, desk: AgentClient
) -> None:
    during = await _call(pair, "held")
    await take(desk, during)
    pair.redis_down()
    began = time.monotonic()
    contacts = [await _call(pair, f"down-{number}") for number in range(3)]
    posted = time.monotonic() - began

    async def decided() -> bool:
        return all([(await story(pair.front, each))["facts"][-1]["kind"] != "contact.opened" for each in contacts])

    await eventually("the router polls", decided, 10)
    routed = time.monotonic() - began
    # A command may have to wait for its answer until the bus is back; then it has had its effect, once.
    async with asyncio.TaskGroup() as tasks, asyncio.timeout(20):
        finishing = tasks.create_task(desk.finish(during))
        await asyncio.sleep(0.2)
        pair.redis_up()
        await finishing
    await seen(desk, lambda state: during not in state.contacts or state.wraps_up(during))
    if desk.desk.owns(during):
        await desk.wrap_up_done(during)
    print(f"\nthree calls posted in {posted:.2f} s, decided after {routed:.2f} s without Redis")
    for _ in contacts:
        state = await seen(desk, lambda state: any(each.contact in contacts for each in state.offers.values()))
        contact = next(each.contact for each in state.offers.values() if each.contact in contacts)
        await take(desk, contact)
        await finish(desk, contact)
    assert posted < 10
    assert routed < 12


async def test_a_conversation_is_whole_on_both_sides_after_redis_was_away(pair: Pair, desk: AgentClient) -> None:
    """What was said meanwhile is stored; both hear it when the bus is back, without having to ask."""
    async with ChatVisitor(pair.front.url, SITE, Visitor(name="小李"), patience=BRIEF) as visitor:
        await visitor.say("第一句")
        state = await seen(desk, lambda state: bool(state.offers))
        chat = next(iter(state.offers.values())).contact
        await take(desk, chat)
        await desk.say(chat, "请讲。")
        await visitor.hear(lambda said: said.text == "请讲。")
        pair.redis_down()
        await visitor.say("第二句")
        await desk.say(chat, "第二答")
        pair.redis_up()
        try:
            async with asyncio.timeout(10):
                await visitor.hear(lambda said: said.text == "第二答")
        except TimeoutError:
            pytest.fail(f"the visitor never hears what the agent said while Redis was away: {visitor.messages}")

        async def known() -> bool:
            heard = [message.text for message in desk.desk.conversations.get(chat, ())]
            return "第二句" in heard and "第二答" in heard

        await eventually("the agent hears what was said while Redis was away", known, 10)
        await visitor.leave()
    await seen(desk, lambda state: state.wraps_up(chat) or not state.owns(chat))
    if desk.desk.owns(chat):
        await desk.wrap_up_done(chat)


async def test_either_process_may_be_killed_and_the_call_goes_on(
    pair: Pair, colleagues: None, desk: AgentClient
) -> None:
    contact = await _call(pair, "both-die")
    await take(desk, contact)
    pair.back.kill()
    began = time.monotonic()
    waiting = await _call(pair, "while-dead")
    await asyncio.to_thread(pair.start_back)

    async def decided() -> bool:
        return (await story(pair.front, waiting))["facts"][-1]["kind"] != "contact.opened"

    await eventually("the new router owns the domain", decided, 20)
    print(f"\nrouted again {time.monotonic() - began:.2f} s after kill -9 of the router")
    pair.front.kill()
    await asyncio.to_thread(pair.start_front)
    await eventually("the desk is back", _back(desk))
    await finish(desk, contact)
    await take(desk, waiting)
    await finish(desk, waiting)


async def test_a_gateway_killed_while_it_rings_loses_no_offer_and_no_word(
    pair: Pair, colleagues: None, desk: AgentClient
) -> None:
    """One chat is talked in and another rings when the gateway dies: the agent comes back, neither is given twice."""
    async with ChatVisitor(pair.front.url, SITE, Visitor(name="小李"), patience=BRIEF) as first:
        await first.say("电视没有声音")
        talking = await _any_offer(desk)
        await take(desk, talking)
        async with ChatVisitor(pair.front.url, SITE, Visitor(name="小王"), patience=BRIEF) as second:
            ringing = await _any_offer(desk)
            pair.front.kill()
            await asyncio.to_thread(pair.start_front)
            await eventually("the desk is back", _back(desk))
            assert desk.desk.owns(talking), "he lost the chat that he had"
            await take(desk, ringing)
            await first.say("还在吗")
            await seen(desk, lambda state: "还在吗" in [said.text for said in state.conversations.get(talking, ())])
            await desk.say(talking, "在的。")
            await first.hear(lambda said: said.text == "在的。")
            await second.leave()
        await first.leave()
    for contact in (talking, ringing):
        kinds = [fact["kind"] for fact in (await story(pair.front, contact))["facts"]]
        assert kinds.count("contact.assigned") == 1, kinds
        await seen(desk, lambda state, contact=contact: state.wraps_up(contact) or not state.owns(contact))
        if desk.desk.owns(contact):
            await desk.wrap_up_done(contact)


async def _any_offer(desk: AgentClient) -> str:
    state = await seen(desk, lambda state: bool(state.offers))
    return next(iter(state.offers.values())).contact


def _back(desk: AgentClient):  # type: ignore[no-untyped-def]
    async def probe() -> bool:
        return desk.fresh and desk.connections >= 2

    return probe


async def test_two_processes_may_start_at_once_on_an_empty_database(pg_server: EmbeddedPostgres) -> None:
    """As compose does it: exactly one loads the example, both serve."""
    name = "acceptance_both"
    connection = await asyncpg.connect(pg_server.dsn)
    await connection.execute(f"DROP DATABASE IF EXISTS {name} WITH (FORCE)")
    await connection.execute(f"CREATE DATABASE {name}")
    port = free_port()
    settings = {
        "CONTACTCENTER_DATABASE_URL": pg_server.dsn.replace("/postgres?", f"/{name}?"),
        "CONTACTCENTER_REDIS_URL": f"redis://127.0.0.1:{port}/0",
    }
    with installation(**settings) as home, redis_server(port, Path(home.folder)):
        assert home.run("migrate").returncode == 0
        with (
            home.start("--role", DOORS, ready=False) as front,
            home.start("--role", BACK, ready=False, CONTACTCENTER_HTTP_PORT=str(free_port())) as back,
        ):
            await asyncio.to_thread(front.wait_ready)
            await asyncio.to_thread(back.wait_ready)
            await a_call_is_served(front, name="at-once")
    await connection.execute(f"DROP DATABASE {name} WITH (FORCE)")
    await connection.close()
