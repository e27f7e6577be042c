"""Facts that leave: to whom, masked or not, signed, at least once, and never into our own network."""

from __future__ import annotations

import asyncio
import base64
import json
import socket
from collections.abc import AsyncIterator
from typing import Any

import aiohttp
import asyncpg
import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.test_utils import TestServer, unused_port
from house import EXAMPLE, House, house
from standardwebhooks import Webhook as Verifier

from channels.port import ChannelDown, PostWebhook, Refused, SendMail
from channels.webhook.send import TIRED_AFTER, Endpoint, PublicResolver, WebhookSender, open_session
from contactcenter.clock import SystemClock
from contactcenter.domain.configuration import Webhook
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.domain.facts import Fact
from contactcenter.domain.webhook_rules import hears, webhook_problems
from contactcenter.services.changes import Changes
from contactcenter.services.webhooks import message_id, told
from contactcenter.workers.webhook_feed import WebhookFeed

SECRET = "whsec_" + base64.b64encode(b"n" * 32).decode()
OLD = "whsec_" + base64.b64encode(b"o" * 32).decode()
EVENT = PostWebhook(id="wm_1", provider="ruixun", webhook="crm", body={"type": "contact.ended", "id": "ruixun:7:0"})


# --- one attempt -----------------------------------------------------------------------------------------------------


class Receiver:
    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.status, self.text = 200, "thank you"
        self.url = ""

    async def handle(self, request: web.Request) -> web.Response:
        self.got.append((dict(request.headers), await request.read()))
        return web.Response(status=self.status, text=self.text, headers={"location": "/elsewhere"})


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    found, app = Receiver(), web.Application()
    app.router.add_post("/hook", found.handle)
    async with TestServer(app) as server:
        found.url = str(server.make_url("/hook"))
        yield found


class Sending:
    def __init__(self, session: aiohttp.ClientSession, url: str, *, private: bool = True) -> None:
        self.gone: list[str] = []
        self.at = SystemClock().now()
        self.endpoint: Endpoint | None = Endpoint(url, [OLD, SECRET])
        self.sender = WebhookSender(
            session=session,
            endpoint_of=lambda provider, name: self.endpoint,
            gone=self._gone,
            now=lambda: self.at,
            private=private,
        )

    async def _gone(self, sent: PostWebhook, url: str) -> None:
        self.gone.append(url)

    async def post(self) -> str:
        return await self.sender.send(EVENT)


@pytest.fixture
async def sending(receiver: Receiver) -> AsyncIterator[Sending]:
    async with open_session(private=True) as session:
        yield Sending(session, receiver.url)


async def test_a_post_is_signed_by_every_secret_and_carries_its_id(sending: Sending, receiver: Receiver) -> None:
    assert await sending.post() == "200"
    headers, body = receiver.got[0]
    for secret in (OLD, SECRET):
        Verifier(secret).verify(body, {name.lower(): value for name, value in headers.items()})
    assert headers["webhook-id"] == "wm_1"
    assert json.loads(body) == EVENT.body


@pytest.mark.parametrize("status", [302, 400, 404, 429, 500, 503])
async def test_whatever_is_not_taken_is_tried_again_and_no_redirect_followed(
    sending: Sending, receiver: Receiver, status: int
) -> None:
    receiver.status, receiver.text = status, "x" * 100_000
    with pytest.raises(ChannelDown) as down:
        await sending.post()
    assert len(str(down.value)) < 600
    assert len(receiver.got) == 1


async def test_a_receiver_that_is_gone_ends_the_subscription(sending: Sending, receiver: Receiver) -> None:
    receiver.status = 410
    with pytest.raises(Refused):
        await sending.post()
    assert sending.gone == [receiver.url]


async def test_a_receiver_that_fails_again_and_again_is_left_alone_for_a_while(
    sending: Sending, receiver: Receiver
) -> None:
    receiver.status = 500
    for _ in range(TIRED_AFTER + 2):
        with pytest.raises(ChannelDown):
            await sending.post()
    assert len(receiver.got) == TIRED_AFTER
    receiver.status = 200
    sending.at += 5_000_000
    assert await sending.post() == "200"


