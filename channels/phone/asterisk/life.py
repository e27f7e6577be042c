"""The life of one call on Asterisk: the customer's channel, the agents' legs and the bridge, whatever is heard when.

The customer's side is a state; each leg is a set of facts (record.Leg) that only grows. `HEARD` is the whole table
of what Asterisk says about the customer's channel; commands, replies and legs have their own modules.

    state      start    up       rings   end      dtmf     played   recorded
    new        enter    mark     mark    leave    -        -        -         nothing of the caller was heard yet
    flow       -        mark     -       leave    key      go on    go on     a flow speaks: not offered yet, or treated
    waiting    -        mark     -       leave    -        music    -         offered: devices ring, the caller waits
    talking    -        mark     -       leave    note     -        -         one agent's leg is the winner, held or not
    reserving  -        -        -       -        -        -        -         a callback: the agent's device rings
    dialling   here     answer   ring    fail     -        -        -         a callback: the customer's phone rings
    ended      drop     -        -       -        -        -        message   terminal; a message may still be named

    enter   a flow begins, or the call is offered at once and the caller hears ringing
    leave   to ended: `call.released` once, with who hung up and the cause; every leg and the bridge are deleted
    fail    as leave, told with why the customer was not reached
    drop    a channel of a call that is over is deleted
    key     a key for the flow                              note   a fact of the call

What holds in every state (a test says so):
- The first leg that answers is the winner and is bridged at once, before the router confirms: the platform's answer
  wins (decisions row 7). Any other leg that answers is released at once, so two agents meet only in a consult.
- The end of the customer's channel ends everything. A leg that answers afterwards is deleted, silently.
- A request that Asterisk refuses because what it is about has gone is an outcome, never an error.
- Ids and names are made from the call and the offer, so anything can be asked twice.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from channels.phone.asterisk import agents, customer, outgoing, talk
from channels.phone.asterisk import events as ev
from channels.phone.asterisk.record import State
from channels.phone.asterisk.step import Step

Cell = Callable[[Step, ev.AnyEvent], None]


def hear(step: Step, event: ev.AnyEvent) -> None:
    """One event of this call. Total: nothing that Asterisk says in any state raises."""
    step.spoke_at = event.at or step.now
    call = step.call
    channel = _channel(event)
    leg = next((each for each in call.legs.values() if channel is not None and each.channel == channel.id), None)
    if leg is not None and channel is not None:
        agents.hear(step, leg, event)
        return
    what = _what(event)
    if what:
        HEARD[call.state].get(what, _keep)(step, event)


def _channel(event: ev.AnyEvent) -> ev.Channel | None:
    return event.peer if isinstance(event, ev.Dial) else getattr(event, "channel", None)


def _what(event: ev.AnyEvent) -> str:
    match event:
        case ev.StasisStart():
            return "start"
        case ev.ChannelStateChange(channel=channel) if channel.up:
            return "up"
        case ev.Dial(dialstatus="ANSWER"):
            return "up"
        case ev.ChannelStateChange(channel=channel) if channel.state == "Ringing":
            return "rings"
        case ev.Dial(dialstatus="RINGING" | "PROGRESS"):
            return "rings"
        case ev.StasisEnd() | ev.ChannelDestroyed():
            return "end"
        case ev.ChannelHangupRequest():
            return "hangs up"
        case ev.ChannelDtmfReceived():
            return "dtmf"
        case ev.PlaybackFinished():
            return "played"
        case ev.RecordingFinished() | ev.RecordingFailed():
            return "recorded"
        case _:
            return ""


def _keep(step: Step, event: ev.AnyEvent) -> None:
    return


HEARD: Final[dict[State, dict[str, Cell]]] = {
    State.NEW: {
        "start": customer.enter,
        "up": customer.mark_up,
        "hangs up": customer.mark_cause,
        "end": customer.leave,
    },
    State.FLOW: {
        "up": customer.mark_up,
        "hangs up": customer.mark_cause,
        "end": customer.leave,
        "dtmf": talk.key,
        "played": talk.played,
        "recorded": talk.recorded,
    },
    State.WAITING: {
        "up": customer.mark_up,
        "hangs up": customer.mark_cause,
        "end": customer.leave,
        "played": talk.played,
    },
    State.TALKING: {
        "up": customer.mark_up,
        "hangs up": customer.mark_cause,
        "end": customer.leave,
        "dtmf": customer.note_key,
    },
    State.RESERVING: {},
    State.DIALLING: {
        "start": outgoing.here,
        "up": outgoing.answered,
        "rings": outgoing.rings,
        "hangs up": customer.mark_cause,
        "end": outgoing.failed,
    },
    State.ENDED: {"start": customer.drop, "recorded": talk.recorded},
}
