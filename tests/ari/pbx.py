"""The emulator as a process of its own, with callers and agents in it: `python -m ari.pbx PORT ...`, figures as JSON.

Every call is answered by the device that rings first, talks for about `--talk` seconds and is ended by the caller.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import sys
import time
from collections import deque
from contextlib import suppress
from itertools import cycle
from typing import Any

from ari.emulator import Emulator, emulator
from ari.pulse import until
from ari.world import Device

STUCK_S = 20.0
LENGTHS = cycle(0.5 + number * 37 % 101 / 100 for number in range(101))
"""From half to one and a half of `--talk`: of one length all that began together would end together, over and over."""
SETTLES_S = 0.1
"""From the adapter's look round to the first call."""


class Anybody(dict[str, Device]):
    """Every device exists and answers soon."""

    def __init__(self, answers: float) -> None:
        super().__init__()
        self._device = Device(answers=answers)

    def get(self, name: str, default: Any = None) -> Any:
        return self._device


class Watch:
    """When calls were said, rung and over, by the emulator's own clock."""

    def __init__(self, found: Emulator, talk: float) -> None:
        self._found = found
        self._talk = talk
        self.rung: dict[str, float] = {}
        self.idle_since: dict[str, float] = {}
        self.gaps: list[float] = []
        self.talked: set[str] = set()
        self.over = 0
        """Callers who have left."""
        found.asked = self._asked
        found.world.say = self._said

    def _asked(self, method: str, path: str, body: dict[str, Any]) -> None:
        if method == "POST" and path == "/channels":
            now = time.perf_counter()
            self.rung.setdefault(body["originator"], now)
            device = str(body["endpoint"])
            if device in self.idle_since:
                self.gaps.append(now - self.idle_since.pop(device))

    def _said(self, event: dict[str, Any]) -> None:
        channel = event.get("channel", {})
        if event["type"] == "ChannelEnteredBridge" and not channel["id"].startswith("cc:"):
            self.talked.add(channel["id"])
            lasts = self._talk * next(LENGTHS)
            asyncio.get_running_loop().call_later(lasts, self._found.world.hang_up, channel["id"])
        elif event["type"] == "StasisEnd" and not channel["id"].startswith("cc:"):
            self.over += 1
        elif event["type"] == "ChannelLeftBridge" and channel["id"].startswith("cc:leg"):
            self.idle_since[channel["name"].rpartition("-")[0]] = time.perf_counter()
        self._found._say(event)


async def offered(found: Emulator, options: argparse.Namespace, watch: Watch) -> None:
    """At the rate, whatever becomes of them; or as many at once as `--keep` says."""
    waiting = deque(range(options.calls))

    def one() -> None:
        found.world.call(options.dialled, f"138{waiting.popleft():08d}")

    if options.keep:
        while waiting:
            await until(lambda: options.calls - len(waiting) - watch.over < options.keep, STUCK_S)
            one()
        return
    loop = asyncio.get_running_loop()
    began = loop.time() + SETTLES_S
    for number in range(options.calls):
        loop.call_at(began + number / options.rate, one)
    await until(lambda: not waiting, STUCK_S + options.calls / options.rate)


async def main(arguments: list[str]) -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port", type=int)
    parser.add_argument("--dialled", required=True)
    parser.add_argument("--rate", type=float, default=100)
    parser.add_argument("--keep", type=int, default=0)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--talk", type=float, default=1.5)
    parser.add_argument("--answers", type=float, default=0.05)
    options = parser.parse_args(arguments)
    async with emulator(options.port) as (found, _):
        found.world.devices = Anybody(options.answers)
        found.silence = 0.1
        watch = Watch(found, options.talk)
        await asyncio.to_thread(sys.stdin.readline)
        await until(lambda: found.asked_for("GET", "/channels"), STUCK_S)
        await offered(found, options, watch)
        with suppress(TimeoutError):
            await until(lambda: not found.world.channels, STUCK_S)
        waits = {call: (at - found.sent_at[call]) * 1e3 for call, at in watch.rung.items() if call in found.sent_at}
        figures = {"waits": list(waits.values()), "gaps": [gap * 1e3 for gap in watch.gaps]}
        counts = {"talked": len(watch.talked), "requests": len(found.requests), "left": len(found.world.channels)}
        print(json.dumps({**figures, **counts}), flush=True)


if __name__ == "__main__":
    import uvloop

    uvloop.run(main(sys.argv[1:]))
