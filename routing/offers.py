"""Offers: made, ended with an outcome, won by one owner (decisions row 7, domain.md section 3).

Each outcome has its own penalty. `no_answer` moves the agent to not_responding with an automatic return, and
the second in a row tells the supervisor; a decline costs nothing but counts; an unreachable device is not the
agent's fault. After each of these the agent backs off for a moment. The platform's `answered` wins over any
click, and losers are withdrawn only after the winner is confirmed.
"""

from __future__ import annotations

from typing import Final

from routing import effects, model
from routing.at_hand import Offer, Offered, OfferEnded, Owned
from routing.capacity import give_back, has_room, take
from routing.desks import Desk, Work
from routing.effects import ConsultAsked, ConsultBegan, ConsultEnded, Missed
from routing.events import Answered, OfferAccepted, OfferDeclined, OfferFailed
from routing.members import ACCEPTED, ACTIVE, NOT_RESPONDING, OFFERED, WAITING
from routing.model import Micros, Outcome
from routing.readiness import weigh
from routing.rings import FALLBACK, Ladder
from routing.skills import open_to
from routing.state import State
from routing.turn import Turn

MISSES_TOLD = 2
TOGETHER: Final = 2_000_000
"""A platform is told in whole seconds how long to ring: so near to the offer's end its end is the same as ours."""


def make(turn: Turn, work: Work, desk: Desk, because: effects.Because) -> None:
    """Offer a contact to an agent, an owned one as a consult; the offer holds his capacity from now on."""
    work.attempts += 1
    name = f"{work.id}/{work.attempts}/{desk.id}"
    expires_at = turn.now + ladder_of(turn.state, work).offer_life
    device, role = desk.device if work.is_call else "", "consult" if work.owner else ""
    offer = Offer(name, work.id, desk.id, work.attempts, turn.now, expires_at, device, role)
    if work.owner:
        work.consult = offer
        turn.say(ConsultAsked(contact=work.id, agent=desk.id, owner=work.owner, offer=name))
    else:
        work.offers = (*work.offers, offer) if work.offers else (offer,)
        work.status = OFFERED
    turn.state.offers[name] = work
    desk.offers[work.arrival] = offer
    take(desk, work)
    turn.changed(work)
    weigh(turn.state, desk)
    turn.say(Offered(work.id, desk.id, offer, because))


def ladder_of(state: State, work: Work) -> Ladder:
    """Of an owned contact nothing is looked up beforehand (places.py), so it is looked up here."""
    return state.ladders.get(work.contact.plan, FALLBACK) if work.owner else work.ladder


def end(turn: Turn, work: Work, offer: model.Offer, *, outcome: Outcome, reason: str = "") -> Desk:
    """End one offer and give the capacity back. The contact's row and place are the caller's: `settle`."""
    desk = _end(turn, work, offer, outcome=outcome, reason=reason)
    give_back(desk, work)
    weigh(turn.state, desk)
    return desk


def _end(turn: Turn, work: Work, offer: model.Offer, *, outcome: Outcome, reason: str = "") -> Desk:
    """End one offer; its agent carries the contact still."""
    desk, name = turn.state.desks[offer.agent], offer.id
    consult = offer is work.consult
    if not consult:
        others = len(work.offers) > 1
        work.offers = tuple([other for other in work.offers if other is not offer]) if others else ()
    del turn.state.offers[name], desk.offers[work.arrival]
    turn.say(OfferEnded(work.id, desk.id, name, outcome, reason))
    if consult and outcome is not ACCEPTED:
        work.consult = None
        turn.say(
            ConsultEnded(contact=work.id, agent=offer.agent, owner=work.owner, offer=offer.id, reason=outcome.value)
        )
    return desk


def end_all(turn: Turn, work: Work, *, outcome: Outcome, reason: str = "") -> None:
    for offer in work.offers:
        end(turn, work, offer, outcome=outcome, reason=reason)


def settle(turn: Turn, work: Work, reason: str = "offer_ended") -> None:
    """After an offer ended: a contact that rings nowhere any more waits again, at its old place."""
    waits_again = work.status is OFFERED and not work.offers
    if waits_again:
        work.status = WAITING
    is_free = turn.changed(work)
    if waits_again:
        turn.queued(work, reason, is_free=is_free)


def withdraw_from(turn: Turn, desk: Desk, reason: str, *, besides: Work | None = None) -> None:
    """Take an agent's offers back, oldest contact first; he no longer is where they ring."""
    for arrival in sorted(desk.offers):
        work = turn.state.works[desk.offers[arrival].contact]
        if work is not besides:
            end(turn, work, desk.offers[arrival], outcome=Outcome.WITHDRAWN, reason=reason)
            settle(turn, work)


def _decline(work: Work, offer: model.Offer) -> None:
    """Who will not be consulted on a call may be offered it all the same, should it come back to the queue."""
    if offer is not work.consult:
        work.decline(offer.agent)


def back_off(turn: Turn, desk: Desk) -> None:
    desk.back_off_until = turn.now + turn.state.config.back_off
    turn.moved(desk)


def expire(turn: Turn, work: Work, offer: model.Offer) -> None:
    """An offer's life is over. Only a device that rang for three cycles proves that the agent let it ring."""
    if not _is_proven(turn, work, offer, offer.expires_at):
        desk = end(turn, work, offer, outcome=Outcome.WITHDRAWN, reason="expired")
        back_off(turn, desk)
    else:
        _decline(work, offer)
        _missed(turn, end(turn, work, offer, outcome=Outcome.NO_ANSWER))
    settle(turn, work)


