"""Simulated calls on the whole service, a fifth of them with a fault, in virtual time and without sockets.

    python -m tests.simulation.phone --calls 1000 [--platform twilio] [--first 1]

Each seed is one history of 25 calls. Faults of a call: duplicates, reorder, lost events, missing hang-up, failing
requests, an answer racing a cancel, two agents answering at once. In each history the connection breaks and our process
is killed, at instants that the seed picks; devices are busy, decline, are dead or do not answer. Then it gets calm:
each call must be in one terminal state, each agent free, no leg dialled twice, and nothing stuck. A seed tells the same
history in every process, under every PYTHONHASHSEED: the same `mark`.
"""

from __future__ import annotations

import argparse
import asyncio
import logging
import random
import sys
import time
from collections import Counter
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

if str(Path(__file__).parents[1]) not in sys.path:
    sys.path.insert(0, str(Path(__file__).parents[1]))

import msgspec
from simulation.phone_asterisk import Pbx
from simulation.phone_house import EXAMPLE, PROVIDER, Ground, Process
from simulation.phone_twilio import TwilioNet
from simulation.virtual_loop import Deadlock, VirtualLoop, simulate

from contactcenter.domain.configuration_yaml import load_yaml

HOTLINE, TOLL_FREE = "4000000101", "8000000102"
CALLS = 25
FAULTY = 0.2
FAULTS = (
    "duplicates", "reorder", "lost events", "missing hang-up", "requests", "race", "both answer",
)  # fmt: skip
AGENTS = ("a1001", "a1002", "a1003", "a1004", "a1005", "a1006")
CALM_S = 400.0
"""Beyond a minute's survey, the wrap-up, and an agent's time not responding."""


class Told(NamedTuple):
    seed: int
    wrong: list[str]
    calls: int
    faults: dict[str, int]
    ends: dict[str, int]
    kills: int
    drops: int
    mark: str
    """A digest of all facts: two histories of one mark are the same history."""


class History:
    """`calls` by name to their fault; those that came while nobody listened went to the dialplan's fallback."""

    def __init__(self, loop: VirtualLoop, seed: int, platform: type[Pbx] | type[TwilioNet]) -> None:
        self.rng = random.Random(seed)
        example = EXAMPLE.read_text(encoding="utf-8").replace("{id: pbx-1}", platform.SOURCE)
        self.ground = Ground(loop, self.rng, example)
        self.pbx = platform(self.rng, self.ground.clock)
        self.calls: dict[str, str] = {}
        self.lives = 0
        self.drops = 0
        self.process: Process | None = None

    async def run(self) -> list[str]:
        pump = self.pbx.start()
        document = load_yaml(self.ground.configuration)
        await self.ground.stores.configuration.save(PROVIDER, 1, document, "simulation", 0)
        await self._live()
        assert self.process is not None
        for agent in AGENTS:
            await self.process.at_work(agent, self.pbx.device(agent))
        await self.ground.clock.sleep(5)
        callers = [asyncio.create_task(self._caller(number)) for number in range(CALLS)]
        trouble = asyncio.create_task(self._trouble())
        await asyncio.gather(*callers)
        trouble.cancel()
        self.pbx.weather.calm = self.pbx.devices.calm = True
        if self.process is None:
            await self._live()
        await self.ground.clock.sleep(CALM_S)
        wrong = await self._wrong()
        await self.process.kill()
        pump.cancel()
        await self.pbx.close()
        return wrong

    # --- our process --------------------------------------------------------------------------------------

    async def _live(self) -> None:
        self.lives += 1
        self.process = Process(self.ground, f"node-{self.lives}")
        await self.process.start(self.pbx.connection)

    async def _trouble(self) -> None:
        """The connection breaks, our process dies; neither waits for a good moment."""
        while True:
            await self.ground.clock.sleep(self.rng.uniform(10, 60))
            if self.rng.random() < 0.5:
                self.drops += 1
                await self.pbx.drop()
            elif self.process is not None:
                dead, self.process = self.process, None
                await dead.kill()
                await self.ground.clock.sleep(self.rng.choice([0.0, 0.5, 4.0, 12.0]))
                await self._live()

    # --- callers ------------------------------------------------------------------------------------------

    async def _caller(self, number: int) -> None:
        rng, pbx = self.rng, self.pbx
        await self.ground.clock.sleep(rng.uniform(0, 150))
        call = pbx.call(rng.choice([HOTLINE, HOTLINE, TOLL_FREE]), f"1390000{number:04d}")
        fault = rng.choice(FAULTS) if rng.random() < FAULTY else ""
        self.calls[call] = fault
        if fault:
            pbx.weather.faults[call] = fault
        patience, waited = rng.uniform(3, 90), 0.0
        while pbx.is_there(call) and not pbx.talks(call) and waited < patience:
            await self.ground.clock.sleep(0.25)
            waited += 0.25
            await pbx.provoke(call, fault)
            if rng.random() < 0.02:
                pbx.press(call, rng.choice(["1", "2", "3", "#"]))
        if pbx.talks(call):
            await self.ground.clock.sleep(rng.uniform(1, 60))
            if rng.random() < 0.3:
                await pbx.agent_hangs_up(call)
                await self.ground.clock.sleep(30)
        await pbx.hang_up(call)

    @property
    def mark(self) -> str:
        return blake2b(msgspec.json.encode(list(self.ground.tables.facts.values())), digest_size=8).hexdigest()

    # --- what must hold -----------------------------------------------------------------------------------

    @property
    def ends(self) -> Counter[str]:
        return Counter(contact.outcome for contact in self.ground.tables.contacts.values())

    async def _wrong(self) -> list[str]:
        tables = self.ground.tables
        found = [f"{name} is not over: {contact.state}" for name, contact in tables.contacts.items()
                 if contact.state != "ended" and contact.medium == "voice"]  # fmt: skip
        ended = Counter(fact.contact for fact in tables.facts.values() if fact.kind == "contact.ended")
        found += [f"{name} ended {count} times" for name, count in ended.items() if count != 1]
        found += [f"{call}: {one}" for call in self.calls for one in self._call_is_wrong(call)]
        open_ = [tables.offers[name] for name in tables.live_offers.values()]
        waits = {offer.agent for offer in open_ if tables.contacts[offer.contact].medium == "callback"}
        found += [f"offer {offer.id} is open" for offer in open_ if tables.contacts[offer.contact].medium == "voice"]
        busy = {row.agent for row in tables.assignments.values() if row.ended_at is None and row.contact in ended}
        found += [f"{agent} is not free" for agent in sorted(busy)]
        found += [f"{agent}: {write.used_units} units used" for (_, agent), (_, write) in tables.presences.items()
  if write.used_units and agent not in waits]  # fmt: skip
        found += [f"on the platform: {name}" for name in self.pbx.left()]
        found += [f"{leg} was dialled {times} times" for leg, times in self.pbx.dialled.items() if times > 1]
        return found + [f"stuck: {what} {count}" for what, count in (await self.ground.stuck()).items()]

    def _call_is_wrong(self, call: str) -> list[str]:
        tables = self.ground.tables
        contacts = [c for c in tables.contacts.values() if c.external_id == call and c.medium == "voice"]
        stored = tables.calls.get(("pbx-1", call))
        life = msgspec.json.decode(stored.life) if stored else {}
        wrong = ["has several contacts"] if len(contacts) > 1 else []
        if contacts and life.get("state") != "released":
            wrong.append(f"its life ends as {life.get('state')}")
        if life and not contacts and life.get("state", "expected") not in ("lost", "expected"):
            wrong.append(f"no contact, but {life.get('state')}")
        return wrong


