"""What a flow asks of the house it stands in: which flow, in which words, and when somebody is there. No I/O."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Protocol

from msgspec import Struct

from channels.flow import Flow

Span = tuple[int, int]
"""From and until, microseconds UTC."""


class Promise(Struct, frozen=True):
    """A callback that is outstanding for a number, and its window. `callback`: its id, '' where it is rehearsed."""

    since: int
    until: int
    callback: str = ""


class Window(Struct, frozen=True):
    """A stretch in which a customer may be called back, microseconds, and how it is said to him."""

    since: int
    until: int
    words: str


class Surroundings(Protocol):
    """`dialled` is the line's number; every text comes back rendered for its client (I5, H07)."""

    def flow(self, dialled: str) -> Flow | None:
        """The active flow of a line; None: it has none."""
        ...

    def say(self, dialled: str, text: Mapping[str, str], language: str, /, **params: str) -> str:
        """A text of the flow in this language."""
        ...

    def words(self, dialled: str, key: str, language: str, /, **params: str) -> str:
        """A text of the house's own catalogue, such as `ivr.callback.this_number`."""
        ...

    def is_open(self, dialled: str, calendar: str, now: int) -> bool:
        """Whether the line's hours are on, or those of a named calendar."""
        ...

    def can_be_called(self, number: str) -> bool:
        """Whether this is a number of the public network."""
        ...

    def promised(self, dialled: str, number: str) -> Promise | None:
        """When this number is called back for the line's client, as far as is known here; None: it is not."""
        ...

    def when(self, dialled: str, number: str, language: str, /, *, span: Span, now: int) -> str:
        """How a promised window is said to a customer with this number; one that is over: as soon as possible."""
        ...

    def windows(self, dialled: str, number: str, language: str, now: int) -> tuple[Window, ...]:
        """When a customer with this number may be called back, the soonest first; at least one."""
        ...
