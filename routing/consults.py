"""A consult: the owner of a call asks a second agent, whose phone rings by an ordinary timed offer (offers.py).

The call stays with its owner until he joins the two: then the consulted agent is the owner, in one decision. While
it rings and while they talk the consulted agent carries the call's units like an owner does.
"""

from __future__ import annotations

from msgspec.structs import replace

from routing.agents import after_call
from routing.capacity import give_back, has_room
from routing.choice import Choice, best_of
from routing.desks import Desk, Work
from routing.effects import Because, ConsultEnded
from routing.events import Consulted, ConsultLeft, Joined
from routing.members import ACTIVE
from routing.model import Outcome, Status
from routing.offers import end, make, own, settle
from routing.order import NORMAL
from routing.release import let_go
from routing.skills import open_to
from routing.turn import Turn


def not_his(work: Work | None, agent: str, status: Status) -> str:
    """Why this agent may not act on the contact as its owner: a code, or empty."""
    if work is None:
        return "unknown_contact"
    if work.owner != agent:
        return "not_owner"
    return "" if work.status is status else "contact_not_active"


# --- asking --------------------------------------------------------------------------------------------


def on_consulted(turn: Turn, event: Consulted) -> None:
    """An agent by name may lack the skills; lease, medium, presence and room hold for him too (I2, B10)."""
    work = turn.state.works.get(event.contact)
    code = not_his(work, event.agent, ACTIVE) or _unconsultable(work)
    if code or work is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=event.agent)
        return
    choice, able, why = _named(turn, work, event.to_agent) if event.to_agent else _best(turn, work, event)
    if choice is None:
        fields = {"command": event.command, "contact": event.contact, "agent": event.agent}
        turn.refuse("agent_not_available", **fields, detail=why)
        return
    desk, rule = choice
    because = Because(
        rule=rule,
        band=NORMAL,
        tier=int(work.contact.tier),
        able=able,
        idle=turn.now - desk.idle_since,
        step=work.relaxed,
    )
    make(turn, work, desk, because)
    turn.done(event.command, event.agent)


def _unconsultable(work: Work | None) -> str:
    if work is None or not work.is_call:
        return "not_a_call"
    return "" if work.consult is None else "consult_running"


def _named(turn: Turn, work: Work, agent: str) -> tuple[Choice | None, int, str]:
    desk = turn.state.listed(agent)
    why = "unknown_agent" if desk is None else _unavailable(turn, work, desk)
    return (None, 0, why) if why or desk is None else ((desk, "named"), 1, "")


def _unavailable(turn: Turn, work: Work, desk: Desk) -> str:
    """The first reason why he cannot be consulted, in the words of explain.py; empty when he can."""
    pool = turn.state.pool(desk.lease)
    if desk.id == work.owner:
        return "owner"
    if not open_to(work.contact, work.relaxed, desk.lease):
        return "lease"
    if not pool.in_force(turn.now):
        return "lease_not_in_force"
    if not desk.handles(work.contact.medium):
        return "medium"
    if not desk.is_present():
        return "disconnected" if desk.is_ready() else desk.state.value
    if desk.back_off_until > turn.now:
        return "back_off"
    return "" if has_room(work, desk) else "capacity"


def _best(turn: Turn, work: Work, event: Consulted) -> tuple[Choice | None, int, str]:
    """The best of those on the call's own lease who are free and meet the needs, by the rules of any contact."""
    pool = work.pool
    signature = pool.signature(event.needs)
    mask = signature.mask & pool.free[work.medium_no] if pool.in_force(turn.now) else 0
    for never in (turn.state.desks[work.owner], turn.state.listed(event.besides)):
        if never is not None and never.pool is pool:
            mask &= ~never.bit
    if not mask:
        return None, 0, "nobody_free"
    return best_of(signature, work.medium_no, mask), mask.bit_count(), ""


# --- its end -------------------------------------------------------------------------------------------


def on_joined(turn: Turn, event: Joined) -> None:
    """The warm transfer: the first owner is released, the consulted agent owns the call. He never waited."""
    work = turn.state.works.get(event.contact)
    code = not_his(work, event.agent, ACTIVE)
    if not code and work is not None:
        code = _unjoinable(turn, work)
    if code or work is None or work.consult is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=event.agent)
        return
    offer = work.consult
    end_talk(turn, work, "joined", by=event.agent)
    first = let_go(turn, work, "joined")
    work.renew(replace(work.contact, clock_from=turn.now), turn.state)
    own(turn, work, turn.state.desks[offer.agent], by=event.agent, reason="consult", loser="")
    after_call(turn, first)
    turn.done(event.command, event.agent)


def _unjoinable(turn: Turn, work: Work) -> str:
    if work.consult is None or not work.consult_since:
        return "no_consult"
    # Only after a takeover under a configuration that knows him no longer.
    return "" if turn.state.listed(work.consult.agent) else "agent_not_available"


def on_left_consult(turn: Turn, event: ConsultLeft) -> None:
    """Back to the customer. The owner may also call off one whose phone still rings."""
    work = turn.state.works.get(event.contact)
    code = _unleavable(work, event.agent)
    if code or work is None:
        turn.refuse(code, command=event.command, contact=event.contact, agent=event.agent)
        return
    end_consult(turn, work, "left", by=event.agent)
    turn.done(event.command, event.agent)


def _unleavable(work: Work | None, agent: str) -> str:
    if work is None:
        return "unknown_contact"
    if work.owner != agent and not work.is_consulting(agent):
        return "not_owner"
    return "no_consult" if work.consult is None else ""


def end_consult(turn: Turn, work: Work, reason: str, *, by: str = "") -> None:
    """Whatever stage it is in; nothing where nobody is consulted."""
    offer = work.consult
    if offer is None:
        return
    if not work.consult_since:
        outcome = Outcome.CUSTOMER_LEFT if reason == "customer_left" else Outcome.WITHDRAWN
        end(turn, work, offer, outcome=outcome, reason=reason)
        settle(turn, work)
        return
    desk = end_talk(turn, work, reason, by=by)
    desk.rest(turn.now)
    if desk.listed:
        turn.moved(desk)
    elif not desk.has_work():
        del turn.state.desks[desk.id]
    turn.changed(work)
    after_call(turn, desk)


def end_talk(turn: Turn, work: Work, reason: str, *, by: str = "") -> Desk:
    """The consulted agent's part is over, and his units are free again. The rows are the caller's."""
    offer = work.consult
    assert offer is not None
    desk = turn.state.desks[offer.agent]
    work.consult, work.consult_since = None, 0
    del desk.consults[work.arrival]
    give_back(desk, work)
    turn.say(
        ConsultEnded(
            contact=work.id,
            agent=offer.agent,
            owner=work.owner,
            offer=offer.id,
            reason=reason,
            talked=True,
            by=by,
        )
    )
    return desk
