"""Mail out through a relay: what the relay says becomes delivered, Refused or ChannelDown.

The same outbound sent twice is the same Message-ID, so at-least-once is safe. A refusal of the connection or
of our credentials is ChannelDown: the mail is good, our settings are not, and somebody can still repair them.
"""

from __future__ import annotations

import ssl
from collections.abc import Callable
from contextlib import suppress
from typing import Literal

from aiosmtplib import SMTP, SMTPException, SMTPNotSupported, SMTPRecipientsRefused, SMTPResponseException
from msgspec import Struct

from channels.mail.compose import address, compose
from channels.mail.headers import clean
from channels.port import AnyOutbound, ChannelDown, Refused, SendMail

Tls = Literal["none", "starttls", "tls"]


class Relay(Struct, frozen=True, kw_only=True):
    """Where mail is handed over. tls: none, starttls (demanded, not hoped for) or tls from the first byte."""

    host: str
    port: int = 587
    username: str = ""
    password: str = ""
    tls: Tls = "starttls"
    tls_context: ssl.SSLContext | None = None
    """None: the system's authorities, host name checked."""
    hostname: str = "localhost"
    """What we call ourselves in EHLO."""


class MailSender:
    """Sends `SendMail` through a relay, one connection a mail."""

    def __init__(self, relay: Relay, *, now: Callable[[], int], timeout: float = 30.0) -> None:
        self._relay = relay
        self._now = now
        self._timeout = timeout

    async def send(self, outbound: AnyOutbound) -> str:
        """Hand over to the relay and return its words."""
        mail = mail_of(outbound, now=self._now())
        message = compose(mail, now=self._now())
        client = self._client()
        try:
            await client.connect()
        except (SMTPException, OSError, TimeoutError) as error:
            raise ChannelDown(_words(f"{type(error).__name__}: {error}")) from error
        try:
            return await _hand_over(client, mail, message.as_bytes())
        finally:
            await _part(client)

    def _client(self) -> SMTP:
        relay = self._relay
        return SMTP(
            hostname=relay.host,
            port=relay.port,
            username=relay.username or None,
            password=relay.password or None,
            use_tls=relay.tls == "tls",
            start_tls=relay.tls == "starttls",
            tls_context=relay.tls_context,
            local_hostname=relay.hostname,
            timeout=self._timeout,
        )


async def _hand_over(client: SMTP, mail: SendMail, content: bytes) -> str:
    sender, to = address(mail.sender), address(mail.to)
    options = [] if (sender + to).isascii() else ["SMTPUTF8"]
    try:
        _, said = await client.sendmail(sender, [to], content, mail_options=options)
        return _words(said)
    except SMTPRecipientsRefused as error:
        raise _verdict(error.recipients[0].code, error.recipients[0].message) from error
    except SMTPResponseException as error:
        raise _verdict(error.code, error.message) from error
    except (SMTPNotSupported, ValueError) as error:
        raise Refused(_words(str(error))) from error
    except (SMTPException, OSError, TimeoutError) as error:
        raise ChannelDown(_words(f"{type(error).__name__}: {error}")) from error


async def _part(client: SMTP) -> None:
    """The relay has answered; how the connection ends changes nothing."""
    with suppress(SMTPException, OSError, TimeoutError):
        await client.quit()
    client.close()


def mail_of(outbound: AnyOutbound, *, now: int) -> SendMail:
    """The outbound if it is a mail that is still wanted; raises Refused otherwise."""
    if not isinstance(outbound, SendMail):
        raise Refused(f"not a mail: {type(outbound).__name__}")
    if outbound.not_after and now > outbound.not_after:
        raise Refused("too late: nobody wants this mail any more")
    return outbound


def _verdict(code: int, message: str) -> Refused | ChannelDown:
    words = _words(f"{code} {message}")
    return Refused(words) if 500 <= code < 600 else ChannelDown(words)


def _words(text: str) -> str:
    return clean(text, 500)
