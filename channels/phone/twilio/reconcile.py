"""Whoever we believe to be there is looked for every minute: a callback that was lost is made up for.

The first round of a process asks for those who were here before it started: the callers who still are, those whom the
house alone still has, and the agents in our conferences, who are known again by their labels. A conference whose caller
has gone is closed whenever it is found: an agent who walked in as he left would wait in it for ever. A device that was
rung before and belongs to no offer any more is called off, and a callback of which nothing is left has ended, as
Twilio's list of calls says.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, Protocol

from channels.phone.twilio.board import CUSTOMER, Board, Leg
from channels.phone.twilio.control import Control, Room, is_sid
from channels.phone.twilio.devices import Devices
from channels.port import ChannelError

EVERY_S: Final = 60.0
ALONE: Final = 100_000_000
"""How long an agent may wait for the customer whom he calls back, microseconds: his phone rings for 60 s and 5 more,
and Twilio listens for up to 30 who has answered."""
log = logging.getLogger(__name__)


class House(Protocol):
    """What is stored of this source's calls."""

    async def dialled(self) -> Sequence[str]:
        """The calls that we made some time ago, and of whose end nothing was heard."""
        ...

    async def there(self) -> Sequence[str]:
        """The callers of whose end nothing was heard."""
        ...

    async def customer(self, call: str) -> tuple[str, int]:
        """Whom a call that we made is for, and the instant before which it was not made; ('', 0) when it is unknown."""
        ...

    async def ringing(self) -> tuple[frozenset[str], list[tuple[str, str, str]]]:
        """All agents' devices, and those that may ring now: device, call and offer."""
        ...


class Reconciler:
    def __init__(
        self, *, control: Control, devices: Devices, board: Board, house: House, now: Callable[[], int]
    ) -> None:
        self._house = house
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
            gone += await self._came_before() + await self._strays()
        rooms = await self._control.rooms()
        gone += await self._rooms(rooms)
        self._first = False
        for call in self._board.calls:
            gone += await self._devices.check(call)
        for leg in self._board.legs():
            if leg.offer != CUSTOMER:
                gone += await self._devices.check_leg(leg)
        for call in await self._house.dialled():
            gone += await self._dialled(call, there=any(room.call == call for room in rooms))
        return gone

    async def _dialled(self, call: str, *, there: bool) -> bool:
        """Whether it turned out to be over. `there`: its conference."""
        customer = self._board.leg(call, CUSTOMER)
        if customer is not None:
            return await self._devices.check_customer(call, customer.sid)
        if there or self._board.legs_of(call):
            return False
        return await self._devices.check_nobody(call, *await self._house.customer(call))

    async def _strays(self) -> int:
        """Devices that rang before this process lived: known again by their offer, or called off when it is over.

        Other programs may call from our number: what is no agent's device is none of our business. An offer is rung
        once: what rings at its device besides the newest is of an earlier one.
        """
        known = {leg.sid for leg in self._board.legs()}
        ringing = [each for each in await self._control.ringing() if each[0] not in known]
        if not ringing:
            return 0
        devices, rings = await self._house.ringing()
        wanted: dict[str, list[tuple[str, str]]] = {}
        for device, call, offer in rings:
            wanted.setdefault(device, []).append((call, offer))
        strays = 0
        for sid, device in ringing:
            if wanted.get(device):
                self._board.learn(Leg(sid, *wanted[device].pop()))
            elif device in devices:
                await self._control.end(sid)
                strays += 1
        return strays

    async def _came_before(self) -> int:
        """Callers who are there are known again; of those whom the house alone still has it is asked one by one."""
        here = set(await self._control.under_way())
        believed = set(await self._house.there())
        for call in sorted(here | believed):
            self._board.began(call)
        return sum([await self._devices.check(call) for call in sorted(believed - here)])

    # --- conferences ----------------------------------------------------------------------------------------

    async def _rooms(self, rooms: Sequence[Room]) -> int:
        """Those whose caller is known are looked at once, for the agents in them; the others each time."""
        gone, known = 0, frozenset(self._board.calls)
        for room in rooms:
            if (self._first and room.begun) or room.call not in known:
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
