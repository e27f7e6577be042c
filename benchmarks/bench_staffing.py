"""Does the core staff like theory? Square-root staffing, and Erlang C and A over a grid, formula beside simulation.

    python -m benchmarks.bench_staffing [--contacts 10000] [--grid 60000] [--seed 1]

Every simulated contact goes through `routing.decide`. A cell of the grid gives the expected value and the nominal
99.9 % interval of 30 batch means; `!` marks an interval that does not hold it. Waits are skewed and the intervals less
sure than their name: of the 105 of seed 1 two miss. `exact` tells luck from a fault of the core: it says whether every
contact waited as long as the recursion of Kiefer and Wolfowitz says, to the microsecond. Times are in mean talk times.
"""

from __future__ import annotations

import argparse
import math
import time
from collections.abc import Sequence

from benchmarks.simulator.erlang import erlang_c, halfin_whitt, square_root_staffing
from benchmarks.simulator.first_come import first_come
from benchmarks.simulator.one_queue import Queue, served

LOADS = (5, 10, 20, 50, 100, 200)
BETAS = (0.5, 1.0, 1.5, 2.0)
SIZES = (5, 10, 30)
PATIENT = (0.6, 0.7, 0.8, 0.9, 0.95)
IMPATIENT = ((0.8, 1.0), (1.0, 1.0), (1.0, 2.0), (1.2, 0.5), (1.2, 2.0))
"""(share of capacity, mean patience in mean talk times)."""
THRESHOLD = 0.2


def square_root(contacts: int, seed: int) -> None:
    print("square-root staffing, N = R + beta sqrt(R) rounded up; share that waits")
    print(f"{contacts} contacts a cell, above R = 20 in proportion to R")
    print("b = beta of the rounded N; all three predictions are for that N")
    print(f"{'R':>5} {'beta':>5} {'N':>4} {'b':>5} {'Halfin-Whitt':>13} {'Erlang C':>9} {'simulated':>17}")
    for load in LOADS:
        for beta in BETAS:
            agents = square_root_staffing(load, beta)
            seed += 1
            queue = Queue(agents, load, contacts * max(1, load // 20), seed=seed)
            waits = queue.measured(served(queue.driver().run()), THRESHOLD).waits
            real, exact = (agents - load) / math.sqrt(load), erlang_c(agents, load, threshold=0).waits
            mark = " " if waits.holds(exact) else "!"
            predicted = f"{halfin_whitt(real):>13.4f} {exact:>9.4f}"
            print(f"{load:>5} {beta:>5} {agents:>4} {real:>5.2f} {predicted} {waits!s:>17}{mark}", flush=True)


def _queues(cells: Sequence[tuple[int, float, float | None]], contacts: int, seed: int) -> list[Queue]:
    """Each cell with a seed of its own: with one for all of them they would be lucky or unlucky together."""
    return [Queue(n, n * rho, contacts, seed + at, patience) for at, (n, rho, patience) in enumerate(cells)]


def grid(cells: Sequence[Queue]) -> None:
    measures = ("waits", "wait", "served_within", "abandons")
    print(f"{'n':>3} {'rho':>5} {'patience':>8} {'exact':>5}" + "".join(f" {name:>26}" for name in measures))
    for queue in cells:
        done = served(queue.driver().run())
        exact = "yes" if done == first_come(queue.agents, queue.arrivals()) else "NO"
        expected, measured = queue.expected(THRESHOLD), queue.measured(done, THRESHOLD)
        columns = ""
        for name in measures:
            wanted, interval = getattr(expected, name), getattr(measured, name)
            columns += f" {wanted:>8.4f} {interval!s:>16}{' ' if interval.holds(wanted) else '!'}"
        patience = "-" if queue.patience is None else f"{queue.patience:g}"
        print(f"{queue.agents:>3} {queue.load / queue.agents:>5.2f} {patience:>8} {exact:>5}{columns}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Square-root staffing, Erlang C and Erlang A against the core.")
    parser.add_argument("--contacts", type=int, default=10_000, help="a cell of the square-root table")
    parser.add_argument("--grid", type=int, default=60_000, help="contacts a cell of the Erlang grid")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    wall, cpu = time.perf_counter(), time.process_time()
    square_root(options.contacts, options.seed)
    print(f"\nErlang C, {options.grid} contacts a cell; served within {THRESHOLD} talk times")
    cells = [(n, rho, None) for n in SIZES for rho in PATIENT]
    grid(_queues(cells, options.grid, options.seed + 1000))
    print("\nErlang A, as many contacts a cell")
    impatient = [(n, rho, patience) for n in SIZES for rho, patience in IMPATIENT]
    grid(_queues(impatient, options.grid, options.seed + 2000))
    print(f"\n{time.perf_counter() - wall:.0f} s, {time.process_time() - cpu:.0f} s of processor time")


if __name__ == "__main__":
    main()
