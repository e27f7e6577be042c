"""Bad input at each door: refused in the words of the door, nothing stored half, and the service still takes a call."""

from __future__ import annotations

import asyncio
import base64
import datetime as dt
import hashlib
import hmac
import io
import itertools
import json
import smtplib
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import suppress
from typing import Any

import aiohttp
import pytest
from floor import HOTLINE, MAILBOX, operator
from process import Service
from standardwebhooks import Webhook
from stored import counts
from yarl import URL

from contactcenter.clock import SystemClock

numbers = itertools.count(1)


def event(**more: Any) -> dict[str, Any]:
    name = f"evt-{next(numbers)}"
    data = {"dialled": HOTLINE, "caller": "13800000109"}
    found = {"specversion": "1.0", "id": name, "source": "/pbx", "type": "call.offered", "subject": name, "data": data}
    return {key: value for key, value in {**found, **more}.items() if value is not None}


def signed(secret: str, body: bytes, *, name: str = "", at: float | None = None) -> dict[str, str]:
    """The headers of Standard Webhooks, by its library where the body is text."""
    instant = int(SystemClock().now() / 1e6 if at is None else at)
    name = name or f"msg-{next(numbers)}"
    try:
        made = Webhook(secret).sign(name, dt.datetime.fromtimestamp(instant, dt.UTC), body.decode())
    except UnicodeDecodeError:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        digest = hmac.new(key, f"{name}.{instant}.".encode() + body, hashlib.sha256).digest()
        made = f"v1,{base64.b64encode(digest).decode()}"
    return {"webhook-id": name, "webhook-timestamp": str(instant), "webhook-signature": made}


async def post(
    service: Service, body: bytes, headers: dict[str, str], *, source: str = "pbx-1", path: str = ""
) -> tuple[int, dict[str, Any]]:
    url = service.url + (path or f"/v1/phone/{source}/events")
    async with (
        aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session,
        session.post(url, data=body, headers={"content-type": "application/cloudevents+json", **headers}) as answer,
    ):
        text = await answer.text()
        return answer.status, json.loads(text) if text.startswith("{") else {"text": text}


async def say(service: Service, what: dict[str, Any] | bytes, **more: Any) -> tuple[int, dict[str, Any]]:
    """A rightly signed event."""
    body = what if isinstance(what, bytes) else json.dumps(what).encode()
    return await post(service, body, signed(service.access["secret"], body), **more)


# --- the phone platform's door ------------------------------------------------------------------------------


async def test_a_wrong_signature_is_401(unharmed: Service) -> None:
    body = json.dumps(event()).encode()
    right = signed(unharmed.access["secret"], body)
    other = "whsec_" + base64.b64encode(b"x" * 32).decode()
    wrong: list[dict[str, str]] = [
        signed(other, body),
        {**right, "webhook-id": "another"},
        {**right, "webhook-signature": "v1,"},
        {**right, "webhook-signature": "v1," + "A" * 44},
        {**right, "webhook-signature": "v2" + right["webhook-signature"][2:]},
        {**right, "webhook-signature": "乱码".encode().decode("latin-1")},
        {**right, "webhook-timestamp": "now"},
        {**right, "webhook-timestamp": str(int(right["webhook-timestamp"]) + 1)},
        *({key: value for key, value in right.items() if key != missing} for missing in right),
        {},
    ]
    for headers in wrong:
        status, problem = await post(unharmed, body, headers)
        assert (status, problem["code"]) == (401, "bad_signature"), (headers, status, problem)
    status, problem = await post(unharmed, body + b" ", right)
    assert (status, problem["code"]) == (401, "bad_signature")


async def test_a_stale_timestamp_is_401_from_the_past_and_from_the_future(unharmed: Service) -> None:
    body = json.dumps(event()).encode()
    for away in (-301, -86_400, 302, 10**9):
        headers = signed(unharmed.access["secret"], body, at=time.time() + away)
        status, problem = await post(unharmed, body, headers)
        assert (status, problem["code"]) == (401, "stale_timestamp"), away


async def test_an_unknown_source_is_404(unharmed: Service) -> None:
    for source in ("pbx-2", "..", "%2e%2e%2fpbx-1", "pbx-1%00", "瑞讯", "x" * 500):
        status, _ = await say(unharmed, event(), source=source)
        assert status == 404, source


