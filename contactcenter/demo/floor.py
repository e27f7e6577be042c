"""The people of one house at their desks: who has what in front of him, and a way to wait until that changes."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack, asynccontextmanager

from msgspec import Struct

from contactcenter.client import protocol as p
from contactcenter.client.desk import AgentClient
from contactcenter.client.errors import ClientError
from contactcenter.client.world import Patience
from contactcenter.demo.access import DemoAccess
from contactcenter.demo.layout import Agent, House
from contactcenter.errors import Misconfigured

PATIENCE = Patience(first_s=0.1, longest_s=1.0, tries=300)
GOODBYE_S = 3.0


class Seat(Struct, frozen=True):
    """An agent at work. `device`: his calls ring at a desk phone."""

    agent: Agent
    client: AgentClient
    device: str


class Ring(Struct, frozen=True):
    seat: Seat
    offer: p.OfferCard

    @property
    def attempt(self) -> int:
        """Offers of a contact are numbered in the order in which they were made (`contact/attempt/agent`)."""
        part = self.offer.offer.split("/")
        return int(part[1]) if len(part) == 3 and part[1].isdecimal() else 0


class Floor:
    """One house. Signing in happens in the order of the numbers, so the order of idleness is the same in every run."""

    def __init__(self, house: House, access: DemoAccess, chance: Callable[[], float]) -> None:
        self.house = house
        self._access = access
        self._chance = chance
        self._stack = AsyncExitStack()
        self._changed = asyncio.Event()
        self.seats: list[Seat] = []

    # --- the shift -----------------------------------------------------------------------------------------

    @asynccontextmanager
    async def shift(self, told: Callable[[], None]) -> AsyncIterator[None]:
        """Everybody at work inside the context; nobody stays signed in behind it, however it ends."""
        async with self._stack:
            try:
                await self._sign_in(told)
                yield
            finally:
                await asyncio.gather(*(self._goodbye(seat) for seat in self.seats))

    async def _sign_in(self, told: Callable[[], None]) -> None:
        for agent in self.house.agents:
            seat = await self._seat(agent)
            self.seats.append(seat)
            await seat.client.sign_in(seat.device)
            await seat.client.ready()
            await seat.client.until(lambda desk: desk.presence.state == "ready")
            told()

    async def _seat(self, agent: Agent) -> Seat:
        tokens = {**self._access.agents, **self._access.supervisors}
        if agent.id not in tokens:
            raise Misconfigured(f"the access file has no token for agent {agent.id}", field="agents")
        client = AgentClient(self._access.base_url, tokens[agent.id], chance=self._chance, patience=PATIENCE)
        client.on_change = self._tell
        await self._stack.enter_async_context(client)
        return Seat(agent, client, agent.device if self.house.devices else "")

    async def _goodbye(self, seat: Seat) -> None:
        """Also when the service no longer answers."""
        try:
            async with asyncio.timeout(GOODBYE_S):
                await seat.client.sign_out()
        except (TimeoutError, ClientError):
            return

    # --- what can be seen ------------------------------------------------------------------------------------

    def rings(self, contact: str) -> list[Ring]:
        """Where it rings, in the order in which it was offered."""
        found = ((seat, seat.client.desk.offer_of(contact)) for seat in self.seats)
        return sorted((Ring(seat, offer) for seat, offer in found if offer is not None), key=lambda ring: ring.attempt)

    def owner(self, contact: str) -> Seat | None:
        """Who has it, talking or wrapping up."""
        return next((seat for seat in self.seats if seat.client.desk.owns(contact)), None)

    def with_subject(self, tag: str) -> str:
        """The contact whose subject carries this tag; '' when nobody sees one."""
        cards = (card for seat in self.seats for card in _cards(seat))
        return next((card.contact for card in cards if tag in card.subject), "")

    def holds(self, client: str) -> list[str]:
        """Contacts of this client that are seen here."""
        return [card.contact for seat in self.seats for card in _cards(seat) if card.client == client]

    def seat_of(self, number: str) -> Seat | None:
        return next((seat for seat in self.seats if seat.agent.number == number), None)

    def supervisor(self) -> Seat | None:
        return next((seat for seat in self.seats if seat.agent.supervisor), None)

    @property
    def connected(self) -> bool:
        return all(seat.client.fresh for seat in self.seats)

    @property
    def reconnects(self) -> int:
        return sum(seat.client.connections - 1 for seat in self.seats)

    async def change(self, at_most: float) -> None:
        """Until somebody's desk changes, or a little time has passed."""
        try:
            async with asyncio.timeout(at_most):
                await self._changed.wait()
        except TimeoutError:
            return

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()


def _cards(seat: Seat) -> list[p.Card]:
    desk = seat.client.desk
    return [*(offer.card for offer in desk.offers.values()), *desk.contacts.values()]
