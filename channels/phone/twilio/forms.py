"""Twilio's form posts as neutral events: pure, and total over whatever a signed form may hold.

An event's id is made of the call's SID and what happened to it, never of when it was posted: a callback that comes
twice, late or by two ways is the same event, and the life of a call (channels/phone/call.py) takes any order.
"""

from __future__ import annotations

from collections.abc import Mapping
from email.utils import parsedate_to_datetime
from typing import Final
from urllib.parse import parse_qs

from channels.port import (
    CallAlerting,
    CallAnswered,
    CallbackCancelled,
    CallbackRequested,
    CallOffered,
    CallProgress,
    CallReleased,
    DoNotCall,
    Malformed,
    VoicemailLeft,
)
from channels.verbs import Answer, Exit, Heard, Outcome

MAX_FIELDS: Final = 200
MAX_VALUE: Final = 8_192
_NAME: Final = 128
_SID: Final = 100
_SECOND: Final = 1_000_000
Form = Mapping[str, str]
"""One value a field; of a repeated field the first."""
MACHINES: Final = ("machine", "fax")
ENDED: Final = ("completed", "busy", "no-answer", "failed", "canceled")
"""What a call's status may be when it is over."""
MET_NOBODY: Final = "met_nobody"
"""The cause of a called customer's end who had answered, and had been connected with nobody."""
_CAUSES: Final = {"busy": "busy", "no-answer": "no_answer", "failed": "unreachable", "canceled": "withdrawn"}
_DECLINED: Final = ("603", "607")
_SDK, _TALKS = "client:", "486"
"""A browser or app is busy when its user rejects the call; busy with this SIP code when he talks already."""
_QUIET: Final = ("408", "480")
"""After ringing the device has stopped by itself; without any it is not there. Which of them, the leg's life tells."""
_REFUSED_BY_NETWORK: Final = ("404", "410", "484", "503")
"""SIP answers that say that the device is not there; they come as busy, no-answer or failed."""


def fields(body: bytes) -> dict[str, list[str]]:
    """The form as it was signed. Raises Malformed."""
    try:
        return parse_qs(body.decode("utf-8"), keep_blank_values=True, errors="strict", max_num_fields=MAX_FIELDS)
    except ValueError as wrong:
        raise Malformed(f"$: not a form in UTF-8 of at most {MAX_FIELDS} fields", field="$") from wrong


def form(many: Mapping[str, list[str]]) -> Form:
    """What the translation reads. Raises Malformed for what no platform sends."""
    one = {name: values[0] for name, values in many.items()}
    for name, value in one.items():
        if len(value) > MAX_VALUE or any(ord(letter) < 32 and letter not in "\r\n\t" for letter in value):
            raise Malformed(f"{name[:_NAME]}: too long, or with control characters", field=name[:_NAME])
    return one


def required(form: Form, name: str) -> str:
    """A field, or a part of our own address, that this callback cannot do without. Raises Malformed."""
    value = form.get(name, "")
    if not value or len(value) > _SID:
        raise Malformed(f"{name}: required, at most {_SID} characters", field=name)
    return value


def occurred_at(form: Form) -> int:
    """Twilio's own clock, microseconds; 0 where it says nothing. Kept, never trusted."""
    return instant(form.get("Timestamp", ""))


def instant(text: str) -> int:
    """Wed, 18 Aug 2010 20:20:06 +0000 in microseconds; 0 for what is no time."""
    try:
        return int(parsedate_to_datetime(text).timestamp()) * _SECOND
    except (ValueError, TypeError, OverflowError):
        return 0


_WITHHELD: Final = ("+266696687", "+7378742833", "+2562533", "+8656696", "+86282452253")
"""What Twilio says for a number: ANONYMOUS, RESTRICTED, BLOCKED, UNKNOWN and UNAVAILABLE on a telephone's keys."""


def caller(form: Form) -> str:
    """Who calls; '' for one who withholds it: otherwise all of them would be one customer."""
    number = _user(form.get("From", ""))[:_NAME]
    return "" if number in _WITHHELD else number


def dialled(form: Form) -> str:
    """The number of the line. Raises Malformed."""
    return _user(required(form, "To"))


def _user(address: str) -> str:
    """Of one who calls through a SIP domain: sip:+864000000101@name.sip.twilio.com;transport=udp."""
    scheme, _, rest = address.partition(":")
    return rest.partition("@")[0].partition(";")[0] if scheme in ("sip", "sips") else address


# --- the caller -------------------------------------------------------------------------------------------


def offered(source: str, form: Form, outcome: Outcome, *, alerting: bool) -> CallOffered:
    """The call asks for an agent, with whatever a flow found out before."""
    call = required(form, "CallSid")
    return CallOffered(
        source=source,
        external_id=f"{call}:offered",
        call=call,
        dialled=dialled(form),
        caller=caller(form),
        alerting=alerting,
        language=outcome.language,
        member=outcome.member,
        product=outcome.product,
        complaint=outcome.complaint,
        path=outcome.path,
    )


def voicemail(source: str, form: Form, outcome: Outcome) -> VoicemailLeft:
    call = required(form, "CallSid")
    return VoicemailLeft(
        source=source,
        external_id=f"{call}:voicemail",
        call=call,
        dialled=dialled(form),
        caller=caller(form),
        recording=outcome.recording,
        seconds=outcome.seconds,
        language=outcome.language,
        path=outcome.path,
    )


