"""The agents' legs of one call: rung, answered, bridged, released. Whoever answers first has the caller.

    fact      asked -> placed -> rang -> up -> here -> (bridged)     dropped or gone at any point

`up` (the device was answered) is told and chooses the winner; `here` (it is in our application) lets it be bridged.
They come in either order, and either may be missing.
"""

from __future__ import annotations

from typing import Final

from channels.phone.asterisk import causes, names, outgoing, sides
from channels.phone.asterisk import events as ev
from channels.phone.asterisk.record import Leg, State
from channels.phone.asterisk.step import Step
from channels.port import CallAlerting, CallAnswered, PhoneCommand

SECOND: Final = 1_000_000
RING_LIFE: Final = 60 * SECOND
"""Of a ring without an end of its own."""
SILENT: Final = SECOND
"""So long before the end of its time a device that never rang is given up: by its own clock the offer would be over as
not answered, and the agent blamed for a dead phone."""
ENDS: Final = {
    "no_answer": causes.End("no_answer", "platform", True),
    "withdrawn": causes.End("withdrawn", "platform", True),
}


# --- ringing --------------------------------------------------------------------------------------------------


def ring(step: Step, command: PhoneCommand, *, consult: bool = False) -> str:
    """Ring a device for the caller; says what came of it, for the outbox's log."""
    call = step.call
    if command.offer in call.stopped:
        return "stopped before it rang"
    if command.offer in call.legs:
        return "rings already"
    if call.over or (call.winner and not consult):
        return "nobody waits for it"
    leg = Leg(
        channel=names.leg(call.id, command.offer),
        offer=command.offer,
        device=command.device,
        agent=command.agent,
        consult=consult,
        asked_at=step.now,
        until=command.not_after or step.now + RING_LIFE,
    )
    call.legs[command.offer] = leg
    if not call.winner:
        sides.alone(step)
    _place(step, leg)
    return "rings"


