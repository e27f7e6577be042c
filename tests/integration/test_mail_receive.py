"""The mail door over real SMTP: what it says, and that 250 means stored."""

from __future__ import annotations

import asyncio
import hashlib
import logging
import smtplib
import ssl
from collections.abc import Callable, Coroutine
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import aiosmtplib
import pytest
import uvloop
from test_mail_setting import BOX, OTHER, RecordingIntake, connected, opened

from channels.mail.receive import MailDoor, Manners
from channels.port import DifferentPayload, IntakeBusy, MailArrived, Receipt, UnknownDoor

LETTER = b"From: a@example.com\r\nMessage-ID: <1@x>\r\nSubject: hello\r\n\r\nsecret words\r\n"


class Held(RecordingIntake):
    """An intake that stores when it is told to."""

    def __init__(self) -> None:
        super().__init__()
        self.entered, self.released = asyncio.Event(), asyncio.Event()

    async def accept(self, inbound: object) -> Receipt:
        self.entered.set()
        await self.released.wait()
        assert isinstance(inbound, MailArrived)
        return await super().accept(inbound)


async def sent(client: aiosmtplib.SMTP, raw: bytes = LETTER, *to: str) -> str:
    return (await client.sendmail("a@example.com", list(to) or [BOX], raw))[1]


async def refusal(client: aiosmtplib.SMTP, raw: bytes = LETTER, *to: str) -> tuple[int, str]:
    with pytest.raises(aiosmtplib.SMTPDataError) as caught:
        await sent(client, raw, *to)
    return caught.value.code, caught.value.message


async def lines_of(door: MailDoor, *said: bytes) -> bytes:
    """Everything the door says to a peer that says these and then listens."""
    reader, writer = await asyncio.open_connection(*door.address)
    writer.write(b"".join(said))
    heard = await asyncio.wait_for(reader.read(), 10)
    writer.close()
    await writer.wait_closed()
    return heard


async def assert_there_is_room_again(door: MailDoor) -> None:
    async with asyncio.timeout(5):
        while (await lines_of(door, b"QUIT\r\n")).startswith(b"421"):
            pass


async def test_a_stored_mail_is_acknowledged_with_its_contact() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        assert await sent(client) == "2.6.0 stored: ct_0"
    assert (intake.mails[0].source, intake.mails[0].raw) == (BOX, LETTER)


async def test_the_same_mail_again_is_a_duplicate() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await sent(client)
        assert "duplicate of ct_0" in await sent(client)
    assert len(intake.stored) == 1


async def test_an_unknown_recipient_is_refused_by_name() -> None:
    async with opened(RecordingIntake()) as door, connected(door) as client:
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused) as caught:
            await sent(client, LETTER, "nobody@konka.test")
    refused = caught.value.recipients[0]
    assert (refused.code, refused.message) == (550, "5.1.1 <nobody@konka.test>: no such mailbox here")


async def test_recipients_match_whatever_their_case_and_keep_the_configured_spelling() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await sent(client, LETTER, "FuWu@KONKA.test", BOX)
    assert [mail.mailbox for mail in intake.mails] == [BOX]


async def test_the_mailboxes_may_change_while_the_door_is_open() -> None:
    boxes = [BOX]
    door = MailDoor(RecordingIntake(), mailboxes=lambda: boxes)
    await door.start()
    async with connected(door) as client:
        boxes[:] = [OTHER]
        with pytest.raises(aiosmtplib.SMTPRecipientsRefused):
            await sent(client)
        assert "stored" in await sent(client, LETTER, OTHER)
    await door.stop()


async def test_one_mail_to_two_mailboxes_is_stored_for_each() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        assert await sent(client, LETTER, BOX, OTHER) == "2.6.0 stored: ct_0, ct_1"
    assert list(intake.stored) == [(BOX, "<1@x>"), (OTHER, "<1@x>")]


