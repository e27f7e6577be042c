"""Configuration and tokens: what an operator changes."""

from __future__ import annotations

import msgspec

from contactcenter.api import shapes_operations as s
from contactcenter.api.problems import MediaTypeUnknown, PreconditionFailed
from contactcenter.api.reading import bytes_of
from contactcenter.api.rendering import instant
from contactcenter.api.route import Answer, Call
from contactcenter.api.services import Services
from contactcenter.clock import SECOND
from contactcenter.errors import Conflict, Invalid, NotFound, StaleWrite

MAX_DOCUMENT = 4_194_304
YAML = frozenset({"application/yaml", "application/x-yaml", "text/yaml", "text/x-yaml", "text/plain"})
JSON = frozenset({"application/json", "application/octet-stream"})
DAY = 86_400 * SECOND


async def configuration(services: Services, call: Call[None, None]) -> Answer:
    """The whole document; 304 when the caller has this version."""
    version, document = await services.configuration.current(call.scope.provider)
    etag = f'"{version}"'
    if etag in call.request.headers.get("If-None-Match", ""):
        return Answer(None, 304, {"ETag": etag})
    body = s.ConfigurationOut(
        provider=call.scope.provider, version=version, document=msgspec.to_builtins(document, str_keys=True)
    )
    return Answer(body, headers={"ETag": etag, "Cache-Control": "no-cache"})


async def configure(services: Services, call: Call[s.ConfigurationQuery, None]) -> Answer:
    """YAML or JSON. With If-Match only on top of that version: 412 when it moved on before, 409 when meanwhile."""
    expected = _expected(call.request.headers.get("If-Match", ""))
    text = await _document(call)
    try:
        change = await services.configuration.apply(
            call.scope.provider, text, by=call.who.subject, expected=expected, dry_run=call.query.dry_run
        )
    except StaleWrite:
        raise Conflict("another version was activated meanwhile", code="stale_write") from None
    except Conflict as moved:
        raise PreconditionFailed(str(moved)) if expected is not None else moved from None
    return Answer(change, 201 if change.applied else 200, {"ETag": f'"{change.version}"'})


async def issue(services: Services, call: Call[None, s.NewToken]) -> s.IssuedToken:
    """Shown this once. A token for somebody whom the configuration does not know is a mistake, not a token."""
    wanted, provider = call.body, call.who.provider
    _known(services, provider, wanted)
    until = services.clock.now() + wanted.days * DAY if wanted.days else None
    token = await services.access.issue(wanted.kind, provider, wanted.subject, client=wanted.client, expires_at=until)
    return s.IssuedToken(
        token=token, kind=wanted.kind, subject=wanted.subject, client=wanted.client, expires_at=instant(until)
    )


async def revoke(services: Services, call: Call[None, None]) -> s.RevokedTokens:
    subject = call.part("subject")
    revoked = await services.access.revoke(call.who.provider, subject)
    if not revoked:
        raise NotFound(code="unknown_subject")
    return s.RevokedTokens(subject=subject, revoked=revoked)


def _known(services: Services, provider: str, wanted: s.NewToken) -> None:
    directory = services.directory_of(provider)
    try:
        if wanted.client:
            directory.client(wanted.client)
        if wanted.kind in ("agent", "supervisor"):
            directory.agent(wanted.subject)
    except NotFound as unknown:
        field = "client" if unknown.code == "unknown_client" else "subject"
        raise Invalid(str(unknown), code=unknown.code, field=field) from None


def _expected(header: str) -> int | None:
    """`If-Match: "7"`; `*` means whatever is there."""
    text = header.strip().removeprefix("W/").strip('"')
    if text in ("", "*"):
        return None
    if not text.isascii() or not text.isdecimal() or len(text) > 9:
        raise Invalid("If-Match holds the ETag of GET /v1/configuration", field="If-Match")
    return int(text)


async def _document(call: Call[s.ConfigurationQuery, None]) -> str:
    if call.request.content_type not in YAML | JSON:
        raise MediaTypeUnknown("Send application/yaml or application/json.")
    try:
        return (await bytes_of(call.request, MAX_DOCUMENT)).decode("utf-8")
    except UnicodeDecodeError:
        raise Invalid("the document is not UTF-8", code="malformed") from None
