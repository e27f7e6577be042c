"""The mail door: an SMTP server in the service's own event loop.

Loopback by default: a mail server in front of it (or a port forward that somebody decides on) brings the mail.
Everything before `Reception` is protocol (`session.py`); everything after it is `parse.py` and intake.
"""

from __future__ import annotations

import asyncio
import logging
import ssl
from collections.abc import Callable, Collection
from weakref import WeakSet

from msgspec import Struct

from channels.mail.reception import Reception
from channels.mail.session import Hooks, MailSession, TurnedAway
from channels.port import Intake

log = logging.getLogger(__name__)


class Manners(Struct, frozen=True, kw_only=True):
    """How the door treats a peer.

    `timeout` is how long a peer may take for one command, or for one whole mail; `grace` how long a shutdown
    waits for mails that are being stored. With `tls` STARTTLS is offered, and not demanded.
    """

    hostname: str = "contactcenter"
    tls: ssl.SSLContext | None = None
    timeout: float = 300.0
    grace: float = 10.0


_DEFAULT_MANNERS = Manners()


class MailDoor:
    """Receives mail for an allow-list of mailboxes and hands it to intake.

    `mailboxes` is asked at every recipient, so it may change while the door is open. Above `concurrency`
    connections a peer is told to try again (421); `max_bytes` x `concurrency` bounds the memory.
    """

    def __init__(
        self,
        intake: Intake,
        *,
        mailboxes: Callable[[], Collection[str]],
        host: str = "127.0.0.1",
        port: int = 0,
        max_bytes: int = 25 << 20,
        concurrency: int = 32,
        manners: Manners = _DEFAULT_MANNERS,
    ) -> None:
        self._hooks = Hooks(Reception(intake, mailboxes))
        self._host, self._port = host, port
        self._max_bytes, self._concurrency = max_bytes, concurrency
        self._manners = manners
        self._sessions: WeakSet[MailSession] = WeakSet()
        self._server: asyncio.Server | None = None
        self._turn = asyncio.Lock()

    @property
    def address(self) -> tuple[str, int]:
        """Where the door listens; the port that the system chose when 0 was asked for."""
        if self._server is None or not self._server.sockets:
            return self._host, self._port
        host, port = self._server.sockets[0].getsockname()[:2]
        return str(host), int(port)

    async def start(self) -> None:
        """Open; a second time does nothing."""
        async with self._turn:
            if self._server is not None:
                return
            # aiosmtpd logs commands with addresses at INFO and the lines of bodies at DEBUG.
            logging.getLogger("mail.log").setLevel(logging.WARNING)
            loop = asyncio.get_running_loop()
            self._server = await loop.create_server(self._greet, self._host, self._port)
            log.info("mail door open on %s:%d", *self.address)

    async def stop(self) -> None:
        """Close: take no more connections, let mails that are being stored finish, then hang up."""
        async with self._turn:
            if self._server is None:
                return
            server, self._server = self._server, None
            server.close()
            await self._see_out()
            await server.wait_closed()

    async def _see_out(self) -> None:
        sessions = list(self._sessions)
        for session in sessions:
            session.dismiss()
        tasks = {session.task for session in sessions if session.task is not None}
        if not tasks:
            return
        _, late = await asyncio.wait(tasks, timeout=self._manners.grace)
        for session in sessions:
            session.abort()
        if late:
            await asyncio.wait(late, timeout=self._manners.grace)

    def _greet(self) -> asyncio.BaseProtocol:
        if len(self._sessions) >= self._concurrency:
            return TurnedAway()
        session = MailSession(
            self._hooks,
            max_bytes=self._max_bytes,
            timeout=self._manners.timeout,
            hostname=self._manners.hostname,
            tls=self._manners.tls,
            gone=self._sessions.discard,
        )
        self._sessions.add(session)
        return session
