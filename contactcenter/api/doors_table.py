"""The rows of doors that others serve: the channels' webhooks and sockets and the agents' socket.

Documented here, served by the handlers the wiring brings as aiohttp routes. A handler without a row, or a row
whose path nobody serves, is refused when the table is put together: the documents never lie.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from functools import cache
from typing import Any, Final

from aiohttp import web
from msgspec import Struct

from channels.port import Receipt
from contactcenter.api.openapi import openapi
from contactcenter.api.problems import TooMany
from contactcenter.api.route import Call, Route, passing
from contactcenter.api.table import PAGES, TABLE
from contactcenter.errors import Busy, Conflict, Forbidden, Invalid, Misconfigured, NotFound, TooLarge, Unauthorized


class PlatformEvent(Struct, frozen=True, kw_only=True):
    """A CloudEvent of a phone platform, signed as Standard Webhooks (docs/telephony)."""

    specversion: str
    type: str
    source: str
    id: str
    subject: str = ""
    time: str = ""
    data: dict[str, Any] = {}


class VisitorSession(Struct, frozen=True, kw_only=True):
    """The token of the visitor's hello frame."""

    token: str
    session: str


class SiteTexts(Struct, frozen=True, kw_only=True):
    language: str
    texts: dict[str, str]


class PlatformCommands(Struct, frozen=True, kw_only=True):
    """What a platform without a control_url fetches."""

    commands: tuple[dict[str, Any], ...]


async def _nobody(services: object, call: Call[Any, Any]) -> Any:
    raise Misconfigured("this door is not open in this process")


DOORS: Final[tuple[Route, ...]] = (
    Route(
        method="POST", path="/v1/phone/{source}/events", handler=_nobody, tag="phone", auth=None,
        summary="An event of a phone platform (Standard Webhooks signature)", request=PlatformEvent,
        response=Receipt, errors=(Unauthorized, NotFound, Conflict, TooLarge, Invalid, Busy),
    ),
    Route(
        method="GET", path="/v1/phone/{source}/commands", handler=_nobody, tag="phone", auth=None,
        summary="Commands kept for a platform without a control_url (signed)", response=PlatformCommands,
        errors=(Unauthorized, NotFound, Busy),
    ),
    Route(
        method="POST", path="/v1/phone/{source}/twilio/{what}", handler=_nobody, tag="phone", auth=None,
        summary="A signed form of Twilio; the answer is TwiML (docs/telephony/twilio.md)",
        errors=(Unauthorized, NotFound, TooLarge, Invalid, Busy),
    ),
    Route(
        method="POST", path="/v1/chat/{site}/sessions", handler=_nobody, tag="chat", auth=None, per_minute=30,
        summary="A visitor's token; the Origin must be one of the site's", response=VisitorSession, status=201,
        errors=(Forbidden, NotFound, TooMany, Busy),
    ),
    Route(
        method="GET", path="/v1/chat/{site}/texts", handler=_nobody, tag="chat", auth=None,
        summary="The labels of a site's chat window", response=SiteTexts, errors=(Forbidden, NotFound),
    ),
    Route(
        method="GET", path="/v1/chat/{site}/socket", handler=_nobody, tag="sockets", auth=None, status=101,
        summary="The visitor's websocket (docs/api/asyncapi.json)", errors=(Forbidden, NotFound, Busy),
    ),
    Route(
        method="GET", path="/v1/agent", handler=_nobody, tag="sockets", auth=None, status=101,
        summary="The agent's websocket (docs/api/asyncapi.json)",
    ),
)  # fmt: skip

DOCUMENTED: Final[tuple[Route, ...]] = (*TABLE, *DOORS)


def with_doors(doors: Iterable[web.RouteDef], table: Iterable[Route] = TABLE) -> tuple[Route, ...]:
    """The whole table of one process: own rows, the doors that are open here, the pages last.

    Raises Misconfigured for a handler whose address no row documents.
    """
    rows = {(row.method, row.path): row for row in DOORS}
    opened = []
    for door in doors:
        row = rows.get((door.method, door.path))
        if row is None:
            raise Misconfigured(f"{door.method} {door.path} is served but not documented in api.doors_table")
        opened.append(_opened(row, door))
    rows_of_all = (*table, *opened)
    return (*rows_of_all, _own_document(rows_of_all), *PAGES)


def _own_document(routes: tuple[Route, ...]) -> Route:
    """What this process serves, as OpenAPI: made when first asked for, not part of what it describes."""

    @cache
    def body() -> bytes:
        return json.dumps(openapi(routes), ensure_ascii=False).encode()

    async def handler(services: object, call: Call[Any, Any]) -> web.Response:
        return web.Response(body=body(), content_type="application/json", headers={"Cache-Control": "no-cache"})

    return Route(
        method="GET",
        path="/v1/openapi.json",
        handler=handler,
        tag="pages",
        auth=None,
        hidden=True,
        summary="The OpenAPI document",
    )


def _opened(row: Route, door: web.RouteDef) -> Route:
    """The row with its handler. The door reads the body itself: only it knows what was signed."""
    return Route(
        method=row.method,
        path=row.path,
        handler=passing(door.handler),
        summary=row.summary,
        tag=row.tag,
        auth=None,
        response=row.response,
        status=row.status,
        per_minute=row.per_minute,
        errors=row.errors,
    )
