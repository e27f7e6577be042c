"""What Prometheus scrapes: `cc_` names, base units, labels of bounded cardinality (client, view, medium, tier).

Never a customer, contact or agent in a label. `Registry` holds the counters that workers raise in this process;
`Exposition` adds the live queues, read at the moment of the scrape, so that a gauge is never stale.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Iterator, Sequence
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram
from prometheus_client.core import GaugeMetricFamily, Metric
from prometheus_client.exposition import CONTENT_TYPE_LATEST, generate_latest
from prometheus_client.registry import Collector

from contactcenter.services.reporting import LiveQueue, LiveQueues

TIERS: Final = ("platinum", "gold", "iron", "lead")
COMMIT_BUCKETS: Final = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1.0)
TAKEOVER_BUCKETS: Final = (0.05, 0.1, 0.25, 0.5, 1.0, 2.0, 3.0, 5.0, 10.0)
Boards = Callable[[], Awaitable[Sequence[LiveQueues]]]


class Registry:
    """The process's own counters. Made once in the wiring and handed to whoever counts."""

    def __init__(self) -> None:
        self.collector = CollectorRegistry(auto_describe=True)
        own = self.collector
        self.effects = Counter("cc_effects", "Effects of decisions", ["kind"], registry=own)
        self.offers = Counter("cc_offers", "Offers by outcome", ["outcome"], registry=own)
        self.commit_seconds = Histogram(
            "cc_commit_seconds", "Time of a batch's transaction", buckets=COMMIT_BUCKETS, registry=own
        )
        self.batch_events = Histogram(
            "cc_batch_events", "Events committed together", buckets=(1, 2, 5, 10, 20, 50, 100, 200), registry=own
        )
        self.breaches = Counter("cc_sla_breaches", "Deadlines passed unanswered", ["what"], registry=own)
        self.blocked = Counter("cc_blocked", "Contacts that may not queue", ["client", "reason"], registry=own)
        self.overflowed = Counter("cc_overflowed", "Contacts that waited too long", ["answer"], registry=own)
        self.takeovers = Counter("cc_takeovers", "Domains taken over, by why", ["why"], registry=own)
        self.takeover_seconds = Histogram(
            "cc_takeover_seconds", "From the lease to the first commit", buckets=TAKEOVER_BUCKETS, registry=own
        )
        self.leases_lost = Counter(
            "cc_false_takeovers", "Leases that others took from this process while it was alive", registry=own
        )
        # A gauge in spite of its name, which operators know it by: what is stuck now; must be 0.
        self.stuck = Gauge("cc_stuck_total", "What is beyond its deadline; must be 0", ["what"], registry=own)
        self.outbox_dead = Counter("cc_outbox_dead", "Sendings given up", ["kind"], registry=own)
        self.outbox_backlog = Gauge("cc_outbox_backlog", "Sendings that wait", registry=own)
        self.refused_overload = Counter(
            "cc_refused_overload", "New contacts refused because too much waits", ["channel"], registry=own
        )
        self.backlog = Gauge("cc_backlog", "Events that wait to be decided", ["provider"], registry=own)
        self.unseen_offers = Counter(
            "cc_offers_unseen", "Unanswered offers that no socket of the agent acknowledged", registry=own
        )
        self.unacknowledged = Gauge(
            "cc_sockets_unacknowledged", "Agents' sockets behind with their acknowledgements", registry=own
        )
        self.sockets = Gauge("cc_sockets", "Open sockets", ["kind"], registry=own)

    def batch(self, *, events: int, seconds: float) -> None:
        """One committed batch."""
        self.batch_events.observe(events)
        self.commit_seconds.observe(seconds)

    def effect(
        self, kind: str, *, outcome: str = "", what: str = "", client: str = "", reason: str = "", answer: str = ""
    ) -> None:
        """One effect, and what is counted of it by itself. Each value is one of a few words."""
        self.effects.labels(kind).inc()
        if kind == "offer.ended":
            self.offers.labels(outcome).inc()
        elif kind == "contact.breached":
            self.breaches.labels(what).inc()
        elif kind == "contact.blocked":
            self.blocked.labels(client, reason).inc()
        elif kind == "contact.overflowed":
            self.overflowed.labels(answer).inc()


