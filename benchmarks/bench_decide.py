"""How long one decision takes, by the number of waiting contacts.

    python -m benchmarks decide [--agents 10000] [--leases 10] [--signatures 1000] [--sizes 1000,10000,100000,300000]

A loaded centre (loaded.py): every agent busy, so many contacts waiting, then a mixed stream of events in a closed
loop. Prints medians over the rounds of p50 and p99 in microseconds, of decided events per second, and the memory of
one more waiting contact. `turn ns` is a yardstick: one turn of an almost empty loop, 20 to 25 ns on a machine that has
its core to itself, measured in between. Then the same with the compiled core (`make compile`), if there is one and it
is not what was measured.

Others use these cores too, and how much changes within a second. `--speeds` tells the decisions apart by what a turn
took just before and just after them.

Memory is kept as the service keeps it: what stands is not looked at again by the garbage collection (garbage.py), and
the heap is in large pages where the system gives them (large_pages.py); `--small-pages` leaves the latter away.
"""

from __future__ import annotations

import argparse
import gc
import os
import statistics
import subprocess
import sys
import time
import tracemalloc
from collections import defaultdict
from pathlib import Path
from typing import NamedTuple

from benchmarks.loaded import Centre
from contactcenter.wiring import garbage, large_pages
from routing import decide

COMPILED = Path(".build/compiled").resolve()
STRETCH = 200
"""Decisions between two looks at the yardstick: some milliseconds."""
SPEEDS = (42.0, 50.0)
"""Nanoseconds of a turn that part a quick machine from a middling one, and that from a slow one."""


class Stretch(NamedTuple):
    """Some decisions in a row. `turn`: the slower one of the yardsticks before and after them."""

    turn: float
    took: list[float]
    """Seconds of each."""


class Round(NamedTuple):
    p50: float
    p99: float
    """Microseconds."""
    rate: float
    """Decided events per second."""
    turn: float
    stretches: list[Stretch]


def turn() -> float:
    """Nanoseconds of one turn of an almost empty loop: how fast this machine is just now."""
    begin, total = time.perf_counter(), 0
    for number in range(20_000):
        total += number
    return (time.perf_counter() - begin) / 20_000 * 1e9


def measure(centre: Centre, events: int) -> Round:
    centre.forget_times()
    stretches: list[Stretch] = []
    turns = [turn()]
    while len(centre.took) < events:
        begin = len(centre.took)
        while len(centre.took) < begin + STRETCH:
            centre.one_round()
        turns.append(turn())
        stretches.append(Stretch(max(turns[-2:]), centre.took[begin:]))
    return Round(*figures(centre.took), statistics.median(turns), stretches)


