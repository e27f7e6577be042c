"""An offer that rang out though no socket of the agent had acknowledged it: noted, never decided.

Routing treats it as unanswered, as its rules say; people should know that the agent never saw it. A fact
`offer.unseen` stands beside the `offer.ended`, the supervisors of his client are told, and the operator's counter
rises. Nothing is said when the agent had sockets at another gateway too: what was seen there is not known here.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Protocol

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Changes
from contactcenter.services.notices import Notices
from contactcenter.services.office import Office
from contactcenter.services.seats import Seat
from routing.effects import OfferEnded

Elsewhere = Callable[[Seat], Awaitable[bool]]


class Counts(Protocol):
    def __call__(self) -> None: ...


class UnseenOffers:
    def __init__(self, office: Office, elsewhere: Elsewhere, count: Counts = lambda: None) -> None:
        self._office = office
        self._notices = Notices(office)
        self._elsewhere = elsewhere
        self._count = count

    async def note(self, seat: Seat, ended: OfferEnded, *, at: int) -> None:
        """`at`: when the offer ended, microseconds."""
        if await self._elsewhere(seat):
            return
        self._count()
        fact = Fact(
            id=f"{ended.offer}:unseen",
            at=at,
            kind="offer.unseen",
            provider=seat.provider,
            client=seat.client,
            contact=ended.contact,
            agent=seat.agent,
            data={"offer": ended.offer, "outcome": str(ended.outcome)},
        )
        await self._office.store.apply(Changes(facts=[fact]))
        told = {"number": seat.number}
        await self._notices.tell_supervisors(
            seat.provider, seat.client, "offer_unseen", at=at, contact=ended.contact, **told
        )
