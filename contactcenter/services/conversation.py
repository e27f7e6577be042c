"""What an agent writes: into a chat, or as the reply to a mail. One company speaks, under the client's name (I5).

Only the owner of a contact speaks in it. A text that names the provider is refused; softer findings go back to
the agent as advice (H07 to H10). What the visitor writes is intake's business.
"""

from __future__ import annotations

import re
from typing import Any, Final

from msgspec.structs import replace

from channels.port import SendMail
from contactcenter.clock import Micros, rfc3339
from contactcenter.domain.case import CaseState, Happening, move
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.domain.texts import Renderer
from contactcenter.errors import Conflict, Forbidden, Invalid, NotFound
from contactcenter.services.case_rows import rewritten
from contactcenter.services.changes import Applied, Changes, NewMessage, Outgoing
from contactcenter.services.commands import Stamp, once
from contactcenter.services.office import Office
from contactcenter.services.ports import Reads
from contactcenter.services.pushes import ConversationPush, encode
from contactcenter.services.seats import Seat, public_number
from contactcenter.services.views import ContactView, ConversationView, MessageView
from contactcenter.services.wording import in_language

LONGEST: Final = 20_000
"""Characters of one message."""
REFERENCES: Final = 20
PAGE: Final = 200
OWNED: Final = ("active", "wrap_up")
_REPLY = re.compile(r"^\s*(?:(?:re|回复|答复)\s*[:：]\s*)+", re.IGNORECASE)


class Conversation:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def say(self, seat: Seat, *, contact: str, text: str, stamp: Stamp) -> dict[str, Any]:
        """Store it, tell the conversation, and send it as a mail if it answers one, or a message of a visitor who left
        an address. `{number, message, warnings}`.

        NotFound outside the seat's client; Forbidden `not_yours`; Conflict `wrong_medium` for a call; Invalid for an
        empty or too long text, and with code `brand` for one that names the provider.
        """
        return await once(self._office.store, stamp, lambda: self._say(seat, contact, text, stamp))

    async def messages(self, seat: Seat, *, contact: str, after: int = 0) -> dict[str, Any]:
        """The conversation of a contact of this client, from number `after` on, `more` if there are further ones."""
        found = await owned_contact(self._office.reads, seat, contact, any_state=True)
        if not found.conversation:
            return {"contact": contact, "messages": [], "more": False}
        listed = await self._office.reads.messages(seat.scope, found.conversation, after=after, limit=PAGE)
        directory = self._office.directory(seat.provider)
        shown = [_shown(each, public_number(directory, each.agent)) for each in listed]
        return {
            "contact": contact,
            "conversation": found.conversation,
            "messages": shown,
            "more": len(listed) == PAGE,
        }

    async def _say(self, seat: Seat, contact_id: str, text: str, stamp: Stamp) -> dict[str, Any]:
        contact = await owned_contact(self._office.reads, seat, contact_id)
        conversation = await self._conversation(seat, contact)
        renderer = self._office.wording.of(self._office.directory(seat.provider), contact.client)
        warnings = self._checked(renderer, text, seat.language)
        message = stamp.derived("ms")
        result = {"message": message, "warnings": warnings}
        now = self._office.clock.now()
        changes = Changes(receipt=stamp.receipt(result, now))
        row = NewMessage(
            id=message,
            conversation=conversation.id,
            provider=contact.provider,
            client=contact.client,
            sender="agent",
            at=now,
            text=text,
            contact=contact.id,
            agent=seat.agent,
        )
        by_mail = contact.medium == "mail" and (conversation.medium == "mail" or "@" in contact.address)
        if by_mail:
            mail = await self._mail(seat, contact, conversation, text, message)
            row = _with_message_id(row, mail)
            changes.outbox.append(_outgoing(mail, contact, now))
        if contact.medium == "mail":
            await self._answer_case(seat, contact, changes)
        changes.messages.append(row)
        changes.facts.append(_sent(row, contact, mail=contact.medium == "mail"))
        applied = await self._office.store.apply(changes)
        await self._tell(seat, row, applied, mail=by_mail)
        return {"number": applied.message_seqs.get(message, 0), **result}

    async def _conversation(self, seat: Seat, contact: ContactView) -> ConversationView:
        if contact.medium not in ("chat", "mail"):
            raise Conflict("this contact is not written", code="wrong_medium", field="contact")
        found = (
            await self._office.reads.conversation(seat.scope, contact.conversation) if contact.conversation else None
        )
        if found is None:
            raise NotFound("this contact has no conversation")
        return found

    def _checked(self, renderer: Renderer, text: str, language: str) -> list[dict[str, str]]:
        if not text.strip():
            raise Invalid("the text is empty", code="empty", field="text")
        if len(text) > LONGEST:
            raise Invalid(f"at most {LONGEST} characters", code="too_long", field="text")
        findings = renderer.lint(text)
        hard = next((finding for finding in findings if finding.hard), None)
        if hard is not None:
            message = self._office.wording.desk(hard.suggestion, language, "customers know only the client's name")
            raise Invalid(message, code="brand", field="text", phrase=hard.phrase)
        return [
            {"phrase": each.phrase, "suggestion": self._office.wording.desk(each.suggestion, language)}
            for each in findings
        ]

    # --- mail ------------------------------------------------------------------------------------------------

    async def _mail(
        self, seat: Seat, contact: ContactView, conversation: ConversationView, text: str, message: str
    ) -> SendMail:
        """From the client's own mailbox, in the customer's thread, signed with the client's name (I5)."""
        after = max(0, conversation.last_seq - PAGE)
        earlier = await self._office.reads.messages(seat.scope, conversation.id, after=after, limit=PAGE)
        mails = [each for each in earlier if "@" in each.message_id]
        known = [each.message_id for each in mails]
        asked = [each.message_id for each in mails if each.sender == "customer"]
        directory = self._office.directory(seat.provider)
        client = directory.client(contact.client)
        language = contact.language or conversation.language or client.default_language
        renderer = self._office.wording.of(directory, contact.client)
        named = {"client": in_language(client.name, language)}
        sender, subject = _mailbox(directory, contact, conversation), conversation.subject or contact.subject
        return SendMail(
            id=message,
            sender=sender,
            sender_name=renderer.render("mail.sender_name", language, **named),
            to=conversation.address or contact.address,
            subject=f"Re: {_REPLY.sub('', subject or named['client'])}".strip(),
            text=f"{text.rstrip()}\n\n-- \n{await self._signature(seat, contact, renderer, language)}\n",
            message_id=f"<{message}@{sender.rpartition('@')[2]}>",
            in_reply_to=asked[-1] if asked else (known[-1] if known else ""),
            references=tuple(known[-REFERENCES:]),
            language=language,
        )

    async def _signature(self, seat: Seat, contact: ContactView, renderer: Renderer, language: str) -> str:
        client = self._office.directory(seat.provider).client(contact.client)
        named = {"client": in_language(client.name, language), "number": seat.number}
        signature = renderer.render("mail.signature", language, **named)
        case = await self._office.reads.case(seat.scope, contact.case) if contact.case else None
        return f"{signature}\n[{case.number}]" if case else signature

    async def _answer_case(self, seat: Seat, contact: ContactView, changes: Changes) -> None:
        """The matter is answered, which is not resolved (E16); without an owner it becomes the writer's (B16)."""
        case = await self._office.reads.case(seat.scope, contact.case) if contact.case else None
        if case is not None and case.closed_at is None and case.kind != "complaint":
            state = move(CaseState(case.state), Happening.ANSWERED)
            changes.cases.append(replace(rewritten(case), state=str(state), owner=case.owner or seat.agent))

    # --- telling ---------------------------------------------------------------------------------------------

    async def _tell(self, seat: Seat, row: NewMessage, applied: Applied, *, mail: bool) -> None:
        push = ConversationPush(
            conversation=row.conversation,
            contact=row.contact,
            event="message",
            at=row.at,
            number=applied.message_seqs.get(row.id, 0),
            sender="agent",
            text=row.text,
            agent=seat.agent,
            agent_number=seat.number,
        )
        await self._office.bus.publish(f"conversation:{row.conversation}", encode(push))
        if mail:
            await self._office.bus.publish("outbox")


