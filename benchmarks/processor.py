"""Processor time of processes, from /proc: a server's backends come and go under it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TICK = os.sysconf("SC_CLK_TCK")


def processor_s(dsn: str) -> float:
    """Seconds of the postmaster that listens on this socket, and of its living and buried children."""
    query = parse_qs(urlsplit(dsn).query)
    lock = Path(query["host"][0], f".s.PGSQL.{query['port'][0]}.lock")
    return tree_s(int(lock.read_text().split()[0]))


def own_s(process: int) -> float:
    """Seconds of this process alone."""
    return sum(_fields(process)[:2]) / TICK


def tree_s(process: int) -> float:
    """Seconds of a process and everything below it, the dead included."""
    return sum(_fields(process)) / TICK + sum(map(tree_s, children(process)))


def children(parent: int) -> list[int]:
    """Of whichever of its threads started them; none of a process that has gone."""
    found = []
    for task in Path(f"/proc/{parent}/task").glob("*/children"):
        try:
            found.extend(int(each) for each in task.read_text().split())
        except OSError:
            continue
    return found


def _fields(process: int) -> list[int]:
    """utime, stime, and those of its buried children, in ticks; its parent has them once it has gone."""
    try:
        text = Path(f"/proc/{process}/stat").read_text()
    except OSError:
        return [0, 0, 0, 0]
    return [int(each) for each in text.rpartition(")")[2].split()[11:15]]
