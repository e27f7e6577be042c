"""The house behind the chat door: `channels.chat.ports` on our services, stores and bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager

from channels.chat import ports
from channels.chat.protocol import Message
from channels.port import IntakeBusy
from contactcenter.clock import Clock, rfc3339
from contactcenter.errors import Busy
from contactcenter.realtime.bus import GAP, GAP_TOPIC
from contactcenter.services import handles
from contactcenter.services.directories import Directories
from contactcenter.services.expected_waits import Told, told_when_queued
from contactcenter.services.left_messages import TURNED_AWAY
from contactcenter.services.ports import Bus, DoorReads
from contactcenter.services.pushes import ConversationPush, decode_conversation
from contactcenter.services.seats import public_number
from contactcenter.services.views import MessageView, Scope

SENDERS = {"customer": "visitor", "agent": "agent", "system": "system"}


class Conversations:
    def __init__(self, *, reads: DoorReads, bus: Bus, directories: Directories, clock: Clock) -> None:
        self._reads = reads
        self._bus = bus
        self._directories = directories
        self._clock = clock

    async def standing(self, site: str, session: str) -> ports.Standing | None:
        with _busy():
            return await self._standing(site, session)

    async def _standing(self, site: str, session: str) -> ports.Standing | None:
        """A visitor whom nobody took may write on, and then waits for the answer to his message."""
        found = await self._reads.conversation_by_thread(site, session)
        if found is None:
            return None
        scope = Scope(found.provider, found.client)
        contact = await self._reads.contact(scope, found.contact) if found.contact else None
        if contact is None or (contact.state == "ended" and contact.outcome not in TURNED_AWAY):
            return ports.Standing(found.last_seq, ports.Ended())
        if contact.state == "active" and contact.medium == "chat":
            number = public_number(self._directories.of(found.provider), contact.owner)
            return ports.Standing(found.last_seq, ports.Assigned(number))
        if contact.state == "ended" or contact.medium != "chat":
            return ports.Standing(found.last_seq, ports.Waiting())
        return ports.Standing(found.last_seq, await self._place(scope, contact.id))

    async def _place(self, scope: Scope, contact: str) -> ports.Waiting:
        """What the visitor heard last, less the time since: never more than before, and nothing once it has run out."""
        facts = await self._reads.facts_of_contact(scope, contact)
        last = next((fact for fact in reversed(facts) if fact.kind == "contact.queued"), None)
        if last is None:
            return ports.Waiting()
        return _waiting(told_when_queued(last.data).after(self._clock.now() - last.at))

    async def history(self, site: str, session: str, after: int, limit: int) -> Sequence[Message]:
        with _busy():
            return await self._history(site, session, after, limit)

    async def _history(self, site: str, session: str, after: int, limit: int) -> Sequence[Message]:
        found = await self._reads.conversation_by_thread(site, session)
        if found is None:
            return ()
        scope = Scope(found.provider, found.client)
        rows = await self._reads.messages(scope, found.id, after=after, limit=limit)
        directory = self._directories.of(found.provider)
        return [_message(row, session, public_number(directory, row.agent)) for row in rows]

    def listen(self, site: str, session: str) -> AbstractAsyncContextManager[AsyncIterator[ports.Push]]:
        return self._listening(handles.chat_conversation(site, session), session)

    @asynccontextmanager
    async def _listening(self, conversation: str, session: str) -> AsyncIterator[AsyncIterator[ports.Push]]:
        async with self._bus.subscribe(f"conversation:{conversation}", GAP_TOPIC) as payloads:

            async def pushes() -> AsyncIterator[ports.Push]:
                async for payload in payloads:
                    push = ports.Missed() if payload == GAP else _push(decode_conversation(payload), session)
                    if push is not None:
                        yield push

            yield pushes()


@contextmanager
def _busy() -> Iterator[None]:
    """A store that does not answer is said in the channel's words: the page comes back later."""
    try:
        yield
    except Busy as away:
        raise IntakeBusy(str(away)) from away


def _waiting(told: Told) -> ports.Waiting:
    return ports.Waiting(told.position, expected_wait_s=told.expected_wait_s, at_most_wait_s=told.at_most_wait_s)


def _message(row: MessageView, session: str, number: str) -> Message:
    return Message(
        number=row.seq,
        sender=SENDERS[row.sender],  # type: ignore[arg-type]
        text=row.text,
        at=rfc3339(row.at),
        agent_number=number,
        id=row.message_id.removeprefix(f"{session}:") if row.sender == "customer" else "",
    )


def _push(push: ConversationPush, session: str) -> ports.Push | None:
    match push.event:
        case "message":
            return Message(
                number=push.number,
                sender=SENDERS[push.sender],  # type: ignore[arg-type]
                text=push.text,
                at=rfc3339(push.at),
                agent_number=push.agent_number,
                id=push.id.removeprefix(f"{session}:"),
            )
        case "queued":
            return _waiting(push.told)
        case "assigned":
            return ports.Assigned(push.agent_number)
        case "released":
            return ports.Released()
        case "closed":
            return ports.Ended()
        case _:
            return None
