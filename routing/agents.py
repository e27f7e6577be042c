"""What happens to agents: seats, presence, sockets (decisions rows 7 and 8).

Presence belongs to the agent, not to a socket. When the last socket closes, offers return at once and chats after
a grace time, and callbacks that nobody has dialled yet; mail stays until the shift ends, and a call stays with its
leg, also one that was dialled for a callback.
"""

from __future__ import annotations

from routing.desks import Desk
from routing.effects import Connection
from routing.events import Connected, Disconnected, PresenceSet, SignedIn, SignedOut
from routing.members import NOT_READY, OFFLINE, READY
from routing.model import Medium, PresenceState
from routing.offers import withdraw_from
from routing.release import return_owned
from routing.turn import Turn

AWAITED = (Medium.CHAT, Medium.CALLBACK)
"""Somebody waits for him, or was promised his call within a window."""
OF_THE_SHIFT = (*AWAITED, Medium.MAIL)
ASKABLE = (READY, NOT_READY)


def on_signed_in(turn: Turn, event: SignedIn) -> None:
    desk = turn.state.listed(event.agent)
    if desk is None:
        turn.refuse("unknown_agent", command=event.command, agent=event.agent)
        return
    withdraw_from(turn, desk, "agent_left")
    desk.device, desk.misses, desk.grace_until = event.device, 0, 0
    desk.rest(turn.now)
    _set_connected(turn, desk, connected=True)
    turn.present(desk, NOT_READY, reason="signed_in")
    turn.done(event.command, event.agent)


def on_signed_out(turn: Turn, event: SignedOut) -> None:
    desk = turn.state.listed(event.agent)
    if desk is None:
        turn.refuse("unknown_agent", command=event.command, agent=event.agent)
        return
    sign_out(turn, desk, "signed_out")
    turn.done(event.command, event.agent)


def sign_out(turn: Turn, desk: Desk, reason: str) -> None:
    """The shift ends: everything but a call in progress goes back to the queue."""
    withdraw_from(turn, desk, "agent_left")
    _go_offline(turn, desk, reason)
    return_owned(turn, desk, OF_THE_SHIFT)


def on_presence_set(turn: Turn, event: PresenceSet) -> None:
    desk = turn.state.listed(event.agent)
    code = _unsettable(desk, event.state)
    if code or desk is None:
        turn.refuse(code, command=event.command, agent=event.agent)
        return
    if event.state is READY:
        if desk.state is not READY:
            desk.rest(turn.now)
            turn.present(desk, READY, reason=event.reason)
    elif desk.state is not NOT_READY or desk.reason != event.reason:
        withdraw_from(turn, desk, "agent_left")
        turn.present(desk, NOT_READY, reason=event.reason)
    turn.done(event.command, event.agent)


def _unsettable(desk: Desk | None, wanted: PresenceState) -> str:
    if desk is None:
        return "unknown_agent"
    if wanted not in ASKABLE:
        return "bad_state"
    return "not_signed_in" if desk.state is OFFLINE else ""


def on_connected(turn: Turn, event: Connected) -> None:
    desk = turn.state.listed(event.agent)
    if desk is None:
        turn.refuse("unknown_agent", agent=event.agent)
        return
    _set_connected(turn, desk, connected=True)


def on_disconnected(turn: Turn, event: Disconnected) -> None:
    """The last socket is gone: nothing rings at an empty desk, the rest waits for the grace time."""
    desk = turn.state.listed(event.agent)
    if desk is None:
        turn.refuse("unknown_agent", agent=event.agent)
        return
    if not desk.connected:
        return
    if desk.state is not OFFLINE:
        desk.grace_until = turn.now + turn.state.config.grace
    _set_connected(turn, desk, connected=False)
    withdraw_from(turn, desk, "agent_left")


def _set_connected(turn: Turn, desk: Desk, *, connected: bool) -> None:
    if desk.connected is not connected:
        desk.connected = connected
        if connected:
            desk.grace_until = 0
        turn.moved(desk)
        turn.say(Connection(agent=desk.id, connected=connected))


def _go_offline(turn: Turn, desk: Desk, reason: str) -> None:
    desk.grace_until = 0
    if desk.state is not OFFLINE:
        desk.device, desk.misses = "", 0
        turn.present(desk, OFFLINE, reason=reason)


# --- by themselves -------------------------------------------------------------------------------------


def grace_over(turn: Turn, desk: Desk) -> None:
    """Nobody came back: chats and undialled callbacks go to somebody else. A call keeps the seat until it ends."""
    desk.grace_until = 0
    turn.moved(desk)
    if not turn.talks(desk):
        _go_offline(turn, desk, "disconnected")
    return_owned(turn, desk, AWAITED)


def after_call(turn: Turn, desk: Desk) -> None:
    """A call ended whose agent's grace had run out meanwhile: now he is gone."""
    gone = desk.listed and not desk.connected and not desk.grace_until
    if gone and not turn.talks(desk):
        _go_offline(turn, desk, "disconnected")


def respond_again(turn: Turn, desk: Desk) -> None:
    """The automatic return of somebody who let it ring; he starts at the end of the line of idle agents."""
    desk.rest(turn.now)
    turn.present(desk, READY, reason="returned")
