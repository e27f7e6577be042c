"""How a contact is opened: the customer behind it, what it needs, its deadline, its place. One way for all doors."""

from __future__ import annotations

from typing import Any

import msgspec
from msgspec import Struct
from msgspec.structs import replace

from contactcenter.clock import Ids, Micros
from contactcenter.domain import priority
from contactcenter.domain.configuration import View
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import Identity
from contactcenter.domain.routing_config import needs, relaxation
from contactcenter.services.changes import Changes, NewContact, NewCustomer, NewEvent, NewIdentity
from contactcenter.services.directories import Door
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ArrivalView, CallerView, ContactView, CustomerView, Scope
from routing.events import Arrived
from routing.model import Contact, Medium, RelaxStep, Tier

TAKEN_BY_THE_HOUR = (Medium.VOICE, Medium.CHAT)
"""Calls and chats need somebody at once; mails and callbacks queue at any hour (B18, D21)."""


class Wish(Struct, frozen=True, kw_only=True):
    """What a door knows about a contact that is to be opened. Instants are microseconds."""

    door: Door
    medium: Medium
    door_name: str
    external_id: str
    handle: str
    identities: tuple[Identity, ...]
    now: Micros
    address: str = ""
    name: str = ""
    language: str = ""
    product: str = ""
    subject: str = ""
    complaint: bool = False
    enqueued_at: Micros = 0
    clock_from: Micros = 0
    deadline: Micros = 0
    origin: str = ""
    conversation: str = ""
    case: str = ""
    treatment: str = "voicemail"
    context: dict[str, Any] = {}
    view: str = ""
    customer: str = ""
    not_before: Micros = 0
    """Of a callback: when its promised window begins."""


class Opened(Struct, frozen=True):
    contact: Contact
    customer: str
    language: str
    tier: int


class Opening:
    """Adds the rows, the fact and the routing event of a new contact to a use case's changes."""

    def __init__(self, reads: DoorReads, ids: Ids) -> None:
        self._reads = reads
        self._ids = ids

    async def open(
        self,
        wish: Wish,
        changes: Changes,
        *,
        reply_to: str = "",
        contact_id: str = "",
        seen: ArrivalView | None = None,
    ) -> Opened:
        """The contact as routing will see it. The caller applies the changes. `seen` has who calls, if he is known."""
        caller = await self._caller(wish, changes, seen)
        customer = caller.customer
        language = wish.language or customer.language
        contact = self._contact(wish, caller, language, contact_id or self._ids.new("ct"))
        changes.contacts.append(_row(wish, contact, customer.id, language))
        changes.facts.append(_opened(wish, contact, customer.id, language, self._ids.new("ft")))
        changes.events.append(
            NewEvent(
                domain=wish.door.provider,
                event=Arrived(contact),
                received_at=wish.now,
                dedupe=f"arrived:{contact.id}",
                reply_to=reply_to,
            )
        )
        return Opened(contact, customer.id, language, int(contact.tier))

    # --- the customer --------------------------------------------------------------------------------------

    async def _caller(self, wish: Wish, changes: Changes, seen: ArrivalView | None) -> CallerView:
        """Known by any identity (C01); new identities of a known customer are added, a stranger is created."""
        if wish.identities:
            found = seen.caller if seen else await self._reads.caller(wish.door.client, pairs_of(wish.identities))
            if found is not None:
                self._learn(found.customer, wish, changes)
                return found
        if wish.customer:
            scope = Scope(wish.door.provider, wish.door.client)
            same = await self._reads.customer(scope, wish.customer)
            if same is not None:
                before = await self._reads.contacts(scope, limit=1, customer=same.id)
                return CallerView(same, before[0].owner if before else "")
        return CallerView(self._stranger(wish, changes))

    def _learn(self, known: CustomerView, wish: Wish, changes: Changes) -> None:
        fresh = [x for x in wish.identities if (x.kind, x.value) not in known.identities]
        changes.identities.extend(
            NewIdentity(known.id, known.provider, known.client, identity.kind, identity.value) for identity in fresh
        )

    def _stranger(self, wish: Wish, changes: Changes) -> CustomerView:
        customer = NewCustomer(
            id=self._ids.new("cu"),
            provider=wish.door.provider,
            client=wish.door.client,
            since=wish.now,
            name=wish.name,
            tier=int(Tier.IRON),
            language=wish.language,
            identities=pairs_of(wish.identities),
        )
        changes.customers.append(customer)
        changes.facts.append(
            Fact(
                id=self._ids.new("ft"),
                at=wish.now,
                kind="customer.created",
                provider=customer.provider,
                client=customer.client,
                customer=customer.id,
                data={"kinds": [identity.kind for identity in wish.identities]},
            )
        )
        return CustomerView(
            id=customer.id,
            provider=customer.provider,
            client=customer.client,
            name=customer.name,
            tier=customer.tier,
            language=customer.language,
            account_owner="",
            since=customer.since,
            version=0,
            identities=customer.identities,
        )

    # --- the contact ------------------------------------------------------------------------------------------

    def _contact(self, wish: Wish, caller: CallerView, language: str, contact_id: str) -> Contact:
        door, customer = wish.door, caller.customer
        view = door.directory.view(wish.view or door.view)
        tier = Tier(customer.tier)
        enqueued_at = wish.enqueued_at or wish.now
        preferred, until = self._preferred(wish, caller)
        closed_until = door.opens_at(wish.now) if wish.medium in TAKEN_BY_THE_HOUR else 0
        return Contact(
            id=contact_id,
            client=door.client,
            lease=door.lease,
            medium=wish.medium,
            tier=tier,
            enqueued_at=enqueued_at,
            clock_from=wish.clock_from or enqueued_at,
            deadline=wish.deadline or self._deadline(wish, tier, enqueued_at),
            plan=view.plan,
            view=view.id,
            complaint=wish.complaint,
            needs=needs(door.directory, view, lease=door.lease, language=language, product=wish.product),
            relax=_counted_from(
                wish.not_before - enqueued_at if wish.not_before > wish.now else 0,
                relaxation(door.directory, view, lease=door.lease, language=language, product=wish.product),
            ),
            preferred=preferred,
            preferred_until=until,
            origin=wish.origin,
            treatment=_treatment(wish, view, closed=closed_until > 0),
            opens_at=closed_until or (wish.not_before if wish.not_before > wish.now else 0),
            handle=wish.handle,
        )

    def _deadline(self, wish: Wish, tier: Tier, enqueued_at: Micros) -> Micros:
        directory = wish.door.directory
        rules = directory.media(wish.medium)
        match wish.medium:
            case Medium.VOICE:
                plan = directory.plan(directory.view(wish.view or wish.door.view).plan)
                alerting = bool(wish.clock_from)
                return priority.voice_deadline(
                    plan, rules, clock_from=wish.clock_from or enqueued_at, tier=tier, alerting=alerting
                )
            case Medium.MAIL:
                calendar = directory.calendar_of(wish.door.client)
                return priority.mail_deadline(rules, directory.document.cases, calendar, received=wish.now)
            case _:
                return priority.chat_deadline(rules, received=wish.now)

    def _preferred(self, wish: Wish, caller: CallerView) -> tuple[str, Micros]:
        """The named account owner, else who served this customer last; both for a bounded time (A16, B16)."""
        rules, since = wish.door.directory.media(wish.medium), max(wish.now, wish.not_before)
        if caller.customer.account_owner:
            return caller.customer.account_owner, since + priority.owner_wait(rules)
        last = caller.last_agent
        return (last, since + priority.preferred_wait(rules)) if last else ("", 0)


