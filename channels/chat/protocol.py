"""The visitor's socket, version 1: what a web page may say and what it hears. Pure: bytes in, values out.

The first frame is `hello` with a token. `say` is answered by `ack` once it is stored, or by `busy` or `error`;
a say that is sent again under the same id has its effect once. Messages carry rising numbers without gaps: a
page that comes back names the last one it has (`resume_after`) and hears everything newer, once, in order.
`visit.py` decides what each frame means; `server.py` moves the bytes.
"""

from __future__ import annotations

import re
from typing import Annotated, Final, Literal

import msgspec
from msgspec import Meta, Struct

SUBPROTOCOL: Final = "contactcenter.visitor.v1"
MAX_FRAME: Final = 16 * 1024
MAX_TEXT: Final = 4000

CLOSE_DONE: Final = 1000
CLOSE_INTERNAL: Final = 1011
CLOSE_RESTART: Final = 1012
CLOSE_BUSY: Final = 1013
CLOSE_BAD: Final = 4400
CLOSE_UNAUTHORIZED: Final = 4401
CLOSE_UNKNOWN: Final = 4404
CLOSE_SILENT: Final = 4408
CLOSE_FLOOD: Final = 4429

SayId = Annotated[str, Meta(pattern=r"^[A-Za-z0-9_.-]{1,64}$")]
Short = Annotated[str, Meta(max_length=200)]
Language = Annotated[str, Meta(pattern=r"^[A-Za-z0-9-]{0,35}$")]


# --- what the page says ------------------------------------------------------------------------------


class FrameIn(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """The root of what the page may say."""


class Hello(FrameIn, frozen=True, kw_only=True, tag="hello"):
    """Who is there. `resume_after`: the last message number this page has shown, 0 for a new page."""

    token: Annotated[str, Meta(min_length=1, max_length=2048)]
    resume_after: Annotated[int, Meta(ge=0, lt=2**53)] = 0
    name: Short = ""
    language: Language = ""
    contact_point: Short = ""
    topic: Short = ""


class Say(FrameIn, frozen=True, kw_only=True, tag="say"):
    """`id` is chosen by the page, unique in its session."""

    id: SayId
    text: str


class Typing(FrameIn, frozen=True, kw_only=True, tag="typing"):
    """The visitor types. Heard and dropped: version 1 of the agent's socket has no word for it."""


class Leave(FrameIn, frozen=True, kw_only=True, tag="leave"):
    """The visitor ends the conversation."""


class Ping(FrameIn, frozen=True, kw_only=True, tag="ping"):
    """Browsers cannot send a protocol ping; this finds out whether the line still lives."""


AnyIn = Hello | Say | Typing | Leave | Ping


# --- what the page hears -----------------------------------------------------------------------------


class FrameOut(Struct, frozen=True, omit_defaults=True, kw_only=True, tag_field="type"):
    """The root of what the page hears. Texts are for people, in the language of `welcome`."""


class Welcome(FrameOut, frozen=True, kw_only=True, tag="welcome"):
    """`texts` are the labels of the page."""

    session: str
    language: str
    texts: dict[str, str] = {}


class Queued(FrameOut, frozen=True, kw_only=True, tag="queued"):
    """Waiting. `position` 1 is next, 0 is not known; nine of ten wait no longer than `at_most_wait_s`."""

    position: int = 0
    expected_wait_s: int = 0
    at_most_wait_s: int = 0
    text: str = ""


class Message(FrameOut, frozen=True, kw_only=True, tag="message"):
    """One message. `id` is the say id when a page of this session wrote it. `at` is RFC 3339 UTC."""

    number: int
    sender: Literal["visitor", "agent", "system"]
    text: str
    at: str
    agent_number: str = ""
    id: str = ""


class Joined(FrameOut, frozen=True, kw_only=True, tag="joined"):
    """An agent is there, known by the public number."""

    agent_number: str
    text: str = ""


class Left(FrameOut, frozen=True, kw_only=True, tag="left"):
    """The agent handed over or was lost; the conversation keeps its place in the queue."""

    text: str = ""
    agent_number: str = ""


class Closed(FrameOut, frozen=True, kw_only=True, tag="closed"):
    """The conversation is over. The next one needs a new session."""

    text: str = ""


class Ack(FrameOut, frozen=True, kw_only=True, tag="ack"):
    """Stored. `number` is the message's, 0 when it is not known here."""

    id: str
    number: int = 0


class Error(FrameOut, frozen=True, kw_only=True, tag="error"):
    """code: malformed | not_open | already_open | empty | too_long | closed | unauthorized | different_payload |
    unknown_site | internal. `id` names the say it is about."""

    code: str
    field: str = ""
    message: str = ""
    id: str = ""


class Busy(FrameOut, frozen=True, kw_only=True, tag="busy"):
    """Not now: try again after so many seconds. With `id`: this say was not taken, send it again."""

    retry_after: float
    text: str = ""
    id: str = ""


class Pong(FrameOut, frozen=True, kw_only=True, tag="pong"):
    pass


AnyOut = Welcome | Queued | Message | Joined | Left | Closed | Ack | Error | Busy | Pong


class Garbage(Struct, frozen=True):
    """A frame that cannot be read; `field` names the place as far as it is known."""

    message: str
    field: str = ""


_DECODER: msgspec.json.Decoder[AnyIn] = msgspec.json.Decoder(AnyIn)
_ENCODER: Final = msgspec.json.Encoder()
_PLACE: Final = re.compile(r" - at `\$\.?([^`]*)`$")
_MISSING: Final = re.compile(r"missing required field `([^`]*)`")
_CONTROL: Final = {code: None for code in (*range(32), 127) if code not in (9, 10)}


def decode(raw: str | bytes) -> AnyIn | Garbage:
    """Read one frame. Never raises: what cannot be read is Garbage."""
    try:
        return _DECODER.decode(raw)
    except (msgspec.MsgspecError, UnicodeError, RecursionError) as error:
        return _garbage(str(error))


def encode(frame: AnyOut) -> str:
    return _ENCODER.encode(frame).decode()


def clean(text: str) -> str:
    """Without control characters, which no page shows and the database refuses; lines end in a line feed."""
    return text.replace("\r\n", "\n").replace("\r", "\n").translate(_CONTROL).strip()


def _garbage(problem: str) -> Garbage:
    place = _PLACE.search(problem) or _MISSING.search(problem)
    return Garbage(_PLACE.sub("", problem), place.group(1) if place else "")
