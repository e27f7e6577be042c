"""Looks now and then for what is beyond its deadline and its owner's allowance (services/stuck.py)."""

from __future__ import annotations

import logging

from contactcenter.clock import Clock
from contactcenter.errors import ContactCenterError
from contactcenter.services.stuck import Gauge, Reaping

log = logging.getLogger(__name__)
LOOK_S = 10.0


class Reaper:
    """`run` is a part for the supervisor."""

    def __init__(self, reaping: Reaping, clock: Clock, gauge: Gauge) -> None:
        self._reaping = reaping
        self._clock = clock
        self._gauge = gauge

    async def run(self) -> None:
        while True:
            await self.round()
            await self._clock.sleep(LOOK_S)

    async def round(self) -> None:
        try:
            found = await self._reaping.look(self._gauge)
        except ContactCenterError as problem:
            log.warning("nobody knows what is stuck: %s", problem)
            return
        for what, row in found[:10]:
            log.warning("stuck: %s %s of %s, since %d", what, row.id, row.provider, row.since)
