"""Mail out through a real SMTP server, and back in through our own door."""

from __future__ import annotations

import socket
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import AuthResult, Envelope
from test_mail_setting import BOX, RecordingIntake, opened

from channels.mail.parse import parse
from channels.mail.send import MailSender, Relay
from channels.port import ChannelDown, PhoneCommand, Refused, SendMail

NOON = 1_732_240_000_123_456
MAIL = SendMail(
    id="mail/ct_1/1",
    sender=BOX,
    sender_name="康佳服务",
    to="zhang@example.com",
    subject="Re: 投诉",
    text="您好，\n.明天上门。\n",
    message_id="<mail.ct_1.1@konka.test>",
    in_reply_to="<2@x>",
    references=("<1@x>", "<2@x>"),
    language="zh-CN",
)


class OurRelay:
    """Somebody else's mail server: keeps what it is sent, or says what it is told to say."""

    def __init__(self, **answers: str) -> None:
        self.answers = answers
        self.envelopes: list[Envelope] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Envelope, address: str, options: Any) -> str:
        envelope.rcpt_tos.append(address)
        return self.answers.get("rcpt", "250 ok")

    async def handle_DATA(self, server: Any, session: Any, envelope: Envelope) -> str:
        self.envelopes.append(envelope)
        return self.answers.get("data", "250 queued as 42")


@pytest.fixture
def relays() -> Iterator[Any]:
    """Starts relays in threads of their own, as the other side of the world is."""
    running: list[Controller] = []

    def start(handler: OurRelay, **settings: Any) -> Relay:
        controller = Controller(handler, hostname="127.0.0.1", port=free_port(), **settings)
        controller.start()
        running.append(controller)
        return Relay(host="127.0.0.1", port=controller.port, tls="none")

    yield start
    for controller in running:
        controller.stop()


def free_port() -> int:
    with socket.socket() as door:
        door.bind(("127.0.0.1", 0))
        return int(door.getsockname()[1])


def sender(relay: Relay) -> MailSender:
    return MailSender(relay, now=lambda: NOON, timeout=5)


async def test_a_relay_that_is_up_gets_the_mail_once(relays: Any) -> None:
    there = OurRelay()
    assert await sender(relays(there)).send(MAIL) == "queued as 42"
    (envelope,) = there.envelopes
    assert (envelope.mail_from, envelope.rcpt_tos) == (BOX, ["zhang@example.com"])
    mail = parse(envelope.original_content or b"", mailbox="x")
    assert (mail.message_id, mail.references, mail.occurred_at) == (
        MAIL.message_id,
        MAIL.references,
        NOON // 1_000_000 * 1_000_000,
    )
    assert (mail.sender_name, mail.subject, mail.text) == ("康佳服务", "Re: 投诉", "您好，\n.明天上门。")


@pytest.mark.parametrize("step", ["rcpt", "data"])
async def test_a_550_is_final(relays: Any, step: str) -> None:
    with pytest.raises(Refused, match="no such person"):
        await sender(relays(OurRelay(**{step: "550 5.1.1 no such person"}))).send(MAIL)


@pytest.mark.parametrize("step", ["rcpt", "data"])
async def test_a_451_is_tried_again_later(relays: Any, step: str) -> None:
    with pytest.raises(ChannelDown, match="greylisted"):
        await sender(relays(OurRelay(**{step: "451 4.7.1 greylisted"}))).send(MAIL)


async def test_a_relay_that_is_down_is_tried_again_later() -> None:
    with pytest.raises(ChannelDown):
        await sender(Relay(host="127.0.0.1", port=free_port(), tls="none")).send(MAIL)


async def test_a_relay_that_says_nothing_is_given_up_on() -> None:
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        silent.listen()
        relay = Relay(host="127.0.0.1", port=silent.getsockname()[1], tls="none")
        with pytest.raises(ChannelDown):
            await MailSender(relay, now=lambda: NOON, timeout=0.05).send(MAIL)


async def test_a_relay_without_the_encryption_we_demand_is_not_used(relays: Any) -> None:
    there = OurRelay()
    relay = relays(there)
    with pytest.raises(ChannelDown):
        await sender(Relay(host=relay.host, port=relay.port, tls="starttls")).send(MAIL)
    assert there.envelopes == []


@pytest.mark.filterwarnings("ignore:Requiring AUTH")
async def test_wrong_credentials_are_ours_to_repair_and_lose_no_mail(relays: Any) -> None:
    def nobody(*_: Any) -> AuthResult:
        return AuthResult(success=False, handled=False)

    relay = relays(OurRelay(), authenticator=nobody, auth_required=True, auth_require_tls=False)
    with pytest.raises(ChannelDown):
        await sender(Relay(host=relay.host, port=relay.port, tls="none", username="u", password="p")).send(MAIL)


async def test_what_is_no_mail_or_too_late_is_refused() -> None:
    nowhere = sender(Relay(host="127.0.0.1", port=1, tls="none"))
    with pytest.raises(Refused, match="not a mail"):
        await nowhere.send(PhoneCommand(id="1", source="pbx", call="c", verb="ring"))
    with pytest.raises(Refused, match="too late"):
        await nowhere.send(SendMail(**{**_fields(), "not_after": NOON - 1}))


@pytest.mark.parametrize("bad", ["", "nobody", "a@b\r\nRCPT TO:<x@y>", "a b@c", "a@b>", "<a@b>", "a@b,c@d", "@b", "a@"])
async def test_an_address_that_is_none_never_reaches_the_relay(bad: str) -> None:
    nowhere = sender(Relay(host="127.0.0.1", port=1, tls="none"))
    with pytest.raises(Refused, match="not a mail"):
        await nowhere.send(SendMail(**{**_fields(), "to": bad}))


async def test_an_answer_keeps_its_thread_through_our_own_door() -> None:
    """Our sender, our door: the customer's next mail would find the conversation."""
    intake = RecordingIntake()
    async with door_as_relay(intake) as relay:
        out = SendMail(**{**_fields(), "to": BOX, "sender": "agent@konka.test", "automatic": True})
        assert "stored" in await sender(relay).send(out)
        assert "duplicate" in await sender(relay).send(out)
    (mail,) = intake.mails
    assert (mail.external_id, mail.references, mail.automatic) == (out.message_id, out.references, "auto_reply")
    assert (mail.subject, mail.text, mail.sender, mail.language) == (
        out.subject,
        out.text.rstrip(),
        out.sender,
        "zh-CN",
    )


async def test_our_own_doors_refusals_are_understood() -> None:
    async with door_as_relay(RecordingIntake()) as relay:
        with pytest.raises(Refused, match="no such mailbox"):
            await sender(relay).send(MAIL)


async def test_an_international_address_goes_out_as_utf8() -> None:
    intake = RecordingIntake()
    async with door_as_relay(intake, "三@xn--fsqu00a.test") as relay:
        await sender(relay).send(SendMail(**{**_fields(), "to": "三@例子.test"}))
    assert intake.mails[0].mailbox == "三@xn--fsqu00a.test"


@asynccontextmanager
async def door_as_relay(intake: RecordingIntake, *mailboxes: str) -> AsyncIterator[Relay]:
    async with opened(intake, *mailboxes) as door:
        host, port = door.address
        yield Relay(host=host, port=port, tls="none")


def _fields() -> dict[str, Any]:
    return {name: getattr(MAIL, name) for name in MAIL.__struct_fields__}
