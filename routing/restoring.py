"""The memory of a domain from its rows: at a start, at a takeover, and when the configuration changed."""

from __future__ import annotations

from routing.capacity import count
from routing.desks import Desk, Work, stranger
from routing.leases import turns_at
from routing.model import Config, Presence, Record, Snapshot
from routing.places import place
from routing.readiness import weigh
from routing.seats import holds_line
from routing.state import State
from routing.timers import NEVER


def restore(snapshot: Snapshot) -> State:
    """The state that a snapshot describes; it decides like the one that the snapshot was taken from."""
    state = State(snapshot.config, snapshot.now, snapshot.arrivals)
    known = {presence.agent: presence for presence in snapshot.presences}
    for spec in snapshot.config.agents:
        state.desks[spec.id] = Desk(spec, known.get(spec.id, Presence(agent=spec.id)), listed=True)
    for record in sorted(snapshot.records, key=lambda record: record.arrival):
        _adopt(state, record)
    reindex(state)
    # The snapshot may be younger than the last decision: whoever became free in between is matched first.
    state.dirty_works.clear()
    state.dirty_desks = dict(state.desks)
    state.restaffed.clear()
    return state


def _adopt(state: State, record: Record) -> None:
    work = Work.adopted(record, state)
    state.works[work.id] = work
    for offer in work.rings():
        state.offers[offer.id] = work
        _desk_or_stranger(state, offer.agent).offers[work.arrival] = offer
    if work.owner:
        _desk_or_stranger(state, work.owner).owned[work.arrival] = work
    if work.consult is not None and work.consult_since:
        _desk_or_stranger(state, work.consult.agent).consults[work.arrival] = work


def _desk_or_stranger(state: State, agent: str) -> Desk:
    if agent not in state.desks:
        state.desks[agent] = Desk(stranger(agent), Presence(agent=agent), listed=False)
    return state.desks[agent]


def configure(state: State, config: Config) -> None:
    """Other rules from now on, and every index anew."""
    state.take_rules(config)
    reindex(state)


def reindex(state: State) -> None:
    """Build every index from the rows."""
    state.clear_indexes()
    for work in state.works.values():
        work.renew(work.contact, state)
        work.signature = work.second = work.key = work.shelf = work.second_shelf = work.queue = work.fan_of = None
        work.wake = NEVER
        work.pool.lines_used += holds_line(work)
    for desk in state.desks.values():
        desk.load = 0
        desk.carry(count(state.works, desk))
        weigh(state, desk)
    for work in state.works.values():
        place(state, work)
    for pool in state.pools.values():
        pool.reported = pool.staffed
        state.agenda.set(pool, turns_at(pool.lease, state.now))
