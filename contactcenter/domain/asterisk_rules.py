"""Rules about a phone source that is an Asterisk, spoken to by ARI."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urlsplit

from contactcenter.domain.configuration import Document, PhoneSource
from contactcenter.domain.problem import Problem

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")
_DIAL = re.compile(r"^[A-Za-z0-9]+/[^\s,]+$")
OWN = ("app", "endpoint", "trunk", "sounds")


def asterisk_problems(document: Document) -> Iterator[Problem]:
    """It needs an address and a user; what says how to dial must say whom."""
    for index, source in enumerate(document.sources):
        path = f"sources[{index}]"
        if source.dialect == "asterisk":
            yield from _asterisk(source, path)
            continue
        for name in OWN:
            if getattr(source, name):
                yield Problem(f"{path}.{name}", "not_asterisk", f"only a source with dialect asterisk has {name}")


def _asterisk(source: PhoneSource, path: str) -> Iterator[Problem]:
    parts = urlsplit(source.base_url)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        yield Problem(f"{path}.base_url", "url", "the address of ARI is needed, as http://10.0.0.5:8088/ari")
    if parts.username or parts.password:
        yield Problem(f"{path}.base_url", "secret", "the password belongs into secrets.json, not into the address")
    for name in ("account", "app", "music"):
        value = getattr(source, name)
        if (value or name == "account") and not _NAME.match(value):
            yield Problem(f"{path}.{name}", "name", f"{value!r}: letters, digits, dots, dashes and underscores")
    if source.control_url:
        yield Problem(f"{path}.control_url", "asterisk", "commands go to ARI, not to a control_url")
    yield from _pattern(source.endpoint, "{device}", f"{path}.endpoint", "PJSIP/{device}")
    yield from _pattern(source.trunk, "{number}", f"{path}.trunk", "PJSIP/{number}@carrier")


def _pattern(pattern: str, needed: str, path: str, example: str) -> Iterator[Problem]:
    if pattern and (needed not in pattern or not _DIAL.match(pattern)):
        yield Problem(path, "pattern", f"{pattern!r} is no way to dial with {needed} in it, as {example}")
