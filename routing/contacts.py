"""What happens to contacts: they arrive, change, are owned, finish, move and end.

A lifecycle: waiting -> offered -> active -> wrap_up -> ended; back to waiting, at its old place, by a transfer or
when the agent is lost. An ended contact leaves the state.
"""

from __future__ import annotations

from msgspec.structs import replace

from routing import effects
from routing.agents import after_call
from routing.at_hand import Ended, WrapUpBegan
from routing.capacity import has_room
from routing.consults import end_consult, not_his
from routing.desks import Desk, Work
from routing.effects import Amended, Blocked, Breached, Overflowed, Relaxed
from routing.events import Arrived, Assigned, Changed, Closed, Dialled, Finished, Left, Transferred, WrappedUp
from routing.match import because
from routing.members import ACTIVE, FINISHED, VOICE, WRAP_UP
from routing.model import Contact, End, Medium, Micros, Outcome
from routing.offers import end_all, make, own
from routing.overflow import answer, is_closed, is_full
from routing.places import forget_needs, remove, unplace
from routing.release import let_go, return_to_queue, untransferable
from routing.seats import limit, refusal
from routing.skills import open_to
from routing.turn import Turn

BREACHED = {
    VOICE: "rings",
    Medium.CHAT: "first_reply",
    Medium.MAIL: "first_reply",
    Medium.CALLBACK: "window",
}


def on_arrived(turn: Turn, event: Arrived) -> None:
    """A call needs a free line of its lease (I3, I4); everything else always queues (B18)."""
    state = turn.state
    work = Work(event.contact, state.arrivals + 1, state)
    if state.works.setdefault(work.id, work) is not work:
        turn.refuse("contact_exists", contact=work.id)
        return
    blocked = _blocked(turn, work)
    if blocked is not None:
        del state.works[work.id]
        turn.say(blocked)
        return
    state.arrivals += 1
    if work.is_call:
        work.pool.lines_used += 1
    is_free = turn.changed(work)
    turn.queued(work, "", is_free=is_free)


def _blocked(turn: Turn, work: Work) -> Blocked | None:
    """Why it may not queue, in this order: the hours, the lease and its lines, the length of the queue."""
    pool, queue, used, most = work.pool, work.queue_line, 0, 0
    if is_closed(work.contact, work.terms, turn.now):
        reason = "closed"
    elif reason := refusal(pool, work, turn.now):
        used, most = pool.lines_used, limit(pool)
    elif is_full(queue, work.terms):
        reason, used, most = "queue_full", queue.size(), queue.max_length
    if not reason:
        return None
    return Blocked(
        contact=work.id,
        lease=work.lease,
        treatment=answer(queue.rule, work.contact),
        reason=reason,
        used=used,
        limit=most,
    )


def on_changed(turn: Turn, event: Changed) -> None:
    work = turn.state.works.get(event.contact)
    if work is None:
        turn.refuse("unknown_contact", command=event.command, contact=event.contact, agent=event.agent)
        return
    old = work.contact
    new = replace(
        old,
        complaint=old.complaint if event.complaint is None else event.complaint,
        tier=old.tier if event.tier is None else event.tier,
        deadline=old.deadline if event.deadline is None else event.deadline,
        clock_from=old.clock_from if event.clock_from is None or work.answered_at else event.clock_from,
    )
    if new != old:
        unplace(turn.state, work)
        work.renew(new, turn.state)
        turn.changed(work)
        moved = new.clock_from if new.clock_from != old.clock_from else 0
        turn.say(Amended(new.id, new.complaint, int(new.tier), new.deadline, moved))
    turn.done(event.command, event.agent)


def on_left(turn: Turn, event: Left) -> None:
    """The customer's side is over. Before an answer that is an abandoned contact, after it the work is wrapped up."""
    work = turn.state.works.get(event.contact)
    if work is None:
        turn.refuse("unknown_contact", contact=event.contact)
    elif event.agent and event.agent != work.owner:
        _other_leg_ended(turn, work, event.agent)
    elif work.status is ACTIVE:
        _end_active(turn, work, by=event.by, cause=event.cause)
    elif work.is_loose():
        end_all(turn, work, outcome=Outcome.CUSTOMER_LEFT)
        how = End.TO_CALLBACK if event.to_callback else End.ABANDONED
        _close(turn, work, Ended(contact=work.id, how=how, by=event.by, cause=event.cause))


def _other_leg_ended(turn: Turn, work: Work, agent: str) -> None:
    """Not the owner's leg: that of the agent he consults, or of one who handed the call on. The customer is there."""
    if work.is_consulting(agent):
        end_consult(turn, work, "left", by=agent)


def on_dialled(turn: Turn, event: Dialled) -> None:
    """One that went back to the queue in the same moment is refused: the end of the call ends it there."""
    work = turn.state.works.get(event.contact)
    code = not_his(work, event.agent, ACTIVE)
    if not code and work is not None and work.contact.medium is not Medium.CALLBACK:
        code = "medium"
    if code or work is None:
        turn.refuse(code, contact=event.contact, agent=event.agent)
    elif not work.dialled:
        work.dialled = True
        turn.changed(work)


def on_finished(turn: Turn, event: Finished) -> None:
    work = turn.state.works.get(event.contact)
    agent = event.agent
    code = not_his(work, agent, ACTIVE)
    if code or work is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=agent)
        return
    _end_active(turn, work, by="agent", cause=event.result)
    turn.done(event.command, agent)


def on_wrapped_up(turn: Turn, event: WrappedUp) -> None:
    work = turn.state.works.get(event.contact)
    code = not_his(work, event.agent, WRAP_UP)
    if code or work is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=event.agent)
        return
    _finish(turn, work, reason="wrapped_up")
    turn.done(event.command, event.agent)


