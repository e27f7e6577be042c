"""Views as the API shows them: instants as text, tiers by name, identities masked for whom they are not needed."""

from __future__ import annotations

from typing import Any

from contactcenter.api import shapes as s
from contactcenter.clock import Micros, rfc3339
from contactcenter.domain.customer import tier_name
from contactcenter.domain.facts import Fact
from contactcenter.services.privacy import mask_deep, mask_text, mask_value
from contactcenter.services.views import CallbackView, CaseView, ComplaintView, ContactView, CustomerView

_KIND_OF_ADDRESS = {"voice": "phone", "callback": "phone", "mail": "mail", "chat": "chat"}


def instant(at: Micros | None) -> str:
    """'' for not yet."""
    return "" if at is None else rfc3339(at)


def contact(view: ContactView, *, full: bool) -> s.Contact:
    kind = _KIND_OF_ADDRESS.get(view.medium, "chat")
    return s.Contact(
        id=view.id,
        provider=view.provider,
        client=view.client,
        lease=view.lease,
        customer=view.customer,
        medium=view.medium,
        view=view.view,
        door=view.door,
        address=view.address if full else mask_value(kind, view.address) if view.address else "",
        language=view.language,
        subject=view.subject if full else mask_text(view.subject),
        tier=tier_name(view.tier),
        complaint=view.complaint,
        origin=view.origin,
        conversation=view.conversation,
        case=view.case,
        state=view.state,
        owner=view.owner,
        outcome=view.outcome,
        released_by=view.released_by,
        opened_at=instant(view.opened_at),
        enqueued_at=instant(view.enqueued_at),
        deadline=instant(view.deadline),
        answered_at=instant(view.answered_at),
        ended_at=instant(view.ended_at),
        version=view.version,
        masked=not full,
    )


def callback(view: CallbackView, *, full: bool) -> s.CallbackOut:
    return s.CallbackOut(
        id=view.id,
        client=view.client,
        contact=view.contact,
        number=view.number if full else mask_value("phone", view.number),
        line=view.line,
        requested_at=instant(view.requested_at),
        window_from=instant(view.window_from),
        window_until=instant(view.window_until),
        state=view.state,
        attempts=tuple(
            s.CallbackAttemptOut(
                contact=str(each["contact"]),
                attempt=int(each["attempt"]),
                result=str(each["result"]),
                at=instant(int(each["at"])),
                by=str(each["by"]),
                was=str(each.get("was", "")),
                lost=bool(each.get("lost")),
            )
            for each in view.attempts
        ),
        outcome=view.outcome,
        ended_at=instant(view.ended_at),
        ended_by=view.ended_by,
    )


def ivr(view: ContactView, facts: list[Fact], *, full: bool) -> s.IvrOut | None:
    """What our flow kept with the contact; of a platform with an IVR of its own what it posted. None: no flow."""
    found = view.context.get("ivr")
    kept = found if isinstance(found, dict) else {}
    told = (fact.data for fact in facts if fact.kind == "call.progress")
    steps = ((str(data.get("what", "")), data.get("value", "")) for data in told)
    posted = [f"{what}={value}" for what, value in steps if what.startswith("ivr.")]
    if not (kept or posted):
        return None
    member = str(view.context.get("member", kept.get("member", "")))
    return s.IvrOut(
        path=tuple(kept.get("path", ())) or tuple(posted),
        exit=str(kept.get("exit", "")),
        language=str(kept.get("language", view.language)),
        member=member if full or not member else mask_value("member", member),
        product=str(kept.get("product", view.context.get("product", ""))),
        complaint=bool(kept.get("complaint", view.complaint)),
    )


def fact(told: Fact, *, full: bool) -> s.FactOut:
    return s.FactOut(
        id=told.id,
        at=instant(told.at),
        kind=told.kind,
        contact=told.contact,
        case=told.case,
        customer=told.customer,
        agent=told.agent,
        seq=told.seq,
        v=told.v,
        data=shown(told.data, full=full),
    )


def shown(data: dict[str, Any], *, full: bool) -> dict[str, Any]:
    masked: dict[str, Any] = data if full else mask_deep(data)
    return masked


def customer(view: CustomerView, *, full: bool) -> s.Customer:
    return s.Customer(
        id=view.id,
        client=view.client,
        name=view.name,
        tier=tier_name(view.tier),
        language=view.language,
        account_owner=view.account_owner,
        since=instant(view.since),
        identities=tuple(
            s.IdentityOut(kind=kind, value=value if full else mask_value(kind, value))
            for kind, value in view.identities
        ),
        masked=not full,
    )


def records(view: CustomerView, kind: str, *, full: bool) -> tuple[s.CustomerRecordOut, ...]:
    """One of the four histories, in the order of the view (newest first)."""
    return tuple(
        s.CustomerRecordOut(
            kind=kind,
            at=_at(record.get("at", "")),
            summary=str(record.get("summary", "")) if full else mask_text(str(record.get("summary", ""))),
            amount_fen=record.get("amount_fen"),
        )
        for record in view.records
        if record.get("kind") == kind
    )


def case(view: CaseView, *, full: bool) -> s.Case:
    return s.Case(
        id=view.id,
        number=view.number,
        client=view.client,
        customer=view.customer,
        kind=view.kind,
        state=view.state,
        owner=view.owner,
        subject=view.subject if full else mask_text(view.subject),
        opened_at=instant(view.opened_at),
        due_at=instant(view.due_at),
        due_text=view.due_text,
        provisional=view.provisional,
        breached_at=instant(view.breached_at),
        closed_at=instant(view.closed_at),
        version=view.version,
    )


def complaint(view: ComplaintView, *, full: bool) -> s.Complaint:
    return s.Complaint(
        case=view.case,
        client=view.client,
        contact=view.contact,
        accused=view.accused,
        level=view.level,
        step=view.step,
        accepted_by=view.accepted_by,
        accept_due=instant(view.accept_due),
        decide_due=instant(view.decide_due),
        decided_at=instant(view.decided_at),
        version=view.version,
        body=shown(view.body, full=full),
    )


def _at(at: object) -> str:
    return instant(at) if isinstance(at, int) else str(at)
