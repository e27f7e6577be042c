"""The talking half of one Asterisk: feeds the machine, does what it asks, hands its events to the intake.

Requests of one lane and events of one call go out in order; everything else side by side. What the intake cannot
store now is told again until it can; nothing is told while another process owns the connection.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from channels.phone.asterisk import events as ev
from channels.phone.asterisk import survey
from channels.phone.asterisk.actions import Out, Rest, Timer
from channels.phone.asterisk.board import Board, Unknown
from channels.phone.asterisk.link import Link
from channels.phone.asterisk.rest import RestClient
from channels.phone.record import Call as Stored
from channels.port import (
    ENDED_AWAY,
    AnyInbound,
    AnyOutbound,
    CallbackCancelled,
    CallOffered,
    CallReleased,
    ChannelDown,
    ChannelError,
    DifferentPayload,
    DoNotCall,
    Intake,
    IntakeBusy,
    NotSent,
    PhoneCommand,
    Refused,
)

log = logging.getLogger(__name__)
SURVEY_S: Final = 60.0
PROOF_S: Final = 5.0
"""Between two proofs that we hear, and how long one may take."""
PROOF: Final = "contactcenter-hears"
AGAIN_S: Final = 0.25
LONGEST_AGAIN_S: Final = 5.0
MICRO: Final = 1_000_000
GONE: Final = (404, 409, 422)
"""What a request is about has ended meanwhile, or stands already: daily, and dealt with."""


class OpenCalls(Protocol):
    """What the house believes is going on: reconciled with what is there when we begin."""

    async def open_calls(self, source: str) -> Sequence[Stored]: ...

    async def dialled_calls(self, source: str) -> Sequence[str]:
        """Those that we made some time ago, and of whose end the house has not heard."""
        ...


class Asterisk:
    """A `channels.port.Sender` for its source's commands. `run` until cancelled; it may be run again."""

    def __init__(
        self,
        *,
        board: Board,
        rest: RestClient,
        intake: Intake,
        open_calls: OpenCalls,
        now: Callable[[], int],
        holds: Callable[[], bool],
        socket: tuple[str, tuple[str, str]],
    ) -> None:
        """`socket`: the events' address and the credentials."""
        self._board = board
        self._rest = rest
        self._intake = intake
        self._open_calls = open_calls
        self._now = now
        self._holds = holds
        self._link = Link(
            socket[0],
            credentials=socket[1],
            holds=holds,
            hear=self._hear,
            opened=self._opened,
            closed=self._closed,
            asked=rest.asked,
        )
        self._tasks: asyncio.TaskGroup | None = None
        self._lanes: dict[str, deque[Callable[[], Awaitable[None]]]] = {}
        self._timers: dict[tuple[str, str], asyncio.TimerHandle] = {}
        self._first = True
        self._looking = False
        self.proof_s = PROOF_S
        self._heard = asyncio.Event()
        self.ready = asyncio.Event()
        """Set while the connection stands and we know what is there."""

    # --- life -------------------------------------------------------------------------------------------------

    async def run(self) -> None:
        try:
            async with asyncio.TaskGroup() as group:
                self._tasks = group
                group.create_task(self._minutely())
                group.create_task(self._proofs())
                await self._link.run()
        finally:
            self._tasks = None
            self._lanes.clear()
            for handle in self._timers.values():
                handle.cancel()
            self._timers.clear()

    @property
    def busy(self) -> int:
        """How many calls and legs have a request or an event of theirs on the way."""
        return len(self._lanes)

    async def _minutely(self) -> None:
        while True:
            await asyncio.sleep(SURVEY_S)
            if self.ready.is_set() and await self._look():
                await self._miss_callbacks()

    async def _proofs(self) -> None:
        """A connection may stand and be deaf: Asterisk forgets its application when others came and went in between."""
        while True:
            await asyncio.sleep(self.proof_s)
            if self.ready.is_set() and not await self._hears():
                log.warning("Asterisk says nothing to us any more: connecting anew")
                await self._link.renew()

    async def _hears(self) -> bool:
        """Say something to our own application. Whoever cannot say it (a version, a busy moment) proves nothing."""
        self._heard.clear()
        query = {"application": self._board.rules.app}
        path = f"/events/user/{PROOF}"
        said = await self._rest.send(Rest(call="", lane="", method="POST", path=path, query=query))
        if not said.well:
            return True
        try:
            async with asyncio.timeout(self.proof_s):
                await self._heard.wait()
        except TimeoutError:
            return not self.ready.is_set()
        return True

    async def _opened(self) -> None:
        """A new connection: fewer events, then what is there; only then commands are taken."""
        path = f"/applications/{self._board.rules.app}/eventFilter"
        answer = await self._rest.put(path, {"allowed": [{"type": kind} for kind in ev.WANTED]})
        if not answer.well:
            log.info("no event filter (%d): an older version sends all events", answer.status)
        await self._rest.asked.probe()
        if not await self._look():
            raise ChannelDown("Asterisk does not say what is there")
        if self._first:
            await self._reconcile()
            self._first = False
        await self._miss_callbacks()
        self.ready.set()

    def _closed(self) -> None:
        self.ready.clear()

    # --- what is there ----------------------------------------------------------------------------------------

    async def _look(self) -> bool:
        """Compare; False when Asterisk does not answer."""
        since = self._now()
        bridges = await self._rest.get("/bridges")
        channels = await self._rest.get("/channels")
        if not (channels.well and bridges.well):
            return False
        found = survey.Found(ev.channels(channels.body), ev.bridges(bridges.body), since=since)
        self._do(survey.compare(self._board, found, self._now()))
        return True

    async def _reconcile(self) -> None:
        """Calls that the house still has open and that are no more: ended with the reason, their agents free."""
        live = {call.id for call in self._board.live}
        for stored in await self._open_calls.open_calls(self._board.rules.source):
            if stored.call in live:
                self._tell_lost_legs(stored)
            else:
                self._tell(self._ended_away(stored.call))

    async def _miss_callbacks(self) -> None:
        """Calls that we made, and that are no more. A house that cannot say now which they are says so in a minute."""
        try:
            dialled = await self._open_calls.dialled_calls(self._board.rules.source)
        except Exception:
            log.exception("which callbacks are under way is not known at the moment")
            return
        live = {call.id for call in self._board.live}
        for call in dialled:
            if call not in live:
                self._tell(self._ended_away(call))

    def _ended_away(self, call: str) -> CallReleased:
        return survey.ended_away(self._board.rules.source, call)

    def _tell_lost_legs(self, stored: Stored) -> None:
        call = self._board.calls[stored.call]
        alive = {offer for offer, leg in call.legs.items() if not leg.gone}
        # A ring that was carried out and not acknowledged comes again: a device that has had its turn is left alone.
        call.stopped |= {leg.offer for leg in stored.legs if leg.offer and leg.offer not in alive}
        for leg in stored.legs:
            if not leg.ended_at and leg.offer and leg.offer not in alive:
                self._tell(
                    CallReleased(
                        source=stored.source,
                        external_id=f"{stored.call}/{leg.offer}/away",
                        call=stored.call,
                        leg="agent",
                        by="platform",
                        cause=ENDED_AWAY,
                        offer=leg.offer,
                        reached=bool(leg.rang_at),
                    )
                )

    # --- in and out of the machine ----------------------------------------------------------------------------

    def _hear(self, event: ev.AnyEvent) -> None:
        self._heard.set()
        self._do(self._board.hear(event, self._now()))

    async def send(self, outbound: AnyOutbound) -> str:
        """Begin what is commanded, and say what came of it so far. Refused, ChannelDown."""
        if not isinstance(outbound, PhoneCommand):
            raise Refused(f"{type(outbound).__name__} is not a phone command")
        now = self._now()
        if 0 < outbound.not_after <= now:
            raise Refused("expired")
        if not self._holds() or not self.ready.is_set() or self._tasks is None:
            raise NotSent(f"{outbound.source}: not connected")
        try:
            said, out = self._board.command(outbound, now)
        except Unknown:
            return "the call is over"
        self._do(out)
        return said

    def _do(self, out: Out) -> None:
        for rest in out.rests:
            self._in_lane(rest.lane, lambda rest=rest: self._ask(rest))  # type: ignore[misc]
        for inbound in out.tells:
            self._tell(inbound)
        for timer in out.timers:
            self._set(timer)
        for text in out.missing:
            log.warning("no recording for %r: put one at the place that docs/telephony/asterisk.md names", text)
        if out.survey and not self._looking and self._tasks is not None:
            self._looking = True
            self._tasks.create_task(self._look_soon())

    async def _look_soon(self) -> None:
        try:
            await asyncio.sleep(AGAIN_S)
            await self._look()
        finally:
            self._looking = False

    async def _ask(self, rest: Rest) -> None:
        outcome = await self._rest.send(rest, lambda: self._board.is_heard_of(rest))
        if not outcome.well and outcome.status not in GONE:
            log.warning("%s %s: %d %s", rest.method, rest.path, outcome.status, outcome.said)
        self._do(self._board.outcome(rest, outcome.status, outcome.said, self._now()))

    def _set(self, timer: Timer) -> None:
        old = self._timers.pop((timer.call, timer.name), None)
        if old is not None:
            old.cancel()
        if timer.at:
            after = max(timer.at - self._now(), 0) / MICRO
            loop = asyncio.get_running_loop()
            self._timers[timer.call, timer.name] = loop.call_later(after, self._rang, timer)

    def _rang(self, timer: Timer) -> None:
        self._timers.pop((timer.call, timer.name), None)
        self._do(self._board.rang(timer, self._now()))

    # --- in order ---------------------------------------------------------------------------------------------

    def _in_lane(self, lane: str, work: Callable[[], Awaitable[None]]) -> None:
        """After what the lane has before it."""
        if self._tasks is None:
            return
        waiting = self._lanes.get(lane)
        if waiting is not None:
            waiting.append(work)
            return
        self._lanes[lane] = deque([work])
        self._tasks.create_task(self._drain(lane))

    async def _drain(self, lane: str) -> None:
        waiting = self._lanes[lane]
        while waiting:
            work = waiting.popleft()
            try:
                await work()
            except Exception:
                log.exception("work of %s failed", lane)
        del self._lanes[lane]

    # --- to the intake ----------------------------------------------------------------------------------------

    def _tell(self, inbound: AnyInbound) -> None:
        call = getattr(inbound, "call", "")
        self._in_lane(f"tell {call}", lambda: self._accept(inbound))

    async def _accept(self, inbound: AnyInbound) -> None:
        """Until it is stored or can never be. An offered call that cannot be taken does not wait for ever."""
        pause = AGAIN_S
        while True:
            try:
                receipt = await self._intake.accept(inbound)
            except DifferentPayload:
                return  # Told before us, by the process that found it out first.
            except IntakeBusy:
                if isinstance(inbound, CallOffered):
                    self._do(self._board.not_taken(inbound.call, self._now(), again=True))
                    return
            except ChannelError as refused:
                log.error("%s is not taken: %s", inbound.external_id, refused)
                if isinstance(inbound, CallOffered):
                    self._do(self._board.not_taken(inbound.call, self._now(), again=False))
                return
            except Exception:
                log.exception("%s is not stored yet", inbound.external_id)
            else:
                if isinstance(inbound, CallOffered | CallbackCancelled | DoNotCall):
                    self._do(self._board.receipt(inbound.call, receipt, self._now()))
                return
            await asyncio.sleep(pause)
            pause = min(pause * 2, LONGEST_AGAIN_S)
