"""Calls and conferences by REST: ring a device, call a customer, hold, release, record.

A call that must not be made twice is looked for before it is made again: by whom it calls and from where, among the
calls that are alive (Twilio keeps no label of ours on a call). What is gone already is as good as ended.
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Final

from msgspec import Struct

from channels.phone.twilio import forms
from channels.phone.twilio.board import Board, Leg
from channels.phone.twilio.links import Links, call_of, conference_name
from channels.phone.twilio.rest import Doubtful, Json, NotThere, Rest
from channels.port import ChannelDown, Refused

RINGING: Final = ("queued", "initiated", "ringing")
ALIVE: Final = (*RINGING, "in-progress")
EVENTS: Final = ("initiated", "ringing", "completed")
"""`answered` is heard by the answering device's own request, which cannot be missed without the call failing."""
LEAST_RING_S: Final = 5
SKEW: Final = 30_000_000
"""By how many microseconds Twilio's clock may be behind ours."""
OPEN: Final = ("in-progress", "init")
"""What the status of a conference may be in which there is somebody."""
LOOKS: Final = 3
"""How often a doubtful call is looked for before it counts as not made."""


class Ring(Struct, frozen=True, kw_only=True):
    """A leg to make: `id` of the attempt, whom to call, where the answer goes."""

    id: str
    leg: Leg
    to: str
    url: str
    timeout_s: int = 60
    screen: str = ""
    """MachineDetection: whether a machine answers is found out before the answer is told."""
    once: bool = False
    """At most once, whatever happens (decisions row 6): a person is called, not a desk phone."""


class Room(Struct, frozen=True):
    """A conference of ours; `since` microseconds by Twilio's clock, 0 where it does not say.

    It has `begun` once there have been two in it; until then a caller waits in it, or an agent is alone.
    """

    sid: str
    call: str
    since: int
    begun: bool


class Made(Struct, frozen=True):
    """A call that we made, as Twilio keeps it: its end is there long after everybody has gone."""

    sid: str
    answered_by: str


