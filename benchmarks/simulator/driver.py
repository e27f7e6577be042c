"""The loop: the routing core in virtual time, with people around it.

Chance is drawn per stream, in the order of its arrivals: when contacts come, how long they talk and how patient they
are does not depend on what the core decides. The driver keeps its own books (who owns what, who carries how much) and
counts what should never happen; it believes effects, not the state.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from heapq import heappop, heappush
from random import Random
from typing import Any

from benchmarks.simulator.records import HOW, How, Records
from benchmarks.simulator.shifts import Shift
from benchmarks.simulator.streams import Arrival, Behaviour, Stream
from routing import effects as fx
from routing import events as ev
from routing.decide import decide
from routing.model import Config, Contact, Medium, Micros, Offer, Snapshot
from routing.restoring import restore

Listener = Callable[[Micros, ev.AnyEvent, list[fx.AnyEffect]], None]
Planned = tuple[Micros, int, Callable[[Any, Any], None], Any, Any]
TICK = ev.Ticked()
TAKE_EVERY = 255
"""Rows to write are taken, and dropped, once in so many events plus one; a real router takes them per batch."""


class Life:
    """An open contact as the driver knows it."""

    __slots__ = ("behaviour", "contact", "medium", "owner", "row", "talk")

    def __init__(self, contact: Contact, row: int, behaviour: Behaviour, talk: Micros) -> None:
        self.contact = contact.id
        self.medium = contact.medium
        self.row = row
        self.behaviour = behaviour
        self.talk = talk
        self.owner = ""


class Driver:
    """One run. `events` counts decisions; `doubly_owned`, `overloaded` and `strays` must stay 0."""

    def __init__(
        self, config: Config, streams: Iterable[Stream], shifts: Iterable[Shift], *, seed: int, start: Micros
    ) -> None:
        self.state = restore(Snapshot(config, start, 0))
        self.now = start
        self.records = Records()
        self.listen: Listener | None = None
        self.events = self.doubly_owned = self.overloaded = self.strays = self.refused = 0
        self._agenda: list[Planned] = []
        self._serial = 0
        self._lives: dict[str, Life] = {}
        self._ringing: set[str] = set()
        self._numbers = {agent.id: number for number, agent in enumerate(config.agents)}
        self._capacity = {agent.id: agent.capacity for agent in config.agents}
        self._carried = dict.fromkeys(self._capacity, 0)
        self._units: dict[Medium, int] = {rule.medium: rule.units for rule in config.media}
        self._leaving: set[str] = set()
        self._agents = Random(f"{seed}/agents")
        for shift in shifts:
            for at, event in shift.events():
                self._plan(at, self._presence, event, None)
        for stream in streams:
            self._next_arrival(stream, stream.arrivals(seed, start))

    def run(self) -> Records:
        """Until nothing is planned and the core has no timer left."""
        agenda, state = self._agenda, self.state
        while True:
            due = state.due()
            if agenda and (due is None or agenda[0][0] <= due):
                self.now, _, act, first, second = heappop(agenda)
                act(first, second)
            elif due is not None:
                self.now = max(self.now, due)
                self._tell(TICK)
            else:
                return self.records

    def lost(self) -> int:
        """Contacts that the driver never saw end and the core no longer knows."""
        return sum(self.state.record(contact) is None for contact in self._lives)

    def conserved(self) -> bool:
        """Whoever came has ended in exactly one way or is still open, here and in the core."""
        counts = self.records.counts()
        open_here, open_there = len(self._lives), len(self.state.snapshot(self.now).records)
        return counts.total() == len(self.records) and counts[How.OPEN] == open_here == open_there

    # --- the world ----------------------------------------------------------------------------------------

    def _plan(self, at: Micros, act: Callable[[Any, Any], None], first: Any, second: Any) -> None:
        self._serial += 1
        heappush(self._agenda, (at, self._serial, act, first, second))

    def _tell(self, event: ev.AnyEvent) -> None:
        effects = decide(self.state, event, self.now)
        self.events += 1
        if not self.events & TAKE_EVERY:
            self.state.take_touched()
        if self.listen is not None:
            self.listen(self.now, event, effects)
        for effect in effects:
            react = REACTIONS.get(type(effect))
            if react is not None:
                react(self, effect)

    def _next_arrival(self, stream: Stream, arrivals: Iterator[Arrival]) -> None:
        arrival = next(arrivals, None)
        if arrival is not None:
            self._plan(arrival.at, self._arrive, arrival, (stream, arrivals))

    def _arrive(self, arrival: Arrival, source: tuple[Stream, Iterator[Arrival]]) -> None:
        contact = arrival.contact
        life = Life(contact, self.records.add(contact, self.now), source[0].behaviour, arrival.talk)
        self._lives[contact.id] = life
        if arrival.patience is not None:
            self._plan(self.now + arrival.patience, self._lose_patience, life, None)
        self._next_arrival(*source)
        self._tell(ev.Arrived(contact))

    def _lose_patience(self, life: Life, _: None) -> None:
        if life.contact in self._lives and not self.records.answered[life.row]:
            self._tell(ev.Left(life.contact, cause="patience"))

    def _presence(self, event: ev.AnyEvent, _: None) -> None:
        self._tell(event)
        if isinstance(event, ev.PresenceSet) and event.reason == "shift_over":
            self._leaving.add(event.agent)
            self._leave_if_idle(event.agent)

    def _leave_if_idle(self, agent: str) -> None:
        if agent in self._leaving and not self._carried[agent]:
            self._leaving.discard(agent)
            self._plan(self.now, self._presence, ev.SignedOut(agent), None)

    # --- reactions to effects -----------------------------------------------------------------------------

    def _offered(self, effect: fx.Offered) -> None:
        life, offer = self._lives[effect.contact], effect.offer
        self._ringing.add(offer.id)
        if not self.records.offered[life.row]:
            self.records.offered[life.row] = self.now
        behaviour, act = life.behaviour, self._pick_up
        if behaviour.declines or behaviour.ignores:
            chance = self._agents.random()
            if chance < behaviour.ignores:
                return
            if chance < behaviour.ignores + behaviour.declines:
                act = self._decline
        after = behaviour.pick_up(self._agents) if behaviour.pick_up is not None else 0
        self._plan(self.now + after, act, offer, None)

    def _pick_up(self, offer: Offer, _: None) -> None:
        if offer.id not in self._ringing:
            return
        if offer.device:
            self._tell(ev.Answered(offer.contact, offer.agent))
        else:
            self._tell(ev.OfferAccepted(offer.id, offer.agent))

    def _decline(self, offer: Offer, _: None) -> None:
        if offer.id in self._ringing:
            self._tell(ev.OfferDeclined(offer.id, offer.agent))

    def _offer_ended(self, effect: fx.OfferEnded) -> None:
        self._ringing.discard(effect.offer)

    def _owned(self, effect: fx.Owned) -> None:
        life, agent = self._lives[effect.contact], effect.agent
        self.doubly_owned += bool(life.owner)
        life.owner = agent
        self._carried[agent] += self._units[life.medium]
        self.overloaded += self._carried[agent] > self._capacity[agent]
        if not self.records.answered[life.row]:
            self.records.answered[life.row] = self.now
            self.records.agent[life.row] = self._numbers[agent]
        self._plan(self.now + life.talk, self._finish, life, agent)

    def _finish(self, life: Life, agent: str) -> None:
        if life.owner == agent:
            self._tell(ev.Finished(life.contact, agent))

    def _released(self, effect: fx.Released) -> None:
        life = self._lives[effect.contact]
        life.owner = ""
        self._carried[effect.agent] -= self._units[life.medium]
        self._leave_if_idle(effect.agent)

    def _ended(self, effect: fx.Ended) -> None:
        self._end(effect.contact, HOW[effect.how])

    def _blocked(self, effect: fx.Blocked) -> None:
        self._end(effect.contact, How.BLOCKED)

    def _end(self, contact: str, how: How) -> None:
        life = self._lives.pop(contact, None)
        if life is None:
            self.strays += 1
            return
        self.records.ended[life.row] = self.now
        self.records.how[life.row] = how

    def _refuse(self, effect: fx.Refused) -> None:
        self.refused += 1


REACTIONS: dict[type[fx.AnyEffect], Callable[[Driver, Any], None]] = {
    fx.Offered: Driver._offered,
    fx.OfferEnded: Driver._offer_ended,
    fx.Owned: Driver._owned,
    fx.Released: Driver._released,
    fx.Ended: Driver._ended,
    fx.Blocked: Driver._blocked,
    fx.Refused: Driver._refuse,
}
