"""What a decision does. Each effect is stored as one fact; the shell carries out the rest after the commit.

An effect names the contact, agent and offer that it touches. Field values are plain, so that a fact can be
read without this module and the bytes of an effect are the same in every process.
"""

from __future__ import annotations

from msgspec import Struct

from routing.model import End, Micros, Offer, Outcome, PresenceState


class Effect(Struct, frozen=True, gc=False, omit_defaults=True, tag_field="kind"):
    """The root; never used itself."""


class Because(Struct, frozen=True, gc=False, omit_defaults=True):
    """Why this contact went to this agent: the rule that decided and the numbers it compared.

    rule: only | preferred | level | spare_skills | longest_idle | override | named. `able` counts the agents who could
    take it, `ahead` the contacts that stood before it in the same view, `step` the relaxation step in force.
    """

    rule: str
    band: int
    tier: int
    able: int = 1
    level: int = 0
    idle: Micros = 0
    waited: Micros = 0
    step: int = 0
    ring_step: int = 0
    ahead: int = 0
    by: str = ""
    """Of an `override`: the supervisor, and why he gave it."""
    reason: str = ""


class Queued(Effect, frozen=True, gc=False, tag="contact.queued"):
    contact: str
    arrival: int
    position: int
    reason: str = ""
    """Empty on arrival; transfer, offer_ended, agent_left, recovered on a return to the same place."""
    expected: Micros = 0
    """How much longer it will probably wait; 0 while nothing is known (estimate.py)."""
    at_most: Micros = 0
    """Nine of ten waited no longer than this; 0 while nothing is known."""
    place: int = 0
    """What the estimate stands on: 0 when somebody who can take it is free, else 1 and those who come before it."""


class Blocked(Effect, frozen=True, gc=False, tag="contact.blocked"):
    """It may not queue: reason lines_busy, unstaffed, lease_not_in_force, unknown_lease (I3, I4), closed, queue_full.

    `used` of `limit` are lines or, for queue_full, places in the queue.
    """

    contact: str
    lease: str
    treatment: str
    reason: str
    used: int
    limit: int


class Overflowed(Effect, frozen=True, gc=False, tag="contact.overflowed"):
    """It waited as long as its view allows, and gets `answer` instead; its Ended follows."""

    contact: str
    answer: str
    waited: Micros
    reason: str = "max_wait"


class Offered(Effect, frozen=True, gc=False, tag="offer.made"):
    contact: str
    agent: str
    offer: Offer
    because: Because


class OfferEnded(Effect, frozen=True, gc=False, tag="offer.ended"):
    contact: str
    agent: str
    offer: str
    outcome: Outcome
    reason: str = ""


class Owned(Effect, frozen=True, gc=False, tag="contact.assigned"):
    """The contact has its one owner; `waited` runs on the customer's clock."""

    contact: str
    agent: str
    offer: str
    waited: Micros
    by: str = ""
    reason: str = ""


class ConsultAsked(Effect, frozen=True, gc=False, tag="consult.asked"):
    """The `owner` of a call consults `agent`, whose offer follows."""

    contact: str
    agent: str
    owner: str
    offer: str


class ConsultBegan(Effect, frozen=True, gc=False, tag="consult.began"):
    """The consulted agent answered: the two talk, the customer is held."""

    contact: str
    agent: str
    owner: str
    offer: str


class ConsultEnded(Effect, frozen=True, gc=False, tag="consult.ended"):
    """The consulted agent's part is over. `talked`: he had answered.

    reason: joined (he is the owner from now on), left, customer_left, finished, closed, removed, or the outcome of an
    offer that he did not accept. `by`: the agent who said so, where one did.
    """

    contact: str
    agent: str
    owner: str
    offer: str
    reason: str
    talked: bool = False
    by: str = ""


class Breached(Effect, frozen=True, gc=False, tag="contact.breached"):
    """The deadline passed before a human answered. Ringing goes on."""

    contact: str
    deadline: Micros
    what: str


class Relaxed(Effect, frozen=True, gc=False, tag="contact.relaxed"):
    contact: str
    step: int


class Amended(Effect, frozen=True, gc=False, tag="contact.changed"):
    contact: str
    complaint: bool
    tier: int
    deadline: Micros
    clock_from: Micros = 0
    """Where it was moved to; 0: it stands as it was."""


class WrapUpBegan(Effect, frozen=True, gc=False, tag="wrap_up.began"):
    contact: str
    agent: str
    until: Micros
    by: str
    cause: str = ""


class Released(Effect, frozen=True, gc=False, tag="assignment.ended"):
    """The agent's part in the contact is over and his capacity is free again."""

    contact: str
    agent: str
    reason: str


class Ended(Effect, frozen=True, gc=False, tag="contact.ended"):
    contact: str
    how: End
    by: str = ""
    cause: str = ""
    agent: str = ""


class PresenceMoved(Effect, frozen=True, gc=False, tag="presence.changed"):
    agent: str
    state: PresenceState
    reason: str = ""
    until: Micros = 0
    device: str = ""


class Connection(Effect, frozen=True, gc=False, tag="presence.connection"):
    agent: str
    connected: bool


class Staffing(Effect, frozen=True, gc=False, tag="lease.staffing"):
    """How many of a lease's seats are staffed; below `lines` the provider is alarmed (I3)."""

    lease: str
    staffed: int
    lines: int


class Missed(Effect, frozen=True, gc=False, tag="agent.missed_twice"):
    """Two missed offers in a row: the supervisor is told."""

    agent: str
    misses: int


class ConfigTaken(Effect, frozen=True, gc=False, tag="config.activated"):
    version: int


class Done(Effect, frozen=True, gc=False, tag="command.done"):
    command: str
    agent: str


class Refused(Effect, frozen=True, gc=False, tag="command.refused"):
    """A command or event that the state does not allow: a stable code, and what was wrong."""

    command: str
    code: str
    contact: str = ""
    agent: str = ""
    detail: str = ""


AnyEffect = (
    Queued
    | Blocked
    | Overflowed
    | Offered
    | OfferEnded
    | Owned
    | ConsultAsked
    | ConsultBegan
    | ConsultEnded
    | Breached
    | Relaxed
    | Amended
    | WrapUpBegan
    | Released
    | Ended
    | PresenceMoved
    | Connection
    | Staffing
    | Missed
    | ConfigTaken
    | Done
    | Refused
)
