"""Reading a request: path, query and body into the row's types, with the field named when one is wrong."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any, Final

import msgspec
from aiohttp import web
from msgspec import Struct
from msgspec.structs import fields

from contactcenter.api.problems import MediaTypeUnknown
from contactcenter.errors import Invalid, TooLarge

_PATH: Final = re.compile(r" - at `\$\.?(?P<path>[^`]*)`$")
_MISSING: Final = re.compile(r"missing required field `(.+?)`|unknown field `(.+?)`")


async def body_of(request: web.Request, kind: Any, limit: int) -> Any:
    """The decoded body. Raises Invalid (field), MediaTypeUnknown, TooLarge."""
    if request.content_type not in ("application/json", "application/octet-stream"):
        raise MediaTypeUnknown()
    raw = await bytes_of(request, limit)
    try:
        return _decoder(kind).decode(raw)
    except msgspec.ValidationError as wrong:
        raise _refused(wrong) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as wrong:
        raise Invalid(f"the body is not JSON: {wrong}", code="malformed") from None


async def bytes_of(request: web.Request, limit: int) -> bytes:
    """At most `limit` bytes; the rest is not read."""
    if (request.content_length or 0) > limit:
        raise TooLarge(limit=limit)
    chunks, size = [], 0
    async for chunk in request.content.iter_chunked(65_536):
        size += len(chunk)
        if size > limit:
            raise TooLarge(limit=limit)
        chunks.append(chunk)
    return b"".join(chunks)


def query_of(request: web.Request, kind: type[Struct]) -> Any:
    """The query as its Struct; numbers and flags are written as text. Unknown names are refused."""
    given = {name: value for name, value in request.query.items() if name != "lang"}
    known = {field.encode_name for field in fields(kind)}
    for name in given:
        if name not in known:
            raise Invalid(f"there is no query parameter {name!r}", field=name)
    try:
        return msgspec.convert(given, kind, strict=False)
    except msgspec.ValidationError as wrong:
        raise _refused(wrong) from None


@lru_cache(maxsize=128)
def _decoder(kind: Any) -> msgspec.json.Decoder[Any]:
    return msgspec.json.Decoder(kind)


def _refused(wrong: msgspec.ValidationError) -> Invalid:
    text = str(wrong)
    path = _PATH.search(text)
    named = _MISSING.search(text)
    inner = (named[1] or named[2]) if named else ""
    field = ".".join(part for part in (path["path"] if path else "", inner) if part)
    return Invalid(_PATH.sub("", text), field=field)
