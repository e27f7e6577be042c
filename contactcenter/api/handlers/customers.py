"""Customers by any identity, with their history across channels. Every look leaves a fact (C18)."""

from __future__ import annotations

from typing import Any

from contactcenter.api import rendering
from contactcenter.api import shapes as s
from contactcenter.api.route import Call
from contactcenter.api.services import Services
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import IdentityKind, identity
from contactcenter.errors import NotFound
from contactcenter.services.changes import Changes
from contactcenter.services.privacy import may_see_contact, may_see_customer
from contactcenter.services.views import ContactView, CustomerView

SHOWN = 50
KINDS: dict[str, IdentityKind] = {"phone": "phone", "mail": "mail", "chat": "chat", "member": "member"}


async def find_customer(services: Services, call: Call[s.CustomerQuery, None]) -> s.CustomerStory:
    """However the number was written: it is brought into its one spelling first."""
    asked = identity(KINDS[call.query.kind], call.query.value)
    return await _story(services, call, await services.reads.find_customer(call.scope, asked.kind, asked.value))


async def customer(services: Services, call: Call[None, None]) -> s.CustomerStory:
    return await _story(services, call, await services.reads.customer(call.scope, call.part("id")))


async def _story(services: Services, call: Call[Any, Any], view: CustomerView | None) -> s.CustomerStory:
    if view is None:
        raise NotFound(code="unknown_customer")
    found = await services.reads.contacts(call.scope, limit=SHOWN, customer=view.id)
    full = may_see_customer(call.who, found)
    await _leave_trace(services, call, view, full)
    return s.CustomerStory(
        customer=rendering.customer(view, full=full),
        consumption=rendering.records(view, "consumption", full=full),
        service=rendering.records(view, "service", full=full),
        payment=rendering.records(view, "payment", full=full),
        credit=rendering.records(view, "credit", full=full),
        contacts=_contacts(call, found, full),
        open_cases=await _open_cases(services, call, view, full),
    )


def _contacts(call: Call[Any, Any], found: list[ContactView], full: bool) -> tuple[s.Contact, ...]:
    return tuple(rendering.contact(view, full=full or may_see_contact(call.who, view)) for view in found)


async def _open_cases(services: Services, call: Call[Any, Any], view: CustomerView, full: bool) -> tuple[s.Case, ...]:
    """Answered is not resolved: both states are open to the customer."""
    cases = [
        case
        for state in ("open", "answered")
        for case in await services.reads.cases(call.scope, limit=SHOWN, customer=view.id, state=state)
    ]
    return tuple(rendering.case(case, full=full) for case in sorted(cases, key=lambda case: case.due_at))


async def _leave_trace(services: Services, call: Call[Any, Any], view: CustomerView, full: bool) -> None:
    """Before anything is shown: what cannot be traced is not shown."""
    trace = Fact(
        id=services.ids.new("ft"),
        at=services.clock.now(),
        kind="customer.viewed",
        provider=view.provider,
        client=view.client,
        customer=view.id,
        agent=call.who.subject if call.who.kind == "agent" else "",
        data={"by": call.who.subject, "as": call.who.kind, "masked": not full, "door": "api"},
    )
    await services.changes.apply(Changes(facts=[trace]))
