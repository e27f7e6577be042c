"""The life of one call, whatever order its events arrive in.

A platform repeats, reorders and loses events, so a call is kept as what is known of it (it only ever
grows) and a state that says what that means for the customer. `MOVES` below is the whole table:

    state      offered  alerting  ringing  answered  leg ended  released  progress
    expected   enter    keep      keep     keep      keep       vanish    keep       its offer is not heard yet
    lost       appear   keep      keep     keep      keep       keep      keep       ended, offer not heard yet
    waiting    keep     start     tell     tell      tell       leave     note       a contact is open
    talking    keep     start     tell     tell      tell       leave     note       a human talks
    released   keep     keep      late     late      late       keep      note       terminal

    enter   to waiting or talking: Enter, then everything that was heard before it
    appear  to released: EnterAndGone, an abandoned call that is counted and never queued (B05)
    vanish  to lost: nothing can be told, no contact is known
    start   the line clock starts, once (B01, B02)
    tell    what is new about that agent's leg; waiting <-> talking follows from the legs
    leave   to released: CustomerGone, with the side that hung up (A19)
    late    only a device that answers a customer who is gone: it must be released
    note    Progress, once per event id
    keep    remember it (a duplicate adds nothing) and say nothing

`ringing` is `call.alerting` with an offer. A released call ignores nothing, it only decides nothing.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from enum import StrEnum
from typing import Final

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from channels.phone import legs as of_legs
from channels.phone.legs import Leg, Legs
from channels.phone.signals import Kind, Signal
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
"""The earliest facts of a call that are kept with it; all of them are signalled, and stored as facts."""


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


Signals = tuple[Signal, ...]


def advance(call: Call, inbound: AnyInbound, received_at: int) -> tuple[Call, Signals]:
    """The call with this event in it, and what is new about it. Total: no event in any state raises.

    `received_at` is our clock in microseconds. An event of another call or channel changes nothing.
    """
    heard = _heard(call, inbound)
    if heard is None:
        return call, ()
    at = max(received_at, 1)
    after = _LEARN[heard](call, inbound, at)
    if after == call and heard is not Heard.PROGRESS:
        return call, ()
    return _settled(after), MOVES[call.state][heard](call, after, inbound, at)


def advance_stored(stored: bytes | None, inbound: AnyInbound, received_at: int) -> tuple[bytes, Signals]:
    """`advance` on the call as it lies in a row; None for a call that nobody has heard of."""
    if stored is None:
        call = Call(source=inbound.source, call=getattr(inbound, "call", ""))
    else:
        call = msgspec.json.decode(stored, type=Call)
    after, signals = advance(call, inbound, received_at)
    return msgspec.json.encode(after), signals


# --- which column -------------------------------------------------------------------------------------


def _heard(call: Call, inbound: AnyInbound) -> Heard | None:
    if inbound.source != call.source or getattr(inbound, "call", None) != call.call:
        return None
    match inbound:
        case CallOffered():
            return Heard.OFFERED
        case CallAlerting(offer=offer):
            return Heard.RINGING if offer else Heard.ALERTING
        case CallAnswered():
            return Heard.ANSWERED
        case CallReleased(leg="agent", offer=offer):
            return Heard.LEG_ENDED if offer or call.talking else Heard.PROGRESS
        case CallReleased():
            return Heard.RELEASED
        case _:
            return Heard.PROGRESS


# --- what each event adds ------------------------------------------------------------------------------


def _learn_offered(call: Call, inbound: CallOffered, at: int) -> Call:
    if call.offered:
        return call
    ringing = call.alerting_at or (at if inbound.alerting else 0)
    return replace(
        call, offered_at=at, alerting_at=ringing, dialled=inbound.dialled, caller=inbound.caller
    )


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
    marks = sorted({*call.marks, _mark(inbound)})[:MAX_MARKS]
    return replace(call, marks=tuple(marks))


def _leg_name(call: Call, inbound: CallAnswered | CallReleased) -> str:
    """Which leg an event means: its offer, its agent, or whoever talks now."""
    if inbound.offer:
        return inbound.offer
    if isinstance(inbound, CallAnswered):
        return f"@{inbound.agent}"
    return call.talking.name if call.talking else ""


def _mark(inbound: AnyInbound) -> Mark:
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


def _settled(call: Call) -> Call:
    """The state follows from what is known; the table's cells say what to tell about the way there."""
    if call.released:
        state = State.RELEASED if call.offered else State.LOST
    elif not call.offered:
        state = State.EXPECTED
    else:
        state = State.TALKING if call.talking else State.WAITING
    return replace(call, state=state)


# --- what each cell tells --------------------------------------------------------------------------------


def _keep(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    return ()


def _enter(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    opened = Signal(kind=Kind.ENTER, at=at, clock_at=after.alerting_at)
    in_turn = sorted(after.legs, key=lambda leg: (leg.answered_at, leg.spoke_at))
    heard = (one for leg in in_turn for one in of_legs.news(Leg(offer=leg.offer, agent=leg.agent), leg))
    return (opened, *heard, *_notes(after.marks, at))


def _appear(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    gone = Signal(
        kind=Kind.ENTER_AND_GONE,
        at=at,
        clock_at=after.alerting_at,
        by=after.released_by,
        cause=after.cause,
    )
    heard = (one for leg in after.legs for one in of_legs.late(Leg(), leg))
    return (gone, *heard, *_notes(after.marks, at))


def _start(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    return (Signal(kind=Kind.CLOCK_STARTED, at=at, clock_at=after.alerting_at),)


def _tell(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    changed = (leg for leg in after.legs if leg not in before.legs)
    return tuple(one for leg in changed for one in of_legs.news(of_legs.find(before.legs, leg.name), leg))


def _leave(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    return (
        Signal(
            kind=Kind.CUSTOMER_GONE,
            at=at,
            by=after.released_by,
            cause=after.cause,
            offer=before.offer,
            agent=before.agent,
        ),
    )


def _late(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    changed = (leg for leg in after.legs if leg not in before.legs)
    return tuple(one for leg in changed for one in of_legs.late(of_legs.find(before.legs, leg.name), leg))


def _note(before: Call, after: Call, inbound: AnyInbound, at: int) -> Signals:
    mark = _mark(inbound)
    return () if mark in before.marks else _notes((mark,), at)


def _notes(marks: Iterable[Mark], at: int) -> Signals:
    return tuple(Signal(kind=Kind.PROGRESS, at=at, what=mark.what, value=mark.value) for mark in marks)


# --- the table ---------------------------------------------------------------------------------------------

Cell = Callable[[Call, Call, AnyInbound, int], Signals]


def _row(*cells: Cell) -> dict[Heard, Cell]:
    return dict(zip(Heard, cells, strict=True))


# fmt: off
MOVES: Final[dict[State, dict[Heard, Cell]]] = {
    #                    offered  alerting ringing answered leg ended released progress
    State.EXPECTED: _row(_enter,  _keep,   _keep,  _keep,   _keep,    _keep,   _keep),
    State.LOST:     _row(_appear, _keep,   _keep,  _keep,   _keep,    _keep,   _keep),
    State.WAITING:  _row(_keep,   _start,  _tell,  _tell,   _tell,    _leave,  _note),
    State.TALKING:  _row(_keep,   _start,  _tell,  _tell,   _tell,    _leave,  _note),
    State.RELEASED: _row(_keep,   _keep,   _late,  _late,   _late,    _keep,   _note),
}
# fmt: on
