"""The router's memory of one domain: the only thing that `decide` changes.

Stored truth is a Record per open contact and a Presence per configured agent; `take_touched` names the rows to
write. Everything else is an index: pools (who could take what), lines (who waits where) and the agenda (what
happens by itself). places.py and readiness.py bring the indexes up to date after a contact or an agent changed.
"""

from __future__ import annotations

from routing.capacity import count, media_that_fit
from routing.desks import Desk, Work, stranger
from routing.estimate import Waits
from routing.leases import holds_line, turns_at
from routing.model import Config, Medium, Micros, Presence, QueueRule, Record, Snapshot
from routing.order import NEVER
from routing.overflow import UNBOUNDED, rules_by_view
from routing.places import forget_needs, place, unplace
from routing.pools import Pool
from routing.readiness import weigh
from routing.rings import Ladder, ladders_by_plan
from routing.terms import Terms, terms_by_medium
from routing.timers import AGENTS, LEASES, Agenda
from routing.views import Queue


class State:
    """One routing domain. Built by `restore` alone, so that a start and a takeover are the same thing."""

    def __init__(self, config: Config, now: Micros, arrivals: int) -> None:
        self.now = now
        self.clock = now
        """How far the timers have got: behind `now` while late ones fire. Nobody leaves a queue in the past."""
        self.arrivals = arrivals
        self.works: dict[str, Work] = {}
        self.waits = Waits()
        self.offers: dict[str, Work] = {}
        self.desks: dict[str, Desk] = {}
        self.dirty_works: dict[int, Work] = {}
        self.dirty_desks: dict[str, Desk] = {}
        self.restaffed: dict[str, Pool] = {}
        self.touched_works: list[str] = []
        self.touched_desks: list[str] = []
        """Ids of rows to write, as often as they changed: an append costs a third of an entry in a dictionary."""
        self.take_config(config)

    # --- values in and out ------------------------------------------------------------------------------

    @classmethod
    def restore(cls, snapshot: Snapshot) -> State:
        """The state that a snapshot describes; it decides like the one that the snapshot was taken from."""
        state = cls(snapshot.config, snapshot.now, snapshot.arrivals)
        known = {presence.agent: presence for presence in snapshot.presences}
        for spec in snapshot.config.agents:
            state.desks[spec.id] = Desk(spec, known.get(spec.id, Presence(agent=spec.id)), listed=True)
        for record in sorted(snapshot.records, key=lambda record: record.arrival):
            state._adopt(record)
        state.reindex()
        # The snapshot may be younger than the last decision: whoever became free in between is matched first.
        state.dirty_works.clear()
        state.dirty_desks = dict(state.desks)
        state.restaffed.clear()
        return state

    def _adopt(self, record: Record) -> None:
        work = Work.adopted(record, self)
        self.works[work.id] = work
        for offer in work.rings():
            self.offers[offer.id] = work
            self._desk_or_stranger(offer.agent).offers[work.arrival] = offer
        if work.owner:
            self._desk_or_stranger(work.owner).owned[work.arrival] = work
        if work.consult is not None and work.consult_since:
            self._desk_or_stranger(work.consult.agent).consults[work.arrival] = work

    def _desk_or_stranger(self, agent: str) -> Desk:
        if agent not in self.desks:
            self.desks[agent] = Desk(stranger(agent), Presence(agent=agent), listed=False)
        return self.desks[agent]

    def snapshot(self, now: Micros) -> Snapshot:
        return Snapshot(
            config=self.config,
            now=max(now, self.now),
            arrivals=self.arrivals,
            records=tuple(self.works[contact].record() for contact in sorted(self.works)),
            presences=tuple(desk.presence() for _, desk in sorted(self.desks.items()) if desk.listed),
        )

    def due(self) -> Micros | None:
        """The instant of the earliest timer, when a Ticked is wanted; None when nothing is pending."""
        return self.agenda.next_due()

    def record(self, contact: str) -> Record | None:
        """The contact's row; None once it has ended."""
        work = self.works.get(contact)
        return work.record() if work else None

    def presence(self, agent: str) -> Presence | None:
        """The agent's row; None for somebody whom the configuration does not know."""
        desk = self.desks.get(agent)
        return desk.presence() if desk and desk.listed else None

    def take_touched(self) -> tuple[tuple[str, ...], tuple[str, ...]]:
        """Ids of the contacts and agents whose rows changed or ended since the last call, sorted."""
        taken = tuple(sorted({*self.touched_works})), tuple(sorted({*self.touched_desks}))
        self.touched_works.clear()
        self.touched_desks.clear()
        return taken

    # --- lookups ----------------------------------------------------------------------------------------

    def listed(self, agent: str) -> Desk | None:
        desk = self.desks.get(agent)
        return desk if desk and desk.listed else None

    def pool(self, lease: str) -> Pool:
        """The lease's pool; a lease that nobody configured has one without agents."""
        found = self.pools.get(lease)
        if found is None:
            found = self.pools[lease] = Pool(lease, None, [], LEASES + len(self.pools))
        return found

    def queue(self, pool: Pool, view: str) -> Queue:
        """Contacts that wait in a view without a ringing phone. Positions never count other clients (I7)."""
        found = pool.views.get(view)
        if found is None:
            name = (pool.id, view)
            found = pool.views[view] = Queue(self.queue_rules.get(name, UNBOUNDED), self.waits.of(name))
        return found

    def remove(self, work: Work) -> None:
        """The contact has ended: out of every index and off the agenda."""
        self.touched_works.append(work.id)
        unplace(self, work)
        forget_needs(work)
        self.agenda.set(work, NEVER)
        del self.works[work.id]

    # --- configuration ----------------------------------------------------------------------------------

    def take_config(self, config: Config) -> None:
        self.config = config
        self.terms: dict[Medium, list[Terms]] = terms_by_medium(config)
        self.fits: list[int] = media_that_fit(self.terms)
        self.ladders: dict[str, Ladder] = ladders_by_plan(config)
        self.queue_rules: dict[tuple[str, str], QueueRule] = rules_by_view(config)
        self._clear_indexes()

    def _clear_indexes(self) -> None:
        self.agenda = Agenda()
        seats: dict[str, list[Desk]] = {lease.id: [] for lease in self.config.leases}
        for number, desk in enumerate(sorted(self.desks.values(), key=lambda desk: desk.rank)):
            desk.forget_places()
            desk.wake, desk.order = NEVER, AGENTS + number
            if desk.listed:
                seats.setdefault(desk.lease, []).append(desk)
        leases = {lease.id: lease for lease in self.config.leases}
        self.pools: dict[str, Pool] = {
            lease: Pool(lease, leases.get(lease), seats[lease], LEASES + number)
            for number, lease in enumerate(sorted(seats))
        }

    def reindex(self) -> None:
        """Build every index from the rows: at a restore, and when the configuration changed."""
        self._clear_indexes()
        for work in self.works.values():
            work.renew(work.contact, self)
            work.signature = work.second = work.key = work.shelf = work.second_shelf = work.queue = work.fan_of = None
            work.wake = NEVER
            work.pool.lines_used += holds_line(work)
        for desk in self.desks.values():
            desk.load = 0
            desk.carry(count(self, desk))
            weigh(self, desk)
        for work in self.works.values():
            place(self, work)
        for pool in self.pools.values():
            pool.reported = pool.staffed
            self.agenda.set(pool, turns_at(pool.lease, self.now))
