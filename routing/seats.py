"""Leased seats: the hard filter and the caps (M03, I2, I3, I4).

A lease's agents serve its contacts only. A call enters while the lease is in force, somebody is staffed and a
line is free; otherwise it is blocked and never reaches the other clients' idle people.
"""

from __future__ import annotations

from typing import Final

from routing.desks import Desk, Work
from routing.members import ACTIVE, OFFERED, OFFLINE, WAITING
from routing.model import Micros
from routing.pools import Pool

HOLDS_LINE: Final = (WAITING, OFFERED, ACTIVE)


def is_staffed(desk: Desk) -> bool:
    """Signed in on a seat; breaks and the reconnect grace count (I3)."""
    return desk.state is not OFFLINE


def holds_line(work: Work) -> bool:
    """A call uses its line from the queue to the release; wrap-up is the agent's time, not the line's."""
    return work.is_call and work.status in HOLDS_LINE


def limit(pool: Pool) -> int:
    """How many calls may be open at once: leased lines, and never more than staffed seats."""
    return 0 if pool.lease is None else min(pool.lease.lines, pool.staffed)


def refusal(pool: Pool, work: Work, now: Micros) -> str:
    """Why this contact may not enter: a reason code, or empty. Only calls need a line."""
    if not work.is_call:
        return ""
    if pool.lease is None:
        return "unknown_lease"
    if not pool.in_force(now):
        return "lease_not_in_force"
    if pool.staffed == 0:
        return "unstaffed"
    return "lines_busy" if pool.lines_used >= limit(pool) else ""
