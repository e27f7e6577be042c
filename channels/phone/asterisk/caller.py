"""What a caller hears of us, ringing, music, words, and how his call is offered to the house."""

from __future__ import annotations

from typing import Final

from channels.phone.asterisk import names
from channels.phone.asterisk.record import State
from channels.phone.asterisk.step import Step
from channels.port import CallOffered
from channels.verbs import Outcome

TREATMENTS: Final = ("ivr", "voicemail", "callback")


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
        body = {"channel": [call.channel]}
        step.customer("POST", "bridges", names.bridge(call.id), "removeChannel", body=body)
        music(step)


def quiet(step: Step) -> None:
    """Whatever the caller hears from us stops."""
    if step.call.music:
        step.call.music = False
        step.customer("DELETE", "channels", step.call.channel, "moh")
    hush(step)


def hush(step: Step) -> None:
    flow = step.call.flow
    if flow is not None and flow.playing:
        step.calm("words")
        step.customer("DELETE", "playbacks", flow.playing)
        flow.playing = ""
