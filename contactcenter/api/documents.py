"""Writes docs/api: the hook of `python -m contactcenter docs`, and what a test compares the files with."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path

from contactcenter.api.asyncapi import AGENT, SocketDoc, asyncapi
from contactcenter.api.doors_table import DOCUMENTED
from contactcenter.api.openapi import openapi


def documents(sockets: Sequence[SocketDoc] = ()) -> dict[str, str]:
    """File name -> content. `sockets`: those of other layers, beside the agents' own."""
    made = {"openapi.json": openapi(DOCUMENTED), "asyncapi.json": asyncapi((AGENT, *sockets))}
    return {name: json.dumps(document, indent=2, ensure_ascii=False) + "\n" for name, document in made.items()}


def write_docs(folder: Path, sockets: Sequence[SocketDoc] = ()) -> list[Path]:
    """Write all of them; returns the files that changed."""
    folder.mkdir(parents=True, exist_ok=True)
    changed = []
    for name, content in documents(sockets).items():
        path = folder / name
        if not path.is_file() or path.read_text(encoding="utf-8") != content:
            path.write_text(content, encoding="utf-8")
            changed.append(path)
    return changed
