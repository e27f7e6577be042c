"""Units per second of the batch writer and of job queues in PostgreSQL, on one server, in one run.

    python -m benchmarks queues [--rounds 5] [--scale 1] [--only NAME,...] [--slow-disk MS[,MS...]]

A unit is one change of state that is found, claimed and finished durably, with one row of history: ours is a contact's
compare-and-set on its version, fenced, with its fact; a peer's is a job that is dequeued and completed, with the row
that the peer keeps of it, or one written by a trigger of the completing statement where it keeps none. Jobs and batches
are made before the clock starts. Each round gives every competitor a new database on the same embedded server (fsync
and synchronous_commit on) and a checkpoint before its turn; rounds interleave, so that a slow minute of the machine
hits all. A turn ends with the last durable row of history, by the server's clock; units without theirs are an error.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import statistics
import subprocess
import tempfile
from pathlib import Path

import asyncpg

from benchmarks.queues import install
from benchmarks.queues.competitors import ALL, Competitor
from benchmarks.queues.slow_disk import SlowDisk
from contactcenter.storage.embedded import EmbeddedPostgres

PATIENCE_S = 300
SETTLED_AFTER = 50
"""Looks, a tenth of a second apart."""


def turn(server: EmbeddedPostgres, competitor: Competitor, jobs: int) -> float:
    """Units per second of one competitor on a database of its own."""
    asyncio.run(_execute(server.dsn, "CREATE DATABASE turn"))
    dsn = server.dsn.replace("/postgres?", "/turn?")
    try:
        told = _run(competitor.command(dsn, jobs))
        done, last = asyncio.run(_done(dsn, competitor.history, jobs))
        if done != jobs:
            raise SystemExit(f"{competitor.name} ({competitor.setting}): {done} of {jobs} units have their history")
        return jobs / (told.get("ended", last) - told["began"])
    finally:
        asyncio.run(_execute(server.dsn, "DROP DATABASE turn WITH (FORCE)"))


def _run(command: list[str]) -> dict[str, float]:
    environment = os.environ | {"QUEUES_HOME": str(install.HOME)}
    done = subprocess.run(
        command, capture_output=True, text=True, timeout=PATIENCE_S, env=environment, cwd=install.ROOT
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(command[:3])}: {done.stderr[-2000:]}")
    told: dict[str, float] = json.loads(done.stdout.strip().splitlines()[-1])
    return told


async def _execute(dsn: str, statement: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(statement)
    await connection.close()


async def _done(dsn: str, history: str, jobs: int) -> tuple[int, float]:
    """A worker may be gone while the server still commits its last units: on a slow disk that is to be seen."""
    connection = await asyncpg.connect(dsn)
    for _ in range(SETTLED_AFTER):
        count, last = await connection.fetchrow(history)
        if count == jobs:
            break
        await asyncio.sleep(0.1)
    await connection.close()
    return count, last


def available(names: str) -> list[Competitor]:
    """Those who can run here; why one cannot is printed."""
    found, missing = [], set()
    for each in ALL:
        if names and each.name not in names.split(","):
            continue
        try:
            each.runtime()
        except install.Unavailable as error:
            missing.add(f"{each.name} is left out: {error}")
            continue
        found.append(each)
    print(*sorted(missing), sep="\n", end="\n" if missing else "")
    return found


def measure(server: EmbeddedPostgres, competitors: list[Competitor], *, rounds: int, scale: float) -> None:
    rates: dict[Competitor, list[float]] = {each: [] for each in competitors}
    for _ in range(rounds):
        for each in competitors:
            rates[each].append(turn(server, each, _rounded(each, scale)))
    print(f"{'':16} {'':38} {'units/s':>8} {'lowest':>8} {'highest':>8} {'units':>7}")
    for each, found in rates.items():
        spread = f"{min(found):8,.0f} {max(found):8,.0f} {_rounded(each, scale):7,}"
        print(f"{each.name:16} {each.setting:38} {statistics.median(found):8,.0f} {spread}")


def _rounded(competitor: Competitor, scale: float) -> int:
    """Whole batches for everybody."""
    step = 2000 if competitor.jobs >= 20_000 else 100
    return max(step, round(competitor.jobs * scale / step) * step)


def main(options: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks queues", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--scale", type=float, default=1.0, help="of the units of each turn")
    parser.add_argument("--only", default="", help="names, with commas")
    parser.add_argument("--slow-disk", default="0", help="milliseconds that each flush takes more; several with commas")
    arguments = parser.parse_args(options)
    competitors = available(arguments.only)
    for ms in map(float, arguments.slow_disk.split(",")):
        with tempfile.TemporaryDirectory(prefix="contactcenter-bench-") as folder:
            Path(folder).chmod(0o755)
            with SlowDisk(f"{folder}/pg", ms) if ms else EmbeddedPostgres(f"{folder}/pg") as server:
                print(f"\neach flush {ms:g} ms slower" if ms else "\nthe disk as it is", flush=True)
                measure(server, competitors, rounds=arguments.rounds, scale=arguments.scale)
