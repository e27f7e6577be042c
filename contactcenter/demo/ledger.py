"""What the service decided about every contact of the demo, read back from its facts: lines and one digest.

A line names the contact by its label and nothing that differs between two runs of one seed: to whom it was offered
and by which rule, how each offer ended, who owned it, how it ended.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

Fact = Mapping[str, Any]


class Decided(Struct, frozen=True, kw_only=True):
    """One contact's decisions. Agents by id."""

    label: str
    medium: str
    offered: tuple[str, ...] = ()
    outcomes: tuple[str, ...] = ()
    owners: tuple[str, ...] = ()
    ended: str = ""
    levels: tuple[int, ...] = ()
    raised: tuple[int, ...] = ()
    """The levels reached by somebody's action; a clock that ran out is not a decision of this run."""
    promised: bool = False
    reached: bool = False
    doubly: bool = False
    breached: bool = False

    @property
    def line(self) -> str:
        offers = ",".join(f"{agent}={outcome}" for agent, outcome in zip(self.offered, self.outcomes, strict=True))
        climbed = f" levels={'>'.join(map(str, self.raised))}" if self.raised else ""
        breach = " breached" if self.breached else ""
        owners = ",".join(self.owners)
        return f"{self.label} {self.medium} offered={offers} owned={owners} ended={self.ended}{climbed}{breach}"


def read(label: str, medium: str, facts: Iterable[Fact]) -> Decided:
    """The decisions in the facts of one contact."""
    told = sorted(facts, key=_order)
    made = [fact for fact in told if fact["kind"] == "offer.made"]
    results = {fact["data"].get("offer"): fact["data"].get("outcome", "") for fact in _of(told, "offer.ended")}
    climbs = [fact for fact in told if fact["kind"] in ("complaint.raised", "complaint.escalated")]
    ends = _of(told, "contact.ended") or _of(told, "contact.blocked")
    return Decided(
        label=label,
        medium=medium,
        offered=tuple(f"{fact['agent']}:{_rule(fact)}" for fact in made),
        outcomes=tuple(str(results.get(_offer_id(fact), "open")) for fact in made),
        owners=tuple(fact["agent"] for fact in _of(told, "contact.assigned")),
        ended=_how(ends[-1]) if ends else "open",
        levels=tuple(_level(fact) for fact in climbs),
        raised=tuple(_level(fact) for fact in climbs if not _overdue(fact)),
        promised=bool(_of(told, "callback.promised")),
        reached=any(fact["data"].get("result") == "reached" for fact in told),
        doubly=_doubly(told),
        breached=bool(_of(told, "contact.breached")),
    )


def digest(lines: Iterable[str]) -> str:
    """One number for a whole run; equal numbers mean equal decisions."""
    return hashlib.blake2b("\n".join(sorted(lines)).encode(), digest_size=16).hexdigest()


def _of(facts: list[Fact], kind: str) -> list[Fact]:
    return [fact for fact in facts if fact["kind"] == kind]


def _order(fact: Fact) -> tuple[int, int, str]:
    """A decision's facts by its number and then their own order in it; others by their instant."""
    tail = str(fact["id"]).rpartition(":")[2]
    return (int(fact["seq"] or 0), int(tail) if tail.isdecimal() else 0, str(fact["at"]))


def _offer_id(fact: Fact) -> str:
    offer = fact["data"].get("offer", {})
    return str(offer.get("id", "") if isinstance(offer, dict) else offer)


def _rule(fact: Fact) -> str:
    because = fact["data"].get("because", {})
    return str(because.get("rule", "")) if isinstance(because, dict) else ""


def _how(fact: Fact) -> str:
    if fact["kind"] == "contact.blocked":
        return f"blocked:{fact['data'].get('treatment', '')}"
    return str(fact["data"].get("how", ""))


def _level(fact: Fact) -> int:
    return int(fact["data"].get("level", fact["data"].get("to", 0)))


def _overdue(fact: Fact) -> bool:
    return str(fact["data"].get("reason", "")).endswith("_overdue")


def _doubly(facts: list[Fact]) -> bool:
    """Taken a second time without having been given back."""
    owned = 0
    for fact in facts:
        owned += (fact["kind"] == "contact.assigned") - (fact["kind"] == "assignment.ended")
        if owned > 1:
            return True
    return False
