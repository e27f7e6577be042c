"""The screen-pop: everything an agent needs before the first word, so that nobody asks twice (B17, C16).

A card costs one query, shared by all cards that are asked for at the same time (storage/sql/screens.sql).
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from contactcenter.client.protocol import Card
from contactcenter.clock import SECOND, rfc3339
from contactcenter.domain.cards import mask_id, mask_mail, mask_phone
from contactcenter.domain.customer import tier_label, tier_name
from contactcenter.domain.directory import Directory
from contactcenter.domain.texts import Renderer
from contactcenter.errors import Invalid, NotFound
from contactcenter.services.callback_rows import WISHED
from contactcenter.services.case_rows import local_time
from contactcenter.services.office import Office
from contactcenter.services.seats import public_number
from contactcenter.services.views import ContactView, CustomerView, OpenCase, PastContact, Scope, ScreenView
from contactcenter.services.wording import in_language
from routing.effects import Because

MASKS: Final = {"phone": mask_phone, "mail": mask_mail, "chat": mask_id}
"""A member number stays readable: it is what the agent asks for."""
INSTANTS = {"window_from", "window_until"}
"""Of a callback's context: stored as microseconds, shown as the client's clock reads."""


class ScreenPop:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def card(
        self, scope: Scope, contact_id: str, *, agent: str, language: str, because: Because | None = None
    ) -> Card:
        """The card of a contact for one agent, `language` being that of his desk. Raises NotFound outside his scope.

        `because` spares a query when the offer is at hand; without it the newest offer's fact tells why.
        """
        found = await self._office.reads.screen(scope, contact_id)
        if found is None:
            raise NotFound("there is no such contact here")
        if because is None and agent:
            because = await self._because(scope, contact_id, agent)
        return self._card(found, agent, language, because)

    async def _because(self, scope: Scope, contact: str, agent: str) -> Because | None:
        facts = await self._office.reads.facts_of_contact(scope, contact)
        made = [fact for fact in facts if fact.kind == "offer.made" and fact.agent == agent]
        return msgspec.convert(made[-1].data["because"], Because) if made and "because" in made[-1].data else None

    # --- what is shown -------------------------------------------------------------------------------------

    def _card(self, found: ScreenView, agent: str, language: str, why: Because | None) -> Card:
        contact, customer = found.contact, found.customer
        directory = self._office.directory(contact.provider)
        client = directory.client(contact.client)
        spoken = contact.language or (customer.language if customer else "") or client.default_language
        return Card(
            contact=contact.id,
            medium=contact.medium,
            client=contact.client,
            client_name=in_language(client.name, spoken),
            greeting=self._greeting(directory, contact.client, spoken, public_number(directory, agent)),
            view=contact.view,
            language=spoken,
            subject=contact.subject,
            state=contact.state,
            complaint=contact.complaint,
            customer=contact.customer,
            customer_name=customer.name if customer else "",
            tier=tier_name(contact.tier),
            tier_label=tier_label(contact.tier, language, client.tier_labels),
            customer_since=rfc3339(customer.since)[:10] if customer else "",
            address=_masked_address(contact.address),
            enqueued_at=rfc3339(contact.enqueued_at),
            deadline=rfc3339(contact.deadline),
            origin=contact.origin,
            conversation=contact.conversation,
            context=_context(directory, contact, customer),
            history=tuple(_past(directory, each) for each in found.history),
            cases=tuple(_case(case) for case in found.cases),
            records=tuple(_record(record) for record in customer.records) if customer else (),
            why=self._why(why, language),
        )

    def _greeting(self, directory: Directory, client_id: str, language: str, number: str) -> str:
        """The client's name and the agent's public number, in the customer's language (H06, I5)."""
        client = directory.client(client_id)
        renderer: Renderer = self._office.wording.of(directory, client_id)
        named = {"client": in_language(client.name, language), "number": number}
        try:
            return renderer.say(client.greeting, language, **named)
        except Invalid:
            return renderer.render("greeting", language, **named)

    def _why(self, because: Because | None, language: str) -> str:
        if because is None:
            return ""
        numbers = {"able": because.able, "level": because.level, "idle": because.idle // SECOND}
        rule = self._office.wording.desk(f"why.{because.rule}", language, because.rule, **numbers)
        waited = self._office.wording.desk("why.waited", language, waited=because.waited // SECOND, ahead=because.ahead)
        return "; ".join(part for part in (rule, waited) if part)


def _masked_address(address: str) -> str:
    if "@" in address:
        return mask_mail(address)
    return mask_phone(address) if any(letter.isdigit() for letter in address) else address


def _context(directory: Directory, contact: ContactView, customer: CustomerView | None) -> dict[str, Any]:
    """What the IVR and earlier steps learnt, with the customer's identities masked wherever they stand (C18)."""
    identities = customer.identities if customer else ()
    secrets = {value: MASKS[kind](value) for kind, value in identities if kind in MASKS}
    if contact.address:
        secrets[contact.address] = _masked_address(contact.address)
    shown = {str(key): _hidden(value, secrets) for key, value in contact.context.items()}
    for ours in ("callback", WISHED):
        shown.pop(ours, None)
    if isinstance(met := shown.get("ivr"), dict):
        shown["ivr"] = ", ".join(map(str, met.get("path", ())))
    for name in INSTANTS & shown.keys():
        shown[name] = local_time(directory, contact.client, int(shown[name]))
    if identities:
        shown["identities"] = [{"kind": kind, "value": secrets.get(value, value)} for kind, value in identities]
    return shown


def _hidden(value: Any, secrets: dict[str, str]) -> Any:
    if isinstance(value, str):
        for secret, masked in secrets.items():
            value = value.replace(secret, masked)
        return value
    if isinstance(value, dict):
        return {key: _hidden(each, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_hidden(each, secrets) for each in value]
    return value


def _past(directory: Directory, contact: PastContact) -> dict[str, Any]:
    return {
        "contact": contact.id,
        "medium": contact.medium,
        "opened_at": rfc3339(contact.opened_at),
        "outcome": contact.outcome or contact.state,
        "agent_number": public_number(directory, contact.owner),
        "subject": contact.subject,
    }


def _case(case: OpenCase) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "id": case.id,
        "number": case.number,
        "kind": case.kind,
        "state": case.state,
        "due_at": rfc3339(case.due_at),
        "subject": case.subject,
    }
    return shown if case.level is None else {**shown, "level": case.level}


def _record(record: dict[str, Any]) -> dict[str, Any]:
    """An instant that the store gives as microseconds becomes text; money stays integer fen."""
    at = record.get("at")
    return {**record, "at": rfc3339(at)} if isinstance(at, int) else record
