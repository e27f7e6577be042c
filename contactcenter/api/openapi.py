"""The OpenAPI 3.1 document, made from the route table and the types its rows name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any, Final

from msgspec.structs import fields

from contactcenter.api.problems import PROBLEM_JSON, TITLES, ProblemDetails
from contactcenter.api.route import LANGUAGES, Route
from contactcenter.api.schemas import schemas_of
from contactcenter.errors import ContactCenterError, Forbidden, Unauthorized

VERSION: Final = "1.0.0"
REF: Final = "#/components/schemas/{name}"
_PART: Final = re.compile(r"{([a-z_]+)(?::[^}]*)?}")
_INTRO: Final = (
    "Instants are RFC 3339 UTC strings with microseconds, money is integer fen, languages are BCP 47. "
    "Every error is a problem document (RFC 9457) with a stable `code`. Lists are paged by cursor: pass `next` as "
    "`before`. Within /v1 changes only add."
)


def openapi(routes: Iterable[Route]) -> dict[str, Any]:
    """The document of the rows that are part of the contract; the same rows give the same bytes."""
    rows = [row for row in routes if not row.hidden]
    types = _types(rows)
    schemas, components = schemas_of(types, REF)
    known = dict(zip(map(repr, types), schemas, strict=True))
    paths: dict[str, Any] = {}
    for row in rows:
        path = _PART.sub(r"{\1}", row.path)
        paths.setdefault(path, {})[row.method.lower()] = _operation(row, known, components)
    for row in rows:
        if row.query is not None:
            components.pop(row.query.__name__, None)
    return {
        "openapi": "3.1.0",
        "info": {"title": "contactcenter", "version": VERSION, "description": _INTRO, "license": _LICENSE},
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {"schemas": dict(sorted(components.items())), "securitySchemes": _SECURITY},
    }


_LICENSE: Final = {"name": "Apache-2.0", "identifier": "Apache-2.0"}
_SECURITY: Final = {
    "bearer": {"type": "http", "scheme": "bearer", "description": "A token of POST /v1/tokens; never in an address."}
}


def _types(rows: Sequence[Route]) -> list[Any]:
    found: dict[str, Any] = {repr(ProblemDetails): ProblemDetails}
    for row in rows:
        for kind in (row.query, row.request, row.response):
            if kind is not None:
                found[repr(kind)] = kind
    return list(found.values())


def _operation(row: Route, known: dict[str, Any], components: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": _name(row),
        "summary": row.summary,
        "tags": [row.tag],
        "parameters": [*_path_parameters(row), *_query_parameters(row, components)],
        "responses": _responses(row, known),
    }
    if row.request is not None:
        schema = known[repr(row.request)]
        operation["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    elif row.path == "/v1/configuration" and row.method == "POST":
        operation["requestBody"] = {"required": True, "content": _DOCUMENT}
    if row.auth is not None:
        operation["security"] = [{"bearer": []}]
        operation["x-allowed"] = sorted(row.auth)
    return operation


_DOCUMENT: Final = {
    "application/yaml": {"schema": {"type": "string"}},
    "application/json": {"schema": {"type": "object"}},
}


def _path_parameters(row: Route) -> list[dict[str, Any]]:
    return [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in _PART.findall(row.path)
    ]


def _query_parameters(row: Route, components: dict[str, Any]) -> list[dict[str, Any]]:
    """The fields of the query's Struct; `lang` where the answer has words."""
    found: list[dict[str, Any]] = []
    if row.query is not None:
        shape = components[row.query.__name__]
        required = set(shape.get("required", ()))
        found = [
            {
                "name": field.encode_name,
                "in": "query",
                "required": field.encode_name in required,
                "schema": shape["properties"][field.encode_name],
            }
            for field in fields(row.query)
        ]
    if row.response is not None and "language" in getattr(row.response, "__struct_fields__", ()):
        schema = {"type": "string", "enum": list(LANGUAGES)}
        found.append({"name": "lang", "in": "query", "required": False, "schema": schema})
    return found


def _responses(row: Route, known: dict[str, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": row.summary}
    if row.response is not None:
        success["content"] = {row.media: {"schema": known[repr(row.response)]}}
    elif row.status != 101:
        success["content"] = {row.media: {"schema": {"type": "string"}}}
    responses = {str(row.status): success}
    for status, codes in _refusals(row).items():
        responses[str(status)] = {
            "description": f"{TITLES[status]} ({', '.join(codes)})",
            "content": {PROBLEM_JSON: {"schema": known[repr(ProblemDetails)]}},
        }
    return responses


def _refusals(row: Route) -> dict[int, list[str]]:
    errors: list[type[ContactCenterError]] = list(row.errors)
    if row.auth is not None:
        errors += [Unauthorized, Forbidden]
    by_status: dict[int, set[str]] = {}
    for error in errors:
        by_status.setdefault(error.status, set()).add(error.code)
    if row.request is not None:
        for status, code in ((413, "too_large"), (415, "media_type"), (422, "invalid")):
            by_status.setdefault(status, set()).add(code)
    return {status: sorted(codes) for status, codes in sorted(by_status.items())}


def _name(row: Route) -> str:
    parts = [part for part in re.split(r"[^a-z]+", _PART.sub(r"by_\1", row.path)) if part and part != "v"]
    return "_".join([row.method.lower(), *parts])
