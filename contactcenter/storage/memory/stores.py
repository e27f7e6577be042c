"""All twins over one database in memory."""

from __future__ import annotations

from contactcenter.storage.memory.attendance import MemoryAttendanceStore
from contactcenter.storage.memory.changes import MemoryChangeStore
from contactcenter.storage.memory.database import MemoryDatabase
from contactcenter.storage.memory.nodes import MemoryNodeStore
from contactcenter.storage.memory.outbound import MemoryLeaseStore, MemoryWebhookStore
from contactcenter.storage.memory.reads import MemoryReads
from contactcenter.storage.memory.routing import MemoryRoutingStore
from contactcenter.storage.memory.small import (
    MemoryAccessStore,
    MemoryConfigurationStore,
    MemoryOutboxStore,
    MemoryTimerStore,
)
from contactcenter.storage.memory.stuck import MemoryStuckStore
from contactcenter.storage.stores import Stores


def memory_stores(database: MemoryDatabase | None = None) -> Stores:
    """The stores of this database, or of a new one with the system's clock."""
    home = database or MemoryDatabase()
    reads = MemoryReads(home)
    return Stores(
        routing=MemoryRoutingStore(home),
        changes=MemoryChangeStore(home),
        intake=reads,
        reads=reads,
        access=MemoryAccessStore(home),
        configuration=MemoryConfigurationStore(home),
        outbox=MemoryOutboxStore(home),
        timers=MemoryTimerStore(home),
        webhooks=MemoryWebhookStore(home),
        leases=MemoryLeaseStore(home),
        nodes=MemoryNodeStore(home),
        attendance=MemoryAttendanceStore(home),
        stuck=MemoryStuckStore(home),
    )
