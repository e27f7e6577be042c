"""The parts that a router's batch and a service's changes have in common: facts, timers and what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Outgoing, TimerSet
from contactcenter.storage.arrays import columns
from contactcenter.storage.queries import Part


def outbox(rows: Sequence[Outgoing]) -> Part:
    return Part("queue_outbox", columns("queue_outbox", rows, documents={"payload"}))


def timers(rows: Sequence[TimerSet]) -> Part:
    """No id twice in `rows`."""
    return Part("set_timers", columns("set_timers", rows), len(rows))


def facts(rows: Sequence[Fact]) -> Part:
    return Part("write_facts", columns("write_facts", rows, documents={"data"}))
