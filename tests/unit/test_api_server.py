"""The layers that every request passes: refusals, headers, sizes, logs, and no 500 whatever comes in."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from typing import Any

import msgspec
import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from api_house import House, contact
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactcenter.api.doors_table import with_doors
from contactcenter.api.problems import TooMany
from contactcenter.api.rate_limit import AddressLimit
from contactcenter.api.route import chosen_language
from contactcenter.api.server import build_app
from contactcenter.errors import Misconfigured

Client = TestClient[Any, Any]


@pytest.fixture
async def house() -> House:
    house = House()
    await house.admit_everybody()
    house.rows.contact_rows = [contact()]
    return house


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as opened:
        yield opened


async def said(client: Client, method: str, path: str, **how: Any) -> tuple[int, dict[str, Any], Any]:
    async with client.request(method, path, **how) as answer:
        return answer.status, await answer.json(content_type=None), answer.headers


async def test_an_unknown_address_is_a_problem_document(client: Client) -> None:
    status, body, headers = await said(client, "GET", "/v1/nothing/here")
    assert (status, body["code"], headers["Content-Type"]) == (404, "not_found", "application/problem+json")


async def test_a_wrong_method_names_the_right_ones(client: Client) -> None:
    status, body, headers = await said(client, "PUT", "/v1/contacts")
    assert (status, body["code"], headers["Allow"]) == (405, "method_not_allowed", "GET")


@pytest.mark.parametrize("chunked", [False, True])
async def test_a_body_that_is_too_large_is_413_and_is_not_read(client: Client, house: House, chunked: bool) -> None:
    async def pieces() -> AsyncIterator[bytes]:
        for _ in range(200):
            yield b"x" * 1000

    body: Any = pieces() if chunked else b"x" * 200_000
    headers = {**house.headers["operator"], "Content-Type": "application/json"}
    status, answer, _ = await said(client, "POST", "/v1/tokens", data=body, headers=headers)
    assert (status, answer["code"]) == (413, "too_large")


async def test_a_body_of_another_media_type_is_415(client: Client, house: House) -> None:
    status, body, _ = await said(
        client, "POST", "/v1/tokens", data={"kind": "agent"}, headers=house.headers["operator"]
    )
    assert (status, body["code"]) == (415, "media_type")


@pytest.mark.parametrize("raw", [b"", b"{", b"[]", b"null", b'"x"', b"\xff\xfe", b"[" * 50_000, b'{"kind": NaN}'])
async def test_what_is_no_body_is_422(client: Client, house: House, raw: bytes) -> None:
    headers = {**house.headers["operator"], "Content-Type": "application/json"}
    assert (await said(client, "POST", "/v1/tokens", data=raw, headers=headers))[0] == 422


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/v1/contacts?limit=0", "limit"),
        ("/v1/contacts?limit=many", "limit"),
        ("/v1/contacts?limit=201", "limit"),
        ("/v1/contacts?state=gone", "state"),
        ("/v1/contacts?colour=red", "colour"),
        ("/v1/customers?kind=phone", "value"),
        ("/v1/customers?kind=face&value=x", "kind"),
        ("/v1/complaints?level=9", "level"),
        ("/v1/reports/day?date=2026-02-31", "date"),
    ],
)
async def test_a_wrong_question_names_its_parameter(client: Client, house: House, path: str, field: str) -> None:
    status, body, _ = await said(client, "GET", path, headers=house.headers["supervisor"])
    assert (status, body["field"]) == (422, field)


async def test_what_nobody_foresaw_shows_an_incident_and_nothing_else(
    client: Client, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    house.rows.broken = True
    status, body, _ = await said(client, "GET", "/v1/contacts/ct_1", headers=house.headers["supervisor"])
    incident = body["instance"].rpartition(":")[2]
    assert (status, body["code"], "s3cr3t" in str(body)) == (500, "internal", False)
    assert incident in caplog.text


async def test_every_answer_carries_the_security_headers(client: Client) -> None:
    for path in ("/healthz", "/v1/contacts", "/nothing/at/all"):
        _, _, headers = await said(client, "GET", path)
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")


async def test_the_access_log_names_no_id_query_or_token(
    client: Client, house: House, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, logger="contactcenter.access")
    await said(client, "GET", "/v1/contacts/ct_1?lang=en", headers=house.headers["supervisor"])
    [line] = [record.getMessage() for record in caplog.records if record.name == "contactcenter.access"]
    assert line.startswith("GET /v1/contacts/{id} 200")
    assert "lang" not in line


# --- fuzz --------------------------------------------------------------------------------------------------

json_like = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)
named = st.dictionaries(
    st.sampled_from(
        ["kind", "subject", "client", "days", "agent", "reason", "verdict", "decision", "note", "amount_fen"]
    ),
    json_like,
    max_size=6,
)
POSTS = (
    "/v1/tokens",
    "/v1/contacts/ct_1/assign",
    "/v1/contacts/ct_1/close",
    "/v1/complaints/cs_1/decide",
    "/v1/complaints/cs_1/escalate",
    "/v1/configuration",
)


async def _post_all(bodies: list[tuple[str, bytes]]) -> list[int]:
    house = House()
    await house.admit_everybody()
    house.rows.contact_rows = [contact()]
    statuses = []
    async with TestClient(TestServer(house.app())) as client:
        for path, body in bodies:
            for who in ("operator", "supervisor"):
                headers = {**house.headers[who], "Content-Type": "application/json"}
                async with client.post(path, data=body, headers=headers) as answer:
                    statuses.append(answer.status)
    return statuses


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.sampled_from(POSTS),
            st.one_of(named.map(msgspec.json.encode), json_like.map(msgspec.json.encode), st.binary(max_size=60)),
        ),
        min_size=4,
        max_size=8,
    )
)
def test_no_body_makes_it_fall(bodies: list[tuple[str, bytes]]) -> None:
    assert max(asyncio.run(_post_all(bodies))) < 500


@pytest.mark.parametrize(
    "path", ["/v1/contacts/%00", "/v1/contacts/..%2f..", "/v1/customers?kind=phone&value=%00", "/%ff"]
)
async def test_no_address_makes_it_fall(client: Client, house: House, path: str) -> None:
    async with client.get(path, headers=house.headers["supervisor"]) as answer:
        assert answer.status in (404, 422)


# --- parts -------------------------------------------------------------------------------------------------


def test_an_address_that_knocks_too_often_waits(house: House) -> None:
    limit = AddressLimit(house.clock, 3)
    for _ in range(3):
        limit.take("1.1.1.1")
    limit.take("2.2.2.2")
    with pytest.raises(TooMany) as refused:
        limit.take("1.1.1.1")
    assert refused.value.details["retry_after"] == 21
    house.clock.pass_(21)
    limit.take("1.1.1.1")


def test_the_limit_remembers_a_bounded_number_of_addresses(house: House) -> None:
    limit = AddressLimit(house.clock, 1, addresses=2)
    for address in ("1", "2", "3", "1"):
        limit.take(address)


@pytest.mark.parametrize(
    ("asked", "accepted", "language"),
    [
        ("en", "zh-CN", "en"),
        ("", "en-GB,zh;q=0.5", "en"),
        ("", "fr", "zh-CN"),
        ("xx", "zh-TW;q=0.9, en;q=0.1", "zh-CN"),
        ("", "en;q=0, ;;,=", "zh-CN"),
        ("", "", "zh-CN"),
    ],
)
def test_the_language_is_the_best_of_what_there_is(asked: str, accepted: str, language: str) -> None:
    assert chosen_language(asked, accepted) == language


async def test_a_door_of_a_channel_is_served_as_it_is_and_limited(house: House) -> None:
    async def sessions(request: web.Request) -> web.Response:
        return web.json_response({"site": request.match_info["site"]}, status=201)

    app = house.app([web.post("/v1/chat/{site}/sessions", sessions)])
    async with TestClient(TestServer(app)) as client:
        statuses = [(await client.post("/v1/chat/kangjia-web/sessions")).status for _ in range(31)]
    assert (statuses[:30], statuses[30]) == ([201] * 30, 429)


def test_a_door_that_nobody_documents_is_refused(house: House) -> None:
    with pytest.raises(Misconfigured):
        with_doors([web.get("/v1/secret", house.feed.handle)])


def test_the_application_serves_what_the_table_says_and_nothing_else(house: House) -> None:
    routes = with_doors([])
    served = {
        (route.method, route.resource.canonical)
        for route in build_app(house.services, routes).router.routes()
        if route.resource
    }
    assert len(served) == len(routes)
