"""Doors and router in two processes over PostgreSQL alone: calls served, facts told as webhooks, the doctor looks."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator, Iterator
from itertools import count
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from floor import HOTLINE, at_work, finish, operator, phone, seen, take
from house import EXAMPLE
from process import Installation, Service, eventually, free_port, installation
from standardwebhooks import Webhook

from contactcenter.client.phone import PhoneClient
from contactcenter.storage.embedded import EmbeddedPostgres

DATABASE = "acceptance_notify"


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
def home(database: str) -> Iterator[Installation]:
    settings = {"CONTACTCENTER_DATABASE_URL": database, "CONTACTCENTER_WEBHOOK_PRIVATE": "true"}
    with installation(**settings) as found:
        migrated = found.run("migrate")
        assert migrated.returncode == 0, migrated.stderr
        yield found


@pytest.fixture(scope="module")
def front(home: Installation) -> Iterator[Service]:
    found = home.start("--role", "api,gateway,phone")
    home.start("--role", "router,worker", CONTACTCENTER_HTTP_PORT=str(free_port()))
    yield found
    home.close()


class Receiver:
    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status = 200
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append(({name.lower(): value for name, value in request.headers.items()}, await request.read()))
        return web.Response(status=self.status)

    def kinds(self) -> list[str]:
        return [json.loads(body)["type"] for _, body in self.got]


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found, app = Receiver(), web.Application()
    app.router.add_post("/hook", found.handle)
    async with TestServer(app) as server:
        found.url = str(server.make_url("/hook"))
        yield found


async def test_a_call_is_served_and_told_of_without_redis(
    front: Service, home: Installation, receiver: Receiver
) -> None:
    hooks = f'webhooks:\n  - {{id: crm, url: "{receiver.url}", client: kangjia, kinds: ["*"]}}\n'
    await _applied(front, EXAMPLE + hooks)
    async with phone(front) as pbx:
        await _the_router_tells(receiver, pbx)
    async with at_work(front) as desk, phone(front) as pbx:
        receipt = await pbx.offered("notified", dialled=HOTLINE, caller="13800000109")
        assert (receipt["instruction"], receipt["pending"]) == ("queue", False), "the decision came back over NOTIFY"
        contact = str(receipt["contact"])
        await take(desk, contact)
        await finish(desk, contact)
        await seen(desk, lambda state: contact not in state.contacts)

    async def ended() -> bool:
        return "contact.ended" in receiver.kinds()

    await eventually("the end of the call as a webhook", ended, 15)
    secret = json.loads((home.data / "secrets.json").read_text("utf-8"))["outgoing"]["ruixun/crm"][0]
    for headers, body in receiver.got:
        Webhook(secret).verify(body, headers)
        assert json.loads(body)["client"] == "kangjia"
        assert b"13800000109" not in body
    assert {"contact.opened", "contact.queued", "contact.assigned"} <= set(receiver.kinds())
    ids = [headers["webhook-id"] for headers, _ in receiver.got]
    assert len(ids) == len(set(ids))


async def _the_router_tells(receiver: Receiver, pbx: PhoneClient) -> None:
    """Its process has the new configuration: a call that nobody is there for is told of.

    A busy one may miss the push, and looks every five seconds."""
    numbers = count()

    async def told() -> bool:
        number = next(numbers)
        await pbx.offered(f"probe-{number}", dialled=HOTLINE, caller=f"1380001{number:04}")
        return "contact.blocked" in receiver.kinds()

    await eventually("the router's process tells of a blocked call", told, 20)


async def _applied(front: Service, document: str) -> None:
    headers = {"Authorization": f"Bearer {front.access['operator']}", "Content-Type": "application/yaml"}
    async with (
        aiohttp.ClientSession() as session,
        session.post(f"{front.url}/v1/configuration", data=document.encode(), headers=headers) as answer,
    ):
        assert answer.status == 201, await answer.text()


async def test_a_receiver_that_is_gone_leaves_dead_letters_that_the_command_sends_again(
    front: Service, home: Installation, receiver: Receiver
) -> None:
    receiver.status = 410
    hooks = f'webhooks:\n  - {{id: gone, url: "{receiver.url}", kinds: [config.activated]}}\n'
    await _applied(front, EXAMPLE + hooks)
    await asyncio.sleep(1)  # the configuration reaches the other process by a push
    await _applied(front, f'{EXAMPLE}{hooks}  - {{id: other, url: "{receiver.url}", kinds: [case.opened]}}\n')

    async def letters() -> Any:
        async with operator(front) as api:
            return (await api.get("/v1/outbox/dead"))["letters"]

    found = await eventually("a dead letter", letters, 15)
    assert found[0]["webhook"] == "gone"
    listed = home.run("outbox", "dead")
    assert found[0]["id"] in listed.stdout
    again = home.run("outbox", "replay", "all")
    assert again.returncode == 0, again.stderr
    assert f"{found[0]['id']}: due again" in again.stdout


def test_the_doctor_looks_while_it_runs(front: Service, home: Installation) -> None:
    done = home.run("doctor", "--json", "--older", "5")
    states = {each["check"]: each["state"] for each in json.loads(done.stdout)}
    # The tests' server does not wait for its disk: that alone is wrong.
    assert {name for name, state in states.items() if state == "bad"} == {"store"}, done.stdout
    assert states["bus"] == states["connections"] == states["conservation"] == "ok"
    assert done.returncode == 2
    told = home.run("doctor", "--language", "en")
    assert "fsync" in told.stdout
