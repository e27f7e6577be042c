"""What a strategy is, and the part that all re-told rules share: who waits and who is free.

The floor (floor.py) owns time and truth. It tells a strategy what happened and gets back who was given to whom.
"""

from __future__ import annotations

from typing import Protocol

from routing.model import Agent, Contact, Micros, Needs

Pair = tuple[Contact, Agent]


class Strategy(Protocol):
    """Every call returns the assignments that follow from it, in the order in which they were made."""

    name: str

    def arrive(self, contact: Contact, now: Micros) -> list[Pair]: ...

    def leave(self, contact: Contact, now: Micros) -> list[Pair]: ...

    def free(self, contact: Contact, agent: Agent, now: Micros) -> list[Pair]: ...

    def due(self) -> Micros | None:
        """When it wants to be called although nothing happened."""
        ...

    def tick(self, now: Micros) -> list[Pair]: ...


class Roster:
    """Who can serve what: leases filter first, then every needed skill at its level."""

    def __init__(self, agents: tuple[Agent, ...]) -> None:
        self.agents = agents
        self._skills = {agent.id: dict(agent.skills) for agent in agents}
        self._able: dict[tuple[str, Needs], dict[str, Agent]] = {}

    def able(self, lease: str, needs: Needs) -> dict[str, Agent]:
        """By id, in the order of the roster."""
        key = (lease, needs)
        if key not in self._able:
            self._able[key] = {agent.id: agent for agent in self.agents if self._fits(agent, lease, needs)}
        return self._able[key]

    def _fits(self, agent: Agent, lease: str, needs: Needs) -> bool:
        skills = self._skills[agent.id]
        return agent.lease == lease and all(skills.get(name, 0) >= level for name, level in needs)

    def skills(self, agent: Agent) -> dict[str, int]:
        return self._skills[agent.id]


class Rules:
    """A re-told rule: `pick` says the next pair, or None; it is asked again until nothing is left to do.

    `idle_since` has the free agents: since when, 0 for one who has served nobody yet.
    """

    def __init__(self, name: str, agents: tuple[Agent, ...]) -> None:
        self.name = name
        self.roster = Roster(agents)
        self.waiting: dict[str, Contact] = {}
        self.idle_since: dict[str, Micros] = {agent.id: 0 for agent in agents}
        self.served: dict[str, int] = {agent.id: 0 for agent in agents}
        self.offered_at: dict[str, Micros] = {agent.id: 0 for agent in agents}

    def pick(self, now: Micros) -> Pair | None:
        raise NotImplementedError

    def free_for(self, contact: Contact) -> list[Agent]:
        """Free agents who can serve it, in the order of the roster."""
        able = self.roster.able(contact.lease, contact.needs)
        return [agent for name, agent in able.items() if name in self.idle_since]

    def arrive(self, contact: Contact, now: Micros) -> list[Pair]:
        self.waiting[contact.id] = contact
        return self._serve(now)

    def leave(self, contact: Contact, now: Micros) -> list[Pair]:
        del self.waiting[contact.id]
        return self._serve(now)

    def free(self, contact: Contact, agent: Agent, now: Micros) -> list[Pair]:
        self.idle_since[agent.id] = now
        return self._serve(now)

    def due(self) -> Micros | None:
        return None

    def tick(self, now: Micros) -> list[Pair]:
        return self._serve(now)

    def _serve(self, now: Micros) -> list[Pair]:
        made: list[Pair] = []
        while self.waiting and self.idle_since:
            pair = self.pick(now)
            if pair is None:
                break
            contact, agent = pair
            del self.waiting[contact.id], self.idle_since[agent.id]
            self.served[agent.id] += 1
            self.offered_at[agent.id] = now
            made.append(pair)
        return made
