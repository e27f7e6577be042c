"""Secrets of this installation: one file under the data directory, readable by its owner alone.

Made at the first start with fresh values; an operator may replace it. Never logged, never in the database
(decisions row 12: secrets live in the environment and in files).
"""

from __future__ import annotations

import base64
import os
from collections.abc import Iterable
from pathlib import Path

import msgspec
from msgspec import Struct

from contactcenter.clock import Ids
from contactcenter.errors import Misconfigured

NAME = "secrets.json"


class Secrets(Struct, kw_only=True):
    """`webhooks`: per phone source its Standard Webhooks secrets, the last one signs. `visitors` signs chat tokens.

    `outgoing`: per `<provider>/<secret>` of a webhook that we send, its secrets; all of them sign.
    `twilio`: per source of that dialect its auth tokens, the last one calls the API; an API key `SK...:secret` may too.
    `ari`: per source of dialect asterisk its `user:password` of ari.conf.
    """

    visitors: list[str] = []
    webhooks: dict[str, list[str]] = {}
    outgoing: dict[str, list[str]] = {}
    twilio: dict[str, list[str]] = {}
    ari: dict[str, str] = {}


def load(folder: Path, sources: list[str], ids: Ids, outgoing: Iterable[str] = ()) -> Secrets:
    """What the file says, with a fresh secret for every source and webhook that has none yet."""
    path = folder / NAME
    secrets = _read(path) if path.exists() else Secrets()
    before = msgspec.json.encode(secrets)
    if not secrets.visitors:
        secrets.visitors.append(ids.token())
    for source in sources:
        secrets.webhooks.setdefault(source, [fresh_webhook_secret(ids)])
    for name in outgoing:
        secrets.outgoing.setdefault(name, [fresh_webhook_secret(ids)])
    if msgspec.json.encode(secrets) != before:
        write_private(path, msgspec.json.format(msgspec.json.encode(secrets), indent=2))
    return secrets


def fresh_webhook_secret(ids: Ids) -> str:
    """As Standard Webhooks writes it: `whsec_` and base64 of 32 random bytes."""
    raw = base64.urlsafe_b64decode(ids.token() + "=")
    return "whsec_" + base64.b64encode(raw).decode()


def write_private(path: Path, content: bytes) -> None:
    """Whole or not at all, and never readable by others, not even for a moment."""
    try:
        _write(path, content)
    except OSError as problem:
        raise Misconfigured(f"{path} cannot be written: {problem.strerror}", field=str(path)) from problem


def _write(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_suffix(".new")
    descriptor = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)


def _read(path: Path) -> Secrets:
    try:
        return msgspec.json.decode(path.read_bytes(), type=Secrets)
    except (OSError, msgspec.DecodeError) as problem:
        raise Misconfigured(f"{path} cannot be read: {problem}", field=str(path)) from problem
