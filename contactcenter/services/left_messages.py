"""A chat that finds nobody becomes a message: written work at the chat's old place, with a case and a due instant.

The visitor writes on in the same window and reads the answer there; it also goes to his mail address if he left one.
"""

from __future__ import annotations

from typing import Final

from msgspec.structs import replace

from contactcenter.clock import Ids, Micros
from contactcenter.domain.case import CaseKind, deadlines
from contactcenter.domain.facts import Fact
from contactcenter.services import handles
from contactcenter.services.cases import Cases
from contactcenter.services.changes import CaseWrite, Changes, ConversationMove, NewMessage
from contactcenter.services.directories import Door
from contactcenter.services.instructions import Instructions
from contactcenter.services.opening import Opening, Wish, viewed
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ContactView, ConversationView, CustomerView, Scope
from routing.model import Medium

TURNED_AWAY: Final = ("blocked", "overflowed")
"""Outcomes of a chat that nobody took: what its visitor writes from now on is a message."""


class LeftMessages:
    def __init__(
        self, *, reads: DoorReads, opening: Opening, cases: Cases, instructions: Instructions, ids: Ids
    ) -> None:
        self._reads = reads
        self._opening = opening
        self._cases = cases
        self._instructions = instructions
        self._ids = ids

    def takes(self, door: Door, last: ContactView | None) -> bool:
        """Whether the next words are a message: the last chat found nobody, and the client has a mailbox for it."""
        turned_away = last is not None and last.medium == Medium.CHAT and last.outcome in TURNED_AWAY
        return turned_away and door.directory.mailbox_of(door.client, door.lease) is not None

    def due(self, door: Door, now: Micros) -> str:
        """Until when a message that is left now will be answered, as a clock reads: what its case will promise."""
        rules, calendar = door.directory.document.cases, door.directory.calendar_of(door.client)
        promised = deadlines(CaseKind.CONSULT, opened_at=now, rules=rules, calendar=calendar)[0]
        return self._instructions.hour(door, promised.at)

    async def customer(self, before: ContactView) -> CustomerView | None:
        scope = Scope(before.provider, before.client)
        return await self._reads.customer(scope, before.customer) if before.customer else None

    async def open(
        self, door: Door, conversation: ConversationView, before: ContactView, changes: Changes, now: Micros
    ) -> tuple[str, NewMessage]:
        """Add the message's contact to a use case's changes; its id, and the acknowledgement to write behind it."""
        box = door.directory.mailbox_of(door.client, door.lease)
        assert box is not None, "ask `takes` first"
        customer = await self.customer(before)
        opened = await self._opening.open(
            Wish(
                door=door,
                medium=Medium.MAIL,
                door_name=before.door,
                external_id=f"{before.external_id}#message",
                handle=handles.conversation("mail", conversation.id),
                identities=(),
                customer=before.customer,
                now=now,
                address=mail_of(customer) or before.address,
                language=before.language or conversation.language,
                subject=before.subject,
                complaint=before.complaint,
                enqueued_at=before.enqueued_at,
                conversation=conversation.id,
                origin=before.id,
                context=before.context,
                view=box.view,
            ),
            changes,
        )
        case = await self._case(changes, now)
        changes.conversation_moves.append(
            ConversationMove(id=conversation.id, expected=conversation.contact, contact=opened.contact.id)
        )
        return opened.contact.id, self._acknowledged(door, conversation, case, changes, now)

    async def _case(self, changes: Changes, now: Micros) -> CaseWrite:
        """Like every mail it is a matter with a due instant from the first minute (A10, D16)."""
        row = changes.contacts[-1]
        case = await self._cases.draft(
            viewed(row), kind=CaseKind.CONSULT, subject=row.subject, owner="", now=now, changes=changes
        )
        changes.contacts[-1] = replace(row, case=case.id)
        return case

    def _acknowledged(
        self, door: Door, conversation: ConversationView, case: CaseWrite, changes: Changes, now: Micros
    ) -> NewMessage:
        """At once, under which number and until when (B18, D15)."""
        contact = changes.contacts[-1].id
        words = {"case": case.number, "due": self._instructions.hour(door, case.due_at)}
        text = self._instructions.text(door, "chat.message_taken", conversation.language, **words)
        changes.facts.append(
            Fact(
                id=self._ids.new("ft"),
                at=now,
                kind="contact.acknowledged",
                provider=door.provider,
                client=door.client,
                contact=contact,
                data={"case": case.number},
            )
        )
        return NewMessage(
            id=f"{contact}:ack",
            conversation=conversation.id,
            provider=door.provider,
            client=door.client,
            sender="system",
            at=now,
            text=text,
            contact=contact,
        )


def mail_of(customer: CustomerView | None) -> str:
    """The first mail address that is known of him; ''."""
    known = customer.identities if customer else ()
    return next((value for kind, value in known if kind == "mail"), "")


def can_be_reached(customer: CustomerView | None) -> bool:
    """By mail or by phone; a visitor who left neither reads the answer where he wrote."""
    return customer is not None and any(kind in ("mail", "phone") for kind, _ in customer.identities)
