"""A domain's history in a store, decision by decision: what replays and explanations are asked about."""

from __future__ import annotations

from api_house import PROVIDER, document
from property.routing_world import S, call, chat

from contactcenter.services.changes import Changes, NewContact, NewEvent
from contactcenter.services.dispatch import Dispatch
from contactcenter.services.takeover import Takeover
from contactcenter.storage.stores import Stores
from routing.events import AnyEvent, Arrived, PresenceSet, SignedIn, Ticked
from routing.model import Contact, PresenceState

DAY0 = 1_767_196_800_000_000
"""2026-01-01T00:00:00 in Shanghai, 16:00Z of the day before."""
HOUR = 3600 * S
LEASE = "kangjia-2026"


class History:
    """Each event is one batch, at the instant that the test names."""

    def __init__(self, stores: Stores) -> None:
        self.stores = stores
        self.dispatch: Dispatch

    async def begin(self, now: int) -> None:
        """A router takes the domain over; the first time with the example's configuration."""
        if await self.stores.configuration.latest(PROVIDER) is None:
            await self.stores.configuration.save(PROVIDER, 1, document(), "test", now)
        ownership = await self.stores.routing.acquire(PROVIDER, "node", 3600.0)
        assert ownership is not None
        takeover = Takeover(self.stores.routing, self.stores.configuration)
        self.dispatch, _ = await takeover.begin(PROVIDER, ownership, lambda: now)
        await self._commit()

    async def happen(self, now: int, *events: AnyEvent) -> None:
        for event in events:
            if isinstance(event, Arrived):
                await self.stores.changes.apply(Changes(contacts=[_row(event.contact)]))
            self.dispatch.handle(event, now)
            await self._commit()

    async def sit(self, now: int, *agents: str) -> None:
        for name in agents:
            await self.happen(now, SignedIn(name), PresenceSet(name, PresenceState.READY))

    async def arrive(self, now: int, name: str, **more: object) -> None:
        contact = chat(name, now, client="kangjia", lease=LEASE, view="chat", **more)
        await self.happen(now, Arrived(contact))

    async def call(self, now: int, name: str) -> None:
        await self.happen(now, Arrived(call(name, now, client="kangjia", lease=LEASE, view="voice")))

    async def keep(self) -> None:
        """A snapshot within the epoch, as the router keeps one now and then."""
        await self.stores.routing.save_snapshot(PROVIDER, *self.dispatch.snapshot())

    async def set_aside(self, now: int) -> None:
        """An event that could not be read: numbered and passed over."""
        self.dispatch.refuse(await self._unread(now), now, "unreadable")
        await self._commit()

    async def _unread(self, now: int) -> int:
        await self.stores.changes.apply(Changes(events=[NewEvent(domain=PROVIDER, event=Ticked(), received_at=now)]))
        (pending,) = await self.stores.routing.pending(PROVIDER, 10)
        return pending.row

    async def _commit(self) -> None:
        batch, _ = self.dispatch.take_batch()
        await self.stores.routing.commit(batch)


def _row(contact: Contact) -> NewContact:
    return NewContact(
        id=contact.id,
        domain=PROVIDER,
        provider=PROVIDER,
        client=contact.client,
        lease=contact.lease,
        medium=contact.medium.value,
        view=contact.view,
        door="site",
        external_id=contact.id,
        tier=int(contact.tier),
        opened_at=contact.enqueued_at,
        enqueued_at=contact.enqueued_at,
        deadline=contact.deadline,
    )
