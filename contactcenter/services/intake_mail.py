"""Mail: a thread is a conversation; an open turn takes every further mail of it; each mail must be answered (A10)."""

from __future__ import annotations

from typing import Protocol

from msgspec import to_builtins
from msgspec.structs import replace

from channels import port
from contactcenter.clock import Ids, Micros
from contactcenter.domain.case import CaseKind
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import identity
from contactcenter.services import handles
from contactcenter.services.changes import (
    CaseWrite,
    Changes,
    ContactLink,
    ConversationMove,
    NewConversation,
    NewMessage,
    Outgoing,
)
from contactcenter.services.directories import Directories, Door
from contactcenter.services.instructions import Instructions
from contactcenter.services.intake import Plan
from contactcenter.services.opening import Opening, Wish, viewed
from contactcenter.services.ports import DoorReads
from contactcenter.services.pushes import ConversationPush
from contactcenter.services.views import ContactView, ConversationView, Scope
from routing.model import Medium

OPEN = ("new", "waiting", "offered", "active")
SUBJECT = 200
"""How much of a subject stands on the desk, in characters."""


class CaseDrafts(Protocol):
    """How a matter is opened (services.cases)."""

    async def draft(
        self, contact: ContactView, *, kind: CaseKind, subject: str, owner: str, now: Micros, changes: Changes
    ) -> CaseWrite: ...


