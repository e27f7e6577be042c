"""Many histories of routers, on all cores: how far it is, what is wrong with which seed, and how to go on after a stop.

Histories are independent: each process gets blocks of seeds in their order, and the one that was started counts.
"""

from __future__ import annotations

import argparse
import gc
import logging
import multiprocessing
import multiprocessing.pool
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import closing
from functools import partial
from types import FrameType
from typing import Any

from simulation.blind import BlindRoutingStore
from simulation.routers import Told, history, small_document

from contactcenter.storage.memory.routing import MemoryRoutingStore

BLOCK = 20
"""Seeds in one go, about a second: what a stop may have to do again, for each process."""
EVERY_S = 10.0
"""Between two lines of progress."""
STOPPED = 130
"""The exit code of what was interrupted, as shells have it."""
SHOWN = 3
"""Seeds whose violations are printed; the others are named."""


def main(arguments: Sequence[str]) -> int:
    """0: every promise holds in every history (with --blind: it was caught), 1: not so, 130: stopped before the end."""
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.routers", description=__doc__)
    parser.add_argument("--histories", type=_whole, default=5000)
    parser.add_argument("--first", type=_whole, default=1, help="the first seed; with --histories 1 one history again")
    parser.add_argument(
        "--jobs", type=_whole, default=os.cpu_count() or 1, help="processes; default: one for each core"
    )
    parser.add_argument(
        "--blind", action="store_true", help="a store without fence and compare-and-set: must be caught"
    )
    options = parser.parse_args(arguments)
    seeds = range(options.first, options.first + options.histories)
    with Stop() as stop:
        return run(seeds, jobs=options.jobs, blind=options.blind, stop=stop).code


def run(seeds: range, *, jobs: int, blind: bool, stop: Stop) -> Tally:
    """Plays them, or as many as there is time for, and says what came out."""
    tally = Tally(seeds, blind=blind)
    with closing(_played(seeds, jobs, BlindRoutingStore if blind else MemoryRoutingStore)) as played:
        for block in played:
            tally.count(block)
            if stop.asked:
                break
    tally.end()
    return tally


def _whole(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} is not 1 or more")
    return number


# --- playing ---------------------------------------------------------------------------------------------------------


def _played(seeds: range, jobs: int, store: type[MemoryRoutingStore]) -> Iterator[list[Told]]:
    """Blocks as they are done; an empty one now and then while none is."""
    blocks = [seeds[number : number + BLOCK] for number in range(0, len(seeds), BLOCK)]
    play = partial(_play, store=store)
    jobs = min(jobs, len(blocks))
    if jobs == 1:
        _settle_down()
        yield from map(play, blocks)
        return
    with multiprocessing.get_context("spawn").Pool(jobs, initializer=_begin) as pool:
        done = pool.imap_unordered(play, blocks)
        for _ in blocks:
            yield from _next(done)


def _next(done: multiprocessing.pool.IMapIterator[list[Told]]) -> Iterator[list[Told]]:
    while True:
        try:
            yield done.next(timeout=0.5)
            return
        except multiprocessing.TimeoutError:
            yield []


def _begin() -> None:
    """Ctrl-C goes to every process of a terminal; only the one that counts listens to it."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    _settle_down()


def _settle_down() -> None:
    """Every fault would be logged, and there are many. What all histories share is not looked through for garbage."""
    logging.disable(logging.CRITICAL)
    small_document()
    gc.freeze()


def _play(seeds: range, store: type[MemoryRoutingStore]) -> list[Told]:
    return [_one(seed, store) for seed in seeds]


def _one(seed: int, store: type[MemoryRoutingStore]) -> Told:
    """A check that fails on what it finds is a finding too, and has a seed."""
    try:
        return history(seed, store)
    except Exception as problem:
        return Told(seed, [f"{type(problem).__name__}: {problem}"], 0, 0, 0)


class Stop:
    """Whether Ctrl-C or SIGTERM was heard; the second time it is over at once."""

    def __init__(self) -> None:
        self.asked = False
        self._before: dict[int, Any] = {}

    def __enter__(self) -> Stop:
        self._before = {number: signal.signal(number, self._ask) for number in (signal.SIGINT, signal.SIGTERM)}
        return self

    def __exit__(self, *problem: object) -> None:
        for number, before in self._before.items():
            signal.signal(number, before)

    def _ask(self, number: int, frame: FrameType | None) -> None:
        self.asked = True
        signal.signal(number, self._before[number])


# --- telling ---------------------------------------------------------------------------------------------------------


class Tally:
    def __init__(self, seeds: range, *, blind: bool) -> None:
        self._seeds = seeds
        self._blind = blind
        self._again = f"python -m tests.simulation.routers {'--blind ' if blind else ''}--first"
        self._began = self._spoke = time.perf_counter()
        self._ahead: set[int] = set()
        self._next = seeds.start
        self._count = self._events = self._takeovers = self._from_living = 0
        self.bad: list[int] = []

    @property
    def left(self) -> int:
        return len(self._seeds) - self._count

    @property
    def code(self) -> int:
        """The exit code: see `main`."""
        return STOPPED if self.left else int(bool(self.bad) != self._blind)

    def count(self, block: Sequence[Told]) -> None:
        for told in block:
            self._add(told)
        while self._next in self._ahead:
            self._ahead.discard(self._next)
            self._next += 1
        if time.perf_counter() - self._spoke > EVERY_S:
            self._spoke = time.perf_counter()
            _say(f"{self._sum()}, {self.left / max(self._rate(), 0.01) / 60:.0f} min to go")

    def _add(self, told: Told) -> None:
        self._ahead.add(told.seed)
        self._count += 1
        self._events += told.events
        self._takeovers += told.takeovers
        self._from_living += told.false_takeovers
        if told.wrong:
            self.bad.append(told.seed)
            if len(self.bad) <= SHOWN:
                _say(f"seed {told.seed}:", *told.wrong[:10], sep="\n  ")
                _say(f"  again: {self._again} {told.seed} --histories 1")

    def _sum(self) -> str:
        """The seeds before the first one that is still to be played, and what is known of all that were."""
        up_to = f"seeds {self._seeds.start} to {self._next - 1}" if self._next > self._seeds.start else "no seed"
        return f"{up_to} done; {self._count} histories, {len(self.bad)} with violations, {self._rate():.1f} histories/s"

    def _rate(self) -> float:
        return self._count / (time.perf_counter() - self._began)

    def end(self) -> None:
        _say(self._sum())
        changes = f"{self._takeovers} takeovers, {self._from_living} of them from an owner that was alive"
        _say(f"{self._events} events decided, {changes}")
        if self.bad:
            _say(f"seeds with violations: {', '.join(map(str, sorted(self.bad)[:20]))}")
        if self.left:
            _say(f"stopped; the rest: {self._again} {self._next} --histories {self._seeds.stop - self._next}")


def _say(*what: object, sep: str = " ") -> None:
    print(*what, sep=sep, flush=True)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
