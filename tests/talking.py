"""A call, the agent who has it and the colleague whom he consults, on a real database with a real router."""

from __future__ import annotations

from typing import Any, Final

from desk_floor import Floor

from channels.port import CallAnswered, CallReleased
from contactcenter.client import protocol as p
from routing.events import Connected
from routing.model import PresenceState

OWNER: Final = "a1002"
SECOND: Final = "a1003"


class Talking:
    """A call that the owner talks on; the second agent is ready, each with a phone. `verbs` are sorted."""

    def __init__(self, floor: Floor) -> None:
        self.floor = floor
        self.contact = self.call = ""
        self._heard = 0

    async def begin(self, **known: Any) -> str:
        home = self.floor.house
        await home.happen(Connected(OWNER))
        await home.at_work(OWNER, device=f"sip/{OWNER}")
        await self.ring("talk-1", **known)
        await self.colleague()
        return self.contact

    async def ring(self, call: str, **known: Any) -> None:
        """A call that the owner answers, the only one who is free."""
        home = self.floor.house
        self.call = call
        self.contact = (await home.call(call=call, **known)).contact
        await home.until(lambda: bool(home.of("offer.made", contact=self.contact)))
        await self.answered(OWNER)
        await home.until(lambda: bool(home.of("contact.assigned", contact=self.contact)))

    async def colleague(self) -> None:
        home = self.floor.house
        await home.happen(Connected(SECOND))
        await home.at_work(SECOND, device=f"sip/{SECOND}")
        await home.until(lambda: bool(home.of("presence.changed", agent=SECOND, state=PresenceState.READY)))

    def offer(self, agent: str) -> str:
        offer: str = self.floor.house.of("offer.made", contact=self.contact, agent=agent)[-1].offer.id
        return offer

    async def answered(self, agent: str) -> None:
        await self.heard(CallAnswered(source="pbx-1", external_id=self.name(), call=self.call, offer=self.offer(agent)))

    async def leg_ended(self, agent: str, **known: Any) -> None:
        ended = {"leg": "agent", "by": "agent", "offer": self.offer(agent), **known}
        await self.heard(CallReleased(source="pbx-1", external_id=self.name(), call=self.call, **ended))

    def name(self) -> str:
        self._heard += 1
        return f"{self.call}-{self._heard}"

    async def heard(self, inbound: Any) -> None:
        await self.floor.core.intake.accept(inbound)

    async def consulting(self) -> None:
        await self.floor.do(p.Consult(id="consult", contact=self.contact, agent="1003"))
        await self.answered(SECOND)
        home = self.floor.house
        await home.until(lambda: bool(home.of("consult.began", contact=self.contact)))

    async def verbs(self) -> list[str]:
        rows = await self.floor.core.pool.fetch(
            "SELECT payload->>'verb' AS verb FROM outbox WHERE kind = 'phone' ORDER BY payload->>'verb'"
        )
        return [row["verb"] for row in rows]

    async def assignments(self) -> list[tuple[str, str, str]]:
        rows = await self.floor.core.pool.fetch(
            "SELECT role, agent_id, coalesce(reason, '') AS reason, ended_at IS NULL AS live FROM assignments"
            " WHERE contact_id = $1 ORDER BY began_at, role DESC",
            self.contact,
        )
        return [(row["role"], row["agent_id"], "live" if row["live"] else row["reason"]) for row in rows]
