"""The agents' gateway: `/v1/agent`, subprotocol `contactcenter.agent.v1`. Who is there, and how he comes and goes.

An agent is connected while any gateway holds at least one of his sockets (desk_attendance.py); the router hears of the
first and of the last, not of those between. Close codes: 4401 who are you, 4403 no seat, 4408 too slow, 1009 frame too
large, 1012 the service restarts.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass
from typing import Protocol

import msgspec
from aiohttp import WSMsgType, web

from contactcenter.client import protocol as p
from contactcenter.errors import ContactCenterError, Forbidden, Unauthorized
from contactcenter.realtime.desk_attendance import Attendance
from contactcenter.realtime.desk_commands import Answers, MalformedCommand, problem, read_command
from contactcenter.realtime.desk_hub import Desk, House
from contactcenter.realtime.desk_session import DeskSession, Wire
from contactcenter.realtime.errands import Errands
from contactcenter.services.desk import DeskService
from contactcenter.services.gathering import Gathering
from contactcenter.services.office import Office
from contactcenter.services.screen_pop import ScreenPop
from contactcenter.services.seats import Seat, seat_of
from contactcenter.services.unseen_offers import UnseenOffers
from contactcenter.services.views import Principal

log = logging.getLogger(__name__)
UNKNOWN, NO_SEAT = 4401, 4403
_encode = msgspec.json.Encoder().encode


class Recognises(Protocol):
    """services.access.Access."""

    async def principal(self, token: str) -> Principal:
        """Raises Unauthorized."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskLimits:
    """Seconds, bytes, and frames that may wait for one socket.

    `linger_s`: how long a desk without sockets is followed, so that who comes back hears what he missed.
    """

    hello_s: float = 5.0
    heartbeat_s: float = 20.0
    stuck_s: float = 10.0
    drain_s: float = 3.0
    linger_s: float = 60.0
    frame_bytes: int = 64 * 1024
    waiting: int = 512


