"""Why not: for a contact and an agent exactly one reason code, asked without changing anything."""

from __future__ import annotations

from routing.capacity import has_room
from routing.desks import Desk, Work
from routing.leases import in_force
from routing.match import exhausted
from routing.model import Micros, PresenceState
from routing.rings import phones, step_at
from routing.skills import meets, needs_of
from routing.state import State


def why_not(state: State, contact_id: str, agent_id: str, now: Micros) -> str:
    """The first reason why the agent is not offered the contact now; `able` if nothing stands in the way.

    Codes: unknown_contact, unknown_agent, owner, owned, ringing, lease, lease_not_in_force, medium, skill,
    presence, disconnected, declined, back_off, capacity, held (for the preferred agent), rings_enough, able.
    """
    work = state.works.get(contact_id)
    if work is None:
        return "unknown_contact"
    desk = state.listed(agent_id)
    if desk is None:
        return "unknown_agent"
    return _settled(work, desk) or _unfit(work, desk, now) or _unready(state, work, desk, now)


def _settled(work: Work, desk: Desk) -> str:
    if work.owner:
        return "owner" if work.owner == desk.spec.id else "owned"
    return "ringing" if work.offer_to(desk.spec.id) else ""


def _unfit(work: Work, desk: Desk, now: Micros) -> str:
    """What no waiting changes."""
    if desk.spec.lease != work.contact.lease:
        return "lease"
    if not in_force(work.pool.lease, now):
        return "lease_not_in_force"
    if work.contact.medium not in desk.media:
        return "medium"
    return "" if meets(desk.skills, needs_of(work.contact, work.relaxed)) else "skill"


def _unready(state: State, work: Work, desk: Desk, now: Micros) -> str:
    """What may change from one moment to the next."""
    if desk.state is not PresenceState.READY:
        return "presence"
    if not desk.connected:
        return "disconnected"
    if desk.spec.id in work.declined and not exhausted(state, work):
        return "declined"
    if desk.back_off_until > now:
        return "back_off"
    if not has_room(state, desk, work.contact.medium):
        return "capacity"
    held_for = state.held_for(work)
    if held_for is not None and held_for is not desk:
        return "held"
    plan = state.plan(work)
    wanted = phones(plan, step_at(plan, now - work.contact.clock_from))
    return "rings_enough" if len(work.offers) >= wanted else "able"
