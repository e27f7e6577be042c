"""One socket of one agent: what it says is read here, what it hears is written here.

    socket -> read -> commands -> work -> outlet -> write -> socket

Only reading has a task of its own, that of the request. Working and writing are errands: they begin when there is
something to do and are gone when it is done, so that an idle socket costs little more than the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Coroutine, Generator
from dataclasses import dataclass
from functools import partial
from typing import Any, Protocol

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from contactcenter.client import protocol as p
from contactcenter.realtime.desk_commands import MalformedCommand, read_command
from contactcenter.realtime.desk_queues import Outlet
from contactcenter.realtime.errands import Errands

log = logging.getLogger(__name__)
STUCK, TOO_MANY = 4408, 32
"""Close code of a socket that takes nothing; how many commands may wait behind one another."""
TOGETHER = 16
"""Frames under one watch; a socket is stuck when so many do not get through in time."""
_encode = msgspec.json.Encoder().encode
Carry = Callable[[p.Command], Awaitable[p.Reply]]


class Shows(Protocol):
    """The desk that this socket shows (desk_hub.py)."""

    def again(self, session: DeskSession) -> None:
        """A snapshot for this socket."""
        ...

    def saw(self, session: DeskSession, seq: int) -> None:
        """The socket acknowledged everything up to `seq`."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """A socket and what it may cost: `limit` waiting frames, `stuck_s` seconds without taking any.

    `abort` ends the connection of one that takes nothing any more.
    """

    socket: web.WebSocketResponse
    abort: Callable[[], None]
    limit: int
    stuck_s: float


class DeskSession:
    """`carry` answers one command. `seen` is the last seq that the socket acknowledged, `at` the last one it was told.

    `joined`: it was told where the desk stands, and hears what happens from there on.
    """

    __slots__ = (
        "_carry", "_commands", "_desk", "_errands", "_outlet", "_wire", "_working", "_writing",
        "acknowledges", "at", "close_code", "joined", "seen",
    )  # fmt: skip

    def __init__(self, desk: Shows, errands: Errands, *, wire: Wire, carry: Carry) -> None:
        self._desk = desk
        self._errands = errands
        self._wire = wire
        self._carry = carry
        self._outlet = Outlet(wire.limit)
        self._commands: deque[p.Command] | None = None
        self._working = self._writing = False
        self.close_code: int = WSCloseCode.OK
        self.joined = self.acknowledges = False
        self.seen = self.at = 0

    def say_goodbye(self, after_s: float) -> None:
        """The service goes away: the last frame says when to come back."""
        self.end(WSCloseCode.SERVICE_RESTART, _encode(p.ResumeFrame(after_s=after_s)))

    def end(self, code: int, last: bytes = b"") -> None:
        self.close_code = code
        self._outlet.finish(last)
        self._write_soon()

    # --- from the socket ---------------------------------------------------------------------------------------

    async def read(self) -> None:
        """Until the socket closes. What cannot be read is answered, and the socket stays."""
        async for message in self._wire.socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            try:
                self._take(read_command(message.data))
            except MalformedCommand as malformed:
                self.reply(malformed.reply)

    def _take(self, command: p.Command) -> None:
        if isinstance(command, p.Ack):
            self.acknowledges, self.seen = True, max(self.seen, command.seq)
            self._desk.saw(self, command.seq)
            return
        if self._commands is None:
            self._commands = deque()
        if len(self._commands) >= TOO_MANY:
            full = p.Problem(code="busy", message="too many commands wait")
            self.reply(p.Reply(re=command.id, error=full))
            return
        self._commands.append(command)
        if not self._working:
            self._working = True
            self._errands.run(self._work())

    async def _work(self) -> None:
        """One command after the other: they take effect in the order in which the desk said them."""
        try:
            while self._commands:
                await self._answer(self._commands.popleft())
            self._commands = None
        finally:
            self._working = False

    async def _answer(self, command: p.Command) -> None:
        if isinstance(command, p.Fetch):
            self.reply(p.Reply(re=command.id, ok={}))
            self._desk.again(self)
            return
        reply = await self._carry(command)
        self.reply(reply)
        if reply.error is not None and reply.error.code == "unauthorized":
            self.end(4401)

    # --- to the socket -----------------------------------------------------------------------------------------

    def reply(self, reply: p.Reply) -> None:
        self._outlet.reply(_encode(reply))
        self._write_soon()

    def frame(self, payload: bytes) -> None:
        self._outlet.frame(payload)
        self._write_soon()

    def _write_soon(self) -> None:
        """With all else that this turn of the loop has to say."""
        if not self._writing:
            self._writing = True
            asyncio.get_running_loop().call_soon(self._write_now)

    def _write_now(self) -> None:
        """A socket that takes what it is given needs neither task nor watch; the errand is for one that does not."""
        try:
            while (payload := self._outlet.take()) is not None:
                if (sending := _begun(self._wire.socket.send_frame(payload, WSMsgType.TEXT))) is not None:
                    self._errands.run(self._write(sending))
                    return
                if self._outlet.recovered():
                    self._desk.again(self)
        except (ConnectionError, RuntimeError):
            self._writing = False
            return
        self._writing = False
        if self._outlet.finished:
            self._errands.run(self._close())

    async def _write(self, sending: Awaitable[None]) -> None:
        """A socket that takes nothing for a while is cut: whoever sits there will come again."""
        try:
            left: Awaitable[None] | None = sending
            while left is not None:
                async with asyncio.timeout(self._wire.stuck_s):
                    await left
                if self._outlet.recovered():
                    self._desk.again(self)
                payload = self._outlet.take()
                left = None if payload is None else self._send(payload)
        except TimeoutError:
            await self._cut()
        except (ConnectionError, RuntimeError):
            return
        finally:
            self._writing = False
        if self._outlet.finished:
            await self._close()

    async def _close(self) -> None:
        await self._wire.socket.close(code=self.close_code)

    async def _send(self, payload: bytes | None) -> None:
        """This one and a few more: what waits goes out together."""
        for _ in range(TOGETHER):
            if payload:
                await self._wire.socket.send_frame(payload, WSMsgType.TEXT)
            if (payload := self._outlet.take()) is None:
                return
        if payload:
            await self._wire.socket.send_frame(payload, WSMsgType.TEXT)

    async def _cut(self) -> None:
        """The close frame may still find its way; the connection ends with or without it."""
        self.close_code = STUCK
        log.warning("a socket takes nothing: cut")
        try:
            async with asyncio.timeout(0.2):
                await self._wire.socket.close(code=STUCK, message=b"slow", drain=False)
        except TimeoutError:
            pass
        finally:
            self._wire.abort()


def _begun(work: Coroutine[Any, Any, None]) -> Awaitable[None] | None:
    """Runs it here as far as it goes without waiting: None when that was to its end, else what is left to await."""
    try:
        waits_for = work.send(None)
    except StopIteration:
        return None
    return _Begun(work, waits_for)


class _Begun:
    """A coroutine that waits for something already, to be awaited by the task that goes on with it."""

    def __init__(self, work: Coroutine[Any, Any, None], waits_for: Any) -> None:
        self._work = work
        self._waits_for = waits_for

    def __await__(self) -> Generator[Any, Any, None]:
        waits_for = self._waits_for
        while True:
            try:
                heard = yield waits_for
            except BaseException as problem:
                step = partial(self._work.throw, problem)
            else:
                step = partial(self._work.send, heard)
            try:
                waits_for = step()
            except StopIteration:
                return