class MailIntake:
    def __init__(
        self,
        *,
        directories: Directories,
        reads: DoorReads,
        opening: Opening,
        cases: CaseDrafts,
        instructions: Instructions,
        ids: Ids,
    ) -> None:
        self._directories = directories
        self._reads = reads
        self._opening = opening
        self._cases = cases
        self._instructions = instructions
        self._ids = ids

    async def arrived(self, inbound: port.MailArrived, now: Micros, reply_to: str) -> Plan:
        """Join the thread's open turn, or open the next one; a new thread opens a case and is acknowledged."""
        door = self._directories.mailbox(inbound.mailbox)
        if door is None:
            raise port.UnknownDoor(f"no mailbox {inbound.mailbox} is configured")
        plan = Plan()
        thread = await self._thread(door, inbound)
        contact = await self._open_turn(door, thread)
        if thread is not None and contact:
            plan.changes.contact_links.append(ContactLink(id=contact, must_be_open=True))
            joined = ConversationMove(id=thread.id, expected=contact, contact=contact)
            plan.changes.conversation_moves.append(joined)
            conversation = thread.id
        else:
            conversation, contact = await self._turn(door, inbound, thread, plan, now)
        self._message(door, inbound, conversation, contact, plan, now)
        plan.receipt = port.Receipt(contact=contact, language=inbound.language)
        return plan

    async def _thread(self, door: Door, inbound: port.MailArrived) -> ConversationView | None:
        if not inbound.references:
            return None
        return await self._reads.conversation_by_messages(door.client, inbound.references)

    async def _open_turn(self, door: Door, thread: ConversationView | None) -> str:
        if thread is None or not thread.contact:
            return ""
        contact = await self._reads.contact(Scope(door.provider, door.client), thread.contact)
        return contact.id if contact is not None and contact.state in OPEN else ""

    async def _turn(
        self, door: Door, inbound: port.MailArrived, thread: ConversationView | None, plan: Plan, now: Micros
    ) -> tuple[str, str]:
        """A new contact; with its conversation, its case and an acknowledgement when the thread is new."""
        conversation = thread.id if thread else self._ids.new("cv")
        wish = self._wish(door, inbound, conversation, now)
        opened = await self._opening.open(wish, plan.changes)
        contact = opened.contact.id
        if thread is not None:
            move = ConversationMove(id=thread.id, expected=thread.contact, contact=contact)
            plan.changes.conversation_moves.append(move)
            return conversation, contact
        self._new_thread(door, inbound, wish, opened.customer, contact, plan.changes)
        case = await self._case(plan.changes, now)
        if not inbound.automatic:
            self._acknowledge(door, inbound, case, contact, plan.changes, now)
        return conversation, contact

    async def _case(self, changes: Changes, now: Micros) -> CaseWrite:
        """A mail is a matter with a due instant from the first minute (D16)."""
        row = changes.contacts[-1]
        case = await self._cases.draft(
            viewed(row), kind=CaseKind.CONSULT, subject=row.subject, owner="", now=now, changes=changes
        )
        changes.contacts[-1] = replace(row, case=case.id)
        return case

    def _wish(self, door: Door, inbound: port.MailArrived, conversation: str, now: Micros) -> Wish:
        files = [to_builtins(attachment) for attachment in inbound.attachments]
        context = {"attachments": files, "automatic": inbound.automatic}
        return Wish(
            door=door,
            medium=Medium.MAIL,
            door_name=inbound.mailbox,
            external_id=inbound.external_id,
            handle=handles.conversation("mail", conversation),
            identities=(identity("mail", inbound.sender),) if inbound.sender else (),
            now=now,
            address=inbound.sender,
            name=inbound.sender_name,
            language=inbound.language,
            subject=inbound.subject[:SUBJECT],
            conversation=conversation,
            context={key: value for key, value in context.items() if value},
        )

    def _new_thread(
        self, door: Door, inbound: port.MailArrived, wish: Wish, customer: str, contact: str, changes: Changes
    ) -> None:
        changes.conversations.append(
            NewConversation(
                id=wish.conversation,
                provider=door.provider,
                client=door.client,
                medium="mail",
                door=inbound.mailbox,
                thread=inbound.external_id,
                opened_at=wish.now,
                customer=customer,
                address=inbound.sender,
                subject=wish.subject,
                language=inbound.language,
                contact=contact,
            )
        )

    def _message(
        self,
        door: Door,
        inbound: port.MailArrived,
        conversation: str,
        contact: str,
        plan: Plan,
        now: Micros,
    ) -> None:
        message = NewMessage(
            id=self._ids.new("ms"),
            conversation=conversation,
            provider=door.provider,
            client=door.client,
            sender="customer",
            at=now,
            text=inbound.text,
            contact=contact,
            message_id=inbound.message_id,
            detail={"subject": inbound.subject, "attachments": [to_builtins(file) for file in inbound.attachments]},
            raw=inbound.raw or None,
        )
        plan.changes.messages.append(message)
        plan.changes.facts.append(
            self._fact("message.received", door, contact, now, {"medium": "mail", "automatic": inbound.automatic})
        )
        plan.said_id = message.id
        plan.said = ConversationPush(
            conversation=conversation, contact=contact, event="message", at=now, sender="customer", text=inbound.text
        )

    def _acknowledge(
        self, door: Door, inbound: port.MailArrived, case: CaseWrite, contact: str, changes: Changes, now: Micros
    ) -> None:
        """The customer hears at once that it arrived, under which number, and until when (B18, D15)."""
        if not inbound.sender:
            return
        say = self._instructions.text
        words = {"case": case.number, "due": self._instructions.hour(door, case.due_at)}
        mail_id = f"{contact}.ack"
        mail = port.SendMail(
            id=mail_id,
            sender=inbound.mailbox,
            sender_name=say(door, "mail.sender_name", inbound.language),
            to=inbound.sender,
            subject=say(door, "mail.auto_ack.subject", inbound.language, **words),
            text=say(door, "mail.auto_ack.text", inbound.language, **words),
            message_id=f"<{mail_id}@{inbound.mailbox.partition('@')[2]}>",
            in_reply_to=inbound.message_id,
            references=(*inbound.references, inbound.message_id) if inbound.message_id else inbound.references,
            automatic=True,
            language=inbound.language,
        )
        changes.outbox.append(
            Outgoing(
                id=mail_id,
                kind="mail",
                provider=door.provider,
                client=door.client,
                contact=contact,
                payload=mail,
                created_at=now,
                next_at=now,
            )
        )
        changes.facts.append(self._fact("contact.acknowledged", door, contact, now, {"case": case.number}))

    def _fact(self, kind: str, door: Door, contact: str, now: Micros, data: dict[str, object]) -> Fact:
        return Fact(
            id=self._ids.new("ft"),
            at=now,
            kind=kind,
            provider=door.provider,
            client=door.client,
            contact=contact,
            data=data,
        )
