"""One Twilio source without a house behind it: a scripted intake, the real door, sender and control, the emulator."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import aiohttp
from aiohttp import web
from aiohttp.test_utils import TestServer, unused_port
from ivr_rig import Surroundings
from twilio_emulator import ACCOUNT, TOKEN, Line, Twilio

from channels.flow import Flow
from channels.ivr.engine import Flows
from channels.phone.twilio.board import Board
from channels.phone.twilio.callers import Callers
from channels.phone.twilio.control import Control
from channels.phone.twilio.devices import Devices
from channels.phone.twilio.door import Source, TwilioDoor
from channels.phone.twilio.links import Links
from channels.phone.twilio.reconcile import Reconciler
from channels.phone.twilio.rest import Rest
from channels.phone.twilio.send import TwilioSender
from channels.phone.twilio.telling import telling
from channels.phone.twilio.verify import Verifier
from channels.port import AnyInbound, PhoneCommand, Receipt

OLD_TOKEN = "the-token-before"


class ScriptedIntake:
    """Keeps what it was given; answers the receipts it was given in turn, then the last one for ever."""

    def __init__(self) -> None:
        self.taken: list[AnyInbound] = []
        self.answers: list[Receipt | Exception] = [
            Receipt("ct_1", instruction="queue", text="您排在第1位", language="zh-CN")
        ]

    async def accept(self, inbound: AnyInbound) -> Receipt:
        self.taken.append(inbound)
        answer = self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]
        if isinstance(answer, Exception):
            raise answer
        return answer

    def kinds(self) -> list[str]:
        return [str(each.__struct_config__.tag) for each in self.taken]


@dataclass
class StoredCalls:
    """What the house has stored of its calls, as a test says."""

    dialling: list[str] = field(default_factory=list)
    callers: list[str] = field(default_factory=list)
    called: tuple[str, int] = ("", 0)
    devices: frozenset[str] = frozenset()
    rings: list[tuple[str, str, str]] = field(default_factory=list)

    async def dialled(self) -> list[str]:
        return self.dialling

    async def there(self) -> list[str]:
        return self.callers

    async def customer(self, call: str) -> tuple[str, int]:
        return self.called

    async def ringing(self) -> tuple[frozenset[str], list[tuple[str, str, str]]]:
        return self.devices, self.rings


@dataclass
class Rig:
    intake: ScriptedIntake
    twilio: Twilio
    sender: TwilioSender
    surroundings: Surroundings
    root: str
    paused: list[float]
    reconciler: Reconciler
    control: Control
    board: Board
    house: StoredCalls
    _commands: int = 0

    def restarts(self) -> None:
        """Our process dies and another begins: what it remembered is gone."""
        self.board.__init__(self.board._now)  # type: ignore[misc]
        self.reconciler._first = True

    async def command(self, verb: str, call: str, **more: str) -> str:
        self._commands += 1
        not_after = time.time_ns() // 1000 + 20_000_000
        name = more.pop("id", f"cmd-{self._commands}")
        command = PhoneCommand(id=name, source="tw", call=call, verb=verb, not_after=not_after, **more)
        return await self.sender.send(command)

    async def talk(self, device: str = "client:one") -> tuple[Line, Line]:
        caller = self.twilio.incoming("+862112345678")
        await self.twilio.until(lambda: caller.conference)
        await self.command("ring", caller.sid, offer="ct_1/1/one", device=device)
        leg = await self.twilio.rings(device)
        self.twilio.answer(leg)
        await self.twilio.until(lambda: self.twilio.talking(caller, leg))
        return caller, leg


@asynccontextmanager
async def rig(flow: Flow | None = None) -> AsyncIterator[Rig]:
    ours, theirs = unused_port(), unused_port()
    root, paused = f"http://127.0.0.1:{ours}", []

    async def pause(seconds: float) -> None:
        paused.append(seconds)

    def now() -> int:
        return time.time_ns() // 1000

    async with aiohttp.ClientSession() as session:
        intake, surroundings, house = ScriptedIntake(), Surroundings(flow), StoredCalls()
        tell, links, board = telling(intake), Links(root, "tw"), Board(now)
        rest = Rest(
            session,
            account=ACCOUNT,
            user=ACCOUNT,
            password=TOKEN,
            base_url=f"http://127.0.0.1:{theirs}",
            pause=pause,
        )
        control = Control(rest, board, links, number="+862112345678", now=now)
        devices = Devices(source="tw", tell=tell, links=links, board=board, control=control)
        source = Source(
            links=links,
            verifier=Verifier([OLD_TOKEN, TOKEN]),
            callers=Callers(
                source="tw",
                tell=tell,
                dialogue=Flows(surroundings),
                links=links,
                board=board,
                now=now,
                music="https://music.example/one.mp3",
            ),
            devices=devices,
        )
        sender = TwilioSender(control=control, board=board, links=links, tell=tell, now=now)
        app = web.Application()
        app.add_routes(TwilioDoor({"tw": source}.get).routes())
        twilio = Twilio(root, "tw")
        async with TestServer(app, port=ours), TestServer(twilio.app(), port=theirs):
            reconciler = Reconciler(control=control, devices=devices, board=board, house=house, now=now)
            yield Rig(intake, twilio, sender, surroundings, root, paused, reconciler, control, board, house)
            await twilio.close()
