"""What goes on the wire: exact ids, whole Chinese, and no header but ours."""

from __future__ import annotations

from email import message_from_bytes, policy
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.mail.compose import address, compose
from channels.mail.parse import parse
from channels.port import Refused, SendMail

NOON = 1_732_240_000_123_456
MAIL = SendMail(
    id="1", sender="fuwu@konka.test", sender_name="康佳", to="a@b.com", subject="您好", text="正文", message_id="<1@x>"
)
EXCHANGE = f"<{'A' * 85}@{'B' * 40}.prod.outlook.com>"
OURS = {"From", "To", "Subject", "Date", "Message-ID", "Content-Type", "Content-Transfer-Encoding", "MIME-Version"}


def wire(**changes: Any) -> bytes:
    return compose(msgspec.structs.replace(MAIL, **changes), now=NOON).as_bytes()


@pytest.mark.parametrize(
    "text",
    [
        "康佳集团客户服务中心（深圳）华侨城总部售后服务部，热线电话与投诉处理，二十四小时为您服务",
        "Zoë and Chloë " * 15 + "end",
        'Doe, John "the boss" <x@y> \\ back',
        "=?utf-8?q?typed?=",
        "x" * 300,
        "😡 𠮷",
    ],
)
def test_names_and_subjects_arrive_exactly(text: str) -> None:
    mail = parse(wire(sender_name=text, subject=text), mailbox="x")
    assert (mail.sender, mail.sender_name, mail.subject) == ("fuwu@konka.test", text, text)


def test_another_parser_reads_the_same() -> None:
    message = message_from_bytes(wire(sender_name="康佳 服务"), policy=policy.default)
    assert message["subject"] == "您好"
    assert message["from"].addresses[0].display_name == "康佳 服务"
    assert message.get_content().strip() == "正文"


def test_ids_are_never_folded_or_encoded() -> None:
    raw = wire(in_reply_to=EXCHANGE, references=("<r@x>", EXCHANGE))
    assert f"In-Reply-To: {EXCHANGE}\r\n".encode() in raw
    assert f"References: <r@x>\r\n {EXCHANGE}\r\n".encode() in raw
    assert b"Message-ID: <1@x>\r\n" in raw


def test_the_mail_answered_ends_the_references() -> None:
    assert parse(wire(in_reply_to="<9@x>", references=("<1@y>",)), mailbox="x").references == ("<1@y>", "<9@x>")


def test_ids_of_somebodys_own_making_are_left_out() -> None:
    raw = wire(in_reply_to="<a b@x>\r\nBcc: q@x.com", references=("no id", "<ok@x>", "<中@x>"))
    assert b"In-Reply-To" not in raw
    assert b"References: <ok@x>\r\n" in raw


@pytest.mark.parametrize("bad", ["", "1@x", "<1@x>\r\nBcc: a@b", "<a b>", "<é@x>"])
def test_a_message_id_that_is_none_is_refused(bad: str) -> None:
    with pytest.raises(Refused):
        wire(message_id=bad)


def test_an_automatic_mail_says_so() -> None:
    raw = wire(automatic=True)
    assert b"Auto-Submitted: auto-replied\r\n" in raw
    assert b"Auto-Submitted" not in wire()
    assert parse(raw, mailbox="x").automatic == "auto_reply"


def test_the_date_is_the_instant_it_was_given() -> None:
    assert b"Date: Fri, 22 Nov 2024 01:46:40 +0000\r\n" in wire()


def test_the_same_mail_twice_is_the_same_bytes() -> None:
    assert wire() == wire()


def test_an_international_domain_goes_out_in_ascii() -> None:
    assert address(" a@例子.com ") == "a@xn--fsqu00a.com"


@given(st.text(max_size=60), st.text(max_size=60), st.text(max_size=200))
@settings(max_examples=200, deadline=None)
def test_nothing_that_was_written_adds_a_header(name: str, subject: str, text: str) -> None:
    raw = wire(sender_name=name, subject=subject, text=text, language=subject, in_reply_to=name, references=(subject,))
    head, _, _ = raw.partition(b"\r\n\r\n")
    lines = [line for line in head.split(b"\r\n") if not line.startswith(b" ")]
    assert {line.partition(b":")[0].decode() for line in lines} <= OURS | {"Content-Language"}
    assert b"\r" not in head.replace(b"\r\n", b"")
    assert b"\n" not in head.replace(b"\r\n", b"")
    assert max(len(line) for line in raw.split(b"\r\n")) <= 998


@given(st.text(max_size=60).map(lambda text: f"a@{text}b.com"))
@settings(max_examples=200, deadline=None)
def test_an_address_is_safe_or_refused(text: str) -> None:
    try:
        safe = address(text)
    except Refused:
        return
    assert safe.isprintable()
    assert not set(safe) & set(' <>,;:"()')
    assert safe.count("@") == 1
