"""The configuration of one domain as decisions read it, with the pools and queues that follow from it."""

from __future__ import annotations

from routing.estimate import Waits
from routing.model import Config, Medium, QueueRule
from routing.overflow import UNBOUNDED, rules_by_view
from routing.pools import Pool
from routing.rings import Ladder, ladders_by_plan
from routing.terms import Terms, media_that_fit, terms_by_medium
from routing.timers import LEASES
from routing.views import Queue


class Layout:
    def __init__(self, config: Config) -> None:
        self.waits = Waits()
        self.pools: dict[str, Pool] = {}
        self.take_rules(config)

    def take_rules(self, config: Config) -> None:
        self.config = config
        self.terms: dict[Medium, list[Terms]] = terms_by_medium(config)
        self.fits: list[int] = media_that_fit(self.terms)
        self.ladders: dict[str, Ladder] = ladders_by_plan(config)
        self.queue_rules: dict[tuple[str, str], QueueRule] = rules_by_view(config)

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
