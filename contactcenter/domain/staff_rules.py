"""Rules about what agents can carry and know: capacity, four tiers, skills that somebody has, authority."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from contactcenter.domain.configuration import Document, LadderLevel, TierName, View
from contactcenter.domain.problem import Problem

TIERS: tuple[TierName, ...] = ("platinum", "gold", "iron", "lead")
_LEVELS_NEEDED = 3
"""Leased seat, provider's supervisor, client's desk: below that no complaint reaches the client (F07)."""


def staff_problems(document: Document) -> Iterator[Problem]:
    """Media, capacities, the ladder; and as warnings: skills that nobody has, nobody to escalate to."""
    yield from _tiers(document)
    yield from _capacities(document)
    yield from _ladder(document.ladder.levels, document.ladder.vip_level)
    yield from _skills(document)
    if not any(agent.supervisor for agent in document.agents):
        yield Problem("agents", "no_supervisor", "no agent is a supervisor: level 1 has nobody", warning=True)


def _tiers(document: Document) -> Iterator[Problem]:
    for index, rules in enumerate(document.media):
        missing = [tier for tier in TIERS if tier not in rules.max_wait_s]
        if missing:
            yield Problem(f"media[{index}].max_wait_s", "tiers", f"{rules.medium} has no wait for {', '.join(missing)}")


def _capacities(document: Document) -> Iterator[Problem]:
    units = {rules.medium: rules.units for rules in document.media}
    for index, agent in enumerate(document.agents):
        for medium in agent.media:
            if units.get(medium, 0) > agent.capacity:
                yield Problem(
                    f"agents[{index}].capacity",
                    "capacity",
                    f"{agent.id} has {agent.capacity} units, one {medium} takes {units[medium]}",
                )


def _ladder(levels: tuple[LadderLevel, ...], vip_level: int) -> Iterator[Problem]:
    if len(levels) < _LEVELS_NEEDED:
        yield Problem("ladder.levels", "levels", f"{len(levels)} levels; seat, supervisor and client's desk are needed")
    if levels and levels[0].limit_fen == 0:
        yield Problem("ladder.levels[0].limit_fen", "no_authority", "the front line may decide about money (F09)")
    if vip_level >= len(levels):
        yield Problem("ladder.vip_level", "levels", f"there is no level {vip_level}")
    for level, (one, two) in enumerate(pairwise(levels), start=1):
        if two.limit_fen < one.limit_fen:
            yield Problem(
                f"ladder.levels[{level}].limit_fen",
                "authority",
                f"{two.limit_fen} fen is less than the level below may grant ({one.limit_fen})",
            )
    for level, each in enumerate(levels):
        if each.decide_s < each.accept_s:
            yield Problem(
                f"ladder.levels[{level}].decide_s",
                "clocks",
                f"decides in {each.decide_s} s, accepts in {each.accept_s} s",
            )


def _skills(document: Document) -> Iterator[Problem]:
    """A need that no agent of a lease meets is legal, and a contact with it would wait for ever."""
    views = {view.id: (index, view) for index, view in enumerate(document.views)}
    for view_id, lease in sorted(_uses(document)):
        if view_id in views:
            index, view = views[view_id]
            yield from _unmet(document, f"views[{index}].needs", view, lease)


def _uses(document: Document) -> set[tuple[str, str]]:
    uses = {(line.view, line.lease) for line in document.lines}
    uses |= {(box.view, box.lease) for box in document.mailboxes}
    uses |= {(site.view, site.lease) for site in document.sites}
    for client, view in document.callbacks.view.items():
        uses |= {(view, lease.id) for lease in document.leases if lease.client == client}
    return uses


def _unmet(document: Document, path: str, view: View, lease: str) -> Iterator[Problem]:
    agents = [agent for agent in document.agents if agent.lease == lease and view.medium in agent.media]
    for needs in (view.needs, *(step.needs for step in view.relax)):
        able = [a for a in agents if all(a.skills.get(skill, 0) >= level for skill, level in needs.items())]
        if needs and not able:
            wanted = ", ".join(f"{skill} {level}" for skill, level in sorted(needs.items()))
            yield Problem(path, "unmet_need", f"nobody of lease {lease} has {wanted}", warning=True)
