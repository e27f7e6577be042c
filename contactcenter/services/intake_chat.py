"""Web chat: a session is a conversation; while it is open it has one contact in the queue (A12)."""

from __future__ import annotations

from msgspec.structs import replace

from channels import port
from contactcenter.clock import Ids, Micros
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import Identity, guess, identity
from contactcenter.services import handles
from contactcenter.services.changes import ContactLink, ConversationMove, NewConversation, NewEvent, NewMessage
from contactcenter.services.directories import Directories, Door
from contactcenter.services.intake import Plan
from contactcenter.services.left_messages import LeftMessages
from contactcenter.services.opening import Opening, Wish
from contactcenter.services.ports import DoorReads
from contactcenter.services.pushes import ConversationPush
from contactcenter.services.views import ContactView, ConversationView, Scope
from routing.events import Left
from routing.model import Medium

OPEN = ("new", "waiting", "offered", "active")


class ChatIntake:
    def __init__(
        self, *, directories: Directories, reads: DoorReads, opening: Opening, messages: LeftMessages, ids: Ids
    ) -> None:
        self._directories = directories
        self._reads = reads
        self._opening = opening
        self._messages = messages
        self._ids = ids

    async def opened(self, inbound: port.ChatOpened, now: Micros, reply_to: str) -> Plan:
        """The visitor starts: a conversation and its first contact."""
        door = self._door(inbound.site)
        plan = Plan()
        conversation = NewConversation(
            id=handles.chat_conversation(inbound.site, inbound.session),
            provider=door.provider,
            client=door.client,
            medium="chat",
            door=inbound.site,
            thread=inbound.session,
            opened_at=now,
            language=inbound.language,
            subject=inbound.topic,
        )
        opened = await self._opening.open(self._wish(door, inbound, conversation, now), plan.changes)
        plan.changes.conversations.append(
            replace(conversation, customer=opened.customer, contact=opened.contact.id, language=opened.language)
        )
        plan.receipt = port.Receipt(contact=opened.contact.id, language=opened.language)
        return plan

    def _wish(self, door: Door, inbound: port.ChatOpened, conversation: NewConversation, now: Micros) -> Wish:
        context = {"topic": inbound.topic, "name": inbound.name}
        return Wish(
            door=door,
            medium=Medium.CHAT,
            door_name=inbound.site,
            external_id=inbound.session,
            handle=handles.conversation("chat", conversation.id),
            identities=_identities(inbound),
            now=now,
            address=inbound.session,
            name=inbound.name,
            language=inbound.language,
            subject=inbound.topic,
            complaint=inbound.complaint,
            conversation=conversation.id,
            treatment="message",
            context={key: value for key, value in context.items() if value},
        )

    async def said(self, inbound: port.ChatSaid, now: Micros, reply_to: str) -> Plan:
        """A message joins the open contact; after that is over it opens the next one of the conversation.

        When nobody took the chat (closed, full, waited too long) the next one is not a chat but a message.
        """
        door = self._door(inbound.site)
        conversation = await self._conversation(inbound.site, inbound.session)
        plan = Plan()
        last = await self._last(door, conversation)
        acknowledged: list[NewMessage] = []
        if last is not None and last.state in OPEN:
            contact = last.id
            plan.changes.contact_links.append(ContactLink(id=contact, must_be_open=True))
            joined = ConversationMove(id=conversation.id, expected=contact, contact=contact)
            plan.changes.conversation_moves.append(joined)
        elif last is not None and self._messages.takes(door, last):
            contact, taken = await self._messages.open(door, conversation, last, plan.changes, now)
            acknowledged.append(taken)
        else:
            contact = await self._next_contact(door, conversation, inbound, plan, now)
        self._message(door, conversation, inbound, contact, plan, now)
        plan.changes.messages.extend(acknowledged)
        plan.receipt = port.Receipt(contact=contact)
        return plan

    async def _last(self, door: Door, conversation: ConversationView) -> ContactView | None:
        """The contact that the conversation is in, or was in last."""
        if not conversation.contact:
            return None
        return await self._reads.contact(Scope(door.provider, door.client), conversation.contact)

    async def _next_contact(
        self, door: Door, conversation: ConversationView, inbound: port.ChatSaid, plan: Plan, now: Micros
    ) -> str:
        opened = await self._opening.open(
            Wish(
                door=door,
                medium=Medium.CHAT,
                door_name=inbound.site,
                external_id=inbound.external_id,
                handle=handles.conversation("chat", conversation.id),
                identities=(),
                customer=conversation.customer,
                now=now,
                address=inbound.session,
                language=conversation.language,
                subject=conversation.subject,
                conversation=conversation.id,
                origin=conversation.contact,
                treatment="message",
            ),
            plan.changes,
        )
        plan.changes.conversation_moves.append(
            ConversationMove(id=conversation.id, expected=conversation.contact, contact=opened.contact.id)
        )
        return opened.contact.id

    def _message(
        self,
        door: Door,
        conversation: ConversationView,
        inbound: port.ChatSaid,
        contact: str,
        plan: Plan,
        now: Micros,
    ) -> None:
        message = NewMessage(
            id=self._ids.new("ms"),
            conversation=conversation.id,
            provider=door.provider,
            client=door.client,
            sender="customer",
            at=now,
            text=inbound.text,
            contact=contact,
            message_id=inbound.external_id,
        )
        plan.changes.messages.append(message)
        plan.changes.facts.append(
            Fact(
                id=self._ids.new("ft"),
                at=now,
                kind="message.received",
                provider=door.provider,
                client=door.client,
                contact=contact,
                customer=conversation.customer,
                data={"medium": "chat", "length": len(inbound.text)},
            )
        )
        plan.said_id = message.id
        plan.said = ConversationPush(
            conversation=conversation.id,
            contact=contact,
            event="message",
            at=now,
            sender="customer",
            text=inbound.text,
            id=inbound.external_id,
        )

    async def left(self, inbound: port.ChatLeft, now: Micros, reply_to: str) -> Plan:
        """The visitor closed the page and did not come back in time, or ended it himself. A message stays."""
        door = self._door(inbound.site)
        conversation = await self._conversation(inbound.site, inbound.session)
        plan = Plan()
        last = await self._last(door, conversation)
        contact = last.id if last is not None and last.state in OPEN and last.medium == Medium.CHAT else ""
        if contact:
            plan.changes.events.append(
                NewEvent(
                    domain=door.provider,
                    event=Left(contact, by="customer", cause="closed_chat"),
                    received_at=now,
                    dedupe=f"{inbound.site}:{inbound.external_id}",
                )
            )
        plan.receipt = port.Receipt(contact=contact)
        return plan

    def _door(self, site: str) -> Door:
        door = self._directories.site(site)
        if door is None:
            raise port.UnknownDoor(f"no site {site} is configured")
        return door

    async def _conversation(self, site: str, session: str) -> ConversationView:
        found = await self._reads.conversation_by_thread(site, session)
        if found is None:
            raise port.Malformed("this session has no conversation yet", field="session")
        return found


def _identities(inbound: port.ChatOpened) -> tuple[Identity, ...]:
    given = guess(inbound.contact_point) if inbound.contact_point else None
    own = identity("chat", f"{inbound.site}:{inbound.session}")
    return (given, own) if given else (own,)
