"""First come, first served by identical agents, without any routing: the recursion of Kiefer and Wolfowitz (1955).

Each contact goes to whoever is free first; who would have to wait longer than he is patient leaves no trace. What a
routing core does with one class of contacts must agree with it to the microsecond.
"""

from __future__ import annotations

from collections.abc import Iterable
from heapq import heapify, heapreplace
from typing import NamedTuple

from benchmarks.simulator.streams import Arrival
from routing.model import Micros


class Served(NamedTuple):
    """`wait` until the answer, or until the customer gave up."""

    wait: Micros
    answered: bool


def first_come(agents: int, arrivals: Iterable[Arrival]) -> list[Served]:
    """`arrivals` in order of time; every agent is free from the start."""
    free_at = [0] * agents
    heapify(free_at)
    out: list[Served] = []
    for at, _, talk, patience in arrivals:
        begins = max(at, free_at[0])
        if patience is not None and begins - at > patience:
            out.append(Served(patience, False))
            continue
        heapreplace(free_at, begins + talk)
        out.append(Served(begins - at, True))
    return out
