"""Raw bytes to MailArrived: every fallback."""

from __future__ import annotations

import base64
import hashlib

import pytest

from channels.mail.parse import parse
from channels.port import Attachment, MailArrived

BOX = "fuwu@konka.test"


def arrived(head: str | bytes, body: str | bytes = b"hi\n") -> MailArrived:
    top = head if isinstance(head, bytes) else head.encode()
    rest = body if isinstance(body, bytes) else body.encode()
    return parse(top.strip(b"\n").replace(b"\n", b"\r\n") + b"\r\n\r\n" + rest.replace(b"\n", b"\r\n"), mailbox=BOX)


def multipart(kind: str, *parts: str) -> MailArrived:
    inside = "".join(f"--B\n{part}\n" for part in parts)
    return arrived(f"Content-Type: multipart/{kind}; boundary=B", f"{inside}--B--\n")


def test_an_ordinary_mail_is_read_whole() -> None:
    mail = arrived(
        "From: =?utf-8?b?5byg5LiJ?= <zhang@example.com>\nSubject: =?gb2312?B?zbbL3w==?=\nMessage-ID: <1@x>\n"
        "Date: Fri, 22 Nov 2024 09:46:40 +0800\nContent-Type: text/plain; charset=gb2312",
        "您好，请维修".encode("gb2312"),
    )
    assert (mail.sender, mail.sender_name, mail.subject) == ("zhang@example.com", "张三", "投诉")
    assert (mail.text, mail.language, mail.automatic) == ("您好，请维修", "zh-CN", "")
    assert (mail.source, mail.mailbox, mail.external_id, mail.message_id) == (BOX, BOX, "<1@x>", "<1@x>")
    assert mail.occurred_at == 1_732_240_000_000_000


@pytest.mark.parametrize("head", ["Subject: x", "Message-ID:", "Message-ID: <>", "Message-ID:   < >"])
def test_a_mail_without_an_id_is_known_by_its_bytes(head: str) -> None:
    mail = arrived(head)
    assert mail.external_id == f"sha256:{hashlib.sha256(mail.raw).hexdigest()}"
    assert mail.message_id == ""


def test_an_id_too_long_for_a_key_is_known_by_its_bytes() -> None:
    assert arrived(f"Message-ID: <{'a' * 600}@x>").external_id.startswith("sha256:")


def test_an_id_in_wrong_dress_is_still_an_id() -> None:
    assert arrived("Message-ID: abc@x").external_id == "abc@x"
    assert arrived("Message-ID:\n <abc@x> (added by relay)").external_id == "<abc@x>"


def test_the_raw_mail_is_kept_as_it_came() -> None:
    raw = b"\xff\xfe\x00 nothing like a mail"
    assert parse(raw, mailbox=BOX).raw == raw


def test_references_are_oldest_first_and_each_once() -> None:
    mail = arrived("References: <a@x> <b@x>\n <a@x>\nIn-Reply-To: <c@x>")
    assert mail.references == ("<a@x>", "<b@x>", "<c@x>")


def test_a_very_long_thread_keeps_its_root_and_its_latest() -> None:
    mail = arrived("References: " + "\n ".join(f"<{n}@x>" for n in range(300)))
    assert len(mail.references) == 100
    assert (mail.references[0], mail.references[-1]) == ("<0@x>", "<299@x>")


def test_bare_bytes_in_headers_are_read_by_the_bodys_charset() -> None:
    head = "From: 王小明 <w@x.com>\nSubject: 壞了\nContent-Type: text/plain; charset=big5".encode("big5")
    mail = arrived(head)
    assert (mail.subject, mail.sender_name, mail.sender) == ("壞了", "王小明", "w@x.com")


def test_bare_gbk_in_a_header_without_any_charset_is_found() -> None:
    assert arrived("Subject: 康佳电视投诉".encode("gbk")).subject == "康佳电视投诉"


def test_a_character_cut_between_two_encoded_words_is_joined() -> None:
    data = "电视机坏了".encode("gbk")
    halves = (base64.b64encode(data[:5]).decode(), base64.b64encode(data[5:]).decode())
    assert arrived(f"Subject: =?gbk?B?{halves[0]}?=\n =?gbk?B?{halves[1]}?=").subject == "电视机坏了"


