"""Rules about a phone source that speaks Twilio's API."""

from __future__ import annotations

import re
from collections.abc import Iterator

from contactcenter.domain.configuration import Document
from contactcenter.domain.problem import Problem

_ACCOUNT = re.compile(r"^[A-Za-z0-9-]{2,64}$")
_NUMBER = re.compile(r"^\+[1-9][0-9]{4,14}$")
_HTTP = ("http://", "https://")


def twilio_problems(document: Document) -> Iterator[Problem]:
    """It needs an account and a number to call from; a source of our own dialect has neither."""
    for index, source in enumerate(document.sources):
        path = f"sources[{index}]"
        if source.dialect != "twilio":
            for name in ("account",) if source.dialect == "asterisk" else ("account", "from_number", "music"):
                if getattr(source, name):
                    yield Problem(f"{path}.{name}", "not_twilio", f"only a source with dialect twilio has {name}")
            continue
        if not _ACCOUNT.match(source.account):
            yield Problem(f"{path}.account", "account", "the account's SID is needed (AC...)")
        if not _NUMBER.match(source.from_number):
            yield Problem(f"{path}.from_number", "number", "a number of the account is needed, as +862112345678")
        if source.machine_detection not in ("", "Enable", "DetectMessageEnd"):
            why = "Enable or DetectMessageEnd, or nothing"
            yield Problem(f"{path}.machine_detection", "machine_detection", why)
        if source.control_url:
            yield Problem(f"{path}.control_url", "twilio", "commands go to Twilio's API, not to a control_url")
        if source.music and not source.music.startswith(_HTTP):
            yield Problem(f"{path}.music", "url", f"{source.music!r} is not an http address")
        if source.base_url and not source.base_url.startswith(_HTTP):
            yield Problem(f"{path}.base_url", "url", f"{source.base_url!r} is not an http address")
