"""One owner at a time, no agent over his capacity, no offer that outlives its contact: by the facts alone."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from drill.records import Fact, History, Violation


def routed(history: History) -> list[Fact]:
    """The routers' facts in the order of their decisions."""
    return sorted((fact for fact in history.facts if fact.seq is not None), key=lambda fact: fact.order)


def one_owner(history: History) -> Iterator[Violation]:
    """Owner intervals of a contact never overlap (I: 'doubly assigned' is two owners)."""
    owner: dict[str, Fact] = {}
    for fact in routed(history):
        if fact.kind == "contact.assigned":
            before = owner.get(fact.contact)
            if before is not None:
                yield Violation(
                    "double assignment",
                    f"{fact.contact}: {before.agent} since {before.id}, and {fact.agent} since {fact.id}",
                )
            owner[fact.contact] = fact
        elif fact.kind == "assignment.ended":
            owner.pop(fact.contact, None)
    live: dict[str, list[str]] = defaultdict(list)
    for assignment in history.assignments:
        if not assignment.ended:
            live[assignment.contact].append(assignment.agent)
    for contact, agents in live.items():
        if len(agents) > 1:
            yield Violation("double assignment", f"{contact} has live rows of {', '.join(agents)}")


def capacity_kept(history: History) -> Iterator[Violation]:
    """Units of an agent over time: offers, active contacts and wrap-up hold those of their medium."""
    media = {contact.id: contact.medium for contact in history.contacts}
    held: dict[str, dict[str, int]] = defaultdict(dict)
    for fact in routed(history):
        holds = held[fact.agent]
        if fact.kind in ("offer.made", "contact.assigned"):
            holds[fact.contact] = history.units.get(media.get(fact.contact, ""), 0)
            used, room = sum(holds.values()), history.capacity.get(fact.agent, 0)
            if used > room:
                yield Violation("over capacity", f"{fact.agent} holds {used} of {room} units at {fact.id}: {holds}")
        elif fact.kind == "assignment.ended" or (fact.kind == "offer.ended" and _gives_back(fact)):
            holds.pop(fact.contact, None)


def _gives_back(fact: Fact) -> bool:
    return fact.data.get("outcome") != "accepted"


def offers_end(history: History) -> Iterator[Violation]:
    """Every offer ends once, and before or with its contact."""
    over: dict[str, tuple[int, int]] = {}
    for fact in routed(history):
        if fact.kind == "contact.ended":
            over[fact.contact] = fact.order
        elif fact.kind == "offer.made" and fact.contact in over:
            yield Violation("offer after the end", f"{fact.id} offers {fact.contact} to {fact.agent}, which is over")
    for offer in history.offers:
        if not offer.ended and offer.contact in over:
            yield Violation("offer outlives contact", f"{offer.id} is live, its contact is over")
