"""What one process remembers of its calls: which leg rings for which offer, who answered first, whom we hung up on.

A memory only, bounded, and a restart may lose it all: every callback teaches it again (its address names call and
offer), and so do the conferences (reconcile.py). What stays lost costs at most a device that rings until its time-out
and is refused when it answers.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from typing import Final, TypeVar

from msgspec import Struct

KEPT: Final = 20_000
"""Calls and legs: hours of a busy center."""
FIRST_WINS: Final = 20_000_000
"""How long an answer keeps later ones out: no offer lives longer (domain: three rings)."""
CUSTOMER: Final = "customer"
"""What the leg of a customer who is called back is called."""
K = TypeVar("K")
V = TypeVar("V")


class Leg(Struct, frozen=True):
    """A device's call. `role`: '' for an offer, `consult`, `dial` or `customer`."""

    sid: str
    call: str
    offer: str
    role: str = ""


class Board:
    """`now` gives microseconds UTC. Not thread-safe: one event loop."""

    def __init__(self, now: Callable[[], int]) -> None:
        self._now = now
        self._legs: OrderedDict[tuple[str, str], Leg] = OrderedDict()
        self._calls: OrderedDict[str, None] = OrderedDict()
        self._winners: OrderedDict[str, tuple[str, int]] = OrderedDict()
        self._ended: OrderedDict[str, str] = OrderedDict()
        self._told: OrderedDict[str, str] = OrderedDict()
        self._dialled: OrderedDict[str, None] = OrderedDict()
        self._over: OrderedDict[str, None] = OrderedDict()
        self._tried: OrderedDict[str, None] = OrderedDict()
        self._stopped: OrderedDict[str, None] = OrderedDict()

    # --- calls --------------------------------------------------------------------------------------------

    def began(self, call: str) -> None:
        """A caller is there, as far as we know."""
        _keep(self._calls, call, None)

    def over(self, call: str) -> None:
        self._calls.pop(call, None)
        self._winners.pop(call, None)
        _keep(self._over, call, None)

    def is_over(self, call: str) -> bool:
        """Heard to be over: a device that answers now would sit alone."""
        return call in self._over

    @property
    def calls(self) -> tuple[str, ...]:
        """Callers who have not been heard to leave."""
        return tuple(self._calls)

    def we_end(self, call: str, *, by: str = "platform") -> None:
        """Its end will be ours or our agent's, not the customer's (A19); who came first stands."""
        _keep(self._ended, call, self._ended.get(call, by))

    def we_ended(self, call: str) -> bool:
        return call in self._ended

    def ended_by(self, call: str) -> str:
        """Who hung up, as far as we know: the customer, unless we have done it."""
        return self._ended.get(call, "customer")

    def tell(self, call: str, instruction: str) -> None:
        """The caller has been told what is done with him."""
        _keep(self._told, call, instruction)

    def told(self, call: str) -> str:
        return self._told.get(call, "")

    def dials(self, call: str) -> None:
        """Its customer's phone is being called, and he is with nobody yet."""
        _keep(self._dialled, call, None)

    def connects(self, call: str) -> None:
        self._dialled.pop(call, None)

    def met_nobody(self, call: str) -> bool:
        """Surely: False also where an earlier process dialled."""
        return call in self._dialled

    # --- legs ---------------------------------------------------------------------------------------------

    def learn(self, leg: Leg) -> None:
        _keep(self._legs, (leg.call, leg.offer), leg)

    def leg(self, call: str, offer: str) -> Leg | None:
        return self._legs.get((call, offer))

    def legs(self) -> tuple[Leg, ...]:
        return tuple(self._legs.values())

    def legs_of(self, call: str) -> tuple[Leg, ...]:
        return tuple(leg for leg in self._legs.values() if leg.call == call)

    def forget(self, call: str, offer: str) -> None:
        """The leg is over; whoever answers next may win again."""
        self._legs.pop((call, offer), None)
        if self._winners.get(call, ("", 0))[0] == offer:
            del self._winners[call]

    def wins(self, call: str, offer: str) -> bool:
        """Whether this offer's device is the first to answer, or answers again."""
        first, at = self._winners.get(call, (offer, 0))
        if first == offer or self._now() - at > FIRST_WINS:
            _keep(self._winners, call, (offer, self._now()))
            return True
        return False

    def we_stop(self, sid: str) -> None:
        """This leg's end is ours."""
        _keep(self._stopped, sid, None)

    def we_stopped(self, sid: str) -> bool:
        return sid in self._stopped

    # --- attempts -----------------------------------------------------------------------------------------

    def tries(self, command: str) -> bool:
        """Note an attempt before it is made; True when it may have been made before."""
        before = command in self._tried
        _keep(self._tried, command, None)
        return before

    def not_tried(self, command: str) -> None:
        """The platform has said that it did not take it."""
        self._tried.pop(command, None)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    kept.move_to_end(key)
    while len(kept) > KEPT:
        kept.popitem(last=False)
