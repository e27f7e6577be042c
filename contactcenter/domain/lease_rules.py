"""Rules about leased seats: what is leased must exist, and a line comes with its person (I1, I2, M03)."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator

from contactcenter.domain.configuration import Document, Lease
from contactcenter.domain.problem import Problem


def lease_problems(document: Document) -> Iterator[Problem]:
    """Terms, pairs of line and person, and the provider's sums over leases that overlap in time."""
    yield from _terms(document)
    yield from _pairs(document)
    yield from _sums(document, "lines", document.provider.lines)
    yield from _sums(document, "people", document.provider.people)
    yield from _staff(document)


def _terms(document: Document) -> Iterator[Problem]:
    for index, lease in enumerate(document.leases):
        if lease.ends <= lease.starts:
            yield Problem(
                f"leases[{index}].ends", "term", f"the lease ends {lease.ends}, not after its start {lease.starts}"
            )


def _pairs(document: Document) -> Iterator[Problem]:
    for index, lease in enumerate(document.leases):
        if lease.lines != lease.people:
            yield Problem(
                f"leases[{index}].people",
                "line_without_person",
                f"{lease.lines} lines with {lease.people} people: a line is leased together with its person (連人帶線)",
            )


def _sums(document: Document, what: str, limit: int) -> Iterator[Problem]:
    """The sum only grows where a lease starts, so those days are enough. The first bad day is reported."""
    for day in sorted({lease.starts for lease in document.leases}):
        running = [(i, lease) for i, lease in enumerate(document.leases) if _runs(lease, day)]
        total = sum(_amount(lease, what) for _, lease in running)
        if total > limit:
            last = max((lease.starts, index) for index, lease in running)[1]
            yield Problem(f"leases[{last}].{what}", "overleased", _arithmetic(document, running, what, day))
            return


def _arithmetic(document: Document, running: list[tuple[int, Lease]], what: str, day: dt.date) -> str:
    terms = " + ".join(f"{_amount(lease, what)} ({lease.id})" for _, lease in running)
    total = sum(_amount(lease, what) for _, lease in running)
    limit = document.provider.lines if what == "lines" else document.provider.people
    return f"from {day}: {terms} = {total} leased {what}, but {document.provider.id} has {limit}"


def _staff(document: Document) -> Iterator[Problem]:
    for index, lease in enumerate(document.leases):
        agents = sum(agent.lease == lease.id for agent in document.agents)
        if agents > lease.people:
            yield Problem(
                f"leases[{index}].people", "too_many_agents", f"{agents} agents on a lease of {lease.people} people"
            )
        elif agents < lease.people:
            yield Problem(
                f"leases[{index}].people",
                "unstaffed",
                f"{agents} agents for {lease.people} leased people: the provider owes the rest",
                warning=True,
            )


def _runs(lease: Lease, day: dt.date) -> bool:
    return lease.starts <= day < lease.ends


def _amount(lease: Lease, what: str) -> int:
    return lease.lines if what == "lines" else lease.people
