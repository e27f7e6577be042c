"""Calls of a real Asterisk, durable: from the caller's INVITE to the agent's, by SIPp on loopback.

    ASTERISK_ROOT=/srv/asterisk python -m benchmarks asterisk [--rate N] [--agents N] [--seconds S]

Needs an Asterisk (`ASTERISK`, `ASTERISK_ROOT`: tests/real/asterisk.py) and SIPp. Signalling only. Callers talk 1.5 s;
agents answer after 50 ms. Asterisk, SIPp, the service and its database share the machine.
"""

from __future__ import annotations

import argparse
import asyncio
import re
import sys
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from datetime import datetime
from pathlib import Path

from benchmarks.ari_centre import ari_centre
from benchmarks.bench_ari import _free_port
from benchmarks.large_example import LINE
from benchmarks.processor import tree_s
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.pool import open_pool
from contactcenter.wiring import garbage

REAL = Path(__file__).parents[1] / "tests" / "real"
_LINE = re.compile(r"^([SR]) (\d+) (\S+\s+\S+)")


async def _sipp(folder: Path, scenario: str, host: str, port: int, *more: str) -> asyncio.subprocess.Process:
    command = ("sipp", "-sf", str(REAL / f"{scenario}.xml"), "-i", host, "-p", str(port), "-trace_logs", "-nostdin")
    log = ("-log_file", str(folder / f"{scenario}.log"), "-timer_resol", "1")
    quiet = asyncio.subprocess.DEVNULL
    return await asyncio.create_subprocess_exec(
        *command, *log, *more, stdin=quiet, stdout=quiet, stderr=quiet, cwd=folder
    )


def _times(file: Path) -> Iterator[tuple[str, float]]:
    for line in file.read_text().splitlines():
        found = _LINE.match(line)
        if found:
            stamp = found[3].split()
            at = datetime.fromisoformat(f"{stamp[0]} {stamp[1]}").timestamp()
            yield found[2], at


async def _run(dsn: str, folder: Path, options: argparse.Namespace) -> None:
    from asterisk import PASSWORD, asterisk
    from places import CARRIER, CARRIER_PORT, FLOOR, FLOOR_PORT

    pool = await open_pool(dsn, max_size=16)
    async with pool.acquire() as connection:
        await migrate(connection)
    sip_port = _free_port()
    endpoint = f"PJSIP/floor/sip:{{device}}@{FLOOR}:{FLOOR_PORT}"
    with asterisk(_free_port(), sip_port) as pbx:
        lines = options.agents + 100
        async with ari_centre(
            pool, folder, pbx.base, lines=lines, agents=options.agents, endpoint=endpoint, password=PASSWORD
        ) as centre:
            await asyncio.sleep(3)
            garbage.settle()
            (folder / "lines.csv").write_text(f"SEQUENTIAL\n{LINE}\n")
            agents = await _sipp(folder, "agent", FLOOR, FLOOR_PORT)
            before = tree_s(pbx.pid)
            callers = await _sipp(
                folder, "caller", CARRIER, CARRIER_PORT, f"127.0.0.1:{sip_port}", "-inf", str(folder / "lines.csv"),
                "-r", str(options.rate), "-m", str(int(options.rate * options.seconds)), "-l", "2000",
            )  # fmt: skip
            try:
                await asyncio.wait_for(callers.wait(), options.seconds + 60)
                used = tree_s(pbx.pid) - before
            finally:
                for each in (callers, agents):
                    with suppress(ProcessLookupError):
                        each.kill()
                    await each.wait()
            asked, rung = dict(_times(folder / "caller.log")), dict(_times(folder / "agent.log"))
            waits = sorted((rung[each] - at) * 1000 for each, at in asked.items() if each in rung)
            share = [waits[min(int(len(waits) * part), len(waits) - 1)] for part in (0.5, 0.95, 0.99)] if waits else []
            figures = " / ".join(f"{each:.1f}" for each in share)
            print(
                f"{options.rate} calls/s, {options.agents} agents: {len(waits)} of {len(asked)} rang; "
                f"p50/p95/p99 {figures} ms; "
                f"Asterisk {used / options.seconds:.2f} cores, blocked {centre.count('contact.blocked')}",
                flush=True,
            )
    await pool.close()


def main(arguments: list[str]) -> None:
    import uvloop

    parser = argparse.ArgumentParser(prog="python -m benchmarks asterisk", description=__doc__)
    parser.add_argument("--rate", type=int, default=50)
    parser.add_argument("--agents", type=int, default=200)
    parser.add_argument("--seconds", type=int, default=30)
    options = parser.parse_args(arguments)
    sys.path.insert(0, str(REAL))
    with tempfile.TemporaryDirectory(prefix="bench-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)
        with EmbeddedPostgres(f"{name}/pg") as server:
            uvloop.run(_run(server.dsn, folder, options))
