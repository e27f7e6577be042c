"""The agents of one lease as bit masks, so that 'who could take this' is a few ANDs and no scan.

Each agent has one bit, in the order of the public numbers. `free[medium]` has the bits of agents who could be
offered that medium now; `present[medium]` of those who are ready at all, busy or not. A `Signature` is one
set of needs with the agents who meet it and the lines of contacts that ask for it.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from routing.model import Lease, Medium, Micros, Needs
from routing.order import NEVER, Line

if TYPE_CHECKING:
    from routing.desks import Desk, Work


class Signature:
    """One set of needs: who meets it, and who waits with it, by medium."""

    __slots__ = ("_by_level", "lines", "mask", "names", "needs", "pool")

    def __init__(self, pool: Pool, needs: Needs) -> None:
        self.pool = pool
        self.needs = needs
        self.names = frozenset(skill for skill, _ in needs)
        self.lines: dict[Medium, Line] = {}
        self.mask = pool.everyone
        for skill, level in needs:
            self.mask &= pool.at_least(skill, level)
        self._by_level: list[tuple[tuple[int, ...], int]] | None = None

    def line(self, medium: Medium) -> Line:
        found = self.lines.get(medium)
        if found is None:
            found = self.lines[medium] = Line()
        return found

    def by_level(self) -> list[tuple[tuple[int, ...], int]]:
        """Able agents grouped by their levels on the needed skills, the best tuple first."""
        if self._by_level is None:
            groups: list[tuple[tuple[int, ...], int]] = [((), self.mask)]
            for skill, _ in self.needs:
                exact = self.pool.exactly(skill)
                groups = [
                    ((*levels, level), mask & holders)
                    for levels, mask in groups
                    for level, holders in exact
                    if mask & holders
                ]
            self._by_level = groups
        return self._by_level


class Pool:
    """One lease's agents and its use of lines."""

    __slots__ = (
        "_filed",
        "_holders",
        "_levels",
        "by_breadth",
        "desks",
        "everyone",
        "free",
        "id",
        "lease",
        "lines_used",
        "present",
        "refused_by_some",
        "reported",
        "signatures",
        "staffed",
        "wake",
    )

    def __init__(self, lease_id: str, lease: Lease | None, desks: list[Desk]) -> None:
        self.id = lease_id
        self.lease = lease
        self.desks = desks
        self.everyone = (1 << len(desks)) - 1
        self.free = dict.fromkeys(Medium, 0)
        self.present = dict.fromkeys(Medium, 0)
        self.signatures: dict[Needs, Signature] = {}
        self._filed: dict[str, list[Signature]] = {}
        self.lines_used = 0
        self.staffed = 0
        self.reported = 0
        self.wake: Micros = NEVER
        self.refused_by_some: dict[int, Work] = {}
        self._levels: dict[str, dict[int, int]] = {}
        breadths: dict[int, int] = {}
        for at, desk in enumerate(desks):
            desk.bit, desk.pool, desk.signatures, desk.seen, desk.seen_of = 1 << at, self, [], 0, {}
            breadths[len(desk.skills)] = breadths.get(len(desk.skills), 0) | desk.bit
            for skill, level in desk.skills.items():
                exact = self._levels.setdefault(skill, {})
                exact[level] = exact.get(level, 0) | desk.bit
        self._holders = {skill: sum(exact.values()) for skill, exact in self._levels.items()}
        self.by_breadth = [breadths[breadth] for breadth in sorted(breadths)]

    def turn_of_call(self) -> tuple[int, int, str]:
        return (2, 0, self.id)

    # --- who can ----------------------------------------------------------------------------------------

    def at_least(self, skill: str, level: int) -> int:
        """Agents with this skill at this level or above; level 0 asks nothing."""
        if level <= 0:
            return self.everyone
        mask = 0
        for own, holders in self._levels.get(skill, {}).items():
            if own >= level:
                mask |= holders
        return mask

    def exactly(self, skill: str) -> list[tuple[int, int]]:
        """Agents by their level of the skill, best first; those without it stand at level 0."""
        levels = self._levels.get(skill, {})
        lacking = self.everyone
        for holders in levels.values():
            lacking &= ~holders
        return [*sorted(levels.items(), reverse=True), (0, lacking)]

    def signature(self, needs: Needs) -> Signature:
        found = self.signatures.get(needs)
        if found is None:
            found = self.signatures[needs] = Signature(self, needs)
            asked = next((skill for skill, level in needs if level > 0), "")
            self._filed.setdefault(asked, []).append(found)
        return found

    def signatures_of(self, desk: Desk) -> list[Signature]:
        """The sets of needs this agent meets; only those that are new since the last call are looked at."""
        if desk.seen < len(self.signatures):
            desk.seen = len(self.signatures)
            for skill in ("", *desk.skills):
                filed = self._filed.get(skill, [])
                fresh = filed[desk.seen_of.get(skill, 0) :]
                desk.seen_of[skill] = len(filed)
                desk.signatures += [signature for signature in fresh if signature.mask & desk.bit]
        return desk.signatures

    # --- who is free ------------------------------------------------------------------------------------

    def is_lone(self, desk: Desk, medium: Medium) -> bool:
        """Is he the only free one with some skill of his?

        Asked when several could take a contact: then nobody is alone with a skill that it needs.
        """
        free = self.free[medium]
        return any(self._holders[skill] & free == desk.bit for skill in desk.skills)

    def desks_in(self, mask: int) -> Iterator[Desk]:
        """The agents of a mask, in the order of their numbers."""
        while mask:
            lowest = mask & -mask
            yield self.desks[lowest.bit_length() - 1]
            mask ^= lowest
