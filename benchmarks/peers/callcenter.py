"""FreeSWITCH's mod_callcenter by its documented rules, without its polling.

Waiting callers of all queues stand by score, highest first: seconds waited plus the caller's base score. For each in
turn the agents of its queue are looked at by tier level, then by the strategy; `longest-idle-agent` is the one whose
last offered call lies furthest back, then the position. With tier-rules-apply a caller goes on from one level to the
next only after tier-rule-wait-second (times the level, with tier-rule-wait-multiply-level), or at once when no agent of
the levels before is logged in and tier-rule-no-agent-no-wait is set.

How it is set up here: a queue for each lease and set of needs; cc_base_score gives the tiers a head start of 60, 30,
10 and 0 seconds, a complaint 10 more; level 1 speaks no scarce language beyond what the queue asks for, level 2 one,
level 3 two. With tier rules: four seconds times the level, so level 2 after eight and level 3 after twelve seconds.
"""

from __future__ import annotations

from heapq import heappop, heappush

from benchmarks.peers.app_queue import penalty
from benchmarks.peers.strategy import Pair, Rules
from benchmarks.peers.trace import SECOND
from routing.model import Agent, Contact, Micros

BASE_SCORE = (60, 30, 10, 0)
COMPLAINT_SCORE = 10
WAIT: Micros = 4 * SECOND
LEVELS = (1, 2, 3)


class CallCenter(Rules):
    """`tier_rule_wait` 0 is tier-rules-apply=false."""

    def __init__(self, name: str, agents: tuple[Agent, ...], *, tier_rule_wait: Micros = 0) -> None:
        super().__init__(name, agents)
        self.wait = tier_rule_wait
        self._changes: list[Micros] = []

    def arrive(self, contact: Contact, now: Micros) -> list[Pair]:
        if self.wait:
            for at in LEVELS[1:]:
                heappush(self._changes, contact.enqueued_at + at * self.wait)
        return super().arrive(contact, now)

    def due(self) -> Micros | None:
        return self._changes[0] if self._changes else None

    def tick(self, now: Micros) -> list[Pair]:
        while self._changes and self._changes[0] <= now:
            heappop(self._changes)
        return super().tick(now)

    # --- the rules --------------------------------------------------------------------------------------

    def pick(self, now: Micros) -> Pair | None:
        # `sorted` keeps the order of arrival among equal scores.
        for contact in sorted(self.waiting.values(), key=lambda caller: -score(caller, now)):
            agent = self._first_agent(contact, now)
            if agent is not None:
                return contact, agent
        return None

    def _first_agent(self, contact: Contact, now: Micros) -> Agent | None:
        able = self.free_for(contact)
        able.sort(key=lambda agent: (level(contact, agent), self.offered_at[agent.id]))
        first = able[0] if able else None
        return first if first is not None and self._may_reach(contact, level(contact, first), now) else None

    def _may_reach(self, contact: Contact, wanted: int, now: Micros) -> bool:
        """Everybody in the roster is logged in, so a level before it holds the caller back when anybody is on it."""
        members = self.roster.able(contact.lease, contact.needs).values()
        before = [at for at in LEVELS if at < wanted and any(level(contact, agent) == at for agent in members)]
        return not self.wait or not before or now - contact.enqueued_at >= wanted * self.wait


def score(contact: Contact, now: Micros) -> Micros:
    """In microseconds, so that callers of one second do not tie."""
    base = BASE_SCORE[contact.tier] + COMPLAINT_SCORE * contact.complaint
    return now - contact.enqueued_at + base * SECOND


def level(contact: Contact, agent: Agent) -> int:
    return 1 + penalty(contact.needs, agent)
