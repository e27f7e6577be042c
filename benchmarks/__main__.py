"""`python -m benchmarks [NAME] [options]`; without a name all that need nothing else, with their defaults.

yardstick measures the machine; decide, day, staffing, peers and estimates the routing core alone, and in-turn two
compiled ones beside each other; dispatch what a decided event costs around it; writer, lifecycles and takeover the
database as well; queues the batch writer beside job queues (which it installs); doors, sockets and ari a whole running
service, floor the traffic of doors through an empty one; asterisk a real Asterisk and SIPp, where they are.
"""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

from benchmarks import (
    bench_ari,
    bench_asterisk,
    bench_day,
    bench_decide,
    bench_dispatch,
    bench_doors,
    bench_estimates,
    bench_floor,
    bench_in_turn,
    bench_lifecycles,
    bench_peers,
    bench_sockets,
    bench_staffing,
    bench_takeover,
    bench_writer,
    bench_yardstick,
)
from benchmarks.queues import run as queues

RUNS: dict[str, Callable[[list[str]], None]] = {
    "yardstick": bench_yardstick.main,
    "decide": bench_decide.main,
    "in-turn": bench_in_turn.main,
    "day": bench_day.main,
    "staffing": bench_staffing.main,
    "peers": bench_peers.main,
    "estimates": bench_estimates.main,
    "dispatch": bench_dispatch.main,
    "writer": bench_writer.main,
    "lifecycles": bench_lifecycles.main,
    "takeover": bench_takeover.main,
    "doors": bench_doors.main,
    "floor": bench_floor.main,
    "sockets": bench_sockets.main,
    "queues": queues.main,
    "ari": bench_ari.main,
    "asterisk": bench_asterisk.main,
}
NOT_ALONE = {"asterisk", "in-turn"}
"""They need what `make` does not set up, an Asterisk or a second core: named, they run."""


def main() -> None:
    named, arguments = sys.argv[1:2], sys.argv[2:]
    if named and named[0] not in RUNS:
        sys.exit(f"benchmarks: {', '.join(RUNS)}; not {named[0]}")
    print(f"Python {platform.python_version()} on {platform.machine()}")
    for name in named or [name for name in RUNS if name not in NOT_ALONE]:
        print(f"\n== {name}", flush=True)
        RUNS[name](arguments)


if __name__ == "__main__":
    main()
