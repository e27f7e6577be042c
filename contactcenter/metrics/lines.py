"""What became of each line's calls, from facts alone: attempts, blocked and busy ones, minutes and their cost, and
which side released (A03, A04, A19).

A call's length here runs from its contact's opening to the moment it was released: a flow before the queue and a
message after it are not in it. Minutes are started minutes, as carriers bill them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from contactcenter.domain.facts import Fact
from contactcenter.metrics import formulas as f
from contactcenter.services.reporting import LineUse

BUSY = "lines_busy"
"""The reason of a call that found every line of its lease in use (I4)."""


@dataclass(slots=True)
class _Call:
    line: str
    opened_at: int
    minute_fen: int | None
    """What a minute cost when it came; None where the fact does not say."""
    released_at: int = 0
    released_by: str = ""


@dataclass(slots=True)
class Lines:
    """Fold facts in order of time, then ask for the table."""

    calls: dict[str, _Call] = field(default_factory=dict)
    blocked: dict[str, str] = field(default_factory=dict)

    def fold(self, fact: Fact) -> None:
        match fact.kind:
            case "contact.opened" if fact.data.get("medium") == "voice":
                line, minute_fen = str(fact.data.get("door", "")), fact.data.get("minute_fen")
                self.calls.setdefault(fact.contact, _Call(line, fact.at, minute_fen))
            case "contact.blocked":
                self.blocked.setdefault(fact.contact, str(fact.data.get("reason", "")))
            case "wrap_up.began" | "contact.ended":
                self._released(fact)

    def _released(self, fact: Fact) -> None:
        """The first end that is heard: a wrap-up begins when the talk is over. A recovered one names nobody."""
        call = self.calls.get(fact.contact)
        if call is not None and not call.released_at:
            call.released_at, call.released_by = fact.at, _side(fact)

    def table(self, prices: Mapping[str, int]) -> dict[str, LineUse]:
        """By line. `prices`: fen per started minute, for calls whose facts do not say it."""
        lines = sorted({call.line for call in self.calls.values() if call.line})
        return {line: self._use(line, prices.get(line, 0)) for line in lines}

    def _use(self, line: str, price_fen: int) -> LineUse:
        mine = {name: call for name, call in self.calls.items() if call.line == line}
        why = [self.blocked[name] for name in mine if name in self.blocked]
        billed = [(_minutes(call), call.minute_fen) for name, call in mine.items() if name not in self.blocked]
        by = Counter(call.released_by for name, call in mine.items() if call.released_by and name not in self.blocked)
        return LineUse(
            attempts=len(mine),
            blocked=f.line_blocked(blocked=len(why), attempts=len(mine)),
            busy=f.line_busy(busy=why.count(BUSY), attempts=len(mine)),
            minutes=sum(minutes for minutes, _ in billed),
            cost_fen=sum(f.line_cost_fen(minutes, price_fen if fen is None else fen) for minutes, fen in billed),
            released_by=dict(sorted(by.items())),
        )


def _minutes(call: _Call) -> int:
    return f.line_minutes([max(call.released_at - call.opened_at, 0)])


def _side(fact: Fact) -> str:
    """Who closes a contact is a person; on the line it is the platform that hangs up."""
    return "platform" if fact.data.get("how") == "closed" else str(fact.data.get("by", ""))
