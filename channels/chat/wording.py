"""Puts the catalogue's words into frames that the machine left without."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from msgspec.structs import replace

from channels.chat import protocol as p
from channels.chat.ports import TextsPort

ERRORS: Final[Mapping[str, str]] = {
    "malformed": "error.invalid",
    "empty": "error.invalid",
    "too_long": "error.too_large",
    "unauthorized": "error.unauthorized",
    "unknown_site": "error.not_found",
    "internal": "error.internal",
}
"""A frame's code to the catalogue's key; all other codes are a state that does not allow it."""

MINUTE_S: Final = 60
"""Shorter waits are not counted out to the visitor: somebody is coming."""


@dataclass(frozen=True)
class Wording:
    """One visitor's language."""

    texts: TextsPort
    site: str
    language: str

    def worded(self, frame: p.AnyOut) -> p.AnyOut:
        match frame:
            case p.Queued(text="", position=0):
                return replace(frame, text=self._say("chat.opened"))
            case p.Queued(text="") if frame.expected_wait_s > MINUTE_S:
                return replace(frame, text=self._say("chat.queued_wait", **_waits(frame)))
            case p.Queued(text="", position=position):
                return replace(frame, text=self._say("chat.queued", position=position))
            case p.Joined(text="", agent_number=number):
                return replace(frame, text=self._say("chat.agent_joined", number=number))
            case p.Left(text="", agent_number=""):
                return replace(frame, text=self._say("chat.transferred"))
            case p.Left(text="", agent_number=number):
                return replace(frame, text=self._say("chat.agent_left", number=number))
            case p.Closed(text=""):
                return replace(frame, text=self._say("chat.closed"))
            case p.Busy(text="", retry_after=wait):
                return replace(frame, text=self._say("error.busy", seconds=math.ceil(wait)))
            case p.Error(message="", code=code, field=field):
                key = ERRORS.get(code, "error.conflict")
                return replace(frame, message=self._say(key, field=field or "-", limit=p.MAX_TEXT))
            case _:
                return frame

    def _say(self, key: str, **values: object) -> str:
        language = self.language or self.texts.language(self.site, "")
        return self.texts.say(self.site, language, key, **values)


def _waits(frame: p.Queued) -> dict[str, int]:
    minutes, most = (math.ceil(wait / MINUTE_S) for wait in (frame.expected_wait_s, frame.at_most_wait_s))
    return {"position": frame.position, "minutes": minutes, "most": most}
