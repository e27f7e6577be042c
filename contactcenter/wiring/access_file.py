"""`access.json`: what the demo, `simulate` and a stranger need to get in, readable by its owner alone."""

from __future__ import annotations

from pathlib import Path

import msgspec
from msgspec import Struct

from contactcenter.config import Settings
from contactcenter.wiring.core import Core
from contactcenter.wiring.secrets_file import write_private

NAME = "access.json"


class AccessFile(Struct, kw_only=True):
    """What the demo, `simulate` and a stranger need to get in: addresses and tokens."""

    base_url: str
    smtp: tuple[str, int]
    source: str
    secret: str
    operator: str
    agents: dict[str, str] = {}
    supervisors: dict[str, str] = {}
    clients: dict[str, str] = {}


def path_of(settings: Settings) -> Path:
    return settings.data_dir / NAME


def read(settings: Settings) -> AccessFile | None:
    """None where the example was never loaded."""
    path = path_of(settings)
    return msgspec.json.decode(path.read_bytes(), type=AccessFile) if path.exists() else None


def tell_address(core: Core, base_url: str, smtp: tuple[str, int]) -> AccessFile | None:
    """Ports may change from start to start; the file says where the doors are now."""
    known = read(core.settings)
    if known is None or "api" not in core.settings.roles:
        return known
    known.base_url, known.smtp = base_url, smtp
    known.secret = core.secrets.webhooks.get(known.source, [known.secret])[-1]
    write(core.settings, known)
    return known


def write(settings: Settings, found: AccessFile) -> None:
    write_private(path_of(settings), msgspec.json.format(msgspec.json.encode(found), indent=2))
