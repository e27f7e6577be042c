"""Our side: each unit is one contact's compare-and-set and its fact, through RoutingStore.commit with its fence.

    python -m benchmarks.queues.ours DSN UNITS SIZE DOMAINS

Prints {"began": s, "ended": s}. The batches are made before the clock starts, as the peers' jobs are: encoding
them, sending them and waiting for the commit is timed. Several domains are several routers, each with its connection.
"""

from __future__ import annotations

import asyncio
import json
import sys
import time

import asyncpg
import uvloop

from benchmarks.bench_writer import T0, Writer
from contactcenter.storage.migrate import migrate
from contactcenter.storage.partitions import ensure_fact_partitions
from contactcenter.storage.pool import open_pool
from contactcenter.storage.postgres import postgres_stores

CONTACTS = 5000


async def run(dsn: str, units: int, size: int, domains: int) -> None:
    connection = await asyncpg.connect(dsn)
    await migrate(connection)
    await ensure_fact_partitions(connection, T0)
    pool = await open_pool(dsn, application="bench", max_size=domains)
    writers = [Writer(postgres_stores(pool), CONTACTS, domain=f"provider-{n}") for n in range(domains)]
    for writer in writers:
        await writer.prepare()
        writer.make(units // size // domains, size)
    await connection.execute("CHECKPOINT")
    await connection.close()
    began = time.time()
    await asyncio.gather(*(writer.commit() for writer in writers))
    print(json.dumps({"began": began, "ended": time.time()}))
    await pool.close()


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], *map(int, sys.argv[2:5])))
