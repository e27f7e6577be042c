"""The API of callbacks over the twin: the customer's page, the do-not-call list, and what a contact's story shows."""

from __future__ import annotations

from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import PROVIDER, T0, House

from contactcenter.services.changes import CallbackWrite, Changes, NewContact
from contactcenter.storage.memory import memory_stores

NUMBER = "+8613812345678"
SECOND = 1_000_000


@pytest.fixture
async def house() -> House:
    found = House(stores=memory_stores())
    await found.stores.configuration.save(PROVIDER, 1, found.directory.document, "test", T0)
    await found.admit_everybody()
    context = {"ivr": {"exit": "callback", "path": ["menu=back", "back=11 digits"], "member": "95501234"}}
    contact = NewContact(
        id="ct_1", domain=PROVIDER, provider=PROVIDER, client="kangjia", lease="kangjia-2026", medium="callback",
        view="callback", door="8000000102", external_id="w1", tier=2, opened_at=T0, enqueued_at=T0, deadline=T0,
        address=NUMBER, context=context,
    )  # fmt: skip
    promise = CallbackWrite(
        id="ct_1", provider=PROVIDER, client="kangjia", number=NUMBER, contact="ct_1", line="8000000102",
        requested_at=T0, window_from=T0, window_until=T0 + 7200 * SECOND, expected=None,
        attempts=({"contact": "ct_0", "attempt": 1, "result": "busy", "at": T0, "by": "platform"},),
    )  # fmt: skip
    await found.stores.changes.apply(Changes(contacts=[contact], callbacks=[promise]))
    return found


def client(house: House) -> TestClient[Any, Any]:
    return TestClient(TestServer(house.app()))


async def test_the_page_shows_then_cancels_and_says_the_same_again(house: House) -> None:
    token = house.tokens.sign(PROVIDER, "ct_1")
    async with client(house) as web:
        page = await web.get(f"/v1/callbacks/cancel/{token}", headers={"Accept-Language": "zh-CN"})
        text = await page.text()
        assert (page.status, "康佳" in text, "<form" in text, "瑞讯" in text, NUMBER in text) == (
            200, True, True, False, False,
        )  # fmt: skip
        assert (page.headers["Cache-Control"], page.headers["Referrer-Policy"]) == ("no-store", "no-referrer")
        for _ in range(2):
            done = await web.post(f"/v1/callbacks/cancel/{token}?lang=en")
            said = await done.text()
            assert (done.status, "has been cancelled" in said, "<form" in said) == (200, True, False)
        listed = await (await web.get("/v1/callbacks", headers=house.headers["supervisor"])).json()
    assert [(row["outcome"], row["ended_by"]) for row in listed["callbacks"]] == [("cancelled", "customer")]


async def test_a_link_that_is_not_ours_is_not_found(house: House) -> None:
    async with client(house) as web:
        for method in (web.get, web.post):
            page = await method("/v1/callbacks/cancel/nonsense?lang=en")
            assert (page.status, "not valid" in await page.text()) == (404, True)


async def test_who_comes_too_late_is_told_so(house: House) -> None:
    late = CallbackWrite(
        id="ct_1", provider=PROVIDER, client="kangjia", number=NUMBER, contact="ct_1", requested_at=T0,
        window_from=T0, window_until=T0, state="dialling", expected=0,
    )  # fmt: skip
    await house.stores.changes.apply(Changes(callbacks=[late]))
    async with client(house) as web:
        page = await web.post(f"/v1/callbacks/cancel/{house.tokens.sign(PROVIDER, 'ct_1')}?lang=en")
        assert (page.status, "too late" in await page.text()) == (409, True)


async def test_a_contacts_story_shows_the_path_and_the_promise_masked_for_whom_it_is_not(house: House) -> None:
    async with client(house) as web:
        seen = await (await web.get("/v1/contacts/ct_1", headers=house.headers["supervisor"])).json()
        masked = await (await web.get("/v1/contacts/ct_1", headers=house.headers["operator"])).json()
        other = await web.get("/v1/contacts/ct_1", headers=house.headers["xinghai"])
    assert (seen["ivr"]["path"], seen["ivr"]["exit"]) == (["menu=back", "back=11 digits"], "callback")
    assert (seen["ivr"]["member"], seen["callback"]["number"]) == ("95501234", NUMBER)
    assert [each["result"] for each in seen["callback"]["attempts"]] == ["busy"]
    assert (masked["ivr"]["member"] == "95501234", masked["callback"]["number"] == NUMBER) == (False, False)
    assert masked["ivr"]["path"] == seen["ivr"]["path"]
    assert other.status == 404


async def test_numbers_come_onto_the_list_of_ones_own_client_and_off_it(house: House) -> None:
    async with client(house) as web:
        wrong = await web.post("/v1/do-not-call", json={"number": "nobody"}, headers=house.headers["client"])
        problem = await wrong.json()
        assert (wrong.status, problem["code"], problem["field"]) == (422, "number", "number")
        unnamed = await web.post("/v1/do-not-call", json={"number": NUMBER}, headers=house.headers["operator"])
        assert ((await unnamed.json())["field"], unnamed.status) == ("client", 422)
        for _ in range(2):
            added = await web.post(
                "/v1/do-not-call", json={"number": "138 1234 5678", "reason": "asked"}, headers=house.headers["client"]
            )
            assert (added.status, (await added.json())["number"]) == (201, NUMBER)
        mine = await (await web.get("/v1/do-not-call", headers=house.headers["client"])).json()
        theirs = await (await web.get("/v1/do-not-call", headers=house.headers["xinghai"])).json()
        operations = await (await web.get("/v1/do-not-call", headers=house.headers["operator"])).json()
        story = await (await web.get("/v1/contacts/ct_1", headers=house.headers["client"])).json()
        taken = await web.delete(f"/v1/do-not-call/{NUMBER}", headers=house.headers["client"])
        again = await web.delete(f"/v1/do-not-call/{NUMBER}", headers=house.headers["client"])
    assert ([row["number"] for row in mine["numbers"]], theirs["numbers"]) == ([NUMBER], [])
    assert operations["numbers"][0]["number"] != NUMBER
    assert story["callback"]["outcome"] == "do_not_call"
    assert (taken.status, again.status) == (200, 404)
