"""Mail out where no relay is configured: kept as .eml files that a person can open, and the product can show.

A file appears whole or not at all (written beside, synced, renamed); the same outbound sent twice is the same
file, and the first writing stays.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import re
import tempfile
from collections.abc import Callable
from email import policy
from email.parser import BytesParser
from pathlib import Path

from msgspec import Struct

from channels.mail.compose import compose
from channels.mail.headers import ADDRESS, clean, value, words
from channels.mail.parse import parse
from channels.mail.send import mail_of
from channels.port import AnyOutbound, ChannelDown

_UNSAFE = re.compile(rb"[^A-Za-z0-9_@-]")
LONGEST_NAME = 150
KEPT = "kept as "


class KeptMail(Struct, frozen=True, kw_only=True):
    """One kept mail, for the eye. `at` is when it was written, in microseconds."""

    path: str
    at: int
    size: int
    sender: str
    sender_name: str
    to: str
    subject: str
    text: str
    message_id: str
    automatic: bool


class EmlFolder:
    """The sender for no relay: `<id>.eml` in a folder."""

    def __init__(self, path: Path, *, now: Callable[[], int]) -> None:
        self._folder = path
        self._now = now

    async def send(self, outbound: AnyOutbound) -> str:
        """Keep the mail and say where: `kept as <path>`."""
        mail = mail_of(outbound, now=self._now())
        content = compose(mail, now=self._now()).as_bytes()
        try:
            path = await asyncio.to_thread(_keep, self._folder / file_name(mail.id), content)
        except OSError as error:
            raise ChannelDown(f"cannot keep the mail: {error}") from error
        return f"{KEPT}{path}"

    def kept(self, limit: int = 50) -> list[KeptMail]:
        """The latest mails, newest first. Reads files: call it in a thread from a running loop."""
        found = sorted(self._folder.glob("*.eml"), key=_newest_first)
        return [_shown(path) for path in found[: max(0, limit)]]


def file_name(outbound_id: str) -> str:
    """A safe file name, different for different ids: no separators, no dots, bounded."""
    raw = outbound_id.encode("utf-8", "surrogatepass")
    name = _UNSAFE.sub(lambda found: b"%%%02X" % found[0][0], raw).decode("ascii")
    if not name or len(name) > LONGEST_NAME:
        name = f"{name[: LONGEST_NAME - 65]}-{hashlib.sha256(raw).hexdigest()}"
    return f"{name}.eml"


def _keep(path: Path, content: bytes) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        return path
    handle, beside = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(beside, path)
    except BaseException:
        Path(beside).unlink(missing_ok=True)
        raise
    _sync_folder(path.parent)
    return path


def _sync_folder(folder: Path) -> None:
    """The rename itself must survive a power cut."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _newest_first(path: Path) -> tuple[int, str]:
    return -path.stat().st_mtime_ns, path.name


def _shown(path: Path) -> KeptMail:
    raw = path.read_bytes()
    mail = parse(raw, mailbox="")
    head = BytesParser(policy=policy.compat32).parsebytes(raw, headersonly=True)
    return KeptMail(
        path=str(path),
        at=path.stat().st_mtime_ns // 1000,
        size=len(raw),
        sender=mail.sender,
        sender_name=mail.sender_name,
        to=clean(words(value(head, "to")), ADDRESS),
        subject=mail.subject,
        text=mail.text,
        message_id=mail.message_id,
        automatic=bool(mail.automatic),
    )
