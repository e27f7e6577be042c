"""The agents of one lease as bit masks, so that 'who could take this' is a few ANDs and no scan.

Each agent has one bit, in the order of the public numbers. `free[medium]` has the bits of agents who could be
offered that medium now; `present[medium]` of those who are ready at all, busy or not; `by_load[units]` of those who
carry so much. `idle` has all of them, longest idle first. A `Signature` is one set of needs with the agents who
meet it and the lines of contacts that ask for it.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from operator import itemgetter
from typing import Any, Final

from routing.at_hand import bisect_left, least_of
from routing.leases import is_within
from routing.model import MEDIA, Lease, Micros, Needs
from routing.order import Key, Line, Ranked
from routing.timers import NEVER, Sleeper
from routing.views import Queue

UNUSED_KEPT: Final = 2048
"""So many signatures are kept before those that no open contact asks for are forgotten."""
FEW: Final = 16
"""A group up to this size is looked at one by one; of a larger one somebody is met soon in the order of idleness."""


class Signature:
    """One set of needs: who meets it, and who waits with it, by medium. `users` counts the open contacts."""

    __slots__ = ("_by_level", "lines", "mask", "names", "needs", "pool", "users")

    def __init__(self, pool: Pool, needs: Needs) -> None:
        self.pool = pool
        self.needs = needs
        self.users = 0
        self.names = [skill for skill, _ in needs]
        self.lines: list[Line | None] = [None] * len(MEDIA)
        self.mask = pool.everyone
        for skill, level in needs:
            self.mask &= pool.at_least(skill, level)
        self._by_level: list[int] | None = None

    def is_anybody_free(self, medium_no: int) -> bool:
        free = self.pool.free[medium_no]
        return free != 0 and self.mask & free != 0

    def line(self, medium_no: int) -> Line:
        line = self.lines[medium_no]
        return self.pool.open_line(self, medium_no) if line is None else line

    def by_level(self) -> list[int]:
        """Able agents grouped by their levels on the needed skills, the best tuple of levels first."""
        if self._by_level is None:
            groups = [self.mask]
            for skill, _ in self.needs:
                exact = self.pool.exactly(skill)
                groups = [mask & holders for mask in groups for holders in exact if mask & holders]
            self._by_level = groups
        return self._by_level


class Member(Sleeper):
    """An agent as his pool knows him: what he can, what he carries, and his place in its masks and lines."""

    __slots__ = (
        "bit",
        "counted_load",
        "id",
        "idle_since",
        "lines",
        "load",
        "medium_flags",
        "picks",
        "pool",
        "seen",
        "shifted",
        "skill_bits",
        "skill_nos",
        "skills",
    )

    id: str
    skills: dict[str, int]
    medium_flags: int
    idle_since: Micros

    def __init__(self, order: int) -> None:
        super().__init__(order)
        self.load = 0
        self.forget_pool()

    def take_seat(self, pool: Pool | None, bit: int) -> None:
        self.pool, self.bit = pool, bit

    def forget_pool(self) -> None:
        self.take_seat(None, 0)
        self.counted_load = 0
        """As his pool knows it, which he told that it is another (`shifted`)."""
        self.shifted = False
        self.skill_nos: list[int] = []
        self.skill_bits = 0
        self.lines: list[Any] = []
        """Numbers of the lines whose contacts he could take: the pool's own objects, not copies for each agent."""
        self.picks: dict[int, Callable[[list[Key]], Any]] = {}
        """By media flags: what takes the first keys of his lines out of those of the pool."""
        self.seen = 0


