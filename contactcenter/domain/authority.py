"""Who may grant how much: authority is released level by level and everybody can see it (F07, F09, F12).

Amounts are integer fen. Within its limit a level asks nobody (F08).
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct

from contactcenter.domain.configuration import Ladder, Text


class Remedy(StrEnum):
    """What a customer may want or be offered (E09)."""

    REFUND = "refund"
    EXCHANGE = "exchange"
    COMPENSATION = "compensation"
    REPAIR = "repair"
    EXPLANATION = "explanation"


class Released(Struct, frozen=True):
    """One level's authority, as the history of a case shows it."""

    level: int
    name: Text
    limit_fen: int


def may_grant(ladder: Ladder, level: int, amount_fen: int) -> bool:
    """Whether this level decides about the amount by itself."""
    return 0 <= amount_fen <= ladder.levels[level].limit_fen


def level_for(ladder: Ladder, amount_fen: int) -> int:
    """The lowest level that may grant it; the top for what nobody may."""
    able = (level for level in range(len(ladder.levels)) if may_grant(ladder, level, amount_fen))
    return next(able, len(ladder.levels) - 1)


def released(ladder: Ladder, level: int) -> tuple[Released, ...]:
    """Each release of authority up to this level, lowest first (F12)."""
    return tuple(Released(n, each.name, each.limit_fen) for n, each in enumerate(ladder.levels[: level + 1]))
