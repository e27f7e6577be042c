"""The phone door over real HTTP with real signatures: every answer that it can give."""

from __future__ import annotations

import asyncio
import base64
import gzip
import json
import logging
import re
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from aiohttp import ClientResponse, web
from aiohttp.test_utils import TestClient, TestServer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from channels.phone.dialect import TYPES
from channels.phone.door import MAX_BYTES, PhoneDoor
from channels.phone.feed import CommandFeed
from channels.phone.verify import Verifier, sign
from channels.port import (
    AnyInbound,
    CallOffered,
    DifferentPayload,
    IntakeBusy,
    IntakeOverloaded,
    PhoneCommand,
    Receipt,
    Refused,
    UnknownDoor,
)

SECRET = "whsec_" + base64.b64encode(b"s" * 32).decode()
Client = TestClient[web.Request, web.Application]
PAGE = Path(__file__).parents[2] / "docs/telephony/own-dialect.md"
OFFERED = {"dialled": "95500", "caller": "13800000001"}


class RecordingIntake:
    """An Intake that keeps what it was given and answers as it is told."""

    def __init__(self) -> None:
        self.taken: list[AnyInbound] = []
        self.answer: Receipt | Exception = Receipt(
            contact="ct_1", instruction="queue", position=1, expected_wait_s=95, at_most_wait_s=240
        )

    async def accept(self, inbound: AnyInbound) -> Receipt:
        if isinstance(self.answer, Exception):
            raise self.answer
        self.taken.append(inbound)
        return self.answer


@pytest.fixture
def intake() -> RecordingIntake:
    return RecordingIntake()