async def test_an_unknown_line_is_404(unharmed: Service) -> None:
    for line in ("4009999999", "", "0", "' OR 1=1 --", "九" * 40):
        status, problem = await say(unharmed, event(data={"dialled": line, "caller": "13800000109"}))
        assert status in (404, 422), (line, status, problem)
        assert problem["code"] in ("unknown_door", "malformed")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b"", ""),
        (b"{", ""),
        (b"[]", ""),
        (b"null", ""),
        (b"[" * 200_000, ""),
        (b'{"specversion": "1.0"}', ""),
        (event(specversion="0.3"), "specversion"),
        (event(id=None), "id"),
        (event(id=""), "id"),
        (event(id="x" * 129), "id"),
        (event(id=7), "id"),
        (event(subject=None), "subject"),
        (event(subject="x" * 5000), "subject"),
        (event(subject="nul\x00"), "subject"),
        (event(type=None), "type"),
        (event(type="call.exploded"), "type"),
        (event(time="yesterday"), "time"),
        (event(time="2026-01-31T12:00:00"), "time"),
        (event(data=None), "data"),
        (event(data="x"), "data"),
        (event(data={}), "data.dialled"),
        (event(data={"dialled": 4000000101}), "data.dialled"),
        (event(data={"dialled": HOTLINE, "caller": ["1"]}), "data.caller"),
        (event(data={"dialled": HOTLINE, "caller": "1" * 10_000}), "data.caller"),
        (event(data={"dialled": HOTLINE, "caller": "nul\x00"}), "data.caller"),
        (event(data={"dialled": HOTLINE, "alerting": "maybe"}), "data.alerting"),
        (event(data={"dialled": HOTLINE, "language": "not a language!"}), "data.language"),
        (event(type="call.answered", data={}), "data"),
        (event(type="call.released", data={"by": "nobody"}), "data.by"),
        (event(type="callback.requested", data={"dialled": HOTLINE}), "data.number"),
        (
            event(type="callback.requested", data={"dialled": HOTLINE, "number": "1", "window_from": "x"}),
            "data.window_from",
        ),
        (event(type="voicemail.left", data={"dialled": HOTLINE, "seconds": -1}), "data.seconds"),
        (event(type="voicemail.left", data={"dialled": HOTLINE, "seconds": 10**30}), "data.seconds"),
    ],
)
async def test_a_malformed_event_is_422_and_names_the_field(
    shared: Service, body: bytes | dict[str, Any], field: str
) -> None:
    before, mark = await counts(shared), len(shared.log)
    status, problem = await say(shared, body)
    assert (status, problem.get("code")) == (422, "malformed"), problem
    assert problem["field"].startswith(field) if field else problem["detail"], problem
    assert "Traceback" not in shared.log[mark:]
    assert await counts(shared) == before


async def test_after_all_that_is_malformed_a_call_is_served(unharmed: Service) -> None:
    for body in (b"", b"{", b"\x00" * 1000, b'{"id": "\\ud800"}'):
        status, _ = await say(unharmed, body)
        assert status == 422


async def test_a_body_that_is_too_large_is_413_whether_it_says_so_or_not(unharmed: Service) -> None:
    body = json.dumps(event(data={"dialled": HOTLINE, "caller": "1", "more": "x" * 300_000})).encode()
    status, problem = await say(unharmed, body)
    assert (status, problem["code"]) == (413, "too_large")

    async def drip() -> AsyncIterator[bytes]:
        for _ in range(40):
            yield b"x" * 10_000

    headers = signed(unharmed.access["secret"], body)
    async with aiohttp.ClientSession() as session:
        try:
            async with session.post(f"{unharmed.url}/v1/phone/pbx-1/events", data=drip(), headers=headers) as answer:
                assert answer.status == 413
        except aiohttp.ClientError:
            pass  # hung up on, in the middle of it


async def test_the_same_event_again_is_a_duplicate_and_another_content_is_409(shared: Service) -> None:
    first = event(data={"dialled": HOTLINE, "caller": "13800000109"})
    status, receipt = await say(shared, first)
    assert (status, receipt["duplicate"]) == (200, False)
    before = await counts(shared)
    for _ in range(3):
        status, again = await say(shared, first)
        assert (status, again["duplicate"], again["contact"]) == (200, True, receipt["contact"])
        assert again["instruction"] == receipt["instruction"], "the first answer again"
    status, problem = await say(shared, {**first, "data": {"dialled": HOTLINE, "caller": "13900000000"}})
    assert (status, problem["code"]) == (409, "different_payload")
    assert await counts(shared) == before
    status, _ = await say(shared, event(type="call.released", subject=first["subject"], data={"by": "customer"}))
    assert status == 200


