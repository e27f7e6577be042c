"""Rules about a phone source that is an Asterisk, controlled by ARI."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contactcenter.domain.configuration import Document, PhoneSource
from contactcenter.domain.problem import Problem

_NAME = re.compile(r"^[A-Za-z0-9_.-]{1,64}$")
_ADDRESS = re.compile(r"^https?://[^\s/@?#]+(/[^\s?#]*)?$")
_FOLDER = re.compile(r"^[A-Za-z0-9_./-]+$")
PLACES = {"endpoint": ("{device}",), "trunk": ("{number}", "{digits}", "{national}")}
ONLY_HERE = ("app", "endpoint", "trunk", "sounds")


def asterisk_problems(document: Document) -> Iterator[Problem]:
    """It needs ARI's address and the application's name; the patterns name what is put into them."""
    for index, source in enumerate(document.sources):
        path = f"sources[{index}]"
        if source.dialect == "asterisk":
            yield from _of_asterisk(path, source)
            continue
        if source.dialect == "standard" and source.machine_detection:
            why = "a platform of our own dialect says call.screened by itself"
            yield Problem(f"{path}.machine_detection", "machine_detection", why)
        for name in ONLY_HERE:
            if getattr(source, name):
                yield Problem(f"{path}.{name}", "not_asterisk", f"only a source with dialect asterisk has {name}")


def _of_asterisk(path: str, source: PhoneSource) -> Iterator[Problem]:
    if not _ADDRESS.match(source.base_url):
        why = "ARI's address is needed, as http://10.0.0.5:8088/ari, without user or password"
        yield Problem(f"{path}.base_url", "url", why)
    if not _NAME.match(source.app):
        yield Problem(f"{path}.app", "app", "the Stasis application's name is needed: letters, digits, _ . and -")
    if source.machine_detection and not _NAME.match(source.machine_detection):
        why = "the name of the dialplan context that runs AMD()"
        yield Problem(f"{path}.machine_detection", "machine_detection", why)
    for name, inside in PLACES.items():
        pattern = getattr(source, name)
        if pattern and not ("/" in pattern and any(each in pattern for each in inside)):
            needed = " or ".join(inside)
            yield Problem(f"{path}.{name}", "pattern", f"{pattern!r} must be a technology, '/', and {needed} in it")
    if source.control_url:
        yield Problem(f"{path}.control_url", "asterisk", "commands go by ARI, not to a control_url")
    if source.sounds and not _FOLDER.match(source.sounds):
        yield Problem(f"{path}.sounds", "folder", f"{source.sounds!r} is no folder below Asterisk's sounds")
