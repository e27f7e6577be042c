"""How legs and calls end: asked for, confirmed by Asterisk, told once."""

from __future__ import annotations

from typing import Final

from channels.phone.asterisk import causes, names
from channels.phone.asterisk.record import Leg, State
from channels.phone.asterisk.step import Step
from channels.port import CallReleased

BACKSTOP: Final = 10_000_000
"""How long a caller whose agent hung up may hear nothing before he is released: the router's hang-up is lost."""
LATE_MESSAGE: Final = 2_000_000
"""How long the end of a recording is waited for when the caller has hung up."""


def drop(step: Step, leg: Leg, why: str) -> None:
    """End a leg. It is told when Asterisk confirms it, or at once where nobody may be there to confirm."""
    leg.dropped = leg.dropped or why
    step.calm(f"ring {leg.offer}")
    step.leg(leg, "DELETE", "channels", leg.channel, body={"reason": "normal"}, why=f"drop {leg.offer}")


def drop_all(step: Step) -> None:
    for leg in step.call.legs.values():
        if leg.alive:
            drop(step, leg, "withdrawn")


def lost(step: Step, leg: Leg, end: causes.End) -> None:
    """It ends without having had the customer; told also when he has gone before: the offer is withdrawn."""
    leg.gone = True
    tell_gone(step, leg, end)


def tell_gone(step: Step, leg: Leg, end: causes.End) -> None:
    call = step.call
    step.tell(
        CallReleased(
            source=call.source,
            external_id=f"{call.id}/{leg.offer}/released",
            occurred_at=step.spoke_at,
            call=call.id,
            leg="agent",
            by=end.by,
            cause=end.cause,
            offer=leg.offer,
            reached=end.reached,
        )
    )


def left(step: Step) -> None:
    """The caller hung up on us: a message he was leaving is still wanted, other words are not."""
    flow = step.call.flow
    if flow is None:
        return
    if flow.recording:
        step.wake("message", step.now + LATE_MESSAGE)
    else:
        step.call.flow = None


def hang_up(step: Step, *, by: str, reason: str = "normal") -> None:
    """Ask for the end; it has ended when Asterisk says so."""
    call = step.call
    if call.over:
        return
    call.hung_up_by = call.hung_up_by or by
    step.customer("DELETE", "channels", call.channel, body={"reason": reason}, why="hang_up")
    if call.outbound and not call.here and not call.rang:
        over(step, by=call.hung_up_by, cause=reason)


def over(step: Step, *, by: str, cause: str) -> None:
    """The end, once: told, and nothing of the call stays on Asterisk."""
    call = step.call
    if call.over:
        return
    left(step)
    call.state = State.ENDED
    drop_all(step)
    if call.bridged:
        step.customer("DELETE", "bridges", names.bridge(call.id))
    step.calm("backstop")
    step.tell(
        CallReleased(
            source=call.source,
            external_id=f"{call.id}/released",
            occurred_at=step.spoke_at,
            call=call.id,
            by=by,
            cause=cause,
        )
    )
