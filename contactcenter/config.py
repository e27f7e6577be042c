"""Process settings: the only reader of the environment. Wrong settings are refused at start, by name.

Unset is None until the merge is over, so that a default never beats a file. Sources, later ones win:
defaults, the file named by CONTACTCENTER_ENV_FILE (KEY=value lines), the environment.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from msgspec import Struct
from msgspec.structs import fields

from contactcenter.errors import Misconfigured

PREFIX: Final = "CONTACTCENTER_"
LARGEST: Final = 2**40
ROLES: Final = ("api", "router", "gateway", "phone", "worker")


class Settings(Struct, frozen=True, kw_only=True):
    """What one process needs to know. Ports 0 mean: any free one. Sizes are bytes, durations seconds."""

    data_dir: Path = Path("var")
    database_url: str = ""
    redis_url: str = ""
    roles: tuple[str, ...] = ROLES
    http_host: str = "127.0.0.1"
    http_port: int = 8080
    smtp_host: str = "127.0.0.1"
    smtp_port: int = 8025
    public_url: str = ""
    relay_url: str = ""
    """smtp://user:password@host:port or smtps://; empty: replies are kept as .eml files."""
    log_level: str = "INFO"
    max_event_bytes: int = 262_144
    max_mail_bytes: int = 26_214_400
    first_decision_ms: int = 250
    lease_s: float = 3.0
    batch: int = 200
    keep_facts_months: int = 0
    """How long what is kept (storage/retention.py); 0: for ever."""
    keep_log_days: int = 400
    keep_outbox_days: int = 90
    keep_dead_days: int = 400
    keep_receipts_days: int = 35
    keep_quarantine_days: int = 400
    webhook_private: bool = False
    """Outbound webhooks may go to http and to addresses of our own network; for tests and closed networks."""
    max_backlog: int = 10_000
    max_backlog_age_s: float = 10.0
    """Beyond either, counted in undecided events of a provider, doors refuse new contacts."""
    example: bool = True
    """Load the Kangjia and Ruixun example when the database holds no configuration."""

    @property
    def base_url(self) -> str:
        return self.public_url or f"http://{self.http_host}:{self.http_port}"


def load(environ: Mapping[str, str], overrides: Mapping[str, Any] | None = None) -> Settings:
    """Settings from the environment and what the command line set. Raises Misconfigured naming the variable."""
    raw = {**_from_file(environ.get(f"{PREFIX}ENV_FILE")), **_own(environ)}
    values: dict[str, Any] = {}
    for name, text in raw.items():
        if name not in _READERS:
            raise Misconfigured(f"{PREFIX}{name.upper()} is not a setting", field=f"{PREFIX}{name.upper()}")
        values[name] = _read(name, text)
    values.update({k: v for k, v in (overrides or {}).items() if v is not None})
    return _checked(Settings(**values))


def from_process(overrides: Mapping[str, Any] | None = None) -> Settings:
    return load(os.environ, overrides)


def _own(environ: Mapping[str, str]) -> dict[str, str]:
    skip = {f"{PREFIX}ENV_FILE"}
    return {k[len(PREFIX) :].lower(): v for k, v in environ.items() if k.startswith(PREFIX) and k not in skip}


def _from_file(path: str | None) -> dict[str, str]:
    if not path:
        return {}
    try:
        lines = Path(path).read_text(encoding="utf-8").splitlines()
    except OSError as problem:
        raise Misconfigured(f"cannot read {path}: {problem.strerror}", field=f"{PREFIX}ENV_FILE") from problem
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.lstrip().startswith("#"))
    return _own({key.strip(): value.strip() for key, value in pairs})


def _read(name: str, text: str) -> Any:
    try:
        return _READERS[name](text)
    except ValueError as problem:
        raise Misconfigured(f"{PREFIX}{name.upper()}={text!r}: {problem}", field=f"{PREFIX}{name.upper()}") from problem


def _port(text: str) -> int:
    port = int(text)
    if not 0 <= port <= 65_535:
        raise ValueError("a port is between 0 and 65535")
    return port


def _positive(kind: Callable[[str], Any]) -> Callable[[str], Any]:
    def read(text: str) -> Any:
        value = kind(text)
        if not 0 < value < LARGEST:
            raise ValueError("must be above zero, and a plain number")
        return value

    return read


def _age(least: int) -> Callable[[str], int]:
    """0 keeps for ever; a slip of the finger must not delete what was written this week."""

    def read(text: str) -> int:
        value = int(text)
        if not (value == 0 or least <= value < LARGEST):
            raise ValueError(f"must be 0 (keep for ever) or at least {least}")
        return value

    return read


def _flag(text: str) -> bool:
    if text.lower() not in ("0", "1", "true", "false", "yes", "no"):
        raise ValueError("write true or false")
    return text.lower() in ("1", "true", "yes")


def _roles(text: str) -> tuple[str, ...]:
    names = tuple(name.strip() for name in text.split(",") if name.strip())
    unknown = [name for name in names if name not in ROLES]
    if unknown or not names:
        raise ValueError(f"roles are {', '.join(ROLES)}; not {', '.join(unknown) or 'none'}")
    return names


def _url(*schemes: str) -> Callable[[str], str]:
    def read(text: str) -> str:
        if text and urlsplit(text).scheme not in schemes:
            raise ValueError(f"must start with {' or '.join(f'{scheme}://' for scheme in schemes)}")
        return text

    return read


_READERS: Final[dict[str, Callable[[str], Any]]] = {
    "data_dir": Path,
    "database_url": _url("postgresql", "postgres"),
    "redis_url": _url("redis", "rediss", "unix"),
    "roles": _roles,
    "http_host": str,
    "http_port": _port,
    "smtp_host": str,
    "smtp_port": _port,
    "public_url": _url("http", "https"),
    "relay_url": _url("smtp", "smtps"),
    "log_level": str.upper,
    "max_event_bytes": _positive(int),
    "max_mail_bytes": _positive(int),
    "first_decision_ms": _positive(int),
    "lease_s": _positive(float),
    "batch": _positive(int),
    "keep_facts_months": _age(1),
    "keep_log_days": _age(7),
    "keep_outbox_days": _age(7),
    "keep_dead_days": _age(7),
    "keep_receipts_days": _age(35),
    "keep_quarantine_days": _age(7),
    "webhook_private": _flag,
    "max_backlog": _positive(int),
    "max_backlog_age_s": _positive(float),
    "example": _flag,
}
assert set(_READERS) == {field.name for field in fields(Settings)}, "every setting has its reader"


def _checked(settings: Settings) -> Settings:
    unknown = [role for role in settings.roles if role not in ROLES]
    if unknown or not settings.roles:
        named = ", ".join(unknown) or "none"
        raise Misconfigured(f"roles are {', '.join(ROLES)}; not {named}", field=f"{PREFIX}ROLES")
    if settings.log_level not in ("DEBUG", "INFO", "WARNING", "ERROR"):
        raise Misconfigured("must be DEBUG, INFO, WARNING or ERROR", field=f"{PREFIX}LOG_LEVEL")
    if set(settings.roles) != set(ROLES) and not settings.database_url:
        raise Misconfigured(
            "several processes need a database of their own: set CONTACTCENTER_DATABASE_URL",
            field=f"{PREFIX}ROLES",
        )
    return settings
