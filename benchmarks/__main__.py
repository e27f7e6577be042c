"""`python -m benchmarks [decide|estimates|writer|lifecycles] [options]`; without a name all, with their defaults."""

from __future__ import annotations

import platform
import sys
from collections.abc import Callable

from benchmarks import bench_decide, bench_estimates, bench_lifecycles, bench_writer


def _with_argv(run: Callable[[], None], arguments: list[str]) -> None:
    sys.argv = [sys.argv[0], *arguments]
    run()


def main() -> None:
    runs: dict[str, Callable[[list[str]], None]] = {
        "decide": lambda arguments: _with_argv(bench_decide.main, arguments),
        "estimates": bench_estimates.main,
        "writer": lambda arguments: _with_argv(bench_writer.main, arguments),
        "lifecycles": bench_lifecycles.main,
    }
    named, arguments = sys.argv[1:2], sys.argv[2:]
    if named and named[0] not in runs:
        sys.exit(f"benchmarks: {', '.join(runs)}; not {named[0]}")
    print(f"Python {platform.python_version()} on {platform.machine()}")
    for name in named or list(runs):
        print(f"\n== {name}")
        runs[name](arguments)


if __name__ == "__main__":
    main()
