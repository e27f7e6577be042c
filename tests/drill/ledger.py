"""What the drill's own people were told, kept where no fault can reach it."""

from __future__ import annotations

import time
from collections import Counter
from dataclasses import dataclass, field

from drill.records import Acknowledged, Commanded, Desk, Ordered, Sighting


def now() -> int:
    return time.time_ns() // 1000


@dataclass
class Ledger:
    acknowledged: list[Acknowledged] = field(default_factory=list)
    commanded: list[Commanded] = field(default_factory=list)
    ordered: list[Ordered] = field(default_factory=list)
    sightings: list[Sighting] = field(default_factory=list)
    desks: list[Desk] = field(default_factory=list)
    refused: Counter[str] = field(default_factory=Counter)
    """Answers of the doors that acknowledged nothing, by what they were."""
    calls: dict[str, str] = field(default_factory=dict)
    """Calls whose caller has not hung up: call id -> contact."""
    log: list[str] = field(default_factory=list)
    began: int = field(default_factory=now)

    def note(self, text: str) -> None:
        line = f"{(now() - self.began) / 1e6:7.2f} s  {text}"
        self.log.append(line)
        print(line, flush=True)

    def acknowledge(
        self, kind: str, name: str, *, source: str = "", subject: str = "", contact: str = "", leg: str = "customer"
    ) -> None:
        self.acknowledged.append(
            Acknowledged(kind=kind, id=name, at=now(), source=source, subject=subject, contact=contact, leg=leg)
        )

    def counted(self) -> Counter[str]:
        return Counter(each.kind for each in self.acknowledged)
