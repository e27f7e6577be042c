"""The emulated Twilio without sockets: its posts to our door and our REST calls as calls, which may fail or be lost."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from functools import partial
from typing import Any, cast
from urllib.parse import parse_qsl, urlsplit

import msgspec
from multidict import MultiDict
from simulation.phone_house import SOURCE, Plugged
from twilio_emulator import ACCOUNT, ENDED, TOKEN, Line, Twilio

from channels.phone.twilio.board import Board
from channels.phone.twilio.callers import Callers
from channels.phone.twilio.control import Control
from channels.phone.twilio.devices import Devices as Legs
from channels.phone.twilio.door import Source
from channels.phone.twilio.links import Links
from channels.phone.twilio.reconcile import Reconciler
from channels.phone.twilio.rest import Doubtful, Rest, _judged
from channels.phone.twilio.send import TwilioSender
from channels.phone.twilio.telling import telling
from channels.phone.twilio.verify import Verifier
from channels.port import ChannelError
from contactcenter.clock import Clock
from contactcenter.services.phone_survey import PhoneSurvey
from contactcenter.wiring.core import Core

OURS = "http://ours"


class Weather:
    """What is wrong with one call at a time."""

    def __init__(self) -> None:
        self.calm = False
        self.faults: dict[str, str] = {}

    def of(self, text: str) -> str:
        found = (kind for call, kind in self.faults.items() if call in text)
        return "" if self.calm else next(found, "")


def _dialled_as(form: dict[str, Any]) -> str:
    """The call of a callback's customer."""
    query = dict(parse_qsl(urlsplit(str(form["Url"])).query))
    return query.get("call", "") if str(form["To"]).startswith("+86139") else ""


class Manners:
    calm = False


class Net(Twilio):
    """The emulator over calls. `door` is our process's, None while it is dead."""

    def __init__(self, rng: random.Random, clock: Clock, weather: Weather, devices: Manners) -> None:
        super().__init__(OURS, SOURCE)
        self.rng = rng
        self.clock = clock
        self.now = lambda: clock.now() / 1_000_000
        self.weather = weather
        self.manners = devices
        self.door: Source | None = None
        self.in_hand: set[asyncio.Task[str]] = set()
        self.dialled: Counter[str] = Counter()
        """How often the customer of a callback was called, by its call; '' are all others."""

    async def _post(self, url: str, form: dict[str, str]) -> tuple[int, str]:
        """As an HTTP post comes out: what our process had in hand dies with it."""
        await self.clock.sleep(self.rng.expovariate(500))
        parts, door = urlsplit(url.split("#", 1)[0]), self.door
        handler = door.handlers.get(parts.path.rpartition("/")[2]) if door else None
        if handler is None:
            return 502, ""
        query = dict(parse_qsl(parts.query, keep_blank_values=True))
        task = asyncio.ensure_future(cast(Any, handler(form, query)))
        self.in_hand.add(task)
        try:
            await asyncio.wait([task])
            return (502, "") if task.cancelled() else (200, task.result() or "<Response/>")
        except ChannelError:
            return 503, ""
        except Exception:
            return 500, ""
        finally:
            self.in_hand.discard(task)

    async def _callback(self, url: str, form: dict[str, str], kind: str) -> None:
        fault = self.weather.of(url + form["CallSid"])
        if fault == "missing hang-up" and kind in (*ENDED, "participant-leave"):
            return
        if fault == "lost events" and self.rng.random() < 0.3:
            return
        if fault == "reorder":
            await self.clock.sleep(self.rng.uniform(0, 1.5))
        for _ in range(2 if fault == "duplicates" else 1):
            await self._post(url, form)

    def _create(self, form: dict[str, Any], events: list[str]) -> tuple[int, dict[str, Any]]:
        status, row = super()._create(form, events)
        if status == 201:
            self.dialled[_dialled_as(form)] += 1
            self._later(self._behave(self.lines[row["sid"]], float(form["Timeout"])))
        return status, row

    async def _behave(self, line: Line, timeout_s: float) -> None:
        """Whoever is rung behaves in his own way each time; a customer who is called back is a machine now and then."""
        luck = 0.5 if self.manners.calm else self.rng.random()
        if line.to.startswith("+86139"):
            await self._customer(line, luck, timeout_s)
            return
        after = self.rng.uniform(0.2, 6.0)
        await self.clock.sleep(after if luck < 0.95 else timeout_s)
        if line.status != "ringing":
            return
        if luck < 0.8:
            self.answer(line)
        else:
            await self.ends(line, "busy" if luck < 0.87 else "failed" if luck < 0.91 else "no-answer")

    async def _customer(self, line: Line, luck: float, timeout_s: float) -> None:
        after = self.rng.uniform(0.2, 6.0)
        await self.clock.sleep(after if luck < 0.9 else timeout_s)
        if line.status != "ringing":
            return
        if luck < 0.6:
            line.answered_by = "machine_start" if luck < 0.1 else "human"
            self.answer(line)
            await self.clock.sleep(self.rng.uniform(0.0, 40.0))
            await self.ends(line)
        else:
            await self.ends(line, "busy" if luck < 0.75 else "failed" if luck < 0.8 else "no-answer")


