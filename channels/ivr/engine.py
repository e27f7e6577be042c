"""The flows as a platform sees them: `channels.verbs.Dialogue`, pure and total.

Whatever a caller does in whatever state, there is a next verb or an outcome, and no outcome loses what was chosen.
A dialogue ends after at most MAX_TURNS turns. A state that cannot be read, or that belongs to a flow which has been
replaced since, ends in the queue; for a caller whom routing has turned away, in a callback (see `Walk.end`).
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from channels.flow import Flow
from channels.ivr.nodes import ENTER, HEAR
from channels.ivr.standard import standard
from channels.ivr.state import VERSION, State, decode, mark_of
from channels.ivr.surroundings import Surroundings
from channels.ivr.walk import Step, Walk
from channels.port import CALLS_HIMSELF, Receipt
from channels.verbs import Answer, Caller, Exit, Note, Outcome, Say, Turn

MAX_TURNS: Final = 60
"""More than any sensible caller needs; a caller who circles in menus is queued then."""
MAX_STEPS: Final = 100
"""Nodes without words in one turn; a flow that passed validation never comes near."""


class Flows:
    """A `channels.verbs.Dialogue` over the flows of its surroundings."""

    def __init__(self, house: Surroundings) -> None:
        self._house = house
        self._standard = standard()

    def begin(self, caller: Caller, now: int) -> Turn | None:
        flow = self._flow(caller)
        if flow is None:
            return None
        language = caller.language if caller.language in flow.languages else flow.languages[0]
        mark = mark_of(flow)
        state = State(v=VERSION, flow=flow.id, mark=mark, caller=caller, node=flow.start, language=language)
        turn = _run(Walk(flow, state, self._house, now), flow.start)
        return turn if caller.why else self._calls_himself(caller, turn)

    def _calls_himself(self, caller: Caller, turn: Turn) -> Turn:
        """Noted as soon as his call is known, whatever the flow asks: nobody is to call him meanwhile (A04)."""
        promise = self._house.promised(caller.dialled, caller.caller)
        if promise is None or not promise.callback:
            return turn
        return replace(turn, notes=(*turn.notes, Note(CALLS_HIMSELF, promise.callback)))

    def go_on(self, state: bytes, answer: Answer, now: int) -> Turn:
        known = decode(state)
        if known is None:
            return Turn(state=b"", outcome=Outcome(exit=Exit.QUEUE))
        flow = self._flow(known.caller)
        known.turns += 1
        walk = Walk(flow or self._standard, known, self._house, now)
        node = walk.node(known.node)
        if flow is None or mark_of(flow) != known.mark or node is None or known.turns >= MAX_TURNS:
            return walk.end(known.outcome(Exit.QUEUE))
        return _run(walk, HEAR[type(node)](walk, node, answer))

    def waiting(self, caller: Caller, receipt: Receipt, now: int) -> tuple[Say, ...]:
        """The receipt's text greets in the client's name, and tells place and wait from a minute on (B18)."""
        language = receipt.language or caller.language
        text = receipt.text or self._house.words(caller.dialled, "ivr.arrived", language)
        return (Say(text, language),) if text else ()

    def _flow(self, caller: Caller) -> Flow | None:
        return self._house.flow(caller.dialled) or (self._standard if caller.why else None)


def _run(walk: Walk, step: Step) -> Turn:
    """Enter node after node until one of them has something to say."""
    for _ in range(MAX_STEPS):
        if not isinstance(step, str):
            return step
        node = walk.node(step)
        if node is None:
            break
        walk.state.node, walk.state.step, walk.state.tries = node.id, "", 0
        step = ENTER[type(node)](walk, node)
    return walk.end(walk.state.outcome(Exit.QUEUE))
