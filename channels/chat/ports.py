"""What the chat door needs from the house; the wiring puts adapters behind these.

`Push` is everything a listener may hear about one conversation. Pushes may be lost: a message's number tells
(the door reads again), and `Missed` says that others may be lost too.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Protocol

from msgspec import Struct

from channels.chat.protocol import Message


class Waiting(Struct, frozen=True):
    """In the queue; position 1 is next. Waits are seconds; 0 is not known. `text` overrides the catalogue's."""

    position: int = 0
    text: str = ""
    expected_wait_s: int = 0
    at_most_wait_s: int = 0


class Assigned(Struct, frozen=True):
    agent_number: str


class Released(Struct, frozen=True):
    """The agent handed the conversation back; it waits again."""


class Ended(Struct, frozen=True):
    """The conversation is closed."""


class Missed(Struct, frozen=True):
    """Pushes may have been lost; the door reads the messages again."""


Push = Message | Waiting | Assigned | Released | Ended | Missed


class Standing(Struct, frozen=True):
    """A conversation at one instant: the number of its last message, and what it waits for."""

    last: int
    now: Waiting | Assigned | Ended


class Visitor(Struct, frozen=True):
    """What a token stands for."""

    site: str
    session: str


class BadToken(Exception):
    """The token is forged, stale, or for another purpose."""


class ConversationsPort(Protocol):
    """Reading raises IntakeBusy while the store does not answer."""

    async def standing(self, site: str, session: str) -> Standing | None:
        """None when this session has no conversation yet."""
        ...

    async def history(self, site: str, session: str, after: int, limit: int) -> Sequence[Message]:
        """Messages with a number above `after`, oldest first, at most `limit`; a full page means: ask on.

        `id` of a visitor's message is the say id it came with (the external id without `<session>:`).
        """
        ...

    def listen(self, site: str, session: str) -> AbstractAsyncContextManager[AsyncIterator[Push]]:
        """Entering it subscribes; nothing that is published after that is missed, or `Missed` is heard."""
        ...


class VisitorTokensPort(Protocol):
    def verify(self, token: str) -> Visitor:
        """Raises BadToken."""
        ...

    def issue(self, site: str) -> tuple[str, Visitor]:
        """A fresh session of this site and its token."""
        ...


class SitesPort(Protocol):
    def origins(self, site: str) -> tuple[str, ...] | None:
        """Pages that may open this site's chat, as `https://host[:port]`; empty: any; None: no such site."""
        ...


class TextsPort(Protocol):
    """One catalogue, one renderer (decisions row 25)."""

    def language(self, site: str, wanted: str) -> str:
        """The language to speak: the wanted one if there are texts for it, else the client's own."""
        ...

    def labels(self, site: str, language: str) -> dict[str, str]:
        """The labels of the chat window: every key of the catalogue under `chat.`, with the client's name in."""
        ...

    def say(self, site: str, language: str, key: str, **values: object) -> str:
        """One text for a customer of this site's client; `client`, its name, is added to the values."""
        ...
