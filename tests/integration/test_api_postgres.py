"""The API over the real store: what a client's token sees is the client's, row by row, and every look is kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import asyncpg
import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import PROVIDER, T0, House, document_text

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import CaseWrite, Changes, ComplaintWrite, NewContact, NewCustomer
from contactcenter.services.ports import ChangeStore
from contactcenter.storage.postgres import postgres_stores

Client = TestClient[Any, Any]


@pytest.fixture
async def house(pool: asyncpg.Pool) -> House:
    stores = postgres_stores(pool)
    house = House(stores=stores)
    await house.admit_everybody()
    for client, number in (("kangjia", "+8613800000001"), ("xinghai", "+8613800000002")):
        await _fill(stores.changes, client, number)
    return house


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as opened:
        yield opened


async def _fill(changes: ChangeStore, client: str, number: str) -> None:
    """One customer with a contact, a case and a complaint."""
    mine: dict[str, Any] = {"provider": PROVIDER, "client": client}
    opened = {"medium": "voice", "view": "voice", "tier": 2, "door": "4000000101"}
    await changes.apply(
        Changes(
            customers=[NewCustomer(id=f"cu_{client}", since=T0, identities=(("phone", number),), **mine)],
            cases=[
                CaseWrite(
                    id=f"cs_{client}",
                    number="1",
                    kind="complaint",
                    opened_at=T0,
                    due_at=T0 + 1,
                    expected=None,
                    customer=f"cu_{client}",
                    **mine,
                )
            ],
            complaints=[ComplaintWrite(case=f"cs_{client}", level=2, step="accept", expected=None, **mine)],
            contacts=[
                NewContact(
                    id=f"ct_{client}",
                    domain=PROVIDER,
                    lease=f"{client}-2026",
                    medium="voice",
                    view="voice",
                    door="4000000101",
                    external_id=f"call-{client}",
                    tier=2,
                    opened_at=T0,
                    enqueued_at=T0,
                    deadline=T0 + 15_000_000,
                    customer=f"cu_{client}",
                    address=number,
                    **mine,
                )
            ],
            facts=[Fact(id=f"ft_{client}", at=T0, kind="contact.opened", contact=f"ct_{client}", data=opened, **mine)],
        )
    )


LISTS = {
    "/v1/contacts": ("contacts", "id"),
    "/v1/cases": ("cases", "id"),
    "/v1/complaints": ("complaints", "case"),
    "/v1/queues": ("queues", "client"),
}


@pytest.mark.parametrize("path", LISTS)
async def test_a_clients_token_never_sees_another_client(client: Client, house: House, path: str) -> None:
    name, key = LISTS[path]
    for who, own, other in (("client", "kangjia", "xinghai"), ("xinghai", "xinghai", "kangjia")):
        async with client.get(path, headers=house.headers[who]) as answer:
            text = await answer.text()
            rows = (await answer.json())[name]
        assert (answer.status, len(rows), own in rows[0][key], other in text) == (200, 1, True, False)


@pytest.mark.parametrize("path", ["/v1/contacts/ct_xinghai", "/v1/customers/cu_xinghai", "/v1/cases/cs_xinghai"])
async def test_anothers_rows_do_not_exist(client: Client, house: House, path: str) -> None:
    for who, status in (("client", 404), ("agent", 404), ("xinghai", 200), ("supervisor", 200)):
        async with client.get(path, headers=house.headers[who]) as answer:
            assert answer.status == status, who


async def test_a_look_at_a_customer_is_kept(client: Client, house: House, pool: asyncpg.Pool) -> None:
    async with client.get("/v1/customers?kind=phone&value=13800000001", headers=house.headers["client"]) as answer:
        assert answer.status == 200, await answer.text()
    row = await pool.fetchrow("SELECT client_id, customer_id, data FROM facts WHERE kind = 'customer.viewed'")
    assert row is not None
    assert (row["client_id"], row["customer_id"]) == ("kangjia", "cu_kangjia")


async def test_the_pages_of_a_list_follow_each_other(client: Client, house: House) -> None:
    headers = house.headers["supervisor"]
    first = await (await client.get("/v1/contacts?limit=1", headers=headers)).json()
    second = await (await client.get(f"/v1/contacts?limit=1&before={first['next']}", headers=headers)).json()
    assert {first["contacts"][0]["id"], second["contacts"][0]["id"]} == {"ct_kangjia", "ct_xinghai"}


async def test_what_came_in_is_somewhere(client: Client, house: House) -> None:
    headers = house.headers["operator"]
    board = await (await client.get("/v1/queues", headers=headers)).json()
    day = await (await client.get("/v1/reports/day", headers=headers)).json()
    assert (board["conservation"]["open"], board["conservation"]["imbalance"]) == (2, 0)
    assert (day["table"]["contacts_in"], day["table"]["lost"]) == (2, 0)


async def test_a_configuration_is_numbered_and_read_back(client: Client, house: House) -> None:
    headers = {**house.headers["operator"], "Content-Type": "application/yaml", "If-Match": '"0"'}
    async with client.post("/v1/configuration", data=document_text().encode(), headers=headers) as answer:
        assert (answer.status, answer.headers["ETag"]) == (201, '"1"'), await answer.text()
    async with client.post("/v1/configuration", data=document_text().encode(), headers=headers) as answer:
        assert answer.status == 412
    async with client.get("/v1/configuration", headers=house.headers["operator"]) as answer:
        assert (await answer.json())["version"] == 1


async def test_a_supervisors_order_waits_for_the_router(client: Client, house: House, pool: asyncpg.Pool) -> None:
    body = {"agent": "1001", "reason": "speaks Cantonese"}
    headers = house.headers["supervisor"]
    async with client.post("/v1/contacts/ct_kangjia/assign", json=body, headers=headers) as answer:
        command = (await answer.json())["command"]
    assert await pool.fetchval("SELECT dedupe FROM routing_events WHERE domain_id = $1", PROVIDER) == command


@pytest.mark.parametrize("value", ["%00", "%F0%9F%98%80", "'; DROP TABLE facts; --", "%ff"])
async def test_no_value_of_a_question_makes_the_store_fall(client: Client, house: House, value: str) -> None:
    headers = house.headers["supervisor"]
    for path in (f"/v1/customers?kind=mail&value={value}", f"/v1/contacts?before={value}", f"/v1/contacts/{value}"):
        async with client.get(path, headers=headers) as answer:
            assert answer.status < 500, (path, await answer.text())
