"""A case's row, facts and timers, as every use case writes them."""

from __future__ import annotations

from typing import Any

from contactcenter.clock import Micros, rfc3339, to_datetime
from contactcenter.domain.case import WARNINGS
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import CaseWrite
from contactcenter.services.views import CaseView


def told(case: CaseWrite) -> dict[str, Any]:
    """What the agent reads out to the customer."""
    return {"case": case.id, "number": case.number, "due_at": rfc3339(case.due_at), "due_text": case.due_text}


def rewritten(case: CaseView) -> CaseWrite:
    """The row as it is, to be replaced in part; compare-and-set on the version that was read."""
    return CaseWrite(
        id=case.id,
        number=case.number,
        provider=case.provider,
        client=case.client,
        kind=case.kind,
        opened_at=case.opened_at,
        due_at=case.due_at,
        expected=case.version,
        customer=case.customer,
        state=case.state,
        owner=case.owner,
        subject=case.subject,
        due_text=case.due_text,
        provisional=case.provisional,
        calendar_version=case.calendar_version,
        breached_at=case.breached_at,
        closed_at=case.closed_at,
        body=case.body,
    )


def case_fact(
    case: CaseView, kind: str, fact_id: str, at: Micros, *, agent: str = "", data: dict[str, Any] | None = None
) -> Fact:
    return Fact(
        id=fact_id,
        at=at,
        kind=kind,
        provider=case.provider,
        client=case.client,
        case=case.id,
        customer=case.customer,
        agent=agent,
        data={"number": case.number, **(data or {})},
    )


def case_timers(case: str) -> list[str]:
    """The ids of a case's own deadlines."""
    return [f"case.due:{case}", *(f"case.warning:{case}:{percent}" for percent in WARNINGS)]


def local_time(directory: Directory, client: str, at: Micros) -> str:
    """`2026-11-23 18:00` on the client's clock."""
    return f"{to_datetime(at).astimezone(directory.calendar_of(client).zone):%Y-%m-%d %H:%M}"
