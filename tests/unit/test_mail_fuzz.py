"""No bytes make the parser raise, and nothing it says is unstorable."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from channels.mail.parse import parse

LETTER = (
    b"From: =?gb2312?B?1cXI/Q==?= <zhang@example.com>\r\nTo: fuwu@konka.test\r\nMessage-ID: <1@example.com>\r\n"
    b"References: <0@x> <9@x>\r\nDate: Fri, 22 Nov 2024 09:46:40 +0800\r\nMIME-Version: 1.0\r\n"
    b'Subject: =?gbk?Q?=CD=B6=CB=DF?= =?utf-8?B?5oKo5aW9?=\r\nContent-Type: multipart/mixed; boundary="B"\r\n\r\n'
    b"--B\r\nContent-Type: multipart/alternative; boundary=C\r\n\r\n--C\r\nContent-Type: text/plain; charset=gb2312\r\n"
    b'Content-Transfer-Encoding: 8bit\r\n\r\n\xc4\xfa\xba\xc3\r\n--C\r\nContent-Type: text/html; charset="gbk"\r\n'
    b'Content-Transfer-Encoding: quoted-printable\r\n\r\n<p>=C4=FA</p><a href=3D"http://x">y</a>\r\n--C--\r\n'
    b"--B\r\nContent-Type: message/rfc822\r\n\r\nSubject: inner\r\n\r\nbody\r\n--B\r\n"
    b"Content-Type: application/pdf; name*0*=gb2312''%B7%A2; name*1*=%C6%B1\r\n"
    b"Content-Transfer-Encoding: base64\r\n\r\naGVsbG8=\r\n--B\r\n"
    b"Content-Type: message/delivery-status\r\n\r\nReporting-MTA: dns; x\r\n\r\nAction: failed\r\n--B--\r\n"
)
JUNK = st.one_of(
    st.binary(max_size=6),
    st.sampled_from(
        [b"\x00", b"\r\n", b"\n\n", b"=?", b"?=", b"--B", b"\xed\xa0\x80", b"<", b"charset=utf-7;", b"\xff"]
    ),
)


def texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [text for item in value for text in texts(item)] if isinstance(value, list | tuple | dict) else []


def assert_storable(raw: bytes) -> None:
    mail = parse(raw, mailbox="fuwu@konka.test")
    assert mail.external_id
    assert mail.raw == raw
    assert mail.occurred_at >= 0
    said = msgspec.structs.asdict(mail) | {"files": [msgspec.structs.astuple(file) for file in mail.attachments]}
    for text in texts(list(said.values())):
        assert "\x00" not in text
        text.encode()


def spoilt(edits: list[tuple[int, int, bytes]]) -> bytes:
    raw = LETTER
    for at, length, junk in edits:
        at %= len(raw) + 1
        raw = raw[:at] + junk + raw[at + length :]
    return raw


@given(st.binary(max_size=2000))
@example(b"")
@example(b"\n")
@example(b"Content-Type: text/html\n\n<" + b"<" * 50)
@example(b"Content-Type: multipart/mixed; boundary=\n\n--\n\n----")
@example(b"Subject: =?utf-7?Q?+2AA-?=\n\n")
@settings(max_examples=300, deadline=None)
def test_no_bytes_make_it_raise(raw: bytes) -> None:
    assert_storable(raw)


@given(st.lists(st.tuples(st.integers(0, 5000), st.integers(0, 40), JUNK), min_size=1, max_size=6))
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
def test_no_damage_to_a_letter_makes_it_raise(edits: list[tuple[int, int, bytes]]) -> None:
    assert_storable(spoilt(edits))


@given(st.text(max_size=80), st.sampled_from(["gbk", "gb18030", "big5hkscs", "utf-8"]))
@settings(max_examples=80, deadline=None)
def test_any_header_text_survives_as_one_clean_line(text: str, charset: str) -> None:
    data = text.encode(charset, "replace").replace(b"\r", b"").replace(b"\n", b"")
    raw = b"Subject: " + data + b"\r\nFrom: " + data + b" <a@b.com>\r\n\r\nx"
    assert_storable(raw)
    assert "\n" not in parse(raw, mailbox="x").subject
