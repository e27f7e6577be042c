"""Erlang's B, C and A for exponential talk times (M/M/n and its kin), by recursions that do not overflow.

`servers` is the number of agents, `load` the offered load in erlangs (arrivals per mean talk time). Times are in mean
talk times, so that a wait of 0.5 with talks of 100 s is 50 s. Rates below are per mean talk time too.
"""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import NamedTuple

NEGLIGIBLE = 1e-15


class Expected(NamedTuple):
    """What a referee expects. `wait` is the mean over all contacts, who gave up included."""

    waits: float
    """Share that finds every agent busy."""
    wait: float
    served_within: float
    """Share of all contacts answered within the threshold."""
    abandons: float


def erlang_b(servers: int, load: float) -> float:
    """Share of calls blocked when nobody may wait."""
    blocked = 1.0
    for server in range(1, servers + 1):
        blocked = load * blocked / (server + load * blocked)
    return blocked


def erlang_c(servers: int, load: float, *, threshold: float) -> Expected:
    """Everybody waits as long as it takes. Needs load < servers; raises ValueError otherwise."""
    if load >= servers:
        raise ValueError(f"a queue without abandonment never settles at load {load} on {servers} servers")
    blocked = erlang_b(servers, load)
    spare = servers - load
    waits = servers * blocked / (servers - load * (1 - blocked))
    return Expected(waits, waits / spare, 1 - waits * math.exp(-spare * threshold), 0.0)


def erlang_a(servers: int, load: float, *, patience: float, threshold: float) -> Expected:
    """Callers give up after an exponential patience of this mean (M/M/n+M); settles at any load.

    With k contacts already waiting, a patient newcomer waits for k + 1 departures at the rates servers + i / patience,
    i = 0..k. Per patience those rates are c + i, and the distribution of their sum is an incomplete beta function.
    """
    leaves = 1 / patience
    c = servers * patience
    all_busy = _share_all_busy(servers, load, leaves)
    share, queued, busy, wait, answered = all_busy, 0, 0.0, 0.0, 0.0
    gone = 1 - math.exp(-leaves * threshold)
    tail = _BetaTail(c + 1, gone)
    while share > NEGLIGIBLE or queued < load - servers:
        busy += share
        wait += share * queued / load
        answered += share * c / (c + queued + 1) * (1 - tail.above(queued))
        queued += 1
        share *= load / (servers + queued * leaves)
    return Expected(busy, wait, 1 - busy + answered, leaves * wait)


def _share_all_busy(servers: int, load: float, leaves: float) -> float:
    """Probability that every agent is busy and nobody waits."""
    above, term, queued = 1.0, 1.0, 0
    while term > NEGLIGIBLE * above or queued < load - servers:
        queued += 1
        term *= load / (servers + queued * leaves)
        above += term
    below = 1 / erlang_b(servers, load)
    return 1 / (below + above - 1)


class _BetaTail:
    """Share of sums of exponentials at the rates c, c + 1, .. c + k (k asked in rising order) above the threshold."""

    def __init__(self, c: float, gone: float) -> None:
        self._c = c
        self._gone = gone
        self._term: float = (1 - gone) ** c
        self._sum: float = self._term
        self._k = 0

    def above(self, k: int) -> float:
        while self._k < k:
            self._k += 1
            self._term *= (self._c + self._k - 1) / self._k * self._gone
            self._sum += self._term
        return self._sum


def halfin_whitt(beta: float) -> float:
    """Share that waits when servers = load + beta * sqrt(load) and both are large (Halfin and Whitt, 1981)."""
    normal = NormalDist()
    return 1 / (1 + beta * normal.cdf(beta) / normal.pdf(beta))


def square_root_staffing(load: float, beta: float) -> int:
    """The safety staffing rule, rounded up."""
    return math.ceil(load + beta * math.sqrt(load))
