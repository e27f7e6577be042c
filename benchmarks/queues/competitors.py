"""Who takes part, how each is set up, and where its durable traces are."""

from __future__ import annotations

import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from benchmarks.queues import install

PEERS = Path(__file__).with_name("peers")
HISTORY = "SELECT count(*), extract(epoch FROM max(at))::float8 FROM history"
FACTS = "SELECT count(*), NULL::float8 FROM facts"
PGQUEUER = "SELECT count(*), extract(epoch FROM max(created))::float8 FROM pgqueuer_log WHERE status = 'successful'"
PROCRASTINATE = (
    "SELECT count(*), extract(epoch FROM max(at))::float8 FROM procrastinate_events WHERE type = 'succeeded'"
)


@dataclass(frozen=True)
class Competitor:
    """`jobs` is about two quiet seconds of work. `history` counts what is durably done, and says when the last was."""

    name: str
    setting: str
    jobs: int
    options: tuple[str, ...]
    history: str
    runtime: Callable[[], list[str]]
    script: str

    def command(self, dsn: str, jobs: int) -> list[str]:
        where = ["-m", self.script] if self.runtime is ours else [str(PEERS / self.script)]
        return [*self.runtime(), *where, dsn, str(jobs), *self.options]


def ours() -> list[str]:
    return [sys.executable]


def _ours(setting: str, jobs: int, *options: str) -> Competitor:
    return Competitor("contactcenter", setting, jobs, options, FACTS, ours, "benchmarks.queues.ours")


def _python(name: str, setting: str, jobs: int, history: str, *options: str) -> Competitor:
    return Competitor(name, setting, jobs, options, history, install.python, f"{name}_jobs.py")


def _node(name: str, setting: str, jobs: int, *options: str) -> Competitor:
    return Competitor(name, setting, jobs, options, HISTORY, install.node, f"{name}.mjs")


ALL = (
    _ours("batches of 200 (default)", 40_000, "200", "1"),
    _ours("batches of 1000", 60_000, "1000", "1"),
    _ours("batches of 1000, two domains", 80_000, "1000", "2"),
    _python("pgqueuer", "batch_size 10 (default)", 8_000, PGQUEUER, "10", "1"),
    _python("pgqueuer", "batch_size 500", 20_000, PGQUEUER, "500", "1"),
    _python("pgqueuer", "batch_size 500, two workers", 30_000, PGQUEUER, "500", "2"),
    _python("procrastinate", "concurrency 1 (default)", 400, PROCRASTINATE, "1"),
    _python("procrastinate", "concurrency 20", 1_000, PROCRASTINATE, "20"),
    _node("graphile-worker", "1 job at once (default)", 2_000, "1", "0"),
    _node("graphile-worker", "24 jobs at once", 6_000, "24", "0"),
    _node("graphile-worker", "24 at once, local queue 500, batched", 40_000, "24", "500"),
    _node("pg-boss", "fetch 1, complete 1; 10 at once", 4_000, "1"),
    _node("pg-boss", "work, batches of 500, burst", 20_000, "500"),
)
