"""The parts that a router's batch and a service's changes have in common: facts and what is sent."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Outgoing
from contactcenter.storage.queries import Part, columns
from contactcenter.storage.rows import text


def outbox(rows: Sequence[Outgoing]) -> Part:
    payloads = [text(row.payload) for row in rows]
    named = columns(rows, "id", "kind", "provider", "client", "contact")
    return Part("queue_outbox", [*named, payloads, *columns(rows, "created_at", "not_after", "next_at")])


def facts(rows: Sequence[Fact]) -> Part:
    named = columns(
        rows, "id", "at", "kind", "v", "provider", "client", "contact", "case", "customer", "agent", "seq"
    )  # fmt: skip
    return Part("write_facts", [*named, [text(row.data) for row in rows]])
