"""The customer's channel: how a call enters, what it is told to do, and how it ends."""

from __future__ import annotations

from channels.phone.asterisk import causes, sides, talk
from channels.phone.asterisk import events as ev
from channels.phone.asterisk.record import State
from channels.phone.asterisk.step import Step
from channels.port import Receipt
from channels.verbs import Outcome

# --- how it enters --------------------------------------------------------------------------------------------


def enter(step: Step, event: ev.AnyEvent) -> None:
    """The caller is ours: a flow speaks first where his line has one, else he queues at once."""
    assert isinstance(event, ev.StasisStart)
    call = step.call
    call.here, call.answered = True, call.answered or event.channel.up
    call.entered_at = step.now
    turn = step.dialogue.begin(step.about(), step.now)
    if turn is not None:
        call.state = State.FLOW
        talk.go(step, turn)
    elif step.line.answer == "queue":
        sides.offer(step, Outcome(exit=talk.QUEUE), alerting=False)
        sides.pick_up(step)
        sides.music(step)
    else:
        sides.offer(step, Outcome(exit=talk.QUEUE), alerting=not call.answered)
        sides.ring(step)


def recalled(step: Step, status: int, said: str) -> None:
    """What the channel of a caller we found remembers: offered with this, or not offered yet: a flow begins again."""
    call = step.call
    if call.state is not State.FLOW or call.offered is not None or call.over:
        return
    if 200 <= status < 300:
        sides.offer(step, talk.kept(said), alerting=False)
        sides.ring(step)
        return
    call.state = State.NEW
    enter(step, ev.StasisStart(channel=ev.Channel(id=call.channel, state="Up")))


# --- what he is told ------------------------------------------------------------------------------------------


def told(step: Step, receipt: Receipt) -> None:
    """The house's instruction: in its reply, or later as a command. Not for one who already talks."""
    call = step.call
    if call.state is not State.WAITING or receipt.pending or not receipt.instruction:
        return
    call.instruction = receipt.instruction
    if receipt.instruction == "queue":
        _wait(step, receipt)
    elif receipt.instruction in sides.TREATMENTS:
        sides.quiet(step)
        talk.treat(step, receipt)
    elif receipt.instruction == "hang_up":
        sides.hang_up(step, by="platform", reason="busy" if not call.answered else "normal")


def _wait(step: Step, receipt: Receipt) -> None:
    """One who hears ringing goes on hearing it: the three rings are his (B01). Others hear where they stand."""
    if not step.call.answered:
        return
    says = step.dialogue.waiting(step.about(language=receipt.language), receipt, step.now)
    if says:
        talk.announce(step, says)


def back_to_dialplan(step: Step) -> None:
    """We cannot take it (an unknown line, or we are full): the dialplan's own answer goes on."""
    call = step.call
    if not call.over and not call.winner:
        call.hung_up_by = "platform"
        step.customer("POST", "channels", call.channel, "continue", body={}, why="continue")


# --- how it ends ----------------------------------------------------------------------------------------------


def mark_up(step: Step, event: ev.AnyEvent) -> None:
    step.call.answered = True


def mark_cause(step: Step, event: ev.AnyEvent) -> None:
    """The hang-up's cause comes before the end, which for a caller has none of its own."""
    assert isinstance(event, ev.ChannelHangupRequest)
    step.call.cause = event.cause or step.call.cause
    step.call.tech_cause = event.tech_cause or step.call.tech_cause


def leave(step: Step, event: ev.AnyEvent) -> None:
    call = step.call
    if isinstance(event, ev.ChannelDestroyed):
        call.cause = call.cause or event.cause
    sides.over(step, by=call.hung_up_by or "customer", cause=causes.text(call.cause, call.tech_cause))


def drop(step: Step, event: ev.AnyEvent) -> None:
    """A channel that comes to life after its call has ended."""
    step.customer("DELETE", "channels", step.call.channel, body={"reason": "normal"})


# --- while they talk ------------------------------------------------------------------------------------------


def note_key(step: Step, event: ev.AnyEvent) -> None:
    assert isinstance(event, ev.ChannelDtmfReceived)
    step.progress("dtmf", event.digit)
