"""How fast this machine is today at a few things that have nothing of ours in them, beside the day the goals were set.

    python -m benchmarks yardstick [--seconds 3] [--rounds 3]

The goals of docs/performance.md are figures of a machine of this size on its day. These small things were measured then
as well: rows by single transactions, changes with their facts by group commit, round trips on a bare socket. The share
of them that is reached now is what a goal is to be read with: trust ratios, not digits. Embedded server as it comes,
fsync on; each figure is the median of the rounds.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import statistics
import tempfile
import time
from collections.abc import Callable, Coroutine
from multiprocessing.connection import Connection
from pathlib import Path
from typing import NamedTuple

import aiohttp
import asyncpg
import uvloop
from aiohttp import web

from contactcenter.storage.embedded import EmbeddedPostgres

CONTACTS = 10_000
TABLES = """
CREATE TABLE rows_alone (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, text text NOT NULL);
CREATE TABLE states (id bigint PRIMARY KEY, state integer NOT NULL, version bigint NOT NULL) WITH (fillfactor = 70);
CREATE TABLE happened (id bigint PRIMARY KEY, state bigint NOT NULL, data text NOT NULL);
"""
GROUPED = """
WITH moved AS (
    UPDATE states s SET version = s.version + 1, state = 1 - s.state
    FROM unnest($1::bigint[], $2::bigint[]) AS m (id, version) WHERE s.id = m.id AND s.version = m.version
    RETURNING s.id
), told AS (
    INSERT INTO happened SELECT f.id, f.state, 'offer.made' FROM unnest($3::bigint[], $1::bigint[]) AS f (id, state)
) SELECT count(*) FROM moved
"""
FRAME = b"x" * 200


class Places(NamedTuple):
    """Where the things that are measured stand."""

    dsn: str
    port: int


class Reference(NamedTuple):
    """`then` is the figure of the day the goals were set."""

    name: str
    then: float
    measure: Callable[[Places, float], Coroutine[None, None, float]]


async def _alone(dsn: str, seconds: float, connections: int) -> float:
    """Rows per second, one a transaction."""
    pool = await asyncpg.create_pool(dsn, min_size=connections, max_size=connections)
    until = time.perf_counter() + seconds

    async def one() -> int:
        written = 0
        async with pool.acquire() as connection:
            insert = await connection.prepare("INSERT INTO rows_alone (text) VALUES ($1)")
            while time.perf_counter() < until:
                await insert.fetch("a row of some length")
                written += 1
        return written

    written = sum(await asyncio.gather(*(one() for _ in range(connections))))
    await pool.close()
    return written / seconds


async def _grouped(dsn: str, seconds: float, size: int) -> float:
    """Transitions per second of one writer: each a compare-and-set and its fact, so many in one statement."""
    connection = await asyncpg.connect(dsn)
    await connection.execute("TRUNCATE states, happened")
    await connection.execute(f"INSERT INTO states SELECT g, 0, 0 FROM generate_series(0, {CONTACTS - 1}) g")
    statement = await connection.prepare(GROUPED)
    done, began = 0, time.perf_counter()
    while time.perf_counter() - began < seconds:
        ids = [(done + each) % CONTACTS for each in range(size)]
        versions = [(done + each) // CONTACTS for each in range(size)]
        moved = await statement.fetchval(ids, versions, list(range(done, done + size)))
        assert moved == size
        done += size
    took = time.perf_counter() - began
    await connection.close()
    return done / took


async def _round_trips(port: int, seconds: float) -> float:
    """Round trips per second on one websocket, compression off."""
    trips, until, began = 0, time.perf_counter() + seconds, time.perf_counter()
    url = f"http://127.0.0.1:{port}/"
    async with aiohttp.ClientSession() as session, session.ws_connect(url, compress=0) as socket:
        while time.perf_counter() < until:
            await socket.send_bytes(FRAME)
            await socket.receive_bytes()
            trips += 1
    return trips / (time.perf_counter() - began)


def _serve_echo(told: Connection) -> None:
    """A bare aiohttp, in a process of its own, until it is ended."""
    uvloop.run(_echo(told))


async def _echo(told: Connection) -> None:
    async def back(request: web.Request) -> web.WebSocketResponse:
        socket = web.WebSocketResponse(compress=False)
        await socket.prepare(request)
        async for message in socket:
            await socket.send_bytes(message.data)
        return socket

    application = web.Application()
    application.router.add_get("/", back)
    runner = web.AppRunner(application)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    told.send(runner.addresses[0][1])
    await asyncio.Event().wait()


REFERENCES = (
    Reference("rows a second, one a transaction, 1 connection", 4_000, lambda at, s: _alone(at.dsn, s, 1)),
    Reference("the same, 10 connections", 15_000, lambda at, s: _alone(at.dsn, s, 10)),
    Reference("changes with their facts a second, 50 a statement", 47_000, lambda at, s: _grouped(at.dsn, s, 50)),
    Reference("the same, 200 a statement", 54_000, lambda at, s: _grouped(at.dsn, s, 200)),
    Reference("round trips a second on a bare socket", 13_000, lambda at, s: _round_trips(at.port, s)),
)


def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser(prog="python -m benchmarks yardstick", description=__doc__)
    parser.add_argument("--seconds", type=float, default=3.0)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args(arguments)
    here, there = multiprocessing.Pipe()
    echo = multiprocessing.get_context("spawn").Process(target=_serve_echo, args=(there,), daemon=True)
    echo.start()
    with tempfile.TemporaryDirectory(prefix="bench-") as folder:
        Path(folder).chmod(0o755)
        with EmbeddedPostgres(f"{folder}/pg") as server:
            asyncio.run(_tables(server.dsn))
            shares = measured(Places(server.dsn, here.recv()), options.seconds, options.rounds)
    echo.terminate()
    print(f"this machine now: {statistics.median(shares):.2f} of that day's, median of {len(shares)}")


def measured(at: Places, seconds: float, rounds: int) -> list[float]:
    """The share of each reference that is reached, printed as it comes."""
    shares = []
    print(f"{'':52} {'then':>8} {'now':>8} {'share':>6}")
    for each in REFERENCES:
        now = statistics.median(uvloop.run(each.measure(at, seconds)) for _ in range(rounds))
        shares.append(now / each.then)
        print(f"{each.name:52} {each.then:>8,.0f} {now:>8,.0f} {shares[-1]:>6.2f}", flush=True)
    return shares


async def _tables(dsn: str) -> None:
    connection = await asyncpg.connect(dsn)
    await connection.execute(TABLES)
    await connection.close()
