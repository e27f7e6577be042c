"""Sendings that were given up: never silent, kept with the reason, and sent again when somebody has mended it."""

from __future__ import annotations

import logging
from collections.abc import Callable

from contactcenter.clock import Clock, Ids
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, NotFound
from contactcenter.services.changes import Changes
from contactcenter.services.ports import Bus, ChangeStore, OutboxStore
from contactcenter.services.views import OutboxItem, Scope

log = logging.getLogger(__name__)


class DeadLetters:
    """`counted` is told the kind of each that dies."""

    def __init__(
        self,
        *,
        store: OutboxStore,
        changes: ChangeStore,
        bus: Bus,
        clock: Clock,
        ids: Ids,
        counted: Callable[[str], object] = lambda kind: None,
    ) -> None:
        self._store = store
        self._changes = changes
        self._bus = bus
        self._clock = clock
        self._ids = ids
        self._counted = counted

    async def bury(self, item: OutboxItem, why: str) -> None:
        """The row keeps the reason, and a fact tells operations."""
        now = self._clock.now()
        log.error("sending %s is given up: %s", item.id, why)
        data = {"sending": item.id, "kind": item.kind, "why": why[:200]}
        await self._changes.apply(Changes(facts=[self._fact("ops.outbox_dead", item, now, data)]))
        await self._store.done(item.id, why[:500], now, dead=True)
        self._counted(item.kind)

    async def listed(self, scope: Scope, limit: int, before: str = "") -> list[OutboxItem]:
        """Newest first."""
        return await self._store.dead(scope, limit, before)

    async def replay(self, scope: Scope, item: str, by: str) -> OutboxItem:
        """Due again, as if never tried. NotFound; Conflict `not_dead`, or `of_no_use` when it comes late."""
        found = await self._store.sending(scope, item)
        if found is None:
            raise NotFound(f"there is no sending {item!r}", field="id")
        if not found.dead:
            raise Conflict("it was not given up", code="not_dead", field="id")
        now = self._clock.now()
        if not await self._store.revive(item, now):
            raise Conflict("its time is over: sending it now would do harm", code="of_no_use", field="id")
        data = {"sending": item, "kind": found.kind, "why": found.outcome[:200], "by": by}
        await self._changes.apply(Changes(facts=[self._fact("ops.outbox_replayed", found, now, data)]))
        await self._bus.publish("outbox")
        return found

    def _fact(self, kind: str, item: OutboxItem, now: int, data: dict[str, str]) -> Fact:
        return Fact(
            id=self._ids.new("ft"),
            at=now,
            kind=kind,
            provider=item.provider,
            client=item.client,
            contact=item.contact,
            data=data,
        )
