"""Promised callbacks, the page at which a customer cancels his, and the do-not-call list of each client."""

from __future__ import annotations

import html
from typing import Any, Final

from aiohttp import web

from contactcenter.api import rendering
from contactcenter.api import shapes_callbacks as s
from contactcenter.api.route import Answer, Call
from contactcenter.api.services import Services
from contactcenter.errors import NotFound
from contactcenter.services.callback_desk import Page
from contactcenter.services.privacy import mask_value
from contactcenter.services.views import UnwantedView

SEE_ALL: Final = frozenset({"supervisor", "client"})
HEADERS: Final = {
    "Cache-Control": "no-store",
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'",
}


async def callbacks(services: Services, call: Call[s.CallbacksQuery, None]) -> s.CallbackPage:
    asked = call.query
    found = await services.reads.callbacks(call.scope, limit=asked.limit, before=asked.before, state=asked.state)
    full = call.who.kind in SEE_ALL
    return s.CallbackPage(
        callbacks=tuple(rendering.callback(view, full=full) for view in found),
        next=found[-1].id if len(found) == asked.limit else "",
    )


# --- the customer's page ----------------------------------------------------------------------------------


async def look(services: Services, call: Call[None, None]) -> web.Response:
    """Shows what would be cancelled: a programme that only follows the link cancels nothing."""
    try:
        return _shown(await services.callbacks.look(call.part("token"), call.language))
    except NotFound:
        return _invalid(services, call)


async def cancel(services: Services, call: Call[None, None]) -> web.Response:
    try:
        page = await services.callbacks.cancel(call.part("token"), call.language)
    except NotFound:
        return _invalid(services, call)
    return _shown(page, status=409 if page.standing in ("too_late", "over") else 200)


def _shown(page: Page, status: int = 200) -> web.Response:
    form = f'<form method="post"><button>{html.escape(page.button)}</button></form>' if page.button else ""
    body = (
        f'<!doctype html><html lang="{page.language}"><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{html.escape(page.title)}</title><h1>{html.escape(page.title)}</h1>"
        f'<p role="status">{html.escape(page.text)}</p>{form}</html>'
    )
    return web.Response(text=body, status=status, content_type="text/html", charset="utf-8", headers=HEADERS)


def _invalid(services: Services, call: Call[Any, Any]) -> web.Response:
    words = {key: services.texts.render(f"callback.page.{key}", call.language) for key in ("title", "invalid")}
    page = Page(standing="over", title=words["title"], text=words["invalid"], button="", language=call.language)
    return _shown(page, status=404)


# --- the do-not-call list ---------------------------------------------------------------------------------


async def listed(services: Services, call: Call[s.UnwantedQuery, None]) -> s.UnwantedList:
    found = await services.do_not_call.listed(call.scope, limit=call.query.limit, after=call.query.after)
    last = found[-1] if len(found) == call.query.limit else None
    return s.UnwantedList(
        numbers=tuple(_entry(row, full=call.who.kind in SEE_ALL) for row in found),
        next=f"{last.client}|{last.number}" if last else "",
    )


async def add(services: Services, call: Call[None, s.NewUnwanted]) -> Answer:
    body, provider = call.body, call.scope.provider
    entry = await services.do_not_call.add(
        call.scope,
        services.directory_of(provider),
        client=body.client,
        number=body.number,
        by=call.who.subject,
        reason=body.reason,
    )
    return Answer(_entry(entry, full=True), 201)


async def remove(services: Services, call: Call[s.UnwantedOf, None]) -> s.UnwantedOut:
    directory = services.directory_of(call.scope.provider)
    entry = await services.do_not_call.remove(
        call.scope, directory, client=call.query.client, number=call.part("number"), by=call.who.subject
    )
    return _entry(entry, full=True)


def _entry(row: UnwantedView, *, full: bool) -> s.UnwantedOut:
    return s.UnwantedOut(
        client=row.client,
        number=row.number if full else mask_value("phone", row.number),
        added_at=rendering.instant(row.added_at),
        added_by=row.added_by,
        reason=row.reason,
    )
