"""ARI's events as structs: what of them we use. Everything else in them is ignored, unknown types are None.

Fields that older versions leave out (tech_cause) have a default.
"""

from __future__ import annotations

import datetime as dt
from typing import Final, TypeVar

import msgspec
from msgspec import Struct


class Malformed(ValueError):
    """What arrived is not an event of ARI."""


class Party(Struct, frozen=True):
    number: str = ""
    name: str = ""


class Dialplan(Struct, frozen=True):
    exten: str = ""
    app_name: str = ""
    app_data: str = ""


class Channel(Struct, frozen=True):
    """`state`: Down, Ring (it rings us), Ringing (we ring it), Up, Busy ..."""

    id: str
    name: str = ""
    state: str = ""
    caller: Party = Party()
    dialplan: Dialplan = Dialplan()
    creationtime: str = ""

    @property
    def up(self) -> bool:
        return self.state == "Up"


class Bridge(Struct, frozen=True):
    id: str
    channels: tuple[str, ...] = ()


class Playback(Struct, frozen=True):
    id: str
    state: str = ""


class Recording(Struct, frozen=True):
    """`duration` in seconds."""

    name: str
    state: str = ""
    duration: int = 0


class Event(Struct, frozen=True, tag_field="type", kw_only=True):
    timestamp: str = ""

    @property
    def at(self) -> int:
        """Asterisk's clock, microseconds UTC; 0 when it did not say."""
        return micros(self.timestamp)


class StasisStart(Event, frozen=True, kw_only=True):
    channel: Channel
    args: tuple[str, ...] = ()
    replace_channel: Channel | None = None


class StasisEnd(Event, frozen=True, kw_only=True):
    channel: Channel


class ChannelStateChange(Event, frozen=True, kw_only=True):
    channel: Channel


class ChannelHangupRequest(Event, frozen=True, kw_only=True):
    channel: Channel
    cause: int = 0
    tech_cause: int = 0
    soft: bool = False


class ChannelDestroyed(Event, frozen=True, kw_only=True):
    channel: Channel
    cause: int = 0
    tech_cause: int = 0
    cause_txt: str = ""


class Dial(Event, frozen=True, kw_only=True):
    peer: Channel
    dialstatus: str = ""


class ChannelDtmfReceived(Event, frozen=True, kw_only=True):
    channel: Channel
    digit: str


class ChannelHold(Event, frozen=True, kw_only=True):
    """The phone's own key: a re-INVITE, not a command of ours."""

    channel: Channel


class ChannelUnhold(Event, frozen=True, kw_only=True):
    channel: Channel


class ChannelEnteredBridge(Event, frozen=True, kw_only=True):
    bridge: Bridge
    channel: Channel


class ChannelLeftBridge(Event, frozen=True, kw_only=True):
    bridge: Bridge
    channel: Channel


class PlaybackFinished(Event, frozen=True, kw_only=True):
    playback: Playback


class RecordingFinished(Event, frozen=True, kw_only=True):
    recording: Recording


class RecordingFailed(Event, frozen=True, kw_only=True):
    recording: Recording


class ChannelUserevent(Event, frozen=True, kw_only=True):
    """What a client says to the application's listeners: we to ourselves, as a proof that we hear."""

    eventname: str = ""


class ApplicationReplaced(Event, frozen=True, kw_only=True):
    application: str = ""


class RESTResponse(Event, frozen=True, kw_only=True):
    """The answer to a request that was made over the events' socket (asked.py)."""

    request_id: str = ""
    status_code: int
    message_body: str = ""


class _Kind(Struct, frozen=True):
    type: str


AnyEvent = (
    StasisStart
    | StasisEnd
    | ChannelStateChange
    | ChannelHangupRequest
    | ChannelDestroyed
    | Dial
    | ChannelDtmfReceived
    | ChannelHold
    | ChannelUnhold
    | ChannelEnteredBridge
    | ChannelLeftBridge
    | PlaybackFinished
    | RecordingFinished
    | RecordingFailed
    | ChannelUserevent
    | ApplicationReplaced
)
Heard = AnyEvent | RESTResponse
WANTED: Final = tuple(sorted(each.__name__ for each in Heard.__args__))
"""The types to ask for in the event filter."""

_KIND: Final = msgspec.json.Decoder(_Kind)
_EVENT: Final[msgspec.json.Decoder[Heard]] = msgspec.json.Decoder(Heard)


def decode(text: str | bytes) -> Heard | None:
    """One event, or answer, or None for a type we have no use for. Raises Malformed with the place."""
    try:
        kind = _KIND.decode(text)
        return _EVENT.decode(text) if kind.type in WANTED else None
    except msgspec.DecodeError as wrong:
        raise Malformed(str(wrong)) from None


def channels(body: bytes) -> list[Channel]:
    """The answer to GET /channels. Raises Malformed."""
    return _decoded(body, list[Channel])


def bridges(body: bytes) -> list[Bridge]:
    """The answer to GET /bridges. Raises Malformed."""
    return _decoded(body, list[Bridge])


T = TypeVar("T")


def _decoded(body: bytes, shape: type[T]) -> T:
    try:
        return msgspec.json.decode(body, type=shape)
    except msgspec.DecodeError as wrong:
        raise Malformed(str(wrong)) from None


def micros(stamp: str) -> int:
    """2026-11-22T06:22:54.468+0000 in microseconds UTC; 0 for what is no time."""
    try:
        at = dt.datetime.fromisoformat(stamp)
    except ValueError:
        return 0
    return 0 if at.tzinfo is None else (at - _EPOCH) // _MICRO


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)
_MICRO: Final = dt.timedelta(microseconds=1)
