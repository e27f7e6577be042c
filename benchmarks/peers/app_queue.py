"""Asterisk's app_queue by its documented rules, without its polling.

A caller waits in one queue. Members belong to queues with a penalty in each; a caller rings the available member with
the lowest penalty, and within one penalty the strategy decides: `leastrecent` (whose last call ended longest ago) or
`fewestcalls`. A rule of queuerules.conf raises, as the caller waits, the highest penalty that may ring. In a queue
callers stand by QUEUE_PRIO, then by arrival, and with autofill as many of the first are tried as members are available.
A member is not rung for a queue while a heavier queue of his has at least as many callers as available members. Between
queues of one weight callers race; without polling that is the order in which they came.

How it is set up here: a queue for each lease, set of needs and tier; its weight by the tier, QUEUE_PRIO 1 for
complaints; members are those who meet the needs, shared_lastcall=yes; a member's penalty is the number of scarce
languages that he speaks and the queue does not ask for, so bilingual agents come last. With rules, penalty 0 at first,
1 after four seconds, 2 after eight, so that the last member is reached within three rings.
"""

from __future__ import annotations

from heapq import heappop, heappush
from typing import Literal

from benchmarks.peers.strategy import Pair, Rules
from benchmarks.peers.trace import SCARCE, SECOND
from routing.model import Agent, Contact, Micros, Needs, Tier

QueueId = tuple[str, Needs, Tier]
Step = tuple[Micros, int]

NO_LIMIT = 1 << 30
RULES: tuple[Step, ...] = ((0, 0), (4 * SECOND, 1), (8 * SECOND, 2))
"""(waited, highest penalty that may ring): `penaltychange => 4,1` and `8,2`, entered with QUEUE_MAX_PENALTY=0."""


class AppQueue(Rules):
    def __init__(
        self,
        name: str,
        agents: tuple[Agent, ...],
        *,
        steps: tuple[Step, ...] = ((0, NO_LIMIT),),
        strategy: Literal["leastrecent", "fewestcalls"] = "leastrecent",
    ) -> None:
        super().__init__(name, agents)
        self.steps = steps
        self.strategy = strategy
        self.queues: dict[QueueId, list[Contact]] = {}
        self._changes: list[Micros] = []

    # --- what happens -----------------------------------------------------------------------------------

    def arrive(self, contact: Contact, now: Micros) -> list[Pair]:
        queue = self.queues.setdefault(_queue_of(contact), [])
        queue.append(contact)
        queue.sort(key=lambda caller: (-queue_prio(caller), caller.enqueued_at, caller.id))
        for after, _ in self.steps[1:]:
            heappush(self._changes, contact.enqueued_at + after)
        return super().arrive(contact, now)

    def leave(self, contact: Contact, now: Micros) -> list[Pair]:
        self._unqueue(contact)
        return super().leave(contact, now)

    def due(self) -> Micros | None:
        return self._changes[0] if self._changes else None

    def tick(self, now: Micros) -> list[Pair]:
        while self._changes and self._changes[0] <= now:
            heappop(self._changes)
        return super().tick(now)

    def _unqueue(self, contact: Contact) -> None:
        queue = self.queues[_queue_of(contact)]
        queue.remove(contact)
        if not queue:
            del self.queues[_queue_of(contact)]

    # --- the rules --------------------------------------------------------------------------------------

    def pick(self, now: Micros) -> Pair | None:
        for contact in self.waiting.values():
            member = self._ring(contact, now) if self._is_turn(contact) else None
            if member is not None:
                self._unqueue(contact)
                return contact, member
        return None

    def _is_turn(self, contact: Contact) -> bool:
        """Fewer callers stand before it in its queue than members are available."""
        queue = self.queues[_queue_of(contact)]
        return queue.index(contact) < len(self.free_for(contact))

    def _ring(self, contact: Contact, now: Micros) -> Agent | None:
        limit = max(highest for after, highest in self.steps if contact.enqueued_at + after <= now)
        members = [agent for agent in self.free_for(contact) if penalty(contact.needs, agent) <= limit]
        members.sort(key=lambda agent: (penalty(contact.needs, agent), self._metric(agent)))
        return next((agent for agent in members if not self._is_wanted(agent, weight(contact.tier))), None)

    def _metric(self, agent: Agent) -> int:
        return self.idle_since[agent.id] if self.strategy == "leastrecent" else self.served[agent.id]

    def _is_wanted(self, agent: Agent, than: int) -> bool:
        """Has a heavier queue of his at least as many callers as available members?"""
        for (lease, needs, tier), callers in self.queues.items():
            if weight(tier) <= than or agent.id not in self.roster.able(lease, needs):
                continue
            if len(callers) >= len(self.free_for(callers[0])):
                return True
        return False


def _queue_of(contact: Contact) -> QueueId:
    return contact.lease, contact.needs, contact.tier


def queue_prio(contact: Contact) -> int:
    return int(contact.complaint)


def weight(tier: Tier) -> int:
    return int(Tier.LEAD) - int(tier)


def penalty(needs: Needs, agent: Agent) -> int:
    """Scarce languages that he speaks and the queue does not ask for."""
    asked = {name for name, _ in needs}
    return sum(name in SCARCE and name not in asked for name, _ in agent.skills)
