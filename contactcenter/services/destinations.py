"""Whom a contact may be handed to, or who may be asked about it: a colleague by his number, or a view's people."""

from __future__ import annotations

from contactcenter.domain.configuration import View
from contactcenter.domain.directory import Directory
from contactcenter.domain.routing_config import needs
from contactcenter.errors import Forbidden, Invalid, NotFound
from contactcenter.services.office import Office
from contactcenter.services.seats import Seat
from contactcenter.services.views import ContactView
from routing.model import Needs


async def colleague(office: Office, seat: Seat, contact: ContactView, number: str) -> str:
    """A colleague of the same client, not oneself, and never the accused (E42)."""
    directory = office.directory(seat.provider)
    agent = directory.agent_by_number(number)
    if agent is None or directory.lease(agent.lease).client != seat.client or agent.id == seat.agent:
        raise Invalid("no colleague of this client has this number", code="unknown_agent", field="agent")
    await not_the_accused(office, seat, contact, agent.id)
    return agent.id


async def not_the_accused(office: Office, seat: Seat, contact: ContactView, agent: str) -> None:
    """Nobody handles the complaint about himself. Forbidden `accused`."""
    if agent == await accused_of(office, seat, contact):
        raise Forbidden("nobody handles the complaint about himself", code="accused", field="agent")


async def accused_of(office: Office, seat: Seat, contact: ContactView) -> str:
    """Whom the contact's complaint is about; '' when it is about nobody."""
    complaint = await office.reads.complaint(seat.scope, contact.case) if contact.case else None
    return complaint.accused if complaint is not None else ""


def view_for(directory: Directory, contact: ContactView, name: str) -> tuple[View, Needs]:
    """The view, and what it asks of an agent for this contact. Invalid `unknown_view` or `wrong_medium`."""
    try:
        view = directory.view(name)
    except NotFound as missing:
        raise Invalid(str(missing), code="unknown_view", field="view") from None
    if view.medium != contact.medium:
        raise Invalid(f"view {view.id} takes {view.medium}", code="wrong_medium", field="view")
    product = str(contact.context.get("product", ""))
    return view, needs(directory, view, lease=contact.lease, language=contact.language, product=product)
