"""What the mail tests stand on: a recording intake (the port's rules, in memory), an open door, the corpora."""

from __future__ import annotations

import importlib.metadata
import importlib.util
import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import aiosmtplib

from channels.mail.receive import MailDoor
from channels.port import AnyInbound, DifferentPayload, MailArrived, Receipt

BOX = "fuwu@konka.test"
OTHER = "repairs@xinfei.test"


class RecordingIntake:
    """Stores once by (source, external id), as the real one does; `failures` are raised first, in order."""

    def __init__(self, *failures: Exception) -> None:
        self.stored: dict[tuple[str, str], MailArrived] = {}
        self.failures = list(failures)

    async def accept(self, inbound: AnyInbound) -> Receipt:
        assert isinstance(inbound, MailArrived)
        if self.failures:
            raise self.failures.pop(0)
        key = (inbound.source, inbound.external_id)
        first = self.stored.setdefault(key, inbound)
        if first.raw != inbound.raw:
            raise DifferentPayload
        contact = f"ct_{list(self.stored).index(key)}"
        return Receipt(contact=contact, duplicate=first is not inbound)

    @property
    def mails(self) -> list[MailArrived]:
        return list(self.stored.values())


@asynccontextmanager
async def opened(intake: Any, *mailboxes: str, **settings: Any) -> AsyncIterator[MailDoor]:
    door = MailDoor(intake, mailboxes=lambda: mailboxes or (BOX, OTHER), **settings)
    await door.start()
    try:
        yield door
    finally:
        await door.stop()


@asynccontextmanager
async def connected(door: MailDoor) -> AsyncIterator[aiosmtplib.SMTP]:
    host, port = door.address
    client = aiosmtplib.SMTP(hostname=host, port=port, start_tls=False, timeout=10)
    await client.connect()
    try:
        yield client
    finally:
        client.close()


def cpython_mails() -> list[Path]:
    """The mails CPython tests its own parser with; [] where this Python was packaged without its tests."""
    try:
        found = importlib.util.find_spec("test.test_email")
    except ModuleNotFoundError:
        return []
    folders = list(found.submodule_search_locations or ()) if found else []
    return sorted(path for folder in folders for path in Path(folder, "data").glob("msg_*.txt"))


def bounce_mails() -> list[Path]:
    """The bounces that flufl.bounce was taught with; its wheels carry them up to version 4."""
    files = importlib.metadata.files("flufl.bounce") or []
    data = [Path(str(file.locate())) for file in files if "/tests/data/" in str(file)]
    return sorted(path for path in data if re.fullmatch(r".+_\d+\.txt", path.name))


def one_newline(raw: bytes) -> bytes:
    """Mail as it is apart from how lines end, which SMTP decides."""
    return re.sub(rb"\r\n|\r", b"\n", raw).rstrip(b"\n")
