"""Simulated calls on the whole service, a fifth of them with a fault, in virtual time and without sockets.

    python -m tests.simulation.phone --calls 1000 [--platform twilio] [--first 1]

Each seed is one history of 25 callers. Faults of a call: duplicates, reorder, lost events, missing hang-up, failing
requests, an answer racing a cancel, two agents answering at once. In each history the connection breaks and our process
is killed, at instants that the seed picks; devices are busy, decline, are dead or do not answer. Some callers want to
be called back, and some of these call again meanwhile: to keep it, to cancel it or to wait instead. Agents dial them,
with faults too, to phones that are busy, do not answer, decline or are machines. Then it gets calm: each call must be
in one terminal state, each callback have its one outcome, each agent be free, no leg dialled twice, and nothing stuck.
A seed tells the same history in every process, under every PYTHONHASHSEED: the same `mark`.
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
from simulation import phone_callbacks
from simulation.phone_asterisk import Pbx
from simulation.phone_callbacks import Desk
from simulation.phone_house import EXAMPLE, PROVIDER, Ground, Process
from simulation.phone_twilio import TwilioNet
from simulation.virtual_loop import Deadlock, VirtualLoop, simulate

from contactcenter.domain.configuration_yaml import load_yaml

HOTLINE, TOLL_FREE = "4000000101", "8000000102"
EXAMPLES = {"    calendar: office\n": "    calendar: always\n", "spacing_s: 900": "spacing_s: 60"}
"""Of the example: callbacks at any hour, and attempts that follow soon enough to be played."""
WANTS_A_CALL = 0.25
CALLS_AGAIN = 0.4
WISH, KEPT, CANCELLED, INSTEAD = ("1", "3", "1", "1"), ("1", "1"), ("1", "2"), ("1", "3")
"""What these callers press, in the flow of the example's 800 line."""
CALLS = 25
FAULTY = 0.2
FAULTS = (
    "duplicates", "reorder", "lost events", "missing hang-up", "requests", "race", "both answer",
)  # fmt: skip
AGENTS = ("a1001", "a1002", "a1003", "a1004", "a1005", "a1006")
CALM_S = 400.0
"""Beyond a minute's survey, the wrap-up, and an agent's time not responding."""
CALLED_BACK_S = 3000.0
"""Beyond what all attempts at a callback take, and the agents' patience with a platform that says nothing."""


class Told(NamedTuple):
    seed: int
    wrong: list[str]
    calls: int
    faults: dict[str, int]
    ends: dict[str, int]
    kills: int
    drops: int
    callbacks: dict[str, int]
    mark: str
    """A digest of all facts: two histories of one mark are the same history."""


