"""The visitor of a chat that nobody takes is told so plainly, in his own window, and what he wrote is kept (B09, B18).

A timer of the decision's own batch leads here (services/follow_ups.py): outside the hours, with a full queue, or after
the longest wait. His words, or a topic with a way to reach him, become a message at once; else his next words do.
"""

from __future__ import annotations

from functools import partial

from contactcenter.clock import Micros
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import Applied, Changes, NewMessage
from contactcenter.services.commands import again
from contactcenter.services.directories import Door
from contactcenter.services.instructions import Instructions, TurnedAway, told_by
from contactcenter.services.left_messages import LeftMessages, can_be_reached
from contactcenter.services.office import Office
from contactcenter.services.pushes import ConversationPush, encode
from contactcenter.services.views import ContactView, ConversationView, DueTimer, Scope

SEARCHED = 200
"""How far back in a conversation the words of its last contact are looked for."""
TEXTS = {"closed": "chat.after_hours", "max_wait": "chat.overflowed"}
DECIDED = ("contact.blocked", "contact.overflowed")


class ChatsTurnedAway:
    def __init__(self, office: Office, *, instructions: Instructions, messages: LeftMessages) -> None:
        self._office = office
        self._instructions = instructions
        self._messages = messages

    async def handle(self, timer: DueTimer) -> None:
        """Once for each chat; nothing is said when its site or its conversation is gone."""
        await again(partial(self._handle, timer))

    async def _handle(self, timer: DueTimer) -> None:
        changes = Changes(timers_fired=[timer.id])
        scope = Scope(timer.provider, timer.client)
        contact = await self._office.reads.contact(scope, timer.subject)
        door = self._office.directories.site(contact.door) if contact else None
        found = await self._office.reads.conversation(scope, contact.conversation) if contact else None
        if contact is not None and door is not None and found is not None:
            await self._turn(scope, contact, door, found, changes)
        applied = await self._office.store.apply(changes)
        await self._announce(changes, applied)

    async def _turn(
        self, scope: Scope, contact: ContactView, door: Door, conversation: ConversationView, changes: Changes
    ) -> None:
        facts = await self._office.reads.facts_of_contact(scope, contact.id)
        decided = next((fact for fact in facts if fact.kind in DECIDED), None)
        if decided is None:
            return
        now = self._office.clock.now()
        told = told_by(decided, contact.language or conversation.language)
        changes.messages.append(self._words(door, conversation, told, now))
        changes.facts.append(self._told(contact, told, now))
        if conversation.contact == contact.id and await self._has_spoken(scope, contact, conversation):
            _, taken = await self._messages.open(door, conversation, contact, changes, now)
            changes.messages.append(taken)

    async def _has_spoken(self, scope: Scope, contact: ContactView, conversation: ConversationView) -> bool:
        """His words in this contact; or the topic he gave, when he can be reached about it."""
        after = max(0, conversation.last_seq - SEARCHED)
        listed = await self._office.reads.messages(scope, conversation.id, after=after, limit=SEARCHED)
        if any(each.contact == contact.id and each.sender == "customer" for each in listed):
            return True
        return bool(contact.subject) and can_be_reached(await self._messages.customer(contact))

    def _words(self, door: Door, conversation: ConversationView, told: TurnedAway, now: Micros) -> NewMessage:
        opens = door.opens_at(told.at)
        key = TEXTS.get(told.reason, "chat.busy") if told.reason != "closed" or opens else "chat.busy"
        params = {"due": self._messages.due(door, now), "opens": self._instructions.hour(door, opens)}
        return NewMessage(
            id=f"{told.contact}:told",
            conversation=conversation.id,
            provider=door.provider,
            client=door.client,
            sender="system",
            at=now,
            text=self._instructions.text(door, key, told.language, **params),
            contact=told.contact,
        )

    def _told(self, contact: ContactView, told: TurnedAway, now: Micros) -> Fact:
        return Fact(
            id=self._office.ids.new("ft"),
            at=now,
            kind="contact.told",
            provider=contact.provider,
            client=contact.client,
            contact=contact.id,
            customer=contact.customer,
            data={"answer": told.answer, "reason": told.reason},
        )

    async def _announce(self, changes: Changes, applied: Applied) -> None:
        for message in changes.messages:
            push = ConversationPush(
                conversation=message.conversation,
                contact=message.contact,
                event="message",
                at=message.at,
                number=applied.message_seqs.get(message.id, 0),
                sender=message.sender,
                text=message.text,
            )
            await self._office.bus.publish(f"conversation:{message.conversation}", encode(push))
        for domain in dict.fromkeys(event.domain for event in changes.events):
            await self._office.bus.publish(f"domain:{domain}")
