"""A small house behind the chat door: stores what it is given, numbers it, tells whoever listens."""

from __future__ import annotations

import asyncio
import itertools
from collections import defaultdict
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Any

from channels.chat.ports import Assigned, BadToken, Ended, Push, Standing, Visitor, Waiting
from channels.chat.protocol import Message
from channels.port import AnyInbound, ChatLeft, ChatOpened, ChatSaid, DifferentPayload, IntakeBusy, Receipt, UnknownDoor

AT = "2026-01-05T01:00:00.000000Z"
LABELS: dict[str, dict[str, str]] = {"zh-CN": {"chat.send": "发送"}, "en": {"chat.send": "Send"}}


class ChatHouse:
    """All five ports of the door. `busy` refuses everything; `deaf` publishes nothing (a bus that loses)."""

    def __init__(self, site: str = "kangjia-web", labels: dict[str, dict[str, str]] | None = None) -> None:
        self.site = site
        self.accepted: list[AnyInbound] = []
        self.messages: defaultdict[str, list[Message]] = defaultdict(list)
        self.standings: dict[str, Waiting | Assigned | Ended] = {}
        self.listeners: list[tuple[str, asyncio.Queue[Push | None]]] = []
        self.busy = False
        self.deaf = False
        self.allowed: tuple[str, ...] = ("https://www.kangjia.example",)
        self.departed = asyncio.Event()
        self.labels_ = labels or LABELS
        self._payloads: dict[tuple[str, str], AnyInbound] = {}
        self._sessions = itertools.count(1)

    # --- intake --------------------------------------------------------------------------------------

    async def accept(self, inbound: AnyInbound) -> Receipt:
        if self.busy:
            raise IntakeBusy
        if inbound.source != self.site:
            raise UnknownDoor
        key = (inbound.source, inbound.external_id)
        first = self._payloads.setdefault(key, inbound)
        if first != inbound:
            raise DifferentPayload
        if first is not inbound:
            return Receipt(duplicate=True)
        self.accepted.append(inbound)
        return self._take(inbound)

    def _take(self, inbound: AnyInbound) -> Receipt:
        match inbound:
            case ChatOpened(session=session):
                self.standings[session] = Waiting(2)
                return Receipt(position=2, text="已收到")
            case ChatSaid(session=session, text=text):
                say = inbound.external_id.removeprefix(f"{session}:")
                self.write(session, text, "visitor", id=say)
            case ChatLeft(session=session):
                self.tell(session, Ended())
                self.departed.set()
        return Receipt()

    def write(self, session: str, text: str, sender: Any = "agent", *, id: str = "", agent: str = "") -> Message:
        message = Message(
            number=len(self.messages[session]) + 1, sender=sender, text=text, at=AT, agent_number=agent, id=id
        )
        self.messages[session].append(message)
        self.tell(session, message)
        return message

    def tell(self, session: str, push: Push) -> None:
        if isinstance(push, Waiting | Assigned | Ended):
            self.standings[session] = push
        if not self.deaf:
            for listening, queue in self.listeners:
                if listening == session:
                    queue.put_nowait(push)

    # --- conversations -------------------------------------------------------------------------------

    async def standing(self, site: str, session: str) -> Standing | None:
        now = self.standings.get(session)
        return Standing(len(self.messages[session]), now) if now else None

    async def history(self, site: str, session: str, after: int, limit: int) -> Sequence[Message]:
        return self.messages[session][after : after + limit]

    @asynccontextmanager
    async def listen(self, site: str, session: str) -> AsyncIterator[AsyncIterator[Push]]:
        entry = (session, asyncio.Queue[Push | None]())
        self.listeners.append(entry)
        try:
            yield _drain(entry[1])
        finally:
            self.listeners.remove(entry)

    # --- tokens, sites, texts ------------------------------------------------------------------------

    def issue(self, site: str) -> tuple[str, Visitor]:
        visitor = Visitor(site, f"s{next(self._sessions)}")
        return f"{site}|{visitor.session}", visitor

    def verify(self, token: str) -> Visitor:
        site, found, session = token.partition("|")
        if not found:
            raise BadToken
        return Visitor(site, session)

    def origins(self, site: str) -> tuple[str, ...] | None:
        return self.allowed if site == self.site else None

    def language(self, site: str, wanted: str) -> str:
        return wanted if wanted in self.labels_ else "zh-CN"

    def labels(self, site: str, language: str) -> dict[str, str]:
        return self.labels_[language]

    def say(self, site: str, language: str, key: str, **values: object) -> str:
        template = self.labels_[language].get(key, "")
        words = " ".join(f"{name}={value}" for name, value in values.items())
        return template.format(**values) if template else f"{language} {key} {words}".strip()

    def of(self, kind: type[AnyInbound]) -> list[Any]:
        return [inbound for inbound in self.accepted if isinstance(inbound, kind)]


async def _drain(queue: asyncio.Queue[Push | None]) -> AsyncIterator[Push]:
    while (push := await queue.get()) is not None:
        yield push
