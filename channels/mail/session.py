"""One SMTP connection: aiosmtpd's protocol, with what a door on the internet needs on top.

It may be asked to leave (a draining service lets a mail that is being stored finish), drops a peer that
stalls, says enhanced status codes, and takes lines longer than the RFC allows: real mail has them.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Callable
from typing import Any, cast

from aiosmtpd.smtp import SMTP, Envelope, Session

from channels.mail.headers import clean
from channels.mail.reception import LATER, Reception, unknown

LONGEST_LINE = 1 << 20
_REWORDED = {
    "552 Error": "552 5.3.4 message is larger than this mailbox takes",
    "500 Line too long": "554 5.6.0 message has a line that is too long",
}


class Hooks:
    """What aiosmtpd asks at each step; without state, so all connections share one."""

    def __init__(self, reception: Reception) -> None:
        self._reception = reception

    async def handle_EHLO(
        self, server: MailSession, session: Session, envelope: Envelope, hostname: str, responses: list[str]
    ) -> list[str]:
        """No AUTH: nobody signs in here, so nobody's password is asked for."""
        session.host_name = hostname
        return [line for line in responses if not line.startswith("250-AUTH")]

    async def handle_RCPT(
        self, server: MailSession, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        mailbox = self._reception.mailbox(address)
        if mailbox is None:
            return unknown(address)
        if mailbox not in envelope.rcpt_tos:
            envelope.rcpt_tos.append(mailbox)
        return "250 2.1.5 ok"

    async def handle_DATA(self, server: MailSession, session: Session, envelope: Envelope) -> str:
        raw = envelope.original_content or b""
        with server.storing():
            return await self._reception.deliver(
                raw, mailboxes=envelope.rcpt_tos, envelope_from=clean(envelope.mail_from or "", 320)
            )

    async def handle_exception(self, error: Exception) -> str:
        """A command that broke the parser: the sender may try again, the connection lives on."""
        return LATER


class MailSession(SMTP):
    """A connection that can be asked to leave."""

    def __init__(
        self,
        hooks: Hooks,
        *,
        max_bytes: int,
        timeout: float,
        hostname: str,
        tls: ssl.SSLContext | None,
        gone: Callable[[MailSession], None],
    ) -> None:
        self.line_length_limit = LONGEST_LINE
        super().__init__(
            hooks,
            data_size_limit=max_bytes,
            enable_SMTPUTF8=True,
            hostname=hostname,
            ident="ESMTP",
            tls_context=tls,
            timeout=timeout,
            loop=asyncio.get_running_loop(),
        )
        self._gone = gone
        self._storing = False
        self._leaving = False

    @property
    def task(self) -> asyncio.Task[None] | None:
        """The conversation; it ends when the connection does."""
        return self._handler_coroutine

    def storing(self) -> _Storing:
        """While a mail is being stored neither the clock nor a shutdown cuts the connection."""
        return _Storing(self)

    def set_storing(self, storing: bool) -> None:
        self._storing = storing
        self._reset_timeout()

    def dismiss(self) -> None:
        """Say goodbye now, or after the reply to the mail that is being stored."""
        self._leaving = True
        if not self._storing:
            self._hang_up(b"421 4.3.2 closing down, try again later\r\n")

    def abort(self) -> None:
        if self.transport is not None:
            _both_ways(self.transport).abort()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        super().connection_made(transport)
        if self.task is not None:
            self.task.add_done_callback(_retrieve)

    def connection_lost(self, error: Exception | None) -> None:
        self._gone(self)
        super().connection_lost(error)

    async def push(self, status: Any) -> None:
        text = status if isinstance(status, str) else bytes(status).decode("utf-8", "replace")
        text = next((ours for theirs, ours in _REWORDED.items() if text.startswith(theirs)), text)
        await super().push(text.encode("utf-8", "replace"))
        if self._leaving and not self._storing and self.transport is not None:
            self.transport.close()

    def _timeout_cb(self) -> None:
        if self._storing:
            self._reset_timeout()
        else:
            self._hang_up(b"421 4.4.2 nothing heard for too long\r\n")

    def _hang_up(self, last_words: bytes) -> None:
        if self.transport is not None and not self.transport.is_closing():
            _both_ways(self.transport).write(last_words)
            self.transport.close()


class TurnedAway(asyncio.Protocol):
    """The connection beyond the limit: told to come back."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        _both_ways(transport).write(b"421 4.3.2 too many connections, try again later\r\n")
        transport.close()


class _Storing:
    def __init__(self, session: MailSession) -> None:
        self._session = session

    def __enter__(self) -> None:
        self._session.set_storing(True)

    def __exit__(self, *failure: object) -> None:
        self._session.set_storing(False)


def _both_ways(transport: asyncio.BaseTransport) -> asyncio.Transport:
    """uvloop's transports do what asyncio's do without descending from them, so `isinstance` says no."""
    return cast(asyncio.Transport, transport)


def _retrieve(task: asyncio.Task[None]) -> None:
    """A peer that hangs up in the middle is no news: without this asyncio logs a traceback for it."""
    if not task.cancelled():
        task.exception()
