"""The router's memory of one domain: the only thing that `decide` changes.

Stored truth is a Record per open contact and a Presence per configured agent; `take_touched` names the rows to
write. Everything else is an index: pools (who could take what), lines (who waits where) and the agenda (what
happens by itself). places.py and readiness.py bring the indexes up to date after a contact or an agent changed.
"""

from __future__ import annotations

from routing.desks import Desk, Work
from routing.layout import Layout
from routing.model import Config, Micros, Presence, Record, Snapshot
from routing.pools import Pool
from routing.timers import AGENTS, LEASES, NEVER, Agenda


class State(Layout):
    """One routing domain. Built by restoring.py alone, so that a start and a takeover are the same thing."""

    def __init__(self, config: Config, now: Micros, arrivals: int) -> None:
        super().__init__(config)
        self.now = now
        self.clock = now
        """How far the timers have got: behind `now` while late ones fire. Nobody leaves a queue in the past."""
        self.arrivals = arrivals
        self.works: dict[str, Work] = {}
        self.offers: dict[str, Work] = {}
        self.desks: dict[str, Desk] = {}
        self.dirty_works: dict[int, Work] = {}
        self.dirty_desks: dict[str, Desk] = {}
        self.restaffed: dict[str, Pool] = {}
        self.touched_works: list[str] = []
        self.touched_desks: list[str] = []
        """Ids of rows to write, as often as they changed: an append costs a third of an entry in a dictionary."""
        self.clear_indexes()

    # --- values in and out ------------------------------------------------------------------------------

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

    # --- indexes ----------------------------------------------------------------------------------------

    def clear_indexes(self) -> None:
        self.agenda = Agenda()
        seats: dict[str, list[Desk]] = {lease.id: [] for lease in self.config.leases}
        for number, desk in enumerate(sorted(self.desks.values(), key=lambda desk: desk.rank)):
            desk.forget_places()
            desk.wake, desk.order = NEVER, AGENTS + number
            if desk.listed:
                seats.setdefault(desk.lease, []).append(desk)
        leases = {lease.id: lease for lease in self.config.leases}
        self.pools = {
            lease: Pool(lease, leases.get(lease), seats[lease], LEASES + number)
            for number, lease in enumerate(sorted(seats))
        }
