"""What the rows say about the service's health. One check is one statement `sql/doctor_<name>.sql`.

It returns `count`, how many rows are not as they should be, and `example`, one of them. To add a check: the statement,
a line in CHECKS, and its texts `ops.doctor.<name>` in the catalogue. `$1`, where used, is an age in seconds.
"""

from __future__ import annotations

from functools import partial

from msgspec import Struct

from contactcenter.services.examination import Check, Finding, State
from contactcenter.storage.pool import Database
from contactcenter.storage.queries import sql

DAY_S = 86_400.0


class RowCheck(Struct, frozen=True):
    """`state` when there are such rows; `older_s` instead of what the command asks for."""

    name: str
    state: State = "bad"
    older_s: float | None = None


CHECKS: tuple[RowCheck, ...] = (
    RowCheck("ownerless_domains"),
    RowCheck("undecided_events"),
    RowCheck("set_aside_events", "warning"),
    RowCheck("offers_past_expiry"),
    RowCheck("orphaned_offers"),
    RowCheck("ownerless_contacts"),
    RowCheck("stray_assignments"),
    RowCheck("desk_capacity"),
    RowCheck("conservation"),
    RowCheck("timers_overdue"),
    RowCheck("outbox_overdue"),
    RowCheck("outbox_dead", "warning"),
    RowCheck("webhooks_behind"),
    RowCheck("webhooks_stopped", "warning"),
    RowCheck("quarantine", "warning"),
    RowCheck("missing_months"),
    RowCheck("default_partition", "warning"),
    RowCheck("node_clocks"),
)


def row_checks(database: Database, *, older_s: float, receipts_days: int) -> list[Check]:
    """`older_s`: what may take a moment is wrong only after so long. Receipts are judged by how long they are kept."""
    all_checks = list(CHECKS)
    if receipts_days:
        all_checks.append(RowCheck("retention", "warning", (receipts_days + 3) * DAY_S))
    return [Check(each.name, partial(_look, database, each, older_s)) for each in all_checks]


async def _look(database: Database, check: RowCheck, older_s: float) -> Finding:
    name = f"doctor_{check.name}"
    args = [older_s if check.older_s is None else check.older_s] if "$1" in sql(name) else []
    row = await database.row(name, *args)
    assert row is not None
    if not row["count"]:
        return Finding(check=check.name, state="ok")
    return Finding(check=check.name, state=check.state, values={"count": row["count"], "example": row["example"] or ""})
