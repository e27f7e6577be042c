"""Every state that is not an end has an owner and a deadline (docs/architecture.md); this is what is beyond both.

`ALLOWED` says how long after its deadline a row counts as stuck: longer than the owner needs after a crash, so that
the gauge is 0 while all is well, whatever fails over.
"""

from __future__ import annotations

from typing import Final, Protocol

from contactcenter.clock import SECOND, Clock, Ids
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Changes
from contactcenter.services.ports import Bus, ChangeStore, StuckStore
from contactcenter.services.views import StuckRow

MINUTE, HOUR = 60, 3600
ALLOWED: Final[dict[str, int]] = {
    "domains": 30,
    "events": 30,
    "arrivals": MINUTE,
    "offers": 30,
    "orphans": MINUTE,
    "deserted": 12 * HOUR,
    "wrap_ups": HOUR,
    "presences": 30,
    "sendings": 2 * MINUTE,
    "timers": MINUTE,
    "cases": 10 * MINUTE,
}
"""Seconds beyond the deadline, by what is stuck: the names of sql/stuck_*.sql."""
ROUTERS: Final = ("events", "offers", "wrap_ups", "presences")
"""What a router ends: it is woken, in case a hint and a timer were both lost."""


class Gauge(Protocol):
    def __call__(self, what: str, count: int) -> object: ...


class Reaping:
    """Finds what is stuck, repairs what can be repaired without its owner, and says the rest aloud, once."""

    def __init__(self, store: StuckStore, changes: ChangeStore, bus: Bus, clock: Clock, ids: Ids) -> None:
        self._store = store
        self._changes = changes
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._said: set[tuple[str, str]] = set()

    async def look(self, gauge: Gauge) -> list[tuple[str, StuckRow]]:
        """One round. `gauge` hears every count, 0 too; at most 100 of a kind are counted."""
        found: list[tuple[str, StuckRow]] = []
        for what, allowed in ALLOWED.items():
            rows = await self._store.stuck(what, self._clock.now() - allowed * SECOND)
            if what == "orphans" and rows:
                await self._store.end_orphans([row.id for row in rows])
            gauge(what, len(rows))
            found.extend((what, row) for row in rows)
        await self._say(found)
        for provider in sorted({row.provider for what, row in found if what in ROUTERS}):
            await self._bus.publish(f"domain:{provider}")
        return found

    async def _say(self, found: list[tuple[str, StuckRow]]) -> None:
        """A fact when a kind begins to be stuck at a provider; again only after it was not."""
        first: dict[tuple[str, str], StuckRow] = {}
        for what, row in found:
            first.setdefault((row.provider, what), row)
        fresh = {key: row for key, row in first.items() if key not in self._said}
        self._said = set(first)
        if fresh:
            await self._changes.apply(Changes(facts=[self._fact(what, row) for (_, what), row in fresh.items()]))

    def _fact(self, what: str, row: StuckRow) -> Fact:
        return Fact(
            id=self._ids.new("ft"),
            at=self._clock.now(),
            kind="ops.stuck",
            provider=row.provider,
            data={"what": what, "first": row.id, "since": row.since},
        )
