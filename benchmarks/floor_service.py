"""An empty service: the traffic and the rows of a lifecycle, and nothing that decides about them.

    python -m benchmarks.floor_service          (started by `python -m benchmarks floor`)

What comes in is what a running service gets and checks: posts whose signature the same library verifies, commands
and acknowledgements on sockets of the same server library, decoded by msgspec. What goes out is as many frames of the
same size (floor_frames.py), what is written as many rows by the same statements (floor_rows.py), each group of them one
statement, one round trip and one commit. An event is stored before anything else is done with it, and what follows
from it is sent after a second commit, as the service promises; each step takes whatever has queued meanwhile.

Left out: routing and its rules, tenancy, tokens, validation beyond types, logs and metrics, the bus, timers, the mail
and chat doors, renewal of leases, the hash of a decision's effects, and every look at the database before and between
the writes (who calls, what is pending, the card, what is due for sending). Whoever comes first gets the agent who has
been free for longest. Making the rows and the frames is in it, for somebody has to.
"""

from __future__ import annotations

import asyncio
import os
import time
from collections import deque
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
from aiohttp import web
from standardwebhooks import Webhook

from benchmarks.floor_decided import decided, finished_sendings
from benchmarks.floor_frames import Desk, receipt
from benchmarks.floor_rows import DOMAIN, SENT, SOURCE, Happened, Kind, Life, new_id
from benchmarks.floor_stored import stored
from contactcenter.client import protocol as p
from contactcenter.demo.access import FILE, DemoAccess
from contactcenter.storage.embedded import EmbeddedPostgres
from contactcenter.storage.migrate import migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import open_pool
from contactcenter.storage.queries import Part, compose, sql

AGENTS = 1000
SECRET = "whsec_" + "Y29udGFjdGNlbnRlci1iZW5jaC1mbG9vci1zZWNyZXQ="


class Posted(msgspec.Struct):
    class Said(msgspec.Struct):
        dialled: str
        caller: str

    id: str
    type: str
    subject: str
    data: Said


_posted = msgspec.json.Decoder(Posted).decode
_command: msgspec.json.Decoder[p.AnyCommand] = msgspec.json.Decoder(p.AnyCommand)


def now() -> int:
    return time.time_ns() // 1000


class Writer:
    """Takes everything that has queued, writes it in one statement on a connection of its own, passes it on."""

    def __init__(self, write: Callable[[Any, list[Any]], Awaitable[None]]) -> None:
        self._write = write
        self._queue: list[Any] = []
        self._wake = asyncio.Event()

    def take(self, work: Any) -> None:
        self._queue.append(work)
        self._wake.set()

    async def run(self, pool: asyncpg.Pool) -> None:
        async with pool.acquire() as connection:
            while True:
                await self._wake.wait()
                self._wake.clear()
                group, self._queue = self._queue, []
                await self._write(connection, group)


async def _run(connection: asyncpg.Connection, parts: list[Part], also: str = "") -> Any:
    """All parts or none; the last column of the result."""
    statement, arguments = compose(parts, also=also)
    return (await connection.fetchrow(statement, *arguments))[-1]


