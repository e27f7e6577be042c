"""How long one decision takes, by the number of waiting contacts.

    python -m benchmarks decide [--agents 10000] [--leases 10] [--signatures 1000] [--sizes 1000,10000,100000,300000]

A loaded centre (loaded.py): every agent busy, so many contacts waiting, then a mixed stream of events in a closed
loop. Prints medians over the rounds of p50 and p99 in microseconds, of events per second (of the processor's time,
as the machine is shared), and the memory of one more waiting contact.
"""

from __future__ import annotations

import argparse
import gc
import statistics
import tracemalloc
from collections import defaultdict

from benchmarks.loaded import Centre


def measure(centre: Centre, events: int) -> tuple[float, float, float]:
    """One round: p50 and p99 in microseconds, and events per second."""
    centre.took.clear()
    gc.collect()

    while len(centre.took) < events:
        centre.one_round()

    took = sorted(each for _, each in centre.took)

    return took[len(took) // 2] * 1e6, took[len(took) * 99 // 100] * 1e6, len(took) / sum(took)


def by_kind(centre: Centre) -> str:
    """The median of each kind of event, and how many there were."""
    kinds: dict[str, list[float]] = defaultdict(list)
    for kind, each in centre.took:
        kinds[kind].append(each)
    medians = {kind: statistics.median(each) * 1e6 for kind, each in kinds.items()}
    return ", ".join(f"{kind} {medians[kind]:.1f} ({len(kinds[kind])})" for kind in sorted(medians, key=medians.get))


def memory(centre: Centre, more: int) -> float:
    """Bytes that one more waiting contact takes, its own values included."""
    gc.collect()
    tracemalloc.start()
    before = tracemalloc.get_traced_memory()[0]
    centre.grow(centre.waiting() + more)
    centre.took.clear()
    gc.collect()
    after = tracemalloc.get_traced_memory()[0]
    tracemalloc.stop()
    return (after - before) / more


def main() -> None:
    parser = argparse.ArgumentParser(description="How long one decision takes.")
    parser.add_argument("--agents", type=int, default=10_000)
    parser.add_argument("--leases", type=int, default=10)
    parser.add_argument("--sizes", default="1000,10000,100000,300000", help="waiting contacts, comma separated")
    parser.add_argument("--signatures", type=int, default=1000)
    parser.add_argument("--events", type=int, default=50_000, help="measured decisions a round")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--kinds", action="store_true", help="also the median of each kind of event")
    options = parser.parse_args()
    print(
        f"{options.agents} agents in {options.leases} leases, 5 of 50 skills each, {options.signatures} signatures, "
        f"{options.rounds} rounds"
    )
    print(f"{'waiting':>9} {'p50 us':>8} {'p99 us':>8} {'events/s':>10}")
    centre = Centre(options.agents, options.leases, options.signatures, seed=1)
    for waiting in sorted(int(size) for size in options.sizes.split(",")):
        centre.grow(waiting)
        centre.warm_up()
        rounds = [measure(centre, options.events) for _ in range(options.rounds)]
        p50, p99, rate = (statistics.median(column) for column in zip(*rounds, strict=True))
        print(f"{centre.waiting():>9} {p50:>8.1f} {p99:>8.1f} {rate:>10.0f}", flush=True)
        if options.kinds:
            print(f"          {by_kind(centre)}")
    print(f"one more waiting contact: {memory(centre, 20_000):.0f} bytes")


if __name__ == "__main__":
    main()