async def owned_contact(reads: Reads, seat: Seat, contact: str, *, any_state: bool = False) -> ContactView:
    """The contact if it is this agent's and not over. NotFound outside his client, Forbidden `not_yours`.

    `any_state`: also when it has ended, and for supervisors of the client whoever owns it.
    """
    found = await reads.contact(seat.scope, contact)
    if found is None:
        raise NotFound("there is no such contact here", field="contact")
    mine = found.owner == seat.agent and (any_state or found.state in OWNED)
    if not mine and not (any_state and seat.supervisor):
        raise Forbidden("this contact is not yours", code="not_yours", field="contact")
    return found


def _mailbox(directory: Directory, contact: ContactView, conversation: ConversationView) -> str:
    """The thread's own; a message that was left in a chat is answered from the client's."""
    own = directory.mailbox(conversation.door)
    box = own or directory.mailbox_of(contact.client, contact.lease)
    return box.address if own is None and box is not None else conversation.door


def _with_message_id(row: NewMessage, mail: SendMail) -> NewMessage:
    return replace(row, message_id=mail.message_id, detail={"subject": mail.subject, "to": mail.to})


def _outgoing(mail: SendMail, contact: ContactView, now: Micros) -> Outgoing:
    return Outgoing(
        id=mail.id,
        kind="mail",
        provider=contact.provider,
        client=contact.client,
        payload=mail,
        created_at=now,
        next_at=now,
        contact=contact.id,
    )


def _sent(row: NewMessage, contact: ContactView, *, mail: bool) -> Fact:
    """Never the text itself: bodies stand in the messages."""
    return Fact(
        id=f"{row.id}:sent",
        at=row.at,
        kind="message.sent",
        provider=row.provider,
        client=row.client,
        contact=contact.id,
        case=contact.case,
        customer=contact.customer,
        agent=row.agent,
        data={"message": row.id, "medium": "mail" if mail else "chat", "characters": len(row.text)},
    )


def _shown(message: MessageView, number: str) -> dict[str, Any]:
    return {
        "number": message.seq,
        "sender": message.sender,
        "text": message.text,
        "at": rfc3339(message.at),
        "agent": number,
    }
