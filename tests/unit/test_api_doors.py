"""Every door of the API: what it answers, to whom, and how it refuses."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import pytest
from aiohttp.test_utils import TestClient, TestServer
from api_house import T0, House, case, complaint, contact, customer, document_text
from msgspec.structs import replace

from channels.port import SendMail
from contactcenter.clock import SECOND
from contactcenter.domain.facts import Fact
from contactcenter.errors import Busy, Conflict, Forbidden, StaleWrite
from contactcenter.services.views import OutboxItem, QueueLine, SaidWait

Client = TestClient[Any, Any]


@pytest.fixture
async def house() -> House:
    house = House()
    await house.admit_everybody()
    house.rows.contact_rows = [contact(), contact("ct_2", client="xinghai", customer="cu_2", owner="a1012")]
    house.rows.customer_rows = [
        customer(),
        customer("cu_2", client="xinghai", identities=(("phone", "+8613900000000"),)),
    ]
    house.rows.case_rows = [case(), case("cs_2", client="xinghai")]
    house.rows.complaint_rows = [complaint(), complaint("cs_2", client="xinghai")]
    return house


@pytest.fixture
async def client(house: House) -> AsyncIterator[Client]:
    async with TestClient(TestServer(house.app())) as opened:
        yield opened


async def problem(client: Client, method: str, path: str, **how: Any) -> tuple[int, str, str]:
    """(status, code, field) of a refusal; it must be a problem document."""
    async with client.request(method, path, **how) as answer:
        assert answer.content_type == "application/problem+json"
        said = await answer.json()
        assert said["status"] == answer.status
        assert said["type"] == f"urn:contactcenter:problem:{said['code']}"
        return answer.status, said["code"], said.get("field", "")


async def read(client: Client, path: str, headers: dict[str, str]) -> Any:
    async with client.get(path, headers=headers) as answer:
        assert answer.status == 200, await answer.text()
        return await answer.json()


# --- credentials -------------------------------------------------------------------------------------------


async def test_without_a_token_nothing_is_shown(client: Client) -> None:
    async with client.get("/v1/contacts") as answer:
        assert (answer.status, answer.headers["WWW-Authenticate"]) == (401, 'Bearer realm="contactcenter"')


@pytest.mark.parametrize("header", ["Bearer wrong", "Bearer ", "Basic abc", "Bearer " + "x" * 5000, "Bearer ünï"])
async def test_a_wrong_token_is_401(client: Client, header: str) -> None:
    assert (await problem(client, "GET", "/v1/contacts", headers={"Authorization": header}))[0] == 401


async def test_a_token_in_the_address_is_no_token(client: Client, house: House) -> None:
    token = house.headers["operator"]["Authorization"].removeprefix("Bearer ")
    assert (await problem(client, "GET", f"/v1/queues?token={token}"))[0] == 401


@pytest.mark.parametrize(
    ("method", "path", "who"),
    [
        ("GET", "/v1/contacts", "platform"),
        ("GET", "/v1/queues", "agent"),
        ("GET", "/v1/agents", "client"),
        ("GET", "/v1/configuration", "client"),
        ("POST", "/v1/configuration", "supervisor"),
        ("POST", "/v1/tokens", "supervisor"),
        ("POST", "/v1/contacts/ct_1/assign", "agent"),
        ("POST", "/v1/complaints/cs_1/accept", "operator"),
    ],
)
async def test_who_may_not_is_403(client: Client, house: House, method: str, path: str, who: str) -> None:
    assert await problem(client, method, path, headers=house.headers[who]) == (403, "forbidden", "")


async def test_an_agent_without_a_seat_sees_nothing(client: Client, house: House) -> None:
    token = await house.access.issue("agent", "ruixun", "left")
    refusal = await problem(client, "GET", "/v1/contacts", headers={"Authorization": f"Bearer {token}"})
    assert refusal == (403, "no_seat", "")


# --- scope -------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("who", ["client", "agent"])
async def test_the_list_holds_ones_own_clients_contacts_alone(client: Client, house: House, who: str) -> None:
    page = await read(client, "/v1/contacts", house.headers[who])
    assert [each["client"] for each in page["contacts"]] == ["kangjia"]


@pytest.mark.parametrize("path", ["/v1/contacts/ct_2", "/v1/customers/cu_2", "/v1/cases/cs_2"])
@pytest.mark.parametrize("who", ["client", "agent"])
async def test_anothers_row_and_no_row_look_the_same(client: Client, house: House, path: str, who: str) -> None:
    missing = path.rpartition("_")[0] + "_none"
    headers = house.headers[who]
    assert await problem(client, "GET", path, headers=headers) == await problem(client, "GET", missing, headers=headers)


async def test_a_client_finds_no_customer_of_another(client: Client, house: House) -> None:
    path = "/v1/customers?kind=phone&value=13900000000"
    assert (await problem(client, "GET", path, headers=house.headers["client"]))[0] == 404
    assert (await read(client, path, house.headers["xinghai"]))["customer"]["id"] == "cu_2"


async def test_the_provider_sees_both(client: Client, house: House) -> None:
    page = await read(client, "/v1/contacts", house.headers["supervisor"])
    assert {each["client"] for each in page["contacts"]} == {"kangjia", "xinghai"}


async def test_a_clients_queues_are_its_own(client: Client, house: House) -> None:
    house.rows.lines = [line("kangjia"), line("xinghai")]
    board = await read(client, "/v1/queues", house.headers["client"])
    assert ([queue["client"] for queue in board["queues"]], board["client"]) == (["kangjia"], "kangjia")


async def test_the_expected_wait_is_on_the_board_and_in_the_scrape(client: Client, house: House) -> None:
    house.rows.lines = [line("kangjia")]
    house.rows.said = [
        SaidWait(
            client=name, view="voice", medium="voice", tier=2, place=3, expected=80 * SECOND, at_most=200 * SECOND,
            at=house.clock.now() - 60 * SECOND,
        )
        for name in ("kangjia", "xinghai")
    ]  # fmt: skip
    queue = (await read(client, "/v1/queues", house.headers["client"]))["queues"][0]
    assert queue["expected_wait"]["iron"] == {"expected_s": 80.0, "at_most_s": 200.0}
    text = await (await client.get("/metrics")).text()
    labels = '{client="kangjia",medium="voice",tier="iron",view="voice"}'
    assert f"cc_queue_expected_wait_seconds{labels} 80.0" in text
    assert f"cc_queue_at_most_wait_seconds{labels} 200.0" in text


def line(client: str, *, waiting: int = 2) -> QueueLine:
    return QueueLine(
        client=client, view="voice", medium="voice", waiting=waiting, offered=1, active=3, wrap_up=0,
        oldest_wait_s=12.5, breached=1, by_tier=(0, 1, 1, 1),
    )  # fmt: skip


# --- contacts ----------------------------------------------------------------------------------------------


async def test_pages_follow_each_other_without_gap_or_overlap(client: Client, house: House) -> None:
    house.rows.contact_rows = [contact(f"ct_{n:03d}") for n in range(7)]
    seen, before = [], ""
    for _ in range(4):
        page = await read(client, f"/v1/contacts?limit=3&before={before}", house.headers["supervisor"])
        seen += [each["id"] for each in page["contacts"]]
        before = page["next"]
        if not before:
            break
    assert seen == [f"ct_{n:03d}" for n in reversed(range(7))]


async def test_a_contact_tells_why_it_went_where_it_went(client: Client, house: House) -> None:
    house.rows.fact_rows = story()
    told = await read(client, "/v1/contacts/ct_1?lang=en", house.headers["supervisor"])
    assert told["why"] == [
        "09:00:00.000 Call; voice",
        "09:00:00.010 Waiting; Position 1",
        "09:00:00.020 Offered 1002: Of 4 who could, the longest idle (42.5 s); Waited 1 s, 0 ahead",
        "09:00:03.000 Active 1002: Waited 4 s",
        "09:01:00.000 Finished",
    ]
    assert [fact["kind"] for fact in told["facts"]] == [fact.kind for fact in house.rows.fact_rows]


async def test_the_reader_chooses_his_language(client: Client, house: House) -> None:
    house.rows.fact_rows = story()
    headers = {**house.headers["supervisor"], "Accept-Language": "fr, zh;q=0.8, en;q=0.7"}
    told = await read(client, "/v1/contacts/ct_1", headers)
    assert told["language"] == "zh-CN"
    assert "空闲最久" in " ".join(told["why"])


def story() -> list[Fact]:
    def fact(number: int, ms: int, kind: str, agent: str = "", **data: Any) -> Fact:
        return Fact(
            id=f"ruixun:{number}:0", at=T0 + ms * 1000, kind=kind, provider="ruixun", client="kangjia",
            contact="ct_1", agent=agent, seq=number, data=data,
        )  # fmt: skip

    because = {"rule": "longest_idle", "band": 2, "tier": 1, "able": 4, "idle": 42_500_000, "waited": 1_000_000}
    return [
        fact(1, 0, "contact.opened", medium="voice", view="voice", caller="+8613812345678"),
        fact(2, 10, "contact.queued", arrival=1, position=1),
        fact(3, 20, "offer.made", "a1002", offer={"id": "ct_1/1/a1002"}, because=because),
        fact(4, 3000, "contact.assigned", "a1002", offer="ct_1/1/a1002", waited=4_000_000),
        fact(5, 60_000, "contact.ended", "a1002", how="finished"),
    ]


@pytest.mark.parametrize(
    ("who", "masked"), [("operator", True), ("agent", True), ("supervisor", False), ("client", False)]
)
async def test_a_number_is_shown_to_whom_it_is_needed(client: Client, house: House, who: str, masked: bool) -> None:
    house.rows.fact_rows = story()
    async with client.get("/v1/contacts/ct_1", headers=house.headers[who]) as answer:
        text = await answer.text()
    assert ("13812345678" not in text, '"masked":true' in text) == (masked, masked)


async def test_the_owner_of_a_contact_sees_whom_he_serves(client: Client, house: House) -> None:
    house.rows.contact_rows = [contact(owner="a1002", state="active")]
    told = await read(client, "/v1/contacts/ct_1", house.headers["agent"])
    assert told["contact"]["address"] == "+8613812345678"
    assert told["context"]["door"] == "4000000101"


async def test_a_supervisor_gives_a_contact_to_an_agent(client: Client, house: House) -> None:
    body = {"agent": "1003", "reason": "speaks English"}
    async with client.post("/v1/contacts/ct_1/assign", json=body, headers=house.headers["supervisor"]) as answer:
        said = await answer.json()
    [event] = house.rows.applied[-1].events
    assert (answer.status, said["command"], event.domain, event.event.agent) == (202, event.dedupe, "ruixun", "a1003")


async def test_a_seat_of_another_client_never_gets_the_contact(client: Client, house: House) -> None:
    body = {"agent": "1012", "reason": "he is free"}
    refusal = await problem(client, "POST", "/v1/contacts/ct_1/assign", json=body, headers=house.headers["supervisor"])
    assert refusal == (422, "other_lease", "agent")


async def test_what_has_ended_cannot_be_closed(client: Client, house: House) -> None:
    house.rows.contact_rows = [contact(state="ended")]
    body, headers = {"reason": "spam"}, house.headers["operator"]
    refusal = await problem(client, "POST", "/v1/contacts/ct_1/close", json=body, headers=headers)
    assert refusal == (409, "contact_ended", "")


# --- customers ---------------------------------------------------------------------------------------------


async def test_a_customer_is_found_however_his_number_is_written(client: Client, house: House) -> None:
    for value in ("13812345678", "%2B86 138 1234 5678", "138-1234-5678"):
        told = await read(client, f"/v1/customers?kind=phone&value={value}", house.headers["supervisor"])
        assert told["customer"]["id"] == "cu_1"


async def test_every_look_at_a_customer_leaves_a_fact(client: Client, house: House) -> None:
    await read(client, "/v1/customers/cu_1", house.headers["agent"])
    [fact] = [fact for fact in house.rows.fact_rows if fact.kind == "customer.viewed"]
    assert (fact.customer, fact.client, fact.agent, fact.data["masked"]) == ("cu_1", "kangjia", "a1002", True)


async def test_a_customers_four_histories_contacts_and_open_cases_come_together(client: Client, house: House) -> None:
    told = await read(client, "/v1/customers/cu_1", house.headers["client"])
    assert told["payment"][0]["amount_fen"] == 129_900
    assert [each["id"] for each in told["contacts"]] == ["ct_1"]
    assert [each["id"] for each in told["open_cases"]] == ["cs_1"]


# --- complaints --------------------------------------------------------------------------------------------


async def test_a_level_accepts_decides_and_escalates(client: Client, house: House) -> None:
    headers = {**house.headers["client"], "Idempotency-Key": "k-1"}
    decision = {"decision": "refund it", "verdict": "grant", "amount_fen": 5000}
    for act, body in (("accept", None), ("decide", decision), ("escalate", {"reason": "severity"})):
        async with client.post(f"/v1/complaints/cs_1/{act}", json=body, headers=headers) as answer:
            assert (answer.status, (await answer.json())["case"]) == (200, "cs_1")
    assert house.ladder.acts == [
        ("accept", "desk", "cs_1"),
        ("decide", "desk", "cs_1", "grant", 5000),
        ("escalate", "desk", "cs_1", "severity", "k-1"),
    ]


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (Conflict("too much", code="above_limit"), 409, "above_limit"),
        (Forbidden("not yours", code="wrong_level"), 403, "wrong_level"),
        (Busy(), 503, "busy"),
    ],
)
async def test_a_refusal_of_the_ladder_keeps_its_code(
    client: Client, house: House, refusal: Exception, status: int, code: str
) -> None:
    house.ladder.refusal = refusal
    answer = await problem(client, "POST", "/v1/complaints/cs_1/accept", headers=house.headers["client"])
    assert answer[:2] == (status, code)


# --- configuration -----------------------------------------------------------------------------------------


async def test_the_configuration_comes_with_its_version_as_etag(client: Client, house: House) -> None:
    async with client.get("/v1/configuration", headers=house.headers["operator"]) as answer:
        assert (answer.headers["ETag"], (await answer.json())["document"]["provider"]["id"]) == ('"1"', "ruixun")
    again = {**house.headers["operator"], "If-None-Match": '"1"'}
    async with client.get("/v1/configuration", headers=again) as answer:
        assert (answer.status, await answer.read()) == (304, b"")


async def configure(client: Client, house: House, text: str, path: str = "", **headers: str) -> Any:
    given = {**house.headers["operator"], "Content-Type": "application/yaml", **headers}
    return await client.post(f"/v1/configuration{path}", data=text.encode(), headers=given)


def dearer() -> str:
    return document_text().replace("price_per_line_year_fen: 3600000", "price_per_line_year_fen: 3700000")


async def test_a_dry_run_shows_the_difference_and_changes_nothing(client: Client, house: House) -> None:
    text = dearer()
    answer = await configure(client, house, text, "?dry_run=1")
    said = await answer.json()
    assert (answer.status, said["applied"], len(house.rows.versions)) == (200, False, 1)
    assert any("3700000" in change for change in said["difference"])


async def test_a_new_version_is_activated_on_top_of_the_one_that_was_read(client: Client, house: House) -> None:
    text = dearer()
    answer = await configure(client, house, text, **{"If-Match": '"1"'})
    assert (answer.status, answer.headers["ETag"]) == (201, '"2"')


async def test_an_old_if_match_is_412(client: Client, house: House) -> None:
    answer = await configure(client, house, document_text(), **{"If-Match": '"7"'})
    assert (answer.status, (await answer.json())["code"]) == (412, "precondition_failed")


async def test_a_lost_race_is_409(client: Client, house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    async def lost(*given: Any) -> None:
        raise StaleWrite

    monkeypatch.setattr(house.rows, "save", lost)
    answer = await configure(client, house, dearer())
    assert (answer.status, (await answer.json())["code"]) == (409, "stale_write")


async def test_a_document_that_breaks_rules_lists_every_problem_with_its_path(client: Client, house: House) -> None:
    text = document_text().replace("lines: 100", "lines: 90", 1)
    said = await (await configure(client, house, text)).json()
    assert (said["status"], len(said["problems"]) >= 1) == (422, True)
    assert all(each["path"] and each["message"] for each in said["problems"])


@pytest.mark.parametrize("text", ["", "a: [", "- 1", "\x00", "provider: {id: RUIXUN}", "&a [*a]"])
async def test_what_is_no_document_is_422(client: Client, house: House, text: str) -> None:
    assert (await configure(client, house, text)).status == 422


async def test_a_configuration_of_another_media_type_is_415(client: Client, house: House) -> None:
    answer = await configure(client, house, "x", **{"Content-Type": "application/xml"})
    assert answer.status == 415


# --- tokens ------------------------------------------------------------------------------------------------


async def test_an_issued_token_opens_the_door_until_it_is_revoked(client: Client, house: House) -> None:
    operator = house.headers["operator"]
    body = {"kind": "agent", "subject": "a1003"}
    async with client.post("/v1/tokens", json=body, headers=operator) as answer:
        issued = await answer.json()
    mine = {"Authorization": f"Bearer {issued['token']}"}
    await read(client, "/v1/contacts", mine)
    async with client.delete("/v1/tokens/a1003", headers=operator) as answer:
        assert (await answer.json())["revoked"] == 1
    assert (await problem(client, "GET", "/v1/contacts", headers=mine))[0] == 401


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"kind": "agent", "subject": "nobody"}, "subject"),
        ({"kind": "client", "subject": "desk"}, "client"),
        ({"kind": "client", "subject": "desk", "client": "nobody"}, "client"),
        ({"kind": "king", "subject": "x"}, "kind"),
        ({"kind": "operator"}, "subject"),
        ({"kind": "operator", "subject": "x", "extra": 1}, "extra"),
        ({"kind": "operator", "subject": "x", "days": -1}, "days"),
    ],
)
async def test_a_wrong_body_names_its_field(client: Client, house: House, body: dict[str, Any], field: str) -> None:
    answer = await problem(client, "POST", "/v1/tokens", json=body, headers=house.headers["operator"])
    assert (answer[0], answer[2]) == (422, field)


# --- the rest ----------------------------------------------------------------------------------------------


async def test_health_asks_nobody_and_readiness_asks_everybody(client: Client, house: House) -> None:
    house.checks = {"store": True, "router": False}
    assert (await client.get("/healthz")).status == 200
    answer = await client.get("/readyz")
    assert (answer.status, (await answer.json())["ready"]) == (503, False)


async def test_the_metrics_are_open_here_and_closed_to_the_world(client: Client, house: House) -> None:
    house.rows.lines = [line("kangjia")]
    text = await (await client.get("/metrics")).text()
    assert 'cc_queue_waiting{client="kangjia",medium="voice",view="voice"} 2.0' in text
    assert 'cc_queue_oldest_wait_seconds{client="kangjia",medium="voice",view="voice"} 12.5' in text
    assert (await problem(client, "GET", "/metrics", headers={"X-Forwarded-For": "9.9.9.9"}))[0] == 401
    assert "cc_queue_expected_wait_seconds{" not in text, "nothing is known, and 0 would be a promise"
    outside = {**house.headers["operator"], "X-Forwarded-For": "9.9.9.9"}
    assert (await client.get("/metrics", headers=outside)).status == 200


async def test_a_ledger_that_does_not_balance_is_shown(client: Client, house: House) -> None:
    headers = house.headers["supervisor"]
    house.rows.lines, house.rows.counts = [line("kangjia")], {"contact.opened": 6}
    assert (await read(client, "/v1/queues", headers))["conservation"]["imbalance"] == 0
    house.clock.pass_(1)
    house.rows.counts = {"contact.opened": 8, "contact.ended": 1, "contact.ended.finished": 1}
    assert (await read(client, "/v1/queues", headers))["conservation"]["imbalance"] == 1


async def test_a_day_is_recomputed_from_its_facts(client: Client, house: House) -> None:
    house.rows.fact_rows = story()
    report = await read(client, "/v1/reports/day?date=2026-01-01", house.headers["operator"])
    assert (report["table"]["contacts_in"], report["table"]["within_2_rings"]["value"], report["table"]["lost"]) == (
        1,
        1.0,
        0,
    )
    assert report["since"] == "2025-12-31T16:00:00.000000Z"


async def test_a_call_over_midnight_belongs_whole_to_the_day_on_which_it_came(client: Client, house: House) -> None:
    """A03, B03: its minutes, who released it and the ring in which it was answered; the next day has no call."""
    minute, midnight = 60_000_000, 1_767_283_200_000_000  # 2026-01-02 00:00 in Shanghai
    told: list[tuple[str, int, dict[str, Any]]] = [
        ("contact.opened", -1, {"medium": "voice", "view": "voice", "door": "800", "cycle_ms": 5000}),
        ("contact.queued", -1, {"arrival": 1, "position": 1}),
        ("contact.assigned", 0, {"waited": 12_000_000}),
        ("wrap_up.began", 10, {"by": "agent"}),
        ("contact.ended", 11, {"how": "finished", "by": "agent"}),
    ]
    house.rows.fact_rows = [
        Fact(
            id=f"f{seq}",
            at=midnight + at * minute,
            kind=kind,
            provider="ruixun",
            client="kangjia",
            contact="ct_1",
            agent="a1001",
            seq=seq,
            data=data,
        )
        for seq, (kind, at, data) in enumerate(told)
    ]
    headers = house.headers["operator"]
    house.clock.pass_(86_400)
    came = (await read(client, "/v1/reports/day?date=2026-01-01", headers))["table"]
    assert (came["lines"]["800"]["minutes"], came["lines"]["800"]["released_by"]) == (11, {"agent": 1})
    assert (came["rings"], came["answered"], came["imbalance"], came["lost"]) == ({"3": 1}, 1, 0, 0)
    after = (await read(client, "/v1/reports/day?date=2026-01-02", headers))["table"]
    assert (after["lines"], after["answered"], after["doubly_owned"]) == ({}, 0, 0)


async def test_a_contact_without_row_and_end_is_lost(client: Client, house: House) -> None:
    house.rows.fact_rows, house.rows.contact_rows = story()[:2], []
    report = await read(client, "/v1/reports/day", house.headers["operator"])
    assert report["table"]["lost"] == 1


async def test_agents_are_listed_with_their_presence(client: Client, house: House) -> None:
    listed = await read(client, "/v1/agents", house.headers["supervisor"])
    assert (len(listed["agents"]), listed["agents"][0]["number"], listed["agents"][0]["state"]) == (
        100,
        "1001",
        "offline",
    )


async def test_the_labels_of_the_pages_come_in_both_languages(client: Client) -> None:
    english = await (await client.get("/v1/texts?lang=en")).json()
    chinese = await (await client.get("/v1/texts?lang=zh-CN")).json()
    assert english["texts"].keys() == chinese["texts"].keys()
    assert {key.partition(".")[0] for key in english["texts"]} == {"desk", "ops", "chat"}


async def test_kept_mail_is_masked_for_operations(client: Client, house: House) -> None:
    mail = SendMail(
        id="m1", sender="s@k.example", sender_name="康佳", to="wang.min@mail.example", subject="回复", text="您好",
        message_id="<1>",
    )  # fmt: skip
    item = OutboxItem(
        id="m1", kind="mail", provider="ruixun", client="kangjia", contact="ct_1", payload=mail, attempts=1,
        created_at=T0,
    )  # fmt: skip
    house.rows.mails = [item, replace(item, id="m2", client="xinghai")]
    for who, to, kept in (("operator", "w****@mail.example", 2), ("client", "wang.min@mail.example", 1)):
        mails = (await read(client, "/v1/mail/kept", house.headers[who]))["mails"]
        assert (mails[0]["to"], len(mails)) == (to, kept)
