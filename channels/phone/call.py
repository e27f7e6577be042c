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
from typing import Final

import msgspec

from channels.phone import legs as of_legs
from channels.phone.legs import Leg
from channels.phone.record import LEARN, Call, Heard, Mark, State, mark_of, settled
from channels.phone.signals import Kind, Signal
from channels.port import (
    AnyInbound,
    CallAlerting,
    CallAnswered,
    CallOffered,
    CallReleased,
)

__all__ = ["MOVES", "Call", "Signals", "State", "advance", "advance_stored"]

Signals = tuple[Signal, ...]


def advance(call: Call, inbound: AnyInbound, received_at: int) -> tuple[Call, Signals]:
    """The call with this event in it, and what is new about it. Total: no event in any state raises.

    `received_at` is our clock in microseconds. An event of another call or channel changes nothing.
    """
    heard = _heard(call, inbound)
    if heard is None:
        return call, ()
    at = max(received_at, 1)
    after = LEARN[heard](call, inbound, at)
    if after == call and heard is not Heard.PROGRESS:
        return call, ()
    return settled(after), MOVES[call.state][heard](call, after, inbound, at)


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
    mark = mark_of(inbound)
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
