"""Two compiled cores beside each other, because this machine's speed changes from one minute to the next.

    python -m benchmarks in-turn OLD NEW [--waiting 100000] [--rounds 20] [--starts 3]

OLD and NEW are targets of `deploy/compile_core.py`. Each decides in a process of its own, one round after the other;
what is told is the median of the ratios of the rounds, new to old, and of each start its own: a process that is luckier
with its memory is luckier in all its rounds.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from benchmarks.bench_decide import is_plain, measure
from benchmarks.loaded import Centre
from contactcenter.wiring import garbage, large_pages

DECIDE: Final = "--decide"
EVENTS: Final = 2_000
"""Decisions of a round."""
COLUMNS: Final = ("p50", "p99", "events/s")


def answer_rounds(waiting: int) -> None:
    """The measured process: a round for each line that it reads."""
    if is_plain():
        sys.exit("this core is not compiled")
    centre = Centre(10_000, 10, 1000, seed=1)
    centre.grow(waiting)
    centre.warm_up()
    garbage.settle()
    large_pages.ask(at_once=True)
    print("ready", flush=True)
    for _ in sys.stdin:
        print(*measure(centre, EVENTS)[:3], flush=True)


class Core:
    """A process that decides with one of the cores."""

    def __init__(self, core: Path, waiting: int) -> None:
        command = [sys.executable, "-P", "-m", "benchmarks", "in-turn", DECIDE, str(waiting)]
        environment = os.environ | {"PYTHONPATH": f"{core.resolve()}{os.pathsep}."}
        self._process = subprocess.Popen(
            command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def is_ready(self) -> bool:
        assert self._process.stdout is not None
        return any(line.strip() == "ready" for line in self._process.stdout)

    def decides(self) -> list[float]:
        """p50 and p99 in microseconds, events per second."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write("\n")
        self._process.stdin.flush()
        return [float(each) for each in self._process.stdout.readline().split()]

    def end(self) -> None:
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def compare(old: Path, new: Path, *, waiting: int, rounds: int) -> list[tuple[list[float], list[float]]]:
    """Of each round what the old and the new one took; who is first changes."""
    cores = [Core(old, waiting), Core(new, waiting)]
    try:
        if not all(core.is_ready() for core in cores):
            sys.exit("a core did not start")
        found = []
        for number in range(rounds):
            first = number % 2
            took = {at: cores[at].decides() for at in (first, 1 - first)}
            found.append((took[0], took[1]))
        return found
    finally:
        for core in cores:
            core.end()


def told(name: str, found: Sequence[tuple[list[float], list[float]]]) -> None:
    parts = []
    for at, column in enumerate(COLUMNS):
        old, new = statistics.median(each[at] for each, _ in found), statistics.median(each[at] for _, each in found)
        ratio = statistics.median(after[at] / before[at] for before, after in found)
        parts.append(f"{column} {old:.1f} -> {new:.1f} ({ratio:.3f})")
    print(f"{name:>9}  {'  '.join(parts)}", flush=True)


def main(arguments: list[str]) -> None:
    if arguments[:1] == [DECIDE]:
        answer_rounds(int(arguments[1]))
        return
    parser = argparse.ArgumentParser(prog="benchmarks in-turn", description="Two compiled cores, in turn.")
    parser.add_argument("old", type=Path)
    parser.add_argument("new", type=Path)
    parser.add_argument("--waiting", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=20)
    parser.add_argument("--starts", type=int, default=3)
    options = parser.parse_args(arguments)
    every = []
    for start in range(options.starts):
        found = compare(options.old, options.new, waiting=options.waiting, rounds=options.rounds)
        told(f"start {start + 1}", found)
        every += found
    told("all", every)
