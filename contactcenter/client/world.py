"""Where time and chance enter the client: the only file here that asks the system, and everything can be replaced.

The client is used outside the service, so it has its own small door to the world instead of `contactcenter.clock`.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable
from random import random  # noqa: TID251 - jitter of a reconnect outside the service; callers may inject their own

from msgspec import Struct

Ids = Callable[[], str]
"""A new id, never the same twice."""
Chance = Callable[[], float]
"""A number in [0, 1)."""
Now = Callable[[], dt.datetime]
"""The wall clock, aware."""


def new_id() -> str:
    return uuid.uuid4().hex  # noqa: TID251 - the integrator's own id; callers may inject theirs


def chance() -> float:
    return random()


def now() -> dt.datetime:
    return dt.datetime.now(dt.UTC)  # noqa: TID251 - the signature's timestamp; callers may inject their clock


class Patience(Struct, frozen=True, kw_only=True):
    """How a client tries again: capped exponential pauses with full jitter above the half.

    `tries` bounds one call of a request client; an agent's socket comes back until it is closed.
    """

    first_s: float = 0.1
    longest_s: float = 5.0
    tries: int = 60
    open_s: float = 10.0

    def pause(self, attempt: int, luck: float) -> float:
        """Seconds before attempt number `attempt` (0 is the first repetition); `luck` in [0, 1)."""
        ceiling = min(self.longest_s, self.first_s * 2.0 ** min(attempt, 30))
        return ceiling * (0.5 + luck / 2)