async def test_two_mailboxes_are_acknowledged_only_together() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await sent(client)
        intake.failures = [IntakeBusy()]
        assert (await refusal(client, LETTER, OTHER, BOX))[0] == 451
        assert await sent(client, LETTER, OTHER, BOX) == "2.6.0 stored: ct_1, duplicate of ct_0"


async def test_another_mail_under_the_same_id_gets_an_id_of_its_own() -> None:
    """Nothing is lost because somebody's mailer numbers badly (I48)."""
    intake = RecordingIntake()
    other = LETTER.replace(b"secret", b"other")
    async with opened(intake) as door, connected(door) as client:
        await sent(client)
        assert await sent(client, other) == "2.6.0 stored: ct_1"
        assert "duplicate of ct_1" in await sent(client, other)
    short = hashlib.sha256(other).hexdigest()[:12]
    assert list(intake.stored) == [(BOX, "<1@x>"), (BOX, f"<1@x>#{short}")]


async def test_an_id_taken_twice_over_is_put_off() -> None:
    async with opened(RecordingIntake(DifferentPayload(), DifferentPayload())) as door, connected(door) as client:
        assert (await refusal(client))[0] == 451


async def test_a_mailbox_that_intake_does_not_know_is_refused() -> None:
    async with opened(RecordingIntake(UnknownDoor())) as door, connected(door) as client:
        assert await refusal(client) == (550, f"5.1.1 <{BOX}>: no such mailbox here")


@pytest.mark.parametrize("failure", [IntakeBusy(), RuntimeError("secret words"), OSError(), ValueError()])
async def test_what_cannot_be_stored_now_stays_with_the_sender(
    failure: Exception, caplog: pytest.LogCaptureFixture
) -> None:
    intake = RecordingIntake(failure)
    with caplog.at_level(logging.DEBUG):
        async with opened(intake) as door, connected(door) as client:
            assert await refusal(client) == (451, "4.3.0 not stored, try again later")
            assert "stored" in await sent(client)
    assert len([line for line in caplog.records if "not stored" in line.message or "put off" in line.message]) == 1
    assert "secret words" not in caplog.text


async def test_an_oversize_mail_is_refused_before_it_is_sent() -> None:
    async with opened(RecordingIntake(), max_bytes=5000) as door, connected(door) as client:
        await client.ehlo()
        assert client.esmtp_extensions["size"] == "5000"
        with pytest.raises(aiosmtplib.SMTPSenderRefused) as caught:
            await sent(client, LETTER + b"x\r\n" * 5000)
    assert (caught.value.code, caught.value.message[:5]) == (552, "5.3.4")


async def test_an_oversize_mail_that_hid_its_size_is_refused_and_the_next_is_taken() -> None:
    intake = RecordingIntake()
    async with opened(intake, max_bytes=5000) as door, connected(door) as client:
        await client.helo()
        client.esmtp_extensions.clear()
        assert (await refusal(client, LETTER + b"x\r\n" * 5000))[1].startswith("5.3.4")
        assert "stored" in await sent(client)
    assert len(intake.stored) == 1


async def test_lines_longer_than_the_rfc_allows_are_taken() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await sent(client, LETTER + b"x" * 200_000 + b"\r\n")
    assert len(intake.mails[0].raw) > 200_000


async def test_dots_at_the_start_of_a_line_survive() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, connected(door) as client:
        await sent(client, LETTER + b".\r\n..x\r\n")
    assert intake.mails[0].raw == LETTER + b".\r\n..x\r\n"


async def test_a_bounce_with_the_null_sender_is_marked() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door:
        said = (
            b"EHLO x\r\n",
            b"MAIL FROM:<>\r\n",
            f"RCPT TO:<{BOX}>\r\n".encode(),
            b"DATA\r\n",
            LETTER,
            b".\r\nQUIT\r\n",
        )
        assert b"250 2.6.0 stored: ct_0" in await lines_of(door, *said)
    assert intake.mails[0].automatic == "bounce"


