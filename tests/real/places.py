"""Where the parts stand on loopback, and how to wait for one of them."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

CARRIER, FLOOR, ELSEWHERE = "127.0.0.3", "127.0.0.4", "127.0.0.5"
CARRIER_PORT, FLOOR_PORT = 15062, 15064
PATIENCE_S = 15.0


def wait(what: str, probe: Callable[[], Any], seconds: float = PATIENCE_S) -> Any:
    until = time.monotonic() + seconds
    while not (found := probe()):
        if time.monotonic() > until:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.01)
    return found
