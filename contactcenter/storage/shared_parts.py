"""The parts that a router's batch and a service's changes have in common: facts, timers and what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Outgoing, TimerSet
from contactcenter.storage.queries import Part
from contactcenter.storage.rows import text


def outbox(rows: Sequence[Outgoing]) -> Part:
    return Part("queue_outbox", [text(rows)])


def timers(rows: Sequence[TimerSet]) -> Part:
    """No id twice in `rows`."""
    return Part("set_timers", [text(rows)], len(rows))


def facts(rows: Sequence[Fact]) -> Part:
    return Part("write_facts", [text(rows)])
