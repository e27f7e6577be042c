"""The house as the adapter sees it, and the adapter itself on an emulator: for scenarios of one call at a time."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from ari.emulator import Emulator, emulator
from ari.pulse import beat, until
from channels.phone import call as life
from channels.phone.asterisk.actions import Out
from channels.phone.asterisk.board import Board
from channels.phone.asterisk.platform import PROOF_S, Asterisk
from channels.phone.asterisk.record import Line, Rules
from channels.phone.asterisk.rest import RestClient, session, socket_address
from channels.port import AnyInbound, CallOffered, CallReleased, DifferentPayload, PhoneCommand, Receipt
from channels.verbs import Answer, Caller, Dialogue, Say, Turn

CREDENTIALS = ("cc", "secret")


def now() -> int:
    return time.time_ns() // 1000


class Clock:
    """The adapter's; a test may put it forward."""

    def __init__(self) -> None:
        self.ahead = 0

    def __call__(self) -> int:
        return now() + self.ahead


class NoFlows:
    """A `Dialogue` without any flow."""

    def begin(self, caller: Caller, now: int) -> Turn | None:
        return None

    def go_on(self, state: bytes, answer: Answer, now: int) -> Turn:
        raise AssertionError("no flow was begun")

    def waiting(self, caller: Caller, receipt: Receipt, now: int) -> tuple[Say, ...]:
        return (Say("please hold", "en", media="hold"),)


@dataclass
class Desk:
    """An Intake that keeps each call's life as the service does, and answers every offered call with `receipt`."""

    receipt: Receipt = field(default_factory=lambda: Receipt("ct_1", instruction="queue", position=1))
    heard: list[AnyInbound] = field(default_factory=list)
    calls: dict[str, life.Call] = field(default_factory=dict)
    refuse: list[Exception] = field(default_factory=list)
    seen: dict[str, AnyInbound] = field(default_factory=dict)
    dialled: list[str] = field(default_factory=list)
    """Calls that the house made and of whose end it has not heard."""

    async def accept(self, inbound: AnyInbound) -> Receipt:
        if self.refuse:
            raise self.refuse.pop(0)
        first = self.seen.setdefault(inbound.external_id, inbound)
        if first != inbound:
            raise DifferentPayload(inbound.external_id)
        if first is inbound:
            self.heard.append(inbound)
            name = getattr(inbound, "call", "")
            call = self.calls.get(name, life.Call(source=inbound.source, call=name))
            self.calls[name], _ = life.advance(call, inbound, now())
        beat()
        return self.receipt if isinstance(inbound, CallOffered) else Receipt("ct_1")

    async def open_calls(self, source: str) -> Sequence[life.Call]:
        return [call for call in self.calls.values() if call.offered and not call.released]

    async def dialled_calls(self, source: str) -> Sequence[str]:
        return self.dialled

    def of(self, kind: str, **fields: object) -> list[AnyInbound]:
        found = [each for each in self.heard if each.__struct_config__.tag == kind]
        return [each for each in found if all(getattr(each, name) == value for name, value in fields.items())]

    def ends(self, call: str) -> list[CallReleased]:
        return list(self.of("call.released", call=call, leg="customer"))  # type: ignore[arg-type]


class Watched(Asterisk):
    """The adapter, which says when it has done something."""

    def _do(self, out: Out) -> None:
        super()._do(out)
        beat()

    async def _drain(self, lane: str) -> None:
        await super()._drain(lane)
        beat()

    async def _opened(self) -> None:
        await super()._opened()
        beat()

    def _closed(self) -> None:
        super()._closed()
        beat()


@dataclass
class Floor:
    emulator: Emulator
    desk: Desk
    asterisk: Asterisk
    board: Board
    clock: Clock

    def ring(self, call: str, offer: str = "ct_1/1/a1", device: str = "", lasts: float = 5.0) -> PhoneCommand:
        return PhoneCommand(
            id=f"{offer}/ring", source="pbx", call=call, verb="ring", offer=offer, agent="1",
            device=device or offer.rpartition("/")[2], not_after=now() + int(lasts * 1e6),
        )  # fmt: skip

    async def order(self, verb: str, call: str, offer: str = "", **more: str) -> str:
        return await self.asterisk.send(
            PhoneCommand(id=f"{call}/{verb}/{offer}", source="pbx", call=call, verb=verb, offer=offer, **more)
        )

    async def arrived(self, dialled: str = "4000000101") -> str:
        call = self.emulator.world.call(dialled)
        await until(lambda: self.desk.of("call.offered", call=call))
        return call

    async def all_quiet(self) -> None:
        """Nothing of ours is left on Asterisk, every call has ended once, no leg is open."""
        world = self.emulator.world
        await until(lambda: not world.channels and not world.bridges and not self.board.calls)
        await until(lambda: all(len(self.desk.ends(name)) == 1 for name in self.desk.calls))
        for name, call in self.desk.calls.items():
            assert len(self.desk.ends(name)) == 1, self.desk.heard
            assert call.released or not call.offered


def board_of(dialogue: Dialogue | None = None, line: Line | None = None, sounds: str = "", screen: str = "") -> Board:
    rules = Rules(
        source="pbx", app="contactcenter", trunk="PJSIP/{number}@trunk", caller_id="400", sounds=sounds,
        recordings="http://pbx/ari", screen=screen,
    )  # fmt: skip
    return Board(rules, dialogue or NoFlows(), lambda dialled: line or Line())


@asynccontextmanager
async def adapter(
    found: Emulator,
    address: str,
    desk: Desk,
    board: Board,
    *,
    holds: Callable[[], bool] = lambda: True,
    proof_s: float = PROOF_S,
) -> AsyncIterator[Floor]:
    """One process's life: left, it is as dead as after kill -9, for it says no word to Asterisk."""
    clock = Clock()
    async with session(*CREDENTIALS) as http:
        asterisk = Watched(
            board=board,
            rest=RestClient(address, session=http, now=clock),
            intake=desk,
            open_calls=desk,
            now=clock,
            holds=holds,
            socket=(socket_address(address, "contactcenter"), CREDENTIALS),
        )
        asterisk.proof_s = proof_s
        running = asyncio.create_task(asterisk.run())
        try:
            await until(lambda: asterisk.ready.is_set() or not holds())
            yield Floor(found, desk, asterisk, board, clock)
        finally:
            running.cancel()
            await asyncio.wait([running])


@asynccontextmanager
async def floor(
    dialogue: Dialogue | None = None, line: Line | None = None, sounds: str = "", screen: str = ""
) -> AsyncIterator[Floor]:
    board = board_of(dialogue, line, sounds, screen)
    async with emulator() as (found, address), adapter(found, address, Desk(), board) as up:
        yield up
