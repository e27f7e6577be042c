"""`make demo`: a busy hour in a minute or two, on a running service, through the public doors only.

One lane a house (script.py), all lanes at once; then every contact's facts are read back, the decisions become one
digest, and the day's table is recomputed. The exit code is 1 when anything was lost or owned twice.
"""

from __future__ import annotations

import asyncio
import signal
from argparse import Namespace
from contextlib import suppress
from pathlib import Path
from typing import Any

from msgspec import Struct
from rich.console import Console

from contactcenter.client import world
from contactcenter.client.errors import ClientError, DoorError
from contactcenter.clock import SystemClock
from contactcenter.demo import ledger
from contactcenter.demo.access import DemoAccess, load
from contactcenter.demo.acts import ACTS
from contactcenter.demo.chance import dice
from contactcenter.demo.display import Display
from contactcenter.demo.doors import Doors, opened
from contactcenter.demo.floor import Floor
from contactcenter.demo.lane import Lane, Ref, Run, Stage
from contactcenter.demo.layout import houses
from contactcenter.demo.people import awake
from contactcenter.demo.table import outcome, table
from contactcenter.demo.traffic import lanes
from contactcenter.errors import Busy, ContactCenterError

READERS = 6
CLEARED_TRIES = 100
TIDY_S = 20.0
BROKEN_OFF = 143
"""The exit code after SIGTERM."""


class Options(Struct, frozen=True, kw_only=True):
    """`lasts_s`: how long the hour takes at least; `limit_s`: after this the demo gives up."""

    seed: int = 1
    contacts: int = 400
    agents: int = 100
    decisions: Path | None = None
    lasts_s: float = 75.0
    limit_s: float = 600.0


async def demo(access: DemoAccess | Path, options: Options | Namespace) -> int:
    """For __main__: the data directory (or its access), and the command line's options. Returns the exit code."""
    known = load(access) if isinstance(access, Path) else access
    broken_off = _break_off_on_term()
    try:
        return await BusyHour(known, _options(options), Console()).play()
    except asyncio.CancelledError:
        if not broken_off.is_set():
            raise
        return BROKEN_OFF


def _options(given: Options | Namespace) -> Options:
    if isinstance(given, Options):
        return given
    named = {name: value for name, value in vars(given).items() if name in Options.__struct_fields__}
    return Options(**{name: value for name, value in named.items() if value is not None})


