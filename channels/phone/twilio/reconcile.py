"""Whoever we believe to be there is looked for every minute: a callback that was lost is made up for.

The first round of a process asks for those who were here before it started: the callers who still are, the calls that
ended lately, and the agents in our conferences, who are known again by their labels. A conference whose caller has gone
is closed whenever it is found: an agent who walked in as he left would wait in it for ever.
"""

from __future__ import annotations

import datetime as dt
import logging
from collections.abc import Awaitable, Callable
from typing import Final

from channels.phone.twilio.board import CUSTOMER, Board, Leg
from channels.phone.twilio.control import Control, Room, is_sid
from channels.phone.twilio.devices import Devices
from channels.port import ChannelError

EVERY_S: Final = 60.0
ALONE: Final = 90_000_000
"""How long an agent may wait for the customer whom he calls back, microseconds: his phone rings for 60 s."""
log = logging.getLogger(__name__)


class Reconciler:
    def __init__(self, *, control: Control, devices: Devices, board: Board, now: Callable[[], int]) -> None:
        self._control = control
        self._devices = devices
        self._board = board
        self._now = now
        self._first = True

    async def run(self, sleep: Callable[[float], Awaitable[object]]) -> None:
        """Until cancelled. A platform that cannot be asked now is asked in a minute."""
        while True:
            try:
                await self.round()
            except ChannelError as error:
                log.warning("the calls could not be compared with the platform's: %s", error)
            await sleep(EVERY_S)

    async def round(self) -> int:
        """Look once; how many callers and devices turned out to be gone."""
        gone = 0
        if self._first:
            for call in await self._control.under_way():
                self._board.began(call)
            gone += await self._ended_before()
        gone += await self._rooms()
        self._first = False
        for call in self._board.calls:
            gone += await self._devices.check(call)
        for leg in self._board.legs():
            if leg.offer != CUSTOMER:
                gone += await self._devices.check_leg(leg)
        return gone

    async def _ended_before(self) -> int:
        day = dt.datetime.fromtimestamp(self._now() / 1_000_000, dt.UTC).date() - dt.timedelta(days=1)
        ended = await self._control.ended_since(day.isoformat())
        for sid, status in ended:
            await self._devices.gone(sid, status)
        return len(ended)

    # --- conferences ----------------------------------------------------------------------------------------

    async def _rooms(self) -> int:
        """Those whose caller is known are looked at once, for the agents in them; the others each time."""
        gone = 0
        for room in await self._control.rooms():
            if self._first or room.call not in self._board.calls:
                gone += await self._room(room)
        return gone

    async def _room(self, room: Room) -> int:
        """How many were let go, because nobody comes any more."""
        present = await self._control.present(room.sid)
        if not await self._has_customer(room, [sid for sid, _ in present]):
            await self._control.close(room.sid)
            return len(present)
        for sid, offer in present:
            if offer:
                self._board.learn(Leg(sid, room.call, offer))
        return 0

    async def _has_customer(self, room: Room, present: list[str]) -> bool:
        """He is in it, or may still come."""
        if is_sid(room.call):
            return room.call in present or not await self._devices.check(room.call)
        return len(present) > 1 or not room.since or self._now() - room.since < ALONE
