"""One decision in the making: the state, the instant, and the effects so far, in order."""

from __future__ import annotations

from routing.desks import Desk, Work
from routing.effects import AnyEffect, Done, PresenceMoved, Queued, Refused
from routing.model import Medium, MediumRules, Micros, PresenceState, Status
from routing.state import State


class Turn:
    __slots__ = ("now", "out", "state")

    def __init__(self, state: State, now: Micros) -> None:
        self.state = state
        self.now = now
        self.out: list[AnyEffect] = []

    def say(self, effect: AnyEffect) -> None:
        self.out.append(effect)

    def done(self, command: str, agent: str) -> None:
        """Answer a command; an event that nobody waits for gets no answer."""
        if command:
            self.out.append(Done(command=command, agent=agent))

    def refuse(self, code: str, *, command: str = "", contact: str = "", agent: str = "") -> None:
        self.out.append(Refused(command=command, code=code, contact=contact, agent=agent))

    def rules(self, work: Work) -> MediumRules:
        return self.state.rules[work.contact.medium]

    def changed(self, work: Work) -> None:
        """A contact's row changed: mark it, and bring its places up to date."""
        self.state.touch_work(work)
        self.state.place(work)

    def moved(self, desk: Desk) -> None:
        """An agent's row changed: mark it, and bring his bits up to date."""
        self.state.touch_desk(desk)
        self.state.weigh(desk)

    def queued(self, work: Work, reason: str) -> None:
        """Say where a contact stands now that it waits. Its place must be up to date."""
        assert work.queue is not None
        assert work.key is not None
        position = 1 + work.queue.rank(work.key)
        contact = work.contact.id
        self.say(Queued(contact=contact, arrival=work.arrival, position=position, reason=reason))

    def present(self, desk: Desk, state: PresenceState, *, reason: str = "", until: Micros = 0) -> None:
        """Move an agent's presence and say so."""
        desk.state, desk.reason, desk.until, desk.since = state, reason, until, self.now
        self.moved(desk)
        self.say(PresenceMoved(agent=desk.spec.id, state=state, reason=reason, until=until, device=desk.device))

    def talks(self, desk: Desk) -> bool:
        """Has the agent an open call of his own?"""
        calls = (work for work in desk.owned.values() if work.contact.medium is Medium.VOICE)
        return any(work.status is Status.ACTIVE for work in calls)
