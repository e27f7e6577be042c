"""The phone platforms' HTTP door: verify, translate, hand to intake, say what became of it.

    POST /v1/phone/{source}/events              one signed CloudEvent -> 200 receipt, 202 pending
    GET  /v1/phone/{source}/commands?after=<n>  signed over an empty body -> the feed's page

Refusals are problem details (RFC 9457) with a stable `code`. Nothing is answered 2xx before intake has
stored it. What we log of an event is its id: bodies hold customers' numbers.
"""

from __future__ import annotations

import logging
import re
import traceback
from collections.abc import Callable, Mapping
from typing import Final

import msgspec
from aiohttp import web
from msgspec import Struct

from channels.phone.dialect import translate
from channels.phone.feed import CommandFeed
from channels.phone.verify import Verifier
from channels.port import ChannelError, Intake, IntakeBusy, Malformed, Receipt

MAX_BYTES: Final = 256 * 1024
log = logging.getLogger(__name__)


class Problem(Struct, omit_defaults=True, kw_only=True):
    """RFC 9457, with our stable `code` and, for malformed input, the field."""

    type: str
    title: str
    status: int
    detail: str
    code: str
    field: str = ""


class Reply(Struct, frozen=True):
    """A Receipt on the wire: every member is always there, so that a platform need not guess."""

    contact: str
    duplicate: bool
    pending: bool
    instruction: str
    text: str
    language: str
    position: int
    expected_wait_s: int
    at_most_wait_s: int


class TooLarge(ChannelError):
    """The body is larger than this door takes."""

    code = "too_large"


_KNOWN: Final[dict[str, tuple[int, str]]] = {
    "bad_signature": (401, "The signature is missing or wrong"),
    "stale_timestamp": (401, "The signature's timestamp is stale"),
    "unknown_door": (404, "No such source or line is configured"),
    "different_payload": (409, "This event id was used with another content"),
    "too_large": (413, "The body is too large"),
    "malformed": (422, "The event cannot be read"),
    "busy": (503, "The service is busy"),
    "overloaded": (503, "No new contact can be taken now"),
}
_HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"www-authenticate": "StandardWebhooks"},
}
_AFTER: Final = re.compile(r"[0-9]{1,18}")


class PhoneDoor:
    """Holds no state of its own; `routes` are added to the one aiohttp application."""

    def __init__(
        self,
        *,
        intake: Intake,
        verifier: Verifier,
        feed: CommandFeed,
        max_bytes: int = MAX_BYTES,
        owns: Callable[[str], bool] = lambda source: True,
    ) -> None:
        """`owns`: whether this process sends the commands of a source, and so has them to be polled."""
        self._owns = owns
        self._intake = intake
        self._verifier = verifier
        self._feed = feed
        self._max_bytes = max_bytes

    def routes(self) -> list[web.RouteDef]:
        return [
            web.post("/v1/phone/{source}/events", self.receive),
            web.get("/v1/phone/{source}/commands", self.commands, allow_head=False),
        ]

    async def receive(self, request: web.Request) -> web.Response:
        """One event. Never raises for what a platform sent."""
        event = request.headers.get("webhook-id", "")
        try:
            body = await read_body(request, self._max_bytes)
            source = request.match_info["source"]
            self._verifier.verify(source, request.headers, body)
            inbound = translate(source, body)
            event = inbound.external_id
            return _receipt(await self._intake.accept(inbound))
        except ChannelError as error:
            return refusal(error, event)
        except Exception as error:
            return failure(error, event)

    async def commands(self, request: web.Request) -> web.Response:
        """The commands kept for a source without a control_url."""
        try:
            body = await read_body(request, self._max_bytes)
            source = request.match_info["source"]
            self._verifier.verify(source, request.headers, body)
            if not self._owns(source):
                # An empty page would be a lie: the commands are with the process that owns the connection.
                raise IntakeBusy("another process sends this source's commands: ask that one, or again in a moment")
            return _json(self._feed.after(source, _after(request.query)))
        except ChannelError as error:
            return refusal(error, "commands")
        except Exception as error:
            return failure(error, "commands")


async def read_body(request: web.Request, max_bytes: int) -> bytes:
    """The raw bytes as they were signed. Raises TooLarge before more is held than the door takes."""
    if (request.content_length or 0) > max_bytes:
        raise TooLarge(f"more than {max_bytes} bytes")
    body = bytearray()
    try:
        async for chunk in request.content.iter_any():
            body += chunk
            if len(body) > max_bytes:
                raise TooLarge(f"more than {max_bytes} bytes")
    except web.RequestPayloadError as error:
        raise Malformed("$: the body's encoding is broken", field="$") from error
    return bytes(body)


def _after(query: Mapping[str, str]) -> int:
    text = query.get("after", "0")
    if not _AFTER.fullmatch(text):
        raise Malformed("after: Expected a whole number from an earlier page", field="after")
    return int(text)


def _receipt(receipt: Receipt) -> web.Response:
    reply = Reply(
        contact=receipt.contact,
        duplicate=receipt.duplicate,
        pending=receipt.pending,
        instruction=receipt.instruction,
        text=receipt.text,
        language=receipt.language,
        position=receipt.position,
        expected_wait_s=receipt.expected_wait_s,
        at_most_wait_s=receipt.at_most_wait_s,
    )
    return _json(reply, status=202 if receipt.pending else 200)


def refusal(error: ChannelError, event: str) -> web.Response:
    """A problem document with our stable code."""
    if error.code not in _KNOWN:
        return failure(error, event)
    status, title = _KNOWN[error.code]
    field = error.field if isinstance(error, Malformed) else ""
    wait = error.retry_after_s if isinstance(error, IntakeBusy) else 0
    return _problem(code=error.code, status=status, title=title, detail=str(error), field=field, wait_s=wait)


def failure(error: Exception, event: str) -> web.Response:
    """Our fault: say nothing of the inside, and log where it broke without what it was about."""
    frames = traceback.extract_tb(error.__traceback__)
    where = f"{frames[-1].filename}:{frames[-1].lineno}" if frames else "?"
    log.error("phone event %r failed: %s at %s", event, type(error).__name__, where)
    return _problem(code="internal", status=500, title="Something went wrong", detail="The event was not taken.")


def _problem(*, code: str, status: int, title: str, detail: str, field: str = "", wait_s: int = 0) -> web.Response:
    problem = Problem(
        type=f"urn:contactcenter:problem:{code}",
        title=title,
        status=status,
        detail=detail or title,
        code=code,
        field=field,
    )
    return web.Response(
        status=status,
        body=msgspec.json.encode(problem),
        content_type="application/problem+json",
        headers={"retry-after": str(wait_s)} if wait_s else _HEADERS.get(status),
    )


def _json(value: Struct, *, status: int = 200) -> web.Response:
    return web.Response(status=status, body=msgspec.json.encode(value), content_type="application/json")
