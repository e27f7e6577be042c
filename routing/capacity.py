"""How much an agent carries. Every path that gives work to an agent asks here, and nowhere else.

Offers, active contacts, consults and wrap-up hold the units of their medium; a call usually takes all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.model import MEDIA, Config, Medium, MediumRules

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


def media_that_fit(rules: dict[Medium, MediumRules]) -> list[int]:
    """By the number of spare units, up to the largest that matters: one bit for each medium that fits in."""
    units = [rules[medium].units for medium in MEDIA]
    return [sum(1 << at for at, needed in enumerate(units) if needed <= spare) for spare in range(max(units) + 1)]


def room(desk: Desk) -> int:
    """The units that are free. The one place where load and capacity are compared."""
    return desk.spec.capacity - desk.load


def has_room(work: Work, desk: Desk, *, freed: int = 0) -> bool:
    """Can the agent carry this contact, if `freed` units of his are given back first?"""
    return work.rules.units <= room(desk) + freed


def take(desk: Desk, work: Work) -> None:
    desk.carry(work.rules.units)


def give_back(desk: Desk, work: Work) -> None:
    desk.carry(-work.rules.units)


def count(state: State, desk: Desk) -> int:
    """The load from nothing, after a restart or when the units of a medium changed."""
    offered = (state.works[offer.contact] for offer in desk.offers.values())
    works = [*offered, *desk.owned.values(), *desk.consults.values()]
    return sum(work.rules.units for work in works)
