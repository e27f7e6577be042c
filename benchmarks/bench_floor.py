"""What these cores carry of the traffic and rows of `doors` through a service that decides nothing: the floor under it.

    python -m benchmarks floor [--agents N] [--seconds S] [--quick] [--client lean|typed]
    python -m benchmarks floor --in-process [--agents N] [--at-once N] [--count N]

The same generator, trials and figures as `doors`, calls alone; the service is benchmarks/floor_service.py, which says
what it does and what it leaves out. The database is the same, with fsync on, the same schema and the same statements.
What is missing to `doors` is the price of our own code and of what it reads; what is missing from here to a goal, no
work on our code can bring on this machine with these libraries. `--in-process` is the same under `lifecycles`: the
rows alone, the generator in the process (floor_inside.py).
"""

from __future__ import annotations

import argparse

from benchmarks import floor_inside
from benchmarks.bench_doors import Bench, crowd, options_of, trials
from benchmarks.door_floor import World, serving


async def _measure(options: argparse.Namespace) -> None:
    with serving("benchmarks.floor_service") as (service, access):
        world = World(access, crowd(options.client))
        async with world.at_work(list(access.agents)[: options.agents]):
            await trials(Bench(world, service, mix=False), options)


def main(arguments: list[str]) -> None:
    import uvloop

    parser = argparse.ArgumentParser(prog="python -m benchmarks floor", description=__doc__)
    parser.add_argument("--in-process", action="store_true", help="the rows alone: no doors and no frames")
    parser.add_argument("--count", type=int, default=10_000, help="lifecycles in the process")
    options = options_of(parser, arguments)
    if options.in_process:
        floor_inside.run(agents=options.agents, at_once=options.at_once, count=options.count)
        return
    print(f"lifecycles through an empty service, embedded PostgreSQL with fsync, {options.client} clients")
    uvloop.run(_measure(options))