def on_transferred(turn: Turn, event: Transferred) -> None:
    """The owner gives it back at its old place, with its new needs; he himself is asked last (B17)."""
    work = turn.state.works.get(event.contact)
    code = not_his(work, event.agent, ACTIVE)
    if not code and work is not None:
        code = untransferable(work)
    if code or work is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=event.agent)
        return
    work.renew(_redirected(work.contact, event, turn.now + work.terms.transfer_wait), turn.state)
    if event.needs or event.view:
        work.relaxed = 0
    forget_needs(work)
    work.declined = tuple(agent for agent in work.declined if agent != event.to_agent)
    work.decline(event.agent)
    return_to_queue(turn, work, released="transfer", queued="transfer")
    turn.done(event.command, event.agent)


def _redirected(contact: Contact, event: Transferred, until: Micros) -> Contact:
    """The contact with a new destination. A new view or new needs replace the old needs and their relaxation."""
    if event.needs or event.view:
        contact = replace(contact, view=event.view or contact.view, needs=event.needs, relax=())
    return replace(contact, preferred=event.to_agent, preferred_until=until if event.to_agent else 0)


def on_assigned(turn: Turn, event: Assigned) -> None:
    """A supervisor's override: skills may be passed over, lease, medium, presence and capacity may not (B10)."""
    work = turn.state.works.get(event.contact)
    desk = turn.state.listed(event.agent)
    code = _unassignable(turn, work, desk)
    if code or work is None or desk is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=event.agent)
        return
    if work.is_call and desk.device:
        _ring_at(turn, work, desk, event)
    else:
        own(turn, work, desk, by=event.by, reason=event.reason, loser="supervisor")
    turn.done(event.command, event.agent)


def _ring_at(turn: Turn, work: Work, desk: Desk, event: Assigned) -> None:
    """A call is whose phone is answered (decisions row 7): his rings at once, beside those that ring already."""
    if work.offer_to(desk.id) is None:
        why = because(turn, work, desk, rule="override", count=1)
        make(turn, work, desk, replace(why, by=event.by, reason=event.reason))


def _unassignable(turn: Turn, work: Work | None, desk: Desk | None) -> str:
    if work is None:
        return "unknown_contact"
    if desk is None:
        return "unknown_agent"
    if work.owner:
        return "already_owned"
    if not open_to(work.contact, work.relaxed, desk.lease):
        return "lease"
    if not desk.handles(work.contact.medium):
        return "medium"
    if not desk.is_present():
        return "presence"
    mine = work.terms.units if work.offer_to(desk.id) else 0
    return "" if has_room(work, desk, freed=mine) else "capacity"


def on_closed(turn: Turn, event: Closed) -> None:
    work = turn.state.works.get(event.contact)
    if work is None:
        turn.refuse("unknown_contact", command=event.command, contact=event.contact)
        return
    owner = work.owner
    end_all(turn, work, outcome=Outcome.WITHDRAWN, reason="closed")
    end_consult(turn, work, "closed")
    desk = let_go(turn, work, "closed") if owner else None
    ended = Ended(contact=work.id, how=End.CLOSED, by=event.by, cause=event.reason, agent=owner)
    _close(turn, work, ended)
    if desk is not None:
        after_call(turn, desk)
    turn.done(event.command, event.by)


# --- by themselves -------------------------------------------------------------------------------------


def breach(turn: Turn, work: Work) -> None:
    """The deadline passed without a human answer. It is recorded once, and ringing goes on (B01)."""
    work.breached = True
    contact = work.contact
    turn.say(Breached(contact=contact.id, deadline=contact.deadline, what=BREACHED[contact.medium]))
    turn.changed(work)


def relax(turn: Turn, work: Work) -> None:
    forget_needs(work)
    work.relaxed += 1
    turn.say(Relaxed(contact=work.id, step=work.relaxed))
    turn.changed(work)


def overflow(turn: Turn, work: Work) -> None:
    """It waited as long as its view allows, and nobody's phone rings for it: it gets what the view states."""
    contact, rule = work.contact, work.queue_line.rule
    turn.say(Overflowed(contact=contact.id, answer=answer(rule, contact), waited=turn.now - contact.enqueued_at))
    _close(turn, work, Ended(contact=contact.id, how=End.OVERFLOWED, cause="max_wait"))


def wrap_up_over(turn: Turn, work: Work) -> None:
    _finish(turn, work, reason="wrap_up_over")


# --- the end -------------------------------------------------------------------------------------------


def _end_active(turn: Turn, work: Work, *, by: str, cause: str) -> None:
    """Talking is over: wrap-up begins and holds the agent's capacity, or there is none."""
    end_consult(turn, work, "finished" if by == "agent" else "customer_left")
    desk = turn.state.desks[work.owner]
    wrap_up = work.terms.wrap_up
    if wrap_up > 0:
        _free_line(work)
        work.status, work.wrap_until = WRAP_UP, turn.now + wrap_up
        turn.changed(work)
        turn.say(WrapUpBegan(contact=work.id, agent=work.owner, until=work.wrap_until, by=by, cause=cause))
    else:
        _finish(turn, work, reason="finished", by=by, cause=cause)
    after_call(turn, desk)


def _finish(turn: Turn, work: Work, *, reason: str, by: str = "", cause: str = "") -> None:
    owner = work.owner
    let_go(turn, work, reason)
    _close(turn, work, Ended(work.id, FINISHED, by, cause, owner))


def _free_line(work: Work) -> None:
    if work.is_call and work.status is not WRAP_UP:
        work.pool.lines_used -= 1


def _close(turn: Turn, work: Work, ended: effects.Ended) -> None:
    """Out of the state for good."""
    _free_line(work)
    remove(turn.state, work)
    turn.say(ended)
