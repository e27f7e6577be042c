"""Many writers, one statement: what was asked for while the last statement ran is committed together.

There is no timer: a lone write goes out in the same turn of the loop, and the busier it gets the larger the groups
become. Writes that touch the same rows never share a statement, because all parts of a statement see the state
before it: the later one waits for the earlier to be committed, so the outcome is that of one after the other.

A group that fails for what is in it is split until the bad write is alone: the others are committed, and each
caller is told of its own (decisions row 2). When the database does not answer, everybody hears so at once.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final

from contactcenter.errors import Busy, ContactCenterError
from contactcenter.services.changes import Applied, Changes
from contactcenter.storage.change_keys import Keys, keys_of

WRITERS: Final = 2
"""While one waits for the disk the other's rows are made ready; more only make the groups smaller."""
LARGEST: Final = 200
LIMIT: Final = 10_000
"""So many may wait, then the next is refused: memory never grows with a database that stands still."""

Write = Callable[[Sequence[Changes]], Awaitable[Sequence[Applied]]]
"""All of them in one transaction, in order, or none; one result each."""


@dataclass(slots=True, eq=False)
class _Job:
    changes: Changes
    keys: Keys
    done: asyncio.Future[Applied]
    since: float


class GroupWriter:
    """Holds what waits to be written, and at most `writers` statements on their way."""

    def __init__(self, write: Write, *, writers: int = WRITERS, largest: int = LARGEST, limit: int = LIMIT) -> None:
        self._write = write
        self._writers = writers
        self._largest = largest
        self._limit = limit
        self._waiting: deque[_Job] = deque()
        self._flying: list[Keys] = []
        self._running = 0
        self._tasks: set[asyncio.Task[None]] = set()

    async def apply(self, changes: Changes) -> Applied:
        """As if alone. Raises what the write raises, and Busy `overloaded` when too many wait already."""
        if len(self._waiting) >= self._limit:
            raise Busy("more is waiting to be stored than can be", code="overloaded")
        loop = asyncio.get_running_loop()
        done: asyncio.Future[Applied] = loop.create_future()
        self._waiting.append(_Job(changes, keys_of(changes), done, loop.time()))
        self._start()
        return await done

    @property
    def depth(self) -> int:
        """How many wait and are not on their way."""
        return len(self._waiting)

    @property
    def age_s(self) -> float:
        """How long the first of them has waited."""
        return asyncio.get_running_loop().time() - self._waiting[0].since if self._waiting else 0.0

    def _start(self) -> None:
        if self._running < self._writers:
            self._running += 1
            task = asyncio.get_running_loop().create_task(self._work())
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def _work(self) -> None:
        """Until nothing can be taken; nobody can come between the last look and counting oneself out."""
        try:
            while jobs := self._take():
                await self._commit(jobs)
        finally:
            self._running -= 1

    async def _commit(self, jobs: list[_Job]) -> None:
        keys = Keys.of(job.keys for job in jobs)
        self._flying.append(keys)
        try:
            await self._settle(jobs)
        finally:
            self._flying.remove(keys)
            for job in jobs:
                job.done.cancel()  # Only of those that were told nothing: the writer itself was stopped.

    def _take(self) -> list[_Job]:
        """The oldest that may be written now: apart from what is on its way, and from what must come before them."""
        before = Keys.of(self._flying)
        taken: list[_Job] = []
        passed: list[_Job] = []
        while self._waiting and len(taken) < self._largest and len(passed) < self._largest:
            job = self._waiting.popleft()
            if job.done.done():
                continue  # Its caller has gone: what nobody waits for is not written.
            (passed if before.meet(job.keys) else taken).append(job)
            before.add(job.keys)
        self._waiting.extendleft(reversed(passed))
        return taken

    async def _settle(self, jobs: list[_Job]) -> None:
        """Commit these, or find out which of them cannot be."""
        try:
            applied = await self._write([job.changes for job in jobs])
        except Exception as problem:
            if len(jobs) == 1 or isinstance(problem, Busy):
                _fail(jobs, problem)
                return
        else:
            for job, each in zip(jobs, applied, strict=True):
                if not job.done.done():
                    job.done.set_result(each)
            return
        half = len(jobs) // 2
        await self._settle(jobs[:half])
        await self._settle(jobs[half:])


def _fail(jobs: list[_Job], problem: Exception) -> None:
    """Each caller gets an exception of its own: one that is raised twice carries two callers' tracebacks."""
    for job in jobs:
        if not job.done.done():
            job.done.set_exception(problem if job is jobs[0] else _again(problem))


def _again(problem: Exception) -> Exception:
    if isinstance(problem, ContactCenterError):
        return type(problem)(str(problem), code=problem.code)
    return problem
