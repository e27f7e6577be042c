"""What is measured of one run, and the median of several."""

from __future__ import annotations

import statistics
from collections.abc import Callable, Sequence
from dataclasses import dataclass, fields
from typing import Any

from benchmarks.peers.floor import Fate
from benchmarks.peers.trace import SECOND
from routing.model import Tier


@dataclass(frozen=True, slots=True)
class Measures:
    """Waits in seconds, until the answer or until the customer left; shares in percent of all contacts.

    A deadline is met by an answer at or before it; who left was not answered, however early. The lists have one
    value per tier, best first. `level` is the mean of the agent's lowest level on the needed skills.
    """

    wait: float
    p90: float
    wait_by_tier: list[float]
    p90_by_tier: list[float]
    met: float
    met_by_tier: list[float]
    abandoned: float
    misused: float
    starved: float
    level: float


def measure(fates: Sequence[Fate]) -> Measures:
    tiers = [[fate for fate in fates if fate.arrival.contact.tier is tier] for tier in Tier]
    return Measures(
        wait=_mean_wait(fates),
        p90=_p90(fates),
        wait_by_tier=[_mean_wait(tier) for tier in tiers],
        p90_by_tier=[_p90(tier) for tier in tiers],
        met=_share(fates, lambda fate: fate.in_time),
        met_by_tier=[_share(tier, lambda fate: fate.in_time) for tier in tiers],
        abandoned=_share(fates, lambda fate: not fate.agent),
        misused=sum(fate.misused for fate in fates),
        starved=sum(fate.starved for fate in fates),
        level=statistics.fmean([fate.level for fate in fates if fate.agent] or [0]),
    )


def medians(runs: Sequence[Measures]) -> Measures:
    """Field by field, and tier by tier."""
    named: dict[str, Any] = {}
    for field in fields(Measures):
        values = [getattr(run, field.name) for run in runs]
        by_tier = isinstance(values[0], list)
        named[field.name] = (
            [*map(statistics.median, zip(*values, strict=True))] if by_tier else statistics.median(values)
        )
    return Measures(**named)


def _mean_wait(fates: Sequence[Fate]) -> float:
    return statistics.fmean([fate.waited for fate in fates] or [0]) / SECOND


def _p90(fates: Sequence[Fate]) -> float:
    """Nine of ten waited no longer."""
    waits = sorted(fate.waited for fate in fates)
    return waits[max(0, -(-len(waits) * 9 // 10) - 1)] / SECOND if waits else 0.0


def _share(fates: Sequence[Fate], told: Callable[[Fate], bool]) -> float:
    return 100 * sum(map(told, fates)) / len(fates) if fates else 0.0
