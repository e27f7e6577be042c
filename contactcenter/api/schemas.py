"""JSON Schemas of the structs that both ends use, the same from every Python."""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

import msgspec


def schemas_of(kinds: Iterable[Any], template: str) -> tuple[tuple[dict[str, Any], ...], dict[str, Any]]:
    """A schema for each kind, and the named ones they refer to by `template` (with `{name}` in it).

    From 3.13 on Python takes the indentation out of docstrings by itself; here it is out for all.
    """
    schemas, components = msgspec.json.schema_components(kinds, ref_template=template)
    for component in components.values():
        if "description" in component:
            component["description"] = inspect.cleandoc(component["description"])
    return schemas, components