class Control:
    """One source's. `born` is when this process started: before that another one may have made our calls."""

    def __init__(
        self, rest: Rest, board: Board, links: Links, *, number: str, now: Callable[[], int], screen: str = ""
    ) -> None:
        self.screen = screen
        self._rest = rest
        self._board = board
        self._links = links
        self._number = number
        self._now = now
        self._born = now()

    # --- making calls -------------------------------------------------------------------------------------

    async def ring(self, ring: Ring) -> str:
        """The leg's SID. Raises Refused when the platform will not, ChannelDown to try again."""
        before = self._board.tries(ring.id)
        young = self._now() - self._born < 60_000_000
        if before or young or ring.once:
            found = await self._alive(ring)
            if found or (before and ring.once):
                return self._made(ring, found)
        try:
            made = await self._rest.create("Calls", self._form(ring))
        except Doubtful:
            return await self._doubted(ring)
        except ChannelDown:
            self._board.not_tried(ring.id)
            raise
        return self._made(ring, str(made.get("sid", "")))

    async def _doubted(self, ring: Ring) -> str:
        for _ in range(LOOKS if ring.once else 1):
            if found := await self._alive(ring):
                return self._made(ring, found)
        if ring.once:
            raise Refused("nobody knows whether it was dialled; it is not dialled again")
        raise ChannelDown("the platform did not say whether it rings")

    def _made(self, ring: Ring, sid: str) -> str:
        if not sid:
            raise Refused("it was dialled before")
        self._board.learn(Leg(sid, ring.leg.call, ring.leg.offer, ring.leg.role))
        return sid

    def _form(self, ring: Ring) -> list[tuple[str, str]]:
        leg = ring.leg
        return [
            ("To", ring.to),
            ("From", self._number),
            ("Url", ring.url),
            ("Method", "POST"),
            ("Timeout", str(max(ring.timeout_s, LEAST_RING_S))),
            ("StatusCallback", self._links.status(leg.call, offer=leg.offer, role=leg.role)),
            ("StatusCallbackMethod", "POST"),
            *(("StatusCallbackEvent", event) for event in EVENTS),
            *((("MachineDetection", ring.screen),) if ring.screen else ()),
        ]

    async def _alive(self, ring: Ring) -> str:
        """A call from our number to this one that is alive and that we do not know as another leg's."""
        known = {leg.sid for leg in self._board.legs() if (leg.call, leg.offer) != (ring.leg.call, ring.leg.offer)}
        listed = await self._rest.get("Calls", To=ring.to, From=self._number, PageSize="20")
        for each in listed.get("calls", ()):
            if each.get("status") in ALIVE and each.get("sid") not in known:
                return str(each["sid"])
        return ""

    # --- calls that are there -------------------------------------------------------------------------------

    async def end(self, sid: str) -> None:
        """A leg is over; a call that is over already, or that Twilio will not change any more, is no error."""
        self._board.we_stop(sid)
        with suppress(Refused):
            await self._rest.update(f"Calls/{sid}", Status="completed")

    async def finish(self, call: str, *, by: str = "platform") -> None:
        """Everybody of a call: the caller, and whoever is in its conference or still rings for it."""
        self._board.we_end(call, by=by)
        for leg in self._board.legs_of(call):
            await self.end(leg.sid)
        if is_sid(call):
            await self.end(call)
        else:
            with suppress(NotThere):
                await self.close(await self.conference(call))

    async def send_to(self, call: str, url: str) -> None:
        """The caller's leg leaves whatever it does and asks there what to do. Raises Refused when he is gone."""
        await self._rest.update(f"Calls/{call}", Url=url, Method="POST")

    async def status(self, sid: str) -> str:
        """`gone` for a call that the platform does not know."""
        try:
            return str((await self._rest.get(f"Calls/{sid}")).get("status", ""))
        except NotThere:
            return "gone"

    async def under_way(self) -> list[str]:
        """The callers who are there now, by SID."""
        listed = await self._rest.listed("Calls", "calls", Status="in-progress")
        return [str(each.get("sid", "")) for each in listed if each.get("direction") == "inbound"]

    async def ringing(self) -> list[tuple[str, str]]:
        """SID and `To` of the calls from our number that ring or will, newest first: whoever made them.

        Twilio makes so many calls a second, and queues the others.
        """
        waiting = await self._rest.listed("Calls", "calls", From=self._number, Status="queued")
        listed = await self._rest.listed("Calls", "calls", From=self._number, Status="ringing")
        calls = (each for each in (*waiting, *listed) if each.get("direction") != "inbound")
        return [(str(each.get("sid", "")), str(each.get("to", ""))) for each in calls]

    async def made_to(self, number: str, since: int) -> Made | None:
        """The newest call from our number to this one since then, microseconds; None when Twilio has none."""
        listed = await self._rest.get("Calls", To=number, From=self._number, PageSize="20")
        for each in listed.get("calls", ()):
            if forms.instant(str(each.get("date_created"))) >= since - SKEW:
                return Made(str(each["sid"]), str(each.get("answered_by") or ""))
        return None

    # --- conferences ----------------------------------------------------------------------------------------

    async def conference(self, call: str) -> str:
        """The SID of a call's conference. Raises NotThere."""
        name = conference_name(call)
        listed = await self._rest.get("Conferences", FriendlyName=name, PageSize="20")
        for each in listed.get("conferences", ()):
            if each.get("status") in OPEN:
                return str(each["sid"])
        raise NotThere(f"nobody talks in {name}")

    async def hold(self, call: str, caller: str, *, on: bool) -> None:
        """The caller hears music and nobody hears him, or talks again."""
        path = f"Conferences/{await self.conference(call)}/Participants/{caller}"
        await self._rest.update(path, Hold="true" if on else "false")

    async def participants(self, call: str) -> list[str]:
        return [sid for sid, _ in await self.present(await self.conference(call))]

    async def present(self, conference: str) -> list[tuple[str, str]]:
        """Who is in it: the leg's SID, and the offer that is its label."""
        listed = await self._rest.get(f"Conferences/{conference}/Participants")
        return [(str(each["call_sid"]), str(each.get("label") or "")) for each in listed.get("participants", ())]

    async def rooms(self) -> list[Room]:
        """Those with somebody in them; the account may have others, which are none of our business."""
        found: dict[str, Room] = {}
        for status in reversed(OPEN):
            for each in await self._rest.listed("Conferences", "conferences", Status=status):
                # One that has begun between the two lists is in both.
                room = _room(each, begun=status == OPEN[0])
                found[room.sid] = room
        return [room for room in found.values() if room.call]

    async def close(self, conference: str) -> None:
        """Everybody in it is let go."""
        with suppress(Refused):
            await self._rest.update(f"Conferences/{conference}", Status="completed")

    # --- recordings -----------------------------------------------------------------------------------------

    async def record(self, call: str, sid: str) -> None:
        """Go on with a paused recording, or begin one."""
        try:
            await self._rest.update(f"Calls/{sid}/Recordings/Twilio.CURRENT", Status="in-progress")
        except Refused:
            form = {
                "RecordingStatusCallback": self._links.recorded_talk(call),
                "RecordingChannels": "dual",
            }
            await self._rest.create(f"Calls/{sid}/Recordings", form)

    async def change_recording(self, sid: str, status: str) -> None:
        """`paused` (silence is kept in its place) or `stopped`."""
        behaviour = {"PauseBehavior": "silence"} if status == "paused" else {}
        await self._rest.update(f"Calls/{sid}/Recordings/Twilio.CURRENT", Status=status, **behaviour)


def _room(each: Json, *, begun: bool) -> Room:
    since = forms.instant(str(each.get("date_created")))
    return Room(str(each["sid"]), call_of(str(each["friendly_name"])), since, begun)


def is_sid(call: str) -> bool:
    """A caller's call is called by its SID; one that we made ourselves by its contact."""
    return "/" not in call


def is_over(status: str) -> bool:
    return status in forms.ENDED or status == "gone"
