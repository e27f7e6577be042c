"""Ten thousand agents' sockets on one process: memory each, a push among them, and all back after a kill.

    python -m benchmarks sockets [--sockets 10000] [--pushes 300] [--at-once 500]

A whole service (`contactcenter serve`, all roles, its own database server beside it with fsync on) and one generator
process on the same machine. Every socket is authenticated with a token of its own, has a desk, and is heard by the
router as connected. Memory is the growth of the server's resident set over the connecting, divided by the sockets; it
therefore holds the router's and the pool's share too. Then the service is killed with SIGKILL and started again on the
same port, and all sockets resume with their cursor, `--at-once` handshakes under way at a time; the clock runs from the
moment when its port takes connections again, and the start is shown beside. `round trip` is a command that the gateway
answers itself; `push` is a change of presence from the command to the frame: stored, decided, committed, sent.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import resource
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

import uvloop
import yaml

from benchmarks.desk_socket import DeskSocket, Heard, command_id
from contactcenter.client import protocol as p
from contactcenter.config import Settings
from contactcenter.services.access import Access
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.pool import open_pool
from contactcenter.wiring.core import Core

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "contactcenter" / "demo" / "kangjia.yaml"
LEASE = "hongyan-2026"
START_S = 30.0


def configuration(agents: int) -> str:
    """The example with so many more agents on its largest lease."""
    document: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text("utf-8"))
    document["provider"]["lines"] = document["provider"]["people"] = agents + 1000
    for lease in document["leases"]:
        if lease["id"] == LEASE:
            lease["lines"] = lease["people"] = agents + 500
    skills = {"lang:zh-CN": 4}
    for at in range(agents):
        number = f"5{at:05}"
        document["agents"].append(
            {"id": f"b{number}", "number": number, "name": number, "lease": LEASE, "skills": skills}
        )
    return str(yaml.safe_dump(document, allow_unicode=True))


async def prepare(dsn: str, folder: Path, agents: int) -> list[str]:
    """The schema, the configuration, and a token for each agent."""
    pool = await open_pool(dsn, max_size=8)
    async with pool.acquire() as connection:
        await migrate(connection)
    core = Core(Settings(data_dir=folder), pool, "bench")
    await core.configuring.apply("", configuration(agents), by="bench")
    await core.directories.refresh()
    access = Access(core.stores.access, core.clock, core.ids, client_of_agent=core.directories.client_of_agent)
    names = [f"b5{at:05}" for at in range(agents)]
    tokens = [await access.issue("agent", "ruixun", name) for name in names]
    await pool.close()
    return tokens


class Server:
    """The service as a process of its own, on a port that stays."""

    def __init__(self, dsn: str, folder: Path) -> None:
        with socket.socket() as http, socket.socket() as smtp:
            http.bind(("127.0.0.1", 0))
            smtp.bind(("127.0.0.1", 0))
            self.port, mail = http.getsockname()[1], smtp.getsockname()[1]
        own = {"DATABASE_URL": dsn, "HTTP_PORT": self.port, "SMTP_PORT": mail, "DATA_DIR": folder, "EXAMPLE": "false"}
        own["LOG_LEVEL"] = "WARNING"
        self._environment = {**os.environ, **{f"CONTACTCENTER_{name}": str(value) for name, value in own.items()}}
        self._log_file = folder / "service.log"
        self._log = self._log_file.open("ab")
        self._popen: subprocess.Popen[bytes] | None = None

    async def start(self) -> float:
        """Seconds until the port takes connections."""
        began = time.perf_counter()
        self._popen = self._spawn()
        while time.perf_counter() - began < START_S:
            try:
                _, writer = await asyncio.open_connection("127.0.0.1", self.port)
                writer.close()
                return time.perf_counter() - began
            except OSError:
                await asyncio.sleep(0.02)
        raise SystemExit(f"the service did not start: {self._said()}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        command, nothing = [sys.executable, "-P", "-m", "contactcenter", "serve"], subprocess.DEVNULL
        return subprocess.Popen(
            command, cwd=ROOT, env=self._environment, stdin=nothing, stdout=self._log, stderr=self._log
        )

    def _said(self) -> str:
        return self._log_file.read_text()[-2000:]

    @property
    def resident_kb(self) -> int:
        assert self._popen is not None
        status = Path(f"/proc/{self._popen.pid}/status").read_text()
        return int(next(line.split()[1] for line in status.splitlines() if line.startswith("VmRSS")))

    def processor_s(self) -> float:
        assert self._popen is not None
        fields = Path(f"/proc/{self._popen.pid}/stat").read_text().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def kill(self) -> None:
        if self._popen is not None:
            self._popen.send_signal(signal.SIGKILL)
            self._popen.wait()


async def connect(server: Server, tokens: list[str], cursors: list[int], at_once: int) -> list[DeskSocket]:
    """All of them, each to the point where its desk stands."""
    gate, loop = asyncio.Semaphore(at_once), asyncio.get_running_loop()

    async def one(token: str, cursor: int) -> DeskSocket:
        async with gate:
            for _ in range(20):
                desk = DeskSocket(token, cursor)
                try:
                    await loop.create_connection(lambda desk=desk: desk, "127.0.0.1", server.port)  # type: ignore[misc]
                    await desk.ready
                    return desk
                except OSError:
                    await asyncio.sleep(0.1)
            raise SystemExit("a socket could not come in")

    return list(await asyncio.gather(*(one(*each) for each in zip(tokens, cursors, strict=True))))


async def settled(server: Server) -> None:
    """Until the service does nothing any more: the router has heard of everybody."""
    quiet = 0
    while quiet < 3:
        before = server.processor_s()
        await asyncio.sleep(0.5)
        quiet = quiet + 1 if server.processor_s() - before < 0.05 else 0


async def asked(desk: DeskSocket, command: type[p.Command], wanted: str) -> float:
    """Microseconds from a command to its reply (`wanted` 're') or to the first frame of this kind."""
    done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
    began = time.perf_counter()
    name = command_id()

    def heard(frame: Heard) -> None:
        mine = frame.re == name if wanted == "re" else frame.type == wanted
        if mine and not done.done():
            done.set_result(None)

    desk.heard = heard
    desk.say(command(id=name))
    await asyncio.wait_for(done, 10)
    desk.heard = None
    return (time.perf_counter() - began) * 1e6


def shown(what: str, found: list[float]) -> None:
    cuts = statistics.quantiles(found, n=100)
    print(f"{what:40} p50 {cuts[49]:8,.0f} us   p99 {cuts[98]:8,.0f} us   of {len(found)}")


async def measure(dsn: str, folder: Path, arguments: argparse.Namespace) -> None:
    tokens = await prepare(dsn, folder, arguments.sockets)
    server = Server(dsn, folder)
    try:
        await server.start()
        await settled(server)
        before = server.resident_kb
        began, used = time.perf_counter(), server.processor_s()
        desks = await connect(server, tokens, [0] * len(tokens), arguments.at_once)
        took, used = time.perf_counter() - began, server.processor_s() - used
        await settled(server)
        each = (server.resident_kb - before) / len(desks)
        rate = f"{len(desks) / took:,.0f}/s, {used:.1f} s of the service's processor time"
        print(f"{len(desks):,} sockets connected in {took:.1f} s ({rate})")
        print(f"server {before / 1024:.0f} MB before, {server.resident_kb / 1024:.0f} MB with them: {each:.1f} KB each")
        await pushes(desks, arguments.pushes)
        await settled(server)
        cursors = [desk.cursor for desk in desks]
        server.kill()
        start = await server.start()
        began, used = time.perf_counter(), server.processor_s()
        back = await connect(server, tokens, cursors, arguments.at_once)
        took, used = time.perf_counter() - began, server.processor_s() - used
        how = Counter(desk.ready.result() for desk in back)
        print(f"after kill -9: started in {start:.1f} s, all back {took:.1f} s later ({dict(how)}, {used:.1f} s used)")
        await settled(server)
        await pushes(back, arguments.pushes)
        for desk in back:
            desk.close()
    finally:
        server.kill()


async def pushes(desks: list[DeskSocket], count: int) -> None:
    """One after another, spread over the sockets."""
    some = desks[:: max(1, len(desks) // count)][:count]
    shown("round trip (fetch, its reply)", [await asked(desk, p.Fetch, "re") for desk in some])
    for desk in some:
        await asked(desk, p.SignIn, "re")
    shown("push (ready, its presence frame)", [await asked(desk, p.Ready, "presence") for desk in some])
    for desk in some:
        await asked(desk, p.SignOut, "re")


def main(options: list[str]) -> None:
    parser = argparse.ArgumentParser(description="ten thousand agents' sockets on one process")
    parser.add_argument("--sockets", type=int, default=10_000)
    parser.add_argument("--pushes", type=int, default=300)
    parser.add_argument("--at-once", type=int, default=500)
    arguments = parser.parse_args(options)
    _, most = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (most, most))
    if most < arguments.sockets + 200:
        sys.exit(f"sockets: this system allows {most} open files, {arguments.sockets + 200} are needed")
    with tempfile.TemporaryDirectory(prefix="contactcenter-bench-") as folder:
        os.chmod(folder, 0o755)
        with EmbeddedPostgres(f"{folder}/pg") as server:
            uvloop.run(measure(server.dsn, Path(folder), arguments))
