"""Looks at what waits to be decided, and tells the doors' admission, four times a second."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Final

from contactcenter.clock import Clock
from contactcenter.errors import ContactCenterError
from contactcenter.services.admission import Admission
from contactcenter.services.ports import IntakeReads
from contactcenter.services.views import Backlog

LOOK_S: Final = 0.25
PATIENCE_S: Final = 2.0
"""A store that takes longer for this small a question does not answer."""


class BacklogWatch:
    """`run` is a part for the supervisor of a process with doors. `here` is what waits in it to be stored:
    how many, and for how many seconds the first."""

    def __init__(
        self,
        admission: Admission,
        *,
        reads: IntakeReads,
        here: Callable[[], tuple[int, float]],
        providers: Callable[[], tuple[str, ...]],
        most: int,
        clock: Clock,
    ) -> None:
        self._admission = admission
        self._reads = reads
        self._here = here
        self._providers = providers
        self._most = most
        self._clock = clock

    async def run(self) -> None:
        while True:
            await self.look()
            await self._clock.sleep(LOOK_S)

    async def look(self) -> None:
        try:
            async with asyncio.timeout(PATIENCE_S):
                found = await self._reads.backlogs(self._providers(), self._most)
        except (TimeoutError, ContactCenterError) as problem:
            self._admission.unseen(str(problem))
        else:
            now, (depth, age_s) = self._clock.now(), self._here()
            self._admission.seen(found, Backlog(depth, now - round(age_s * 1_000_000)), now)
