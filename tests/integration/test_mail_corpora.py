"""Mails that nobody here wrote, over real SMTP: every one accepted exactly once, none lost, none crashing."""

from __future__ import annotations

from pathlib import Path

import aiosmtplib
import pytest
from test_mail_setting import (
    BOX,
    RecordingIntake,
    bounce_mails,
    connected,
    cpython_mails,
    one_newline,
    opened,
)


async def deliver(client: aiosmtplib.SMTP, mails: list[Path]) -> list[str]:
    return [(await client.sendmail("sender@example.com", [BOX], mail.read_bytes()))[1] for mail in mails]


@pytest.mark.skipif(not cpython_mails(), reason="this Python is packaged without test.test_email's data")
async def test_every_mail_that_cpython_tests_its_parser_with_is_stored_once() -> None:
    await assert_each_is_stored_once(cpython_mails(), at_least=45)


async def test_every_bounce_that_flufl_bounce_knows_is_stored_once() -> None:
    await assert_each_is_stored_once(bounce_mails(), at_least=110)


async def assert_each_is_stored_once(mails: list[Path], *, at_least: int) -> None:
    intake = RecordingIntake()
    assert len(mails) >= at_least
    async with opened(intake) as door, connected(door) as client:
        first = await deliver(client, mails)
        again = await deliver(client, mails)
    assert [said for said in first if "ct_" not in said or "duplicate" in said] == []
    assert [said for said in again if "duplicate of ct_" not in said] == []
    assert sorted(one_newline(mail.raw) for mail in intake.mails) == sorted(
        one_newline(mail.read_bytes()) for mail in mails
    )
    for mail in intake.mails:
        (mail.text + mail.subject + mail.sender + mail.sender_name).encode()
        assert "\x00" not in mail.text + mail.subject


async def test_more_than_a_hundred_foreign_mails_go_through_one_door() -> None:
    intake = RecordingIntake()
    mails = cpython_mails() + bounce_mails()
    async with opened(intake) as door, connected(door) as client:
        await deliver(client, mails)
    assert len(intake.stored) == len(mails) > 100


async def test_nearly_every_bounce_is_marked_as_written_by_a_machine() -> None:
    """So that no acknowledgement of ours answers it (I50)."""
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await deliver(client, bounce_mails())
    unmarked = [mail.subject for mail in intake.mails if not mail.automatic]
    assert len(unmarked) <= len(intake.mails) // 10
