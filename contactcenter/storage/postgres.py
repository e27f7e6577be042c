"""The stores on PostgreSQL, over one pool from `open_pool`."""

from __future__ import annotations

import asyncpg

from contactcenter.storage.access_store import PostgresAccessStore
from contactcenter.storage.attendance_store import PostgresAttendanceStore
from contactcenter.storage.change_store import PostgresChangeStore
from contactcenter.storage.configuration_store import PostgresConfigurationStore
from contactcenter.storage.lease_store import PostgresLeaseStore
from contactcenter.storage.node_store import PostgresNodeStore
from contactcenter.storage.outbox_store import PostgresOutboxStore
from contactcenter.storage.pool import Database, open_pool
from contactcenter.storage.reads import PostgresIntakeReads, PostgresReads
from contactcenter.storage.routing_store import PostgresRoutingStore
from contactcenter.storage.stores import Stores
from contactcenter.storage.stuck_store import PostgresStuckStore
from contactcenter.storage.timer_store import PostgresTimerStore
from contactcenter.storage.webhook_store import PostgresWebhookStore

__all__ = ["PostgresDoorReads", "open_pool", "postgres_stores"]


class PostgresDoorReads(PostgresIntakeReads, PostgresReads):
    """Both views of the doors in one object."""


def postgres_stores(pool: asyncpg.Pool) -> Stores:
    database = Database(pool)
    return Stores(
        routing=PostgresRoutingStore(database),
        changes=PostgresChangeStore(database),
        intake=PostgresIntakeReads(database),
        reads=PostgresReads(database),
        access=PostgresAccessStore(database),
        configuration=PostgresConfigurationStore(database),
        outbox=PostgresOutboxStore(database),
        timers=PostgresTimerStore(database),
        webhooks=PostgresWebhookStore(database),
        leases=PostgresLeaseStore(database),
        nodes=PostgresNodeStore(database),
        attendance=PostgresAttendanceStore(database),
        stuck=PostgresStuckStore(database),
    )
