"""A new configuration takes effect: amendments and ends of leases, shifts of agents, other rules (row 12)."""

from __future__ import annotations

from routing.agents import sign_out
from routing.consults import end_consult
from routing.desks import Desk, stranger
from routing.effects import ConfigTaken
from routing.events import Configured
from routing.model import Agent, Outcome, Presence
from routing.offers import end, settle
from routing.restoring import configure
from routing.skills import meets, open_to
from routing.timers import NEVER
from routing.turn import Turn


def on_configured(turn: Turn, event: Configured) -> None:
    """Agents who vanished are signed out first, under the old rules; then everything is indexed anew."""
    state, config = turn.state, event.config
    turn.say(ConfigTaken(version=config.version))
    reported = {pool.id: pool.reported for pool in state.pools.values() if pool.lease is not None}
    specs = {spec.id: spec for spec in config.agents}
    for desk in sorted(state.desks.values(), key=lambda desk: desk.rank):
        if desk.listed and desk.id not in specs:
            _remove(turn, desk)
    _amend(turn, specs)
    configure(state, config)
    state.restaffed.clear()
    for pool in state.pools.values():
        pool.reported = reported.get(pool.id, 0)
        state.restaffed[pool.id] = pool
    state.dirty_desks.update(state.desks)


def _remove(turn: Turn, desk: Desk) -> None:
    sign_out(turn, desk, "removed")
    for arrival in sorted(desk.consults):
        end_consult(turn, desk.consults[arrival], "removed")
    desk.configure(stranger(desk.id), listed=False)
    desk.adopt(Presence(agent=desk.id))
    turn.state.touched_desks.append(desk.id)
    turn.state.agenda.set(desk, NEVER)
    if not desk.owned:
        del turn.state.desks[desk.id]


def _amend(turn: Turn, specs: dict[str, Agent]) -> None:
    """Take over new and changed agents; what rings at somebody who may no longer take it is withdrawn."""
    state = turn.state
    for spec in sorted(specs.values(), key=lambda spec: (spec.number, spec.id)):
        desk = state.desks.get(spec.id)
        if desk is None:
            desk = state.desks[spec.id] = Desk(spec, Presence(agent=spec.id), listed=True)
            state.touched_desks.append(desk.id)
        elif desk.spec != spec:
            if not desk.listed:
                state.touched_desks.append(desk.id)
            desk.configure(spec, listed=True)
            _withdraw_unfit(turn, desk)


def _withdraw_unfit(turn: Turn, desk: Desk) -> None:
    for arrival in sorted(desk.offers):
        work = turn.state.works[desk.offers[arrival].contact]
        # Of a consult the skills were passed over or asked of a view: they are not those of the call.
        needs = work.signature.needs if work.signature and not work.owner else ()
        may = open_to(work.contact, work.relaxed, desk.lease)
        if not (may and desk.handles(work.contact.medium) and meets(desk.skills, needs)):
            end(turn, work, desk.offers[arrival], outcome=Outcome.WITHDRAWN, reason="configuration")
            settle(turn, work)
