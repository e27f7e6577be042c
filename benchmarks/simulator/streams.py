"""Who comes: streams of contacts with their rate over the day, and how long people talk, wait and take to pick up."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from random import Random
from typing import NamedTuple

from routing.model import Contact, Micros

S: Micros = 1_000_000
QUARTER: Micros = 900 * S
Draw = Callable[[Random], Micros]
Make = Callable[[Random, str, Micros], Contact]
"""Builds one contact from chance, its id and its instant."""


def exponential(mean: float) -> Draw:
    """Seconds in, microseconds out, as for every draw here."""
    return lambda rng: round(rng.expovariate(1.0) * mean * S)


def lognormal(mean: float, spread: float) -> Draw:
    """Talk times as measured in call centers; `spread` is the standard deviation of the logarithm."""
    centre = math.log(mean) - spread * spread / 2
    return lambda rng: round(rng.lognormvariate(centre, spread) * S)


def constant(seconds: float) -> Draw:
    fixed = round(seconds * S)
    return lambda rng: fixed


def later(seconds: float, draw: Draw) -> Draw:
    """A fixed time, and then a random one."""
    fixed = round(seconds * S)
    return lambda rng: fixed + draw(rng)


@dataclass(frozen=True)
class Behaviour:
    """What people do with a contact. No patience: the customer waits for ever; no pick-up: answered at once."""

    talk: Draw
    patience: Draw | None = None
    pick_up: Draw | None = None
    declines: float = 0.0
    """Share of offers that the agent declines, after the pick-up time."""
    ignores: float = 0.0
    """Share of offers that nobody reacts to."""


class Arrival(NamedTuple):
    at: Micros
    contact: Contact
    talk: Micros
    patience: Micros | None


@dataclass(frozen=True)
class Stream:
    """One kind of contact: a Poisson process whose rate (per second) is constant within each piece of time.

    After the last piece nobody comes any more; `most` bounds the number of contacts.
    """

    name: str
    make: Make
    behaviour: Behaviour
    rates: Sequence[float]
    piece: Micros = QUARTER
    most: int | None = None

    def arrivals(self, seed: int, start: Micros) -> Iterator[Arrival]:
        """Everybody who comes, in order. The same for every center that the stream is sent to."""
        rng, behaviour = Random(f"{seed}/{self.name}"), self.behaviour
        for number, at in enumerate(self._instants(Random(f"{seed}/{self.name}/instants"), start)):
            contact = self.make(rng, f"{self.name}{number}", at)
            talk = behaviour.talk(rng)
            yield Arrival(at, contact, talk, None if behaviour.patience is None else behaviour.patience(rng))

    def _instants(self, rng: Random, start: Micros) -> Iterator[Micros]:
        """At a change of rate the clock of the next arrival starts anew: it has no memory."""
        made, bound = 0, self.most
        for number, rate in enumerate(self.rates):
            begins, ends = start + number * self.piece, start + (number + 1) * self.piece
            at = float(begins)
            while rate > 0 and (at := at + rng.expovariate(rate) * S) < ends:
                if bound is not None and made >= bound:
                    return
                made += 1
                yield int(at)


def steady(rate: float, most: int) -> tuple[float, ...]:
    """Rates for a stream that comes evenly until `most` contacts are there, whatever chance does."""
    seconds = 2 * most / rate + 1000 / rate
    return (rate,) * math.ceil(seconds * S / QUARTER)
