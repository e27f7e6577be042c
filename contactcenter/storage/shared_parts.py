"""The parts that a router's batch and a service's changes have in common: facts and what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Outgoing
from contactcenter.storage.queries import Part
from contactcenter.storage.rows import text


def outbox(rows: Sequence[Outgoing]) -> Part:
    return Part("queue_outbox", [text(rows)])


def facts(rows: Sequence[Fact]) -> Part:
    return Part("write_facts", [text(rows)])
