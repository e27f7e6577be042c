"""The aiohttp application made from the route table, and the layers every request passes.

    problems, security headers, access log -> (per route) credentials -> scope -> query and body -> handler -> JSON

Tokens come in `Authorization: Bearer` alone: an address ends up in logs and histories. Sockets carry theirs in
the hello frame. The access log has method, path, status and time, never a query, a header or a body.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Any, Final

import msgspec
from aiohttp import web
from aiohttp.typedefs import Middleware

from contactcenter.api.problems import problem_of
from contactcenter.api.rate_limit import AddressLimit
from contactcenter.api.reading import body_of, query_of
from contactcenter.api.route import Answer, Call, Raw, Route
from contactcenter.api.services import Services
from contactcenter.clock import Clock, Ids
from contactcenter.errors import Forbidden, Unauthorized
from contactcenter.services.access import Access
from contactcenter.services.views import Principal

access_log = logging.getLogger("contactcenter.access")
ROUTES: Final = web.AppKey("routes", tuple[Route, ...])
PRINCIPAL: Final = web.RequestKey("principal", Principal)
MAX_BODY: Final = 1_048_576
SECURITY: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
}
"""For everything that sets no policy of its own (the pages do)."""


def build_app(services: Services, routes: Sequence[Route], *, max_body: int = MAX_BODY) -> web.Application:
    """The application of a table. `max_body` bounds what aiohttp itself reads into memory, in bytes."""
    app = web.Application(
        middlewares=[_around(services.clock, services.ids)],
        client_max_size=max_body,
    )
    app[ROUTES] = tuple(routes)
    for route in routes:
        app.router.add_route(route.method, route.path, _adapted(route, services))
    return app


def _adapted(route: Route, services: Services) -> Raw:
    """A handler of the table as aiohttp wants it."""
    access = services.access
    limit = AddressLimit(services.clock, route.per_minute) if route.per_minute else None

    async def handle(request: web.Request) -> web.StreamResponse:
        if limit is not None:
            limit.take(request.remote or "")
        call: Call[Any, Any] = Call(request, None, None)
        if route.auth is not None:
            call.principal = await _admitted(request, access, route.auth)
            call.reach = access.scope_of(call.principal) if call.principal.kind != "platform" else None
        if route.query is not None:
            call.query = query_of(request, route.query)
        if route.request is not None:
            call.body = await body_of(request, route.request, route.max_bytes)
        return _answered(await route.handler(services, call), route)

    return handle


async def _admitted(request: web.Request, access: Access, allowed: frozenset[str]) -> Principal:
    who = await access.principal(bearer(request))
    if who.kind not in allowed:
        raise Forbidden()
    request[PRINCIPAL] = who
    return who


def bearer(request: web.Request) -> str:
    """The token of the Authorization header. Raises Unauthorized without one."""
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        raise Unauthorized()
    return token.strip()


def _answered(given: Any, route: Route) -> web.StreamResponse:
    if isinstance(given, web.StreamResponse):
        return given
    answer = given if isinstance(given, Answer) else Answer(given, route.status)
    if answer.status in (204, 304):
        return web.Response(status=answer.status, headers=answer.headers)
    headers = {"Cache-Control": "no-store", **answer.headers}
    return web.Response(
        body=msgspec.json.encode(answer.body), status=answer.status, headers=headers, content_type=route.media
    )


def _around(clock: Clock, ids: Ids) -> Middleware:
    """What every request passes. One layer: its frame lives as long as the request, a socket's all day long."""

    @web.middleware
    async def middleware(
        request: web.Request, handler: Callable[[web.Request], Awaitable[web.StreamResponse]]
    ) -> web.StreamResponse:
        began = clock.monotonic()
        try:
            response = await handler(request)
        except Exception as error:
            response = problem_of(error, request, ids)
        if not response.prepared:
            for name, value in SECURITY.items():
                response.headers.setdefault(name, value)
        if access_log.isEnabledFor(logging.INFO):
            ms = (clock.monotonic() - began) * 1000
            access_log.info("%s %s %d %.1f ms", request.method, _template(request), response.status, ms)
        return response

    return middleware


def _template(request: web.Request) -> str:
    """The path as the table writes it: ids and identities stay out of the log."""
    resource = request.match_info.route.resource
    return resource.canonical if resource is not None else "(no such path)"