class Centre:
    """Who is free, who waits, and the three steps of an event: stored, decided, and what was sent marked as such."""

    def __init__(self) -> None:
        self.storing = Writer(self._store)
        self.deciding = Writer(self._decide)
        self.sending = Writer(self._mark)
        self.desks: dict[str, Desk] = {}
        self.free: deque[str] = deque()
        self._waiting: deque[Happened] = deque()
        self._lives: dict[str, Life] = {}
        self._customers: dict[str, str] = {}
        self._answers: dict[str, asyncio.Future[bytes]] = {}
        self._seq = self._arrivals = 0

    # --- what comes in -----------------------------------------------------------------------------------------

    def called(self, posted: Posted) -> asyncio.Future[bytes]:
        """The answer to the platform, which comes with the first decision."""
        at, caller = now(), posted.data.caller
        self._arrivals += 1
        newcomer = caller not in self._customers
        customer = self._customers.setdefault(caller, new_id("cu", at))
        contact = new_id("ct", at)
        life = Life(contact, posted.subject, caller, posted.id, customer, newcomer, at, self._arrivals)
        self._lives[contact] = life
        self._answers[contact] = asyncio.get_running_loop().create_future()
        self.storing.take(Happened(Kind.ARRIVED, life, at))
        return self._answers[contact]

    async def commanded(self, desk: Desk, command: p.AnyCommand) -> None:
        match command:
            case p.Accept():
                self._happen(Kind.ACCEPTED, command.offer.partition("/")[0], command.id)
            case p.Finish():
                self._happen(Kind.FINISHED, command.contact, command.id)
            case p.WrapUpDone():
                self._happen(Kind.WRAPPED_UP, command.contact, command.id)
            case p.SignIn():
                await desk.reply(command.id)
            case p.Ready():
                self.free.append(desk.agent)
                await desk.reply(command.id)

    def _happen(self, kind: Kind, contact: str, command: str) -> None:
        self.storing.take(Happened(kind, self._lives[contact], now(), command))

    # --- what is made of it ------------------------------------------------------------------------------------

    async def _store(self, connection: asyncpg.Connection, group: list[Happened]) -> None:
        rows = await _run(connection, stored(group), "(SELECT array_agg(id ORDER BY id) FROM queue_events)")
        for each, row in zip(group, rows, strict=True):
            each.row = row
            self.deciding.take(each)

    async def _decide(self, connection: asyncpg.Connection, group: list[Happened]) -> None:
        at = now()
        ready = [each for each in group if self._placed(each, at)]
        while self._waiting and self.free:
            ready.append(self._waiting.popleft())
            ready[-1].life.agent = self.free.popleft()
        if not ready:
            return
        await _run(connection, decided(ready, last_seq=self._seq, now=at))
        self._seq += len(ready)
        for each in ready:
            await self._tell(each, at)

    def _placed(self, happened: Happened, at: int) -> bool:
        """A call waits for its turn; an answer is noted, an agent is free again."""
        life = happened.life
        match happened.kind:
            case Kind.ARRIVED:
                self._waiting.append(happened)
                return False
            case Kind.ACCEPTED:
                life.answered_at = at
            case Kind.WRAPPED_UP:
                self.free.append(life.agent)
        return True

    async def _tell(self, happened: Happened, at: int) -> None:
        kind, life = happened.kind, happened.life
        desk = self.desks[life.agent]
        if kind is Kind.ARRIVED:
            self._answers.pop(life.contact).set_result(receipt(life))
        else:
            await desk.reply(happened.command)
        await desk.hear(kind, life, at)
        if kind in SENT:
            self.sending.take((life, SENT[kind]))
        if kind is Kind.WRAPPED_UP:
            del self._lives[life.contact]

    async def _mark(self, connection: asyncpg.Connection, group: list[tuple[Life, str]]) -> None:
        await connection.execute(sql("finish_sendings"), *finished_sendings(group, now()))


class Doors:
    def __init__(self, centre: Centre) -> None:
        self._centre = centre
        self._webhook = Webhook(SECRET)

    async def event(self, request: web.Request) -> web.Response:
        body = await request.read()
        self._webhook.verify(body, dict(request.headers))
        answer = await self._centre.called(_posted(body))
        return web.Response(body=answer, content_type="application/json")

    async def agent(self, request: web.Request) -> web.WebSocketResponse:
        """The token is the agent's name."""
        socket = web.WebSocketResponse(protocols=(p.SUBPROTOCOL,), heartbeat=20.0, compress=False)
        await socket.prepare(request)
        hello = _command.decode(await socket.receive_str())
        assert isinstance(hello, p.Hello)
        desk = self._centre.desks[hello.token] = Desk(hello.token, socket)
        await desk.welcome(hello)
        async for message in socket:
            await self._centre.commanded(desk, _command.decode(message.data))
        return socket


async def prepared(pool: asyncpg.Pool, at: int) -> None:
    """The schema, and the domain that the fence asks for."""
    async with pool.acquire() as connection:
        await migrate(connection)
        await ensure_fact_partitions(connection, at)
        await connection.execute("INSERT INTO routing_domains (domain_id, epoch) VALUES ($1, $2)", DOMAIN, 1)


def writing(centre: Centre, pool: asyncpg.Pool, tasks: asyncio.TaskGroup) -> list[asyncio.Task[None]]:
    """Its three steps, each on a connection of its own."""
    return [tasks.create_task(step.run(pool)) for step in (centre.storing, centre.deciding, centre.sending)]


async def _serve(dsn: str, folder: Path) -> None:
    pool = await open_pool(dsn, max_size=4)
    await prepared(pool, now())
    centre = Centre()
    doors, app = Doors(centre), web.Application()
    app.router.add_post(f"/v1/phone/{SOURCE}/events", doors.event)
    app.router.add_get("/v1/agent", doors.agent)
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    _tell_the_way(folder, runner.addresses[0][1])
    async with asyncio.TaskGroup() as tasks:
        writing(centre, pool, tasks)


def _tell_the_way(folder: Path, port: int) -> None:
    """The same file as a service's, whole at once."""
    agents = {name: name for name in (f"b{at:04}" for at in range(AGENTS))}
    access = DemoAccess(
        base_url=f"http://127.0.0.1:{port}", smtp=("", 0), source=SOURCE, secret=SECRET, operator="", agents=agents
    )
    written = folder / f"{FILE}.new"
    written.write_bytes(msgspec.json.encode(access))
    written.rename(folder / FILE)


def main() -> None:
    import uvloop

    folder = Path(os.environ["CONTACTCENTER_DATA_DIR"])
    with EmbeddedPostgres(folder / "pg") as server:
        uvloop.run(_serve(server.dsn, folder))


if __name__ == "__main__":
    main()
