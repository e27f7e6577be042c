"""One queue in some order, and for its first servable contact the agent whom some choice prefers.

First in, first out and strict priority are two orders with the same choice, the longest idle agent. `by_band` and
`ours` tell routing/order.py and routing/choice.py again in this form: tests hold them against the real `decide`, and
variants of one rule at a time show what that rule is worth (`python -m benchmarks.bench_peers --variants`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from benchmarks.peers.ours import LATE_WAITS, Media
from benchmarks.peers.strategy import Pair, Rules
from routing.model import Agent, Contact, MediumRules, Micros

STARVING, URGENT, NORMAL, LATE = 0, 1, 2, 3

Order = Callable[[Contact, Micros], tuple[int, ...]]
Choice = Callable[["Ordered", Contact, Agent], tuple[Any, ...]]


class Ordered(Rules):
    """`order` ranks contacts and `choice` ranks agents; the least is first, arrival and roster break ties."""

    def __init__(self, name: str, agents: tuple[Agent, ...], *, order: Order, choice: Choice) -> None:
        super().__init__(name, agents)
        self.order = order
        self.choice = choice

    def pick(self, now: Micros) -> Pair | None:
        for contact in sorted(self.waiting.values(), key=lambda waiting: self.order(waiting, now)):
            able = self.free_for(contact)
            if able:
                return contact, min(able, key=lambda agent: self.choice(self, contact, agent))
        return None

    # --- what choices compare ---------------------------------------------------------------------------

    def is_lone(self, contact: Contact, agent: Agent) -> bool:
        """Is he the only free one with some skill that the contact does not need?"""
        needed = {name for name, _ in contact.needs}
        return any(
            self.roster.able(agent.lease, ((name, 1),)).keys() & self.idle_since.keys() == {agent.id}
            for name, level in agent.skills
            if level and name not in needed
        )

    def levels(self, contact: Contact, agent: Agent) -> tuple[int, ...]:
        """His levels on the needed skills, negated: the best is the least."""
        skills = self.roster.skills(agent)
        return tuple(-skills.get(name, 0) for name, _ in contact.needs)


# --- orders --------------------------------------------------------------------------------------------


def by_arrival(contact: Contact, now: Micros) -> tuple[int, ...]:
    return (contact.enqueued_at,)


def by_priority(contact: Contact, now: Micros) -> tuple[int, ...]:
    """A number for the tier and, within it, complaints first; then the longest waiting."""
    return (int(contact.tier), 0 if contact.complaint else 1, contact.enqueued_at)


def band_of(contact: Contact, rules: MediumRules, now: Micros) -> int:
    """Starving past the tier's longest wait, urgent from the margin before the deadline on, else normal.

    Past the deadline urgent still, or LATE where the configuration says so.
    """
    if now - contact.enqueued_at > rules.max_wait[contact.tier]:
        return STARVING
    if now >= contact.deadline and not rules.late_is_urgent:
        return LATE
    return URGENT if now >= contact.deadline - rules.urgent_before else NORMAL


def by_band(rules: Media = LATE_WAITS) -> Order:
    """Ours: band, tier, complaint first, deadline, arrival; arrival alone past the tier's longest wait.

    What is late is normal again, after the others of its tier and kind.
    """
    of = {each.medium: each for each in rules}

    def order(contact: Contact, now: Micros) -> tuple[int, ...]:
        band = band_of(contact, of[contact.medium], now)
        if band == STARVING:
            return (STARVING, contact.enqueued_at)
        kind = (int(contact.tier), 0 if contact.complaint else 1)
        return (min(band, NORMAL), *kind, int(band == LATE), contact.deadline, contact.enqueued_at)

    return order


# --- choices -------------------------------------------------------------------------------------------


def longest_idle(floor: Ordered, contact: Contact, agent: Agent) -> tuple[Any, ...]:
    return (floor.idle_since[agent.id],)


def ours(floor: Ordered, contact: Contact, agent: Agent) -> tuple[Any, ...]:
    """Spare lone holders, then the fewest skills, then levels, then the longest idle."""
    return (
        floor.is_lone(contact, agent),
        len(agent.skills),
        floor.levels(contact, agent),
        floor.idle_since[agent.id],
    )