@pytest.mark.parametrize(
    ("subject", "read"),
    [
        ("=?utf-8?B?5oKo5aW9?= =?utf-8?Q?=EF=BC=8C?= ok", "您好， ok"),
        ("Re: =?gb2312?Q?=CD=B6=CB=DF?= (1)", "Re: 投诉 (1)"),
        ("=?gb2312?B?zbbL3w?=", "投诉"),
        ("=?gb2312*zh?B?zbbL3w==?=", "投诉"),
        ("=?no-such?B?5oKo5aW9?=", "您好"),
        ("=?utf-8?B?!!!?=", "!!!"),
        ("=?utf-8?X?abc?=", "=?utf-8?X?abc?="),
        ("=?utf-8?Q?a=0D=0ABcc:_x=00?=", "a Bcc: x"),
        ("=?utf-8?q?two words?=", "two words"),
        ("a\n b", "a b"),
    ],
)
def test_encoded_words_are_read_even_when_they_are_wrong(subject: str, read: str) -> None:
    assert arrived(f"Subject: {subject}").subject == read


def test_a_subject_is_bounded() -> None:
    assert len(arrived(f"Subject: {'x' * 5000}").subject) == 998


@pytest.mark.parametrize(
    ("sender", "address", "name"),
    [
        ("a@b.com (Anne)", "a@b.com", "Anne"),
        ('"=?utf-8?b?5byg5LiJ?=" <a@b.com>', "a@b.com", "张三"),
        ("=?utf-8?b?5byg5LiJIDxhQGIuY29tPg==?=", "a@b.com", "张三"),
        ("<<a@b.com>>", "a@b.com", ""),
        ('"Doe, John" <j@b.com>, other@x.com', "j@b.com", "Doe, John"),
        ('"System Admin"@b.com', '"System Admin"@b.com', ""),
        ("nobody in particular", "", "nobody in particular"),
        ("(" * 4000 + "a@b.com", "a@b.com", ""),
    ],
)
def test_the_writer_is_found(sender: str, address: str, name: str) -> None:
    mail = arrived(f"From: {sender}")
    assert (mail.sender, mail.sender_name) == (address, name)


def test_without_a_from_the_next_best_header_names_the_writer() -> None:
    assert arrived("Reply-To: r@x.com").sender == "r@x.com"
    assert parse(b"Subject: x\n\nhi", mailbox=BOX, envelope_from="e@x.com").sender == "e@x.com"


def test_plain_text_is_preferred_to_html() -> None:
    mail = multipart("alternative", "Content-Type: text/html\n\n<b>rich</b>", "Content-Type: text/plain\n\nplain")
    assert mail.text == "plain"


def test_an_empty_plain_part_gives_way_to_html() -> None:
    mail = multipart("alternative", "Content-Type: text/plain\n\n \n", "Content-Type: text/html\n\n<p>好</p>")
    assert mail.text == "好"


def test_a_footer_does_not_hide_the_letter_above_it() -> None:
    mail = multipart("mixed", "Content-Type: text/html\n\n<p>letter</p>", "Content-Type: text/plain\n\nfooter")
    assert mail.text == "letter\n\nfooter"


def test_html_declares_its_own_charset_where_the_header_does_not() -> None:
    html = '<html><meta charset="big5"><p>電</p>'.encode("big5")
    assert arrived("Content-Type: text/html", html).text == "電"


def test_attachments_are_listed_and_not_read() -> None:
    mail = multipart(
        "mixed",
        "Content-Type: text/plain\n\nsee invoice",
        'Content-Type: application/pdf; name="=?gbk?B?t6LGsS5wZGY=?="\nContent-Transfer-Encoding: base64\n\naGVsbG8=',
        "Content-Type: text/plain\nContent-Disposition: attachment; filename*=gb2312''%B7%A2%C6%B1.txt\n\nabc",
        'Content-Type: image/png\nContent-Disposition: inline; filename="..\\\\a/../b\\x.png"\n\n123',
    )
    assert mail.text == "see invoice"
    assert mail.attachments == (
        Attachment(name="发票.pdf", content_type="application/pdf", size=5),
        Attachment(name="发票.txt", content_type="text/plain", size=3),
        Attachment(name="x.png", content_type="image/png", size=3),
    )


def test_a_forwarded_mail_is_an_attachment_and_read_only_when_nothing_else_is_said() -> None:
    inner = "Content-Type: message/rfc822\n\nSubject: inner\nFrom: q@x.com\n\ninner text"
    assert multipart("mixed", "Content-Type: text/plain\n\nouter", inner).text == "outer"
    alone = multipart("mixed", inner)
    assert (alone.text, alone.attachments[0].content_type) == ("inner text", "message/rfc822")


def test_a_multipart_without_its_boundaries_shows_its_source() -> None:
    assert "where are" in arrived("Content-Type: multipart/mixed; boundary=Q", "where are the parts?\n").text
    assert "where are" in arrived("Content-Type: multipart/mixed", "where are the parts?\n").text