def callback(source: str, form: Form, outcome: Outcome) -> CallbackRequested:
    call = required(form, "CallSid")
    return CallbackRequested(
        source=source,
        external_id=f"{call}:callback",
        call=call,
        dialled=dialled(form),
        number=outcome.number,
        window_from=outcome.window_from,
        window_until=outcome.window_until,
        language=outcome.language,
        member=outcome.member,
        product=outcome.product,
        complaint=outcome.complaint,
        path=outcome.path,
    )


def wish(source: str, form: Form, outcome: Outcome) -> CallbackCancelled | DoNotCall:
    """The caller cancels his callback, or does not want to be called at all."""
    call = required(form, "CallSid")
    asked = CallbackCancelled if outcome.exit is Exit.CANCEL_CALLBACK else DoNotCall
    return asked(
        source=source,
        external_id=f"{call}:{outcome.exit.value}",
        call=call,
        dialled=dialled(form),
        number=outcome.number or caller(form),
        language=outcome.language,
    )


def heard(form: Form, default: str) -> Answer:
    """What came of the last verb; `default` is the way on that was taken when nothing is in the form."""
    if recording := form.get("RecordingUrl", ""):
        seconds = whole(form.get("RecordingDuration", ""))
        return Answer(Heard.MESSAGE, recording, seconds * _SECOND) if seconds else Answer(Heard.NOTHING)
    if digits := form.get("Digits", ""):
        return Answer(Heard.KEYS, digits[:64])
    return Answer(Heard.SAID if default == "said" else Heard.NOTHING)


def whole(text: str) -> int:
    return int(text) if text.isascii() and text.isdigit() and len(text) < 8 else 0


def caller_gone(source: str, call: str, form: Form, *, by: str) -> CallReleased:
    """The caller's leg is over, by whichever way it became known."""
    status = form.get("CallStatus", "completed")[:_NAME]
    return CallReleased(
        source=source, external_id=f"{call}:released", call=call, by=by, cause=status, occurred_at=occurred_at(form)
    )


# --- a device ---------------------------------------------------------------------------------------------


def device(source: str, call: str, offer: str, form: Form, *, ours: bool = True) -> CallAlerting | CallReleased | None:
    """A status callback of a leg that rings for an offer; None for a status that says nothing new.

    `ours`: we have ended it. What somebody else cancelled has failed: its offer is heard by nobody any more.
    """
    leg, status = required(form, "CallSid"), form.get("CallStatus", "")
    if status == "ringing":
        return CallAlerting(
            source=source, external_id=f"{leg}:ringing", call=call, offer=offer, occurred_at=occurred_at(form)
        )
    if status not in ENDED:
        return None
    cause = "unreachable" if status == "canceled" and not ours else _cause(status, form.get("SipResponseCode", ""))
    if cause == "busy" and form.get("To", "").startswith(_SDK) and form.get("SipResponseCode", "") != _TALKS:
        cause = "declined"
    return CallReleased(
        source=source,
        external_id=f"{leg}:ended",
        call=call,
        leg="agent",
        offer=offer,
        by="agent" if status == "completed" or cause == "declined" else "platform",
        cause=cause,
        # That it rang is known from its own callback; a device that is not there looks the same here.
        reached=status in ("completed", "busy") and cause != "unreachable",
        occurred_at=occurred_at(form),
    )


def _cause(status: str, sip: str) -> str:
    if status == "completed":
        return ""
    if sip in _DECLINED:
        return "declined"
    if sip in _QUIET and status != "canceled":
        return "no_answer"
    return "unreachable" if sip in _REFUSED_BY_NETWORK and status != "canceled" else _CAUSES[status]


def answered(source: str, call: str, offer: str, form: Form) -> CallAnswered:
    leg = required(form, "CallSid")
    return CallAnswered(source=source, external_id=f"{leg}:answered", call=call, offer=offer)


def ended(source: str, call: str, offer: str, *, name: str, cause: str, reached: bool = True) -> CallReleased:
    """A leg that we ended ourselves or that never came to be; `name` makes the event's id."""
    return CallReleased(
        source=source,
        external_id=f"{name}:{cause}",
        call=call,
        leg="agent",
        offer=offer,
        by="platform",
        cause=cause,
        reached=reached,
    )


# --- facts ------------------------------------------------------------------------------------------------


def fact(source: str, call: str, *, name: str, what: str, value: str = "", at: int = 0) -> CallProgress:
    return CallProgress(
        source=source, external_id=f"{call}:{name}"[:_NAME], call=call, what=what, value=value[:1000], occurred_at=at
    )


CONFERENCE: Final = {"participant-hold": "held", "participant-unhold": "resumed"}


def conference(source: str, call: str, form: Form) -> CallProgress | None:
    """Hold and resume of the caller as facts; None for every other event of a conference."""
    what = CONFERENCE.get(form.get("StatusCallbackEvent", ""))
    if what is None or form.get("CallSid", "") != call:
        return None
    number = form.get("SequenceNumber", "") or form.get("Timestamp", "")
    conference = form.get("ConferenceSid", "")
    return fact(source, call, name=f"{conference}:{number}", what=what, at=occurred_at(form))
