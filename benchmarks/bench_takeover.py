"""Takeover: kill -9 a router that holds many open contacts; how long until another, or a new one, makes an offer.

    python -m benchmarks takeover [--contacts 100000] [--rounds 3] [--lease 3.0]

Real processes (`contactcenter serve --role router`) on a PostgreSQL server of its own, with fsync. All contacts wait
and nobody is signed in; after the kill an agent gets ready, so the first offer is the first that the successor can
make. The instants are the database's: when the lease ended, when it was taken, when the offer's fact was there.
`standby`: another router is running. `restarted`: none is, and one is started at once.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import os
import re
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import asyncpg
import msgspec

from contactcenter.clock import SystemClock, to_datetime
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import open_pool
from contactcenter.storage.postgres import postgres_stores
from contactcenter.storage.stores import Stores
from routing.events import PresenceSet, SignedIn
from routing.model import Contact, Medium, PresenceState, Record, Tier

ROOT = Path(__file__).parents[1]
EXAMPLE = ROOT / "contactcenter" / "demo" / "kangjia.yaml"
DOMAIN, CLIENT, LEASE = "ruixun", "kangjia", "kangjia-2026"
S = 1_000_000
PATIENCE_S = 60.0
PHASES = re.compile(r"owned, epoch \d+.*ms: (.*)")


class Round(NamedTuple):
    """Seconds: lease end after the kill, taken after the lease end, offer after it was taken, offer after lease end."""

    kind: str
    left: float
    detect: float
    work: float
    lost_to_offer: float
    phases: str


class Rig:
    """One database, its processes, and the agents who have not been ready yet."""

    def __init__(self, dsn: str, folder: Path, pool: asyncpg.Pool, lease_s: float) -> None:
        self.pool = pool
        self.stores: Stores = postgres_stores(pool)
        self._dsn = dsn
        self._folder = folder
        self._lease_s = lease_s
        self._started = 0
        self._processes: list[subprocess.Popen[bytes]] = []
        self._agents = iter(each.id for each in load_yaml(EXAMPLE.read_text("utf-8")).agents if each.lease == LEASE)
        self.redis = ""

    def start(self) -> tuple[subprocess.Popen[bytes], Path]:
        self._started += 1
        log = self._folder / f"router-{self._started}.log"
        own = {
            "CONTACTCENTER_DATABASE_URL": self._dsn,
            "CONTACTCENTER_REDIS_URL": self.redis,
            "CONTACTCENTER_DATA_DIR": str(self._folder / "var"),
            "CONTACTCENTER_HTTP_PORT": "0",
            "CONTACTCENTER_LEASE_S": str(self._lease_s),
        }
        command = [sys.executable, "-P", "-m", "contactcenter", "serve", "--role", "router"]
        with log.open("wb") as out:
            process = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **own}, stdout=out, stderr=out)
        self._processes.append(process)
        return process, log

    async def owned(self, process: subprocess.Popen[bytes]) -> None:
        sql = "SELECT owner FROM routing_domains WHERE domain_id = $1 AND last_seq > 0 AND owner LIKE $2"
        await self._until(sql, DOMAIN, f"%-{process.pid}-%")

    async def seen(self, process: subprocess.Popen[bytes]) -> None:
        await self._until("SELECT node FROM router_nodes WHERE node LIKE $1", f"%-{process.pid}-%")

    async def _until(self, sql: str, *args: object) -> object:
        began = time.monotonic()
        while time.monotonic() - began < PATIENCE_S:
            if (found := await self.pool.fetchval(sql, *args)) is not None:
                return found
            await asyncio.sleep(0.005)
        raise TimeoutError(sql)

    async def somebody_gets_ready(self) -> str:
        agent, now = next(self._agents), SystemClock().now()
        events = [SignedIn(agent), PresenceSet(agent, PresenceState.READY)]
        new = [NewEvent(domain=DOMAIN, event=event, received_at=now) for event in events]
        await self.stores.changes.apply(Changes(events=new))
        return agent

    async def first_offer(self, agent: str) -> float:
        """When it was there for everybody, by the database's clock."""
        sql = """
        SELECT extract(epoch FROM clock_timestamp())::float8 FROM offers WHERE agent_id = $1 AND ended_at IS NULL
        LIMIT 1"""
        return float(str(await self._until(sql, agent)))

    def end(self) -> None:
        for process in self._processes:
            process.kill()
            process.wait(10)


