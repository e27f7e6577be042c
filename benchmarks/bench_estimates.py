"""How wrong the expected wait is, on a seeded floor: ours beside HOL, LES and the average hold time.

    python -m benchmarks estimates [--hours 24] [--agents 30] [--seed 1] [--plain]

Every contact is told an estimate on entering; those that had to wait and were answered are compared with what they
then waited. Five loads: steady at 0.7, 0.9, 1.0 and 1.1 of what the agents can do, and waves between 0.25 and 1.25.
Columns: mean absolute error in seconds; mean squared error over the squared mean wait (rMSE); mean absolute error by
tier. For ours also the share of contacts that waited no longer than `at_most` (target 90 %), by tier, those who were
offered at once included under `all`; and how wide that bound is, as a multiple of the expected wait.

    average   the mean hold time with a quarter of its weight on the last one, as Asterisk keeps it
    LES       what the last to be answered had waited; LES/tier: of the same tier
    HOL       what the longest waiting has waited; HOL/tier: of the same tier
    ours      routing/estimate.py
"""

from __future__ import annotations

import argparse
import math
import statistics
import time
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Protocol

from benchmarks.queue_floor import Entry, Floor, S, Scenario
from routing.estimate import Forecast, Known
from routing.model import Micros, Tier

LOADS = {
    "0.7": Scenario(load=0.7),
    "0.9": Scenario(load=0.9),
    "1.0": Scenario(load=1.0),
    "1.1": Scenario(load=1.1),
    "day": Scenario(load=0.75, wave=True),
}
WARM_UP = 200
"""Contacts at the beginning that teach and are not judged."""
VIEW = ("l", "chat")


class Estimator(Protocol):
    def says(self, entry: Entry) -> Micros: ...
    def learns(self, entry: Entry) -> None: ...


class Average:
    def __init__(self) -> None:
        self.hold: Micros = 0

    def says(self, entry: Entry) -> Micros:
        return self.hold

    def learns(self, entry: Entry) -> None:
        self.hold = (3 * self.hold + entry.waited) // 4


class LastServed:
    """LES. Of those who had to wait: whoever is offered at once knows nothing of queues."""

    def __init__(self, *, by_tier: bool) -> None:
        self.by_tier = by_tier
        self.last: dict[int, Micros] = {}

    def says(self, entry: Entry) -> Micros:
        return self.last.get(entry.tier if self.by_tier else 0, 0)

    def learns(self, entry: Entry) -> None:
        if entry.place:
            self.last[entry.tier if self.by_tier else 0] = entry.waited


class HeadOfLine:
    def __init__(self, *, by_tier: bool) -> None:
        self.by_tier = by_tier

    def says(self, entry: Entry) -> Micros:
        head = entry.heads[entry.tier] if self.by_tier else entry.head
        return entry.at - head if head else 0

    def learns(self, entry: Entry) -> None:
        """The queue itself is all it knows."""


class ByPlace:
    """Ours; keeps what it said, for the bound."""

    def __init__(self) -> None:
        self.known = Known()
        self.told: dict[str, Forecast] = {}

    def says(self, entry: Entry) -> Micros:
        tier, place = entry.tier, entry.place
        expected = self.known.wait(tier, place=place, head=entry.head, now=entry.at)
        self.told[entry.id] = Forecast(expected, self.known.at_most(expected, tier, place), tier, place, entry.at)
        return expected

    def learns(self, entry: Entry) -> None:
        assert entry.answered_at is not None
        said, now = self.told[entry.id], entry.answered_at
        self.known.learn(said.expected, said.tier, place=said.place, waited=now - said.at, now=now)


@dataclass(frozen=True)
class Result:
    """One floor: the answered contacts after the warm-up, with what each estimator said of them."""

    entries: list[Entry]
    told: dict[str, Forecast]

    def waited(self, tier: int | None = None) -> list[Entry]:
        """Those who were not offered at once."""
        return [entry for entry in self.entries if entry.place and tier in (None, entry.tier)]


def estimators() -> dict[str, Estimator]:
    return {
        "average": Average(),
        "LES": LastServed(by_tier=False),
        "LES/tier": LastServed(by_tier=True),
        "HOL": HeadOfLine(by_tier=False),
        "HOL/tier": HeadOfLine(by_tier=True),
        "ours": ByPlace(),
    }


