"""The emulated Asterisk without sockets: its REST and its websocket as calls, each of which may fail or be lost."""

from __future__ import annotations

import asyncio
import json
import random
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, cast
from urllib.parse import unquote

from ari.emulator import Emulator
from ari.world import Device
from simulation.phone_house import SOURCE, Plugged

from channels.phone.asterisk import events as ev
from channels.phone.asterisk.actions import Rest
from channels.phone.asterisk.board import Board
from channels.phone.asterisk.platform import Asterisk
from channels.phone.asterisk.record import Line, Rules
from channels.phone.asterisk.rest import Outcome, RestClient
from channels.port import AnyOutbound, NotSent, Sender
from contactcenter.clock import Clock
from contactcenter.services.phone_survey import PhoneSurvey
from contactcenter.wiring.core import Core
from contactcenter.workers.tenure import Work

JSON = dict[str, Any]


class Devices(dict[str, Device]):
    """Whoever is rung behaves in his own way each time."""

    def __init__(self, rng: random.Random) -> None:
        super().__init__()
        self._rng = rng
        self.calm = False

    def get(self, name: str, default: Any = None) -> Any:
        luck = 0.5 if self.calm else self._rng.random()
        if luck < 0.8:
            return Device(answers=self._rng.uniform(0.2, 6.0))
        how = "rings" if luck < 0.87 else "busy" if luck < 0.91 else "declines" if luck < 0.95 else "dead"
        return Device(how) if luck < 0.98 else None


class Phones(Devices):
    """Those of agents, and those of customers who are called back: less often at home, and machines now and then."""

    def get(self, name: str, default: Any = None) -> Any:
        if not name.endswith("@trunk"):
            return super().get(name, default)
        luck = 0.0 if self.calm else self._rng.random()
        if luck < 0.55:
            amd = "MACHINE" if luck > 0.45 else "HUMAN"
            return Device(answers=self._rng.uniform(0.2, 6.0), amd=amd, talks=self._rng.uniform(0.0, 40.0))
        how = "rings" if luck < 0.75 else "busy" if luck < 0.85 else "declines" if luck < 0.92 else "dead"
        return Device(how, rings=self._rng.uniform(0.0, 5.0)) if luck < 0.97 else None


class Weather:
    """What is wrong with one call at a time: a fifth of all calls has its own fault."""

    def __init__(self, rng: random.Random) -> None:
        self.rng = rng
        self.calm = False
        self.faults: dict[str, str] = {}

    def of(self, event: JSON) -> str:
        return "" if self.calm else self.faults.get(call_of(event), "")

    def of_path(self, path: str) -> str:
        found = (kind for call, kind in self.faults.items() if call in path or call.replace("/", "~1") in path)
        return "" if self.calm else next(found, "")


def call_of(event: JSON) -> str:
    """The call that an event is about: the channel's own, or the one in a leg's name."""
    channel = event.get("channel") or event.get("peer") or {}
    name = str(channel.get("id", ""))
    return name.split(":")[2].replace("~1", "/") if name.startswith("cc:") else name


class Pbx:
    """One Asterisk for the whole history; `dialled` counts how often each leg was really made."""

    SOURCE = "{id: pbx-1, dialect: asterisk, base_url: 'http://pbx/ari', app: contactcenter}"

    def __init__(self, rng: random.Random, clock: Clock) -> None:
        self.rng = rng
        self.clock = clock
        self.emulator = Emulator()
        self.world = self.emulator.world
        self.weather = Weather(rng)
        self.devices = self.world.devices = Phones(rng)
        self.dialled: Counter[str] = Counter()
        self.emulator.lose = self._lost
        self.emulator.delay = self._late
        say = self.world.say
        self.world.say = lambda event: [say(dict(event)) for _ in range(self._times(event))] and None

    def start(self) -> asyncio.Task[None]:
        self.world.connected = False
        return asyncio.create_task(self.emulator._pump())

    def _lost(self, event: JSON) -> bool:
        kind, what = self.weather.of(event), event["type"]
        if kind == "missing hang-up":
            return what in ("StasisEnd", "ChannelDestroyed", "ChannelHangupRequest")
        return kind == "lost events" and self.rng.random() < 0.3

    def _late(self, event: JSON) -> float:
        return self.rng.uniform(0, 1.5) if self.weather.of(event) == "reorder" else 0.0

    def _times(self, event: JSON) -> int:
        return 2 if self.weather.of(event) == "duplicates" else 1

    # --- what callers and agents do -----------------------------------------------------------------------

    def device(self, agent: str) -> str:
        return agent

    def call(self, dialled: str, caller: str) -> str:
        return self.world.call(dialled, caller)

    def is_there(self, call: str) -> bool:
        return call in self.world.channels

    def talks(self, call: str) -> bool:
        return len(self.world.inside(f"cc:bridge:{call}")) >= 2

    def press(self, call: str, key: str) -> None:
        self.world.press(call, key)

    async def hang_up(self, call: str) -> None:
        self.world.hang_up(call)

    async def agent_hangs_up(self, call: str) -> None:
        for leg in [each for each in self.world.inside(f"cc:bridge:{call}") if each != call]:
            self.world.hang_up(leg, cause=16)

    async def provoke(self, call: str, fault: str) -> None:
        """What needs two things at once."""
        legs = [each for each in self.world.channels.values() if each.id.startswith(f"cc:leg:{call}:")]
        ringing = [each for each in legs if each.state == "Ringing"]
        if fault == "race" and ringing:
            self.world.answer_device(ringing[0], ["leg"])
            self.world.hang_up(call)
        elif fault == "both answer" and len(ringing) > 1:
            for leg in ringing:
                self.world.answer_device(leg, ["leg"])

    async def drop(self) -> None:
        await self.emulator.drop()

    def left(self) -> list[str]:
        return [*self.world.channels, *self.world.bridges]

    async def close(self) -> None: ...

    def connection(self, core: Core) -> Plugged:
        """What a process needs to be connected to this Asterisk."""
        senders, work = connection(self)(core)
        return senders, work, {}

    # --- as the adapter sees it ---------------------------------------------------------------------------

    async def answer(self, rest: Rest) -> Outcome:
        """One request: it may be refused on its way, or its answer lost."""
        kind = self.weather.of_path(rest.path + json.dumps(rest.body or {}))
        await self.clock.sleep(self.rng.expovariate(500))
        if kind == "requests" and self.rng.random() < 0.3:
            return Outcome(self.rng.choice([0, 500, 503]), b"planted")
        body = {**(rest.query or {}), **(rest.body or {})}
        path = unquote(rest.path)
        self.emulator.asked(rest.method, path, cast(JSON, body))
        status, said = self.emulator._answer(rest.method, path.strip("/").split("/"), cast(JSON, body))
        if (rest.method, path) == ("POST", "/channels") and status == 200:
            self.dialled[str(body["channelId"])] += 1
        await self.clock.sleep(self.rng.expovariate(500))
        if kind == "requests" and self.rng.random() < 0.2:
            return Outcome(0, b"TimeoutError")
        return Outcome(status, b"" if said is None else json.dumps(said).encode())


