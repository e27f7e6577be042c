"""Matching, both ways: a contact looks for its best agent, a freed agent for the first contact he can take.

Between two decisions no contact that wants a phone stands beside an agent who could be offered it. So only pairs
with a changed side need a look, and those are taken in the order of the queue (I8: leases filter first).

Which agent, in this order:
1. the preferred one, while his bounded wait lasts;
2. one who is not the only free holder of some skill (one that this contact does not need): he is spared before
   proficiency is compared, because a better accent here may cost somebody else the only person who understands him;
3. the best levels on the needed skills, compared as a tuple in the order of the skills;
4. the fewest skills in all, so that generalists stay free;
5. the one who carries least, then the longest idle, then the lowest public number.
"""

from __future__ import annotations

from collections.abc import Iterator
from heapq import heapify, heappop, heappush

from routing.desks import Desk, Work
from routing.effects import Because
from routing.leases import in_force
from routing.model import Micros
from routing.offers import make
from routing.order import Key, Line
from routing.pools import Pool, Signature
from routing.state import State
from routing.turn import Turn

Candidate = tuple[Key, str, Work | Desk]


def match(turn: Turn) -> None:
    """Offer until no changed contact or agent can be matched any more."""
    state = turn.state
    heap = _candidates(state)
    made = 0
    while heap:
        key, rank, who = heappop(heap)
        if isinstance(who, Desk):
            head = first_for(state, who) if made else key
            if head is None:
                continue
            if head != key:
                heappush(heap, (head, rank, who))
                continue
        elif who.shelf is None or who.key != key:
            continue
        work = state.by_arrival[key[-1]]
        if not _offer(turn, work):
            continue
        made += 1
        if work.shelf is not None and work.key is not None:
            heappush(heap, (work.key, "", work))
        if isinstance(who, Desk):
            heappush(heap, (key, rank, who))
    state.dirty_works.clear()
    state.dirty_desks.clear()


def _candidates(state: State) -> list[Candidate]:
    heap: list[Candidate] = []
    for work in state.dirty_works.values():
        if work.shelf is not None and work.key is not None:
            heap.append((work.key, "", work))
    for desk in state.dirty_desks.values():
        head = first_for(state, desk)
        if head is not None:
            heap.append((head, desk.rank(), desk))
    heapify(heap)
    return heap


def _offer(turn: Turn, work: Work) -> bool:
    """Offer the contact to its best agent, if there is one."""
    mask = able(turn.state, work)
    if not mask:
        return False
    desk, rule = choose(turn.state, work, mask)
    make(turn, work, desk, because(turn, work, desk, rule=rule, count=mask.bit_count()))
    return True


def because(turn: Turn, work: Work, desk: Desk, *, rule: str, count: int) -> Because:
    """The numbers that were compared, as they were before the offer."""
    contact = work.contact
    assert work.signature is not None
    assert work.key is not None
    return Because(
        rule=rule,
        band=work.band,
        tier=int(contact.tier),
        able=count,
        level=min((desk.skills.get(skill, 0) for skill in work.signature.names), default=0),
        idle=turn.now - desk.idle_since,
        waited=turn.now - contact.enqueued_at,
        step=work.relaxed,
        ring_step=work.step,
        ahead=turn.state.queue(contact.lease, contact.view).rank(work.key),
    )


# --- the contact's side --------------------------------------------------------------------------------


def able(state: State, work: Work) -> int:
    """The mask of agents who can be offered this contact now."""
    pool, signature = work.pool, work.signature
    if signature is None or not in_force(pool.lease, state.now):
        return 0
    mask = signature.mask & pool.free[work.contact.medium]
    if not mask:
        return 0
    held_for = state.held_for(work)
    if held_for is not None:
        mask &= held_for.bit
    for offer in work.offers:
        mask &= ~_bit(state, pool, offer.agent)
    if work.declined and not exhausted(state, work):
        mask &= ~_declined(state, work)
    return mask


def exhausted(state: State, work: Work) -> bool:
    """Has everyone declined it who could ever serve it, that is who meets the needs and is ready or busy?"""
    assert work.signature is not None
    present = work.signature.mask & work.pool.present[work.contact.medium]
    return not present & ~_declined(state, work)


