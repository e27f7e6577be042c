"""What operations looks at: health, metrics, the live queues, days, agents, kept mail."""

from __future__ import annotations

import datetime as dt
from ipaddress import ip_address
from zoneinfo import ZoneInfo

from aiohttp import web

from channels.port import SendMail
from contactcenter.api import rendering
from contactcenter.api import shapes_operations as s
from contactcenter.api.route import Answer, Call
from contactcenter.api.server import bearer
from contactcenter.api.services import Services
from contactcenter.clock import rfc3339, to_datetime
from contactcenter.domain.texts import labels
from contactcenter.errors import Forbidden, Invalid
from contactcenter.services.privacy import mask_text, mask_value
from contactcenter.services.reporting import DayReport, LiveQueues
from contactcenter.services.views import OutboxItem

PREFIXES = ("desk.", "ops.", "chat.")
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


async def health(services: Services, call: Call[None, None]) -> s.Health:
    """The process answers; nothing else is asked."""
    return s.Health(status="ok", at=rfc3339(services.clock.now()))


async def readiness(services: Services, call: Call[None, None]) -> Answer:
    """503 while the store is out of reach, no router owns the domain, or the process drains."""
    try:
        checks = await services.ready()
    except Exception:
        checks = {"store": False}
    ready = all(value is not False for value in checks.values())
    return Answer(s.Readiness(ready=ready, checks=checks), 200 if ready else 503)


async def metrics(services: Services, call: Call[None, None]) -> web.Response:
    """Open to this machine alone; from elsewhere with an operator's token."""
    if not _from_here(call.request):
        who = await services.access.principal(bearer(call.request))
        if who.kind != "operator":
            raise Forbidden()
    return web.Response(body=await services.metrics(), headers={"Content-Type": METRICS_TYPE})


async def queues(services: Services, call: Call[None, None]) -> LiveQueues:
    return await services.board.live(call.scope)


async def day(services: Services, call: Call[s.DayQuery, None]) -> DayReport:
    zone = ZoneInfo(services.directory_of(call.scope.provider).document.provider.time_zone)
    try:
        asked = dt.date.fromisoformat(call.query.date) if call.query.date else None
    except ValueError:
        raise Invalid("no such date", field="date") from None
    return await services.reports.day(call.scope, asked or to_datetime(services.clock.now()).astimezone(zone).date())


async def agents(services: Services, call: Call[None, None]) -> s.AgentList:
    return s.AgentList(agents=tuple(await services.supervision.agents(call.scope)))


async def texts(services: Services, call: Call[None, None]) -> s.TextsOut:
    found: dict[str, str] = {}
    for prefix in PREFIXES:
        found |= labels(services.texts.catalogue, prefix, call.language)
    return s.TextsOut(language=call.language, texts=found)


async def kept_mail(services: Services, call: Call[s.KeptQuery, None]) -> s.KeptMails:
    full = call.who.kind in ("supervisor", "client")
    items = await services.reads.kept_mail(call.scope, call.query.limit)
    return s.KeptMails(mails=tuple(_kept(item, item.payload, full) for item in items if _is_mail(item)))


def _is_mail(item: OutboxItem) -> bool:
    return isinstance(item.payload, SendMail)


def _kept(item: OutboxItem, mail: object, full: bool) -> s.KeptMail:
    assert isinstance(mail, SendMail)
    return s.KeptMail(
        id=item.id,
        client=item.client,
        contact=item.contact,
        at=rendering.instant(item.created_at),
        to=mail.to if full else mask_value("mail", mail.to),
        subject=mail.subject if full else mask_text(mail.subject),
        text=mail.text if full else mask_text(mail.text),
    )


def _from_here(request: web.Request) -> bool:
    """Behind a proxy every peer is loopback, so a forwarded request is never from here."""
    if "X-Forwarded-For" in request.headers or "Forwarded" in request.headers:
        return False
    try:
        return ip_address((request.remote or "").partition("%")[0]).is_loopback
    except ValueError:
        return False
