"""Calls of an Asterisk, durable: from StasisStart written to the ring command received, and how long agents idle.

The Asterisk is the tests' emulator in a process of its own, which keeps the time; the service, its database and it
share the machine. `python -m benchmarks ari [--rate N] [--agents N] [--calls N] [--talk S]`.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import socket
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.ari_centre import ari_centre
from benchmarks.large_example import LINE
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.pool import open_pool
from contactcenter.wiring import garbage

ROOT = Path(__file__).parents[1]


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def _run(dsn: str, folder: Path, options: argparse.Namespace, *load: str, after_call: bool) -> dict[str, Any]:
    """Start the Asterisk, then the centre, then the calls."""
    port = _free_port()
    command = (
        sys.executable,
        "-P",
        "-m",
        "ari.pbx",
        str(port),
        "--dialled",
        LINE,
        "--calls",
        str(options.calls),
        *load,
    )
    path = os.pathsep.join((str(ROOT), str(ROOT / "tests")))
    pbx = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE, env={**os.environ, "PYTHONPATH": path},
        limit=2**26,
    )  # fmt: skip
    pool = await open_pool(dsn, max_size=16)
    async with pool.acquire() as connection:
        await migrate(connection)
    address = f"http://127.0.0.1:{port}/ari"
    assert pbx.stdin
    assert pbx.stdout
    lines, agents = options.agents + 100, options.agents
    async with ari_centre(pool, folder, address, lines=lines, agents=agents, after_call=after_call) as centre:
        garbage.settle()
        pbx.stdin.write(b"go\n")
        said = await pbx.stdout.readline()
        await pbx.wait()
        figures: dict[str, Any] = json.loads(said)
        figures["blocked"] = centre.count("contact.blocked")
    await pool.close()
    return figures


def _percentiles(values: list[float]) -> str:
    ordered = sorted(values)
    if not ordered:
        return f"{'-':>7} {'-':>7} {'-':>7}"
    return " ".join(f"{ordered[min(int(len(ordered) * share), len(ordered) - 1)]:>7.1f}" for share in (0.5, 0.95, 0.99))


def _measure(options: argparse.Namespace, *load: str, after_call: bool = True) -> dict[str, Any]:
    import uvloop

    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(f"{folder}/pg") as server:
            figures: dict[str, Any] = uvloop.run(_run(server.dsn, Path(folder), options, *load, after_call=after_call))
            return figures


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks ari", description=__doc__)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--calls", type=int, default=3000)
    parser.add_argument("--talk", type=float, default=1.5)
    options = parser.parse_args(arguments)
    print(f"{options.agents} agents, {options.calls} calls, each talks {options.talk} s; milliseconds")
    print(f"{'':34} {'p50':>7} {'p95':>7} {'p99':>7}  talked blocked requests  left")
    talk = ("--talk", str(options.talk))
    steady = _measure(options, "--rate", str(options.rate), *talk)
    _show(f"{options.rate:.0f} calls/s: StasisStart to ring", steady["waits"], steady)
    keep = ("--keep", str(options.agents + 50), *talk)
    full = _measure(options, *keep)
    _show("saturated: an agent idles", full["gaps"], full)
    bare = _measure(options, *keep, after_call=False)
    _show("and without work after a call", bare["gaps"], bare)


def _show(name: str, values: list[float], figures: dict[str, Any]) -> None:
    counts = f"{figures['talked']:>7} {figures['blocked']:>7} {figures['requests']:>8} {figures['left']:>5}"
    print(f"{name:34} {_percentiles(values)} {counts}", flush=True)
