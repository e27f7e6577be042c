"""Our own phone dialect, version 1: one CloudEvents 1.0 event (structured mode, JSON) to one `Inbound`.

`subject` is the platform's call id, `id` its event id: with the door's source it is the idempotency key.
Unknown fields and extension attributes are ignored, so that a platform may send more than we read; known
fields are strict: right type, bounded, no control characters. Numbers are kept as they are given.
Whatever is wrong is a Malformed that names the place, such as `data.dialled`.
"""

from __future__ import annotations

import datetime as dt
import re
from typing import Annotated, Any, Final, Literal

import msgspec
from msgspec import Meta, Raw, Struct

from channels.port import (
    ENDED_AWAY,
    CallAlerting,
    CallAnswered,
    CallbackCancelled,
    CallbackRequested,
    CallbackSought,
    CallOffered,
    CallProgress,
    CallReleased,
    DoNotCall,
    Malformed,
    VoicemailLeft,
)

_PLAIN: Final = r"\A[^\x00-\x1f\x7f]*\Z"
_TAG: Final = r"\A([A-Za-z]{1,8}(-[A-Za-z0-9]{1,8})*)?\Z"

Name = Annotated[str, Meta(min_length=1, max_length=128, pattern=_PLAIN)]
Word = Annotated[str, Meta(max_length=128, pattern=_PLAIN)]
Reference = Annotated[str, Meta(max_length=2048, pattern=_PLAIN)]
Language = Annotated[str, Meta(max_length=35, pattern=_TAG)]
Instant = Annotated[dt.datetime, Meta(tz=True)]
Path = Annotated[tuple[Word, ...], Meta(max_length=32)]
Seconds = Annotated[int, Meta(ge=0, le=86_400)]

PhoneInbound = (
    CallOffered
    | CallAlerting
    | CallAnswered
    | CallReleased
    | CallProgress
    | VoicemailLeft
    | CallbackRequested
    | CallbackCancelled
    | CallbackSought
    | DoNotCall
)


class About(Struct, frozen=True):
    """What every event of the dialect says about itself."""

    source: str
    external_id: str
    occurred_at: int
    call: str


class Data(Struct, frozen=True, kw_only=True):
    """The `data` member of one event type; `inbound` gives it its neutral form."""

    def inbound(self, about: About) -> PhoneInbound:
        raise NotImplementedError


class Offered(Data, frozen=True, kw_only=True):
    """call.offered. `alerting` false: an announcement or IVR answered, its results ride along (A03)."""

    dialled: Name
    caller: Word = ""
    alerting: bool = True
    language: Language = ""
    member: Word = ""
    product: Word = ""
    complaint: bool = False
    path: Path = ()

    def inbound(self, about: About) -> CallOffered:
        return CallOffered(**_fields(about), **_fields(self))


class Alerting(Data, frozen=True, kw_only=True):
    """call.alerting. Without `offer` the caller's own leg rings: the line clock's start (B01)."""

    offer: Word = ""

    def inbound(self, about: About) -> CallAlerting:
        return CallAlerting(**_fields(about), offer=self.offer)


class Answered(Data, frozen=True, kw_only=True):
    """call.answered, by a human: the offer whose device it was, or the agent's public number."""

    offer: Word = ""
    agent: Word = ""

    def inbound(self, about: About) -> CallAnswered:
        if not (self.offer or self.agent):
            raise Malformed("data.offer: an answer names its offer or the agent", field="data.offer")
        return CallAnswered(**_fields(about), offer=self.offer, agent=self.agent)


class Released(Data, frozen=True, kw_only=True):
    """call.released. `by` has no default: which side released every call is on record (A19)."""

    by: Literal["customer", "agent", "platform"]
    leg: Literal["customer", "agent"] = "customer"
    cause: Word = ""
    offer: Word = ""
    reached: bool = True

    def inbound(self, about: About) -> CallReleased:
        return CallReleased(**_fields(about), **_fields(self))


class Held(Data, frozen=True, kw_only=True):
    def inbound(self, about: About) -> CallProgress:
        return CallProgress(**_fields(about), what="held")


class Resumed(Data, frozen=True, kw_only=True):
    def inbound(self, about: About) -> CallProgress:
        return CallProgress(**_fields(about), what="resumed")


class Dtmf(Data, frozen=True, kw_only=True):
    digits: Name

    def inbound(self, about: About) -> CallProgress:
        return CallProgress(**_fields(about), what="dtmf", value=self.digits)


class IvrMenu(Data, frozen=True, kw_only=True):
    """ivr.menu: the caller reached or chose this menu entry of the platform's own IVR (A03)."""

    menu: Name

    def inbound(self, about: About) -> CallProgress:
        return CallProgress(**_fields(about), what="ivr.menu", value=self.menu)


class IvrDigits(Data, frozen=True, kw_only=True):
    digits: Name

    def inbound(self, about: About) -> CallProgress:
        return CallProgress(**_fields(about), what="ivr.digits", value=self.digits)


class Voicemail(Data, frozen=True, kw_only=True):
    """voicemail.left. `recording` is a reference (a URL), never the sound itself (A03)."""

    dialled: Name
    caller: Word = ""
    recording: Reference = ""
    seconds: Seconds = 0
    language: Language = ""
    path: Path = ()

    def inbound(self, about: About) -> VoicemailLeft:
        return VoicemailLeft(**_fields(about), **_fields(self))


