"""After a gap (a lost connection, our own restart) and every minute: what is there, against what we believe. Pure.

    believed              found                     then
    a live call           no channel of it          it ended while we were away: told once, its legs deleted
    a leg                 no channel                it ended: told as lost, never held against the agent
    a leg                 ringing or up             heard as if it had just been said
    nothing               a caller in our app       he enters; one whom a process before us offered is offered again
                                                    under the same id, and gets the answer that was decided
    nothing               a leg of ours             to its caller if he is there, else deleted
    nothing               a bridge of ours          its two talk; empty or of a dead call: deleted

What was asked for after the look began proves nothing by its absence.
"""

from __future__ import annotations

from collections.abc import Iterable

from channels.phone.asterisk import agents, customer, holding, names, outgoing, sides, talk
from channels.phone.asterisk import events as ev
from channels.phone.asterisk.actions import Out, Rest
from channels.phone.asterisk.board import Board
from channels.phone.asterisk.record import Call, Leg, State
from channels.phone.asterisk.step import Step
from channels.port import ENDED_AWAY, CallReleased

SECOND = 1_000_000


class Found:
    """What Asterisk has at one moment. `since`: when we asked, microseconds by our clock."""

    def __init__(self, channels: Iterable[ev.Channel], bridges: Iterable[ev.Bridge], *, since: int) -> None:
        self.channels = {channel.id: channel for channel in channels}
        self.bridges = {bridge.id: bridge for bridge in bridges}
        self.since = since


def compare(board: Board, found: Found, now: int) -> Out:
    out = Out()
    for call in list(board.calls.values()):
        _known(board, board.step(call, now, out), found)
    for channel in found.channels.values():
        _stranger(board, channel, found, now, out)
    for channel in found.channels.values():
        _orphan(board, channel, found, now, out)
    for bridge in found.bridges.values():
        _bridge(board, bridge, now, out)
    for call in list(board.calls.values()):
        board.settle(call)
    return out


# --- what we believe ------------------------------------------------------------------------------------------


def _known(board: Board, step: Step, found: Found) -> None:
    call = step.call
    for leg in list(call.legs.values()):
        _leg(step, leg, found)
    channel = found.channels.get(call.channel)
    there = channel is not None and (call.outbound or _ours(board, channel))
    if call.over:
        return
    if not there:
        if _expected(call, found):
            sides.over(step, by=call.hung_up_by or "platform", cause=ENDED_AWAY)
    elif call.hung_up_by:
        sides.hang_up(step, by=call.hung_up_by)
    elif call.outbound and channel is not None:
        _callback(step, channel)


def _expected(call: Call, found: Found) -> bool:
    """It was there before we looked. A callback's customer has no channel until he is dialled."""
    if call.outbound:
        return call.state is State.TALKING or call.rang or 0 < call.dialled_at < found.since
    return call.entered_at < found.since


def _callback(step: Step, channel: ev.Channel) -> None:
    if step.call.state is State.DIALLING and channel.up and channel.dialplan.app_name == "Stasis":
        args = tuple(channel.dialplan.app_data.split(",")[1:])
        outgoing.here(step, ev.StasisStart(channel=channel, args=args))


def _leg(step: Step, leg: Leg, found: Found) -> None:
    if leg.gone:
        return
    channel = found.channels.get(leg.channel)
    if channel is None:
        if leg.asked_at < found.since and (leg.placed or leg.dropped):
            agents.gone(step, leg)
    elif leg.dropped or step.call.over:
        sides.drop(step, leg, "withdrawn")
    else:
        _as_if_said(step, leg, channel)


def _as_if_said(step: Step, leg: Leg, channel: ev.Channel) -> None:
    leg.placed = True
    if channel.up:
        new_here = channel.dialplan.app_name == "Stasis" and not leg.here
        leg.here = leg.here or new_here
        if not leg.up_at or new_here:
            agents.answered(step, leg)
    elif channel.state == "Ringing" and not leg.rang:
        agents.hear(step, leg, ev.ChannelStateChange(channel=channel))


# --- what we did not know -------------------------------------------------------------------------------------


def _ours(board: Board, channel: ev.Channel) -> bool:
    plan = channel.dialplan
    return plan.app_name == "Stasis" and plan.app_data.split(",", 1)[0] == board.rules.app


