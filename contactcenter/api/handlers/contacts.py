"""Contacts: the list, one with its facts and why, and a supervisor's two orders."""

from __future__ import annotations

from typing import Any
from zoneinfo import ZoneInfo

from contactcenter.api import rendering
from contactcenter.api import shapes as s
from contactcenter.api.route import Call
from contactcenter.api.services import Services
from contactcenter.errors import NotFound
from contactcenter.services.callback_rows import promise_id
from contactcenter.services.explanation import Explanation
from contactcenter.services.privacy import mask_text, may_see_contact
from contactcenter.services.seats import public_number
from contactcenter.services.views import ContactView


async def contacts(services: Services, call: Call[s.ContactsQuery, None]) -> s.ContactPage:
    asked = call.query
    found = await services.reads.contacts(
        call.scope, limit=asked.limit, before=asked.before, customer=asked.customer, state=asked.state
    )
    return s.ContactPage(
        contacts=tuple(rendering.contact(view, full=may_see_contact(call.who, view)) for view in found),
        next=found[-1].id if len(found) == asked.limit else "",
    )


async def contact(services: Services, call: Call[None, None]) -> s.ContactStory:
    view = await found_contact(services, call)
    facts = await services.reads.facts_of_contact(call.scope, view.id)
    full = may_see_contact(call.who, view)
    why = explanation(services, view.provider, call.language).why(facts)
    return s.ContactStory(
        contact=rendering.contact(view, full=full),
        context=rendering.shown(view.context, full=full),
        facts=tuple(rendering.fact(fact, full=full) for fact in facts),
        why=why if full else tuple(mask_text(line) for line in why),
        language=call.language,
        ivr=rendering.ivr(view, facts, full=full),
        callback=await _callback(services, call, view, full=full),
    )


async def _callback(
    services: Services, call: Call[Any, None], view: ContactView, *, full: bool
) -> s.CallbackOut | None:
    if view.medium != "callback":
        return None
    found = await services.reads.callback(call.scope, promise_id(view))
    return None if found is None else rendering.callback(found, full=full)


async def assign(services: Services, call: Call[None, s.AssignContact]) -> s.Accepted:
    """Capacity still holds: the router may refuse, and says so in a fact."""
    command = await services.supervision.assign(
        call.scope, call.part("id"), agent=call.body.agent, by=call.who.subject, reason=call.body.reason
    )
    return s.Accepted(command=command)


async def close(services: Services, call: Call[None, s.CloseContact]) -> s.Accepted:
    command = await services.supervision.close(
        call.scope, call.part("id"), by=call.who.subject, reason=call.body.reason
    )
    return s.Accepted(command=command)


async def found_contact(services: Services, call: Call[Any, None]) -> ContactView:
    """Raises NotFound, the same for what is not there and what is another's."""
    view = await services.reads.contact(call.scope, call.part("id"))
    if view is None:
        raise NotFound(code="unknown_contact")
    return view


def explanation(services: Services, provider: str, language: str) -> Explanation:
    directory = services.directory_of(provider)
    return Explanation(
        services.texts,
        language,
        ZoneInfo(directory.document.provider.time_zone),
        lambda agent: public_number(directory, agent),
    )
