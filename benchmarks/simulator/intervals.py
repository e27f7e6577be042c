"""Confidence intervals for a mean over a run whose neighbours depend on each other: the method of batch means."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import fmean
from typing import NamedTuple

BATCHES = 30
QUANTILE = 3.6739
"""Student's t for a two-sided interval of 99.9 % with 28 degrees of freedom: 30 batches, mean and slope estimated."""


class Interval(NamedTuple):
    mean: float
    half: float

    def holds(self, value: float) -> bool:
        return abs(value - self.mean) <= self.half

    def __str__(self) -> str:
        return f"{self.mean:.4f} ± {self.half:.4f}"


def batch_means(values: Sequence[float], *, control: Sequence[float]) -> Interval:
    """Mean and half width at 99.9 %, both sequences cut into BATCHES equal runs (what remains at the front is dropped).

    `control` is as long as `values` and has the exact expectation 0: what a batch had too much of it is taken out of
    the batch by linear regression. Raises ValueError for fewer values than batches. A batch must be much longer than
    the queue remembers.
    """
    size = len(values) // BATCHES
    if not size:
        raise ValueError(f"{len(values)} values are too few for {BATCHES} batches")
    outcomes, chances = _batches(values, size), _batches(control, size)
    outcome, chance = fmean(outcomes), fmean(chances)
    spread = sum((each - chance) ** 2 for each in chances)
    together = sum((x - chance) * (y - outcome) for x, y in zip(chances, outcomes, strict=True))
    slope = together / spread if spread else 0.0
    rest = sum((y - outcome - slope * (x - chance)) ** 2 for x, y in zip(chances, outcomes, strict=True))
    factor = 1 / BATCHES + (chance * chance / spread if spread else 0.0)
    return Interval(outcome - slope * chance, QUANTILE * math.sqrt(rest / (BATCHES - 2) * factor))


def _batches(values: Sequence[float], size: int) -> list[float]:
    first = len(values) - size * BATCHES
    return [fmean(values[at : at + size]) for at in range(first, len(values), size)]