def _place(step: Step, leg: Leg) -> None:
    call = step.call
    if len(leg.channel) > names.LONGEST:
        sides.lost(step, leg, causes.End("unreachable", "platform", False))
        return
    endpoint = leg.device if "/" in leg.device else step.rules.endpoint.replace("{device}", leg.device)
    # Asterisk counts whole seconds: the exact end is our timer's, its own is for when we are away.
    body = {
        "endpoint": endpoint,
        "app": step.rules.app,
        "appArgs": "leg",
        "channelId": leg.channel,
        "timeout": max(-(-(leg.until - step.now) // SECOND), 1),
        "callerId": call.caller,
        "originator": call.channel,
    }
    step.leg(leg, "POST", "channels", body=body, why=f"ring {leg.offer}")
    step.wake(f"ring {leg.offer}", leg.until)
    step.wake(f"silent {leg.offer}", leg.until - min(SILENT, (leg.until - step.now) // 4))
    _bridge(step)


def _bridge(step: Step) -> None:
    """Made while the device rings, so that it costs nothing at the answer."""
    call = step.call
    if not call.bridged:
        call.bridged = True
        body = {"type": "mixing,dtmf_events", "bridgeId": names.bridge(call.id)}
        step.customer("POST", "bridges", body=body)


def rung_out(step: Step, offer: str) -> None:
    """Its time is over, by our clock."""
    leg = step.call.legs.get(offer)
    if leg is not None and leg.alive and not leg.up_at:
        sides.drop(step, leg, "no_answer")


def silent(step: Step, offer: str) -> None:
    """Nothing was heard of it: told as unreachable while the offer stands."""
    leg = step.call.legs.get(offer)
    if leg is not None and not leg.rang:
        rung_out(step, offer)


def stop(step: Step, offer: str) -> str:
    """The router takes it back. A leg that has answered first stays: the platform's answer wins."""
    call = step.call
    leg = call.legs.get(offer)
    if leg is None:
        call.stopped.add(offer)
        return "it does not ring"
    if call.winner == offer:
        return "it has answered"
    if leg.alive:
        sides.drop(step, leg, "withdrawn")
    return "stopped"


# --- what Asterisk says about a leg ---------------------------------------------------------------------------


def hear(step: Step, leg: Leg, event: ev.AnyEvent) -> None:
    match event:
        case ev.Dial(dialstatus="RINGING" | "PROGRESS"):
            # A phone behind a carrier often says only 183: it rings, with the carrier's own tone.
            _rings(step, leg)
        case ev.ChannelStateChange(channel=channel) if channel.state == "Ringing":
            _rings(step, leg)
        case ev.Dial(dialstatus="ANSWER"):
            answered(step, leg)
        case ev.ChannelStateChange(channel=channel) if channel.up:
            answered(step, leg)
        case ev.StasisStart(channel=channel):
            leg.here = True
            answered(step, leg)
        case ev.ChannelHangupRequest(cause=cause, tech_cause=tech_cause, soft=soft):
            leg.cause, leg.tech_cause = cause or leg.cause, tech_cause or leg.tech_cause
            leg.refused = leg.refused or not (soft or leg.up_at)
        case ev.ChannelHold() | ev.ChannelUnhold() if step.call.winner == leg.offer:
            # By the phone's own key: Asterisk plays the music, the caller stays where he is.
            step.progress("held" if isinstance(event, ev.ChannelHold) else "resumed")
        case ev.StasisEnd() if leg.up_at:
            gone(step, leg)
        case ev.ChannelDestroyed(cause=cause, tech_cause=tech_cause):
            leg.cause, leg.tech_cause = cause or leg.cause, tech_cause or leg.tech_cause
            gone(step, leg)
        case _:
            return


def _rings(step: Step, leg: Leg) -> None:
    if leg.rang or leg.up_at or leg.gone:
        return
    leg.rang = leg.placed = True
    step.calm(f"silent {leg.offer}")
    if leg.dropped or step.call.over or step.call.outbound:
        return
    call = step.call
    at = step.spoke_at
    step.tell(
        CallAlerting(
            source=call.source,
            external_id=f"{call.id}/{leg.offer}/alerting",
            occurred_at=at,
            call=call.id,
            offer=leg.offer,
        )
    )


def answered(step: Step, leg: Leg) -> None:
    """The device was picked up, or is now ours to bridge: said by several events, meant once."""
    call = step.call
    first = not leg.up_at
    leg.up_at, leg.placed = leg.up_at or step.spoke_at, True
    if leg.gone:
        return
    if call.over or leg.dropped:
        # Answering raced with our taking it back: it must not sit there.
        sides.drop(step, leg, "withdrawn")
        return
    if call.outbound:
        outgoing.agent_there(step, leg)
        return
    if first:
        step.calm(f"ring {leg.offer}")
        if call.winner and not leg.consult:
            sides.drop(step, leg, "withdrawn")
            return
        won(step, leg)
    if leg.here:
        connect(step, leg)


def won(step: Step, leg: Leg) -> None:
    """The caller is this leg's; what he heard from us ends."""
    call = step.call
    if not leg.consult:
        call.winner = leg.offer
        call.state = State.TALKING
        sides.quiet(step)
        call.flow = None
        step.calm("backstop")
    step.tell(
        CallAnswered(
            source=call.source,
            external_id=f"{call.id}/{leg.offer}/answered",
            occurred_at=leg.up_at,
            call=call.id,
            offer=leg.offer,
            agent=leg.agent,
        )
    )


def connect(step: Step, leg: Leg) -> None:
    """Into the call's bridge; the caller too, unless he is held."""
    call = step.call
    _bridge(step)
    inside = [leg.channel]
    if not leg.consult and not call.held:
        sides.pick_up(step)
        call.inside = True
        inside = [call.channel, leg.channel]
    # A list: in a body Asterisk takes a string for one name, commas and all.
    body = {"channel": inside}
    step.customer("POST", "bridges", names.bridge(call.id), "addChannel", body=body, why=f"join {leg.offer}")


def gone(step: Step, leg: Leg) -> None:
    """It is no more. Told once, unless the whole call is over: then its end says it all."""
    if leg.gone:
        return
    leg.gone = True
    step.calm(f"ring {leg.offer}")
    if step.call.outbound:
        outgoing.agent_gone(step, leg)
    elif leg.up_at and step.call.winner == leg.offer:
        _talk_over(step, leg)
    else:
        sides.lost(step, leg, _end(leg))


def _end(leg: Leg) -> causes.End:
    if leg.up_at:
        return causes.End("withdrawn" if leg.dropped else "", "platform" if leg.dropped else "agent", True)
    known = ENDS.get(leg.dropped)
    if known is None:
        return causes.of_unanswered(leg.cause, leg.tech_cause, rang=leg.rang, refused=leg.refused)
    if leg.dropped == "no_answer" and not leg.rang:
        return causes.End("unreachable", "platform", False)
    return known


def _talk_over(step: Step, leg: Leg) -> None:
    """The talk is over, the caller is still there: the router says what becomes of him."""
    call = step.call
    call.winner = ""
    if call.over:
        return
    call.state = State.WAITING
    by = "platform" if leg.dropped else "agent"
    sides.tell_gone(step, leg, causes.End(causes.text(leg.cause, leg.tech_cause), by, True))
    step.wake("backstop", step.now + sides.BACKSTOP)


# --- how a request about a leg ended --------------------------------------------------------------------------


def placed(step: Step, offer: str, status: int, said: str) -> None:
    """2xx and 409 (asked twice) are well. Whatever else means that nothing rings."""
    leg = step.call.legs.get(offer)
    if leg is None or leg.gone:
        return
    if 200 <= status < 300 or status == 409:
        leg.placed = True
        return
    nobody = "riginator" in said
    step.calm(f"ring {offer}")
    if step.call.outbound:
        leg.gone = True
        outgoing.agent_gone(step, leg)
        return
    sides.lost(step, leg, ENDS["withdrawn"] if nobody else causes.End("unreachable", "platform", False))
    if nobody:
        step.out.survey = True


def deleted(step: Step, offer: str, status: int) -> None:
    """404: it has gone without a word, or its end is on the way. 0: the survey will find it."""
    leg = step.call.legs.get(offer)
    if leg is not None and status == 404:
        gone(step, leg)


def joined(step: Step, offer: str, status: int) -> None:
    """Refused: one of the two has gone. Their own ends say which; if neither comes, the survey does."""
    call = step.call
    leg = call.legs.get(offer)
    if 200 <= status < 300 or leg is None or not leg.alive or call.over:
        return
    call.tries += 1
    step.out.survey = True
    if call.tries <= 3:
        step.wake(f"join {offer}", step.now + SECOND // 4)
    else:
        sides.drop(step, leg, "withdrawn")


def join_again(step: Step, offer: str) -> None:
    call = step.call
    leg = call.legs.get(offer)
    if leg is not None and leg.alive and leg.here and not call.over:
        call.bridged = False  # It may be the bridge that is missing.
        connect(step, leg)
