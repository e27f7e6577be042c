"""The router's memory of one domain: the only thing that `decide` changes.

Stored truth is a Record per open contact and a Presence per configured agent; `take_touched` names the rows to
write. Everything else is an index: pools (who could take what), lines (who waits where) and the agenda (what
happens by itself). `place` and `weigh` bring the indexes up to date after a contact or an agent changed.
"""

from __future__ import annotations

from routing.capacity import count, room, rules_by_medium
from routing.desks import Desk, Work, stranger
from routing.leases import holds_line
from routing.model import (
    Config,
    Medium,
    MediumRules,
    Micros,
    Presence,
    PresenceState,
    Record,
    RingPlan,
    Snapshot,
    Status,
)
from routing.order import NEVER, Line, band_of, key_of, next_band
from routing.pools import Pool
from routing.rings import FALLBACK, next_step, phones, plans_by_id, step_at
from routing.skills import needs_of, next_relaxation
from routing.timers import Agenda


class State:
    """One routing domain. Built by `restore` alone, so that a start and a takeover are the same thing."""

    def __init__(self, config: Config, now: Micros, arrivals: int) -> None:
        self.now = now
        self.arrivals = arrivals
        self.works: dict[str, Work] = {}
        self.by_arrival: dict[int, Work] = {}
        self.offers: dict[str, Work] = {}
        self.desks: dict[str, Desk] = {}
        self.dirty_works: dict[int, Work] = {}
        self.dirty_desks: dict[str, Desk] = {}
        self.restaffed: dict[str, Pool] = {}
        self._touched_works: dict[str, None] = {}
        self._touched_desks: dict[str, None] = {}
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
        work = Work(record, self.pool(record.contact.lease))
        self.works[record.contact.id] = self.by_arrival[record.arrival] = work
        for offer in work.offers:
            self.offers[offer.id] = work
            self._desk_or_stranger(offer.agent).offers[work.arrival] = offer
        if work.owner:
            self._desk_or_stranger(work.owner).owned[work.arrival] = work

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
        taken = tuple(sorted(self._touched_works)), tuple(sorted(self._touched_desks))
        self._touched_works.clear()
        self._touched_desks.clear()
        return taken

    def touch_work(self, work: Work) -> None:
        self._touched_works[work.contact.id] = None

    def touch_desk(self, desk: Desk) -> None:
        self._touched_desks[desk.spec.id] = None

    # --- lookups ----------------------------------------------------------------------------------------

    def listed(self, agent: str) -> Desk | None:
        desk = self.desks.get(agent)
        return desk if desk and desk.listed else None

    def pool(self, lease: str) -> Pool:
        """The lease's pool; a lease that nobody configured has one without agents."""
        found = self.pools.get(lease)
        if found is None:
            found = self.pools[lease] = Pool(lease, None, [])
        return found

    def plan(self, work: Work) -> RingPlan:
        return self.plans.get(work.contact.plan, FALLBACK)

    def queue(self, lease: str, view: str) -> Line:
        """Contacts that wait in a view without a ringing phone. Positions never count other clients (I7)."""
        return self.queues.setdefault((lease, view), Line())

    # --- configuration ----------------------------------------------------------------------------------

    def take_config(self, config: Config) -> None:
        self.config = config
        self.rules: dict[Medium, MediumRules] = rules_by_medium(config)
        self.plans: dict[str, RingPlan] = plans_by_id(config)
        self._clear_indexes()

    def _clear_indexes(self) -> None:
        self.agenda = Agenda()
        self.queues: dict[tuple[str, str], Line] = {}
        seats: dict[str, list[Desk]] = {lease.id: [] for lease in self.config.leases}
        for desk in sorted(self.desks.values(), key=Desk.rank):
            desk.forget_places()
            desk.wake = NEVER
            if desk.listed:
                seats.setdefault(desk.spec.lease, []).append(desk)
        leases = {lease.id: lease for lease in self.config.leases}
        self.pools: dict[str, Pool] = {lease: Pool(lease, leases.get(lease), desks) for lease, desks in seats.items()}

    def reindex(self) -> None:
        """Build every index from the rows: at a restore, and when the configuration changed."""
        self._clear_indexes()
        for work in self.works.values():
            work.pool = self.pool(work.contact.lease)
            work.signature = work.key = work.shelf = work.queue = work.fan_of = None
            work.wake = NEVER
            work.pool.lines_used += holds_line(work)
        for desk in self.desks.values():
            desk.load = count(self, desk)
            self.weigh(desk)
        for work in self.works.values():
            self.place(work)
        for pool in self.pools.values():
            pool.reported = pool.staffed
            if pool.lease is not None and self.now < pool.lease.starts:
                self.agenda.set(pool, pool.lease.starts)

    # --- indexes of contacts ----------------------------------------------------------------------------

    def place(self, work: Work) -> None:
        """Bring a contact's places up to date after anything about it changed; it may match anew."""
        if not work.is_loose():
            self._unplace(work)
            self.agenda.set(work, work.wrap_until if work.status is Status.WRAP_UP else NEVER)
            return
        contact = work.contact
        plan = self.plan(work)
        work.band = band_of(contact, self.rules[contact.medium], self.now)
        work.step = step_at(plan, self.now - contact.clock_from)
        needs = needs_of(contact, work.relaxed)
        if work.signature is None or work.signature.needs != needs:
            work.signature = work.pool.signature(needs)
        self._follow(work)
        wants = len(work.offers) < phones(plan, work.step)
        self._shelve(work, wants)
        if wants:
            self.dirty_works[work.arrival] = work
        if wants and work.declined:
            work.pool.refused_by_some[work.arrival] = work
        else:
            work.pool.refused_by_some.pop(work.arrival, None)
        self.agenda.set(work, self._work_due(work, plan))

    def remove(self, work: Work) -> None:
        """The contact has ended: out of every index and off the agenda."""
        self.touch_work(work)
        self._unplace(work)
        self.agenda.set(work, NEVER)
        del self.works[work.contact.id], self.by_arrival[work.arrival]

    def _shelve(self, work: Work, wants: bool) -> None:
        """Into the line of its needs or of the agent it is held for, and into its view's queue."""
        key = key_of(work.contact, work.arrival, work.band)
        shelf = self._shelf_for(work) if wants else None
        waits = work.status is Status.WAITING
        queue = self.queue(work.contact.lease, work.contact.view) if waits else None
        moved = key != work.key
        if work.key is not None:
            if work.shelf is not None and (moved or shelf is not work.shelf):
                work.shelf.remove(work.key)
            if work.queue is not None and (moved or queue is not work.queue):
                work.queue.remove(work.key)
        if shelf is not None and (moved or shelf is not work.shelf):
            shelf.add(key)
        if queue is not None and (moved or queue is not work.queue):
            queue.add(key)
        work.key, work.shelf, work.queue = key, shelf, queue

    def _unplace(self, work: Work) -> None:
        if work.key is not None:
            for line in (work.shelf, work.queue):
                if line is not None:
                    line.remove(work.key)
        work.key = work.shelf = work.queue = None
        work.pool.refused_by_some.pop(work.arrival, None)
        self.dirty_works.pop(work.arrival, None)
        if work.fan_of is not None:
            work.fan_of.fans.pop(work.arrival, None)
            work.fan_of = None

    def _shelf_for(self, work: Work) -> Line:
        assert work.signature is not None
        desk = self.held_for(work)
        return desk.line if desk else work.signature.line(work.contact.medium)

    def held_for(self, work: Work) -> Desk | None:
        """The preferred agent, while he is ready but perhaps busy, could serve it and its wait is not over."""
        contact, desk = work.contact, work.fan_of
        if desk is None or work.signature is None or self.now >= contact.preferred_until:
            return None
        if desk.pool is not work.pool or not work.pool.present[contact.medium] & desk.bit:
            return None
        if not work.signature.mask & desk.bit:
            return None
        refused = desk.spec.id in work.declined or work.offer_to(desk.spec.id) is not None
        return None if refused else desk

    def _follow(self, work: Work) -> None:
        """Let the preferred agent know who waits for him, so that his changes move them."""
        contact = work.contact
        wanted = contact.preferred and self.now < contact.preferred_until
        desk = self.desks.get(contact.preferred) if wanted else None
        if desk is work.fan_of:
            return
        if work.fan_of is not None:
            work.fan_of.fans.pop(work.arrival, None)
        if desk is not None:
            desk.fans[work.arrival] = work
        work.fan_of = desk

    def _work_due(self, work: Work, plan: RingPlan) -> Micros:
        contact = work.contact
        due = min(
            next_band(contact, self.rules[contact.medium], work.band),
            next_relaxation(contact, work.relaxed),
            next_step(plan, work.step, contact.clock_from),
        )
        for offer in work.offers:
            due = min(due, offer.expires_at)
        if not work.breached and not work.answered_at:
            due = min(due, contact.deadline)
        if work.fan_of is not None:
            due = min(due, contact.preferred_until)
        return due

    # --- indexes of agents ------------------------------------------------------------------------------

    def weigh(self, desk: Desk) -> None:
        """Bring an agent's bits up to date after his presence, load or back-off changed."""
        self.agenda.set(desk, self._desk_due(desk))
        pool = desk.pool
        if pool is None:
            return
        if desk.is_staffed() != desk.staffed:
            desk.staffed = not desk.staffed
            pool.staffed += 1 if desk.staffed else -1
            self.restaffed[pool.id] = pool
        present = desk.is_present()
        willing = present and desk.back_off_until <= self.now
        spare, rules = room(desk), self.rules
        for medium in desk.media:
            free = willing and rules[medium].units <= spare
            if free != bool(pool.free[medium] & desk.bit):
                pool.free[medium] ^= desk.bit
                if free:
                    self.dirty_desks[desk.spec.id] = desk
        if present != desk.present:
            self._presence_turned(desk, pool, present)

    def _presence_turned(self, desk: Desk, pool: Pool, present: bool) -> None:
        """Contacts held for him, and contacts whom everyone else declined, may now go elsewhere."""
        desk.present = present
        for medium in desk.media:
            pool.present[medium] ^= desk.bit
        for work in list(desk.fans.values()):
            self.place(work)
        if not present:
            self.dirty_works.update(pool.refused_by_some)

    def _desk_due(self, desk: Desk) -> Micros:
        due = NEVER
        if desk.state is PresenceState.NOT_RESPONDING:
            due = desk.until
        if desk.back_off_until > self.now:
            due = min(due, desk.back_off_until)
        if desk.grace_until:
            due = min(due, desk.grace_until)
        return due
