"""Many rows as one argument per column: array literals, which unnest() in the statement makes rows again.

A JSON array of numbers and plain texts is an array literal but for its brackets, so one call of the encoder makes a
whole column. The driver's own arrays look at every element in turn and cost the program four times as much; a JSON
record set costs the server four times as much (docs/decisions/0011-rows-as-array-literals.md).
"""

from __future__ import annotations

from collections.abc import Container, Iterable, Sequence
from operator import attrgetter
from typing import Any

from contactcenter.storage.queries import listed
from contactcenter.storage.rows import text


def columns(name: str, rows: Sequence[Any], *, documents: Container[str] = ()) -> list[str]:
    """The arguments for the rows that statement `name` lists: at least one row, of at least two fields.

    `documents` are the columns that hold JSON: encoded already (bytes), or a value to encode.
    """
    named = listed(name)
    found = zip(*map(attrgetter(*named), rows), strict=True)
    return [
        _documents(column) if each in documents else array(column) for each, column in zip(named, found, strict=True)
    ]


def array(values: Sequence[Any]) -> str:
    """Numbers, booleans, texts or bytes (these as base64); None is NULL."""
    encoded = text(values)
    if "\\" in encoded:
        # JSON's \n and \u001f mean nothing to an array literal, which knows \" and \\ alone.
        return "{" + ",".join(map(_quoted, values)) + "}"
    return "{" + encoded[1:-1] + "}"


def _quoted(value: Any) -> str:
    if not isinstance(value, str):
        return text(value)
    escaped = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def _documents(values: Iterable[Any]) -> str:
    """JSON has no raw control characters in it, so that quoting it leaves none of JSON's own escapes."""
    encoded = text([_document(value) for value in values])
    return "{" + encoded[1:-1] + "}"


def _document(value: Any) -> str | None:
    if value is None:
        return None
    return value.decode() if isinstance(value, bytes) else text(value)
