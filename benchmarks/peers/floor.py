"""The floor on which a strategy works: time, who is busy with what, who has left.

It believes nothing. A strategy that gives a contact to a busy or unfit agent, or serves one twice, is an error, and at
the end every contact of the trace was either answered or has left.
"""

from __future__ import annotations

from dataclasses import dataclass
from heapq import heappop, heappush

from benchmarks.peers.strategy import Pair, Roster, Strategy
from benchmarks.peers.trace import SCARCE, Arrival, Trace
from routing.model import Agent, Contact, Micros

FINISHES, LEAVES, ARRIVES = 0, 1, 2


@dataclass(slots=True)
class Fate:
    """What became of one contact. `level` is the lowest of the agent's levels on the needed skills."""

    arrival: Arrival
    until: Micros
    agent: str = ""
    level: int = 0
    misused: bool = False
    """Its agent speaks a scarce language that it does not need, and somebody else could have taken it."""
    starved: bool = False
    """It needs a scarce language and waited while one who speaks it served a contact that misused him."""

    @property
    def waited(self) -> Micros:
        return self.until - self.arrival.contact.enqueued_at

    @property
    def in_time(self) -> bool:
        return bool(self.agent) and self.until <= self.arrival.contact.deadline


def run(trace: Trace, strategy: Strategy) -> list[Fate]:
    """Every contact's fate, in the order of arrival."""
    return _Floor(trace, strategy).run()


class _Floor:
    def __init__(self, trace: Trace, strategy: Strategy) -> None:
        self.strategy = strategy
        self.roster = Roster(trace.agents)
        self.arrivals = {arrival.contact.id: arrival for arrival in trace.arrivals}
        self.free = {agent.id: agent for agent in trace.agents}
        self.busy: dict[str, Fate] = {}
        self.waiting: dict[str, Contact] = {}
        self.fates: dict[str, Fate] = {}
        self.starved: set[str] = set()
        self.agenda: list[tuple[Micros, int, str]] = [
            (arrival.contact.enqueued_at, ARRIVES, arrival.contact.id) for arrival in trace.arrivals
        ]

    def run(self) -> list[Fate]:
        while self.agenda:
            due = self.strategy.due()
            if due is not None and due <= self.agenda[0][0]:
                self._seat(self.strategy.tick(due), due)
                continue
            now, what, who = heappop(self.agenda)
            self._happen(what, who, now)
        lost = [contact for contact in self.arrivals if contact not in self.fates]
        if lost:
            raise RuntimeError(f"{self.strategy.name} lost {len(lost)} contacts, first {lost[0]}")
        return [self.fates[contact] for contact in self.arrivals]

    def _happen(self, what: int, who: str, now: Micros) -> None:
        if what == ARRIVES:
            self._arrive(self.arrivals[who], now)
        elif what == LEAVES:
            contact = self.waiting.pop(who, None)
            if contact is not None:
                self.fates[who] = Fate(self.arrivals[who], now, starved=who in self.starved)
                self._seat(self.strategy.leave(contact, now), now)
        else:
            fate = self.busy.pop(who)
            agent = self.free[who] = self._agent(fate)
            self._seat(self.strategy.free(fate.arrival.contact, agent, now), now)

    def _agent(self, fate: Fate) -> Agent:
        contact = fate.arrival.contact
        return self.roster.able(contact.lease, contact.needs)[fate.agent]

    def _arrive(self, arrival: Arrival, now: Micros) -> None:
        contact = arrival.contact
        self.waiting[contact.id] = contact
        heappush(self.agenda, (now + arrival.patience, LEAVES, contact.id))
        self._seat(self.strategy.arrive(contact, now), now)
        if contact.id in self.waiting and self._is_starved(contact):
            self.starved.add(contact.id)

    def _seat(self, pairs: list[Pair], now: Micros) -> None:
        for contact, agent in pairs:
            able = self.roster.able(contact.lease, contact.needs)
            if contact.id not in self.waiting or agent.id not in self.free or agent.id not in able:
                raise RuntimeError(f"{self.strategy.name} gave {contact.id} to {agent.id}, which cannot be")
            misused = self._is_misuse(contact, agent)
            del self.waiting[contact.id], self.free[agent.id]
            skills = self.roster.skills(agent)
            level = min(skills[name] for name, _ in contact.needs)
            fate = Fate(self.arrivals[contact.id], now, agent.id, level, misused, contact.id in self.starved)
            self.fates[contact.id] = self.busy[agent.id] = fate
            heappush(self.agenda, (now + fate.arrival.service, FINISHES, agent.id))

    def _is_misuse(self, contact: Contact, agent: Agent) -> bool:
        if not _unneeded(contact, agent):
            return False
        able = self.roster.able(contact.lease, contact.needs)
        return any(name in self.free and not _unneeded(contact, other) for name, other in able.items())

    def _is_starved(self, contact: Contact) -> bool:
        if not any(name in SCARCE for name, _ in contact.needs):
            return False
        able = self.roster.able(contact.lease, contact.needs)
        return any(name in self.busy and self.busy[name].misused for name in able)


def _unneeded(contact: Contact, agent: Agent) -> bool:
    """Does he speak a scarce language that the contact does not need?"""
    needed = {name for name, _ in contact.needs}
    return any(name in SCARCE and name not in needed for name, _ in agent.skills)
