"""Our own routing as a strategy: every step is an event for the real `routing.decide`, and nothing is told again here.

The configuration is what a user writes for such a floor: the ring plan, urgency and longest waits of the Kangjia
example. Agents accept at once, service times include wrap-up, and a chat takes the whole agent like a call, because
that is all that the peers can express. Calls are admitted up to the staffed seats of a lease; people on a break count
as staffed, so each lease has a few hundred of them: this benchmark is about order and choice, not about trunks.
"""

from __future__ import annotations

from benchmarks.peers.strategy import Pair
from benchmarks.peers.trace import MAX_WAIT, PLAN, SECOND, START
from routing import events as ev
from routing.decide import decide
from routing.effects import Offered, Owned
from routing.model import (
    Agent,
    Config,
    Contact,
    Lease,
    Medium,
    MediumRules,
    Micros,
    PresenceState,
    RingPlan,
    RingStep,
    Snapshot,
)
from routing.restoring import restore

URGENT_BEFORE = {Medium.VOICE: 5 * SECOND, Medium.CHAT: 20 * SECOND}
ON_A_BREAK = 300


Media = tuple[MediumRules, ...]


def media(urgent_before: dict[Medium, Micros] = URGENT_BEFORE, *, late_is_urgent: bool = False) -> Media:
    return tuple(_rules(medium, urgent_before[medium], late_is_urgent) for medium in PLAN)


def _rules(medium: Medium, urgent_before: Micros, late_is_urgent: bool) -> MediumRules:
    platinum, gold, iron, lead = (seconds * SECOND for seconds in MAX_WAIT[medium])
    waits = (platinum, gold, iron, lead)
    return MediumRules(medium, 1, 0, urgent_before, waits, late_is_urgent=late_is_urgent)


LATE_WAITS = media()
LATE_IS_URGENT = media(late_is_urgent=True)
"""The product's default: what is breached stays urgent. `LATE_WAITS` is what a floor that counts deadlines chooses."""


def configuration(agents: tuple[Agent, ...], rules: Media) -> Config:
    leases = dict.fromkeys(agent.lease for agent in agents)
    breaks = [
        Agent(id=f"br_{lease}_{at:03}", number=f"~{lease}{at:03}", lease=lease, skills=(), capacity=1)
        for lease in leases
        for at in range(ON_A_BREAK)
    ]
    seats = {lease: sum(agent.lease == lease for agent in (*agents, *breaks)) for lease in leases}
    steps = (RingStep(0, 1), RingStep(6 * SECOND, 2), RingStep(10 * SECOND, 5))
    return Config(
        version=1,
        leases=tuple(Lease(lease, lease, seats[lease], seats[lease], 0, 2 * START) for lease in leases),
        plans=(
            RingPlan(PLAN[Medium.VOICE], 5 * SECOND, steps, 20 * SECOND),
            RingPlan(PLAN[Medium.CHAT], 5 * SECOND, steps[:1], 20 * SECOND),
        ),
        agents=(*agents, *breaks),
        media=rules,
    )


class Ours:
    """`rules` has what is urgent, starving or late in each medium; all else is the same in every configuration."""

    def __init__(self, agents: tuple[Agent, ...], *, name: str = "ours", rules: Media = LATE_WAITS) -> None:
        self.name = name
        config = configuration(agents, rules)
        self._agents = {agent.id: agent for agent in agents}
        self._contacts: dict[str, Contact] = {}
        self._state = restore(Snapshot(config, START, 0))
        for agent in config.agents:
            self._do(ev.SignedIn(agent.id), START)
        for agent in agents:
            self._do(ev.PresenceSet(agent.id, PresenceState.READY), START)

    def arrive(self, contact: Contact, now: Micros) -> list[Pair]:
        self._contacts[contact.id] = contact
        return self._do(ev.Arrived(contact), now)

    def leave(self, contact: Contact, now: Micros) -> list[Pair]:
        return self._do(ev.Left(contact.id), now)

    def free(self, contact: Contact, agent: Agent, now: Micros) -> list[Pair]:
        return self._do(ev.Finished(contact.id, agent.id), now)

    def due(self) -> Micros | None:
        return self._state.due()

    def tick(self, now: Micros) -> list[Pair]:
        return self._do(ev.Ticked(), now)

    def _do(self, event: ev.AnyEvent, now: Micros) -> list[Pair]:
        """Decide, and accept every offer on the spot, in the order in which they were made."""
        pairs: list[Pair] = []
        todo: list[ev.AnyEvent] = [event]
        while todo:
            for effect in decide(self._state, todo.pop(0), now):
                if isinstance(effect, Offered):
                    todo.append(ev.OfferAccepted(effect.offer.id, effect.agent))
                elif isinstance(effect, Owned):
                    pairs.append((self._contacts[effect.contact], self._agents[effect.agent]))
        self._state.take_touched()
        return pairs
