"""What happened to each contact, as columns of numbers: about 45 bytes a contact, so a million fit anywhere."""

from __future__ import annotations

from array import array
from collections import Counter
from enum import IntEnum

from routing.model import Contact, End, Medium, Micros

MEDIA = tuple(Medium)


class How(IntEnum):
    """How a contact's row stands; OPEN means that it had not ended when the run stopped."""

    OPEN = 0
    FINISHED = 1
    ABANDONED = 2
    BLOCKED = 3
    OVERFLOWED = 4
    TO_CALLBACK = 5
    CLOSED = 6


HOW = {end: How[end.name] for end in End}


class Records:
    """One row per contact in the order of arrival. Instants are microseconds, 0 is never; agent -1 is nobody."""

    def __init__(self) -> None:
        self.arrived = array("q")
        self.deadline = array("q")
        self.offered = array("q")
        self.answered = array("q")
        self.ended = array("q")
        self.agent = array("i")
        self.tier = array("b")
        self.medium = array("b")
        self.how = array("b")

    def __len__(self) -> int:
        return len(self.arrived)

    def add(self, contact: Contact, now: Micros) -> int:
        """A new row, its number."""
        self.arrived.append(now)
        self.deadline.append(contact.deadline)
        for column in (self.offered, self.answered, self.ended):
            column.append(0)
        self.agent.append(-1)
        self.tier.append(int(contact.tier))
        self.medium.append(MEDIA.index(contact.medium))
        self.how.append(How.OPEN)
        return len(self.arrived) - 1

    def wait(self, row: int) -> Micros:
        """From the arrival to the answer, or to the end without one. Raises ValueError while it still waits."""
        until = self.answered[row] or self.ended[row]
        if not until:
            raise ValueError(f"contact {row} still waits")
        return until - self.arrived[row]

    def met(self, row: int) -> bool:
        """Answered before its deadline; an answer at that very instant is late, as in the core."""
        return 0 < self.answered[row] < self.deadline[row]

    def counts(self) -> Counter[How]:
        return Counter({How(how): count for how, count in Counter(self.how).items()})
