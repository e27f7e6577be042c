"""The agents' legs of one call. Each leg is a set of things known about it; knowing more never loses any.

Because a leg only gains knowledge, the order in which events arrive cannot change where it ends.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from msgspec import Struct
from msgspec.structs import replace

from channels.phone.signals import Kind, Signal, Why
from channels.port import CallAnswered, CallReleased

MAX_LEGS: Final = 128
"""More than a call can meet in its longest queue time; then ended legs that never answered are forgotten."""


class Leg(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One device of one offer. Instants are our receipt in microseconds, 0 = not heard.

    `spoke_at` is the platform's own time of the answer: it only orders two answers of one call.
    """

    offer: str = ""
    agent: str = ""
    rang_at: int = 0
    answered_at: int = 0
    spoke_at: int = 0
    ended_at: int = 0
    by: str = ""
    cause: str = ""
    reached: bool = True

    @property
    def name(self) -> str:
        """The offer; a platform that rings by itself names only the agent."""
        return self.offer or f"@{self.agent}"

    @property
    def talking(self) -> bool:
        return self.answered_at > 0 and self.ended_at == 0


Legs = tuple[Leg, ...]


def find(legs: Legs, name: str) -> Leg:
    """The leg of that name, or one of which nothing is known."""
    blank = Leg(agent=name[1:]) if name.startswith("@") else Leg(offer=name)
    return next((leg for leg in legs if leg.name == name), blank)


def put(legs: Legs, leg: Leg) -> Legs:
    """With this leg in its place, sorted by name and bounded."""
    kept = [leg, *(other for other in legs if other.name != leg.name)]
    if len(kept) > MAX_LEGS:
        kept.remove(next((one for one in kept[1:] if one.ended_at and not one.answered_at), kept[-1]))
    return tuple(sorted(kept, key=lambda one: one.name))


def talking(legs: Legs) -> Leg | None:
    """Who talks with the customer; after a transfer the one who answered last by the platform's time."""
    return max((leg for leg in legs if leg.talking), key=lambda leg: (leg.spoke_at, leg.name), default=None)


def rang(leg: Leg, at: int) -> Leg:
    return replace(leg, rang_at=leg.rang_at or at)


def answered(leg: Leg, heard: CallAnswered, at: int) -> Leg:
    if leg.answered_at:
        return replace(leg, agent=leg.agent or heard.agent)
    return replace(leg, agent=leg.agent or heard.agent, answered_at=at, spoke_at=heard.occurred_at)


def ended(leg: Leg, heard: CallReleased, at: int) -> Leg:
    if leg.ended_at:
        return leg
    return replace(leg, ended_at=at, by=heard.by, cause=heard.cause, reached=heard.reached)


def why(leg: Leg) -> Why:
    """Why an unanswered leg ended. A word we do not know never blames the agent.

    Ringing that was seen outweighs `reached: false`; a customer who left withdraws the offer.
    """
    if leg.by == "customer":
        return Why.WITHDRAWN
    if not leg.reached and not leg.rang_at:
        return Why.UNREACHABLE
    if leg.cause in tuple(Why):
        return Why(leg.cause)
    return Why.DECLINED if leg.by == "agent" else Why.UNREACHABLE


def news(before: Leg, after: Leg) -> Iterator[Signal]:
    """What is to be told about a leg of a living call; nothing when nothing new is known.

    An answer heard after its own end is told as both, so that whoever counts sees the talk.
    """
    if after.rang_at and not before.rang_at and not (before.answered_at or before.ended_at):
        yield _signal(Kind.DEVICE_RINGS, after, after.rang_at)
    if after.answered_at and not before.answered_at:
        yield _signal(Kind.ANSWER, after, after.answered_at)
        if before.ended_at:
            yield _end(after, after.answered_at)
    if after.ended_at and not before.ended_at:
        yield _end(after, after.ended_at)


def late(before: Leg, after: Leg) -> Iterator[Signal]:
    """What is to be told when the customer is gone: only an answer matters, its device must be released."""
    if after.answered_at and not before.answered_at:
        yield _signal(Kind.ANSWERED_LATE, after, after.answered_at)


def _signal(kind: Kind, leg: Leg, at: int) -> Signal:
    return Signal(kind=kind, at=at, offer=leg.offer, agent=leg.agent)


def _end(leg: Leg, at: int) -> Signal:
    kind = Kind.AGENT_GONE if leg.answered_at else Kind.DEVICE_FAILED
    reason = "" if leg.answered_at else why(leg).value
    return replace(_signal(kind, leg, at), why=reason, by=leg.by, cause=leg.cause)
