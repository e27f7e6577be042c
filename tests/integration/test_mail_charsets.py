"""Chinese mail in every encoding China sends, written by three libraries that are not ours."""

from __future__ import annotations

from collections.abc import Callable
from email.header import Header
from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from email.utils import formataddr

import django.core.mail
import emails
import pytest
from django.conf import settings
from test_mail_setting import BOX, RecordingIntake, connected, opened

SIMPLIFIED = "您好，我家的康佳电视机昨晚坏了。\n型号 LED55，请尽快派师傅上门维修！"
LETTERS = {
    "gb2312": ("张三", "投诉：电视机坏了 LED55", SIMPLIFIED),
    "gbk": ("陶喆", "朱镕基路的電視機坏了", SIMPLIFIED + "\n陶喆，镕"),
    "gb18030": ("𠮷田", "㐂事 𠮷祥 投诉", SIMPLIFIED + "\n𠮷 㐂"),
    "big5": ("王小明", "投訴：電視機壞了 LED55", "您好，我家的電視機昨晚壞了。\n請盡快派師傅上門維修！"),
    "utf-8": ("张三 Zhang", "投诉 😡", SIMPLIFIED + "\n😡"),
}
Builder = Callable[[str, str, str, str], bytes]


def by_django(charset: str, name: str, subject: str, text: str) -> bytes:
    if not settings.configured:
        settings.configure(USE_I18N=False)
    mail = django.core.mail.EmailMessage(subject, text, f"{name} <a@example.com>", [BOX])
    mail.encoding = charset
    return bytes(mail.message().as_bytes())


def by_emails(charset: str, name: str, subject: str, text: str) -> bytes:
    mail = emails.Message(text=text, subject=subject, mail_from=(name, "a@example.com"), mail_to=BOX, charset=charset)
    mail.attach(filename="发票.pdf", data=b"%PDF-1.4")
    return bytes(mail.as_bytes())


def by_old_standard_library(charset: str, name: str, subject: str, text: str) -> bytes:
    mail = MIMEMultipart("alternative")
    mail["From"] = formataddr((Header(name, charset).encode(), "a@example.com"))
    mail["Subject"] = Header(subject, charset)
    mail.attach(MIMEText(text, "plain", charset))
    mail.attach(MIMEText(f"<p>{text}</p>", "html", charset))
    return mail.as_bytes()


def by_hand_in_bare_bytes(charset: str, name: str, subject: str, text: str) -> bytes:
    head = f"From: {name} <a@example.com>\nSubject: {subject}\nContent-Type: text/plain; charset={charset}\n\n"
    return (head + text).encode(charset)


@pytest.mark.parametrize("charset", LETTERS)
@pytest.mark.parametrize("build", [by_django, by_emails, by_old_standard_library, by_hand_in_bare_bytes])
async def test_chinese_mail_arrives_character_for_character(build: Builder, charset: str) -> None:
    name, subject, text = LETTERS[charset]
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await client.sendmail("a@example.com", [BOX], build(charset, name, subject, text))
    (mail,) = intake.mails
    assert (mail.sender, mail.sender_name, mail.subject, mail.text) == ("a@example.com", name, subject, text)
    assert mail.language == ("zh-TW" if charset == "big5" else "zh-CN")


@pytest.mark.parametrize("real", ["gb2312", "gbk", "gb18030", "big5", "utf-8"])
async def test_a_mail_that_names_no_charset_still_reads(real: str) -> None:
    text = LETTERS["big5" if real == "big5" else "gb2312"][2]
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await client.sendmail("a@example.com", [BOX], b"Subject: x\n\n" + text.encode(real))
    assert intake.mails[0].text == text


@pytest.mark.parametrize("claimed", ["gb2312", "iso-8859-1", "us-ascii", "utf-8"])
async def test_gbk_under_another_name_still_reads(claimed: str) -> None:
    intake = RecordingIntake()
    raw = f"Subject: x\nContent-Type: text/plain; charset={claimed}\n\n".encode() + SIMPLIFIED.encode("gbk")
    async with opened(intake) as door, connected(door) as client:
        await client.sendmail("a@example.com", [BOX], raw)
    assert intake.mails[0].text == SIMPLIFIED


async def test_an_attachments_chinese_name_arrives() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await client.sendmail("a@example.com", [BOX], by_emails("gb2312", *LETTERS["gb2312"]))
    assert [(file.name, file.size) for file in intake.mails[0].attachments] == [("发票.pdf", 8)]