def _treatment(wish: Wish, view: View, *, closed: bool) -> str:
    """What it gets instead of an agent: settled when it comes, since it depends on the hour."""
    hours = wish.door.hours if closed else None
    stated = hours.answer if hours is not None else ""
    bounds = view.overflow.answer if view.overflow is not None else ""
    return stated or bounds or wish.treatment


def _counted_from(delay: Micros, steps: tuple[RelaxStep, ...]) -> tuple[RelaxStep, ...]:
    """Of a callback that is held nobody was sought yet: its needs relax from the beginning of its window on (A21)."""
    return tuple(replace(step, after=step.after + delay) for step in steps) if delay else steps


def pairs_of(identities: tuple[Identity, ...]) -> tuple[tuple[str, str], ...]:
    return tuple((identity.kind, identity.value) for identity in identities)


def _row(wish: Wish, contact: Contact, customer: str, language: str) -> NewContact:
    return NewContact(
        id=contact.id,
        domain=wish.door.provider,
        provider=wish.door.provider,
        client=contact.client,
        lease=contact.lease,
        medium=str(contact.medium),
        view=contact.view,
        door=wish.door_name,
        external_id=wish.external_id,
        tier=int(contact.tier),
        opened_at=wish.now,
        enqueued_at=contact.enqueued_at,
        deadline=contact.deadline,
        customer=customer,
        address=wish.address,
        language=language,
        subject=wish.subject,
        complaint=contact.complaint,
        origin=contact.origin,
        conversation=wish.conversation,
        case=wish.case,
        context=wish.context,
    )


def viewed(row: NewContact) -> ContactView:
    """A contact that is being opened, as it will read once it is stored."""
    return ContactView(
        id=row.id,
        domain=row.domain,
        provider=row.provider,
        client=row.client,
        lease=row.lease,
        customer=row.customer,
        medium=row.medium,
        view=row.view,
        door=row.door,
        address=row.address,
        language=row.language,
        subject=row.subject,
        tier=row.tier,
        complaint=row.complaint,
        origin=row.origin,
        conversation=row.conversation,
        case=row.case,
        external_id=row.external_id,
        context=row.context,
        opened_at=row.opened_at,
        enqueued_at=row.enqueued_at,
        deadline=row.deadline,
        state="new",
        owner="",
        outcome="",
        released_by="",
        version=0,
    )


def _opened(wish: Wish, contact: Contact, customer: str, language: str, fact_id: str) -> Fact:
    """The fact names doors and needs, never the customer's number or address: those are in the customer's row."""
    return Fact(
        id=fact_id,
        at=wish.now,
        kind="contact.opened",
        provider=wish.door.provider,
        client=contact.client,
        contact=contact.id,
        case=wish.case,
        customer=customer,
        data={
            "medium": str(contact.medium),
            "door": wish.door_name,
            "view": contact.view,
            "tier": int(contact.tier),
            "complaint": contact.complaint,
            "language": language,
            "needs": msgspec.to_builtins(contact.needs),
            "enqueued_at": contact.enqueued_at,
            "clock_from": contact.clock_from,
            "deadline": contact.deadline,
            "cycle_ms": _cycle_ms(wish, contact),
            "origin": contact.origin,
            **({"opens_at": contact.opens_at} if contact.opens_at else {}),
            **_priced(wish),
        },
    )


def _cycle_ms(wish: Wish, contact: Contact) -> int:
    """The ring cycle that this contact's rings are counted in (B02); 0 for text."""
    return wish.door.directory.plan(contact.plan).cycle_ms


def _priced(wish: Wish) -> dict[str, int]:
    """What a minute of a call's line costs now: a later price is not that of this call (A03)."""
    line = wish.door.line if wish.medium is Medium.VOICE else None
    return {"minute_fen": line.price_per_minute_fen} if line is not None else {}
