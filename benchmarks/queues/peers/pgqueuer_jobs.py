"""pgqueuer: its own worker in drain mode. It keeps a log row per change of a job, so nothing is added.

python pgqueuer_jobs.py DSN JOBS BATCH_SIZE WORKERS
"""

from __future__ import annotations

import asyncio
import json
import sys
import time
from datetime import timedelta

import asyncpg
import uvloop
from pgqueuer.adapters.persistence.queries import Queries
from pgqueuer.core.qm import QueueManager
from pgqueuer.domain.types import QueueExecutionMode


async def work(dsn: str, size: int) -> None:
    pool = await asyncpg.create_pool(dsn, min_size=4, max_size=10)
    manager = QueueManager(Queries.from_asyncpg_pool(pool))

    @manager.entrypoint("job")
    async def job(_: object) -> None:
        return None

    await manager.run(batch_size=size, mode=QueueExecutionMode.drain, dequeue_timeout=timedelta(seconds=0.1))


async def run(dsn: str, jobs: int, size: int, workers: int) -> None:
    pool = await asyncpg.create_pool(dsn, min_size=1, max_size=4)
    queries = Queries.from_asyncpg_pool(pool)
    await queries.install()
    for at in range(0, jobs, 1000):
        some = range(at, min(at + 1000, jobs))
        await queries.enqueue(["job"] * len(some), [b'{"n": %d}' % n for n in some], [0] * len(some))
    await pool.execute("ANALYZE")
    await pool.execute("CHECKPOINT")
    print(json.dumps({"began": time.time()}), flush=True)
    await asyncio.gather(*(work(dsn, size) for _ in range(workers)))


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], *map(int, sys.argv[2:5])))
