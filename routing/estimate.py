"""How long a contact will probably wait: place in the queue times the recent wait per place, learned per tier.

A contact's *place* is 0 when somebody who can take it is free (it is offered at once and only has to be picked up),
else 1 plus the waiting contacts that come before it when all are equally urgent: those of its own or a better tier,
and everyone past the maximum wait. Whoever is answered teaches his queue and tier how long one place took, so the
estimate holds whatever makes a queue move: skills, overtaking by better tiers, abandonment, breaks.

    expected = (place + 1) * waited / (places + 1), summed over those answered lately, the latest weighing most
    at_most  = expected * the ratio that nine of the last ten waits did not exceed (of the last 100, by tier and place)

Why not the two estimators of the literature, measured beside it in benchmarks/bench_estimates.py: the last to enter
service (LES) tells a newcomer in an empty queue what the rush hour was like, and the head of the line (HOL) tells
everybody what one unlucky contact with rare needs goes through. Scaling by place has neither fault: it falls as the
queue does. HOL's strength is kept: when nobody is answered at all, the wait is at least as long as that goes on.

Integers only: a dozen of them and at most 1600 ratios a queue. Waits are kept in whole milliseconds, because compiled
code is quick with products of numbers below 2**30. It starts empty with every `State`, is no part of a Snapshot and
depends on nothing but the calls made, so a replay from the same snapshot says the same.
"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Final

from msgspec import Struct

from routing.at_hand import bisect_left, insort
from routing.model import Micros, Tier

UNIT: Final = 1024
"""Places are counted in parts, so that old ones can fade."""
FADE: Final = 6
"""One answer takes away 1/64 of the weight of all before it."""
HALF_LIFE: Final = 1_800_000_000
"""And every half hour without one takes half: yesterday evening is a guess, but this morning's first answers count."""
MILLI: Final = 1000
"""Microseconds in one of the milliseconds that waits are kept in."""
PRIOR: Final = 5 * UNIT
"""What the queue as a whole weighs, in places, against what a tier of it has shown."""
KEPT: Final = 100
ENOUGH: Final = 10
"""Ratios remembered, and how many it takes to say anything from them."""
UNSURE: Final = 300
"""The ratio until then, in per cent."""
NEAR: Final = [0, 1, 1, 2, 2, 2, 2, 2, 2]
"""How deep in the queue a place is; all after these are 3."""
DEPTHS: Final = 4


class Forecast(Struct, frozen=True, gc=False):
    """What a contact was told when it entered (`at`); 0, 0 while nothing is known."""

    expected: Micros
    at_most: Micros
    tier: int
    place: int
    at: Micros


class Pace:
    """How long one place took: decayed sums of waits, in milliseconds, and of places."""

    __slots__ = ("last", "places", "waited")

    def __init__(self) -> None:
        self.waited = 0
        self.places = 0
        self.last: Micros = 0

    def learn(self, waited: int, weight: int, now: Micros) -> None:
        """`weight` is the place plus one, in units: even who is next waits until a phone has rung."""
        before, places, idle = self.waited, self.places, now - self.last
        if idle > HALF_LIFE:
            halves = min(idle // HALF_LIFE, FADE)
            before, places = before >> halves, places >> halves
        self.waited = before - (before >> FADE) + waited
        self.places = places - (places >> FADE) + weight
        self.last = now


class Ratios:
    """The last ratios of actual to expected wait, in per cent; nine of ten were `at_most`, and never less than 100.

    They are kept by age and by size.
    """

    __slots__ = ("_by_age", "_by_size", "_oldest", "at_most")

    def __init__(self) -> None:
        self._by_age: list[int] = []
        """A ring, once it is full: the oldest is at `_oldest`."""
        self._oldest = 0
        self._by_size: list[int] = []
        self.at_most = UNSURE

    def add(self, ratio: int) -> None:
        by_age, by_size = self._by_age, self._by_size
        if len(by_age) < KEPT:
            by_age.append(ratio)
        else:
            at = self._oldest
            del by_size[bisect_left(by_size, by_age[at])]
            by_age[at] = ratio
            self._oldest = at + 1 if at + 1 < KEPT else 0
        insort(by_size, ratio)
        known = len(by_size)
        if known >= ENOUGH:
            self.at_most = max(by_size[known * 9 // 10], 100)


class Known:
    """What is known of one queue: a pace per tier and of all, one for those offered at once, and the errors."""

    __slots__ = ("last", "overall", "paces", "prompt", "ratios")

    def __init__(self) -> None:
        self.paces = [Pace() for _ in Tier]
        self.overall = Pace()
        self.prompt = Pace()
        self.ratios = [Ratios() for _ in range(len(Tier) * DEPTHS)]
        self.last: Micros = 0

    def wait(self, tier: int, *, place: int, head: Micros, now: Micros) -> Micros:
        """What to tell a contact that stands at `place` now, also one that waits on; 0 while nothing is known.

        `head` is when the contact at the head came into this queue (a callback's place is older); 0 when nobody else
        waits or that is not known.
        """
        expected = self._by_pace(tier, place)
        if expected and place and head:
            # Nobody was answered since then, and it will not get faster by being announced.
            since = (now - (head if head > self.last else self.last)) // MILLI * MILLI
            return since if since > expected else expected
        return expected

    def at_most(self, expected: Micros, tier: int, place: int) -> Micros:
        """What nine of ten such waits did not exceed."""
        return expected // 100 * self._errors(tier, place).at_most if expected else 0

    def _by_pace(self, tier: int, place: int) -> Micros:
        if not place:
            prompt = self.prompt
            return prompt.waited * UNIT // prompt.places * MILLI if prompt.places else 0
        overall, own = self.overall, self.paces[tier]
        if not overall.places:
            return 0
        prior = PRIOR * overall.waited // overall.places
        return (place + 1) * UNIT * (own.waited + prior) // (own.places + PRIOR) * MILLI

    def learn(self, expected: Micros, tier: int, *, place: int, waited: Micros, now: Micros) -> None:
        """Somebody who was told to expect so much at `place` has his first answer."""
        took = waited // MILLI
        if place:
            weight = (place + 1) * UNIT
            self.paces[tier].learn(took, weight, now)
            self.overall.learn(took, weight, now)
        else:
            self.prompt.learn(took, UNIT, now)
        if expected >= MILLI:
            self._errors(tier, place).add(took * 100 // (expected // MILLI))
        self.last = now

    def _errors(self, tier: int, place: int) -> Ratios:
        """Far back in a queue chances even out and ratios scatter less: at once, next, soon and far are kept apart."""
        return self.ratios[tier * DEPTHS + (NEAR[place] if place < len(NEAR) else DEPTHS - 1)]


class Waits:
    """The estimates of one routing domain. A queue is whatever the caller names it by: (lease, view)."""

    __slots__ = ("_queues",)

    def __init__(self) -> None:
        self._queues: dict[Hashable, Known] = {}

    def of(self, queue: Hashable) -> Known:
        found = self._queues.get(queue)
        if found is None:
            found = self._queues[queue] = Known()
        return found


def moved(said: Forecast, place: int) -> Forecast:
    """The same estimate for another place, 1 or more: what a reader of the facts may say for the line as it is now."""
    scale, by = place + 1, said.place + 1
    return Forecast(said.expected * scale // by, said.at_most * scale // by, said.tier, place, said.at)