def figures(took: list[float]) -> tuple[float, float, float]:
    """p50 and p99 in microseconds, events per second."""
    took = sorted(took)
    return took[len(took) // 2] * 1e6, took[len(took) * 99 // 100] * 1e6, len(took) / sum(took)


def by_speed(stretches: list[Stretch]) -> list[str]:
    """The figures of all decisions that were made while the machine was so quick."""
    slowest = (*SPEEDS, float("inf"))
    said = []
    for above, most in zip((0.0, *SPEEDS), slowest, strict=True):
        took = [each for stretch in stretches if above < stretch.turn <= most for each in stretch.took]
        if took:
            p50, p99, rate = figures(took)
            name = f"turn up to {most:.0f}" if most < slowest[-1] else "slower"
            said.append(f"{name:>18} {p50:>8.1f} {p99:>8.1f} {rate:>10.0f}   {len(took)} decisions")
    return said


def by_kind(centre: Centre) -> str:
    """The median of each kind of event, and how many there were."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for kind, each in zip(centre.kinds, centre.took, strict=True):
        kinds[kind].append(each)
    medians = {kind: statistics.median(each) * 1e6 for kind, each in kinds.items()}
    return ", ".join(f"{kind} {medians[kind]:.1f} ({len(kinds[kind])})" for kind in sorted(medians, key=medians.get))


def memory(centre: Centre, more: int) -> float:
    """Bytes that one more waiting contact takes, its own values included."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    centre.grow(centre.waiting() + more)
    centre.forget_times()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / more


def growth(found: dict[int, tuple[float, float]], file: Path) -> None:
    """Draw how a decision's time grows with the queue; a straight line on this axis is a logarithm."""
    from matplotlib.figure import Figure

    sizes = sorted(found)
    figure = Figure(figsize=(6.4, 3.6), layout="tight")
    axes = figure.subplots()
    for column, name in ((0, "p50"), (1, "p99")):
        axes.plot(sizes, [found[size][column] for size in sizes], marker="o", label=name)
    axes.set(xscale="log", yscale="log", xlabel="waiting contacts", ylabel="one decision, µs")
    axes.legend()
    file.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(file, metadata={"Date": None})


def is_plain() -> bool:
    return decide.__file__.endswith(".py")


def compiled(options: argparse.Namespace) -> None:
    """The same once more with the compiled core, if `make compile` has made one of these sources."""
    newest = max(path.stat().st_mtime for path in Path("routing").glob("*.py"))
    built = next(COMPILED.glob("*.so"), None)
    if built is None or built.stat().st_mtime < newest:
        print("compiled core: none of these sources; make compile")
        return
    command = [sys.executable, "-P", "-m", "benchmarks", "decide", "--once", *again(options)]
    subprocess.run(command, env=os.environ | {"PYTHONPATH": f"{COMPILED}{os.pathsep}."}, check=True)


def again(options: argparse.Namespace) -> list[str]:
    """The arguments of the same measurement; the drawing is that of the first one."""
    said = []
    for name, value in vars(options).items():
        flag = "--" + name.replace("_", "-")
        if name in ("once", "plot") or value is False:
            continue
        said += [flag] if value is True else [flag, str(value)]
    return said


def run(options: argparse.Namespace) -> None:
    print(
        f"{'plain' if is_plain() else 'compiled'} core, {options.agents} agents in "
        f"{options.leases} leases, 5 of 50 skills each, {options.signatures} signatures, {options.rounds} rounds"
    )
    print(f"{'waiting':>9} {'p50 us':>8} {'p99 us':>8} {'events/s':>10} {'turn ns':>8}")
    centre = Centre(options.agents, options.leases, options.signatures, seed=1)
    found = {}
    for waiting in sorted(int(size) for size in options.sizes.split(",")):
        centre.grow(waiting)
        centre.warm_up()
        garbage.settle()
        if not options.small_pages:
            large_pages.ask(at_once=True)
        rounds = [measure(centre, options.events) for _ in range(options.rounds)]
        p50, p99, rate, yardstick = (
            statistics.median(column) for column in zip(*(each[:4] for each in rounds), strict=True)
        )
        found[waiting] = (p50, p99)
        print(f"{centre.waiting():>9} {p50:>8.1f} {p99:>8.1f} {rate:>10.0f} {yardstick:>8.0f}", flush=True)
        if options.speeds:
            print(*by_speed([stretch for each in rounds for stretch in each.stretches]), sep="\n")
        if options.kinds:
            print(f"          {by_kind(centre)}")
    print(f"one more waiting contact: {memory(centre, 100_000):.0f} bytes")
    if options.plot:
        growth(found, options.plot)


def parse(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="benchmarks decide", description="How long one decision takes.")
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--leases", type=int, default=10)
    parser.add_argument("--sizes", default="1000,10000,100000,300000", help="waiting contacts, comma separated")
    parser.add_argument("--signatures", type=int, default=1000)
    parser.add_argument("--events", type=int, default=50_000, help="measured decisions a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--small-pages", action="store_true", help="as where the system gives no large ones")
    parser.add_argument("--kinds", action="store_true", help="also the median of each kind of event")
    parser.add_argument("--speeds", action="store_true", help="tell decisions apart by how quick the machine was")
    parser.add_argument("--plot", type=Path, help="draw the growth into this file (needs matplotlib)")
    parser.add_argument("--once", action="store_true", help="only with the core that is imported")
    return parser.parse_args(arguments)


def main(arguments: list[str]) -> None:
    options = parse(arguments)
    run(options)
    if is_plain() and not options.once:
        compiled(options)
