"""The house behind the chat door: `channels.chat.ports` on our services, stores and bus."""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import AbstractAsyncContextManager, asynccontextmanager

from channels.chat import ports
from channels.chat.protocol import Message
from contactcenter.clock import Ids, rfc3339
from contactcenter.domain.texts import best_language, labels
from contactcenter.errors import Unauthorized
from contactcenter.services import handles
from contactcenter.services.access import VisitorTokens
from contactcenter.services.directories import Directories, Door
from contactcenter.services.ports import Bus, DoorReads
from contactcenter.services.pushes import ConversationPush, decode_conversation
from contactcenter.services.seats import public_number
from contactcenter.services.views import MessageView, Scope
from contactcenter.services.wording import Wording, in_language

SENDERS = {"customer": "visitor", "agent": "agent", "system": "system"}


class Tokens:
    def __init__(self, tokens: VisitorTokens, ids: Ids) -> None:
        self._tokens = tokens
        self._ids = ids

    def verify(self, token: str) -> ports.Visitor:
        try:
            site, session = self._tokens.verify(token)
        except Unauthorized as refused:
            raise ports.BadToken(refused.code) from None
        return ports.Visitor(site, session)

    def issue(self, site: str) -> tuple[str, ports.Visitor]:
        session = self._ids.new("vs")
        return self._tokens.sign(site, session), ports.Visitor(site, session)


class Sites:
    def __init__(self, directories: Directories) -> None:
        self._directories = directories

    def origins(self, site: str) -> tuple[str, ...] | None:
        door = self._directories.site(site)
        found = door.directory.site(site) if door else None
        return found.origins if found else None


class Texts:
    """Everything a visitor reads goes through the client's renderer (decisions row 25)."""

    def __init__(self, directories: Directories, wording: Wording) -> None:
        self._directories = directories
        self._wording = wording

    def language(self, site: str, wanted: str) -> str:
        door = self._door(site)
        return best_language(wanted or door.directory.client(door.client).default_language, {"zh-CN": "", "en": ""})

    def labels(self, site: str, language: str) -> dict[str, str]:
        name = self._client_name(self._door(site), language)
        found = labels(self._wording.texts, "chat.", language)
        return {key: text.replace("{client}", name) for key, text in found.items()}

    def say(self, site: str, language: str, key: str, **values: object) -> str:
        door = self._door(site)
        renderer = self._wording.of(door.directory, door.client)
        return renderer.render(key, language, client=self._client_name(door, language), **values)

    def _client_name(self, door: Door, language: str) -> str:
        return in_language(door.directory.client(door.client).name, language)

    def _door(self, site: str) -> Door:
        door = self._directories.site(site)
        assert door is not None, "the chat door checks the site first"
        return door


class Conversations:
    def __init__(self, *, reads: DoorReads, bus: Bus, directories: Directories) -> None:
        self._reads = reads
        self._bus = bus
        self._directories = directories

    async def standing(self, site: str, session: str) -> ports.Standing | None:
        found = await self._reads.conversation_by_thread(site, session)
        if found is None:
            return None
        scope = Scope(found.provider, found.client)
        contact = await self._reads.contact(scope, found.contact) if found.contact else None
        if contact is None or contact.state == "ended":
            return ports.Standing(found.last_seq, ports.Ended())
        if contact.state == "active":
            number = public_number(self._directories.of(found.provider), contact.owner)
            return ports.Standing(found.last_seq, ports.Assigned(number))
        return ports.Standing(found.last_seq, ports.Waiting())

    async def history(self, site: str, session: str, after: int, limit: int) -> Sequence[Message]:
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
        async with self._bus.subscribe(f"conversation:{conversation}") as payloads:

            async def pushes() -> AsyncIterator[ports.Push]:
                async for payload in payloads:
                    push = _push(decode_conversation(payload), session)
                    if push is not None:
                        yield push

            yield pushes()


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
            return ports.Waiting(push.position)
        case "assigned":
            return ports.Assigned(push.agent_number)
        case "released":
            return ports.Released()
        case "closed":
            return ports.Ended()
        case _:
            return None
