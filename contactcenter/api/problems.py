"""Problem details (RFC 9457) for whatever goes wrong: one shape, stable codes, and nothing leaks.

What nobody foresaw answers 500 with an incident id; the id is in the log beside the traceback.
"""

from __future__ import annotations

import logging
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct

from channels.port import ChannelError, IntakeBusy
from contactcenter.clock import Ids
from contactcenter.errors import (
    Busy,
    Conflict,
    ContactCenterError,
    Invalid,
    LeaseLost,
    NotFound,
    StaleWrite,
    TooLarge,
    Unauthorized,
)

log = logging.getLogger(__name__)
PROBLEM_JSON: Final = "application/problem+json"
RETRY_AFTER_S: Final = "1"


class ProblemDetails(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """`code` is stable; `field` names the place; `problems` lists all that is wrong with a document."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str = ""
    instance: str = ""
    problems: tuple[dict[str, Any], ...] = ()
    details: dict[str, Any] = {}


TITLES: Final = {
    400: "The request cannot be read",
    401: "Credentials are missing or wrong",
    403: "Not allowed",
    404: "Not found",
    405: "Method not allowed",
    406: "Not acceptable",
    409: "Conflict with the present state",
    411: "Length required",
    412: "Precondition failed",
    413: "Too large",
    415: "This media type is not understood",
    422: "The request is not valid",
    429: "Too many requests",
    500: "Something went wrong here",
    503: "Try again later",
}
_CODES: Final = {400: "malformed", 404: "not_found", 405: "method_not_allowed", 413: "too_large", 415: "media_type"}
_CHANNEL: Final[dict[str, type[ContactCenterError]]] = {
    "unknown_door": NotFound,
    "different_payload": Conflict,
    "busy": Busy,
    "overloaded": Busy,
    "malformed": Invalid,
    "bad_signature": Unauthorized,
}


class PreconditionFailed(Conflict):
    """The version in If-Match is not the current one."""

    code, status = "precondition_failed", 412


class MediaTypeUnknown(Invalid):
    """Send application/json."""

    code, status = "media_type", 415


class TooMany(Busy):
    """Too many requests from this address."""

    code, status = "too_many", 429


def problem_of(error: Exception, request: web.Request, ids: Ids) -> web.StreamResponse:
    """The problem document of whatever left a handler. Raises it again when it is none: a redirect, or nobody there."""
    match error:
        case ContactCenterError():
            return of_error(error, ids)
        case ChannelError():
            return of_error(_translated(error), ids)
        case web.HTTPException() if error.status < 400:
            raise error
        case web.HTTPException():
            return _of_http(error)
        case _:
            return _unforeseen(error, request, ids)


def of_error(error: ContactCenterError, ids: Ids) -> web.Response:
    """The document of a foreseen error. A lost race is worth a retry; a wrong setting is ours and is not shown."""
    if isinstance(error, StaleWrite | LeaseLost):
        error = Conflict("it changed meanwhile; read it again", code=error.code)
    if error.status == 500:
        return _incident(error, ids)
    details = {k: v for k, v in error.details.items() if k != "problems"}
    return respond(
        ProblemDetails(
            type=_type(error.code),
            title=TITLES.get(error.status, "Error"),
            status=error.status,
            detail=str(error),
            code=error.code,
            field=error.field,
            problems=tuple(msgspec.to_builtins(p) for p in _listed(error.details.get("problems"))),
            details=msgspec.to_builtins(details, enc_hook=str),
        ),
        _headers(error),
    )


def respond(problem: ProblemDetails, headers: dict[str, str] | None = None) -> web.Response:
    return web.Response(
        body=msgspec.json.encode(problem), status=problem.status, content_type=PROBLEM_JSON, headers=headers or {}
    )


def _headers(error: ContactCenterError) -> dict[str, str]:
    if error.status == 401:
        return {"WWW-Authenticate": 'Bearer realm="contactcenter"'}
    if error.status in (429, 503):
        return {"Retry-After": str(error.details.get("retry_after", RETRY_AFTER_S))}
    return {}


def _of_http(error: web.HTTPException) -> web.Response:
    """aiohttp's own refusals: unknown path, wrong method (with its Allow), a body that is too large."""
    code = _CODES.get(error.status, f"http_{error.status}")
    title = TITLES.get(error.status, error.reason)
    problem = ProblemDetails(type=_type(code), title=title, status=error.status, detail=f"{title}.", code=code)
    allow = error.headers.get("Allow")
    return respond(problem, {"Allow": allow} if allow else {})


def _translated(error: ChannelError) -> ContactCenterError:
    kind = _CHANNEL.get(error.code, Busy)
    wait = {"retry_after": error.retry_after_s} if isinstance(error, IntakeBusy) else {}
    return kind(str(error), code=error.code, field=getattr(error, "field", ""), **wait)


def _unforeseen(error: Exception, request: web.Request, ids: Ids) -> web.Response:
    if request.transport is None:
        raise error
    return _incident(error, ids)


def _incident(error: Exception, ids: Ids) -> web.Response:
    incident = ids.new("in")
    log.error("incident %s", incident, exc_info=error)
    return respond(
        ProblemDetails(
            type=_type("internal"),
            title=TITLES[500],
            status=500,
            detail=f"This was not foreseen; it is logged as {incident}.",
            code="internal",
            instance=f"urn:contactcenter:incident:{incident}",
        )
    )


def _listed(problems: object) -> tuple[Any, ...]:
    return tuple(problems) if isinstance(problems, list | tuple) else ()


def _type(code: str) -> str:
    return f"urn:contactcenter:problem:{code}"


__all__ = ["MediaTypeUnknown", "PreconditionFailed", "ProblemDetails", "TooLarge", "TooMany", "of_error"]
