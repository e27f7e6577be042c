"""The moments of a contact's path as lines: its place, what it asked for, and everybody beside it by reason.

Agents are shown by public number, as the configuration of that moment has it. A reason is a code of
`routing.explain.CODES`; its sentence is the catalogue's `why.not.<code>`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from msgspec import Struct

from contactcenter.domain.customer import tier_name
from contactcenter.domain.facts import Fact
from contactcenter.services.explaining import Moment
from contactcenter.services.explanation import Explanation, Words
from routing.explain import CODES, Explained

SHOWN = 12
"""Numbers in a group before it is cut short."""
_INDENT = "    "
_HEAD = {"waits": "why.nobody", "blocked": "why.kept_out"}


class Group(Struct, frozen=True):
    """All agents with one reason: the code, its sentence, and their public numbers in order."""

    code: str
    why: str
    agents: tuple[str, ...]


class MomentWords(Words):
    def groups(self, explained: Explained) -> tuple[Group, ...]:
        """From the nearest reason to the furthest; every agent is in exactly one group."""
        numbers: dict[str, list[str]] = {}
        for reason in explained.agents:
            numbers.setdefault(reason.code, []).append(reason.number)
        known = [code for code in CODES if code in numbers]
        return tuple(Group(code, self._key(f"why.not.{code}"), tuple(numbers[code])) for code in known)

    def lines(self, moment: Moment, *, whole: bool = False) -> tuple[str, ...]:
        """What stands below the moment's own line. `whole`: no group is cut short."""
        if moment.explained is None:
            return (_INDENT + self._key("why.absent"),)
        inexact = () if moment.same else (_INDENT + self._key("why.inexact"),)
        shown = (group for group in self.groups(moment.explained) if group.code != "chosen")
        return (
            _INDENT + self.standing(moment),
            *inexact,
            *(_INDENT * 2 + self._group(group, whole) for group in shown),
        )

    def standing(self, moment: Moment) -> str:
        """How the contact itself stood."""
        explained = moment.explained
        assert explained is not None
        if explained.owner:
            return self._join(self._key(f"desk.status.{explained.status.value}"), self._owned_by(explained))
        needs = ", ".join(f"{skill}>={level}" for skill, level in explained.needs)
        return self._join(
            self._key(_HEAD[moment.kind]) if moment.kind in _HEAD else "",
            self._key("why.place", position=explained.position) if explained.position else "",
            self._key(f"why.band.{explained.band}"),
            self._key(f"desk.tier_label.metal.{tier_name(explained.tier)}"),
            self._key("desk.complaint") if explained.complaint else "",
            self._key("why.asks", needs=needs) if needs else "",
            self._key("why.relaxed", step=explained.step) if explained.step else "",
            self._key("why.second", lease=explained.second) if explained.second else "",
            self._key("why.phones", ringing=len(explained.offers), phones=explained.phones)
            if explained.position
            else "",
        )

    def _owned_by(self, explained: Explained) -> str:
        owner = next((each.number for each in explained.agents if each.agent == explained.owner), "")
        return self._key("why.owned_by", agent=owner or self._number_of(explained.owner))

    def _group(self, group: Group, whole: bool) -> str:
        shown = group.agents if whole else group.agents[:SHOWN]
        rest = [self._key("why.more")] if len(shown) < len(group.agents) else []
        return self._key("why.group", why=group.why, count=len(group.agents), agents=", ".join([*shown, *rest]))


def path_lines(
    explanation: Explanation,
    words: MomentWords,
    facts: Iterable[Fact],
    moments: Sequence[Moment],
    *,
    whole: bool = False,
) -> list[str]:
    """Every step of the contact with its reason, and below each offer, wait or refusal who else was there."""
    beside: Mapping[tuple[int | None, str], Moment] = {_place(moment): moment for moment in moments}
    lines: list[str] = []
    for fact in facts:
        line = explanation.line(fact)
        moment = beside.get((fact.seq, fact.agent if fact.kind == "offer.made" else fact.kind))
        lines += [line] if line else []
        lines += words.lines(moment, whole=whole) if moment is not None else ()
    return lines


def _place(moment: Moment) -> tuple[int | None, str]:
    """Which fact a moment stands below: of its event, the offer to this agent, or the queueing or the refusal."""
    if moment.kind == "offer" and moment.explained is not None:
        return moment.seq, moment.explained.chosen
    return moment.seq, "contact.queued" if moment.kind == "waits" else "contact.blocked"