PLATFORMS: dict[str, type[Pbx] | type[TwilioNet]] = {"asterisk": Pbx, "twilio": TwilioNet}


def history(seed: int, platform: str = "asterisk") -> Told:
    loop = VirtualLoop(seed)
    asyncio.set_event_loop(loop)
    made: list[History] = []

    async def main() -> list[str]:
        made.append(History(loop, seed, PLATFORMS[platform]))
        return await made[0].run()

    try:
        wrong = simulate(loop, main())
    except Deadlock as dead:
        wrong = [str(dead)]
    done = made[0]
    faults = Counter(kind for kind in done.calls.values() if kind)
    return Told(seed, wrong, len(done.calls), faults, done.ends, done.lives - 1, done.drops, done.mark)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.simulation.phone", description=__doc__)
    parser.add_argument("--calls", type=int, default=1000)
    parser.add_argument("--first", type=int, default=1, help="the first seed")
    parser.add_argument("--platform", choices=tuple(PLATFORMS), default="asterisk")
    options = parser.parse_args(arguments)
    logging.disable(logging.CRITICAL)
    began, told = time.perf_counter(), []
    for seed in range(options.first, options.first + max(options.calls // CALLS, 1)):
        told.append(history(seed, options.platform))
    faults = sum((Counter(each.faults) for each in told), Counter())
    ends = sum((Counter(each.ends) for each in told), Counter())
    print(f"{sum(each.calls for each in told)} calls in {len(told)} histories, {time.perf_counter() - began:.0f} s")
    print(f"{faults.total()} calls with a fault: {dict(faults.most_common())}")
    print(f"{sum(each.kills for each in told)} kills, {sum(each.drops for each in told)} broken connections")
    print(f"outcomes of contacts: {dict(ends.most_common())}")
    bad = [each for each in told if each.wrong]
    print(f"mark {blake2b(''.join(each.mark for each in told).encode(), digest_size=8).hexdigest()}")
    print(f"{len(bad)} histories with violations")
    for each in bad[:3]:
        print(f"seed {each.seed}:", *each.wrong[:12], sep="\n  ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
