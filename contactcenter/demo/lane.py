"""One lane: plays its script strictly in order, and after each step waits until what must follow can be seen.

What is waited for is a state of the desks ('it rings somewhere', 'somebody owns it'), never a single frame: after a
kill -9 and a restart everybody resumes with a snapshot and the same question has the same answer. What a kill has
made impossible is found out by asking the API, and the lane goes on without it.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

from msgspec import Struct

from contactcenter.client.chat import ChatVisitor
from contactcenter.client.errors import ClientError, DeskError
from contactcenter.demo import script as s
from contactcenter.demo.doors import Doors
from contactcenter.demo.floor import Floor, Seat

LOOK_S = 0.25
"""How long one look at the desks lasts before they are looked at again."""
DOUBT_S = 2.0
"""After this the API is asked what became of the contact."""
LIMIT_S = 60.0
"""No step waits longer, while everybody is connected."""
ENDED = ("ended",)


class Ref(Struct, kw_only=True):
    """A contact of the script and what is known of it."""

    label: str
    medium: str = ""
    contact: str = ""
    call: str = ""
    case: str = ""
    level: int = 0
    message_id: str = ""
    sent: bool = False
    """A door has taken it: from now on it must be somewhere."""
    visitor: ChatVisitor | None = None
    dropped: str = ""
    """Why the rest of its steps cannot be played."""


class Gone(Exception):
    """What the script wants can no longer happen."""


class Run(Struct, kw_only=True):
    """What makes this run different from every other: digits for numbers, and when its hour began.

    `mobile`: how the numbers begin of those who are called back.
    """

    digits: str
    mobile: str
    lasts_s: float
    clock: Callable[[], float]
    began: float = 0.0

    def begin(self) -> None:
        """The hour begins when everybody is at work."""
        self.began = self.began or self.clock()

    def name(self, text: str) -> str:
        return text.replace("{run}", self.digits).replace("{mobile}", self.mobile)

    def tag(self, label: str) -> str:
        return f"[{self.digits}/{label}]"


class Stage:
    """What every step of a lane works with."""

    def __init__(self, floor: Floor, doors: Doors, run: Run, others: list[Floor]) -> None:
        self.floor = floor
        self.doors = doors
        self.run = run
        self.others = others
        self.refs: dict[str, Ref] = {}
        self.notes: list[str] = []

    def ref(self, label: str) -> Ref:
        return self.refs.setdefault(label, Ref(label=label))

    # --- waiting -------------------------------------------------------------------------------------------

    async def see(self, ref: Ref, wanted: Callable[[], bool], what: str) -> None:
        """Until the desks show what is wanted; Gone when the contact has ended meanwhile, or nothing moves."""
        waited = 0.0
        while not wanted():
            before = self.run.clock()
            await self.floor.change(LOOK_S)
            if self.floor.connected:
                waited += self.run.clock() - before
            if waited > DOUBT_S and ref.contact and await self.state(ref) in ENDED and not wanted():
                raise Gone(f"ended before {what}")
            if waited > LIMIT_S:
                raise Gone(f"nothing moves: {what}")

    async def reaches(self, ref: Ref, *states: str) -> None:
        """Until the contact's row is in one of these states; for what no desk shows."""
        for _ in range(round(LIMIT_S / 0.05)):
            if await self.state(ref) in (*states, *ENDED):
                return
            await asyncio.sleep(0.05)
        raise Gone(f"never {' or '.join(states)}")

    async def state(self, ref: Ref) -> str:
        return str((await self.doors.contact(ref.contact))["contact"]["state"])

    async def facts(self, ref: Ref) -> list[dict[str, Any]]:
        return list((await self.doors.contact(ref.contact))["facts"])

    def owner(self, ref: Ref) -> Seat:
        """Gone when nobody has it."""
        seat = self.floor.owner(ref.contact)
        if seat is None:
            raise Gone("nobody has it")
        return seat


Act = Callable[[Stage, Any], Awaitable[None]]


class Lane:
    """Plays one script. `played` counts steps, for the display."""

    def __init__(self, script: s.Lane, stage: Stage, acts: dict[type[s.Step], Act]) -> None:
        self.script = script
        self.stage = stage
        self._acts = acts
        self.played = 0
        self.came = 0

    async def play(self, told: Callable[[], None]) -> None:
        for step in self.script.steps:
            await self._step(step)
            self.played += 1
            self.came += isinstance(step, s.ARRIVALS)
            told()

    async def _step(self, step: s.Step) -> None:
        ref = self.stage.ref(step.label)
        if ref.dropped:
            return
        try:
            await self._acts[type(step)](self.stage, step)
        except (Gone, DeskError) as why:
            ref.dropped = str(why)
            self.stage.notes.append(f"{step.label}: {type(step).__name__.lower()} not played: {why}")

    def taken(self) -> list[Ref]:
        """Every contact that a door has taken."""
        return [ref for ref in self.stage.refs.values() if ref.sent]

    async def tidy(self, reason: str) -> None:
        """Whatever is still open ends now: nothing stays half-open behind the demo."""
        await asyncio.gather(*(self._end(ref, reason) for ref in self.taken()))

    async def _end(self, ref: Ref, reason: str) -> None:
        if ref.visitor is not None and not ref.visitor.ended:
            await ref.visitor.__aexit__(None, None, None)
        if not ref.contact:
            return
        owner = self.stage.floor.owner(ref.contact)
        try:
            if owner is not None and owner.client.desk.wraps_up(ref.contact):
                await owner.client.wrap_up_done(ref.contact)
            elif await self.stage.state(ref) not in ENDED:
                await self.stage.doors.operator.post(f"/v1/contacts/{ref.contact}/close", {"reason": reason})
        except ClientError as problem:
            self.stage.notes.append(f"{ref.label}: could not be closed: {problem}")
