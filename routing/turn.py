"""One decision in the making: the state, the instant, and the effects so far, in order."""

from __future__ import annotations

from mypy_extensions import mypyc_attr

from routing.at_hand import Done, Queued
from routing.desks import Desk, Work
from routing.effects import AnyEffect, PresenceMoved, Refused
from routing.model import Micros, PresenceState
from routing.order import STARVED
from routing.places import place
from routing.readiness import weigh
from routing.state import State


@mypyc_attr(free_list_len=1, acyclic=True)
class Turn:
    """One at a time, so compiled code makes it in the place of the last one; nothing that it knows knows it."""

    __slots__ = ("now", "out", "state")

    def __init__(self, state: State, now: Micros) -> None:
        """Time never goes back within a domain."""
        if now > state.now:
            state.now = now
        self.state = state
        self.now = state.now
        self.out: list[AnyEffect] = []

    def say(self, effect: AnyEffect) -> None:
        self.out.append(effect)

    def done(self, command: str, agent: str) -> None:
        """Answer a command; an event that nobody waits for gets no answer."""
        if command:
            self.out.append(Done(command=command, agent=agent))

    def refuse(self, code: str, *, command: str = "", contact: str = "", agent: str = "", detail: str = "") -> None:
        self.out.append(Refused(command=command, code=code, contact=contact, agent=agent, detail=detail))

    def changed(self, work: Work) -> bool:
        """A contact's row changed: mark it, and bring its places up to date. Is somebody free for it?"""
        self.state.touched_works.append(work.id)
        return place(self.state, work)

    def moved(self, desk: Desk) -> None:
        """An agent's row changed: mark it, and bring his bits up to date."""
        self.state.touched_desks.append(desk.id)
        weigh(self.state, desk)

    def queued(self, work: Work, reason: str, *, is_free: bool) -> None:
        """Say where a contact stands now that it waits. Its place must be up to date. `is_free`: somebody, for it."""
        queue, key = work.queue, work.key
        assert queue is not None
        assert key is not None
        tier = work.terms.tier
        place = 0 if is_free else queue.up_to(0 if work.kind == STARVED else tier)
        head = queue.head() if place and queue.first is not key else 0
        expected = queue.known.wait(tier, place=place, head=head, now=self.now)
        if not reason:
            # It is kept until the answer; the same instant is kept once for each who waits.
            work.told_at = work.enqueued_at if work.enqueued_at == self.now else self.now
            work.expected, work.told_place = expected, place
        position, at_most = 1 + queue.rank(key, work.kind), queue.known.at_most(expected, tier, place)
        self.out.append(Queued(work.id, work.arrival, position, reason, expected, at_most, place))

    def present(self, desk: Desk, state: PresenceState, *, reason: str = "", until: Micros = 0) -> None:
        """Move an agent's presence and say so."""
        desk.state, desk.reason, desk.until, desk.since = state, reason, until, self.now
        self.moved(desk)
        self.say(PresenceMoved(agent=desk.id, state=state, reason=reason, until=until, device=desk.device))

    def talks(self, desk: Desk) -> bool:
        """Has the agent an open call of his own, a dialled one too, or does he talk on a colleague's?"""
        return bool(desk.consults) or any(work.is_talk() for work in desk.owned.values())
