"""What is done to both sides of a call, whoever asks: the customer's channel, the agents' legs, and the end of all."""

from __future__ import annotations

from typing import Final

from channels.phone.asterisk import causes, names
from channels.phone.asterisk.record import Call, Leg, State
from channels.phone.asterisk.step import Step
from channels.port import CallOffered, CallReleased
from channels.verbs import Outcome

BACKSTOP: Final = 10_000_000
"""How long a caller whose agent hung up may hear nothing before he is released: the router's hang-up is lost."""
TREATMENTS: Final = ("ivr", "voicemail", "callback")
LATE_MESSAGE: Final = 2 * 1_000_000
"""How long the end of a recording is waited for when the caller has hung up."""


def offer(step: Step, said: Outcome, *, alerting: bool) -> None:
    """The call is offered to the house. What the flow learnt is kept on the channel, for a process that comes after."""
    call = step.call
    call.state = State.WAITING
    call.offered = CallOffered(
        source=call.source,
        external_id=f"{call.id}/offered",
        occurred_at=call.born,
        call=call.id,
        dialled=call.dialled,
        caller=call.caller,
        alerting=alerting,
        language=said.language,
        member=said.member,
        product=said.product,
        complaint=said.complaint,
        path=said.path,
    )
    step.tell(call.offered)


def ring(step: Step) -> None:
    """The caller hears ringing; one who was answered hears music."""
    if step.call.answered:
        music(step)
    else:
        step.customer("POST", "channels", step.call.channel, "ring")


def pick_up(step: Step) -> None:
    if not step.call.answered:
        step.call.answered = True
        step.customer("POST", "channels", step.call.channel, "answer", why="answer")


def music(step: Step) -> None:
    step.call.music = True
    step.customer("POST", "channels", step.call.channel, "moh", body={"mohClass": step.rules.music})


def alone(step: Step) -> None:
    """A customer who sat in the bridge waits outside of it, with music."""
    call = step.call
    if call.inside:
        call.inside = False
        body = {"channel": call.channel}
        step.customer("POST", "bridges", names.bridge(call.id), "removeChannel", body=body)
        music(step)


def quiet(step: Step) -> None:
    """Whatever the caller hears from us stops."""
    if step.call.music:
        step.call.music = False
        step.customer("DELETE", "channels", step.call.channel, "moh")
    hush(step)


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


def hush(step: Step) -> None:
    flow = step.call.flow
    if flow is not None and flow.playing:
        step.calm("words")
        step.customer("DELETE", "playbacks", flow.playing)
        flow.playing = ""


def left(step: Step) -> None:
    """The caller hung up on us: a message he was leaving is still wanted, other words are not."""
    flow = step.call.flow
    if flow is None:
        return
    if flow.recording:
        step.wake("message", step.now + LATE_MESSAGE)
    else:
        step.call.flow = None


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
    call: Call = step.call
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
