"""One rule of ours changed at a time, to show what each is worth.

The first are the real `decide` with other settings; the rest is told again on `Ordered`.
"""

from __future__ import annotations

from typing import Any

from benchmarks.peers.ordered import NORMAL, STARVING, Order, Ordered, band_of, by_band, ours
from benchmarks.peers.ours import LATE_WAITS, Media, Ours, media
from benchmarks.peers.strategy import Strategy
from benchmarks.peers.trace import SECOND
from routing.model import Agent, Contact, Medium, Micros

SHARE = 1_000_000
RULES = {each.medium: each for each in LATE_WAITS}
LATE_LAST_IN_TIER = by_band()


def variants(agents: tuple[Agent, ...]) -> list[Strategy]:
    def told(name: str, order: Order = LATE_LAST_IN_TIER, choice: Any = ours) -> Ordered:
        return Ordered(name, agents, order=order, choice=choice)

    return [
        Ours(agents, name="ours, urgent 0 s", rules=_urgent(0, 0)),
        Ours(agents, name="ours, urgent 10/30 s", rules=_urgent(10, 30)),
        told("level before breadth", choice=level_first),
        told("lone not spared", choice=breadth_only),
        told("scarcity", choice=scarcity),
        told("late by its deadline", late_in_tier),
        told("late after all", late_last),
    ]


def _urgent(voice: int, chat: int) -> Media:
    return media({Medium.VOICE: voice * SECOND, Medium.CHAT: chat * SECOND})


# --- choices -------------------------------------------------------------------------------------------


def level_first(floor: Ordered, contact: Contact, agent: Agent) -> tuple[Any, ...]:
    """The best levels before the fewest skills."""
    lone, breadth, levels, idle = ours(floor, contact, agent)
    return (lone, levels, breadth, idle)


def breadth_only(floor: Ordered, contact: Contact, agent: Agent) -> tuple[Any, ...]:
    """The fewest skills alone; a lone holder is not spared."""
    return ours(floor, contact, agent)[1:]


def scarcity(floor: Ordered, contact: Contact, agent: Agent) -> tuple[Any, ...]:
    """What he takes away from others: of each skill that the contact does not need, one of its free holders."""
    needed = {name for name, _ in contact.needs}
    free = floor.idle_since.keys()
    taken = sum(
        SHARE // len(floor.roster.able(agent.lease, ((name, 1),)).keys() & free)
        for name, _ in agent.skills
        if name not in needed
    )
    return (taken, floor.levels(contact, agent), floor.idle_since[agent.id])


# --- orders --------------------------------------------------------------------------------------------


def late_in_tier(contact: Contact, now: Micros) -> tuple[int, ...]:
    """Who is late goes back to its tier, and there to the front: its deadline is the earliest."""
    band = band_of(contact, RULES[contact.medium], now)
    if band == STARVING:
        return (STARVING, contact.enqueued_at)
    return (min(band, NORMAL), int(contact.tier), *_rest(contact))


def late_last(contact: Contact, now: Micros) -> tuple[int, ...]:
    """Who is late stands after all whose deadline can still be met, until its longest wait."""
    band = band_of(contact, RULES[contact.medium], now)
    if band == STARVING:
        return (STARVING, contact.enqueued_at)
    return (band, int(contact.tier), *_rest(contact))


def _rest(contact: Contact) -> tuple[int, ...]:
    return (0 if contact.complaint else 1, contact.deadline, contact.enqueued_at)