class DeskGateway:
    """`handle` is the route's handler, `run` a part for the supervisor; `drain` sends everybody away in good order."""

    def __init__(
        self,
        *,
        office: Office,
        access: Recognises,
        service: DeskService,
        screen_pop: ScreenPop,
        attendance: Attendance,
        unseen: UnseenOffers | None = None,
        limits: DeskLimits | None = None,
    ) -> None:
        self._office = office
        self._access = access
        self._service = service
        self._limits = limits or DeskLimits()
        self._answers = Answers(office.wording)
        self._attendance = attendance
        self._errands = Errands()
        self._desks = Desks(
            House(
                office=office,
                screen_pop=screen_pop,
                views=Gathering(office.reads.desks),
                errands=self._errands,
                unseen=unseen or UnseenOffers(office, attendance.elsewhere),
                waiting=self._limits.waiting,
            ),
            linger_s=self._limits.linger_s,
        )
        self._sessions: set[DeskSession] = set()
        self._empty = asyncio.Event()
        self._draining = False
        office.bus.on_gap(self._desks.resync)

    @property
    def sockets(self) -> int:
        return len(self._sessions)

    @property
    def unacknowledged(self) -> int:
        """Sockets that acknowledge, and have not yet acknowledged the last thing they were told."""
        return sum(session.acknowledges and session.seen < session.at for session in self._sessions)

    async def run(self) -> None:
        """Says that this gateway lives, and forgets desks to which nobody came back."""
        async with asyncio.TaskGroup() as group:
            group.create_task(self._attendance.run())
            group.create_task(self._desks.run())

    async def handle(self, request: web.Request) -> web.StreamResponse:
        """One socket, from its handshake to its end. 400 without the subprotocol, 503 while draining."""
        if self._draining:
            raise web.HTTPServiceUnavailable(headers={"Retry-After": "1"})
        offered = request.headers.get("Sec-WebSocket-Protocol", "")
        if p.SUBPROTOCOL not in [each.strip() for each in offered.split(",")]:
            raise web.HTTPBadRequest(text=f"this door speaks {p.SUBPROTOCOL}")
        socket = web.WebSocketResponse(
            protocols=(p.SUBPROTOCOL,),
            heartbeat=self._limits.heartbeat_s,
            max_msg_size=self._limits.frame_bytes + 1,
            compress=False,
            timeout=2.0,
        )
        await socket.prepare(request)
        entered = await self._greet(socket)
        if entered is not None:
            session, seat = await self._admit(request, socket, *entered)
            del entered, offered
            await self._serve(session, seat)
            await socket.close(code=session.close_code)
        return socket

    async def drain(self) -> None:
        """No more sockets; those that are here are told to come again a little later, not all at once."""
        self._draining = True
        for number, session in enumerate(tuple(self._sessions)):
            session.say_goodbye(0.5 + number % 20 / 10)
        try:
            async with asyncio.timeout(self._limits.drain_s):
                while self._sessions:
                    self._empty.clear()
                    await self._empty.wait()
                await self._errands.done()
        except TimeoutError:
            log.warning("%d sockets did not leave in time", len(self._sessions))

    # --- coming ------------------------------------------------------------------------------------------------

    async def _greet(self, socket: web.WebSocketResponse) -> tuple[p.Hello, Principal, Seat] | None:
        """The first frame says who it is; else the socket is closed with the reason."""
        try:
            async with asyncio.timeout(self._limits.hello_s):
                message = await socket.receive()
        except TimeoutError:
            await socket.close(code=UNKNOWN, message=b"hello expected")
            return None
        if message.type not in (WSMsgType.TEXT, WSMsgType.BINARY):
            return None
        hello: p.Command | None = None
        try:
            hello = read_command(message.data)
            who, seat = await self._enter(hello)
        except MalformedCommand as malformed:
            await self._turn_away(socket, malformed.reply, UNKNOWN)
            return None
        except ContactCenterError as refused:
            code = NO_SEAT if isinstance(refused, Forbidden) else UNKNOWN
            language = getattr(hello, "language", "zh-CN")
            said = problem(refused, self._office.wording, language)
            await self._turn_away(socket, p.Reply(re=hello.id if hello else "", error=said), code)
            return None
        assert isinstance(hello, p.Hello)
        return hello, who, seat

    async def _enter(self, hello: p.Command) -> tuple[Principal, Seat]:
        if not isinstance(hello, p.Hello):
            raise Unauthorized("say hello first", code="hello_first")
        who = await self._access.principal(hello.token)
        directory = self._office.directory(who.provider)
        return who, seat_of(who, directory, hello.language, now=self._office.clock.now())

    async def _turn_away(self, socket: web.WebSocketResponse, reply: p.Reply, code: int) -> None:
        await socket.send_str(_encode(reply).decode())
        await socket.close(code=code)

    # --- being there -------------------------------------------------------------------------------------------

    async def _admit(
        self, request: web.Request, socket: web.WebSocketResponse, hello: p.Hello, who: Principal, seat: Seat
    ) -> tuple[DeskSession, Seat]:
        """At his desk: connected, welcomed, and on the way to where the desk stands. `_serve` must follow."""

        async def carry(command: p.Command) -> p.Reply:
            return await self._carry(command, who, seat)

        wire = Wire(
            socket=socket,
            abort=request.transport.abort if request.transport else _nothing,
            limit=self._limits.waiting,
            stuck_s=self._limits.stuck_s,
        )
        desk = await self._desks.enter(seat)
        session = DeskSession(desk, self._errands, wire=wire, carry=carry)
        self._sessions.add(session)
        try:
            await self._attendance.came(seat)
        except BaseException:
            self._gone(session, seat)
            raise
        session.reply(p.Reply(re=hello.id, ok={}))
        session.frame(_encode(_welcome(seat)))
        desk.join(session, hello.cursor, hello.conversations)
        return session, seat

    async def _serve(self, session: DeskSession, seat: Seat) -> None:
        try:
            await session.read()
        finally:
            self._gone(session, seat)

    def _gone(self, session: DeskSession, seat: Seat) -> None:
        """An errand writes it: the request may be cancelled, and then nothing more can be awaited here."""
        self._sessions.discard(session)
        self._desks.leave(seat, session)
        self._errands.run(self._attendance.went(seat))
        self._empty.set()

    async def _carry(self, command: p.Command, who: Principal, seat: Seat) -> p.Reply:
        """A token that ran out ends the session with the next command."""
        if who.expires_at is not None and who.expires_at <= self._office.clock.now():
            return p.Reply(re=command.id, error=problem(Unauthorized(), self._office.wording, seat.language))
        return await self._answers.once(
            seat.agent, command, seat.language, lambda: self._service.carry_out(seat, command)
        )


class Desks:
    """The desks of this process; one without sockets is kept for `linger_s`, the oldest goes first."""

    def __init__(self, house: House, *, linger_s: float) -> None:
        self._house = house
        self._linger_s = linger_s
        self._desks: dict[Seat, Desk] = {}
        self._alone: OrderedDict[Seat, float] = OrderedDict()
        self._here: dict[Seat, int] = {}

    async def enter(self, seat: Seat) -> Desk:
        """The desk, with its topic heard. `leave` must follow."""
        desk = self._desks.get(seat)
        if desk is None:
            desk = self._desks[seat] = Desk(self._house, seat)
        self._here[seat] = self._here.get(seat, 0) + 1
        self._alone.pop(seat, None)
        try:
            await desk.open()
        except BaseException:
            self._gone(seat)
            raise
        return desk

    def leave(self, seat: Seat, session: DeskSession) -> None:
        self._desks[seat].leave(session)
        self._gone(seat)

    def _gone(self, seat: Seat) -> None:
        self._here[seat] -= 1
        if not self._here[seat]:
            del self._here[seat]
            self._alone[seat] = self._house.office.clock.monotonic() + self._linger_s

    def resync(self) -> None:
        for desk in tuple(self._desks.values()):
            desk.resync()

    async def run(self) -> None:
        while True:
            await self.forget()
            await self._house.office.clock.sleep(1.0)

    async def forget(self) -> None:
        """Those to whom nobody came back."""
        now = self._house.office.clock.monotonic()
        while self._alone:
            seat, until = next(iter(self._alone.items()))
            if until > now:
                return
            del self._alone[seat]
            await self._desks.pop(seat).close()


def _nothing() -> None:
    """The connection is gone already."""


def _welcome(seat: Seat) -> p.Welcome:
    return p.Welcome(agent=seat.agent, number=seat.number, name=seat.name, supervisor=seat.supervisor)
