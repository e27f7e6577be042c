"""Matching, both ways: a contact looks for its best agent, a freed agent for the first contact he can take.

Between two decisions no contact that wants a phone stands beside an agent who could be offered it. So only pairs
with a changed side need a look, and those are taken in the order of the queue (I8: leases filter first). Agents of
a second lease are looked at only when the contact's own lease has nobody for it (choice.py says whom).
"""

from __future__ import annotations

from heapq import heapify
from typing import Any, cast

from routing import effects
from routing.at_hand import Because, heappop, heappush
from routing.choice import choose
from routing.desks import Desk, Work
from routing.offers import make
from routing.order import LAST
from routing.places import held_for
from routing.pools import Pool, Signature
from routing.state import State
from routing.turn import Turn

Candidate = tuple[Any, ...]
"""(key of a contact, rank of the agent who asks for it or empty, the contact, the agent or None)."""


def match(turn: Turn) -> None:
    """Offer until no changed contact or agent can be matched any more."""
    state = turn.state
    heap = _candidates(state)
    made = 0
    while heap:
        entry: Candidate = heappop(heap)
        work: Work = entry[2]
        desk: Desk | None = entry[3]
        if desk is not None:
            first = first_for(state, desk) if made else work
            if first is not work:
                if first is not None:
                    heappush(heap, (first.key, desk.rank, first, desk))
                continue
        elif work.shelf is None or work.key != entry[0]:
            continue
        if not _offer(turn, work, desk):
            continue
        made += 1
        if work.shelf is not None:
            heappush(heap, (work.key, "", work, None))
        if desk is not None and desk.free_flags:
            heappush(heap, (entry[0], desk.rank, work, desk))
    state.dirty_works.clear()
    state.dirty_desks.clear()


def _candidates(state: State) -> list[Candidate]:
    heap: list[Candidate] = []
    for work in state.dirty_works.values():
        if work.shelf is not None and work.is_anybody_free():
            heap.append((work.key, "", work, None))
    for desk in state.dirty_desks.values():
        first = first_for(state, desk)
        if first is not None:
            heap.append((first.key, desk.rank, first, desk))
    if len(heap) > 1:
        heapify(heap)
    return heap


def _offer(turn: Turn, work: Work, asking: Desk | None) -> bool:
    """Offer the contact to its best agent, if there is one. `asking`: the agent whose first one it is, if he asked."""
    signature, mask = able(turn.state, work)
    if not mask or signature is None:
        return False
    if asking is not None and work.fan_of is None and asking.pool is signature.pool and mask == asking.bit:
        # Where all are busy it is always so, and the masks have as many bits as the lease has agents.
        make(turn, work, asking, because(turn, work, asking, rule="only", count=1))
        return True
    desk, rule = choose(turn.state, work, signature, mask)
    make(turn, work, desk, because(turn, work, desk, rule=rule, count=mask.bit_count()))
    return True


def because(turn: Turn, work: Work, desk: Desk, *, rule: str, count: int) -> effects.Because:
    """The numbers that were compared, as they were before the offer."""
    assert work.signature is not None
    assert work.key is not None
    return Because(
        rule,
        work.band,
        work.terms.tier,
        count,
        _least_level(desk, work.signature),
        turn.now - desk.idle_since,
        turn.now - work.enqueued_at,
        work.relaxed,
        work.step,
        work.queue_line.rank(work.key, work.kind),
    )


def _least_level(desk: Desk, signature: Signature) -> int:
    """His level of the needed skill that he knows least; 0 where nothing is needed."""
    least = -1
    for skill in signature.names:
        level = desk.skills.get(skill, 0)
        if least < 0 or level < least:
            least = level
    return max(least, 0)


# --- the contact's side --------------------------------------------------------------------------------


def able(state: State, work: Work) -> tuple[Signature | None, int]:
    """The agents who can be offered this contact now, as a mask of the signature's pool: its own lease's first."""
    mask = _able_in(state, work, work.signature)
    if mask or work.second is None:
        return work.signature, mask
    return work.second, _able_in(state, work, work.second)


def _able_in(state: State, work: Work, signature: Signature | None) -> int:
    if signature is None:
        return 0
    pool = signature.pool
    mask = signature.mask & pool.free[work.medium_no]
    if not mask or not pool.in_force(state.now):
        return 0
    if work.fan_of is not None and (desk := held_for(state, work)) is not None:
        mask &= desk.bit if desk.pool is pool else 0
    for offer in work.offers:
        mask &= ~_bit(state, signature, offer.agent)
    if work.declined and not exhausted(state, work):
        mask &= ~_declined(state, work, signature)
    return mask


def exhausted(state: State, work: Work) -> bool:
    """Has everyone declined it who could ever serve it: in a lease in force, meets the needs, is ready or busy?"""
    for signature in (work.signature, work.second):
        if signature is not None and signature.pool.in_force(state.now):
            present = signature.mask & signature.pool.present[work.medium_no]
            if present & ~_declined(state, work, signature):
                return False
    return True


def _declined(state: State, work: Work, signature: Signature) -> int:
    mask = 0
    for agent in work.declined:
        mask |= _bit(state, signature, agent)
    return mask


def _bit(state: State, signature: Signature, agent: str) -> int:
    desk = state.desks.get(agent)
    return desk.bit if desk is not None and desk.pool is signature.pool else 0


# --- the agent's side ----------------------------------------------------------------------------------


def first_for(state: State, desk: Desk) -> Work | None:
    """The first contact in the order of the queue that can be offered to this agent now."""
    flags, pool = desk.free_flags, desk.pool
    if not flags or pool is None or not pool.in_force(state.now):
        return None
    best = cast("Work | None", pool.first_of_lines(desk, flags))
    if best is not None and not may_take(state, desk, best):
        best = _first_he_may(state, desk, pool)
    if desk.fans:
        best = _sooner(best, _first_held(state, desk))
    return best


def _first_he_may(state: State, desk: Desk, pool: Pool) -> Work | None:
    """The same when heads of lines have been declined by him, or ring at his desk already."""
    best, least = None, LAST
    for number in pool.lines_of(desk, desk.free_flags):
        for ranked in pool.lines[number].works():
            key = ranked.key
            if key is None or key >= least:
                break
            work = cast("Work", ranked)
            if may_take(state, desk, work):
                best, least = work, key
                break
    return best


def _first_held(state: State, desk: Desk) -> Work | None:
    for ranked in desk.line.works():
        work = cast("Work", ranked)
        if desk.free_flags >> work.medium_no & 1 and may_take(state, desk, work):
            return work
    return None


def _sooner(one: Work | None, other: Work | None) -> Work | None:
    if one is None or other is None:
        return one or other
    assert one.key is not None
    assert other.key is not None
    return one if one.key < other.key else other


def may_take(state: State, desk: Desk, work: Work) -> bool:
    """It does not ring at his desk already, and he has not declined it while others remain."""
    if desk.offers and work.arrival in desk.offers:
        return False
    return not work.declined or desk.id not in work.declined or exhausted(state, work)
