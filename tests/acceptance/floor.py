"""People for the acceptance tests: agents who do their work, and what the operator can see of it."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager
from email.message import EmailMessage
from typing import Any

import aiosmtplib
from process import PATIENCE_S, Service, eventually

from contactcenter.client.desk import AgentClient
from contactcenter.client.http import ApiClient
from contactcenter.client.phone import PhoneClient
from contactcenter.client.protocol import OfferCard
from contactcenter.client.state import DeskState
from contactcenter.client.world import Patience

HOTLINE, TOLL_FREE, XINGHAI_LINE = "4000000101", "8000000102", "4000000201"
MAILBOX = "service@kangjia.example"
SITE = "kangjia-web"
BRIEF = Patience(first_s=0.05, longest_s=0.4, tries=200)
"""For what must be found again quickly after a restart."""


def phone(service: Service) -> PhoneClient:
    access = service.access
    return PhoneClient(service.url, access["source"], access["secret"], api=lambda url: ApiClient(url, patience=BRIEF))


def operator(service: Service) -> ApiClient:
    return ApiClient(service.url, service.access["operator"], patience=BRIEF)


@asynccontextmanager
async def at_work(
    service: Service, agent: str = "a1002", *, url: str = "", device: str = ""
) -> AsyncIterator[AgentClient]:
    """Signed in, and ready; without a device accepting is the answer."""
    token = {**service.access["agents"], **service.access["supervisors"]}[agent]
    async with asyncio.timeout(PATIENCE_S):
        desk = AgentClient(url or service.url, token, patience=BRIEF)
        await desk.__aenter__()
    try:
        async with asyncio.timeout(PATIENCE_S):
            await desk.sign_in(device=device)
            await desk.ready()
        await seen(desk, lambda state: state.presence.state == "ready")
        yield desk
    finally:
        async with asyncio.timeout(PATIENCE_S):
            await desk.__aexit__(None, None, None)


@asynccontextmanager
async def staffed(service: Service, *agents: str) -> AsyncIterator[None]:
    """These sit at their seats and take a break: as many calls may wait in the queue, and ring elsewhere (I3)."""
    async with AsyncExitStack() as stack:
        desks = []
        for agent in agents:
            desk = await stack.enter_async_context(
                AgentClient(service.url, service.access["agents"][agent], patience=BRIEF)
            )
            async with asyncio.timeout(PATIENCE_S):
                await desk.sign_in()
                await desk.not_ready("break")
            desks.append(desk)
        yield
        async with asyncio.timeout(PATIENCE_S):
            for desk in desks:
                await desk.sign_out()


async def seen(desk: AgentClient, wanted: Callable[[DeskState], bool], deadline_s: float = PATIENCE_S) -> DeskState:
    """The desk when it is as wanted."""
    try:
        async with asyncio.timeout(deadline_s):
            return await desk.until(wanted)
    except TimeoutError:
        raise AssertionError(f"the desk of {desk.desk.agent} stayed as it is: {desk.desk}") from None


async def offered(desk: AgentClient, contact: str, deadline_s: float = PATIENCE_S) -> OfferCard:
    """The offer of this contact, once it rings here."""
    state = await seen(desk, lambda state: state.offer_of(contact) is not None, deadline_s)
    offer = state.offer_of(contact)
    assert offer is not None
    return offer


async def take(desk: AgentClient, contact: str, deadline_s: float = PATIENCE_S) -> None:
    """Offered, accepted, mine."""
    offer = await offered(desk, contact, deadline_s)
    async with asyncio.timeout(PATIENCE_S):
        await desk.accept(offer.offer)
    await seen(desk, lambda state: state.owns(contact))


async def finish(desk: AgentClient, contact: str) -> None:
    """Finished and wrapped up: off the desk."""
    async with asyncio.timeout(PATIENCE_S):
        await desk.finish(contact)
        await seen(desk, lambda state: state.wraps_up(contact) or not state.owns(contact))
        await desk.wrap_up_done(contact)
    await seen(desk, lambda state: not state.owns(contact))


async def a_call_is_served(service: Service, agent: str = "a1002", line: str = HOTLINE, name: str = "check") -> str:
    """From the webhook to the wrap-up: the whole main flow, once. The contact's id."""
    async with phone(service) as pbx, at_work(service, agent) as desk:
        receipt = await pbx.offered(f"served-{name}", dialled=line, caller="13800000109")
        await take(desk, receipt["contact"])
        await finish(desk, receipt["contact"])
        async with asyncio.timeout(PATIENCE_S):
            await desk.sign_out()
    return str(receipt["contact"])


async def contacts(service: Service, **query: str | int) -> list[dict[str, Any]]:
    """All of them, page by page."""
    found: list[dict[str, Any]] = []
    async with operator(service) as api:
        page = await api.get("/v1/contacts", limit=200, **query)
        found += page["contacts"]
        while page["next"]:
            page = await api.get("/v1/contacts", limit=200, before=page["next"], **query)
            found += page["contacts"]
    return found


async def close_all(service: Service) -> None:
    """Nothing is left over from a test before: what is still open ends without an agent."""

    async def none_open() -> bool:
        left = [row["id"] for row in await contacts(service) if row["state"] not in ("ended", "wrap_up")]
        async with operator(service) as api:
            for contact in left:
                await api.post(f"/v1/contacts/{contact}/close", {"reason": "left over"})
        return not left

    await eventually("all contacts are closed", none_open, 10)


async def ended(service: Service, contact: str) -> dict[str, Any]:
    async def probe() -> dict[str, Any] | None:
        async with operator(service) as api:
            story: dict[str, Any] = await api.get(f"/v1/contacts/{contact}")
        return story if story["contact"]["state"] == "ended" else None

    return await eventually(f"{contact} ends", probe)


async def mail(
    service: Service, *, message_id: str, subject: str = "保修期", to: str = MAILBOX, text: str = "你好"
) -> str:
    """One mail by SMTP; what the door said."""
    letter = EmailMessage()
    letter["From"], letter["To"], letter["Subject"] = "li@customer.example", to, subject
    letter["Message-ID"] = message_id
    letter.set_content(text)
    host, port = service.smtp
    _, said = await aiosmtplib.send(letter, hostname=host, port=port, timeout=15, start_tls=False)
    return said


async def story(service: Service, contact: str) -> dict[str, Any]:
    async with operator(service) as api:
        found: dict[str, Any] = await api.get(f"/v1/contacts/{contact}")
    return found
