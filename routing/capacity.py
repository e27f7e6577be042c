"""How much an agent carries. Every path that gives work to an agent asks here, and nowhere else.

Offers, active contacts, consults and wrap-up hold the units of their medium; a call usually takes all of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from routing.model import MEDIA, Medium

if TYPE_CHECKING:
    from routing.desks import Desk, Work
    from routing.state import State
    from routing.terms import Terms


def media_that_fit(terms: dict[Medium, list[Terms]]) -> list[int]:
    """By the number of spare units, up to the largest that matters: one bit for each medium that fits in."""
    units = [terms[medium][0].units for medium in MEDIA]
    return [sum(1 << at for at, needed in enumerate(units) if needed <= spare) for spare in range(max(units) + 1)]


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


def count(state: State, desk: Desk) -> int:
    """The load from nothing, after a restart or when the units of a medium changed."""
    offered = (state.works[offer.contact] for offer in desk.offers.values())
    works = [*offered, *desk.owned.values(), *desk.consults.values()]
    return sum(work.terms.units for work in works)
