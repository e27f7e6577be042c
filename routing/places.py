"""Where a contact stands in the indexes: `place` brings that up to date after anything about it changed."""

from __future__ import annotations

from routing.desks import Desk, Work
from routing.members import WAITING, WRAP_UP
from routing.model import Micros
from routing.order import STARVED, Key, Line, class_of, key_at, key_moved
from routing.pools import Pool
from routing.skills import needs_of, next_relaxation, second_lease
from routing.state import State
from routing.timers import NEVER


def place(state: State, work: Work) -> bool:
    """A contact's band, needs, ring step, lines and next instant. Does it want a phone for which somebody is free?"""
    if work.owner:
        unplace(state, work)
        state.agenda.set(work, _owned_due(work))
        return False
    if work.signature is None:
        _look_up(state, work)
    if work.preferred_until or work.fan_of is not None:
        _follow(state, work)
    ladder = work.ladder
    if ladder.several:
        work.step = ladder.step_at(state.now - work.clock_from)
    band, due = work.terms.band_at(state.now, enqueued_at=work.enqueued_at, deadline=work.deadline)
    wants = len(work.offers) < ladder.phones[work.step]
    if work.not_before > state.now:
        wants, due = False, min(due, work.not_before)
    _shelve(state, work, band, wants=wants)
    may_match = wants and work.is_anybody_free()
    if may_match:
        # Who becomes free after this looks for it himself.
        state.dirty_works[work.arrival] = work
    if work.declined:
        _remember_refusal(work, wants=wants)
    due = _due(work, due, state.clock)
    if due != work.wake:
        state.agenda.set(work, due)
    return may_match


def unplace(state: State, work: Work) -> None:
    """Out of every line; nobody is looked for any more."""
    if work.key is not None:
        _leave(work, work.key)
        work.key = None
        state.dirty_works.pop(work.arrival, None)
    if work.declined:
        _remember_refusal(work, wants=False)
    if work.fan_of is not None:
        work.fan_of.fans.pop(work.arrival, None)
        work.fan_of = None


def forget_needs(work: Work) -> None:
    """Its needs changed, or the configuration did: the next placing looks them up again."""
    if work.signature is not None:
        if work.declined:
            _remember_refusal(work, wants=False)
        work.signature.users -= 1
        if work.second is not None:
            work.second.users -= 1
        work.signature = work.second = None


def remove(state: State, work: Work) -> None:
    """The contact has ended: out of every index and off the agenda."""
    state.touched_works.append(work.id)
    unplace(state, work)
    forget_needs(work)
    state.agenda.set(work, NEVER)
    del state.works[work.id]


def held_for(state: State, work: Work) -> Desk | None:
    """The preferred agent, while he is ready but perhaps busy, could serve it and its wait is not over."""
    desk = work.fan_of
    if desk is None or state.now >= work.preferred_until:
        return None
    for signature in (work.signature, work.second):
        if signature is not None and signature.pool is desk.pool:
            able = signature.mask & desk.pool.present[work.medium_no] & desk.bit
            able = able and signature.pool.in_force(state.now)
            refused = desk.id in work.declined or work.offer_to(desk.id) is not None
            return desk if able and not refused else None
    return None


def _look_up(state: State, work: Work) -> None:
    """Its needs as they are relaxed now."""
    work.step = 0
    needs, other = work.needs, ""
    if work.relaxed:
        needs, other = needs_of(work.contact, work.relaxed), second_lease(work.contact, work.relaxed)
    work.signature = signature = work.pool.signature(needs)
    signature.users += 1
    if other:
        work.second = second = state.pool(other).signature(needs)
        second.users += 1


def _shelve(state: State, work: Work, band: int, *, wants: bool) -> None:
    """Into the lines of its needs, or that of the agent it is held for, and into its view's queue."""
    shelf = second_shelf = None
    if wants:
        desk = held_for(state, work) if work.fan_of is not None else None
        if desk is not None:
            shelf = desk.line
        elif work.signature is not None:
            shelf = work.signature.line(work.medium_no)
            second_shelf = work.second.line(work.medium_no) if work.second is not None else None
    queue = work.queue_line if work.status is WAITING else None
    key = work.key
    if key is None or band != work.band:
        if key is not None:
            _leave(work, key)
        key = _classify(work, band)
    if shelf is not work.shelf:
        if work.shelf is not None:
            work.shelf.remove(key, work)
        if shelf is not None:
            shelf.add(key, work)
        work.shelf = shelf
    if queue is not work.queue:
        if work.queue is not None:
            work.queue.remove(key, work.kind)
        if queue is not None:
            queue.add(key, work.kind)
        work.queue = queue
    if second_shelf is not work.second_shelf:
        _move_second(work, second_shelf, key)


def _classify(work: Work, band: int) -> Key:
    """Its key in a band that is another one, or its first."""
    kind, key = class_of(band, tier=work.terms.tier, complaint=work.complaint), work.key
    if key is None or kind == STARVED or work.kind == STARVED:
        key = key_at(kind, deadline=work.deadline, enqueued_at=work.enqueued_at, arrival=work.arrival)
    else:
        key = key_moved(key, to=kind)
    work.band, work.kind, work.key = band, kind, key
    return key


def _leave(work: Work, key: Key) -> None:
    if work.shelf is not None:
        work.shelf.remove(key, work)
    if work.second_shelf is not None:
        work.second_shelf.remove(key, work)
    if work.queue is not None:
        work.queue.remove(key, work.kind)
    work.shelf = work.second_shelf = work.queue = None


def _move_second(work: Work, line: Line | None, key: Key) -> None:
    if work.second_shelf is not None:
        work.second_shelf.remove(key, work)
    if line is not None:
        line.add(key, work)
    work.second_shelf = line


def _follow(state: State, work: Work) -> None:
    """Let the preferred agent know who waits for him, so that his changes move them."""
    desk = state.desks.get(work.contact.preferred) if state.now < work.preferred_until else None
    if desk is work.fan_of:
        return
    if work.fan_of is not None:
        work.fan_of.fans.pop(work.arrival, None)
    if desk is not None:
        desk.fans[work.arrival] = work
    work.fan_of = desk


def _remember_refusal(work: Work, *, wants: bool) -> None:
    """When somebody leaves, those who declined a contact may be all that remain: its pools know who was refused."""
    pools: list[Pool] = [work.pool]
    if work.second is not None:
        pools.append(work.second.pool)
    for pool in pools:
        if wants:
            pool.refused_by_some[work.arrival] = work
        else:
            pool.refused_by_some.pop(work.arrival, None)


def _owned_due(work: Work) -> Micros:
    """What happens by itself to an owned contact: its wrap-up ends, or a consult's offer."""
    if work.status is WRAP_UP:
        return work.wrap_until
    due = NEVER
    for offer in work.rings():
        due = min(due, offer.expires_at)
    return due


def _due(work: Work, due: Micros, clock: Micros) -> Micros:
    """The next instant at which something about it happens by itself; `due` is that of its band."""
    if work.relaxed < work.relaxations:
        due = min(due, next_relaxation(work.contact, work.relaxed))
    if work.ladder.several:
        due = min(due, work.ladder.ends(work.step, work.clock_from))
    for offer in work.offers:
        due = min(due, offer.expires_at)
    if not work.answered_at:
        if not work.breached and work.deadline < due:
            due = work.deadline
        if work.overflow_at < due and work.status is WAITING:
            due = min(due, max(work.overflow_at, clock))
    if work.fan_of is not None:
        due = min(due, work.preferred_until)
    return due