def _is_proven(turn: Turn, work: Work, offer: model.Offer, until: Micros) -> bool:
    return not work.is_call or ladder_of(turn.state, work).rang_long_enough(until - offer.made_at)


def _missed(turn: Turn, desk: Desk) -> None:
    desk.misses += 1
    desk.rest(turn.now)
    back_off(turn, desk)
    until = turn.now + turn.state.config.not_responding_for
    # His other offers still ring at a desk where nobody sits.
    withdraw_from(turn, desk, "agent_left")
    turn.present(desk, NOT_RESPONDING, reason="no_answer", until=until)
    if desk.misses >= MISSES_TOLD:
        turn.say(Missed(agent=desk.id, misses=desk.misses))


def own(turn: Turn, work: Work, desk: Desk, *, by: str = "", reason: str = "", loser: str) -> None:
    """Make the agent the one owner; his own offer is accepted, the others end after that."""
    mine = work.offer_to(desk.id) if work.offers else None
    if mine is not None:
        _end(turn, work, mine, outcome=ACCEPTED)
    else:
        take(desk, work)
    work.status = ACTIVE
    work.owner = desk.id
    if not work.answered_at:
        work.answered_at = turn.now
        if work.told_at and work.not_before <= work.told_at:
            # A callback that was held for later teaches nothing: its hours were its customer's wish.
            waited = turn.now - work.told_at
            known = work.queue_line.known
            known.learn(work.expected, work.terms.tier, place=work.told_place, waited=waited, now=turn.now)
    desk.owned[work.arrival] = work
    desk.misses = 0
    turn.moved(desk)
    turn.say(Owned(work.id, desk.id, mine.id if mine else "", turn.now - work.clock_from, by, reason))
    if work.offers:
        end_all(turn, work, outcome=Outcome.WITHDRAWN, reason=loser)
    turn.changed(work)


def begin_consult(turn: Turn, work: Work, offer: model.Offer) -> None:
    """The consulted agent answered. The call stays with its owner; the units of the offer are those of the talk."""
    desk = _end(turn, work, offer, outcome=ACCEPTED)
    work.consult_since = turn.now
    desk.consults[work.arrival] = work
    desk.misses = 0
    turn.moved(desk)
    turn.say(ConsultBegan(contact=work.id, agent=offer.agent, owner=work.owner, offer=offer.id))
    turn.changed(work)


# --- events --------------------------------------------------------------------------------------------


def _live(turn: Turn, offer_id: str, agent: str) -> tuple[Work, model.Offer] | None:
    work = turn.state.offers.get(offer_id)
    if work is not None:
        for offer in work.rings():
            if offer.id == offer_id and offer.agent == agent:
                return work, offer
    return None


def on_accepted(turn: Turn, event: OfferAccepted) -> None:
    """A click: with a device it only means 'ring me now', without one it is the answer."""
    agent = event.agent
    live = _live(turn, event.offer, agent)
    if live is None:
        turn.refuse("offer_gone", command=event.command, agent=agent)
        return
    work, offer = live
    if not offer.device:
        if offer is work.consult:
            begin_consult(turn, work, offer)
        else:
            own(turn, work, turn.state.desks[agent], loser="answered_elsewhere")
    turn.done(event.command, agent)


def on_declined(turn: Turn, event: OfferDeclined) -> None:
    live = _live(turn, event.offer, event.agent)
    if live is None:
        turn.refuse("offer_gone", command=event.command, agent=event.agent)
        return
    work, offer = live
    if not (event.unanswered and _rang_out(turn, work, offer)):
        _decline(work, offer)
        back_off(turn, end(turn, work, offer, outcome=Outcome.DECLINED, reason=event.reason))
        settle(turn, work)
    turn.done(event.command, event.agent)


def _rang_out(turn: Turn, work: Work, offer: model.Offer) -> bool:
    """Did it ring for as long as we asked, and not stop early? Then its outcome is that of the offer's own clock.

    After three cycles that is `no_answer` at once; shortly before the end the clock itself has the word.
    """
    if _is_proven(turn, work, offer, turn.now):
        expire(turn, work, offer)
        return True
    return offer.expires_at - turn.now <= TOGETHER


def on_failed(turn: Turn, event: OfferFailed) -> None:
    live = _live(turn, event.offer, event.agent)
    if live is None:
        turn.refuse("offer_gone", agent=event.agent)
        return
    work, offer = live
    back_off(turn, end(turn, work, offer, outcome=Outcome.UNREACHABLE, reason=event.cause))
    settle(turn, work)


def on_answered(turn: Turn, event: Answered) -> None:
    """A human is on the line: a fact about the world, which even an ended offer does not undo."""
    work = turn.state.works.get(event.contact)
    desk = turn.state.listed(event.agent)
    if work is not None and work.owner == event.agent:
        return  # Told twice.
    if work is not None and work.consult is not None and work.consult.agent == event.agent:
        if not work.consult_since:
            begin_consult(turn, work, work.consult)
        return
    code = _unanswerable(turn, work, desk)
    if code or work is None or desk is None:
        turn.refuse(code, contact=event.contact, agent=event.agent)
        return
    mine = work.terms.units if work.offer_to(desk.id) else 0
    if not has_room(work, desk, freed=mine):
        withdraw_from(turn, desk, "agent_busy", besides=work)
    own(turn, work, desk, loser="answered_elsewhere")


def _unanswerable(turn: Turn, work: Work | None, desk: Desk | None) -> str:
    """Why this agent cannot own this contact: a code, or empty."""
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
    ringing = sum(turn.state.works[each.contact].terms.units for each in desk.offers.values())
    return "" if has_room(work, desk, freed=ringing) else "capacity"
