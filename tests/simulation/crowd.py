"""Customers and agents of a simulation: they speak through stored events, twice or in the wrong order now and then."""

from __future__ import annotations

import asyncio
import random

from simulation.faults import NETWORK, NodeClock, Weather
from simulation.nodes import Office

from contactcenter.services.changes import Changes, NewContact, NewEvent
from contactcenter.services.pushes import decode_desk
from routing import effects as fx
from routing import events as ev
from routing.model import Contact, Medium, PresenceState, Tier

PROVIDER, CLIENT, LEASE = "ruixun", "kangjia", "kangjia-2026"
S = 1_000_000


class Crowd:
    def __init__(self, office: Office, rng: random.Random, weather: Weather, agents: list[str]) -> None:
        self._office = office
        self._rng = rng
        self._weather = weather
        self._clock = NodeClock(office.loop)
        self._agents = agents
        self.contacts: list[str] = []

    async def run(self, contacts: int, seconds: float) -> None:
        """Everybody signs in, then contacts come over these seconds."""
        for agent in self._agents:
            self._office.loop.start(self._work(agent), NETWORK)
        await self._tell(*(event for agent in self._agents for event in _sits_down(agent)))
        for number in range(contacts):
            await self._clock.sleep(self._rng.expovariate(contacts / seconds))
            await self._arrive(f"ct_{number}")

    # --- customers ---------------------------------------------------------------------------------------------

    async def _arrive(self, name: str) -> None:
        now = self._clock.now()
        medium = self._rng.choice([Medium.VOICE, Medium.CHAT, Medium.CHAT])
        contact = a_contact(name, now, medium)
        events: list[ev.AnyEvent] = [ev.Arrived(contact)]
        if self._rng.random() < 0.1:
            events.insert(0, ev.Changed(name, complaint=True))
        self.contacts.append(name)
        await self._tell(*events, contact=a_row(contact, now))
        if self._rng.random() < 0.2:
            self._office.loop.start(self._leave(name), NETWORK)

    async def _leave(self, name: str) -> None:
        await self._clock.sleep(self._rng.uniform(0, 8))
        await self._tell(ev.Left(name))

    # --- agents ------------------------------------------------------------------------------------------------

    async def _work(self, agent: str) -> None:
        async with self._office.bus.subscribe(f"desk:{agent}") as desk:
            async for payload in desk:
                for effect in decode_desk(payload).effects:
                    self._office.loop.start(self._react(agent, effect), NETWORK)

    async def _react(self, agent: str, effect: fx.AnyEffect) -> None:
        await self._clock.sleep(self._rng.uniform(0.05, 2.0))
        chance = self._rng.random()
        match effect:
            case fx.Offered() if chance < 0.75:
                await self._tell(ev.OfferAccepted(effect.offer.id, agent))
            case fx.Offered() if chance < 0.85:
                await self._tell(ev.OfferDeclined(effect.offer.id, agent))
            case fx.Offered() if chance < 0.9:
                await self._tell(ev.Disconnected(agent), ev.Connected(agent))
            case fx.Owned() if chance < 0.15:
                await self._tell(ev.Transferred(effect.contact, agent, view="chat"))
            case fx.Owned():
                finished = (ev.Finished(effect.contact, agent), ev.WrappedUp(effect.contact, agent))
                await self._tell(*(finished if chance < 0.8 else reversed(finished)))
            case fx.PresenceMoved(state=PresenceState.NOT_RESPONDING):
                await self._tell(ev.PresenceSet(agent, PresenceState.READY))
            case _:
                return

    # --- the door ----------------------------------------------------------------------------------------------

    async def _tell(self, *events: ev.AnyEvent, contact: NewContact | None = None) -> None:
        """Stored, and perhaps stored once more: what comes twice must not be done twice."""
        for number, event in enumerate(events):
            for _ in range(2 if self._weather.happens(0.1) else 1):
                # As intake does: a contact arrives once, whatever comes twice.
                key = f"arrived:{event.contact.id}" if isinstance(event, ev.Arrived) else ""
                new = NewEvent(domain=PROVIDER, event=event, received_at=self._clock.now(), dedupe=key)
                first = [contact] if contact is not None and number == 0 else []
                contact = None
                await self._office.stores.changes.apply(Changes(contacts=first, events=[new]))
        if not self._weather.happens(self._weather.lost_hints):
            await self._office.bus.publish(f"domain:{PROVIDER}")
        await asyncio.sleep(0)


def _sits_down(agent: str) -> tuple[ev.AnyEvent, ...]:
    return ev.SignedIn(agent), ev.Connected(agent), ev.PresenceSet(agent, PresenceState.READY)


def a_contact(name: str, now: int, medium: Medium) -> Contact:
    plan = {Medium.VOICE: "cn-three-rings"}.get(medium, "chat")
    return Contact(
        id=name,
        client=CLIENT,
        lease=LEASE,
        medium=medium,
        tier=Tier.IRON,
        enqueued_at=now,
        clock_from=now,
        deadline=now + (15 if medium is Medium.VOICE else 60) * S,
        plan=plan,
        view=str(medium),
    )


def a_row(contact: Contact, now: int) -> NewContact:
    return NewContact(
        id=contact.id,
        domain=PROVIDER,
        provider=PROVIDER,
        client=CLIENT,
        lease=LEASE,
        medium=contact.medium.value,
        view=contact.view,
        door="door",
        external_id=contact.id,
        tier=int(contact.tier),
        opened_at=now,
        enqueued_at=now,
        deadline=contact.deadline,
    )
