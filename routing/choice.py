"""Which of several agents gets a contact, in this order:

1. the preferred one, while his bounded wait lasts;
2. one who is not the only free holder of some skill (one that this contact does not need): he is spared before
   proficiency is compared, because a better accent here may cost somebody else the only person who understands him;
3. the fewest skills in all, so that generalists stay free for what only they can do;
4. the best levels on the needed skills, compared as a tuple in the order of the skills;
5. the one who carries least, then the longest idle, then the lowest public number.

Skills are spared before levels are compared because the other way round bilinguals with a good level are used up by
everybody's calls; benchmarks/peers measured 1 to 2 points of deadlines for it (docs/performance.md).
"""

from __future__ import annotations

from typing import cast

from routing.desks import Desk, Work
from routing.pools import Pool, Signature
from routing.state import State

Choice = tuple[Desk, str]
"""The agent, and the rule that decided: preferred, only, spare_skills, level or longest_idle."""


def choose(state: State, work: Work, signature: Signature, mask: int) -> Choice:
    """The best of at least one able agent."""
    pool = signature.pool
    preferred = work.fan_of if work.fan_of is not None and state.now < work.preferred_until else None
    if preferred is not None and preferred.pool is pool and preferred.bit & mask:
        return preferred, "preferred"
    if not mask & (mask - 1):
        return _last_of(pool, mask), "only"
    return _narrow(signature, work.medium_no, mask)


def best_of(signature: Signature, medium_no: int, mask: int) -> Choice:
    """The best of at least one, where nobody is preferred (a consult)."""
    if not mask & (mask - 1):
        return _last_of(signature.pool, mask), "only"
    return _narrow(signature, medium_no, mask)


def _narrow(signature: Signature, medium_no: int, mask: int) -> Choice:
    """The best of several: rule by rule, until one is left. That rule is the one that decided."""
    pool = signature.pool
    mask = mask & ~pool.lone(medium_no, mask) or mask
    if not mask & (mask - 1):
        return _last_of(pool, mask), "spare_skills"
    if len(pool.by_breadth) > 1:
        mask = _first_overlap(pool.by_breadth, mask)
        if not mask & (mask - 1):
            return _last_of(pool, mask), "spare_skills"
    if len(signature.by_level()) > 1:
        mask = _first_overlap(signature.by_level(), mask)
        if not mask & (mask - 1):
            return _last_of(pool, mask), "level"
    return cast("Desk", pool.most_rested(mask)), "longest_idle"


def _last_of(pool: Pool, mask: int) -> Desk:
    return cast("Desk", pool.desks[mask.bit_length() - 1])


def _first_overlap(groups: list[int], mask: int) -> int:
    for group in groups:
        if group & mask:
            return group & mask
    raise LookupError("the groups cover every agent")
