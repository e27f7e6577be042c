"""A day of a million contacts through the routing core alone, and the waits of four tiers under platinum load.

    python -m benchmarks.bench_day [--contacts 1000000] [--agents N] [--seed 1] [--tiers]

Virtual time, one process, one core: `routing.decide` with people around it (benchmarks/simulator), no database. Events
are decisions; their rate is per second of processor time with the driver's own work in it. What must be 0 is counted
by the driver from the effects. `--tiers` prints the second table alone.
"""

from __future__ import annotations

import argparse
import resource
import time
from collections.abc import Sequence

from benchmarks.simulator.day import Day, agents_for
from benchmarks.simulator.driver import Driver
from benchmarks.simulator.one_queue import START
from benchmarks.simulator.records import MEDIA, How, Records
from benchmarks.simulator.tiers import LOWER, MAX_WAIT, Judge, Scene
from routing.model import Tier

S = 1_000_000


def day(contacts: int, agents: int, seed: int) -> None:
    scene = Day(contacts, agents, seed)
    driver = scene.driver()
    wall, cpu = time.perf_counter(), time.process_time()
    records = driver.run()
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    print(
        f"{len(records)} contacts, {len(scene.config.agents)} agents on {len(scene.config.leases)} leases, seed {seed}"
    )
    print(f"wall {wall:.1f} s, processor {cpu:.1f} s, {driver.events} events, {driver.events / cpu:.0f} events/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(
        f"{cpu / driver.events * 1e6:.1f} us an event, {driver.events / len(records):.1f} events a contact, {peak} MiB"
    )
    _books(driver, records)
    _by_medium(records)


def _books(driver: Driver, records: Records) -> None:
    ends = ", ".join(f"{how.name.lower()} {count}" for how, count in sorted(records.counts().items()))
    print(f"{len(records)} arrived = {ends}; conserved: {'yes' if driver.conserved() else 'NO'}")
    print(f"lost {driver.lost()}, doubly owned {driver.doubly_owned}, over capacity {driver.overloaded}, ", end="")
    print(f"ends of nobody {driver.strays}; refused events {driver.refused}")


def _by_medium(records: Records) -> None:
    heads = "".join(f"{head:>9}" for head in ("contacts", "answered", "gave up", "blocked", "in time"))
    print(f"\n{'':9}{heads}   waited s: mean, p50, p95, max")
    for number, medium in enumerate(MEDIA):
        _line(records, medium.value, [row for row, each in enumerate(records.medium) if each == number])
    for tier in Tier:
        _line(records, tier.name.lower(), [row for row, each in enumerate(records.tier) if each == tier])


def _line(records: Records, name: str, rows: Sequence[int]) -> None:
    """Shares of all contacts of the line; the waits are of those who were not blocked and did not stay open."""
    hows = [records.how[row] for row in rows]
    shares = (
        sum(records.answered[row] > 0 for row in rows),
        hows.count(How.ABANDONED),
        hows.count(How.BLOCKED),
        sum(records.met(row) for row in rows),
    )
    waits = sorted(
        records.wait(row) / S for row, how in zip(rows, hows, strict=True) if how not in (How.BLOCKED, How.OPEN)
    )
    if not waits:
        return
    columns = "".join(f"{share / len(rows):>9.1%}" for share in shares)
    p50, p95 = waits[len(waits) // 2], waits[len(waits) * 95 // 100]
    print(f"{name:9}{len(rows):>9}{columns}   {sum(waits) / len(waits):.1f}, {p50:.1f}, {p95:.1f}, {waits[-1]:.1f}")


def tiers(contacts: int, seed: int) -> None:
    """Platinum alone at 0.7, 0.9 and 1.1 of twenty agents; the others bring 0.05 each."""
    bounds = ", ".join(f"{tier.name.lower()} {bound // S} s" for tier, bound in zip(Tier, MAX_WAIT, strict=True))
    print(f"waits by tier, {contacts} chats of 100 s on average, 20 agents; maximum waits: {bounds}")
    print("overtaken: offers by which somebody past his maximum wait was overtaken at an agent able to serve both")
    for patience in (None, 300.0):
        print(
            "\n" + ("nobody gives up" if patience is None else f"customers give up after {patience:.0f} s on average")
        )
        heads = "".join(f"{tier.name.lower() + ': mean, p95, max, gave up':>36}" for tier in Tier)
        print(f"{'platinum':>9}{'in all':>7}{'band 0':>7}{'overtaken':>10}{heads}")
        for platinum in (0.7, 0.9, 1.1):
            for promised in (True, False):
                _tier_line(Scene(platinum, contacts=contacts, seed=seed, patience=patience, promised=promised))


def _tier_line(scene: Scene) -> None:
    driver = scene.driver()
    judge = Judge(driver.state.snapshot(START).config)
    driver.listen = judge.hear
    records = driver.run()
    columns = ""
    for tier in Tier:
        rows = [row for row, each in enumerate(records.tier) if each == tier]
        waits = sorted(records.wait(row) / S for row in rows)
        gone = sum(records.how[row] == How.ABANDONED for row in rows) / len(rows)
        mean, p95 = sum(waits) / len(waits), waits[len(waits) * 95 // 100]
        columns += f"{f'{mean:.0f}, {p95:.0f}, {waits[-1]:.0f}, {gone:.0%}':>36}"
    whole, band = scene.platinum + len(LOWER) * scene.lower, "yes" if scene.promised else "no"
    print(f"{scene.platinum:>9.2f}{whole:>7.2f}{band:>7}{len(judge.overtaken):>10}{columns}", flush=True)


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="A day of contacts through the routing core, and waits by tier.")
    parser.add_argument("--contacts", type=int, default=1_000_000)
    parser.add_argument("--agents", type=int, default=0, help="0: as many as keep the same occupancy")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--tiers", action="store_true", help="the waits of the four tiers alone")
    parser.add_argument("--tier-contacts", type=int, default=4000, help="a line of the tiers' table")
    options = parser.parse_args(arguments)
    if not options.tiers:
        day(options.contacts, options.agents or agents_for(options.contacts), options.seed)
        print()
    tiers(options.tier_contacts, options.seed)


if __name__ == "__main__":
    main()