def test_a_cut_multipart_gives_what_arrived() -> None:
    body = "--B\nContent-Type: text/plain\n\nhalf a let"
    assert arrived("Content-Type: multipart/mixed; boundary=B", body).text == "half a let"


@pytest.mark.parametrize("depth", [50, 80, 99, 400, 2000])
def test_a_tree_too_deep_to_climb_is_read_as_text(depth: int) -> None:
    deep = "".join(f'Content-Type: multipart/mixed; boundary="b{n}"\n\n--b{n}\n' for n in range(depth))
    mail = parse(f"Subject: deep\n{deep}\nthe bottom\n".encode(), mailbox=BOX)
    assert mail.subject == "deep"
    assert "the bottom" in mail.text


def test_mails_within_mails_without_end_are_taken() -> None:
    mail = parse(b"Subject: onion\n" + b"Content-Type: message/rfc822\n\n" * 1500 + b"core", mailbox=BOX)
    assert mail.subject == "onion"
    assert mail.text.endswith("core")


def test_more_parts_than_anybody_writes_are_not_climbed() -> None:
    mail = arrived("Subject: many", 'Content-Type: multipart/mixed; boundary="x"\n' * 600)
    assert mail.subject == "many"


@pytest.mark.parametrize(
    ("encoding", "body", "read"),
    [
        ("base64", "5oKo5aW9", "您好"),
        ("base64", "5oKo5aW977", "您好"),
        ("BASE64 ", "这不是编码过的", "这不是编码过的"),
        ("quoted-printable", "=E6=82=A8=E5=A5=BD=\n!", "您好!"),
        ("quoted-printable", "=E6=82=A8=ZZ=", "您=ZZ"),
        ("no-such-encoding", "您好", "您好"),
        ("x-uuencode", "begin 644 x\nnot really\n", "begin 644 x\nnot really"),
    ],
)
def test_a_broken_transfer_encoding_gives_what_it_can(encoding: str, body: str, read: str) -> None:
    mail = arrived(f"Content-Type: text/plain; charset=utf-8\nContent-Transfer-Encoding: {encoding}", body)
    assert mail.text.rstrip("=\ufffd") == read


def test_no_headers_at_all_is_a_text() -> None:
    mail = parse("只有一行字".encode("gbk"), mailbox=BOX)
    assert (mail.text, mail.subject, mail.sender) == ("只有一行字", "", "")
    assert parse(b"", mailbox=BOX).text == ""


def test_nuls_are_gone_everywhere_postgres_would_meet_them() -> None:
    mail = arrived("From: a\x00 <a\x00@b.com>\nSubject: s\x00x\nMessage-ID: <i\x00d@x>", "t\x00t")
    assert "\x00" not in mail.sender + mail.sender_name + mail.subject + mail.text + mail.external_id


@pytest.mark.parametrize("date", ["", "yesterday", "Fri, 99 Foo 2024", "Thu, 01 Jan 1900 00:00:00 +0000", "1 " * 999])
def test_a_date_that_cannot_be_read_is_none(date: str) -> None:
    assert arrived(f"Date: {date}").occurred_at == 0


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Auto-Submitted: auto-replied", "auto_reply"),
        ("Auto-Submitted: auto-generated (cron)", "auto_reply"),
        ("Auto-Submitted: no", ""),
        ("Precedence: auto_reply", "auto_reply"),
        ("Precedence: bulk", "list"),
        ("List-Id: <news.x>", "list"),
        ("X-Autoreply: yes", "auto_reply"),
        ("Subject: =?utf-8?b?6Ieq5Yqo5Zue5aSNOiDmgqjlpb0=?=", "auto_reply"),
        ("Subject: Re: 自动回复的问题", ""),
        ("Return-Path: <>", "bounce"),
        ("From: MAILER-DAEMON@x.com\nPrecedence: bulk", "bounce"),
        ("Content-Type: multipart/report; report-type=delivery-status; boundary=B", "bounce"),
        ("From: a@b.com", ""),
    ],
)
def test_what_a_machine_wrote_is_marked(head: str, kind: str) -> None:
    assert arrived(head).automatic == kind


def test_the_null_envelope_sender_marks_a_bounce() -> None:
    assert parse(b"Subject: x\n\ny", mailbox=BOX, envelope_from="<>").automatic == "bounce"
    assert parse(b"Subject: x\n\ny", mailbox=BOX, envelope_from="a@b.com").automatic == ""
