"""procrastinate: its own worker until nothing is left. Its triggers keep an event row per change of a job.

python procrastinate_jobs.py DSN JOBS CONCURRENCY
"""

from __future__ import annotations

import json
import logging
import sys
import time

import uvloop
from procrastinate import App, PsycopgConnector


async def run(dsn: str, jobs: int, concurrency: int) -> None:
    logging.disable(logging.WARNING)
    app = App(connector=PsycopgConnector(conninfo=dsn, min_size=4, max_size=max(4, concurrency)))

    @app.task(name="job")
    async def job(n: int) -> None:
        return None

    async with app.open_async():
        await app.schema_manager.apply_schema_async()
        for at in range(0, jobs, 1000):
            await job.batch_defer_async(*({"n": n} for n in range(at, min(at + 1000, jobs))))
        await app.connector.execute_query_async("ANALYZE")
        await app.connector.execute_query_async("CHECKPOINT")
        print(json.dumps({"began": time.time()}), flush=True)
        await app.run_worker_async(wait=False, concurrency=concurrency, listen_notify=False)


if __name__ == "__main__":
    uvloop.run(run(sys.argv[1], *map(int, sys.argv[2:4])))
