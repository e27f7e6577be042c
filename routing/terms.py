"""What a contact of one medium and tier costs, what it is promised, and how urgent that makes it.

`Terms` is a MediumRules as decisions read it: the fields of a Struct are dearer, and there are few Terms, so they are
always at hand where contacts are not.
"""

from __future__ import annotations

from typing import Final

from routing.members import VOICE
from routing.model import MEDIA, MEDIUM_NO, Config, Medium, MediumRules, Micros, Tier
from routing.order import LATE, NORMAL, STARVING, URGENT
from routing.timers import NEVER

UNBOUNDED: Final = 1 << 61
LIVE: Final = (VOICE, Medium.CHAT)
"""Somebody is there and waits."""


class Terms:
    __slots__ = (
        "is_call",
        "is_live",
        "late_is_urgent",
        "max_wait",
        "medium_no",
        "tier",
        "transfer_wait",
        "units",
        "urgent_before",
        "wrap_up",
    )

    def __init__(self, rules: MediumRules, tier: Tier) -> None:
        self.medium_no = MEDIUM_NO[rules.medium]
        self.is_call = rules.medium is VOICE
        self.is_live = rules.medium in LIVE
        self.tier = int(tier)
        self.units = rules.units
        self.wrap_up = rules.wrap_up
        self.urgent_before = rules.urgent_before
        self.max_wait = rules.max_wait[tier]
        self.transfer_wait = rules.transfer_wait
        self.late_is_urgent = rules.late_is_urgent

    def band_at(self, now: Micros, *, enqueued_at: Micros, deadline: Micros) -> tuple[int, Micros]:
        """The band in force at `now` and the instant at which it changes (NEVER from band 0).

        Starving strictly after the maximum wait, urgent from the margin before the deadline on. With
        `late_is_urgent` off a contact whose deadline has passed is urgent no longer, but LATE: no haste saves it, and
        it may save another's.
        """
        starving = enqueued_at + self.max_wait + 1
        if now >= starving:
            return STARVING, NEVER
        if now >= deadline and not self.late_is_urgent:
            return LATE, starving
        urgent = deadline - self.urgent_before
        if now >= urgent:
            return URGENT, starving if self.late_is_urgent or starving < deadline else deadline
        return NORMAL, urgent if urgent < starving else starving


def rules_by_medium(config: Config) -> dict[Medium, MediumRules]:
    """The rules of every medium; one that the configuration forgot costs one unit and promises nothing."""
    rules = {medium: _unruled(medium) for medium in Medium}
    rules.update({rule.medium: rule for rule in config.media})
    return rules


def _unruled(medium: Medium) -> MediumRules:
    bound = UNBOUNDED
    return MediumRules(medium=medium, units=1, wrap_up=0, urgent_before=0, max_wait=(bound, bound, bound, bound))


def terms_by_medium(config: Config) -> dict[Medium, list[Terms]]:
    """Of each medium, by tier."""
    return {medium: [Terms(rules, tier) for tier in Tier] for medium, rules in rules_by_medium(config).items()}


def media_that_fit(terms: dict[Medium, list[Terms]]) -> list[int]:
    """By the number of spare units, up to the largest that matters: one bit for each medium that fits in."""
    units = [terms[medium][0].units for medium in MEDIA]
    return [sum(1 << at for at, needed in enumerate(units) if needed <= spare) for spare in range(max(units) + 1)]