async def test_international_addresses_and_headers_are_taken() -> None:
    intake = RecordingIntake()
    box = "服务@康佳.测试"
    async with opened(intake, box) as door, connected(door) as client:
        letter = "Subject: 投诉\r\nFrom: 张三 <三@例子.测试>\r\n\r\n您好".encode()
        await client.sendmail("三@例子.测试", [box], letter, mail_options=["SMTPUTF8"])
    assert (intake.mails[0].mailbox, intake.mails[0].subject, intake.mails[0].sender) == (box, "投诉", "三@例子.测试")


@pytest.mark.parametrize(
    "noise",
    [
        b"\xff\xfe\x00\r\n",
        b"EHLO x\r\nMAIL FROM:<\xff@\xfe>\r\nRCPT TO:<\xff\xff@\xfe>\r\n",
        b"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:" + b"<" * 300 + b"\r\n",
        b'EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<"@x>\r\nRCPT TO:<@@@>\r\n',
        b"DATA\r\nMAIL\r\nRCPT\r\nAUTH PLAIN AAAA\r\nVRFY <\xe4>\r\nSTARTTLS\r\n",
        b"EHLO " + b"x" * 5000 + b"\r\n",
        b"\r\n\r\n\r\n\x00\x00\r\nHELP HELP\r\nGET / HTTP/1.1\r\nHost: x\r\n\r\n",
    ],
)
async def test_malformed_commands_leave_the_door_open(noise: bytes) -> None:
    intake = RecordingIntake()
    async with opened(intake) as door:
        assert (await lines_of(door, noise, b"QUIT\r\n")).startswith(b"220 ")
        async with connected(door) as client:
            assert "stored" in await sent(client)
    assert len(intake.stored) == 1


async def test_a_peer_that_hangs_up_in_the_middle_stores_nothing() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door:
        _, writer = await asyncio.open_connection(*door.address)
        writer.write(f"EHLO x\r\nMAIL FROM:<a@b>\r\nRCPT TO:<{BOX}>\r\nDATA\r\nSubject: half".encode())
        writer.close()
        await writer.wait_closed()
    assert intake.stored == {}


async def test_a_peer_that_stalls_is_dropped() -> None:
    async with opened(RecordingIntake(), manners=Manners(timeout=0.05)) as door:
        assert (await lines_of(door, b"EHLO x\r\n")).endswith(b"421 4.4.2 nothing heard for too long\r\n")


async def test_the_connection_beyond_the_limit_is_told_to_come_back() -> None:
    async with opened(RecordingIntake(), concurrency=1) as door:
        async with connected(door) as client:
            assert (await lines_of(door)).startswith(b"421 4.3.2 too many connections")
            assert "stored" in await sent(client)
            await client.quit()
        await assert_there_is_room_again(door)


async def test_starting_and_stopping_twice_changes_nothing() -> None:
    door = MailDoor(RecordingIntake(), mailboxes=lambda: [BOX])
    await door.stop()
    await asyncio.gather(door.start(), door.start())
    first = door.address
    await door.start()
    assert door.address == first
    await asyncio.gather(door.stop(), door.stop())
    await door.stop()
    with pytest.raises(ConnectionRefusedError):
        await asyncio.open_connection(*first)
    await door.start()
    async with connected(door) as client:
        assert "stored" in await sent(client)
    await door.stop()


async def test_the_door_is_on_loopback_unless_told_otherwise() -> None:
    async with opened(RecordingIntake()) as door:
        assert door.address[0] == "127.0.0.1"


async def test_a_mail_that_is_being_stored_finishes_before_the_door_closes() -> None:
    intake = Held()
    async with opened(intake) as door, connected(door) as client, asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(sent(client))
        await intake.entered.wait()
        closing = tasks.create_task(door.stop())
        await asyncio.sleep(0)
        assert not closing.done()
        intake.released.set()
        assert await sending == "2.6.0 stored: ct_0"


