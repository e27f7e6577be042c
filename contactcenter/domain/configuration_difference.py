"""What a new version of the configuration changes, as lines for a person: `contactcenter config apply` shows them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import msgspec

from contactcenter.domain.configuration import Document, plain

_IDENTITY = {"media": "medium", "lines": "number", "mailboxes": "address"}
_SECTIONS = (
    "clients",
    "leases",
    "calendars",
    "plans",
    "views",
    "media",
    "lines",
    "mailboxes",
    "sites",
    "sources",
    "webhooks",
    "agents",
    "ivr",
)


def difference(old: Document, new: Document) -> list[str]:
    """Added `+`, removed `-` and changed `~` things by their id, in the order of the document."""
    lines: list[str] = []
    for section in _SECTIONS:
        lines += _section(section, _by_id(old, section), _by_id(new, section))
    before, after = plain(old), plain(new)
    for name in sorted((before.keys() | after.keys()) - set(_SECTIONS)):
        lines += [f"~ {change}" for change in _changes(name, before.get(name), after.get(name))]
    return lines


def _section(section: str, old: dict[str, Any], new: dict[str, Any]) -> Iterator[str]:
    for name in new:
        if name not in old:
            yield f"+ {section} {name}"
    for name in old:
        if name not in new:
            yield f"- {section} {name}"
    for name in new:
        if name in old and old[name] != new[name]:
            yield f"~ {section} {name}: " + "; ".join(_changes("", old[name], new[name]))


def _changes(path: str, old: Any, new: Any) -> Iterator[str]:
    """Down through dicts; anything else is compared and shown whole."""
    if isinstance(old, dict) and isinstance(new, dict):
        for key in [*old, *(key for key in new if key not in old)]:
            yield from _changes(f"{path}.{key}" if path else str(key), old.get(key), new.get(key))
    elif old != new:
        yield f"{path} {_shown(old)} -> {_shown(new)}"


def _by_id(document: Document, section: str) -> dict[str, Any]:
    key = _IDENTITY.get(section, "id")
    return {str(getattr(item, key)): plain(item) for item in getattr(document, section)}


def _shown(value: Any) -> str:
    """As JSON; a key that was not there is `nothing`."""
    return "nothing" if value is None else msgspec.json.encode(value).decode()
