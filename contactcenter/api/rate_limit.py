"""How often one address may knock at an open door: a token bucket each, in memory, a bounded number of them.

It keeps an honest door usable, no more: several processes count apart, and the least recently seen address is
forgotten when the table is full. What must hold belongs in front of the service.
"""

from __future__ import annotations

from collections import OrderedDict
from typing import Final

from contactcenter.api.problems import TooMany
from contactcenter.clock import Clock

MINUTE: Final = 60.0


class AddressLimit:
    """`per_minute` at once and again within a minute."""

    def __init__(self, clock: Clock, per_minute: int, *, addresses: int = 10_000) -> None:
        self._clock = clock
        self._per_minute = per_minute
        self._addresses = addresses
        self._buckets: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def take(self, address: str) -> None:
        """Raises TooMany (429) with the seconds until the next one is free."""
        now = self._clock.monotonic()
        left, at = self._buckets.pop(address, (float(self._per_minute), now))
        left = min(self._per_minute, left + (now - at) * self._per_minute / MINUTE)
        self._buckets[address] = (max(left - 1, 0) if left >= 1 else left, now)
        if len(self._buckets) > self._addresses:
            self._buckets.popitem(last=False)
        if left < 1:
            raise TooMany(retry_after=round((1 - left) * MINUTE / self._per_minute) + 1)