async def test_nothing_is_sent_without_a_subscription_or_to_nobody(sending: Sending) -> None:
    sending.endpoint = None
    with pytest.raises(Refused, match="no webhook"):
        await sending.post()
    mail = SendMail(id="1", sender="", sender_name="", to="", subject="", text="", message_id="")
    with pytest.raises(Refused, match="SendMail"):
        await sending.sender.send(mail)
    sending.endpoint = Endpoint(f"http://127.0.0.1:{unused_port()}/", [SECRET])
    with pytest.raises(ChannelDown):
        await sending.post()


class Names(AbstractResolver):
    """A name server in the hands of somebody else."""

    def __init__(self, *addresses: str) -> None:
        self._addresses = addresses

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        kind = {"hostname": host, "port": port, "family": socket.AF_INET, "proto": 0, "flags": 0}
        return [ResolveResult(host=address, **kind) for address in self._addresses]  # type: ignore[typeddict-item]

    async def close(self) -> None:
        return None


@pytest.mark.parametrize("addresses", [("127.0.0.1",), ("93.184.216.34", "10.0.0.1")])
async def test_a_name_that_leads_inside_is_refused_at_the_moment_of_connecting(addresses: tuple[str, ...]) -> None:
    connector = aiohttp.TCPConnector(resolver=PublicResolver(Names(*addresses)))
    async with aiohttp.ClientSession(connector=connector) as session:
        with pytest.raises(Refused, match="no public address"):
            await Sending(session, "https://crm.example/hook", private=False).post()
        with pytest.raises(Refused, match="no public address"):
            await Sending(session, "https://127.0.0.1/hook", private=False).post()


# --- who hears what --------------------------------------------------------------------------------------------------


def fact(**given: Any) -> Fact:
    row = {"id": "f_1", "at": 1, "kind": "contact.opened", "provider": "ruixun", "client": "kangjia"}
    return Fact(**{**row, **given})


def hook(**given: Any) -> Webhook:
    return Webhook(**{"id": "crm", "url": "https://crm.example/", "kinds": ("*",), **given})


@pytest.mark.parametrize(
    ("webhook", "other", "expected"),
    [
        (hook(client="kangjia"), fact(), True),
        (hook(client="kangjia"), fact(client="xinghai"), False),
        (hook(client="kangjia"), fact(kind="presence.changed", client=""), False),
        (hook(), fact(client="xinghai"), True),
        (hook(), fact(kind="presence.changed", client=""), True),
        (hook(kinds=("contact.*",)), fact(kind="contact.ended"), True),
        (hook(kinds=("contact.*",)), fact(kind="contacts"), False),
        (hook(kinds=("case.opened",)), fact(kind="case.closed"), False),
        (hook(), fact(kind="ops.outbox_dead", data={"kind": "webhook"}), False),
        (hook(), fact(kind="ops.outbox_dead", data={"kind": "mail"}), True),
    ],
)
def test_a_client_hears_its_own_facts_and_nobody_hears_of_dead_webhooks(
    webhook: Webhook, other: Fact, expected: bool
) -> None:
    assert hears(webhook, other) is expected


def test_personal_data_is_masked_unless_it_is_asked_for() -> None:
    told_of = fact(data={"caller": "13800000109", "note": "li@example.com rang"}, seq=7)
    masked, whole = told(hook(), told_of), told(hook(client="kangjia", personal_data=True), told_of)
    assert "13800000109" not in json.dumps(masked)
    assert "li@example.com" not in json.dumps(masked)
    assert whole["data"] == told_of.data
    assert (masked["id"], masked["seq"], masked["timestamp"]) == ("f_1", 7, "1970-01-01T00:00:00.000001Z")
    assert message_id(hook(), told_of) == message_id(hook(url="https://other/"), told_of)
    assert message_id(hook(), told_of) != message_id(hook(id="bi"), told_of)


