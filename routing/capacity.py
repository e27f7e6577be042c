"""How much an agent carries. Every path that gives work to an agent asks here, and nowhere else.

Offers, active contacts, consults and wrap-up hold the units of their medium; a call usually takes all of them.
"""

from __future__ import annotations

from collections.abc import Mapping

from routing.desks import Desk, Work


def room(desk: Desk) -> int:
    """The units that are free. The one place where load and capacity are compared."""
    return desk.capacity - desk.load


def has_room(work: Work, desk: Desk, *, freed: int = 0) -> bool:
    """Can the agent carry this contact, if `freed` units of his are given back first?"""
    return work.terms.units <= room(desk) + freed


def take(desk: Desk, work: Work) -> None:
    desk.carry(work.terms.units)


def give_back(desk: Desk, work: Work) -> None:
    desk.carry(-work.terms.units)


def count(works: Mapping[str, Work], desk: Desk) -> int:
    """The load from nothing, after a restart or when the units of a medium changed."""
    offered = (works[offer.contact] for offer in desk.offers.values())
    carried = [*offered, *desk.owned.values(), *desk.consults.values()]
    return sum(work.terms.units for work in carried)
