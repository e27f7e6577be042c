"""What the machine asks of the world. It never does anything itself, so a test can read its whole mind."""

from __future__ import annotations

from typing import Any

from msgspec import Struct, field

from channels.port import AnyInbound


class Rest(Struct, frozen=True, kw_only=True):
    """One request. Requests of one `lane` go out in order, each after the last one's answer.

    `why` comes back with the outcome, '' when nobody asks. Until `until` (microseconds, 0 = a few tries) it is
    tried again while Asterisk boots or cannot be reached.
    """

    call: str
    lane: str
    method: str
    path: str
    body: dict[str, Any] | None = None
    query: dict[str, str] | None = None
    why: str = ""
    until: int = 0


class Timer(Struct, frozen=True):
    """Wake this call about `name` at `at` (microseconds); 0 takes it back. A later one of the same name replaces it."""

    call: str
    name: str
    at: int


class Out(Struct):
    """Everything one input comes to, in order."""

    rests: list[Rest] = field(default_factory=list)
    timers: list[Timer] = field(default_factory=list)
    tells: list[AnyInbound] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    """Words for which there is no recording: a line in the log each."""
    survey: bool = False
    """What we believe and what Asterisk said do not agree: look what is there."""
