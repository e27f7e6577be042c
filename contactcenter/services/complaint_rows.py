"""A complaint's row from and to its two lifecycles: the six steps and the ladder (domain.complaint, domain.escalation).

Both are kept whole in the row's body; the columns repeat what queries and timers need.
"""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain import complaint as steps
from contactcenter.domain.complaint import Complaint
from contactcenter.domain.escalation import Escalation, next_due
from contactcenter.domain.facts import Fact
from contactcenter.errors import Conflict, Forbidden
from contactcenter.services.changes import Changes, ComplaintWrite, TimerSet
from contactcenter.services.views import ComplaintView


class Matter(Struct, frozen=True, kw_only=True):
    """A complaint as services work on it. `version` None while it is being raised; `number` is the case's."""

    case: str
    number: str
    provider: str
    client: str
    contact: str
    complaint: Complaint
    escalation: Escalation
    version: int | None = None
    notes: dict[str, Any] = {}


def matter_of(row: ComplaintView) -> Matter:
    """Raises Conflict (`complaint_unreadable`) for a body that another version of the service wrote."""
    try:
        complaint = msgspec.convert(row.body["complaint"], Complaint)
        escalation = msgspec.convert(row.body["escalation"], Escalation)
    except (KeyError, msgspec.ValidationError) as broken:
        raise Conflict("this complaint cannot be read", code="complaint_unreadable") from broken
    return Matter(
        case=row.case,
        number=str(row.body.get("number", row.case)),
        provider=row.provider,
        client=row.client,
        contact=row.contact,
        complaint=complaint,
        escalation=escalation,
        version=row.version,
        notes=dict(row.body.get("notes", {})),
    )


def write_of(matter: Matter) -> ComplaintWrite:
    escalation = matter.escalation
    body = {
        "number": matter.number,
        "complaint": msgspec.to_builtins(matter.complaint),
        "escalation": msgspec.to_builtins(escalation),
        "notes": matter.notes,
    }
    return ComplaintWrite(
        case=matter.case,
        provider=matter.provider,
        client=matter.client,
        level=escalation.level,
        step=str(matter.complaint.step),
        expected=matter.version,
        contact=matter.contact,
        accused=matter.complaint.accused,
        accepted_by=escalation.accepted_by,
        accept_due=escalation.accept_due,
        decide_due=escalation.decide_due,
        # A complaint that ended is no longer open at any level, decided or not.
        decided_at=escalation.decided.at if escalation.decided else (matter.complaint.ended_at or None),
        body=body,
    )


def timer_ids(case: str, level: int) -> list[str]:
    return [f"complaint.accept:{case}:{level}", f"complaint.decide:{case}:{level}"]


def clock(matter: Matter) -> list[TimerSet]:
    """The one clock that runs now at its level; none when the level has decided or the complaint has ended."""
    escalation = matter.escalation
    due = None if matter.complaint.ended_at else next_due(escalation)
    if due is None:
        return []
    accept, decide = timer_ids(matter.case, escalation.level)
    timer = decide if escalation.accepted_by else accept
    return [
        TimerSet(
            id=timer,
            kind=timer.partition(":")[0],
            provider=matter.provider,
            client=matter.client,
            subject=matter.case,
            due_at=due,
            owner=escalation.accepted_by,
        )
    ]


def rewrite(before: Matter, after: Matter, changes: Changes, *, fired: str = "") -> None:
    """Add the new row and move the clocks from the old place on the ladder to the new one."""
    changes.complaints.append(write_of(after))
    set_now = clock(after)
    kept = {timer.id for timer in set_now}
    old = timer_ids(before.case, before.escalation.level)
    changes.timers_cancelled.extend(timer for timer in old if timer not in kept and timer != fired)
    changes.timers.extend(timer for timer in set_now if timer.id != fired)


def fact(matter: Matter, kind: str, *, at: Micros, by: str, key: str, data: dict[str, Any] | None = None) -> Fact:
    """One fact of a complaint. `key` makes its id the same when the same thing is decided again."""
    return Fact(
        id=f"{matter.case}:{key}",
        at=at,
        kind=kind,
        provider=matter.provider,
        client=matter.client,
        contact=matter.contact,
        case=matter.case,
        agent=by,
        data={"number": matter.number, "level": matter.escalation.level, **(data or {})},
    )


def close_complaint(row: ComplaintView, changes: Changes, *, outcome: str, proof: str, by: str, now: Micros) -> None:
    """The end of the complaint behind a case. Conflict with the code of the gate that is not met (E06, E10, E16)."""
    before = matter_of(row)
    if not steps.may_own(before.complaint, by):
        raise Forbidden("nobody closes the complaint about himself", code="accused")
    if outcome == "resolved":
        ended = steps.resolve(steps.prove(before.complaint, proof), at=now, by=by)
    else:
        ended = steps.give_up(before.complaint, at=now)
    rewrite(before, msgspec.structs.replace(before, complaint=ended), changes)