@pytest.mark.parametrize(
    ("wrong", "path"),
    [
        ({"client": "nobody"}, "webhooks[0].client"),
        ({"personal_data": True}, "webhooks[0].personal_data"),
        ({"url": "crm.example/hook"}, "webhooks[0].url"),
        ({"url": "https://a:b@crm.example/"}, "webhooks[0].url"),
        ({"kinds": ()}, "webhooks[0].kinds"),
        ({"kinds": ("contact.*", "contact.sung")}, "webhooks[0].kinds[1]"),
    ],
)
def test_a_wrong_webhook_is_refused_by_name(wrong: dict[str, Any], path: str) -> None:
    from msgspec.structs import replace

    document = replace(load_yaml(EXAMPLE), webhooks=(hook(**wrong),))
    assert [problem.path for problem in webhook_problems(document)] == [path]
    assert not list(webhook_problems(replace(document, webhooks=(hook(client="kangjia", personal_data=True),))))


# --- from the fact to the outbox -------------------------------------------------------------------------------------

SUBSCRIBED = f"""{EXAMPLE}
webhooks:
  - {{id: crm, url: "https://crm.example/hook", client: kangjia, kinds: [contact.*, customer.created]}}
  - {{id: xinghai-bi, url: "https://bi.example/hook", client: xinghai, kinds: ["*"]}}
  - {{id: operations, url: "https://ops.example/hook", kinds: [presence.changed, contact.queued]}}
"""


def feed_of(found: House) -> WebhookFeed:
    core = found.core
    return WebhookFeed(
        webhooks=core.webhooks,
        store=core.stores.webhooks,
        bus=core.bus,
        clock=core.clock,
        providers=lambda: core.directories.providers,
    )


async def queued(pool: asyncpg.Pool) -> dict[str, list[str]]:
    rows = await pool.fetch("SELECT payload FROM outbox WHERE kind = 'webhook' ORDER BY created_at, id")
    found: dict[str, list[str]] = {}
    for row in rows:
        payload = json.loads(row["payload"])
        found.setdefault(payload["webhook"], []).append(payload["body"]["type"])
    return {name: sorted(kinds) for name, kinds in found.items()}


async def test_what_routers_and_services_write_reaches_its_subscribers_once(pool: asyncpg.Pool, tmp_path: Any) -> None:
    async with house(pool, tmp_path, configuration=SUBSCRIBED) as found:
        feeds = [feed_of(found), feed_of(found)]
        await feeds[0].round()
        await found.at_work("a1002")
        await found.call()
        await found.until(lambda: bool(found.of("contact.queued")))
        await asyncio.gather(*(feed.round() for feed in feeds))
        await feeds[0].round()
        sent = await queued(pool)
    assert {"contact.opened", "contact.queued", "customer.created"} <= set(sent["crm"])
    assert sent["crm"].count("contact.queued") == 1
    assert set(sent["operations"]) == {"contact.queued", "presence.changed"}
    assert "xinghai-bi" not in sent, "another client's facts"


async def test_the_past_is_not_told_to_who_subscribes_later(pool: asyncpg.Pool, tmp_path: Any) -> None:
    async with house(pool, tmp_path) as found:
        feed = feed_of(found)
        await feed.round()
        await found.call()
        await found.until(lambda: bool(found.of("contact.queued") or found.of("contact.blocked")))
        await found.core.configuring.apply("", SUBSCRIBED, by="test")
        await found.core.directories.refresh()
        await feed.round()
        assert "crm" not in await queued(pool)


async def test_a_stopped_webhook_gets_nothing_until_it_is_resumed_or_moved(pool: asyncpg.Pool, tmp_path: Any) -> None:
    async with house(pool, tmp_path, routed=False, configuration=SUBSCRIBED) as found:
        hooks, store = found.core.webhooks, found.core.stores.changes
        sent = PostWebhook(id="1", provider="ruixun", webhook="crm", body={})
        await hooks.gone(sent, "https://crm.example/hook", 1)
        await store.apply(Changes(facts=[fact(id="f_1", at=found.core.clock.now())]))
        assert await queued(pool) == {}
        await found.core.stores.webhooks.resume("ruixun", "crm")
        await hooks.refresh()
        await store.apply(Changes(facts=[fact(id="f_2", at=found.core.clock.now())]))
        assert await queued(pool) == {"crm": ["contact.opened"]}
        await hooks.gone(sent, "https://elsewhere.example/", 1)
        assert [each.id for each in hooks.of("ruixun")] == ["crm", "xinghai-bi", "operations"]
