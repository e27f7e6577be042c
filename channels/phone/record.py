"""What is known of one call. It only ever grows, so the order of arrival cannot change where it ends.

`Heard` names the kinds of event, `LEARN` holds what each adds; what is told about it is call.py's.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from typing import Any, Final

from msgspec import Struct
from msgspec.structs import replace

from channels.phone import legs as of_legs
from channels.phone.legs import Leg, Legs
from channels.port import (
    AnyInbound,
    CallAlerting,
    CallAnswered,
    CallbackRequested,
    CallOffered,
    CallProgress,
    CallReleased,
    VoicemailLeft,
)

MAX_MARKS: Final = 64
"""The earliest facts of a call that are kept with it; later ones are told, but a repeat of them is told again."""


class State(StrEnum):
    EXPECTED = "expected"
    LOST = "lost"
    WAITING = "waiting"
    TALKING = "talking"
    RELEASED = "released"


class Heard(StrEnum):
    """The columns of the table."""

    OFFERED = "offered"
    ALERTING = "alerting"
    RINGING = "ringing"
    ANSWERED = "answered"
    LEG_ENDED = "leg_ended"
    RELEASED = "released"
    PROGRESS = "progress"


class Mark(Struct, frozen=True, order=True):
    """A fact of the call, ordered by the platform's time (microseconds), then by its event id."""

    at: int
    id: str
    what: str
    value: str = ""


class Call(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """What is known of one call. Instants are our receipt in microseconds UTC, 0 = not heard.

    `contact` is written by whoever opens the contact. msgspec.json encodes and decodes it.
    """

    source: str
    call: str
    state: State = State.EXPECTED
    contact: str = ""
    dialled: str = ""
    caller: str = ""
    offered_at: int = 0
    alerting_at: int = 0
    released_at: int = 0
    released_by: str = ""
    cause: str = ""
    legs: Legs = ()
    marks: tuple[Mark, ...] = ()

    @property
    def offered(self) -> bool:
        return self.offered_at > 0

    @property
    def answered(self) -> bool:
        return any(leg.answered_at for leg in self.legs)

    @property
    def released(self) -> bool:
        return self.released_at > 0

    @property
    def talking(self) -> Leg | None:
        """The leg that talks with the customer now."""
        return of_legs.talking(self.legs)

    @property
    def offer(self) -> str:
        return self.talking.offer if self.talking else ""

    @property
    def agent(self) -> str:
        return self.talking.agent if self.talking else ""

    @property
    def held(self) -> int:
        """How often the customer was put on hold."""
        return sum(mark.what == "held" for mark in self.marks)

    @property
    def digits(self) -> str:
        """What was typed, in the platform's order."""
        return "".join(mark.value for mark in self.marks if mark.what in ("dtmf", "ivr.digits"))


# --- what each event adds ------------------------------------------------------------------------------


def _learn_offered(call: Call, inbound: CallOffered, at: int) -> Call:
    if call.offered:
        return call
    ringing = call.alerting_at or (at if inbound.alerting else 0)
    return replace(call, offered_at=at, alerting_at=ringing, dialled=inbound.dialled, caller=inbound.caller)


def _learn_alerting(call: Call, inbound: CallAlerting, at: int) -> Call:
    return replace(call, alerting_at=call.alerting_at or at)


def _learn_ringing(call: Call, inbound: CallAlerting, at: int) -> Call:
    leg = of_legs.find(call.legs, inbound.offer)
    return replace(call, legs=of_legs.put(call.legs, of_legs.rang(leg, at)))


def _learn_answered(call: Call, inbound: CallAnswered, at: int) -> Call:
    leg = of_legs.find(call.legs, _leg_name(call, inbound))
    return replace(call, legs=of_legs.put(call.legs, of_legs.answered(leg, inbound, at)))


def _learn_leg_ended(call: Call, inbound: CallReleased, at: int) -> Call:
    leg = of_legs.find(call.legs, _leg_name(call, inbound))
    return replace(call, legs=of_legs.put(call.legs, of_legs.ended(leg, inbound, at)))


def _learn_released(call: Call, inbound: CallReleased, at: int) -> Call:
    if call.released:
        return call
    return replace(call, released_at=at, released_by=inbound.by, cause=inbound.cause)


def _learn_progress(call: Call, inbound: AnyInbound, at: int) -> Call:
    marks = sorted({*call.marks, mark_of(inbound)})[:MAX_MARKS]
    return replace(call, marks=tuple(marks))


def _leg_name(call: Call, inbound: CallAnswered | CallReleased) -> str:
    """Which leg an event means: its offer, its agent, or whoever talks now."""
    if inbound.offer:
        return inbound.offer
    if isinstance(inbound, CallAnswered):
        return f"@{inbound.agent}"
    return call.talking.name if call.talking else ""


def mark_of(inbound: AnyInbound) -> Mark:
    what, value = _fact(inbound)
    return Mark(inbound.occurred_at, inbound.external_id, what, value)


def _fact(inbound: AnyInbound) -> tuple[str, str]:
    match inbound:
        case CallProgress(what=what, value=value):
            return what, value
        case VoicemailLeft(recording=recording):
            return "voicemail.left", recording
        case CallbackRequested(number=number):
            return "callback.requested", number
        case _:
            return "agent_released", ""


LEARN: Final[dict[Heard, Callable[[Call, Any, int], Call]]] = {
    Heard.OFFERED: _learn_offered,
    Heard.ALERTING: _learn_alerting,
    Heard.RINGING: _learn_ringing,
    Heard.ANSWERED: _learn_answered,
    Heard.LEG_ENDED: _learn_leg_ended,
    Heard.RELEASED: _learn_released,
    Heard.PROGRESS: _learn_progress,
}


def settled(call: Call) -> Call:
    """The state follows from what is known; the table's cells say what to tell about the way there."""
    if call.released:
        state = State.RELEASED if call.offered else State.LOST
    elif not call.offered:
        state = State.EXPECTED
    else:
        state = State.TALKING if call.talking else State.WAITING
    return replace(call, state=state)
