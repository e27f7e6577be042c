"""Which bus a process has: within itself, over Redis, or over the database."""

from __future__ import annotations

from contactcenter.clock import Clock
from contactcenter.config import Settings
from contactcenter.realtime.notify_bus import NotifyBus
from contactcenter.realtime.redis_bus import RedisBus


def shared_bus(settings: Settings, node: str, clock: Clock) -> RedisBus | NotifyBus | None:
    """Between processes: Redis where there is one, else the database's own. The embedded server is for one process."""
    if settings.redis_url:
        return RedisBus(settings.redis_url, clock)
    if settings.database_url:
        return NotifyBus(settings.database_url, node, clock)
    return None
