"""One mail, its mailboxes, one answer. Knows SMTP's reply codes, not its protocol.

Acknowledged means stored for every mailbox. Anything that may pass is 451, so the sender keeps the mail and
tries again; a mailbox that already has it answers `duplicate` then. Bodies never reach the log.
"""

from __future__ import annotations

import asyncio
import hashlib
import logging
import traceback
from collections.abc import Callable, Collection, Sequence
from typing import NamedTuple

from msgspec.structs import replace

from channels.mail.headers import clean
from channels.mail.parse import parse
from channels.port import DifferentPayload, Intake, IntakeBusy, IntakeOverloaded, MailArrived, Receipt, UnknownDoor

log = logging.getLogger(__name__)

LATER = "451 4.3.0 not stored, try again later"
FULL = "451 4.3.1 more mail than can be dealt with now, try again later"


class _Outcome(NamedTuple):
    code: int
    said: str


class Reception:
    """Knows the mailboxes, reads a mail, hands it to intake."""

    def __init__(self, intake: Intake, mailboxes: Callable[[], Collection[str]]) -> None:
        self._intake = intake
        self._mailboxes = mailboxes

    def mailbox(self, address: str) -> str | None:
        """The configured spelling of an address, or None; asked anew each time, so it may change at runtime."""
        wanted = address.strip().casefold()
        return next((known for known in self._mailboxes() if known.casefold() == wanted), None)

    async def deliver(self, raw: bytes, *, mailboxes: Sequence[str], envelope_from: str) -> str:
        """Store for each mailbox and return the reply: 250 only if every one of them has it."""
        try:
            # In a thread: a large mail must not hold up the ringing of a phone on this loop.
            arrived = await asyncio.to_thread(parse, raw, mailbox=mailboxes[0], envelope_from=envelope_from)
        except Exception as error:
            return _unexpected("all", error).said
        return _worst([await self._store(replace(arrived, source=box, mailbox=box)) for box in mailboxes])

    async def _store(self, arrived: MailArrived) -> _Outcome:
        try:
            receipt = await self._accept(arrived)
        except UnknownDoor:
            return _Outcome(550, unknown(arrived.mailbox))
        except IntakeOverloaded:
            return _Outcome(451, FULL)  # Said once in the log, by the admission.
        except IntakeBusy:
            log.warning("mail for %s put off: intake is busy", arrived.mailbox)
            return _Outcome(451, LATER)
        except Exception as error:
            return _unexpected(arrived.mailbox, error)
        contact = clean(receipt.contact, 100)
        return _Outcome(250, f"duplicate of {contact}" if receipt.duplicate else contact)

    async def _accept(self, arrived: MailArrived) -> Receipt:
        """Two different mails may bear one Message-ID; the second gets an id of its own rather than be lost."""
        try:
            return await self._intake.accept(arrived)
        except DifferentPayload:
            short = hashlib.sha256(arrived.raw).hexdigest()[:12]
            return await self._intake.accept(replace(arrived, external_id=f"{arrived.external_id}#{short}"))


def unknown(address: str) -> str:
    """The reply for a mailbox that nobody configured."""
    return f"550 5.1.1 <{clean(address, 200)}>: no such mailbox here"


def _worst(outcomes: list[_Outcome]) -> str:
    for code in (451, 550):
        for outcome in outcomes:
            if outcome.code == code:
                return outcome.said
    return f"250 2.6.0 stored: {', '.join(outcome.said for outcome in outcomes)}"[:500]


def _unexpected(mailbox: str, error: Exception) -> _Outcome:
    """The place and the kind of the error, not its message: a database's message quotes the row."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    log.error("mail for %s not stored: %s at %s", mailbox, type(error).__name__, where)
    return _Outcome(451, LATER)