async def test_twenty_repeats_at_once_are_stored_once(shared: Service) -> None:
    one = event()
    answers = await asyncio.gather(*(say(shared, one) for _ in range(20)))
    assert {status for status, _ in answers} <= {200, 202}
    assert len({receipt["contact"] for _, receipt in answers}) == 1
    assert sum(not receipt["duplicate"] for _, receipt in answers) == 1
    await say(shared, event(type="call.released", subject=one["subject"], data={"by": "customer"}))


# --- the API ------------------------------------------------------------------------------------------------


async def test_wrong_tokens_methods_and_paths_are_problem_documents(unharmed: Service) -> None:
    token = unharmed.access["operator"]
    asked = [
        ("GET", "/v1/contacts", "", 401),
        ("GET", "/v1/contacts", "wrong", 401),
        ("GET", "/v1/contacts", "x" * 5000, 401),
        ("GET", f"/v1/contacts?token={token}", "", 401),
        ("DELETE", "/v1/contacts", token, 405),
        ("PUT", "/v1/queues", token, 405),
        ("GET", "/v1/nothing", token, 404),
        ("GET", "/v2/contacts", token, 404),
        ("GET", "/v1/contacts/ct_nobody", token, 404),
        ("GET", "/v1/contacts/%00", token, 422),
        ("GET", "/../../etc/passwd", token, 404),
        ("GET", "/..%2f..%2fetc%2fpasswd", token, 404),
        ("GET", "/secrets.json", token, 404),
        ("GET", "/v1/contacts?limit=0", token, 422),
        ("GET", "/v1/contacts?limit=many", token, 422),
        ("GET", "/v1/contacts?before=%00", token, 422),
        ("GET", "/v1/contacts?colour=red", token, 422),
        ("GET", "/v1/reports/day?date=2026-13-45", token, 422),
        ("GET", "/v1/customers?kind=shoe&value=44", token, 422),
        ("POST", "/v1/configuration", token, 422),
        ("POST", "/v1/tokens", token, 422),
        ("POST", "/v1/contacts/ct_nobody/close", token, 404),
    ]
    async with aiohttp.ClientSession() as session:
        for method, path, given, expected in asked:
            headers = {"Authorization": f"Bearer {given}"} if given else {}
            body = {"reason": "x"} if path.endswith("/close") else {} if method == "POST" else None
            url = URL(unharmed.url + path, encoded=True)
            async with session.request(method, url, headers=headers, json=body) as answer:
                text = await answer.text()
                assert answer.status == expected, (method, path, answer.status, text)
                assert answer.content_type == "application/problem+json", (method, path, text)
                problem = json.loads(text)
                assert problem["status"] == expected
                assert problem["code"]


async def test_a_body_that_is_no_json_or_too_large_is_refused_by_the_api(unharmed: Service) -> None:
    headers = {"Authorization": f"Bearer {unharmed.access['operator']}"}
    bodies: list[tuple[bytes, str, tuple[int, ...]]] = [
        (b"{", "application/json", (400, 422)),
        (b"\xff", "application/json", (400, 422)),
        (b"kind=agent", "application/x-www-form-urlencoded", (415,)),
        (b'{"kind": "agent", "subject": "a1002", "colour": "red"}', "application/json", (422,)),
        (b'{"kind": "king", "subject": "a1002"}', "application/json", (422,)),
        (b'{"kind": "agent", "subject": "' + b"x" * 2_000_000 + b'"}', "application/json", (413,)),
    ]
    async with aiohttp.ClientSession() as session:
        for body, kind, expected in bodies:
            given = {**headers, "Content-Type": kind}
            async with session.post(f"{unharmed.url}/v1/tokens", data=io.BytesIO(body), headers=given) as answer:
                assert answer.status in expected, (body[:60], answer.status, await answer.text())