async def test_an_idle_peer_is_told_goodbye_when_the_door_closes() -> None:
    door = MailDoor(RecordingIntake(), mailboxes=lambda: [BOX])
    await door.start()
    reader, writer = await asyncio.open_connection(*door.address)
    await reader.readline()
    await door.stop()
    assert (await reader.read()).startswith(b"421 4.3.2")
    writer.close()
    await writer.wait_closed()


async def test_a_mail_that_cannot_finish_does_not_hold_the_door_for_ever() -> None:
    intake = Held()
    manners = Manners(grace=0.05)
    async with opened(intake, manners=manners) as door, connected(door) as client, asyncio.TaskGroup() as tasks:
        sending = tasks.create_task(_gave_up(client))
        await intake.entered.wait()
        await door.stop()
        assert await sending


async def _gave_up(client: aiosmtplib.SMTP) -> bool:
    with pytest.raises(aiosmtplib.SMTPServerDisconnected):
        await sent(client)
    return True


async def test_the_standard_librarys_client_is_served() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door:
        await asyncio.to_thread(_by_smtplib, door.address)
    assert intake.mails[0].message_id == "<1@x>"


def _by_smtplib(address: tuple[str, int]) -> None:
    with smtplib.SMTP(*address, local_hostname="x") as client:
        client.sendmail("a@example.com", [BOX], LETTER)


async def test_twenty_senders_at_once_lose_nothing() -> None:
    intake = RecordingIntake()
    async with opened(intake) as door, asyncio.TaskGroup() as tasks:
        for number in range(20):
            tasks.create_task(_five(door, number))
    assert len(intake.stored) == 100


async def _five(door: MailDoor, number: int) -> None:
    async with connected(door) as client:
        for turn in range(5):
            assert "stored" in await sent(client, LETTER.replace(b"<1@x>", b"<%d.%d@x>" % (number, turn)))


def _certificate() -> Path:
    tests = find_spec("test")
    folders = tests.submodule_search_locations if tests else None
    found = [path for folder in folders or () for path in Path(folder).rglob("keycert.pem")]
    return found[0] if found else Path("missing")


@pytest.mark.skipif(not _certificate().exists(), reason="this Python is packaged without test/keycert.pem")
async def test_starttls_is_offered_where_a_context_is_given() -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_certificate())
    intake = RecordingIntake()
    async with opened(intake, concurrency=1, manners=Manners(tls=context)) as door:
        async with connected(door) as client:
            await client.starttls(validate_certs=False)
            await client.ehlo()
            assert "auth" not in client.esmtp_extensions
            assert "stored" in await sent(client)
            await client.quit()
        await assert_there_is_room_again(door)
    assert len(intake.stored) == 1


@pytest.mark.parametrize(
    "promise",
    [
        test_a_stored_mail_is_acknowledged_with_its_contact,
        test_an_oversize_mail_that_hid_its_size_is_refused_and_the_next_is_taken,
        test_a_peer_that_hangs_up_in_the_middle_stores_nothing,
        test_a_peer_that_stalls_is_dropped,
        test_the_connection_beyond_the_limit_is_told_to_come_back,
        test_starting_and_stopping_twice_changes_nothing,
        test_a_mail_that_is_being_stored_finishes_before_the_door_closes,
        test_an_idle_peer_is_told_goodbye_when_the_door_closes,
        test_a_mail_that_cannot_finish_does_not_hold_the_door_for_ever,
        pytest.param(
            test_starttls_is_offered_where_a_context_is_given,
            marks=pytest.mark.skipif(not _certificate().exists(), reason="no test/keycert.pem in this Python"),
        ),
    ],
)
def test_the_service_keeps_its_promises_on_uvloop(promise: Callable[[], Coroutine[Any, Any, None]]) -> None:
    """uvloop's transports are not asyncio's, and it is what the service runs on."""
    uvloop.run(promise())