class History:
    """`calls` by name to their fault; those that came while nobody listened went to the dialplan's fallback."""

    def __init__(self, loop: VirtualLoop, seed: int, platform: type[Pbx] | type[TwilioNet]) -> None:
        self.rng = random.Random(seed)
        example = EXAMPLE.read_text(encoding="utf-8").replace("{id: pbx-1}", platform.SOURCE)
        for old, new in EXAMPLES.items():
            example = example.replace(old, new, 1)
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
        desks = [asyncio.create_task(self._desk(agent).work()) for agent in AGENTS]
        callers = [asyncio.create_task(self._caller(number)) for number in range(CALLS)]
        trouble = asyncio.create_task(self._trouble())
        await asyncio.gather(*callers)
        trouble.cancel()
        self.ground.calm = self.pbx.weather.calm = self.pbx.devices.calm = True
        await self._called_back()
        for desk in desks:
            desk.cancel()
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
            else:
                await self._killed()

    async def _killed(self) -> None:
        """Nobody is dead twice: who kills also starts the next one."""
        if self.process is None:
            return
        dead, self.process = self.process, None
        await asyncio.shield(asyncio.ensure_future(self._next_life(dead)))

    async def _next_life(self, dead: Process) -> None:
        await dead.kill()
        await self.ground.clock.sleep(self.rng.choice([0.0, 0.5, 4.0, 12.0]))
        await self._live()

    # --- callbacks ----------------------------------------------------------------------------------------

    def _desk(self, agent: str) -> Desk:
        return Desk(self.ground, agent, process=lambda: self.process, kill=self._killed, fated=self._fated)

    async def _called_back(self) -> None:
        """Until every promise has its outcome and all is quiet; one that never gets any is a violation."""
        waited = 0.0
        while phone_callbacks.outstanding(self.ground) and waited < CALLED_BACK_S:
            await self.ground.clock.sleep(10)
            waited += 10
        await self.ground.clock.sleep(CALM_S)

    # --- callers ------------------------------------------------------------------------------------------

    async def _caller(self, number: int) -> None:
        rng, pbx = self.rng, self.pbx
        await self.ground.clock.sleep(rng.uniform(0, 150))
        if rng.random() < WANTS_A_CALL:
            await self._wants_a_call(number)
            return
        call = self._calls(rng.choice([HOTLINE, HOTLINE, TOLL_FREE]), number)
        fault = self.calls[call]
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

    def _calls(self, dialled: str, number: int) -> str:
        """A new call, perhaps with a fault of its own."""
        call = self.pbx.call(dialled, f"1390000{number:04d}")
        self._fated(call)
        return call

    def _fated(self, call: str) -> None:
        self.calls[call] = self.rng.choice(FAULTS) if self.rng.random() < FAULTY else ""
        if self.calls[call]:
            self.pbx.weather.faults[call] = self.calls[call]

    async def _wants_a_call(self, number: int) -> None:
        """To be called back; some call again before that."""
        await self._presses(self._calls(TOLL_FREE, number), WISH)
        if self.rng.random() < CALLS_AGAIN:
            await self.ground.clock.sleep(self.rng.uniform(2, 40))
            call = self._calls(TOLL_FREE, number)
            await self._presses(call, self.rng.choice([KEPT, CANCELLED, INSTEAD]))

    async def _presses(self, call: str, keys: tuple[str, ...]) -> None:
        """Key by key, and hangs up a minute after the last one, or after his talk."""
        for key in keys:
            await self.ground.clock.sleep(2)
            if self.pbx.is_there(call):
                self.pbx.press(call, key)
        waited = 0.0
        while self.pbx.is_there(call) and (waited < 60 or self.pbx.talks(call)):
            await self.ground.clock.sleep(1)
            waited += 1
            if self.pbx.talks(call) and self.rng.random() < 0.05:
                break
        await self.pbx.hang_up(call)

    # --- what must hold -----------------------------------------------------------------------------------

    @property
    def ends(self) -> Counter[str]:
        return Counter(contact.outcome for contact in self.ground.tables.contacts.values())

    async def _wrong(self) -> list[str]:
        tables = self.ground.tables
        found = [f"{name} is not over: {contact.state}" for name, contact in tables.contacts.items()
                 if contact.state != "ended" and contact.medium == "voice"]  # fmt: skip
        found += phone_callbacks.violations(self.ground)
        ended = Counter(fact.contact for fact in tables.facts.values() if fact.kind == "contact.ended")
        found += [f"{name} ended {count} times" for name, count in ended.items() if count != 1]
        found += [f"{call}: {one}" for call in self.calls for one in self._call_is_wrong(call)]
        found += [f"offer {name} is open" for name in tables.live_offers.values()]
        busy = {row.agent for row in tables.assignments.values() if row.ended_at is None and row.contact in ended}
        found += [f"{agent} is not free" for agent in sorted(busy)]
        found += [f"{agent}: {write.used_units} units used" for (_, agent), (_, write) in tables.presences.items()
                  if write.used_units]  # fmt: skip
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
    return Told(
        seed,
        wrong,
        len(done.calls),
        faults,
        done.ends,
        done.lives - 1,
        done.drops,
        phone_callbacks.told(done.ground),
        done.mark,
    )


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
    callbacks = sum((Counter(each.callbacks) for each in told), Counter())
    print(f"outcomes of callbacks: {dict(callbacks.most_common())}")
    bad = [each for each in told if each.wrong]
    print(f"mark {blake2b(''.join(each.mark for each in told).encode(), digest_size=8).hexdigest()}")
    print(f"{len(bad)} histories with violations")
    for each in bad[:3]:
        print(f"seed {each.seed}:", *each.wrong[:12], sep="\n  ")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