def _declined(state: State, work: Work) -> int:
    mask = 0
    for agent in work.declined:
        mask |= _bit(state, work.pool, agent)
    return mask


def _bit(state: State, pool: Pool, agent: str) -> int:
    desk = state.desks.get(agent)
    return desk.bit if desk is not None and desk.pool is pool else 0


def choose(state: State, work: Work, mask: int) -> tuple[Desk, str]:
    """The best of at least one able agent, and the rule that decided."""
    pool, signature = work.pool, work.signature
    assert signature is not None
    preferred = work.fan_of if state.now < work.contact.preferred_until else None
    if preferred is not None and preferred.pool is pool and preferred.bit & mask:
        return preferred, "preferred"
    if _single(mask):
        return _desk(pool, mask), "only"
    return _compare(pool, signature, work, mask)


def _compare(pool: Pool, signature: Signature, work: Work, mask: int) -> tuple[Desk, str]:
    """The best of several. Looks only as far as the best two who need not be spared: they say what decided."""
    spared: list[Desk] = []
    best: list[Desk] = []
    for desk in _best_first(pool, signature, mask):
        lone = pool.is_lone(desk, work.contact.medium)
        (spared if lone else best).append(desk)
        if len(best) == 2:
            break
    if len(best) == 1:
        return best[0], "spare_skills"
    first, second = (best or spared)[:2]
    return first, _difference(signature, first, second)


def _best_first(pool: Pool, signature: Signature, mask: int) -> Iterator[Desk]:
    """Able agents by levels, then breadth, then rest. Groups are masks, so the first ones come without a sort."""
    while mask:
        group = next(mask & holders for _, holders in signature.by_level() if mask & holders)
        group = next(group & holders for holders in pool.by_breadth if group & holders)
        desk = _desk(pool, group) if _single(group) else min(pool.desks_in(group), key=_restedness)
        yield desk
        mask ^= desk.bit


def _difference(signature: Signature, first: Desk, second: Desk) -> str:
    """The first rule by which two agents differ."""
    if any(first.skills.get(skill, 0) != second.skills.get(skill, 0) for skill in signature.names):
        return "level"
    return "spare_skills" if len(first.skills) != len(second.skills) else "longest_idle"


def _restedness(desk: Desk) -> tuple[int, Micros]:
    # `min` keeps the first of equals, and masks are in the order of the public numbers.
    return (desk.load, desk.idle_since)


def _single(mask: int) -> bool:
    return not mask & (mask - 1)


def _desk(pool: Pool, mask: int) -> Desk:
    return pool.desks[mask.bit_length() - 1]


# --- the agent's side ----------------------------------------------------------------------------------


def first_for(state: State, desk: Desk) -> Key | None:
    """The first contact in the order of the queue that can be offered to this agent now."""
    pool = desk.pool
    if pool is None or not in_force(pool.lease, state.now):
        return None
    media = [medium for medium in desk.media if pool.free[medium] & desk.bit]
    if not media:
        return None
    best = _first_held(state, desk)
    for signature in pool.signatures_of(desk):
        for medium, line in signature.lines.items():
            head = line.first
            if head is not None and (best is None or head < best) and medium in media:
                best = head if may_take(state, desk, head) else _first_in(state, desk, line, best)
    return best


def _first_in(state: State, desk: Desk, line: Line, best: Key | None) -> Key | None:
    """The first in the line that he can take, if it comes before `best`."""
    for key in line:
        if best is not None and key >= best:
            return best
        if may_take(state, desk, key):
            return key
    return best


def _first_held(state: State, desk: Desk) -> Key | None:
    assert desk.pool is not None
    for key in desk.line:
        medium = state.by_arrival[key[-1]].contact.medium
        if desk.pool.free[medium] & desk.bit and may_take(state, desk, key):
            return key
    return None


def may_take(state: State, desk: Desk, key: Key) -> bool:
    """It does not ring at his desk already, and he has not declined it while others remain."""
    if key[-1] in desk.offers:
        return False
    work = state.by_arrival[key[-1]]
    return desk.spec.id not in work.declined or exhausted(state, work)
