"""A store that believes every router: no epoch fence, no compare-and-set. What the simulation must be able to see."""

from __future__ import annotations

from msgspec.structs import replace

from contactcenter.services.changes import Batch
from contactcenter.storage.memory import MemoryDatabase
from contactcenter.storage.memory.routing import MemoryRoutingStore


class BlindRoutingStore(MemoryRoutingStore):
    """Before each commit the rows are made to be what the router thinks they are: a blind write."""

    def __init__(self, database: MemoryDatabase) -> None:
        super().__init__(database)
        self._tables = database.tables

    async def commit(self, batch: Batch) -> None:
        self._believe(batch)
        await super().commit(batch)

    def _believe(self, batch: Batch) -> None:
        tables, last = self._tables, batch.first_seq - 1
        tables.domains[batch.domain] = replace(tables.domains[batch.domain], epoch=batch.epoch, last_seq=last)
        for row in (decided.row for decided in batch.decided):
            if row is not None:
                tables.events[row] = replace(tables.events[row], seq=0)
        for move in batch.contacts:
            tables.contacts[move.id] = replace(tables.contacts[move.id], version=move.expected)
        for made in batch.offers_made:
            tables.offers.pop(made.id, None)
            tables.live_offers.pop((made.contact, made.agent), None)
        for began in batch.assignments_began:
            tables.assignments.pop(began.id, None)
            tables.owners.pop(began.contact, None)
