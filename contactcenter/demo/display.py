"""What a person sees while the hour goes by: bars on a terminal, plain lines everywhere else."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeElapsedColumn

EVERY_S = 5.0
"""Between two plain lines."""


class Display:
    """`lane(name, total)` returns what to call with the number of steps played and of contacts that came in."""

    def __init__(self, console: Console, clock: Callable[[], float]) -> None:
        self._console = console
        self._clock = clock
        self._progress: Progress | None = None
        self._counts: dict[str, tuple[int, int]] = {}
        self._said_at = clock()

    def __enter__(self) -> Self:
        if self._console.is_terminal:
            columns = (TextColumn("{task.description:>16}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
            self._progress = Progress(*columns, console=self._console)
            self._progress.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._progress is not None:
            self._progress.stop()

    def say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False)

    def lane(self, name: str, total: int) -> Callable[[int], None]:
        """One thing that goes on."""
        task = self._progress.add_task(name, total=total) if self._progress is not None else None

        def told(done: int) -> None:
            self._counts[name] = (done, total)
            self._show(task, done)

        return told

    def _show(self, task: TaskID | None, done: int) -> None:
        if self._progress is not None and task is not None:
            with suppress(KeyError):
                self._progress.update(task, completed=done)
        elif self._clock() - self._said_at >= EVERY_S:
            self._said_at = self._clock()
            going = {name: count for name, count in self._counts.items() if count[0] < count[1]}
            self.say("  ".join(f"{name} {done}/{total}" for name, (done, total) in (going or self._counts).items()))