class Exposition:
    """The text of /metrics. `boards` answers the live queues of every provider this process serves."""

    content_type: Final = CONTENT_TYPE_LATEST

    def __init__(self, registry: Registry, boards: Boards) -> None:
        self._registry = registry
        self._boards = boards

    async def render(self) -> bytes:
        boards = await self._boards()
        live = CollectorRegistry(auto_describe=False)
        live.register(_Live(boards))
        return generate_latest(self._registry.collector) + generate_latest(live)


class _Live(Collector):
    def __init__(self, boards: Sequence[LiveQueues]) -> None:
        self._boards = boards

    def collect(self) -> Iterator[Metric]:
        queues = [queue for board in self._boards for queue in board.queues]
        labels = [(queue.client, queue.view, queue.medium) for queue in queues]
        for name, text in _QUEUE_GAUGES.items():
            attribute = name.removeprefix("cc_queue_").removesuffix("_seconds")
            values = [float(getattr(queue, _ATTRIBUTES.get(attribute, attribute))) for queue in queues]
            yield _family(name, text, ("client", "view", "medium"), zip(labels, values, strict=True))
        by_tier = [
            ((*label, tier), float(getattr(queue.by_tier, tier)))
            for label, queue in zip(labels, queues, strict=True)
            for tier in TIERS
        ]
        yield _family(
            "cc_queue_tier_waiting", "Waiting contacts by tier", ("client", "view", "medium", "tier"), by_tier
        )
        yield from self._expected(queues)
        yield from self._people()
        yield _family(
            "cc_ledger_imbalance",
            "Contacts that are nowhere; must be 0 (conservation@1)",
            ("provider",),
            [((board.provider,), float(board.conservation.imbalance)) for board in self._boards],
        )

    def _expected(self, queues: Sequence[LiveQueue]) -> Iterator[Metric]:
        """A queue of which nothing is known has no sample: 0 would be a promise."""
        for name, text, attribute in _WAIT_GAUGES:
            rows = [
                ((queue.client, queue.view, queue.medium, tier), wait)
                for queue in queues
                for tier in TIERS
                if (wait := getattr(getattr(queue.expected_wait, tier), attribute)) is not None
            ]
            yield _family(name, text, ("client", "view", "medium", "tier"), rows)

    def _people(self) -> Iterator[Metric]:
        rows = [
            ((line.client, line.lease, state), float(getattr(line, state)))
            for board in self._boards
            for line in board.seats
            for state in ("ready", "busy", "not_ready", "not_responding")
        ]
        yield _family("cc_seats", "People of a lease by presence", ("client", "lease", "state"), rows)


_QUEUE_GAUGES: Final = {
    "cc_queue_waiting": "Contacts that wait",
    "cc_queue_offered": "Contacts being offered",
    "cc_queue_active": "Contacts with an owner",
    "cc_queue_wrap_up": "Contacts being written up",
    "cc_queue_breached": "Open contacts past their deadline",
    "cc_queue_oldest_wait_seconds": "Wait of the oldest waiting contact (longest_wait@1)",
}
_WAIT_GAUGES: Final = (
    ("cc_queue_expected_wait_seconds", "What a contact that came now would be told (ewt.place@1)", "expected_s"),
    ("cc_queue_at_most_wait_seconds", "What nine of ten of them wait no longer than", "at_most_s"),
)
_ATTRIBUTES: Final = {"oldest_wait": "oldest_wait_s"}


def _family(
    name: str, text: str, labels: Sequence[str], rows: Iterable[tuple[tuple[str, ...], float]]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=labels)
    for values, value in rows:
        family.add_metric(values, value)
    return family
