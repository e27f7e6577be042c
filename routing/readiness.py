"""What an agent could be offered now: `weigh` brings his bits up to date after presence, load or back-off changed."""

from __future__ import annotations

from typing import Final, cast

from routing.capacity import room
from routing.desks import Desk, Work
from routing.members import NOT_RESPONDING
from routing.model import MEDIA, Micros
from routing.places import place
from routing.pools import Pool
from routing.seats import is_staffed
from routing.state import State
from routing.timers import NEVER

NUMBERS: Final = [[at for at in range(len(MEDIA)) if flags >> at & 1] for flags in range(1 << len(MEDIA))]
"""The media of a set of flags, by number."""


def weigh(state: State, desk: Desk) -> None:
    """His bits in the masks of his pool, his seat in the count of staffed ones, and his next instant."""
    due = _due(state, desk) if desk.timed() else NEVER
    if due != desk.wake:
        state.agenda.set(desk, due)
    pool = desk.pool
    if pool is None:
        return
    staffed = desk.listed and is_staffed(desk)
    if staffed is not desk.staffed:
        desk.staffed = staffed
        pool.staffed += 1 if staffed else -1
        state.restaffed[pool.id] = pool
    present = desk.is_present()
    spare, fits = room(desk), state.fits
    if present and spare >= 0 and desk.back_off_until <= state.now:
        flags = fits[spare if spare < len(fits) else -1] & desk.medium_flags
    else:
        flags = 0
    changed = flags ^ desk.free_flags
    if changed:
        free = pool.free
        for medium_no in NUMBERS[changed]:
            # Where all are busy nobody else is in there, and the number that he is need not be made anew.
            others = free[medium_no]
            if not others:
                free[medium_no] = desk.bit
            else:
                free[medium_no] = 0 if others == desk.bit else others ^ desk.bit
        if changed & flags:
            state.dirty_desks[desk.id] = desk
        desk.free_flags = flags
    if present != desk.present:
        _presence_turned(state, desk, pool, present=present)


def _presence_turned(state: State, desk: Desk, pool: Pool, *, present: bool) -> None:
    """Contacts held for him, and contacts whom everyone else declined, may now go elsewhere."""
    desk.present = present
    for medium_no in NUMBERS[desk.medium_flags]:
        pool.present[medium_no] ^= desk.bit
    for work in list(desk.fans.values()):
        place(state, work)
    if not present:
        state.dirty_works.update(cast("dict[int, Work]", pool.refused_by_some))


def _due(state: State, desk: Desk) -> Micros:
    due = desk.until if desk.state is NOT_RESPONDING else NEVER
    if desk.back_off_until > state.now:
        due = min(due, desk.back_off_until)
    if desk.grace_until:
        due = min(due, desk.grace_until)
    return due
