"""What a router may take and should give, by what its process saw at the last heartbeat.

A process takes its own share as soon as it is free. Others' shares only after a grace: then whoever was meant to take
it did not. A domain is given up for a heir only after everybody has had time to see the same.
"""

from __future__ import annotations

from typing import Protocol

from msgspec import Struct

from contactcenter.clock import Clock
from contactcenter.domain.sharing import homes
from contactcenter.services.views import DomainSeen, Seen


class Turn(Struct, frozen=True):
    """When it makes sense to ask for a domain, and how long it must have been without an owner then. Seconds."""

    wait_s: float
    grace_s: float


class Share(Protocol):
    def turn(self, domain: str) -> Turn: ...

    def heir(self, domain: str, held_s: float) -> str:
        """The process that its owner, who has held it for so long, should hand it to; '' to keep it."""
        ...

    def next_best(self, domain: str) -> str:
        """Who should have it when this process is gone; '' when nobody else is there."""
        ...


class Alone:
    """One process that takes whatever is free."""

    def turn(self, domain: str) -> Turn:
        return Turn(0.0, 0.0)

    def heir(self, domain: str, held_s: float) -> str:
        return ""

    def next_best(self, domain: str) -> str:
        return ""


class Shares:
    """The view of one process. `lease_s` is also how long others wait before they take what is not theirs."""

    def __init__(self, node: str, clock: Clock, lease_s: float) -> None:
        self.node = node
        self._clock = clock
        self._lease_s = lease_s
        self._seen_at = 0.0
        self._nodes: tuple[str, ...] = ()
        self._domains: dict[str, DomainSeen] = {}
        self._homes: dict[str, str] = {}
        self._since: dict[str, float] = {}

    def saw(self, seen: Seen) -> None:
        """What the last heartbeat brought."""
        self._seen_at = self._clock.monotonic()
        self._nodes = seen.nodes
        self._domains = {each.domain: each for each in seen.domains}
        before, self._homes = self._homes, self._shared(without="")
        for domain, home in self._homes.items():
            if before.get(domain) != home:
                self._since[domain] = self._seen_at

    def _shared(self, *, without: str) -> dict[str, str]:
        owners = {each.domain: each.owner or each.heir for each in self._domains.values()}
        return homes(owners, [node for node in self._nodes if node != without])

    def turn(self, domain: str) -> Turn:
        seen = self._domains.get(domain)
        if seen is None:
            return Turn(self._lease_s / 3, self._lease_s)
        free_in = seen.free_in_s - (self._clock.monotonic() - self._seen_at)
        if self.node in (seen.owner, seen.owner or seen.heir):
            return Turn(0.0, 0.0)
        home = self._homes.get(domain, "")
        if seen.owner == home and free_in <= 0:
            # Whoever let a lease run out is not there, though his heart may have beaten since.
            home = self._shared(without=home).get(domain, "")
        grace = 0.0 if home == self.node else self._lease_s
        return Turn(max(0.0, free_in + grace), grace)

    def heir(self, domain: str, held_s: float) -> str:
        """Not before several heartbeats since it came to us and since it is another's: by then all see the same."""
        home = self._homes.get(domain, self.node)
        settled = min(held_s, self._clock.monotonic() - self._since.get(domain, self._seen_at)) >= self._lease_s
        return home if home != self.node and settled else ""

    def next_best(self, domain: str) -> str:
        return self._shared(without=self.node).get(domain, "")
