"""Cases and complaints: reading, and the three acts of a level of the ladder."""

from __future__ import annotations

import hashlib
from typing import Any

import msgspec

from contactcenter.api import rendering
from contactcenter.api import shapes as s
from contactcenter.api.route import Call
from contactcenter.api.services import Services
from contactcenter.errors import NotFound
from contactcenter.services.commands import Stamp
from contactcenter.services.privacy import may_see_case
from contactcenter.services.seats import Actor, Seat, actor_of


async def cases(services: Services, call: Call[s.CasesQuery, None]) -> s.CasePage:
    asked = call.query
    found = await services.reads.cases(
        call.scope, limit=asked.limit, customer=asked.customer, state=asked.state, before=asked.before
    )
    return s.CasePage(
        cases=tuple(rendering.case(view, full=may_see_case(call.who, view.owner)) for view in found),
        next=found[-1].id if len(found) == asked.limit else "",
    )


async def case(services: Services, call: Call[None, None]) -> s.CaseStory:
    view = await services.reads.case(call.scope, call.part("id"))
    if view is None:
        raise NotFound(code="unknown_case")
    full = may_see_case(call.who, view.owner)
    complaint = await services.reads.complaint(call.scope, view.id)
    facts = await services.reads.facts_of_case(call.scope, view.id)
    return s.CaseStory(
        case=rendering.case(view, full=full),
        complaint=None if complaint is None else rendering.complaint(complaint, full=full),
        body=rendering.shown(view.body, full=full),
        facts=tuple(rendering.fact(fact, full=full) for fact in facts),
        language=call.language,
    )


async def complaints(services: Services, call: Call[s.ComplaintsQuery, None]) -> s.ComplaintList:
    found = await services.reads.complaints(call.scope, level=call.query.level, open_only=call.query.open_only)
    return s.ComplaintList(
        complaints=tuple(rendering.complaint(view, full=may_see_case(call.who, view.accepted_by)) for view in found)
    )


async def accept(services: Services, call: Call[None, None]) -> s.Complaint:
    actor = _actor(services, call)
    await services.complaints.accept(actor, case=call.part("case"))
    return await _now(services, call, actor)


async def decide(services: Services, call: Call[None, s.DecideComplaint]) -> s.Complaint:
    """The money limit of the level is the service's to check, and so is who may decide."""
    actor, told = _actor(services, call), call.body
    await services.complaints.decide(
        actor,
        case=call.part("case"),
        decision=told.decision,
        remedy=told.remedy,
        amount_fen=told.amount_fen,
        verdict=told.verdict,
        alternatives=told.alternatives,
    )
    return await _now(services, call, actor)


async def escalate(services: Services, call: Call[None, s.EscalateComplaint]) -> s.Complaint:
    """One level up. The same Idempotency-Key again climbs no second step."""
    actor = _actor(services, call)
    seat = Seat(
        provider=actor.provider,
        client=actor.client,
        agent=actor.id,
        number="",
        supervisor=actor.kind == "supervisor",
    )
    stamp = _stamp(services, call, actor)
    await services.complaints.escalate(
        seat, case=call.part("case"), reason=call.body.reason, note=call.body.note, stamp=stamp
    )
    return await _now(services, call, actor)


def _actor(services: Services, call: Call[Any, Any]) -> Actor:
    return actor_of(call.who, services.directory_of(call.who.provider))


def _stamp(services: Services, call: Call[Any, Any], actor: Actor) -> Stamp:
    key = call.request.headers.get("Idempotency-Key", "")[:128] or services.ids.new("cm")
    content = call.part("case").encode() + b"\0" + msgspec.json.encode(call.body)
    return Stamp(f"api:{actor.provider}:{actor.id}", key, hashlib.sha256(content).digest())


async def _now(services: Services, call: Call[Any, Any], actor: Actor) -> s.Complaint:
    """The complaint as it stands after the act."""
    view = await services.reads.complaint(actor.scope, call.part("case"))
    if view is None:
        raise NotFound(code="unknown_complaint")
    return rendering.complaint(view, full=True)