class Pool(Sleeper):
    """One lease's agents and its use of lines."""

    __slots__ = (
        "_asking",
        "_counted",
        "_files",
        "_free_holders",
        "_holders",
        "_levels",
        "_scarce",
        "_shifted",
        "by_breadth",
        "by_load",
        "desks",
        "ends",
        "everyone",
        "flags",
        "free",
        "heads",
        "id",
        "idle",
        "leaders",
        "lease",
        "lines",
        "lines_used",
        "numbers",
        "present",
        "refused_by_some",
        "reported",
        "signatures",
        "staffed",
        "starts",
        "views",
    )

    def __init__(self, lease_id: str, lease: Lease | None, desks: Sequence[Member], order: int) -> None:
        super().__init__(order)
        self.id = lease_id
        self.lease = lease
        self.starts: Micros = lease.starts if lease is not None else NEVER
        self.ends: Micros = lease.ends if lease is not None else NEVER
        self.desks = [*desks]
        self.everyone = (1 << len(desks)) - 1
        self.free = [0] * len(MEDIA)
        self.present = [0] * len(MEDIA)
        self.signatures: dict[Needs, Signature] = {}
        self.lines: list[Line] = []
        self.heads: list[Key] = []
        """By the number of the line: its first key. Line 0 stays empty."""
        self.leaders: dict[Key, Ranked] = {}
        """Whose key is the first of a line."""
        self.views: dict[str, Queue] = {}
        self.flags: list[int] = []
        self.numbers: list[Any] = []
        """All numbers of lines. Agents keep these, of open type: compiled code would make new ones, in cold memory."""
        self._asking: list[Signature | None] = []
        """By the number of the line: whose it is; of nobody once its signature is forgotten."""
        self._files: dict[str, list[int]] = {}
        """Numbers of lines, ascending, under the first skill that is needed."""
        self._number(Line(self.heads, self.leaders, 0), None, 0)
        self.lines_used = 0
        self.staffed = 0
        self.reported = 0
        self.refused_by_some: dict[int, Ranked] = {}
        self._levels: dict[str, dict[int, int]] = {}
        breadths: dict[int, int] = {}
        for at, desk in enumerate(desks):
            desk.take_seat(self, 1 << at)
            breadths[len(desk.skills)] = breadths.get(len(desk.skills), 0) | desk.bit
            for skill, level in desk.skills.items():
                exact = self._levels.setdefault(skill, {})
                exact[level] = exact.get(level, 0) | desk.bit
        self._holders = [sum(exact.values()) for exact in self._levels.values()]
        self._counted = [0] * len(MEDIA)
        """Those of `free` whom `_free_holders` and `_scarce` know of; the others are counted when that is asked."""
        self._free_holders = [[0] * len(self._levels) for _ in MEDIA]
        self._scarce = [0] * len(MEDIA)
        """One bit for each skill that exactly one free agent has."""
        numbers = {skill: number for number, skill in enumerate(self._levels)}
        for desk in desks:
            desk.skill_nos = [numbers[skill] for skill in desk.skills]
            desk.skill_bits = sum(1 << number for number in desk.skill_nos)
        self.by_breadth = [breadths[breadth] for breadth in sorted(breadths)]
        self.by_load: list[int] = [self.everyone]
        self._shifted: list[Member] = []
        """Those who stand in `by_load` with a load that they no longer have; moved when that is asked."""
        by_rest = sorted(desks, key=lambda desk: desk.idle_since)
        self.idle: OrderedDict[str, Member] = OrderedDict((desk.id, desk) for desk in by_rest)

    def in_force(self, now: Micros) -> bool:
        """May its agents be asked? Never without a lease."""
        return is_within(self.starts, self.ends, now)

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

    def exactly(self, skill: str) -> list[int]:
        """Agents by their level of the skill, best first; those without it come last."""
        levels = self._levels.get(skill, {})
        lacking = self.everyone
        for holders in levels.values():
            lacking &= ~holders
        return [*(levels[level] for level in sorted(levels, reverse=True)), lacking]

    def signature(self, needs: Needs) -> Signature:
        found = self.signatures.get(needs)
        if found is None:
            if len(self.signatures) >= UNUSED_KEPT:
                self._forget_unused()
            found = self.signatures[needs] = Signature(self, needs)
        return found

    # --- who waits --------------------------------------------------------------------------------------

    def open_line(self, signature: Signature, medium_no: int) -> Line:
        """The line of a signature's contacts of one medium; agents find it under its first needed skill."""
        number = len(self.lines)
        line = signature.lines[medium_no] = Line(self.heads, self.leaders, number)
        self._number(line, signature, 1 << medium_no)
        asked = next((skill for skill, level in signature.needs if level > 0), "")
        self._files.setdefault(asked, []).append(number)
        return line

    def _number(self, line: Line, signature: Signature | None, flag: int) -> None:
        self.numbers.append(len(self.lines))
        self.lines.append(line)
        self.heads.append(line.first)
        self.flags.append(flag)
        self._asking.append(signature)

    def first_of_lines(self, desk: Member, flags: int) -> Ranked | None:
        """The first contact in the lines of these media whose needs this agent meets."""
        if desk.seen != len(self.lines):
            self._look_for_new(desk)
        pick = desk.picks.get(flags)
        if pick is None:
            # Line 0, twice: of several items itemgetter makes a tuple.
            pick = desk.picks[flags] = itemgetter(0, 0, *self.lines_of(desk, flags))
        return self.leaders.get(least_of(pick(self.heads)))

    def lines_of(self, desk: Member, flags: int) -> list[Any]:
        """Numbers of the lines of these media whose needs this agent meets."""
        if desk.seen != len(self.lines):
            self._look_for_new(desk)
        found = []
        for number in desk.lines:
            at: int = number
            if self.flags[at] & flags:
                found.append(number)
        return found

    def _look_for_new(self, desk: Member) -> None:
        """The lines that were opened since the last look; where they are many, those under the skills he has."""
        lines = len(desk.lines)
        if len(self.lines) - desk.seen <= FEW:
            for number in range(desk.seen, len(self.lines)):
                self._see(desk, number)
        else:
            for skill in ("", *desk.skills):
                filed = self._files.get(skill, [])
                for number in filed[bisect_left(filed, desk.seen) :]:
                    self._see(desk, number)
        desk.seen = len(self.lines)
        if len(desk.lines) > lines:
            desk.picks.clear()

    def _see(self, desk: Member, number: int) -> None:
        signature = self._asking[number]
        if signature is not None and signature.mask & desk.bit and self.flags[number] & desk.medium_flags:
            desk.lines.append(self.numbers[number])

    def _forget_unused(self) -> None:
        """Needs that nobody asks for any more: agents meet them no longer. Their lines are empty and stay so."""
        self.signatures = {needs: each for needs, each in self.signatures.items() if each.users}
        self._asking = [each if each is not None and each.users else None for each in self._asking]
        self._files = {
            skill: [number for number in filed if self._asking[number] is not None]
            for skill, filed in self._files.items()
        }
        for desk in self.desks:
            desk.lines, desk.seen = [], 0
            desk.picks.clear()

    # --- who is free ------------------------------------------------------------------------------------

    def _count_free(self, medium_no: int) -> None:
        """Who became free for a medium, or no longer is. Where all are busy most are so again before anybody asks."""
        changed = self._counted[medium_no] ^ self.free[medium_no]
        self._counted[medium_no] = self.free[medium_no]
        holders, scarce = self._free_holders[medium_no], self._scarce[medium_no]
        while changed:
            desk = self.desks[changed.bit_length() - 1]
            changed ^= desk.bit
            step = 1 if self.free[medium_no] & desk.bit else -1
            for skill_no in desk.skill_nos:
                before = holders[skill_no]
                holders[skill_no] = before + step
                if before == 1 or before + step == 1:
                    scarce ^= 1 << skill_no
        self._scarce[medium_no] = scarce

    def lone(self, medium_no: int, among: int) -> int:
        """Those who are the only free one with some skill of theirs.

        Asked when several could take a contact: then nobody is alone with a skill that it needs.
        """
        self._count_free(medium_no)
        scarce, found = self._scarce[medium_no], 0
        if not scarce:
            return 0
        if among.bit_count() > FEW:
            for skill_no, holders in enumerate(self._holders):
                if scarce >> skill_no & 1:
                    found |= holders
            return found & self.free[medium_no]
        while among:
            desk = self.desks[among.bit_length() - 1]
            among ^= desk.bit
            if desk.skill_bits & scarce:
                found |= desk.bit
        return found

    def load_changed(self, desk: Member) -> None:
        if not desk.shifted:
            desk.shifted = True
            self._shifted.append(desk)

    def _count_loads(self) -> None:
        by_load = self.by_load
        for desk in self._shifted:
            by_load[desk.counted_load] ^= desk.bit
            while desk.load >= len(by_load):
                by_load.append(0)
            by_load[desk.load] |= desk.bit
            desk.counted_load, desk.shifted = desk.load, False
        self._shifted.clear()

    def most_rested(self, group: int) -> Member:
        """Of a group: who carries least, then the longest idle, then the lowest number."""
        self._count_loads()
        for carriers in self.by_load:
            equal = group & carriers
            if equal:
                return self._longest_idle(equal)
        raise LookupError("an empty group has nobody")

    def _longest_idle(self, group: int) -> Member:
        best: Member | None = None
        if group.bit_count() <= FEW:
            while group:
                desk = self.desks[group.bit_length() - 1]
                group ^= desk.bit
                if best is None or desk.idle_since <= best.idle_since:
                    best = desk
        else:
            for desk in self.idle.values():
                if best is not None and desk.idle_since > best.idle_since:
                    break
                if group & desk.bit and (best is None or desk.bit < best.bit):
                    best = desk
        assert best is not None
        return best
