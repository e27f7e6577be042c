"""What is known of a call that we made ourselves: the agent's device first, then the customer's phone.

Read from the life of the call, which only ever grows, so that the order in which events come cannot change it.

    the agent's device   `call.answered` and `call.released` (leg agent) with the offer `<contact>/dial`
    the customer         the fact `callee_answered`, or `call.answered` with another offer or the agent's number; also
                         the fact `answered_by`: somebody was listened to, though the answer itself was lost
    a machine            the fact `answered_by` with machine..., fax or MACHINE (Twilio, Asterisk's AMDSTATUS)
    the end              `call.released` of the customer's leg
"""

from __future__ import annotations

from typing import Final

import msgspec
from msgspec import Struct

from channels.phone.record import Call

DIAL: Final = "/dial"
ANSWERS: Final = ("callee_answered", "answered_by")
MACHINES: Final = ("machine", "fax")


class Callee(Struct, frozen=True, kw_only=True):
    """`agent_failed`: his device ended without an answer. `cause` and `by` are those of the call's end."""

    answered: bool = False
    machine: bool = False
    agent_failed: bool = False
    over: bool = False
    by: str = ""
    cause: str = ""


def callee(stored: bytes) -> Callee:
    """Of a call as it lies in its row."""
    call = msgspec.json.decode(stored, type=Call)
    marks = [(mark.what, mark.value.lower()) for mark in call.marks]
    talked = any(leg.answered_at for leg in call.legs if not leg.offer.endswith(DIAL))
    own = [leg for leg in call.legs if leg.offer.endswith(DIAL)]
    return Callee(
        answered=talked or any(what in ANSWERS for what, _ in marks),
        machine=any(what == "answered_by" and value.startswith(MACHINES) for what, value in marks),
        agent_failed=any(leg.ended_at and not leg.answered_at for leg in own),
        over=call.released,
        by=call.released_by,
        cause=call.cause,
    )