@pytest.fixture
def feed() -> CommandFeed:
    return CommandFeed(now=lambda: time.time_ns() // 1000)


@pytest.fixture
async def client(intake: RecordingIntake, feed: CommandFeed) -> AsyncIterator[Client]:
    app = web.Application()
    app.add_routes(PhoneDoor(intake=intake, verifier=Verifier({"pbx": [SECRET]}), feed=feed).routes())
    async with TestClient(TestServer(app)) as client:
        yield client


def body_of(kind: str = "call.offered", data: Any = OFFERED, **more: Any) -> bytes:
    event = {"specversion": "1.0", "id": "e1", "source": "/pbx", "type": kind, "subject": "c1", "data": data}
    return json.dumps(event | more).encode()


def signed(body: bytes, *, skew_s: int = 0) -> dict[str, str]:
    return sign(SECRET, message_id="m1", at_seconds=int(time.time()) + skew_s, body=body)


async def post(client: Client, body: bytes, *, source: str = "pbx", skew_s: int = 0) -> ClientResponse:
    headers = {"content-type": "application/cloudevents+json"} | signed(body, skew_s=skew_s)
    return await client.post(f"/v1/phone/{source}/events", data=body, headers=headers)


async def problem(response: ClientResponse) -> dict[str, Any]:
    assert response.content_type == "application/problem+json"
    said: dict[str, Any] = json.loads(await response.read())
    assert said["status"] == response.status
    assert said["type"] == f"urn:contactcenter:problem:{said['code']}"
    assert said["title"]
    assert said["detail"]
    return said


# --- taken ------------------------------------------------------------------------------------------------


async def test_a_signed_event_is_handed_in_and_its_receipt_comes_back(client: Client, intake: RecordingIntake) -> None:
    response = await post(client, body_of())
    assert response.status == 200
    assert await response.json() == {
        "contact": "ct_1",
        "duplicate": False,
        "pending": False,
        "instruction": "queue",
        "text": "",
        "language": "",
        "position": 1,
        "expected_wait_s": 95,
        "at_most_wait_s": 240,
    }
    assert intake.taken == [CallOffered(source="pbx", external_id="e1", call="c1", **OFFERED)]


async def test_a_blocked_call_gets_its_treatment_in_the_reply(client: Client, intake: RecordingIntake) -> None:
    intake.answer = Receipt(contact="ct_2", instruction="voicemail", text="请留言", language="zh-CN")
    said = await (await post(client, body_of())).json()
    assert (said["instruction"], said["text"], said["language"]) == ("voicemail", "请留言", "zh-CN")


async def test_what_is_not_decided_in_time_is_202_pending(client: Client, intake: RecordingIntake) -> None:
    intake.answer = Receipt(contact="ct_1", pending=True)
    response = await post(client, body_of())
    assert (response.status, (await response.json())["pending"]) == (202, True)


async def test_a_repeat_is_200_and_says_duplicate(client: Client, intake: RecordingIntake) -> None:
    intake.answer = Receipt(contact="ct_1", duplicate=True, instruction="queue")
    response = await post(client, body_of())
    assert (response.status, (await response.json())["duplicate"]) == (200, True)


async def test_a_body_of_exactly_the_limit_is_taken(client: Client) -> None:
    body = body_of()
    assert (await post(client, body + b" " * (MAX_BYTES - len(body)))).status == 200


async def test_the_python_example_on_the_integrators_page_works_as_printed(
    client: Client, intake: RecordingIntake, capsys: pytest.CaptureFixture[str]
) -> None:
    example = re.findall(r"```python\n(.*?)```", PAGE.read_text(), re.DOTALL)[0]
    here = example.replace("http://127.0.0.1:8080", str(client.make_url("")).rstrip("/"))
    await asyncio.to_thread(exec, here.replace(re.findall(r"whsec_[^\"]+", here)[0], SECRET), {})
    assert json.loads(capsys.readouterr().out)["contact"] == "ct_1"
    assert len(intake.taken) == 1


# --- refused ------------------------------------------------------------------------------------------------


async def test_an_unsigned_event_is_401(client: Client, intake: RecordingIntake) -> None:
    response = await client.post("/v1/phone/pbx/events", data=body_of())
    assert response.status == 401
    assert response.headers["www-authenticate"] == "StandardWebhooks"
    assert (await problem(response))["code"] == "bad_signature"
    assert intake.taken == []


async def test_a_changed_body_is_401(client: Client, intake: RecordingIntake) -> None:
    response = await client.post("/v1/phone/pbx/events", data=body_of() + b" ", headers=signed(body_of()))
    assert (response.status, (await problem(response))["code"]) == (401, "bad_signature")
    assert intake.taken == []


@pytest.mark.parametrize("skew_s", [-310, 310])
async def test_a_stale_or_early_timestamp_is_401(client: Client, skew_s: int) -> None:
    response = await post(client, body_of(), skew_s=skew_s)
    assert (response.status, (await problem(response))["code"]) == (401, "stale_timestamp")


async def test_a_source_nobody_configured_is_404(client: Client) -> None:
    response = await post(client, body_of(), source="nobody")
    assert (response.status, (await problem(response))["code"]) == (404, "unknown_door")


async def test_a_line_nobody_configured_is_404(client: Client, intake: RecordingIntake) -> None:
    intake.answer = UnknownDoor("no line is called 95500")
    response = await post(client, body_of())
    said = await problem(response)
    assert (response.status, said["code"], said["detail"]) == (404, "unknown_door", "no line is called 95500")


async def test_a_malformed_event_is_422_and_names_the_field(client: Client, intake: RecordingIntake) -> None:
    response = await post(client, body_of(data={"dialled": 95500}))
    said = await problem(response)
    assert (response.status, said["code"], said["field"]) == (422, "malformed", "data.dialled")
    assert said["detail"] == "data.dialled: Expected `str`, got `int`"
    assert intake.taken == []


async def test_a_body_in_a_broken_encoding_is_422(client: Client) -> None:
    headers = signed(body_of()) | {"content-encoding": "gzip"}
    response = await client.post("/v1/phone/pbx/events", data=b"not gzip at all", headers=headers)
    assert (response.status, (await problem(response))["code"]) == (422, "malformed")


async def test_an_id_with_another_content_is_409(client: Client, intake: RecordingIntake) -> None:
    intake.answer = DifferentPayload("e1")
    response = await post(client, body_of())
    assert (response.status, (await problem(response))["code"]) == (409, "different_payload")


async def test_an_overloaded_service_is_503_with_its_own_code_and_wait(client: Client, intake: RecordingIntake) -> None:
    intake.answer = IntakeOverloaded(retry_after_s=7)
    response = await post(client, body_of())
    assert (response.status, response.headers["retry-after"]) == (503, "7")
    assert (await problem(response))["code"] == "overloaded"


async def test_a_busy_service_is_503_and_says_when_to_come_back(client: Client, intake: RecordingIntake) -> None:
    intake.answer = IntakeBusy()
    response = await post(client, body_of())
    assert (response.status, response.headers["retry-after"]) == (503, "1")
    assert (await problem(response))["code"] == "busy"


async def test_an_oversize_body_is_413(client: Client, intake: RecordingIntake) -> None:
    response = await post(client, b" " * (MAX_BYTES + 1))
    assert (response.status, (await problem(response))["code"]) == (413, "too_large")
    assert intake.taken == []


async def test_an_oversize_body_without_a_length_is_413(client: Client) -> None:
    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(9):
            yield b" " * (MAX_BYTES // 8)

    response = await client.post("/v1/phone/pbx/events", data=chunks())
    assert (response.status, (await problem(response))["code"]) == (413, "too_large")


async def test_a_small_body_that_unpacks_to_a_large_one_is_413(client: Client) -> None:
    packed = gzip.compress(b" " * (20 * MAX_BYTES))
    response = await client.post("/v1/phone/pbx/events", data=packed, headers={"content-encoding": "gzip"})
    assert response.status == 413


@pytest.mark.parametrize("fault", [RuntimeError("caller 13800000001"), Refused("caller 13800000001")])
async def test_a_fault_of_ours_is_500_without_internals_and_logged_by_event_id(
    client: Client, intake: RecordingIntake, fault: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    intake.answer = fault
    with caplog.at_level(logging.ERROR, "channels.phone.door"):
        response = await post(client, body_of())
    said = await problem(response)
    assert (response.status, said["code"]) == (500, "internal")
    assert "13800000001" not in json.dumps(said) + caplog.text
    assert f"'e1' failed: {type(fault).__name__}" in caplog.text


async def test_the_door_stays_open_after_every_refusal(client: Client, intake: RecordingIntake) -> None:
    for body in (b"", b"{", b" " * (MAX_BYTES + 1), body_of(type="nothing")):
        assert (await post(client, body)).status in (413, 422)
    assert (await post(client, body_of())).status == 200
    assert len(intake.taken) == 1


# --- the feed ------------------------------------------------------------------------------------------------


async def poll(client: Client, query: str = "", *, source: str = "pbx") -> ClientResponse:
    return await client.get(f"/v1/phone/{source}/commands{query}", headers=signed(b""))


async def test_a_platform_without_a_control_url_polls_its_commands(client: Client, feed: CommandFeed) -> None:
    feed.put(PhoneCommand(id="k1", source="pbx", call="c1", verb="hang_up"))
    page = await (await poll(client)).json()
    assert [entry["event"]["type"] for entry in page["commands"]] == ["phone.hang_up"]
    assert page["gap"] is False
    later = await (await poll(client, f"?after={page['next']}")).json()
    assert later == {"commands": [], "next": page["next"], "gap": False}


async def test_commands_that_are_with_another_process_are_no_empty_page(
    intake: RecordingIntake, feed: CommandFeed
) -> None:
    app, owned = web.Application(), ["pbx"]
    door = PhoneDoor(
        intake=intake, verifier=Verifier({"pbx": [SECRET]}), feed=feed, owns=lambda source: source in owned
    )
    app.add_routes(door.routes())
    async with TestClient(TestServer(app)) as client:
        assert (await poll(client)).status == 200
        owned.clear()
        response = await poll(client)
        assert (response.status, (await problem(response))["code"]) == (503, "busy")


async def test_an_unsigned_poll_is_401(client: Client) -> None:
    response = await client.get("/v1/phone/pbx/commands")
    assert (response.status, (await problem(response))["code"]) == (401, "bad_signature")


async def test_a_poll_for_a_source_nobody_configured_is_404(client: Client) -> None:
    assert (await poll(client, source="nobody")).status == 404


@pytest.mark.parametrize("after", ["-1", "x", "1.5", "", "9" * 40, "%00"])
async def test_a_cursor_that_is_not_a_number_is_422(client: Client, after: str) -> None:
    response = await poll(client, f"?after={after}")
    assert (response.status, (await problem(response))["field"]) == (422, "after")


# --- garbage --------------------------------------------------------------------------------------------------


VALUE = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12) | st.lists(st.none())
ALMOST = st.builds(
    lambda kind, data, more: body_of(kind, data, **more),
    st.sampled_from([*TYPES, "call.unknown"]),
    st.dictionaries(st.sampled_from(["dialled", "offer", "by", "digits", "number", "menu"]), VALUE),
    st.dictionaries(st.sampled_from(["id", "subject", "time", "source", "specversion"]), VALUE, max_size=2),
)
NOISE = st.binary(max_size=300) | ALMOST


def test_no_garbage_signed_or_not_is_ever_a_500(caplog: pytest.LogCaptureFixture) -> None:
    """One loop and one server for all examples."""
    with asyncio.Runner() as runner:
        app = web.Application()
        feed = CommandFeed(now=lambda: time.time_ns() // 1000)
        verifier = Verifier({"pbx": [SECRET]})
        app.add_routes(PhoneDoor(intake=RecordingIntake(), verifier=verifier, feed=feed).routes())

        async def opened() -> Client:
            client = TestClient(TestServer(app))
            await client.start_server()
            return client

        client = runner.run(opened())

        @settings(max_examples=250, deadline=None, suppress_health_check=list(HealthCheck))
        @given(NOISE, st.booleans())
        def throw(body: bytes, known: bool) -> None:
            headers = signed(body) if known and body.isascii() else {"webhook-signature": "v1,x"}
            response = runner.run(client.post("/v1/phone/pbx/events", data=body, headers=headers))
            assert response.status in (200, 401, 422)

        try:
            throw()
        finally:
            runner.run(client.close())
    assert "failed" not in caplog.text
