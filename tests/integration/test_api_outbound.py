"""Dead letters and webhooks over the API: each sees his own, and sends again what may still be sent."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import PROVIDER, T0, House, document
from msgspec.structs import replace

from channels.port import PhoneCommand, PostWebhook, SendMail
from contactcenter.domain.configuration import Webhook
from contactcenter.services.changes import Changes, Outgoing
from contactcenter.services.views import WebhookStop
from contactcenter.storage.memory import memory_stores

Client = TestClient[Any, Any]
HOOKS = (
    Webhook(id="crm", url="https://crm.example/", client="kangjia", kinds=("contact.*",)),
    Webhook(id="bi", url="https://bi.example/", kinds=("*",)),
)


@pytest.fixture
async def house() -> House:
    stores = memory_stores()
    house = House(stores=stores)
    await house.admit_everybody()
    await stores.configuration.save(PROVIDER, 1, replace(document(), webhooks=HOOKS), "test", T0)
    await house.directories.refresh()
    mail = SendMail(id="ob_1", sender="a@x", sender_name="", to="b@x", subject="", text="secret", message_id="<1@x>")
    hook = PostWebhook(id="wm_1", provider=PROVIDER, webhook="crm", body={})
    ring = PhoneCommand(id="of_1/ring", source="pbx-1", call="c", verb="ring")
    rows = [
        _row("ob_1", "mail", "xinghai", mail),
        _row("wm_1", "webhook", "kangjia", hook),
        _row("of_1/ring", "phone", "kangjia", ring, not_after=T0),
    ]
    await stores.changes.apply(Changes(outbox=rows))
    for number, row in enumerate(rows):
        await stores.outbox.done(row.id, "refused: call 13800000109 back", T0 + number, dead=True)
    return house


def _row(name: str, kind: str, client: str, payload: Any, **given: Any) -> Outgoing:
    return Outgoing(
        id=name, kind=kind, provider=PROVIDER, client=client, payload=payload, created_at=T0, next_at=T0, **given
    )


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as opened:
        yield opened


async def read(client: Client, path: str, headers: dict[str, str], *, method: str = "GET") -> tuple[int, Any]:
    async with client.request(method, path, headers=headers) as response:
        return response.status, await response.json()


async def test_each_sees_his_own_dead_letters_without_their_words(client: Client, house: House) -> None:
    for who, ids in (
        ("operator", ["of_1/ring", "wm_1", "ob_1"]),
        ("client", ["of_1/ring", "wm_1"]),
        ("xinghai", ["ob_1"]),
    ):
        _, told = await read(client, "/v1/outbox/dead", house.headers[who])
        assert [each["id"] for each in told["letters"]] == ids
        assert "secret" not in str(told)
        assert "13800000109" not in str(told)
    assert (await read(client, "/v1/outbox/dead", house.headers["agent"]))[0] == 403
    _, page = await read(client, "/v1/outbox/dead?limit=2", house.headers["operator"])
    assert page["next"] == "wm_1"
    _, rest = await read(client, "/v1/outbox/dead?limit=2&before=wm_1", house.headers["operator"])
    assert [each["id"] for each in rest["letters"]] == ["ob_1"]
    assert rest["next"] == ""


async def test_a_dead_letter_is_replayed_by_whom_it_belongs_to(client: Client, house: House) -> None:
    for who, path, status in (
        ("xinghai", "wm_1", 404),
        ("supervisor", "wm_1", 403),
        ("client", "wm_1", 202),
        ("client", "wm_1", 409),
        ("operator", "of_1%2Fring", 409),
        ("operator", "nothing", 404),
        ("operator", "ob_1", 202),
    ):
        found, _ = await read(client, f"/v1/outbox/{path}/replay", house.headers[who], method="POST")
        assert found == status, (who, path)
    _, told = await read(client, "/v1/outbox/dead", house.headers["operator"])
    assert [(each["id"], each["replayable"]) for each in told["letters"]] == [("of_1/ring", False)]


async def test_webhooks_are_shown_without_secrets_and_resumed(client: Client, house: House) -> None:
    stop = WebhookStop(provider=PROVIDER, webhook="crm", url="https://crm.example/", reason="410 Gone", at=T0)
    await house.stores.webhooks.stop(stop)
    _, mine = await read(client, "/v1/webhooks", house.headers["client"])
    assert [(each["id"], each["stopped"]) for each in mine["webhooks"]] == [("crm", True)]
    _, everything = await read(client, "/v1/webhooks", house.headers["operator"])
    assert [(each["id"], each["stopped"]) for each in everything["webhooks"]] == [("crm", True), ("bi", False)]
    assert (await read(client, "/v1/webhooks/bi/resume", house.headers["client"], method="POST"))[0] == 404
    status, after = await read(client, "/v1/webhooks/crm/resume", house.headers["client"], method="POST")
    assert (status, after["webhooks"][0]["stopped"]) == (200, False)
