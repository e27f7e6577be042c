"""An event loop in virtual time: sleeping costs nothing, a seed picks the interleaving, and a process can be frozen.

It has no selector and one thread. What belongs to a process carries its name in `PROCESS`, a context variable; a frozen
process takes no step, as after SIGSTOP, while timers and everybody else go on. A history is some thousand turns, and a
hundred thousand histories are played: so it has handles of its own, and does nothing for debuggers or other threads.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Callable, Coroutine
from contextvars import Context, ContextVar, copy_context
from heapq import heappop, heappush
from typing import Any, TypeVar

T = TypeVar("T")
PROCESS: ContextVar[str] = ContextVar("PROCESS", default="")
MANY = 1000
"""Tasks; about as many as are done and still known."""
TICKS_PER_S = 1_000_000
"""Time in whole microseconds: the same order on every machine."""
MOST_TURNS = 20_000_000
"""Of one run; a history has some thousands. Who needs more goes round in circles."""


class Deadlock(AssertionError):
    """Everybody waits for something that can no longer happen, or nobody comes to an end."""


class Handle:
    """Something to be done in its turn. One that was cancelled keeps its turn and does nothing in it."""

    __slots__ = ("args", "callback", "context")

    def __init__(self, callback: Callable[..., object], args: tuple[object, ...], context: Context | None) -> None:
        self.callback = callback
        self.args = args
        self.context = copy_context() if context is None else context

    def cancel(self) -> None:
        self.callback, self.args = _nothing, ()

    def cancelled(self) -> bool:
        return self.callback is _nothing

    def steps_a_task(self) -> bool:
        return isinstance(getattr(self.callback, "__self__", None), asyncio.Task)

    def __lt__(self, other: object) -> bool:
        """Two timers of one instant: neither is first."""
        return False


def _nothing() -> None: ...


class NumberedTask(asyncio.Task[T]):
    """Hashes by its number: a TaskGroup keeps a set of its tasks, and cancels them in the order of that set.

    By its address, which is another in every run, one seed would tell several histories.
    """

    def __init__(self, number: int, coro: Coroutine[Any, Any, T], **given: Any) -> None:
        self._number = number
        super().__init__(coro, **given)

    def __hash__(self) -> int:
        return self._number


class VirtualLoop(asyncio.BaseEventLoop):
    _scheduled: list[tuple[float, Handle]]  # type: ignore[assignment]

    def __init__(self, seed: int) -> None:
        super().__init__()
        self._ticks = 0
        self._now = 0.0
        self._clock_resolution = 1 / TICKS_PER_S
        self._rng = random.Random(seed)
        self._frozen: set[str] = set()
        self._asleep: list[Handle] = []
        """What the frozen would do now."""
        self._processes: dict[str, Context] = {}
        self._tasks: list[asyncio.Task[Any]] = []
        """In the order in which they were made, some of them done: a set of tasks has another order in every run."""
        self._many = MANY
        self._made = 0
        """Tasks so far."""

    def time(self) -> float:
        return self._now

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
        kept = self._processes.get(process)
        if kept is None:
            kept = self._processes[process] = Context()
            kept.run(PROCESS.set, process)
        return self.create_task(work, context=kept.copy())

    def end(self) -> None:
        """Everybody unwinds, the frozen too; what they begin while they do so is ended as well."""
        for process in tuple(self._frozen):
            self.thaw(process)
        while left := self._left():
            for task in left:
                task.cancel()
            self.run_until_complete(asyncio.gather(*left, return_exceptions=True))

    # --- what asyncio asks for ---------------------------------------------------------------------------------

    def call_soon(self, callback: Callable[..., object], *args: Any, context: Context | None = None) -> Handle:  # type: ignore[override]
        if self._closed:
            self._check_closed()
        handle = Handle(callback, args, context)
        self._ready.append(handle)
        return handle

    def call_at(  # type: ignore[override]
        self, when: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        if self._closed:
            self._check_closed()
        handle = Handle(callback, args, context)
        heappush(self._scheduled, (when, handle))
        return handle

    def call_later(  # type: ignore[override]
        self, delay: float, callback: Callable[..., object], *args: Any, context: Context | None = None
    ) -> Handle:
        return self.call_at(self._now + delay, callback, *args, context=context)

    def create_task(  # type: ignore[override]
        self, coro: Coroutine[Any, Any, T], *, name: str | None = None, context: Context | None = None
    ) -> asyncio.Task[T]:
        self._made += 1
        task = NumberedTask(self._made, coro, loop=self, name=name, context=context)
        self._tasks.append(task)
        if len(self._tasks) > self._many:
            self._many = MANY + 2 * len(self._left())
        return task

    def _left(self) -> list[asyncio.Task[Any]]:
        self._tasks = [task for task in self._tasks if not task.done()]
        return list(self._tasks)

    def run_in_executor(self, executor: object, func: Callable[..., T], *args: Any) -> asyncio.Future[T]:  # type: ignore[override]
        """There are no threads: it is done at once."""
        done: asyncio.Future[T] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as problem:
            done.set_exception(problem)
        return done

    # --- one turn after the other ------------------------------------------------------------------------------

    def _run_once(self) -> None:
        """Not once: until the loop is told to stop. All of a history's time goes through here."""
        ready, frozen = self._ready, self._frozen
        for _ in range(MOST_TURNS):
            if frozen:
                self._put_to_sleep()
            while not ready:
                self._advance()
                if frozen:
                    self._put_to_sleep()
            handle = ready.popleft() if len(ready) == 1 else self._chosen()
            try:
                handle.context.run(handle.callback, *handle.args)
            except (SystemExit, KeyboardInterrupt):
                raise
            except BaseException as problem:
                self.call_exception_handler({"message": f"in {handle.callback}", "exception": problem})
            if self._stopping:
                return
        raise Deadlock(f"{MOST_TURNS} turns, and no end at {self.time():.6f} s")

    def _chosen(self) -> Handle:
        """First in, first out, except that any task that is ready may be the next to step."""
        ready = self._ready
        if not ready[0].steps_a_task():
            return ready.popleft()
        chosen = self._rng.choice([each for each in ready if each.steps_a_task()])
        ready.remove(chosen)
        return chosen

    def _put_to_sleep(self) -> None:
        frozen = self._frozen
        for handle in [each for each in self._ready if each.context.get(PROCESS, "") in frozen]:
            self._ready.remove(handle)
            self._asleep.append(handle)

    def _advance(self) -> None:
        """To the next timer that counts, and everything that is due with it."""
        scheduled = self._scheduled
        while scheduled and scheduled[0][1].cancelled():
            heappop(scheduled)
        if not scheduled:
            raise Deadlock(f"nothing is ready at {self.time():.6f} s; frozen: {sorted(self._frozen)}")
        self._ticks = max(self._ticks, round(scheduled[0][0] * TICKS_PER_S))
        self._now = self._ticks / TICKS_PER_S
        while scheduled and round(scheduled[0][0] * TICKS_PER_S) <= self._ticks:
            handle = heappop(scheduled)[1]
            if not handle.cancelled():
                self._ready.append(handle)

    # One thread: nobody has to be woken from outside, and there are no files.
    def _write_to_self(self) -> None: ...

    def _process_events(self, events: object) -> None: ...


def simulate(loop: VirtualLoop, main: Coroutine[Any, Any, T]) -> T:
    """Run to the end, and leave no task behind."""
    asyncio.set_event_loop(loop)
    try:
        return loop.run_until_complete(main)
    finally:
        loop.end()
        asyncio.set_event_loop(None)
        loop.close()
