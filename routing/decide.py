"""`decide(state, event, now)`: the only door of the routing core.

A decision has five steps, always in this order:
1. timers due by `now` fire, so an event that comes late finds offers expired that should have expired;
2. the event is applied by its handler;
3. timers that the event made due at once fire (a deadline already past, a relaxation already reached);
4. a lease whose number of staffed seats changed says so;
5. what changed is matched (match.py).

It is total: no event raises in any state. One that makes no sense any more is Refused with a stable code, or ignored
when it only repeats what is known. A command (`command` is not empty) ends in exactly one Done or Refused.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, cast

from routing import agents, consults, contacts, events, offers, settings
from routing.desks import Desk, Work
from routing.effects import AnyEffect, Staffing
from routing.events import AnyEvent
from routing.leases import turns_at
from routing.match import match
from routing.members import NOT_RESPONDING, WAITING, WRAP_UP
from routing.model import Micros, Outcome
from routing.places import place
from routing.pools import Pool
from routing.readiness import weigh
from routing.skills import next_relaxation
from routing.state import State
from routing.timers import Sleeper
from routing.turn import Turn


def _ticked(turn: Turn, event: events.Ticked) -> None:
    """Timers fire before every event; this one has nothing to add."""


HANDLERS: Final[dict[type[events.Event], Callable[[Turn, Any], None]]] = {
    events.Configured: settings.on_configured,
    events.Arrived: contacts.on_arrived,
    events.Changed: contacts.on_changed,
    events.Left: contacts.on_left,
    events.SignedIn: agents.on_signed_in,
    events.SignedOut: agents.on_signed_out,
    events.PresenceSet: agents.on_presence_set,
    events.Connected: agents.on_connected,
    events.Disconnected: agents.on_disconnected,
    events.OfferAccepted: offers.on_accepted,
    events.OfferDeclined: offers.on_declined,
    events.OfferFailed: offers.on_failed,
    events.Answered: offers.on_answered,
    events.Dialled: contacts.on_dialled,
    events.Finished: contacts.on_finished,
    events.WrappedUp: contacts.on_wrapped_up,
    events.Transferred: contacts.on_transferred,
    events.Consulted: consults.on_consulted,
    events.Joined: consults.on_joined,
    events.ConsultLeft: consults.on_left_consult,
    events.Assigned: contacts.on_assigned,
    events.Closed: contacts.on_closed,
    events.Ticked: _ticked,
}


def decide(state: State, event: AnyEvent, now: Micros) -> list[AnyEffect]:
    """Apply one event at `now` (microseconds UTC, never going back) and say what follows, in order."""
    turn = Turn(state, now)
    if state.agenda.is_due(turn.now):
        fire_due(turn)
    state.clock = turn.now
    handler = HANDLERS.get(type(event))
    if handler is None:
        turn.refuse("unknown_event")
    else:
        handler(turn, event)
    return _conclude(turn)


def recover(state: State, now: Micros) -> list[AnyEffect]:
    """Once after a restore at takeover, before any event.

    Offers that ran out while nobody routed are withdrawn: no agent let them ring. Other timers fire as usual.
    """
    turn = Turn(state, now)
    state.clock = turn.now
    for work in state.works.values():
        if work.is_loose():
            place(state, work)  # Positions are those of now, also in what is said first.
    for work in sorted(state.works.values()):
        late = [offer for offer in work.rings() if offer.expires_at <= turn.now]
        for offer in late:
            offers.end(turn, work, offer, outcome=Outcome.WITHDRAWN, reason="recovered")
        if late:
            offers.settle(turn, work, "recovered")
    fire_due(turn)
    return _conclude(turn)


def _conclude(turn: Turn) -> list[AnyEffect]:
    state = turn.state
    if state.agenda.is_due(turn.now):
        fire_due(turn)
    if state.restaffed:
        _report_staffing(turn)
    if state.dirty_works or state.dirty_desks:
        match(turn)
    return turn.out


def _report_staffing(turn: Turn) -> None:
    restaffed = turn.state.restaffed
    for pool in sorted(restaffed.values(), key=lambda pool: pool.id):
        if pool.lease is not None and pool.staffed != pool.reported:
            turn.say(Staffing(lease=pool.id, staffed=pool.staffed, lines=pool.lease.lines))
        pool.reported = pool.staffed
    restaffed.clear()


# --- timers --------------------------------------------------------------------------------------------


def fire_due(turn: Turn) -> None:
    """Fire every timer due by now, earliest first; what a timer sets off may be due as well."""
    state = turn.state
    due = state.agenda.pop_due(turn.now)
    if due is None:
        return
    also = state.agenda.next_due()
    if also is not None and also <= turn.now:
        due = _bring_up_to_now(turn, due)
    while due is not None:
        at, who = due
        state.clock = max(state.clock, at)
        if isinstance(who, Work):
            _fire_work(turn, who, at)
        elif isinstance(who, Desk):
            _fire_desk(turn, who, at)
        elif isinstance(who, Pool):
            _fire_pool(turn, who)
        due = state.agenda.pop_due(turn.now)


def _bring_up_to_now(turn: Turn, first: tuple[Micros, Sleeper]) -> tuple[Micros, Sleeper] | None:
    """When several timers are late, all bands move before anything is said, so that positions are those of now."""
    state = turn.state
    late = [first]
    while (due := state.agenda.pop_due(turn.now)) is not None:
        late.append(due)
    for at, who in late:
        if isinstance(who, Work):
            place(state, who)
        else:
            state.agenda.set(who, at)
    return state.agenda.pop_due(turn.now)


def _fire_pool(turn: Turn, pool: Pool) -> None:
    """A lease begins or ends: its agents may be asked, or whoever was held for them or refused by them is free."""
    state = turn.state
    desks = cast("list[Desk]", pool.desks)
    state.dirty_desks.update((desk.id, desk) for desk in desks)
    for work in [*pool.refused_by_some.values()]:
        place(state, cast("Work", work))
    for desk in desks:
        for work in [*desk.fans.values()]:
            place(state, work)
    state.agenda.set(pool, turns_at(pool.lease, turn.now))


def _fire_work(turn: Turn, work: Work, at: Micros) -> None:
    if work.status is WRAP_UP:
        contacts.wrap_up_over(turn, work)
        return
    for offer in work.rings():
        if offer.expires_at <= at and offer in work.rings():
            offers.expire(turn, work, offer)
    if work.owner:
        return
    if work.deadline <= at and not work.breached and not work.answered_at:
        contacts.breach(turn, work)
    while next_relaxation(work.contact, work.relaxed) <= at:
        contacts.relax(turn, work)
    if max(work.overflow_at, turn.state.clock) <= at and work.status is WAITING and not work.answered_at:
        contacts.overflow(turn, work)
    else:
        place(turn.state, work)


def _fire_desk(turn: Turn, desk: Desk, at: Micros) -> None:
    if desk.grace_until and desk.grace_until <= at:
        agents.grace_over(turn, desk)
    if desk.state is NOT_RESPONDING and desk.until <= at:
        agents.respond_again(turn, desk)
    weigh(turn.state, desk)
