"""Processor time of an embedded server: its own and of all its backends, which come and go under it."""

from __future__ import annotations

import os
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

TICK = os.sysconf("SC_CLK_TCK")


def processor_s(dsn: str) -> float:
    """Seconds of the postmaster that listens on this socket, and of its living and buried children."""
    folder = parse_qs(urlsplit(dsn).query)["host"][0]
    port = parse_qs(urlsplit(dsn).query).get("port", ["5432"])[0]
    postmaster = int(Path(folder, f".s.PGSQL.{port}.lock").read_text().split()[0])
    return sum(_ticks(each) for each in (postmaster, *_children(postmaster))) / TICK


def _children(parent: int) -> list[int]:
    found = Path(f"/proc/{parent}/task/{parent}/children").read_text()
    return [int(each) for each in found.split()]


def _ticks(process: int) -> int:
    try:
        fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0  # It has gone since; its parent has its time.
    return sum(map(int, fields[11:15]))
