"""No relay: mail is kept where a person can read it."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from channels.mail.folder import EmlFolder, file_name
from channels.mail.parse import parse
from channels.port import ChannelDown, PhoneCommand, Refused, SendMail

MAIL = SendMail(
    id="mail/ct_1/1",
    sender="fuwu@konka.test",
    sender_name="康佳服务",
    to="zhang@example.com",
    subject="Re: 投诉",
    text="您好，\n明天上门。",
    message_id="<mail.1@konka.test>",
    automatic=True,
)


def folder(path: Path) -> EmlFolder:
    return EmlFolder(path / "outbox", now=lambda: 1_732_240_000_000_000)


def content_of(path: str) -> bytes:
    return Path(path).read_bytes()


async def keep(outbox: EmlFolder, what: SendMail = MAIL) -> str:
    """The path that the folder says."""
    return (await outbox.send(what)).removeprefix("kept as ")


def mail(**changes: Any) -> SendMail:
    return msgspec.structs.replace(MAIL, **changes)


async def test_a_kept_mail_is_a_whole_mail(tmp_path: Path) -> None:
    path = await keep(folder(tmp_path))
    kept = parse(content_of(path), mailbox="x")
    assert (kept.message_id, kept.subject, kept.text) == (MAIL.message_id, MAIL.subject, MAIL.text)
    assert path == str(tmp_path / "outbox" / "mail%2Fct_1%2F1.eml")


async def test_the_same_mail_twice_is_the_same_file(tmp_path: Path) -> None:
    first, second = await keep(folder(tmp_path)), await keep(folder(tmp_path))
    assert first == second
    assert os.listdir(tmp_path / "outbox") == ["mail%2Fct_1%2F1.eml"]


async def test_the_latest_are_listed_first_with_what_a_person_wants_to_see(tmp_path: Path) -> None:
    outbox = folder(tmp_path)
    for number in range(3):
        path = await keep(outbox, mail(id=str(number), subject=f"第{number}封"))
        os.utime(path, ns=(number * 1_000_000, number * 1_000_000))
    (tmp_path / "outbox" / ".half.part").write_bytes(b"half")
    newest, older = outbox.kept(2)
    assert (newest.subject, newest.to, newest.text, newest.at) == ("第2封", "<zhang@example.com>", MAIL.text, 2000)
    assert (newest.sender, newest.sender_name, newest.automatic) == (MAIL.sender, MAIL.sender_name, True)
    assert older.subject == "第1封"


def test_an_empty_or_missing_folder_lists_nothing(tmp_path: Path) -> None:
    assert folder(tmp_path).kept(10) == []


@pytest.mark.parametrize("one", ["../../etc/passwd", "..", ".", "", "a/b", "a\\b", "\x00", "好", "\ud800", "x" * 500])
def test_no_id_leaves_the_folder(one: str) -> None:
    name = file_name(one)
    assert name.endswith(".eml")
    assert "/" not in name
    assert "\\" not in name
    assert not name.startswith(".")
    assert len(name.encode()) < 255


def test_different_ids_are_different_files() -> None:
    ids = ["a/b", "a%2Fb", "a.b", "a", "x" * 500, "x" * 501, "x" * 499 + "y", ""]
    assert len({file_name(one) for one in ids}) == len(ids)


async def test_a_folder_that_cannot_be_written_is_tried_again_later(tmp_path: Path) -> None:
    (tmp_path / "outbox").write_text("a file is in the way")
    with pytest.raises(ChannelDown):
        await folder(tmp_path).send(MAIL)


async def test_what_is_no_mail_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused):
        await folder(tmp_path).send(PhoneCommand(id="1", source="pbx", call="c", verb="ring"))