class Callback(Data, frozen=True, kw_only=True):
    """callback.requested, often on the 800 line (A04). The window is optional, RFC 3339 on the wire."""

    dialled: Name
    number: Name
    window_from: Instant | None = None
    window_until: Instant | None = None
    language: Language = ""
    member: Word = ""
    product: Word = ""
    complaint: bool = False
    path: Path = ()

    def inbound(self, about: About) -> CallbackRequested:
        opens, closes = _micros(self.window_from), _micros(self.window_until)
        if opens and closes and closes <= opens:
            raise Malformed("data.window_until: the window ends before it begins", field="data.window_until")
        said = {**_fields(self), "window_from": opens, "window_until": closes}
        return CallbackRequested(**_fields(about), **said)


class Cancelled(Data, frozen=True, kw_only=True):
    """callback.cancelled: a caller cancels what is outstanding for this number; the reply says what came of it."""

    dialled: Name
    number: Name
    language: Language = ""

    def inbound(self, about: About) -> CallbackCancelled:
        return CallbackCancelled(**_fields(about), **_fields(self))


class Sought(Data, frozen=True, kw_only=True):
    """callback.sought: is a callback to this number outstanding? The reply says when, or that there is none."""

    dialled: Name
    number: Name
    language: Language = ""

    def inbound(self, about: About) -> CallbackSought:
        return CallbackSought(**_fields(about), **_fields(self))


class Unwanted(Data, frozen=True, kw_only=True):
    """do_not_call.asked: a caller does not want to be called on this number."""

    dialled: Name
    number: Name
    language: Language = ""

    def inbound(self, about: About) -> DoNotCall:
        return DoNotCall(**_fields(about), **_fields(self))


class Screened(Data, frozen=True, kw_only=True):
    """call.screened: who answered a call that we dialled, where the platform detects machines."""

    answered_by: Literal["human", "machine", "fax", "unknown"]

    def inbound(self, about: About) -> CallProgress:
        return CallProgress(**_fields(about), what="answered_by", value=self.answered_by)


class Unknown(Data, frozen=True, kw_only=True):
    """call.unknown: asked what became of a call, the platform has none of this name, and knows of no end."""

    def inbound(self, about: About) -> CallReleased:
        return CallReleased(**_fields(about), by="platform", cause=ENDED_AWAY)


TYPES: Final[dict[str, type[Data]]] = {
    "call.offered": Offered,
    "call.alerting": Alerting,
    "call.answered": Answered,
    "call.held": Held,
    "call.resumed": Resumed,
    "call.dtmf": Dtmf,
    "call.released": Released,
    "ivr.menu": IvrMenu,
    "ivr.digits": IvrDigits,
    "voicemail.left": Voicemail,
    "callback.requested": Callback,
    "callback.cancelled": Cancelled,
    "callback.sought": Sought,
    "do_not_call.asked": Unwanted,
    "call.screened": Screened,
    "call.unknown": Unknown,
}


class Envelope(Struct, frozen=True):
    """The CloudEvents attributes that we read."""

    specversion: Literal["1.0"]
    id: Name
    source: Annotated[str, Meta(min_length=1, max_length=2048, pattern=_PLAIN)]
    type: Word
    subject: Name
    time: Instant | None = None
    data: Raw = Raw(b"{}")


_ENVELOPE: Final = msgspec.json.Decoder(Envelope)
_DATA: Final = {name: msgspec.json.Decoder(data) for name, data in TYPES.items()}


def translate(source: str, body: bytes) -> PhoneInbound:
    """One event of the configured door `source`. Raises Malformed, naming the field, and nothing else."""
    envelope: Envelope = _decode(_ENVELOPE, body, "")
    decoder = _DATA.get(envelope.type)
    if decoder is None:
        raise Malformed(f"type: unknown; known are {', '.join(TYPES)}", field="type")
    empty = bytes(envelope.data) in (b"", b"null")
    data: Data = _decode(decoder, b"{}" if empty else bytes(envelope.data), "data")
    return data.inbound(About(source, envelope.id, _micros(envelope.time), envelope.subject))


_EPOCH: Final = dt.datetime(1970, 1, 1, tzinfo=dt.UTC)


def _micros(at: dt.datetime | None) -> int:
    """Microseconds since the epoch, exact; 0 for none."""
    return 0 if at is None else (at - _EPOCH) // dt.timedelta(microseconds=1)


def _fields(struct: Struct) -> dict[str, Any]:
    return msgspec.structs.asdict(struct)


# --- errors that name the place ---------------------------------------------------------------------------

_SAID: Final = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>.*)`)?", re.DOTALL)
_MISSING: Final = re.compile(r"Object missing required field `(?P<name>\w+)`")
_PATTERNS: Final = {
    repr(_PLAIN): "Expected text without control characters",
    repr(_TAG): "Expected a language tag such as `zh-CN` (BCP 47)",
}


def _decode(decoder: msgspec.json.Decoder[Any], body: bytes, place: str) -> Any:
    try:
        return decoder.decode(body)
    except msgspec.ValidationError as error:
        raise _invalid(str(error), place) from None
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        raise Malformed(f"{place or '$'}: not JSON in UTF-8", field=place or "$") from None


def _invalid(said: str, place: str) -> Malformed:
    match = _SAID.fullmatch(said)
    reason, path = (match["reason"], match["path"] or "") if match else (said, "")
    missing = _MISSING.fullmatch(reason)
    if missing:
        reason, path = "required, but missing", f"{path}.{missing['name']}"
    reason = next((plain for pattern, plain in _PATTERNS.items() if pattern in reason), reason)
    field = f"{place}{path}".lstrip(".") or "$"
    return Malformed(f"{field}: {reason}", field=field)
