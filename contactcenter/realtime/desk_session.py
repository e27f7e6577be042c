"""One socket of one agent: four small loops around two bounded queues.

    bus -> hear -> inbox -> show -> outlet -> write -> socket
    socket -> read -> commands -> work -> outlet

Subscribe, fetch, apply: the topic is heard before the desk is read, so nothing falls between the snapshot and the
pushes after it. A gap, an overflow or a lost bus leads to a fresh snapshot.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import msgspec
from aiohttp import WSCloseCode, WSMsgType, web

from contactcenter.client import protocol as p
from contactcenter.domain.directory import Directory
from contactcenter.errors import ContactCenterError, NotFound
from contactcenter.realtime import desk_frames as df
from contactcenter.realtime.desk_commands import MalformedCommand, read_command
from contactcenter.realtime.desk_queues import Inbox, Outlet
from contactcenter.services.notices import NoticePush, decode_push, notice_text
from contactcenter.services.office import Office
from contactcenter.services.ports import Subscription
from contactcenter.services.pushes import DeskPush, decode_conversation
from contactcenter.services.screen_pop import ScreenPop
from contactcenter.services.seats import Seat
from contactcenter.services.views import DeskView
from routing.effects import Because

log = logging.getLogger(__name__)
STUCK, TOO_MANY = 4408, 32
"""Close code of a socket that takes nothing; how many commands may wait behind one another."""
_encode = msgspec.json.Encoder().encode
Carry = Callable[[p.Command], Awaitable[p.Reply]]


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
    """`carry` answers one command."""

    def __init__(
        self,
        office: Office,
        screen_pop: ScreenPop,
        seat: Seat,
        *,
        wire: Wire,
        carry: Carry,
    ) -> None:
        self._office = office
        self._screen_pop = screen_pop
        self._seat = seat
        self._socket = wire.socket
        self._wire = wire
        self._carry = carry
        self.inbox = Inbox(wire.limit)
        self.outlet = Outlet(wire.limit)
        self._commands: asyncio.Queue[p.Command] = asyncio.Queue(TOO_MANY)
        self._model = df.DeskModel(seat.agent)
        self._listening: dict[str, asyncio.Task[None]] = {}
        self._close_code: int = WSCloseCode.OK

    async def run(self, pushes: Subscription) -> None:
        """Until the socket closes. `pushes` is the desk's topic, already entered."""
        self.inbox.resync()
        try:
            async with asyncio.TaskGroup() as group:
                self._group = group
                loops = [
                    group.create_task(loop) for loop in (self._hear(pushes), self._show(), self._work(), self._write())
                ]
                await self._read()
                for loop in (*loops, *self._listening.values()):
                    loop.cancel()
        except* Exception:
            log.exception("desk of %s ended", self._seat.agent)
            self._close_code = WSCloseCode.INTERNAL_ERROR
        await self._socket.close(code=self._close_code)

    def say_goodbye(self, after_s: float) -> None:
        """The service goes away: the last frame says when to come back."""
        self._close_code = WSCloseCode.SERVICE_RESTART
        self.outlet.finish(_encode(p.ResumeFrame(after_s=after_s)))

    # --- from the bus to the socket ----------------------------------------------------------------------------

    async def _hear(self, pushes: Subscription) -> None:
        async for payload in pushes:
            try:
                self.inbox.put(decode_push(payload))
            except msgspec.MsgspecError:
                log.warning("a push for the desk of %s cannot be read", self._seat.agent)
                self.inbox.resync()

    async def _show(self) -> None:
        while True:
            item = await self.inbox.get()
            if item is None:
                await self._snapshot()
            elif isinstance(item, DeskPush):
                await self._push(item)
            elif isinstance(item, NoticePush):
                self._send(df.notice(item, self._say))
            elif frame := df.message(item, item.contact):
                self._send(frame)

    async def _snapshot(self) -> None:
        view = await self._office.reads.desk(self._seat.provider, self._seat.agent)
        capacity = self._office.directory(self._seat.provider).agent(self._seat.agent).capacity
        self._model, frame = df.snapshot(self._seat.agent, view, await self._cards_of(view), capacity=capacity)
        await self._follow()
        self._send(frame)

    async def _push(self, push: DeskPush) -> None:
        """What the snapshot has already is dropped; what does not follow it means that something was missed."""
        if push.seq <= self._model.seq:
            return
        if push.prev != self._model.seq:
            await self._snapshot()
            return
        cards = await self._cards(df.needed(push, self._model))
        told = df.frames(push, self._model, cards, units=self._units, say=self._say)
        await self._follow()
        for frame in told:
            self._send(frame)

    async def _cards_of(self, view: DeskView | None) -> dict[str, p.Card]:
        if view is None:
            return {}
        wanted: dict[str, Because | None] = {offer.contact: None for offer in view.offers}
        wanted.update({contact.id: None for contact in view.contacts})
        return await self._cards(wanted)

    async def _cards(self, wanted: dict[str, Because | None]) -> dict[str, p.Card]:
        found = await asyncio.gather(*(self._card(contact, why) for contact, why in wanted.items()))
        return {card.contact: card for card in found if card is not None}

    async def _card(self, contact: str, because: Because | None) -> p.Card | None:
        seat = self._seat
        try:
            return await self._screen_pop.card(
                seat.scope, contact, agent=seat.agent, language=seat.language, because=because
            )
        except NotFound:
            log.warning("no card of %s for %s", contact, seat.agent)
            return None

    def _units(self, medium: str) -> int:
        directory: Directory = self._office.directory(self._seat.provider)
        return directory.media(medium).units

    def _say(self, push: NoticePush) -> str:
        numbered = {"number": self._seat.number, **push.params}
        shown = msgspec.structs.replace(push, params=numbered)
        return notice_text(self._office.wording, shown, self._seat.language)

    # --- conversations -----------------------------------------------------------------------------------------

    async def _follow(self) -> None:
        """Listen to the conversations of what is mine, before the frame says that it is mine."""
        wanted = self._model.conversations()
        for gone in self._listening.keys() - wanted.keys():
            self._listening.pop(gone).cancel()
        for conversation in wanted.keys() - self._listening.keys():
            ready = asyncio.Event()
            listener = self._listen(conversation, ready)
            self._listening[conversation] = self._group.create_task(listener)
            await ready.wait()

    async def _listen(self, conversation: str, ready: asyncio.Event) -> None:
        async with self._office.bus.subscribe(f"conversation:{conversation}") as pushes:
            ready.set()
            async for payload in pushes:
                self.inbox.put(decode_conversation(payload))

    # --- from the socket ---------------------------------------------------------------------------------------

    async def _read(self) -> None:
        """Until the socket closes. What cannot be read is answered, and the socket stays."""
        async for message in self._socket:
            if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
                return
            try:
                self._commands.put_nowait(read_command(message.data))
            except MalformedCommand as malformed:
                self.outlet.reply(_encode(malformed.reply))
            except asyncio.QueueFull:
                full = p.Problem(code="busy", message="too many commands wait")
                self.outlet.reply(_encode(p.Reply(re=read_command(message.data).id, error=full)))

    async def _work(self) -> None:
        """One command after the other: they take effect in the order in which the desk said them."""
        while True:
            command = await self._commands.get()
            if isinstance(command, p.Fetch):
                self.outlet.reply(_encode(p.Reply(re=command.id, ok={})))
                self.inbox.resync()
                continue
            reply = await self._carry(command)
            self.outlet.reply(_encode(reply))
            if reply.error is not None and reply.error.code == "unauthorized":
                self._close_code = 4401
                self.outlet.finish(b"")

    # --- to the socket -----------------------------------------------------------------------------------------

    def _send(self, frame: p.AnyFrame) -> None:
        self.outlet.frame(_encode(frame))

    async def _write(self) -> None:
        """A socket that takes nothing for a while is cut: whoever sits there will come again."""
        while (payload := await self.outlet.take()) is not None:
            try:
                async with asyncio.timeout(self._wire.stuck_s):
                    if payload:
                        await self._socket.send_str(payload.decode())
            except TimeoutError:
                await self._cut()
                return
            except (ConnectionError, ContactCenterError):
                return
            if self.outlet.recovered():
                self.inbox.resync()
        await self._socket.close(code=self._close_code)

    async def _cut(self) -> None:
        """The close frame may still find its way; the connection ends with or without it."""
        self._close_code = STUCK
        log.warning("the socket of %s takes nothing: cut", self._seat.agent)
        try:
            async with asyncio.timeout(0.2):
                await self._socket.close(code=STUCK, message=b"slow", drain=False)
        except TimeoutError:
            pass
        finally:
            self._wire.abort()