async def fill(rig: Rig, contacts: int) -> None:
    """Open contacts as a router left them: rows with routing's own record, at the domain's arrival numbers."""
    now = SystemClock().now()
    await rig.stores.configuration.save(DOMAIN, 1, load_yaml(EXAMPLE.read_text("utf-8")), "bench", now)
    rows = []
    for number in range(1, contacts + 1):
        contact = _contact(number, now - (contacts - number) * 1000)
        route = msgspec.json.encode(Record(contact=contact, arrival=number)).decode()
        at = to_datetime(contact.enqueued_at)
        known = (DOMAIN, DOMAIN, CLIENT, LEASE, "mail", "mail", "door", 2)
        rows.append((contact.id, *known, contact.id, at, at, to_datetime(contact.deadline), "waiting", route))
    columns = "id domain_id provider_id client_id lease_id medium view door tier external_id opened_at enqueued_at"
    async with rig.pool.acquire() as connection:
        await connection.copy_records_to_table(
            "contacts", records=rows, columns=[*columns.split(), "deadline", "state", "route"]
        )
        await connection.execute("ANALYZE contacts")
        await connection.execute("INSERT INTO routing_domains (domain_id, arrivals) VALUES ($1, $2)", DOMAIN, contacts)


def _contact(number: int, at: int) -> Contact:
    return Contact(
        id=f"ct_{number:032x}",
        client=CLIENT,
        lease=LEASE,
        medium=Medium.MAIL,
        tier=Tier(number % 4),
        enqueued_at=at,
        clock_from=at,
        deadline=at + 4 * 3600 * S,
        plan="mail",
        view="mail",
        needs=(("lang:zh-CN", 1 + number % 4),),
        handle=f"mail/{number:032x}",
    )


async def one_round(rig: Rig, kind: str, owner: subprocess.Popen[bytes]) -> tuple[Round, subprocess.Popen[bytes]]:
    """Kill the owner; returns the successor, which owns the domain now."""
    if kind == "standby":
        successor, log = rig.start()
        await rig.seen(successor)
        await asyncio.sleep(1.5)
    os.kill(owner.pid, signal.SIGKILL)
    owner.wait(10)
    killed = float(await rig.pool.fetchval("SELECT extract(epoch FROM clock_timestamp())::float8"))
    ends = "SELECT extract(epoch FROM expires_at)::float8 FROM routing_domains WHERE domain_id = $1"
    lost = float(await rig.pool.fetchval(ends, DOMAIN))
    if kind == "restarted":
        successor, log = rig.start()
    offered = await rig.first_offer(await rig.somebody_gets_ready())
    taken = "SELECT extract(epoch FROM taken_at)::float8 FROM routing_domains WHERE domain_id = $1"
    at = float(await rig.pool.fetchval(taken, DOMAIN))
    said = PHASES.findall(log.read_text("utf-8", "replace"))
    return Round(kind, lost - killed, at - lost, offered - at, offered - lost, said[-1] if said else ""), successor


async def measure(dsn: str, folder: Path, options: argparse.Namespace) -> list[Round]:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await ensure_fact_partitions(connection, SystemClock().now())
    await connection.close()
    pool = await open_pool(dsn, application="bench", max_size=4)
    rig = Rig(dsn, folder, pool, options.lease)
    rounds: list[Round] = []
    with redis(folder) as rig.redis:
        try:
            await fill(rig, options.contacts)
            owner, _ = rig.start()
            await rig.owned(owner)
            for number in range(2 * options.rounds):
                told, owner = await one_round(rig, ("standby", "restarted")[number % 2], owner)
                rounds.append(told)
                print(_line(told), flush=True)
        finally:
            rig.end()
            await pool.close()
    return rounds


@contextlib.contextmanager
def redis(folder: Path) -> Iterator[str]:
    """The bus of several processes; without a redis-server here the routers poll, as they would without theirs."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    found = shutil.which("redis-server")
    process = None
    if found:
        command = [found, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        yield f"redis://127.0.0.1:{port}/0"
    finally:
        if process:
            process.terminate()
            process.wait(10)


def _line(told: Round) -> str:
    numbers = f"{told.left:>9.2f} {told.detect:>8.2f} {told.work:>8.2f} {told.lost_to_offer:>14.2f}"
    return f"{told.kind:>10} {numbers}   {told.phases}"


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks takeover", description=__doc__)
    parser.add_argument("--contacts", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--lease", type=float, default=3.0)
    options = parser.parse_args(arguments)
    print(f"takeover with {options.contacts} open contacts, lease {options.lease} s; seconds, phases in ms")
    print(f"{'successor':>10} {'lease left':>9} {'detect':>8} {'to offer':>8} {'lost to offer':>14}   phases")
    with tempfile.TemporaryDirectory(prefix="bench-") as name:
        folder = Path(name)
        folder.chmod(0o755)
        (folder / "var").mkdir()
        with EmbeddedPostgres(f"{folder}/pg") as server:
            rounds = asyncio.run(measure(server.dsn, folder, options))
    for kind in ("standby", "restarted"):
        found = [each.lost_to_offer for each in rounds if each.kind == kind]
        print(f"{kind}: from the lost lease to the first offer, median {statistics.median(found):.2f} s")


if __name__ == "__main__":
    main(sys.argv[1:])
