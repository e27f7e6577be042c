"""The public doors from the customers' side: the phone platform's webhook, SMTP, the chat site, and the API."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from msgspec import Struct

from contactcenter.client.chat import ChatVisitor, Visitor
from contactcenter.client.errors import ClientError, Unreachable
from contactcenter.client.http import ApiClient
from contactcenter.client.phone import PhoneClient
from contactcenter.client.world import Patience
from contactcenter.demo.access import DemoAccess
from contactcenter.errors import Busy

PATIENCE = Patience(first_s=0.1, longest_s=1.0, tries=300)
HASTE = Patience(first_s=0.1, longest_s=0.2, tries=3)


class Letter(Struct, frozen=True, kw_only=True):
    """`message_id` makes a second sending the same mail."""

    sender: str
    to: str
    subject: str
    text: str
    message_id: str
    references: str = ""

    def message(self) -> EmailMessage:
        mail = EmailMessage()
        mail["From"], mail["To"], mail["Subject"] = self.sender, self.to, self.subject
        mail["Message-ID"] = self.message_id
        if self.references:
            mail["In-Reply-To"] = mail["References"] = self.references
        mail.set_content(self.text)
        return mail


class Doors:
    """`operator` reads what happened; it decides nothing."""

    def __init__(self, access: DemoAccess, operator: ApiClient, phone: PhoneClient) -> None:
        self.access = access
        self.operator = operator
        self.phone = phone

    async def contact(self, contact: str) -> dict[str, Any]:
        """The contact's row, its facts, and why it went where it went."""
        story: dict[str, Any] = await self.operator.get(f"/v1/contacts/{contact}")
        return story

    async def find(self, tag: str, *, pages: int = 1) -> str:
        """The newest contact whose subject carries the tag; '' when there is none (yet) on the newest pages."""
        before = ""
        for _ in range(pages):
            page = await self.operator.get("/v1/contacts", limit=200, before=before)
            found: str = next((row["id"] for row in page["contacts"] if tag in row["subject"]), "")
            before = page["next"]
            if found or not before:
                return found
        return ""

    async def contacts(self, state: str) -> list[str]:
        """The ids of the contacts in this state, at most two hundred."""
        page = await self.operator.get("/v1/contacts", limit=200, state=state)
        return [row["id"] for row in page["contacts"]]

    async def mail(self, letter: Letter) -> None:
        """Delivered once: what was not acknowledged is sent again under the same Message-ID."""
        host, port = self.access.smtp
        problem: Exception | None = None
        for attempt in range(PATIENCE.tries):
            try:
                await aiosmtplib.send(letter.message(), hostname=host, port=port, timeout=10, start_tls=False)
            except (aiosmtplib.SMTPResponseException, aiosmtplib.SMTPRecipientsRefused) as refused:
                if getattr(refused, "code", 500) >= 500:
                    raise
                problem = refused
            except (aiosmtplib.SMTPException, OSError) as failed:
                problem = failed
            else:
                return
            await asyncio.sleep(PATIENCE.pause(attempt, 0.5))
        raise Unreachable(f"smtp://{host}:{port}: {problem}")

    def visitor(self, site: str, who: Visitor) -> ChatVisitor:
        return ChatVisitor(self.access.base_url, site, who, patience=PATIENCE)


@asynccontextmanager
async def opened(access: DemoAccess, *, patience: Patience = PATIENCE) -> AsyncIterator[Doors]:
    """The doors of a running service; Busy, naming the address, when nobody answers there."""
    await _knock(access)
    async with (
        ApiClient(access.base_url, access.operator, patience=patience) as operator,
        PhoneClient(
            access.base_url, access.source, access.secret, api=lambda url: ApiClient(url, patience=patience)
        ) as phone,
    ):
        yield Doors(access, operator, phone)


async def _knock(access: DemoAccess) -> None:
    try:
        async with ApiClient(access.base_url, patience=HASTE) as api:
            await api.get("/readyz")
    except ClientError as problem:
        raise Busy(f"no running service at {access.base_url} ({problem}): start it with `make run`") from problem
