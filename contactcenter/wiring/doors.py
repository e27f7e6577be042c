"""The doors of a process: phone, mail and chat, each built from its channel and handed the same intake."""

from __future__ import annotations

from collections import ChainMap
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import unquote, urlsplit

import aiohttp

from channels.chat.server import ChatDoor
from channels.mail.folder import EmlFolder
from channels.mail.receive import MailDoor
from channels.mail.send import MailSender, Relay
from channels.phone.door import PhoneDoor
from channels.phone.feed import CommandFeed
from channels.phone.send import PhoneSender
from channels.phone.senders import BySource
from channels.phone.verify import Verifier
from channels.port import Sender
from contactcenter.services.access import VisitorTokens
from contactcenter.wiring.asterisks import Asterisks
from contactcenter.wiring.chat_house import Conversations
from contactcenter.wiring.core import Core
from contactcenter.wiring.outbound import phone_connections, webhook_sender
from contactcenter.wiring.own_platforms import OwnPlatforms
from contactcenter.wiring.twilio_doors import TwilioDoors, build_twilio
from contactcenter.wiring.visitors import Sites, Texts, Tokens
from contactcenter.workers.tenure import Tenures

PORTS = {"smtp": 587, "smtps": 465}


@dataclass(slots=True)
class Doors:
    phone: PhoneDoor
    chat: ChatDoor
    mail: MailDoor
    twilio: TwilioDoors
    senders: Mapping[str, Sender]
    connections: Tenures


def build_doors(core: Core, session: aiohttp.ClientSession, outside: aiohttp.ClientSession) -> Doors:
    """`outside` goes where subscribers say, under guard (channels.webhook.send.open_session)."""
    settings, now = core.settings, core.clock.now
    asterisks, feed = Asterisks(core), CommandFeed(now=now)
    standard = PhoneSender(
        control_urls=_control_urls(core), secrets=core.secrets.webhooks, session=session, now=now, feed=feed
    )
    own = OwnPlatforms(core, standard)
    connections = phone_connections(core, lambda source: asterisks.work_of(source) or own.work_of(source))
    asterisks.holds = connections.holds
    twilio = build_twilio(core, session)
    return Doors(
        phone=PhoneDoor(
            intake=core.intake,
            verifier=Verifier(core.secrets.webhooks),
            feed=feed,
            max_bytes=settings.max_event_bytes,
            owns=connections.holds,
        ),
        chat=ChatDoor(
            intake=core.intake,
            conversations=Conversations(reads=core.reads, bus=core.bus, directories=core.directories, clock=core.clock),
            tokens=Tokens(VisitorTokens(core.secrets.visitors, core.clock), core.ids),
            sites=Sites(core.directories),
            texts=Texts(core.directories, core.wording),
        ),
        mail=MailDoor(
            core.intake,
            mailboxes=core.directories.mailboxes,
            host=settings.smtp_host,
            port=settings.smtp_port,
            max_bytes=settings.max_mail_bytes,
        ),
        connections=connections,
        twilio=twilio,
        senders={
            "mail": _mail_sender(core),
            "webhook": webhook_sender(core, outside),
            "phone": BySource(ChainMap(asterisks.senders, twilio.senders), standard),
        },
    )


def _mail_sender(core: Core) -> Sender:
    if not core.settings.relay_url:
        return EmlFolder(core.settings.data_dir / "mail", now=core.clock.now)
    parts = urlsplit(core.settings.relay_url)
    secure = parts.scheme == "smtps"
    return MailSender(
        Relay(
            host=parts.hostname or "localhost",
            port=parts.port or PORTS[parts.scheme],
            username=unquote(parts.username or ""),
            password=unquote(parts.password or ""),
            tls="tls" if secure else "starttls" if parts.username else "none",
        ),
        now=core.clock.now,
    )


def _control_urls(core: Core) -> dict[str, str]:
    documents = [core.directories.of(provider).document for provider in core.directories.providers]
    return {
        source.id: source.control_url for document in documents for source in document.sources if source.control_url
    }
