"""Our routing rules against other systems' rules, on the same arrivals.

    python -m benchmarks.bench_peers [--seeds 10] [--loads 60,70,80,85,90,95,100,110] [--contacts 3000]
        [--first-seed 0] [--variants]

Each strategy meets the same traces (peers/trace.py): 60 agents of two leases, two scarce languages, four products,
calls with three rings or a longest wait, chats with a first reply; one contact takes the whole agent. The peers are
their documented rules without their polling, set up by their own means (the head of each file says how); ours is the
real `decide`, with `late_is_urgent` off ("ours") and on, its default ("ours, late urgent"). Medians over the seeds;
below each table each of ours is compared, seed by seed, with the peer that is best in the median.

wait, p90   seconds until the answer or until the customer left; by tier as mean/p90
met         percent of all contacts answered by their deadline; p g i l are the tiers
left        percent who left unanswered
misuse      contacts served by a speaker of a scarce language that they do not need, while somebody else was free
starved     contacts in need of a scarce language that waited while such a one kept a speaker of theirs
level       mean level of the agent on the needed skills, 1 to 5
"""

from __future__ import annotations

import argparse
import math
import statistics
from collections.abc import Callable, Sequence

from benchmarks.peers import app_queue, callcenter, trace
from benchmarks.peers.floor import run
from benchmarks.peers.measures import Measures, measure, medians
from benchmarks.peers.ordered import Ordered, by_arrival, by_priority, longest_idle
from benchmarks.peers.ours import LATE_IS_URGENT, Ours
from benchmarks.peers.strategy import Strategy
from benchmarks.peers.variants import variants
from routing.model import Agent

LOADS = "60,70,80,85,90,95,100,110"
TIERS = ("platinum", "gold", "iron", "lead")

Floor = Callable[[tuple[Agent, ...]], list[Strategy]]
Runs = dict[str, list[Measures]]


def peers(agents: tuple[Agent, ...]) -> list[Strategy]:
    return [
        Ordered("fifo, longest idle", agents, order=by_arrival, choice=longest_idle),
        Ordered("priority, idle", agents, order=by_priority, choice=longest_idle),
        app_queue.AppQueue("app_queue", agents),
        app_queue.AppQueue("app_queue + rules", agents, steps=app_queue.RULES),
        callcenter.CallCenter("callcenter", agents),
        callcenter.CallCenter("callcenter + tiers", agents, tier_rule_wait=callcenter.WAIT),
    ]


def own(agents: tuple[Agent, ...]) -> list[Strategy]:
    return [Ours(agents), Ours(agents, name="ours, late urgent", rules=LATE_IS_URGENT)]


def everybody(agents: tuple[Agent, ...]) -> list[Strategy]:
    return [*peers(agents), *own(agents)]


def with_variants(agents: tuple[Agent, ...]) -> list[Strategy]:
    return [*everybody(agents), *variants(agents)]


def compare(floor: Floor, *, load: float, seeds: Sequence[int], contacts: int) -> Runs:
    """Every strategy's measures, one a seed."""
    runs: Runs = {}
    for seed in seeds:
        arrivals = trace.make(load=load, seed=seed, contacts=contacts)
        for strategy in floor(arrivals.agents):
            runs.setdefault(strategy.name, []).append(measure(run(arrivals, strategy)[arrivals.warm_up :]))
    return runs


# --- printing ------------------------------------------------------------------------------------------


def table(runs: Runs) -> list[str]:
    waits = "".join(f"{tier:>12}" for tier in TIERS)
    lines = [f"{'':22}{'wait':>6}{'p90':>7}{waits}{'met':>8}{'p':>6}{'g':>6}{'i':>6}{'l':>6}"]
    lines[0] += f"{'left':>7}{'misuse':>8}{'starved':>8}{'level':>7}"
    return [*lines, *(_row(name, medians(measured)) for name, measured in runs.items())]


def _row(name: str, its: Measures) -> str:
    waits = "".join(
        f"{f'{mean:.1f}/{p90:.0f}':>12}" for mean, p90 in zip(its.wait_by_tier, its.p90_by_tier, strict=True)
    )
    met = "".join(f"{share:6.1f}" for share in its.met_by_tier)
    rest = f"{its.abandoned:7.2f}{its.misused:8.0f}{its.starved:8.0f}{its.level:7.2f}"
    return f"{name:22}{its.wait:6.2f}{its.p90:7.1f}{waits}{its.met:8.2f}{met}{rest}"


def verdict(runs: Runs, name: str, rivals: Sequence[str]) -> list[str]:
    """Against the best rival in each of the two things that are promised: the median of the paired differences."""
    punctual = max(rivals, key=lambda rival: medians(runs[rival]).met)
    quick = min(rivals, key=lambda rival: medians(runs[rival]).wait)
    both = [(own, runs[punctual][at], runs[quick][at]) for at, own in enumerate(runs[name])]
    points = _interval([own.met - other.met for own, other, _ in both])
    percent = _interval([100 * (own.wait / other.wait - 1) if other.wait else 0.0 for own, _, other in both])
    lines = [f"{name}: {points} points of deadlines met against {punctual}, {percent} % mean wait against {quick}"]
    behind = [tier for at, tier in enumerate(TIERS) if _is_behind(runs, name, rivals, at)]
    if behind:
        lines.append(f"{name}: some peer meets more deadlines for {', '.join(behind)}")
    return lines


def _interval(differences: Sequence[float]) -> str:
    """The median and, by order statistics, an interval that holds the true one with at least 95 % from six seeds on."""
    ordered = sorted(differences)
    outside = _outside(len(ordered))
    low, high = ordered[outside], ordered[-1 - outside]
    return f"{statistics.median(ordered):+.2f} ({low:+.2f} to {high:+.2f})"


def _outside(count: int) -> int:
    """How many of so many values lie outside on each side: the true median is outside with at most 5 %."""
    outside = tail = 0
    while True:
        tail += math.comb(count, outside)
        if 40 * tail > 2**count:
            return max(0, outside - 1)
        outside += 1


def _is_behind(runs: Runs, name: str, rivals: Sequence[str], tier: int) -> bool:
    met = medians(runs[name]).met_by_tier[tier]
    return any(medians(runs[rival]).met_by_tier[tier] > met for rival in rivals)


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Our routing rules against other systems' rules.")
    parser.add_argument("--seeds", type=int, default=10)
    parser.add_argument("--first-seed", type=int, default=0)
    parser.add_argument("--loads", default=LOADS, help="percent of the agents' capacity, comma separated")
    parser.add_argument("--contacts", type=int, default=3000, help="in one trace; the first tenth is not measured")
    parser.add_argument("--variants", action="store_true", help="also our rules with one of them changed")
    options = parser.parse_args(arguments)
    agents = trace.roster(trace.SEATS)
    rivals = [strategy.name for strategy in peers(agents)]
    seeds = range(options.first_seed, options.first_seed + options.seeds)
    print(f"{options.contacts} contacts a trace, medians of the seeds {seeds[0]} to {seeds[-1]}")
    for load in options.loads.split(","):
        print(f"\nload {load} %")
        floor = with_variants if options.variants else everybody
        runs = compare(floor, load=float(load) / 100, seeds=seeds, contacts=options.contacts)
        verdicts = [line for name in runs if name not in rivals for line in verdict(runs, name, rivals)]
        print("\n".join([*table(runs), *verdicts]), flush=True)


if __name__ == "__main__":
    main()
