"""Short tasks that nobody waits for: kept from the collector, their failures logged.

Ten thousand idle sockets have no tasks of their own but the one that reads; what there is to write, to answer or to
read again runs as an errand and is gone when it is done.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

log = logging.getLogger(__name__)


class Errands:
    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[None]] = set()

    def run(self, work: Coroutine[Any, Any, None]) -> None:
        task = asyncio.create_task(work)  # noqa: TID251 - kept here, awaited by `done`
        self._tasks.add(task)
        task.add_done_callback(self._done)

    def _done(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is not None:
            log.error("an errand failed", exc_info=task.exception())

    async def done(self) -> None:
        """When everything that was begun is done."""
        while self._tasks:
            await asyncio.wait(tuple(self._tasks))