class BusyHour:
    def __init__(
        self, access: DemoAccess, options: Options, console: Console, *, ids: world.Ids = world.new_id
    ) -> None:
        self._access = access
        self._options = options
        self._console = console
        self._digits = f"{int(ids()[-12:], 16) % 10_000:04d}"
        self._lanes: list[Lane] = []
        self._floors: list[Floor] = []
        self._left: list[str] = []

    async def play(self) -> int:
        """Whatever happens, nobody stays signed in and nothing stays open."""
        try:
            async with opened(self._access) as doors:
                try:
                    async with asyncio.timeout(self._options.limit_s):
                        await self._hour(doors)
                except TimeoutError:
                    self._left.append(f"the demo did not end within {self._options.limit_s:.0f} s")
                return await self._report(doors)
        except* (ContactCenterError, ClientError) as problems:
            raise _first(problems) from None

    # --- the hour ------------------------------------------------------------------------------------------

    async def _hour(self, doors: Doors) -> None:
        clock = asyncio.get_running_loop().time
        await self._clear(doors)
        document = (await doors.operator.get("/v1/configuration"))["document"]
        built = houses(document, agents=self._options.agents)
        scripts = lanes(built, seed=self._options.seed, contacts=self._options.contacts)
        luck = [dice(self._options.seed, f"jitter/{house.client}") for house in built]
        self._floors = [Floor(house, self._access, own.random) for house, own in zip(built, luck, strict=True)]
        mobile = awake(SystemClock().now())
        run = Run(digits=self._digits, mobile=mobile, lasts_s=self._options.lasts_s, clock=clock)
        for floor, script in zip(self._floors, scripts, strict=True):
            others = [other for other in self._floors if other is not floor]
            self._lanes.append(Lane(script, Stage(floor, doors, run, others), ACTS))
        everybody = asyncio.Barrier(len(built))
        with Display(self._console, clock) as display:
            display.say(f"{self._options.contacts} contacts, seed {self._options.seed}, run {self._digits}")
            async with asyncio.TaskGroup() as group:
                for lane in self._lanes:
                    group.create_task(self._shift(lane, display, everybody))

    async def _shift(self, lane: Lane, display: Display, everybody: asyncio.Barrier) -> None:
        """One house from the first who signs in to the last who goes home."""
        floor = lane.stage.floor
        arrived = display.lane(f"{lane.script.client} agents", len(floor.house.agents))
        async with floor.shift(lambda: arrived(len(floor.seats))):
            try:
                await everybody.wait()
                lane.stage.run.begin()
                told = display.lane(lane.script.client, lane.script.contacts)
                await lane.play(lambda: told(lane.came))
            finally:
                await self._tidy(lane)

    async def _tidy(self, lane: Lane) -> None:
        try:
            async with asyncio.timeout(TIDY_S):
                await lane.tidy("the demo is over")
        except TimeoutError:
            self._left.append(f"{lane.script.client}: not everything could be closed in time")

    async def _clear(self, doors: Doors) -> None:
        """What `simulate` or a broken-off demo left in the queue would be offered to these agents first."""
        left = await _waiting(doors)
        for contact in left:
            await doors.operator.post(f"/v1/contacts/{contact}/close", {"reason": "the queue is cleared for the demo"})
        for _ in range(CLEARED_TRIES):
            if not await _waiting(doors):
                break
            await asyncio.sleep(0.1)
        if left:
            self._say(f"{len(left)} contacts waited from before and were closed")

    # --- what came of it -----------------------------------------------------------------------------------

    async def _report(self, doors: Doors) -> int:
        decided, missing = await self._decisions(doors)
        lines = sorted(one.line for one in decided)
        if self._options.decisions is not None:
            text = "".join(f"{line}\n" for line in lines)
            await asyncio.to_thread(self._options.decisions.write_text, text, encoding="utf-8")
        day = (await doors.operator.get("/v1/reports/day"))["table"]
        found = outcome(decided, len(missing), day)
        for note in (*self._left, *(note for lane in self._lanes for note in lane.stage.notes), *missing):
            self._say(note)
        reconnects = sum(floor.reconnects for floor in self._floors)
        self._console.print(table(decided, day, found))
        self._say(f"reconnects of agents: {reconnects}")
        self._say(f"decisions: {len(lines)} contacts, digest {ledger.digest(lines)}")
        return 0 if found.good and not self._left else 1

    async def _decisions(self, doors: Doors) -> tuple[list[ledger.Decided], list[str]]:
        """Every contact's facts, a few at a time; and which labels have no contact although a door took them."""
        refs = [(lane, ref) for lane in self._lanes for ref in lane.taken()]
        for lane, ref in refs:
            if not ref.contact:
                ref.contact = await doors.find(lane.stage.run.tag(ref.label), pages=50)
        missing = [f"{ref.label}: a door took it, but there is no such contact" for _, ref in refs if not ref.contact]
        gate = asyncio.Semaphore(READERS)

        async def read(ref: Ref) -> ledger.Decided | None:
            async with gate:
                story = await _story(doors, ref.contact)
            if story is None:
                missing.append(f"{ref.label}: {ref.contact} is not known to the API")
                return None
            return ledger.read(ref.label, ref.medium, await _with_complaints(doors, ref, story["facts"]))

        read_all = await asyncio.gather(*(read(ref) for _, ref in refs if ref.contact))
        return [one for one in read_all if one is not None], missing

    def _say(self, text: str) -> None:
        self._console.print(text, highlight=False, markup=False)


def _break_off_on_term() -> asyncio.Event:
    """SIGTERM ends the demo as Ctrl-C does: the shift is closed first. Set when that has happened."""
    me, broken_off = asyncio.current_task(), asyncio.Event()

    def break_off() -> None:
        broken_off.set()
        if me is not None:
            me.cancel()

    with suppress(NotImplementedError, ValueError):
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, break_off)
    return broken_off


async def _waiting(doors: Doors) -> list[str]:
    return [contact for state in ("waiting", "offered") for contact in await doors.contacts(state)]


def _first(problems: BaseExceptionGroup[Exception]) -> Exception:
    """The one problem to tell: what the client met is told as a service that cannot be reached."""
    first: BaseException = problems
    while isinstance(first, BaseExceptionGroup):
        first = first.exceptions[0]
    return first if isinstance(first, ContactCenterError) else Busy(f"the demo broke off: {first}")


async def _story(doors: Doors, contact: str) -> dict[str, Any] | None:
    try:
        return await doors.contact(contact)
    except DoorError as refusal:
        if refusal.status != 404:
            raise
        return None


async def _with_complaints(doors: Doors, ref: Ref, facts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """A complaint's climb may stand with its case alone."""
    if not ref.case or any(fact["kind"] == "complaint.escalated" for fact in facts):
        return facts
    try:
        case = await doors.operator.get(f"/v1/cases/{ref.case}")
    except ClientError:
        return facts
    known = {fact["id"] for fact in facts}
    return [*facts, *(fact for fact in case["facts"] if fact["id"] not in known)]
