"""The term of a lease: half-open, and nothing enters or is offered outside it."""

from __future__ import annotations

from routing.model import Lease, Micros
from routing.timers import NEVER


def in_force(lease: Lease | None, now: Micros) -> bool:
    return lease is not None and is_within(lease.starts, lease.ends, now)


def is_within(starts: Micros, ends: Micros, now: Micros) -> bool:
    """The term is half-open."""
    return starts <= now < ends


def turns_at(lease: Lease | None, now: Micros) -> Micros:
    """The next instant at which the lease comes into force or ends; NEVER after that."""
    if lease is None or now >= lease.ends:
        return NEVER
    return lease.starts if now < lease.starts else lease.ends
