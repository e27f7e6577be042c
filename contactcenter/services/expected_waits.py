"""How long one will wait, as people and their programs hear it: what a contact was told, what the next one would be.

The router alone estimates (routing/estimate.py), and its word is in the fact `contact.queued`. A live view in any
process takes the newest words from the store and moves them to the place that a newcomer would have now, so that
the board, the scrape and the next caller's announcement agree, with nothing published beside the facts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from msgspec import Struct

from contactcenter.clock import SECOND, Micros
from contactcenter.services.views import QueueLine, SaidWait, SeatLine
from routing.estimate import Forecast, moved
from routing.model import Tier

RECENT: Micros = 3600 * SECOND
"""An older word says nothing of now."""
MINUTE_S = 60
"""Shorter waits are not counted out to anybody: somebody is coming."""


class Told(Struct, frozen=True):
    """What a contact heard on entering: its position and, in whole seconds, its expected wait; 0 is not known."""

    position: int = 0
    expected_wait_s: int = 0
    at_most_wait_s: int = 0

    @classmethod
    def of(cls, position: int, expected: Micros, at_most: Micros) -> Told:
        return cls(position, in_seconds(expected), in_seconds(at_most))

    def after(self, elapsed: Micros) -> Told:
        """The same word some time later: shorter, and once it has run out no longer said. It never grows."""
        left = self.expected_wait_s - max(elapsed, 0) // SECOND
        if left <= 0:
            return Told(self.position)
        return Told(self.position, left, max(self.at_most_wait_s - max(elapsed, 0) // SECOND, left))

    def minutes(self) -> dict[str, int]:
        """For a text, rounded up; empty when the wait is not worth a word."""
        if self.expected_wait_s <= MINUTE_S:
            return {}
        return {"minutes": -(-self.expected_wait_s // MINUTE_S), "most": -(-self.at_most_wait_s // MINUTE_S)}


def told_when_queued(data: Mapping[str, Any]) -> Told:
    """What a fact `contact.queued` says; an effect leaves out its defaults."""
    return Told.of(int(data.get("position", 0)), int(data.get("expected", 0)), int(data.get("at_most", 0)))


def in_seconds(wait: Micros) -> int:
    """Whole seconds, rounded up: 0 stays what is not known."""
    return -(-wait // SECOND)


class Waits(Struct, frozen=True):
    """For a contact of one tier that came now, in seconds; None while nothing is known."""

    expected_s: float | None = None
    at_most_s: float | None = None


class TierWaits(Struct, frozen=True):
    platinum: Waits = Waits()
    gold: Waits = Waits()
    iron: Waits = Waits()
    lead: Waits = Waits()


def waits_now(line: QueueLine, seats: Iterable[SeatLine], said: Sequence[SaidWait]) -> TierWaits:
    """What a newcomer to this queue would be told now, tier by tier, from the newest words about it."""
    words = [each for each in said if (each.client, each.view, each.medium) == (line.client, line.view, line.medium)]
    free = line.waiting == line.held and any(seat.ready for seat in seats if seat.client == line.client)
    return TierWaits(*(_newcomer(tier, 0 if free else _place(line, tier), words) for tier in Tier))


def _place(line: QueueLine, tier: Tier) -> int:
    """After the waiting of his own and the better tiers. `by_tier` counts whoever is being rung or held too."""
    return 1 + min(sum(line.by_tier[: tier + 1]), line.waiting - line.held)


def _newcomer(tier: Tier, place: int, words: Sequence[SaidWait]) -> Waits:
    """The newest word to this tier, else to any; a place in the queue says nothing about being offered at once."""
    fitting = [each for each in words if bool(each.place) == bool(place)]
    newest = max(fitting, key=lambda each: (each.tier == tier, each.at), default=None)
    if newest is None:
        return Waits()
    word = Forecast(newest.expected, newest.at_most, newest.tier, newest.place, newest.at)
    now = moved(word, place)
    return Waits(round(now.expected / SECOND, 1), round(now.at_most / SECOND, 1))
