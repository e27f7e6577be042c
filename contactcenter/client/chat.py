"""A visitor of a chat site: a session, a socket that comes back with what was missed, and plain words.

async with ChatVisitor("http://127.0.0.1:8080", "kangjia-web", name="小李", language="zh-CN") as visitor:
    await visitor.say("电视没有声音")
    answer = await visitor.hear(lambda message: message.sender == "agent")
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

import msgspec
from msgspec import Struct
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed, WebSocketException
from websockets.typing import Subprotocol

from contactcenter.client import world
from contactcenter.client.errors import DoorError
from contactcenter.client.http import ApiClient

SUBPROTOCOL = "contactcenter.visitor.v1"


class Said(Struct, frozen=True):
    """One message of the conversation. sender: visitor | agent | system."""

    number: int
    sender: str
    text: str
    agent_number: str = ""


class Visitor(Struct, frozen=True, kw_only=True):
    """Who the visitor says he is, in the hello frame."""

    name: str = ""
    language: str = "zh-CN"
    contact_point: str = ""
    topic: str = ""


class ChatVisitor:
    """Entering opens the conversation; leaving the context without `leave()` is a closed page."""

    def __init__(
        self,
        base_url: str,
        site: str,
        visitor: Visitor | None = None,
        *,
        ids: world.Ids = world.new_id,
        chance: world.Chance = world.chance,
        patience: world.Patience | None = None,
    ) -> None:
        self._base = base_url.rstrip("/")
        self._site = site
        self._visitor = visitor or Visitor()
        self._ids = ids
        self._chance = chance
        self._patience = patience or world.Patience()
        self._token = ""
        self._socket: ClientConnection | None = None
        self._unacked: dict[str, str] = {}
        self._changed = asyncio.Event()
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None
        self.session = ""
        self.messages: list[Said] = []
        self.agent_number = ""
        self.open = False
        self.ended = False
        self.problem = ""

    # --- its life --------------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        async with ApiClient(self._base, patience=self._patience, chance=self._chance) as api:
            answer = await api.post(f"/v1/chat/{self._site}/sessions")
        self._token, self.session = answer["token"], answer["session"]
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._run())
        await self._until(lambda: self.open or self.ended)
        if self.problem:
            await self.__aexit__(None, None, None)
            raise DoorError(0, self.problem)
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.ended = True
        if self._running is not None:
            self._running.cancel()
        await self._tasks.__aexit__(None, None, None)

    async def leave(self) -> None:
        """End the conversation, and wait until the service has heard it."""
        while not self.ended:
            await self._send({"type": "leave"})
            with suppress(TimeoutError):
                async with asyncio.timeout(2):
                    await self._until(lambda: self.ended)

    # --- talking ---------------------------------------------------------------------------------------------

    async def say(self, text: str) -> None:
        """Returns once it is stored; said again under the same id until then."""
        name = self._ids()
        self._unacked[name] = text
        await self._send({"type": "say", "id": name, "text": text})
        await self._until(lambda: name not in self._unacked or self.ended)

    async def hear(self, wanted: Callable[[Said], bool]) -> Said:
        """The first message that is as wanted, already heard or to come."""
        await self._until(lambda: self.ended or any(wanted(message) for message in self.messages))
        found = next((message for message in self.messages if wanted(message)), None)
        if found is None:
            raise DoorError(0, "closed", "the conversation is over")
        return found

    # --- the socket --------------------------------------------------------------------------------------------

    async def _run(self) -> None:
        attempt = 0
        while not self.ended:
            try:
                await self._once()
                attempt = 0
            except (OSError, WebSocketException, TimeoutError):
                attempt += 1
            self._socket, self.open = None, False
            if not self.ended:
                await asyncio.sleep(self._patience.pause(attempt, self._chance()))

    async def _once(self) -> None:
        url = f"ws{self._base.removeprefix('http')}/v1/chat/{self._site}/socket"
        async with connect(url, subprotocols=[Subprotocol(SUBPROTOCOL)], close_timeout=1) as socket:
            last = self.messages[-1].number if self.messages else 0
            hello = {"type": "hello", "token": self._token, "resume_after": last}
            await socket.send(msgspec.json.encode({**hello, **msgspec.to_builtins(self._visitor)}).decode())
            async for raw in socket:
                await self._take(socket, msgspec.json.decode(raw))

    async def _take(self, socket: ClientConnection, frame: dict[str, Any]) -> None:
        match frame["type"]:
            case "welcome":
                await self._welcomed(socket)
            case "message":
                self._heard(msgspec.convert(frame, Said, strict=False))
            case "ack":
                self._unacked.pop(frame["id"], None)
            case "joined":
                self.agent_number = frame["agent_number"]
            case "closed":
                self.ended = True
            case "busy" if frame.get("id"):
                await asyncio.sleep(frame["retry_after"])
                await self._send({"type": "say", "id": frame["id"], "text": self._unacked.get(frame["id"], "")})
            case "error" if not frame.get("id") and frame["code"] in ("unauthorized", "closed", "unknown_site"):
                self.problem, self.ended = frame["code"], True
            case "error":
                self._unacked.pop(frame.get("id", ""), None)
        self._tell()

    async def _welcomed(self, socket: ClientConnection) -> None:
        self._socket, self.open = socket, True
        for name, text in tuple(self._unacked.items()):
            await self._send({"type": "say", "id": name, "text": text})

    def _heard(self, message: Said) -> None:
        if not self.messages or message.number > self.messages[-1].number:
            self.messages.append(message)

    async def _send(self, frame: dict[str, Any]) -> None:
        if self._socket is not None:
            with suppress(ConnectionClosed):
                await self._socket.send(msgspec.json.encode(frame).decode())

    async def _until(self, wanted: Callable[[], bool]) -> None:
        while not wanted():
            await self._changed.wait()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
