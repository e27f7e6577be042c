"""How much an agent carries. Every path that gives work to an agent asks here, and nowhere else.

Offers, active contacts and wrap-up hold the units of their medium; a call usually takes all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.model import Config, Medium, MediumRules

if TYPE_CHECKING:
    from routing.desks import Desk, Work
    from routing.state import State

UNBOUNDED = 1 << 61


def rules_by_medium(config: Config) -> dict[Medium, MediumRules]:
    """The rules of every medium; one that the configuration forgot costs one unit and promises nothing."""
    rules = {medium: _unruled(medium) for medium in Medium}
    rules.update({rule.medium: rule for rule in config.media})
    return rules


def _unruled(medium: Medium) -> MediumRules:
    bound = UNBOUNDED
    return MediumRules(medium=medium, units=1, wrap_up=0, urgent_before=0, max_wait=(bound, bound, bound, bound))


def room(desk: Desk) -> int:
    """The units that are free. The one place where load and capacity are compared."""
    return desk.spec.capacity - desk.load


def has_room(state: State, desk: Desk, medium: Medium, *, freed: int = 0) -> bool:
    """Can the agent carry one more contact of this medium, if `freed` units of his are given back first?"""
    return state.rules[medium].units <= room(desk) + freed


def take(state: State, desk: Desk, work: Work) -> None:
    desk.load += state.rules[work.contact.medium].units


def give_back(state: State, desk: Desk, work: Work) -> None:
    desk.load -= state.rules[work.contact.medium].units


def count(state: State, desk: Desk) -> int:
    """The load from nothing, after a restart or when the units of a medium changed."""
    works = [state.by_arrival[arrival] for arrival in (*desk.offers, *desk.owned)]
    return sum(state.rules[work.contact.medium].units for work in works)
