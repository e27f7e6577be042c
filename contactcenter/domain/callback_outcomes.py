"""How one attempt at a callback went, whether there is another, and the one outcome of the whole promise (A04).

What the customer's leg did decides where the platform tells it; else the agent's word does.

    result              again   the outcome if it is the last
    reached             no      reached
    wrong_number        no      wrong_number       the agent's word
    declined            no      declined           the agent's word: the customer wants none
    do_not_call         no      do_not_call        the number was listed meanwhile
    busy                yes     not_reached        also a call that the customer's phone refused
    no_answer           yes     not_reached
    unreachable         yes     not_reached
    answering_machine   yes     not_reached
    not_dialled         yes     -                  the agent's own device failed: it counts as no attempt
    called_in           yes     -                  the customer called himself: held until his call is over, no attempt
    put_off             yes     -                  nobody was free until night or the end of the hours: no attempt

Who answered the platform cannot tell: `reached` becomes one of CORRECTS by the word of the agent who talked, until his
wrap-up is over. A call whose end was lost counts as `no_answer` unless its customer was heard to answer; it becomes any
of SAID_AFTER in the same way.

Besides these a promise ends as `called_in` (an agent answered the customer's own call), `cancelled` (by the customer),
`do_not_call` (never dialled) or `closed` (somebody ended its contact without an attempt).
"""

from __future__ import annotations

from typing import Final, Protocol

from channels.port import ENDED_AWAY

SAID: Final = (
    "reached",
    "no_answer",
    "busy",
    "wrong_number",
    "declined",
    "unreachable",
    "answering_machine",
    "do_not_call",
)
"""What an agent may say."""
CORRECTS: Final = ("wrong_number", "declined")
"""What an agent may make of `reached`: somebody answered, and only he knows who and what for."""
SAID_AFTER: Final = ("reached", *CORRECTS)
"""What he may say once the call is over: `reached` where its end was lost, and nobody but he knows of the talk."""
AGAIN: Final = ("no_answer", "busy", "unreachable", "answering_machine", "not_dialled")
CALLED_IN: Final = "called_in"
"""Both how an attempt was overtaken by the customer's own call, and the outcome once that was answered."""
PUT_OFF: Final = "put_off"
NOT_CALLED: Final = ("not_dialled", CALLED_IN, PUT_OFF)
OUTCOMES: Final = (
    "reached",
    "wrong_number",
    "declined",
    "not_reached",
    "do_not_call",
    CALLED_IN,
    "cancelled",
    "closed",
)
_CAUSES: Final = {
    "busy": "busy",
    "declined": "busy",
    "no_answer": "no_answer",
    "no-answer": "no_answer",
    "unreachable": "unreachable",
    "failed": "unreachable",
    "answering_machine": "answering_machine",
    "completed": "reached",
}
"""The causes of both platforms and of our own dialect; `completed` is Twilio's of a leg that had been answered."""


class Callee(Protocol):
    """What is known of the two legs of a call that we made (channels.phone.callee)."""

    @property
    def answered(self) -> bool: ...
    @property
    def machine(self) -> bool: ...
    @property
    def agent_failed(self) -> bool: ...
    @property
    def over(self) -> bool: ...
    @property
    def by(self) -> str: ...
    @property
    def cause(self) -> str: ...


def of_legs(callee: Callee) -> str:
    """The attempt's result; '' while the platform has not said enough."""
    if callee.machine:
        return "answering_machine"
    if callee.answered:
        return "reached" if callee.over else ""
    if callee.agent_failed or callee.cause.startswith("agent_"):
        return "not_dialled"
    return _CAUSES.get(callee.cause, "no_answer") if callee.over else ""


def is_lost(callee: Callee) -> bool:
    """Nobody told how it ended, and no answer was heard: there may have been one."""
    return callee.over and callee.cause == ENDED_AWAY and of_legs(callee) == "no_answer"


def counted(attempts: tuple[dict[str, object], ...]) -> int:
    """How often the customer's phone was called."""
    return sum(each.get("result") not in NOT_CALLED for each in attempts)


def goes_on(result: str, *, tried: int, most: int) -> bool:
    """Is there another attempt after this one? `tried` counts it."""
    return result in AGAIN and (result == "not_dialled" or tried < most)


def final(result: str) -> str:
    """The outcome of the promise when this was its last attempt."""
    return "not_reached" if result in AGAIN else result