async def test_a_peer_that_speaks_no_http_is_sent_away(unharmed: Service) -> None:
    host, port = "127.0.0.1", int(unharmed.url.rpartition(":")[2])
    for noise in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"EHLO you\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x00" * 70_000,
    ):
        reader, writer = await asyncio.open_connection(host, port)
        mark = len(unharmed.log)
        writer.write(noise)
        writer.write_eof()
        async with asyncio.timeout(10):
            with suppress(ConnectionError):
                assert b" 200 " not in (await reader.read(65_536))[:20]
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        assert len(unharmed.log) - mark < 2_000, (
            f"{len(noise)} bytes of noise fill the log: {unharmed.log[mark:][:3000]}"
        )


# --- the mail door ------------------------------------------------------------------------------------------


@pytest.fixture
def post_office(shared: Service) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP(*shared.smtp, timeout=20) as connection:
        connection.ehlo()
        yield connection


async def test_an_unknown_recipient_is_550_and_the_known_one_beside_it_is_served(
    unharmed: Service, post_office: smtplib.SMTP
) -> None:
    await asyncio.to_thread(_knock, post_office)


def _knock(door: smtplib.SMTP) -> None:
    assert door.mail("li@customer.example")[0] == 250
    wrong = ("nobody@kangjia.example", "service@else.example", "postmaster@[127.0.0.1]", "<>", "a b@c", "x" * 3000)
    for recipient in wrong:
        code, said = door.rcpt(recipient)
        assert 500 <= code < 600, (recipient, code, said)
    assert door.rcpt("nobody@kangjia.example")[0] == 550
    code, said = door.docmd("DATA")
    assert code in (503, 554), said
    door.rset()


async def test_a_mail_that_is_too_large_is_552_and_nothing_of_it_is_kept(
    unharmed: Service, post_office: smtplib.SMTP
) -> None:
    """Whether the sender says its size or not. The limit here is 200,000 bytes."""

    def send() -> None:
        code, _ = post_office.mail("li@customer.example", options=["SIZE=300000"])
        assert code == 552
        post_office.rset()
        post_office.mail("li@customer.example")
        assert post_office.rcpt(MAILBOX)[0] == 250
        body = b"Subject: x\r\n\r\n" + b"0123456789abcdef" * 4 + b"\r\n"
        with pytest.raises(smtplib.SMTPDataError) as refused:
            _data(post_office, body + (b"y" * 70 + b"\r\n") * 4000)
        assert refused.value.smtp_code == 552
        post_office.rset()

    await asyncio.to_thread(send)


def _data(door: smtplib.SMTP, body: bytes) -> tuple[int, bytes]:
    code, said = door.data(body)
    if code != 250:
        raise smtplib.SMTPDataError(code, said)
    return code, said


async def test_noise_at_the_mail_door_is_refused_and_the_door_stays_open(unharmed: Service) -> None:
    host, port = unharmed.smtp
    for noise in (
        b"\x00\x01\x02\r\n",
        b"GET / HTTP/1.1\r\n\r\n",
        b"x" * 100_000 + b"\r\n",
        b"MAIL FROM:\r\nRCPT\r\nDATA\r\n",
    ):
        reader, writer = await asyncio.open_connection(host, port)
        async with asyncio.timeout(10):
            assert (await reader.readline()).startswith(b"220")
            writer.write(noise)
            with suppress(ConnectionError):
                assert (await reader.readline())[:1] in (b"5", b"4", b"")
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()


async def test_a_mail_broken_off_before_its_end_leaves_nothing(unharmed: Service) -> None:
    host, port = unharmed.smtp
    reader, writer = await asyncio.open_connection(host, port)
    async with asyncio.timeout(10):
        await reader.readline()
        for line in (b"HELO me", b"MAIL FROM:<li@customer.example>", f"RCPT TO:<{MAILBOX}>".encode(), b"DATA"):
            writer.write(line + b"\r\n")
            assert (await reader.readline())[:1] in b"23"
        writer.write("Subject: 半封\r\n\r\n只写了一".encode())
        await writer.drain()
        writer.close()
        await writer.wait_closed()
    await asyncio.sleep(0.3)


async def test_nothing_is_served_twice_to_the_operator_after_all_of_it(shared: Service) -> None:
    """What came in and what is there still agree."""
    async with operator(shared) as api:
        board = await api.get("/v1/queues")
    assert board["conservation"]["imbalance"] == 0
