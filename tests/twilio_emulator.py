"""A Twilio of our own: takes REST calls, posts signed callbacks, fetches TwiML and does what it says.

Nothing in it waits by the clock: callers press what a test gives them, devices ring until a test answers. Callbacks can
be sent twice, held back and sent in another order, or lost; REST answers can fail before or after the deed.
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from typing import Any
from urllib.parse import urlencode
from xml.etree import ElementTree

import aiohttp
from aiohttp import web
from twilio.request_validator import RequestValidator
from yarl import URL

ACCOUNT, TOKEN = "AC" + "1" * 32, "t0ken-of-the-account"
ROOT = f"/2010-04-01/Accounts/{ACCOUNT}"
PATIENCE_S = 10.0
ENDED = ("completed", "busy", "no-answer", "failed", "canceled")


@dataclass
class Line:
    """A call on the emulator."""

    sid: str
    to: str
    from_: str
    direction: str
    status: str = "queued"
    status_callback: str = ""
    events: tuple[str, ...] = ("completed",)
    url: str = ""
    keys: list[str] = field(default_factory=list)
    message: int = 0
    heard: list[str] = field(default_factory=list)
    twiml: list[str] = field(default_factory=list)
    conference: str = ""
    waits: str = ""
    """Where what he hears while his conference has not begun goes on; nothing: silence."""
    held: bool = False
    answered_by: str = ""
    created: str = ""
    sequence: int = 0
    moved: asyncio.Event = field(default_factory=asyncio.Event)
    task: asyncio.Task[None] | None = None

    @property
    def alive(self) -> bool:
        return self.status not in ENDED


@dataclass
class Room:
    sid: str
    members: dict[str, bool] = field(default_factory=dict)
    """SID of a call to whether the room ends with it."""
    starts: bool = False
    """Somebody has entered with whom it may begin: it begins when there are two."""
    begun: bool = False
    callback: str = ""
    labels: dict[str, str] = field(default_factory=dict)
    created: str = ""


class Twilio:
    """`voice` and `status` are what the console would hold for the number."""

    def __init__(self, ours: str, source: str) -> None:
        self.voice, self.status = (f"{ours}/v1/phone/{source}/twilio/{what}" for what in ("voice", "status"))
        self.lines: dict[str, Line] = {}
        self.rooms: dict[str, Room] = {}
        self.requests: list[tuple[str, str, dict[str, Any]]] = []
        self.faults: list[tuple[str, int, bool]] = []
        """(part of the path, status, whether it is done all the same)"""
        self.recordings: dict[str, str] = {}
        self.refused_numbers: set[str] = set()
        self.lost: set[str] = set()
        """Kinds of callbacks (a CallStatus, or a StatusCallbackEvent) that never arrive."""
        self.refused_posts: list[str] = []
        """Parts of addresses whose next post each comes to nothing, as while our process is away."""
        self.loses: Callable[[], bool] = lambda: False
        self.doubles: Callable[[], bool] = lambda: False
        self.twice = False
        self.held_back: list[tuple[str, dict[str, str]]] | None = None
        self.answers: list[tuple[str, int]] = []
        self.now: Callable[[], float] = time.time
        self.largest_page = 1000
        self.changed = asyncio.Event()
        self._session = aiohttp.ClientSession()
        self._tasks: set[asyncio.Task[None]] = set()
        self._count = 0

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self._session.close()

    async def until(self, so: Callable[[], Any]) -> Any:
        """Wait, event by event, until it is so."""
        async with self._patience():
            while not (found := so()):
                self.changed.clear()
                await self.changed.wait()
                self._raise()
            return found

    @asynccontextmanager
    async def _patience(self) -> AsyncIterator[None]:
        try:
            async with asyncio.timeout(PATIENCE_S):
                yield
        except TimeoutError:
            raise AssertionError(self.story()) from None

    def _raise(self) -> None:
        """What went wrong in the background goes wrong in the test."""
        for task in [task for task in self._tasks if task.done() and not task.cancelled()]:
            self._tasks.discard(task)
            task.result()

    # --- what callers and devices do ----------------------------------------------------------------------

    def incoming(self, to: str, *keys: str, caller: str = "+8613900000001", message: int = 0) -> Line:
        line = self._line(to, caller, "inbound", status_callback=self.status)
        line.keys, line.message, line.status = list(keys), message, "ringing"
        self._go(line, self.voice)
        return line

    def press(self, line: Line, keys: str) -> None:
        line.keys.append(keys)
        line.moved.set()

    def ringing(self, to: str) -> list[Line]:
        return [line for line in self.lines.values() if line.to == to and line.status == "ringing"]

    async def rings(self, to: str) -> Line:
        found: list[Line] = await self.until(lambda: self.ringing(to))
        return found[-1]

    def answer(self, line: Line) -> None:
        line.status = "in-progress"
        self._go(line, line.url)

    async def music_ends(self, line: Line) -> None:
        """What a waiting caller hears is over: Twilio does as the last verb says, and without one he hears nothing."""
        url, line.waits = line.waits, ""
        if url:
            await self._wait(line, url)

    async def ends(self, line: Line, status: str = "completed", **more: str) -> None:
        """Whoever is at the other end hangs up, or never answered."""
        if not line.alive:
            return
        line.status = status
        line.waits = ""
        self._leave(line)
        line.moved.set()
        self.changed.set()
        await self._status(line, status, **more)

    def story(self) -> str:
        """Everything that went to and fro, for a test that fails."""
        return "\n".join([*map(str, self.requests), *map(str, self.answers), *map(str, self.lines.values())])

    def talking(self, *lines: Line) -> bool:
        """All of them, and nobody else, in one room that has begun."""
        room = self.rooms.get(lines[0].conference)
        return room is not None and room.begun and set(room.members) == {line.sid for line in lines}

    # --- TwiML ----------------------------------------------------------------------------------------------

    def _go(self, line: Line, url: str, **extra: str) -> None:
        if line.task is not None and line.task is not asyncio.current_task():
            line.task.cancel()
        line.task = self._later(self._run(line, url, extra))

    async def _run(self, line: Line, url: str, extra: dict[str, str]) -> None:
        following: tuple[str, dict[str, str]] | None = (url, extra)
        while following is not None:
            status, text = await self._post(following[0], {**self._about(line), **following[1]})
            if status != 200:
                await self.ends(line, "failed")
                return
            if line.status == "ringing":
                line.status = "in-progress"
            line.twiml.append(text)
            following = await self._verbs(line, ElementTree.fromstring(text))
        await self.ends(line)

    async def _verbs(self, line: Line, document: ElementTree.Element) -> tuple[str, dict[str, str]] | None:
        for verb in document:
            self.changed.set()
            if not line.alive and verb.tag != "Redirect":
                return None
            match verb.tag:
                case "Say" | "Play":
                    line.heard.append(verb.text or "")
                case "Pause":
                    await asyncio.sleep(0)
                case "Redirect":
                    return verb.text or "", {}
                case "Hangup":
                    return None
                case "Gather":
                    return await self._gather(line, verb)
                case "Record" if line.message:
                    return verb.get("action", ""), self._recorded(line)
                case "Dial":
                    return await self._dial(line, verb)
        return None

    async def _gather(self, line: Line, verb: ElementTree.Element) -> tuple[str, dict[str, str]] | None:
        line.heard += [say.text or "" for say in verb]
        self.changed.set()
        while not line.keys:
            line.moved.clear()
            await line.moved.wait()
            if not line.alive:
                return None
        keys = line.keys.pop(0)
        return verb.get("action", ""), {"Digits": "" if keys == "-" else keys}

    def _recorded(self, line: Line) -> dict[str, str]:
        return {"RecordingUrl": f"https://recordings.example/RE{line.sid}", "RecordingDuration": str(line.message)}

    async def _dial(self, line: Line, verb: ElementTree.Element) -> tuple[str, dict[str, str]] | None:
        noun = verb[0]
        assert noun.tag == "Conference"
        name = noun.text or ""
        room = self.room(name)
        room.members[line.sid] = noun.get("endConferenceOnExit") == "true"
        room.labels[line.sid] = noun.get("participantLabel", "")
        room.starts = room.starts or noun.get("startConferenceOnEnter") != "false"
        room.begun = room.begun or (room.starts and len(room.members) > 1)
        room.callback = room.callback or noun.get("statusCallback", "")
        line.conference = name
        if noun.get("waitUrl") and not room.begun and not await self._wait(line, noun.get("waitUrl", "")):
            self._leave(line)
        self.changed.set()
        while line.conference == name:
            line.moved.clear()
            await line.moved.wait()
        if not line.alive:
            await self._post(verb.get("action", ""), {**self._about(line), "DialCallStatus": "completed"})
            return None
        return verb.get("action", ""), {"DialCallStatus": "completed"}

    async def _wait(self, line: Line, url: str) -> bool:
        """A document of a waitUrl, once through. Whether it came: without it the conference is not entered."""
        status, text = await self._post(url, self._about(line))
        verbs = list(ElementTree.fromstring(text)) if status == 200 else []
        assert {each.tag for each in verbs} <= {"Say", "Play", "Pause", "Redirect"}, text
        line.heard += [each.text or "" for each in verbs if each.tag in ("Say", "Play")]
        line.waits = next((each.text or url for each in verbs if each.tag == "Redirect"), "")
        self.changed.set()
        return status == 200

    def room(self, name: str) -> Room:
        """Entered, or begun by entering."""
        if name not in self.rooms:
            self._count += 1
            self.rooms[name] = Room(f"CF{self._count}", created=formatdate(self.now()))
        return self.rooms[name]

    def _leave(self, line: Line) -> None:
        room = self.rooms.get(line.conference)
        name, line.conference, line.held = line.conference, "", False
        if room is None:
            return
        last = room.members.pop(line.sid, False)
        self._later(self._event(room, line, "participant-leave"))
        if last:
            for sid in list(room.members):
                self.lines[sid].conference = ""
                self.lines[sid].moved.set()
            room.members.clear()
        if not room.members:
            self.rooms.pop(name, None)

    # --- callbacks ------------------------------------------------------------------------------------------

    def _about(self, line: Line) -> dict[str, str]:
        return {
            "AccountSid": ACCOUNT,
            "CallSid": line.sid,
            "From": line.from_,
            "To": line.to,
            "CallStatus": line.status,
            "Direction": line.direction,
            "ApiVersion": "2010-04-01",
            **({"AnsweredBy": line.answered_by} if line.answered_by else {}),
        }

    async def _status(self, line: Line, status: str, **more: str) -> None:
        told = status if status not in ENDED else "completed"
        if line.status_callback and told in line.events:
            line.sequence += 1
            form = {**self._about(line), "CallStatus": status, "SequenceNumber": str(line.sequence), **more}
            await self._callback(line.status_callback, form, status)

    async def _event(self, room: Room, line: Line, event: str) -> None:
        """Of the call it says nothing but its SID."""
        about = {"AccountSid": ACCOUNT, "CallSid": line.sid, "ConferenceSid": room.sid}
        form = {**about, "StatusCallbackEvent": event, "SequenceNumber": "1"}
        await self._callback(room.callback, form, event)

    async def _callback(self, url: str, form: dict[str, str], kind: str) -> None:
        if kind in self.lost or self.loses():
            return
        if self.held_back is not None:
            self.held_back.append((url, form))
            return
        for _ in range(1 + (self.twice or self.doubles())):
            await self._post(url, form)

    async def release(self, *, backwards: bool = True) -> None:
        """Send what was held back."""
        held, self.held_back = self.held_back or [], None
        for url, form in reversed(held) if backwards else held:
            await self._post(url, form)

    def _later(self, what: Any) -> asyncio.Task[None]:
        task = asyncio.create_task(what)
        self._tasks.add(task)
        task.add_done_callback(lambda _: self.changed.set())
        return task

    @property
    def quiet(self) -> bool:
        """Nothing is on its way any more."""
        return all(task.done() for task in self._tasks)

    async def _post(self, url: str, form: dict[str, str]) -> tuple[int, str]:
        """Signed as Twilio signs."""
        if refused := next((part for part in self.refused_posts if part in url), ""):
            self.refused_posts.remove(refused)
            return 502, ""
        signature = RequestValidator(TOKEN).compute_signature(url, form)
        headers = {"X-Twilio-Signature": signature, "Content-Type": "application/x-www-form-urlencoded"}
        target = url.split("#", 1)[0]
        async with self._session.post(URL(target, encoded=True), data=urlencode(form), headers=headers) as answer:
            text = await answer.text()
            self.answers.append((url, answer.status))
            self.changed.set()
            return answer.status, text

    # --- REST -------------------------------------------------------------------------------------------------

    def app(self) -> web.Application:
        app = web.Application()
        app.router.add_route("*", ROOT + "/{path:.+}.json", self._rest)
        return app

    async def _rest(self, request: web.Request) -> web.Response:
        path, form = request.match_info["path"], dict(await request.post()) if request.method == "POST" else {}
        self.requests.append((request.method, path, {**form, **request.query}))
        self.changed.set()
        fault = next((each for each in self.faults if each[0] in f"{request.method} {path}"), None)
        if fault is not None:
            self.faults.remove(fault)
            if fault[2]:
                await self._do(request.method, path, {**form, **request.query}, await request.post())
            return web.json_response({"code": 20000 + fault[1], "message": "as asked for"}, status=fault[1])
        status, body = await self._do(request.method, path, {**form, **request.query}, await request.post())
        return web.json_response(body, status=status)

    async def _do(self, method: str, path: str, form: dict[str, Any], many: Any) -> tuple[int, dict[str, Any]]:
        match method, path.split("/"):
            case "POST", ["Calls"]:
                return self._create(form, many.getall("StatusCallbackEvent", ["completed"]))
            case "GET", ["Calls"]:
                return 200, self._page("calls", [_row(line) for line in self.lines.values() if _fits(line, form)], form)
            case "GET", ["Calls", sid] if sid in self.lines:
                return 200, _row(self.lines[sid])
            case "POST", ["Calls", sid] if sid in self.lines:
                return await self._change(self.lines[sid], form)
            case "POST", ["Calls", sid, "Recordings"]:
                self.recordings[sid] = "in-progress"
                return 201, {"sid": f"RE{sid}"}
            case "POST", ["Calls", sid, "Recordings", "Twilio.CURRENT"] if sid in self.recordings:
                self.recordings[sid] = form["Status"]
                return 200, {"sid": f"RE{sid}"}
            case "GET", ["Conferences"]:
                rooms = [each for each in self.rooms.items() if each[0] == form.get("FriendlyName", each[0])]
                rows = [_conference(*each) for each in rooms]
                asked = [row for row in rows if row["status"] == form.get("Status", row["status"])]
                return 200, self._page("conferences", asked, form)
            case _, ["Conferences", sid, *rest]:
                return await self._room(sid, rest, form)
        return 404, {"code": 20404, "message": f"{path} was not found"}

    def _page(self, key: str, found: list[dict[str, str]], form: dict[str, Any]) -> dict[str, Any]:
        """The newest first; the next page's address carries the whole query, as Twilio's does."""
        page, size = int(form.get("Page", 0)), min(int(form.get("PageSize", 50)), self.largest_page)
        rest = found[::-1][page * size :]
        query = urlencode({**form, "Page": page + 1, "PageToken": f"PA{page}"})
        following = f"{ROOT}/{key.title()}.json?{query}" if len(rest) > size else None
        return {key: rest[:size], "next_page_uri": following}

    def _create(self, form: dict[str, Any], events: list[str]) -> tuple[int, dict[str, Any]]:
        if form["To"] in self.refused_numbers or not form["To"].startswith(("client:", "sip:", "+")):
            return 400, {"code": 21211, "message": "The 'To' number is not valid"}
        line = self._line(form["To"], form["From"], "outbound-api", status_callback=form["StatusCallback"])
        line.events, line.url, line.status = tuple(events), form["Url"], "ringing"
        self._later(self._begins_to_ring(line))
        return 201, _row(line)

    async def _begins_to_ring(self, line: Line) -> None:
        await self._status(line, "initiated")
        await self._status(line, "ringing")

    async def _change(self, line: Line, form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        if not line.alive:
            return 400, {"code": 21220, "message": "Call is not in-progress. Cannot redirect."}
        if form.get("Status") == "completed":
            self._later(self.ends(line, "canceled" if line.status in ("queued", "ringing") else "completed"))
        elif "Url" in form:
            if line.status != "in-progress":
                return 400, {"code": 21220, "message": "Call is not in-progress. Cannot redirect."}
            self._leave(line)
            self._go(line, form["Url"])
        return 200, _row(line)

    async def _room(self, sid: str, rest: list[str], form: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        room = next((each for each in self.rooms.values() if each.sid == sid), None)
        if room is None:
            return 404, {"code": 20404, "message": "no such conference"}
        match rest:
            case ["Participants"]:
                members = [{"call_sid": each, "label": room.labels[each] or None} for each in room.members]
                return 200, {"participants": members}
            case ["Participants", member] if member in room.members:
                self.lines[member].held = form["Hold"] == "true"
                event = "participant-hold" if self.lines[member].held else "participant-unhold"
                self._later(self._event(room, self.lines[member], event))
                return 200, {}
            case []:
                for member in list(room.members):
                    self._later(self.ends(self.lines[member]))
                return 200, {}
        return 404, {"code": 20404, "message": "no such participant"}

    def _line(self, to: str, from_: str, direction: str, *, status_callback: str) -> Line:
        self._count += 1
        line = Line(f"CA{self._count:032d}", to, from_, direction, status_callback=status_callback)
        line.created = formatdate(self.now())
        self.lines[line.sid] = line
        return line


def _row(line: Line) -> dict[str, str]:
    return {
        "sid": line.sid,
        "status": line.status,
        "to": line.to,
        "from": line.from_,
        "direction": line.direction,
        "date_created": line.created,
        "answered_by": line.answered_by,
    }


def _conference(name: str, room: Room) -> dict[str, str]:
    status = "in-progress" if room.begun else "init"
    return {"sid": room.sid, "friendly_name": name, "status": status, "date_created": room.created}


def _fits(line: Line, form: dict[str, Any]) -> bool:
    wanted = {"To": line.to, "From": line.from_, "Status": line.status}
    return all(form.get(name, value) == value for name, value in wanted.items())