def simulate(scenario: Scenario) -> Result:
    ours = ByPlace()
    everyone = estimators() | {"ours": ours}

    def entered(entry: Entry) -> None:
        entry.said = {name: each.says(entry) for name, each in everyone.items()}

    def answered(entry: Entry) -> None:
        for each in everyone.values():
            each.learns(entry)

    entries = Floor(scenario, entered=entered, answered=answered).run()
    return Result([entry for entry in entries[WARM_UP:] if entry.answered_at is not None], ours.told)


# --- figures ---------------------------------------------------------------------------------------------------


def mean(values: Iterable[float]) -> float:
    """Of no values: not a number, which a table shows and no comparison passes."""
    kept = list(values)
    return statistics.fmean(kept) if kept else math.nan


def mean_error(entries: Sequence[Entry], name: str) -> float:
    """Mean absolute error in seconds."""
    return mean(abs(entry.said[name] - entry.waited) for entry in entries) / S


def relative_error(entries: Sequence[Entry], name: str) -> float:
    """Mean squared error over the squared mean wait."""
    wait = mean(entry.waited for entry in entries)
    return mean((entry.said[name] - entry.waited) ** 2 for entry in entries) / wait**2


def covered(entries: Sequence[Entry], told: dict[str, Forecast]) -> float:
    """The share that waited no longer than the bound."""
    return mean(entry.waited <= told[entry.id].at_most for entry in entries)


def width(entries: Sequence[Entry], told: dict[str, Forecast]) -> float:
    known = [told[entry.id] for entry in entries if told[entry.id].expected]
    return mean(said.at_most / said.expected for said in known)


def table(load: str, result: Result) -> Iterator[str]:
    waited = result.waited()
    wait = mean(entry.waited for entry in waited) / S
    yield f"load {load}: {len(result.entries)} answered, {len(waited)} had to wait, {wait:.1f} s on average"
    yield f"  {'':9} {'MAE s':>7} {'rMSE':>7}   " + " ".join(f"{tier.name.lower():>9}" for tier in Tier)
    for name in estimators():
        tiers = " ".join(f"{mean_error(result.waited(tier), name):9.1f}" for tier in Tier)
        yield f"  {name:9} {mean_error(waited, name):7.1f} {relative_error(waited, name):7.2f}   {tiers}"
    bounds = " ".join(f"{covered(result.waited(tier), result.told):9.1%}" for tier in Tier)
    everyone = covered(result.entries, result.told)
    yield f"  {'at_most':9} {covered(waited, result.told):7.1%} {'':7}   {bounds}"
    yield f"  {'':9} all {everyone:.1%}, {width(waited, result.told):.2f} times the expected wait"


def cost(calls: int = 100_000) -> tuple[float, float]:
    """CPU microseconds of one estimate and of one answer learned, with everything known; the best of six rounds."""
    known, now = Known(), 1_700_000_000 * S
    asked = [(number % 4, number * 7 % 30, number * 7919 % 100 * S) for number in range(calls)]
    rounds = []
    for _ in range(6):
        begin = time.process_time()
        said = [known.wait(tier, place=place, head=now - S, now=now) for tier, place, _ in asked]
        for expected, (tier, place, _) in zip(said, asked, strict=True):
            known.at_most(expected, tier, place)
        middle = time.process_time()
        for expected, (tier, place, waited) in zip(said, asked, strict=True):
            known.learn(expected, tier, place=place, waited=waited, now=now + waited)
        rounds.append((middle - begin, time.process_time() - middle))
    return min(a for a, _ in rounds) / calls * 1e6, min(b for _, b in rounds) / calls * 1e6


def main(arguments: Sequence[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="How wrong the expected wait is.")
    parser.add_argument("--hours", type=float, default=24.0)
    parser.add_argument("--agents", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--plain", action="store_true", help="nobody needs a skill")
    options = parser.parse_args(arguments)
    print(
        f"{options.agents} agents, {options.hours:g} h, seed {options.seed}" + (", no skills" if options.plain else "")
    )
    for load, scenario in LOADS.items():
        floor = replace(
            scenario, seed=options.seed, hours=options.hours, agents=options.agents, skills=not options.plain
        )
        print(*table(load, simulate(floor)), sep="\n", flush=True)
    told, learned = cost()
    print(f"cost: expected {told:.2f} us, served {learned:.2f} us")


if __name__ == "__main__":
    main()
