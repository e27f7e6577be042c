"""An event loop in virtual time: sleeping costs nothing, a seed picks the interleaving, and a process can be frozen.

It has no selector and one thread. What belongs to a process carries its name in `PROCESS`, a context variable; a frozen
process takes no step, as after SIGSTOP, while timers and everybody else go on.
"""

from __future__ import annotations

import asyncio
import heapq
import random
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar
from typing import Any, TypeVar

T = TypeVar("T")
PROCESS: ContextVar[str] = ContextVar("PROCESS", default="")
TICKS_PER_S = 1_000_000
"""Time in whole microseconds: the same order on every machine."""


class Deadlock(AssertionError):
    """Everybody waits for something that can no longer happen."""


class VirtualLoop(asyncio.BaseEventLoop):
    def __init__(self, seed: int) -> None:
        super().__init__()
        self._ticks = 0
        self._clock_resolution = 1 / TICKS_PER_S
        self._rng = random.Random(seed)
        self._frozen: set[str] = set()
        self._asleep: list[asyncio.Handle] = []
        """What the frozen would do now."""

    def time(self) -> float:
        return self._ticks / TICKS_PER_S

    # --- processes ---------------------------------------------------------------------------------------------

    def freeze(self, process: str) -> None:
        self._frozen.add(process)

    def thaw(self, process: str) -> None:
        self._frozen.discard(process)
        self._ready.extend(self._asleep)
        self._asleep.clear()

    def is_frozen(self, process: str) -> bool:
        return process in self._frozen

    def start(self, work: Coroutine[Any, Any, T], process: str) -> asyncio.Task[T]:
        """A task that belongs to the process, and so do the tasks that it starts."""
        context = Context()
        context.run(PROCESS.set, process)
        return self.create_task(work, context=context)

    def end(self) -> None:
        """Everybody unwinds, the frozen too; what they begin while they do so is ended as well."""
        for process in tuple(self._frozen):
            self.thaw(process)
        while left := asyncio.all_tasks(self):
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """There are no threads: it is done at once."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:
            done.set_exception(problem)
        return done

    # --- one turn ----------------------------------------------------------------------------------------------

    def _run_once(self) -> None:
        while (handle := self._next()) is None:
            self._advance()
        handle._run()

    def _next(self) -> asyncio.Handle | None:
        """First in, first out, except that any task that is ready may be the next to step."""
        ready = self._ready
        if len(ready) == 1 and not self._frozen:
            return ready.popleft()
        if self._frozen:
            self._put_to_sleep()
        if not ready:
            return None
        chosen = ready[0]
        if len(ready) > 1 and _steps_a_task(chosen):
            chosen = self._rng.choice([each for each in ready if _steps_a_task(each)])
        ready.remove(chosen)
        return chosen

    def _put_to_sleep(self) -> None:
        for handle in tuple(self._ready):
            if handle._context.get(PROCESS, "") in self._frozen:  # type: ignore[attr-defined]
                self._ready.remove(handle)
                self._asleep.append(handle)

    def _advance(self) -> None:
        """To the next timer that counts, and everything that is due with it."""
        scheduled = self._scheduled
        while scheduled and scheduled[0].cancelled():
            heapq.heappop(scheduled)._scheduled = False
        if not scheduled:
            raise Deadlock(f"nothing is ready at {self.time():.6f} s; frozen: {sorted(self._frozen)}")
        self._ticks = max(self._ticks, round(scheduled[0].when() * TICKS_PER_S))
        while scheduled and round(scheduled[0].when() * TICKS_PER_S) <= self._ticks:
            handle = heapq.heappop(scheduled)
            handle._scheduled = False
            if not handle.cancelled():
                self._ready.append(handle)

    # One thread: nobody has to be woken from outside, and there are no files.
    def _write_to_self(self) -> None: ...

    def _process_events(self, events: object) -> None: ...


def _steps_a_task(handle: asyncio.Handle) -> bool:
    return isinstance(getattr(handle._callback, "__self__", None), asyncio.Task)


def simulate(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and leave no task behind."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.end()
        asyncio.set_event_loop(None)
        loop.close()