class NoSockets(RestClient):
    def __init__(self, pbx: Pbx, now: Callable[[], int]) -> None:
        super().__init__("http://pbx/ari", session=cast(Any, None), now=now)
        self._pbx = pbx

    async def _once(self, rest: Rest) -> Outcome:
        return await self._pbx.answer(rest)


class Socket:
    """Our end of the websocket."""

    def __init__(self) -> None:
        self.closed = False
        self.texts: asyncio.Queue[str | None] = asyncio.Queue()

    async def send_str(self, text: str) -> None:
        self.texts.put_nowait(text)

    async def close(self) -> None:
        self.closed = True
        self.texts.put_nowait(None)


class Wire:
    """`link.Link` without a network: connected while it may be, connected again when it breaks."""

    def __init__(self, pbx: Pbx, holds: Callable[[], bool], adapter: Asterisk) -> None:
        self._pbx = pbx
        self._holds = holds
        self._adapter = adapter

    async def run(self) -> None:
        while True:
            if self._holds():
                await self._once()
            await self._pbx.clock.sleep(0.2)

    async def _once(self) -> None:
        socket, emulator = Socket(), self._pbx.emulator
        emulator.socket = cast(Any, socket)
        emulator.world.connected = True
        opened = asyncio.create_task(self._guarded(socket, self._adapter._opened()))
        try:
            while (text := await socket.texts.get()) is not None:
                event = ev.decode(text)
                if event is not None:
                    self._adapter._hear(event)
        finally:
            opened.cancel()
            self._adapter._closed()
            if emulator.socket is cast(Any, socket):
                emulator.socket, emulator.world.connected = None, False

    async def _guarded(self, socket: Socket, opened: Awaitable[None]) -> None:
        try:
            await opened
        except Exception:
            await socket.close()


def connection(pbx: Pbx) -> Callable[[Core], tuple[Mapping[str, Sender], Work]]:
    """What a process needs to be connected to this Asterisk."""

    def make(core: Core) -> tuple[Mapping[str, Sender], Work]:
        held = _Held()

        async def work(epoch: int) -> None:
            rules = Rules(
                source=SOURCE,
                app="contactcenter",
                trunk="PJSIP/{number}@trunk",
                caller_id="4000000101",
                screen="cc-amd",
            )
            board = Board(rules, core.dialogue, lambda dialled: Line())
            adapter = Asterisk(
                board=board,
                rest=NoSockets(pbx, core.clock.now),
                intake=core.intake,
                open_calls=_Open(core),
                now=core.clock.now,
                holds=lambda: True,
                socket=("ws://pbx/ari/events", ("cc", "secret")),
            )
            adapter._link = cast(Any, Wire(pbx, lambda: True, adapter))
            held.adapter = adapter
            try:
                await adapter.run()
            finally:
                held.adapter = None

        return {"phone": held}, work

    return make


class _Held:
    adapter: Asterisk | None = None

    async def send(self, outbound: AnyOutbound) -> str:
        if self.adapter is None:
            raise NotSent("Asterisk is not connected")
        return await self.adapter.send(outbound)


class _Open:
    def __init__(self, core: Core) -> None:
        self._core = core

    async def open_calls(self, source: str) -> Any:
        import msgspec

        from channels.phone.record import Call

        calls = [msgspec.json.decode(view.life, type=Call) for view in await self._core.reads.open_calls(source)]
        return [call for call in calls if call.offered and not call.released]

    async def dialled_calls(self, source: str) -> Any:
        core = self._core
        return await PhoneSurvey(source, reads=core.reads, directories=core.directories, clock=core.clock).dialled()