class NoSockets(Rest):
    def __init__(self, net: Net) -> None:
        super().__init__(
            cast(Any, None), account=ACCOUNT, user=ACCOUNT, password=TOKEN, base_url="http://api", pause=net.clock.sleep
        )
        self._net = net

    async def _once(self, method: str, path: str, what: dict[str, Any]) -> dict[str, Any]:
        net = self._net
        given = what.get("data") or what.get("params") or {}
        many: MultiDict[Any] = MultiDict(given)
        fault = net.weather.of(path + str(given))
        await net.clock.sleep(net.rng.expovariate(500))
        if fault == "requests" and net.rng.random() < 0.3:
            return _judged(net.rng.choice([429, 500, 503]), b"{}")
        status, body = await net._do(method, path, dict(many), many)
        await net.clock.sleep(net.rng.expovariate(500))
        if fault == "requests" and net.rng.random() < 0.2:
            raise Doubtful("the answer was lost")
        return _judged(status, msgspec.json.encode(body))


class TwilioNet:
    """One Twilio for the whole history. A device may be rung again when in doubt: `dialled` has customers alone."""

    SOURCE = f"{{id: pbx-1, dialect: twilio, account: {ACCOUNT}, from_number: '+862112345678'}}"

    def __init__(self, rng: random.Random, clock: Clock) -> None:
        self.rng = rng
        self.weather, self.devices = Weather(), Manners()
        self.net = Net(rng, clock, self.weather, self.devices)

    @property
    def dialled(self) -> dict[str, int]:
        return {call: times for call, times in self.net.dialled.items() if call}

    def start(self) -> asyncio.Task[None]:
        return asyncio.ensure_future(self.net.clock.sleep(10**9))

    async def close(self) -> None:
        await self.net.close()

    # --- what callers and agents do -----------------------------------------------------------------------

    def device(self, agent: str) -> str:
        return f"client:{agent}"

    def call(self, dialled: str, caller: str) -> str:
        return self.net.incoming(dialled, caller=f"+86{caller}").sid

    def is_there(self, call: str) -> bool:
        return self.net.lines[call].alive

    def talks(self, call: str) -> bool:
        room = self.net.rooms.get(self.net.lines[call].conference)
        return room is not None and room.begun and len(room.members) >= 2

    def press(self, call: str, key: str) -> None:
        self.net.press(self.net.lines[call], key)

    async def hang_up(self, call: str) -> None:
        await self.net.ends(self.net.lines[call])

    async def agent_hangs_up(self, call: str) -> None:
        room = self.net.rooms.get(self.net.lines[call].conference)
        for member in [each for each in (room.members if room else ()) if each != call]:
            await self.net.ends(self.net.lines[member])

    async def provoke(self, call: str, fault: str) -> None:
        """What needs two things at once."""
        lines = [each for each in self.net.lines.values() if f"call={call}&" in each.url and each.status == "ringing"]
        if fault == "race" and lines:
            self.net.answer(lines[0])
            await self.hang_up(call)
        elif fault == "both answer" and len(lines) > 1:
            for line in lines:
                self.net.answer(line)

    async def drop(self) -> None:
        """What is on its way to us is lost, as when a proxy is restarted."""
        for task in list(self.net.in_hand):
            task.cancel()

    def left(self) -> list[str]:
        alive = [line.sid for line in self.net.lines.values() if line.alive]
        return [*alive, *self.net.rooms]

    # --- our side -------------------------------------------------------------------------------------------

    def connection(self, core: Core) -> Plugged:
        now, tell = core.clock.now, telling(core.intake)
        links, board = Links(OURS, SOURCE), Board(core.clock.now)
        control = Control(NoSockets(self.net), board, links, number="+862112345678", now=now, screen="Enable")
        legs = Legs(source=SOURCE, tell=tell, links=links, board=board, control=control)
        callers = Callers(source=SOURCE, tell=tell, dialogue=core.dialogue, links=links, board=board, now=now)
        sender = TwilioSender(control=control, board=board, links=links, tell=tell, now=now)
        house = PhoneSurvey(SOURCE, reads=core.reads, directories=core.directories, clock=core.clock)
        reconciler = Reconciler(control=control, devices=legs, board=board, house=house, now=now)
        door = Source(links=links, verifier=Verifier([TOKEN]), callers=callers, devices=legs)

        async def listen() -> None:
            """The door is open while the process lives, and what it has in hand dies with it."""
            self.net.door = door
            try:
                await core.clock.sleep(10**9)
            finally:
                self.net.door = None
                await self.drop()

        parts = {"door": listen, "reconciler": partial(reconciler.run, core.clock.sleep)}
        return {"phone": sender}, None, parts
