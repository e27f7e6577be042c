"""From the operator's document to the routing core's configuration, and from a contact's wishes to its needs.

The same document gives the same bytes: everything is sorted by id, all times are microseconds.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from contactcenter.clock import SECOND
from contactcenter.domain import configuration as c
from contactcenter.domain.directory import Directory
from contactcenter.domain.ring_rules import steps_of
from contactcenter.domain.staff_rules import TIERS
from routing import model

LANGUAGE = "lang:"
_MS = 1000
_ALIASES = {"zh": "zh-CN", "cmn": "zh-CN", "zh-yue": "yue"}


def routing_config(document: c.Document, version: int) -> model.Config:
    """One immutable version of the routing configuration; lease terms are midnights of the provider's zone."""
    directory = Directory(document)
    return model.Config(
        version=version,
        leases=tuple(_lease(directory, x) for x in sorted(document.leases, key=lambda x: x.id)),
        plans=tuple(_plan(x) for x in sorted(document.plans, key=lambda x: x.id)),
        agents=tuple(_agent(x) for x in sorted(document.agents, key=lambda x: x.id)),
        media=tuple(_media(x) for x in sorted(document.media, key=lambda x: x.medium)),
        queues=tuple(_queues(document)),
        not_responding_for=document.not_responding_for_s * SECOND,
        back_off=document.back_off_s * SECOND,
        grace=document.grace_s * SECOND,
    )


def needs(directory: Directory, view: c.View, *, lease: str, language: str = "", product: str = "") -> model.Needs:
    """What an agent must have: the view's needs, the customer's language (A21) and the product.

    A language that nobody of the lease speaks becomes the client's own; a product that nobody knows, or nobody
    together with the rest, is left out: a generalist takes it in (B21) rather than a customer waiting for ever.
    """
    general = _together(view.needs, _language(directory, lease, language))
    special = _together(general, _product(directory, lease, product))
    able = any(_has(agent, special) for agent in directory.agents_of(lease))
    return sorted_needs(special if able else general)


def relaxation(
    directory: Directory, view: c.View, *, lease: str, language: str = "", product: str = ""
) -> tuple[model.RelaxStep, ...]:
    """How the needs relax with waiting; each step keeps the contact's own requirements that it names.

    A second lease's people are measured by the same needs, which are those that the first lease can meet. A step
    that names the contact's own lease has no second one.
    """
    own = {
        "language": _language(directory, lease, language),
        "product": _product(directory, lease, product),
    }
    return tuple(
        model.RelaxStep(
            step.after_s * SECOND,
            sorted_needs(_together(step.needs, *(own[k] for k in step.keep))),
            "" if step.lease == lease else step.lease,
        )
        for step in sorted(view.relax, key=lambda step: step.after_s)
    )


def sorted_needs(wanted: Mapping[str, int]) -> model.Needs:
    """The sorted form in which routing holds skills."""
    return tuple(sorted(wanted.items()))


def language_skill(language: str, spoken: Iterable[str]) -> str:
    """The best of the spoken languages for a BCP 47 tag: exact, shorter, then of the same family; or nothing."""
    known = {tag.lower(): tag for tag in sorted(spoken)}
    tag = _ALIASES.get(language.lower(), language).lower()
    while tag:
        if tag in known:
            return known[tag]
        alias = _ALIASES.get(tag, "").lower()
        if alias in known:
            return known[alias]
        tag = tag.rpartition("-")[0]
    family = language.lower().partition("-")[0]
    return next((known[tag] for tag in known if family and tag.partition("-")[0] == family), "")


def _language(directory: Directory, lease: str, language: str) -> dict[str, int]:
    if not language:
        return {}
    known = directory.skills_of(lease)
    spoken = {skill.removeprefix(LANGUAGE) for skill in known if skill.startswith(LANGUAGE)}
    own = directory.client(directory.lease(lease).client).default_language
    found = language_skill(language, spoken) or language_skill(own, spoken)
    return {LANGUAGE + found: 1} if found else {}


def _product(directory: Directory, lease: str, product: str) -> dict[str, int]:
    return {product: 1} if product in directory.skills_of(lease) else {}


def _has(agent: c.Agent, wanted: Mapping[str, int]) -> bool:
    return all(agent.skills.get(skill, 0) >= level for skill, level in wanted.items())


def _together(*wanted: Mapping[str, int]) -> dict[str, int]:
    """Of a skill that is wanted twice, the higher level."""
    result: dict[str, int] = {}
    for part in wanted:
        for skill, level in part.items():
            result[skill] = max(level, result.get(skill, 0))
    return result


def _lease(directory: Directory, lease: c.Lease) -> model.Lease:
    starts, ends = directory.term(lease.id)
    return model.Lease(lease.id, lease.client, lease.lines, lease.people, starts, ends)


def _queues(document: c.Document) -> Iterator[model.QueueRule]:
    """The bounds of each view for each lease. What a contact gets instead travels with it: it may differ by hour."""
    bounded = [(view.id, view.overflow) for view in document.views if view.overflow is not None]
    for lease in sorted(document.leases, key=lambda x: x.id):
        for view, overflow in sorted(bounded, key=lambda each: each[0]):
            if overflow.max_length or overflow.max_wait_s:
                yield model.QueueRule(lease.id, view, overflow.max_length, overflow.max_wait_s * SECOND)


def _plan(plan: c.RingPlan) -> model.RingPlan:
    return model.RingPlan(
        id=plan.id,
        cycle=plan.cycle_ms * _MS,
        steps=tuple(model.RingStep(step.after_ms * _MS, step.ring) for step in steps_of(plan)),
        offer_life=plan.offer_life_ms * _MS,
        parallel_max=plan.parallel_max,
    )


def _agent(agent: c.Agent) -> model.Agent:
    return model.Agent(
        id=agent.id,
        number=agent.number,
        lease=agent.lease,
        skills=sorted_needs(agent.skills),
        capacity=agent.capacity,
        media=tuple(model.Medium(medium) for medium in agent.media),
    )


def _media(rules: c.MediumRules) -> model.MediumRules:
    platinum, gold, iron, lead = (rules.max_wait_s[tier] * SECOND for tier in TIERS)
    return model.MediumRules(
        medium=model.Medium(rules.medium),
        units=rules.units,
        wrap_up=rules.wrap_up_s * SECOND,
        urgent_before=rules.urgent_before_s * SECOND,
        max_wait=(platinum, gold, iron, lead),
        transfer_wait=rules.transfer_wait_s * SECOND,
        late_is_urgent=rules.late_is_urgent,
    )
