"""What these cores carry of the traffic and rows of `doors` through a service that decides nothing: the floor under it.

    python -m benchmarks floor [--agents N] [--seconds S] [--quick] [--client lean|typed]

The same generator, trials and figures as `doors`, calls alone; the service is benchmarks/floor_service.py, which says
what it does and what it leaves out. The database is the same, with fsync on, the same schema and the same statements.
What is missing to `doors` is the price of our own code and of what it reads; what is missing from here to a goal, no
work on our code can bring on this machine with these libraries.
"""

from __future__ import annotations

import argparse

from benchmarks.bench_doors import Bench, crowd, options_of, trials
from benchmarks.door_floor import World, serving


async def _measure(options: argparse.Namespace) -> None:
    with serving("benchmarks.floor_service") as (service, access):
        world = World(access, crowd(options.client))
        async with world.at_work(list(access.agents)[: options.agents]):
            await trials(Bench(world, service, mix=False), options)


def main(arguments: list[str]) -> None:
    import uvloop

    options = options_of(argparse.ArgumentParser(prog="python -m benchmarks floor", description=__doc__), arguments)
    print(f"lifecycles through an empty service, embedded PostgreSQL with fsync, {options.client} clients")
    uvloop.run(_measure(options))