def _stranger(board: Board, channel: ev.Channel, found: Found, now: int, out: Out) -> None:
    """A caller of whom we have not heard: he came while we were away, or before we lived."""
    known = board.of_channel(channel.id) is not None or board.is_past(channel.id)
    if names.read(channel.id) is not None or known or not _ours(board, channel):
        return
    args = tuple(channel.dialplan.app_data.split(",")[1:])
    step = board.step(board.add(channel, args), now, out)
    call = step.call
    call.entered_at, call.answered = now, channel.up
    # Steps name recordings. Whoever had the call before us took less than one a second: none is written over.
    call.step = max(now - call.born, 0) // SECOND if call.born else 0
    call.legs = {leg.offer: leg for leg in _legs_of(call, found)}
    bridge = found.bridges.get(names.bridge(call.id))
    inside = bridge.channels if bridge else ()
    call.bridged, call.inside = bridge is not None, channel.id in inside
    talking = [leg for leg in call.legs.values() if leg.channel in inside]
    if talking and channel.up:
        _they_talk(step, talking)
    elif channel.up and step.line.answer == "agent":
        # A flow has picked him up, is over or goes on, or the process before us was about to connect him.
        call.state = State.FLOW
        body = {"variable": "CONTACTCENTER"}
        step.customer("GET", "channels", call.channel, "variable", body=body, why="recall")
    else:
        customer.enter(step, ev.StasisStart(channel=channel, args=args))
    for leg in call.legs.values():
        _as_if_said(step, leg, found.channels[leg.channel])


def _legs_of(call: Call, found: Found) -> list[Leg]:
    """In the order in which they were rung."""
    rung = sorted(found.channels, key=lambda each: found.channels[each].creationtime)
    named = ((names.read(each), each) for each in rung)
    return [
        Leg(channel=channel, offer=name.offer, placed=True)
        for name, channel in named
        if name is not None and name.kind == "leg" and name.call == call.id
    ]


def _they_talk(step: Step, inside: list[Leg]) -> None:
    """The process before us connected them and may not have told: told under the same id, it is told once.

    The caller and his agent came into the bridge together, so a caller outside is held: he stays there. Whoever was
    rung after his agent is consulted.
    """
    call, first = step.call, inside[0]
    sides.offer(step, talk.kept(""), alerting=True)
    for leg in call.legs.values():
        leg.consult = leg is not first
    for leg in inside:
        leg.here, leg.up_at = True, step.now
        agents.won(step, leg)
    call.held = call.music = not call.inside
    holding.recall_recording(step)


def _orphan(board: Board, channel: ev.Channel, found: Found, now: int, out: Out) -> None:
    """A channel of ours without its call: a callback that talks is taken over, all others are deleted."""
    named = names.read(channel.id)
    if named is None or named.kind not in ("leg", "agent", "out") or named.call in board.calls:
        return
    bridge = found.bridges.get(names.bridge(named.call))
    both = (names.agent(named.call), names.customer(named.call))
    if bridge is not None and all(each in bridge.channels for each in both):
        call = Call(id=named.call, source=board.rules.source, channel=both[1], outbound=True, answered=True, here=True)
        call.state, call.bridged, call.inside = State.TALKING, True, True
        call.winner = outgoing.AGENT
        call.legs[call.winner] = Leg(channel=both[0], offer=call.winner, placed=True, here=True, up_at=now)
        board.calls[call.id] = call
        outgoing.tell_answer(board.step(call, now, out))
        return
    path = names.path("channels", channel.id)
    rest = Rest(call=named.call, lane=channel.id, method="DELETE", path=path, query={"reason": "normal"})
    out.rests.append(rest)
    if named.kind != "leg" and not board.is_past(named.call):
        # Half a callback, which nobody goes on with: its agent need not wait for the next comparison with the house.
        out.tells.append(ended_away(board.rules.source, named.call))


def ended_away(source: str, call: str) -> CallReleased:
    """Of a call that is no more, and of whose end nobody told: the same event, however it is found."""
    return CallReleased(source=source, external_id=f"{call}/away", call=call, by="platform", cause=ENDED_AWAY)


# --- bridges --------------------------------------------------------------------------------------------------


def _bridge(board: Board, bridge: ev.Bridge, now: int, out: Out) -> None:
    named = names.read(bridge.id)
    if named is None or named.kind != "bridge":
        return
    call = board.calls.get(named.call)
    if call is None or call.over:
        path = names.path("bridges", bridge.id)
        out.rests.append(Rest(call=named.call, lane=named.call, method="DELETE", path=path))
