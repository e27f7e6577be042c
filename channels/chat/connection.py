"""One visitor's socket: moves bytes and carries out what `visit.Visit` decides.

The reader and the listener only fill one queue; a single worker takes from it, so everything about a socket
happens in one order. Opening follows subscribe, fetch, apply: the listener subscribes before the history is
read, and messages that come both ways are told apart by their numbers.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from enum import Enum

from aiohttp import WSMsgType, web
from msgspec.structs import replace

from channels.chat import protocol as p
from channels.chat import visit as v
from channels.chat.departures import Departures
from channels.chat.ports import (
    BadToken,
    ConversationsPort,
    Push,
    Standing,
    TextsPort,
    Visitor,
    VisitorTokensPort,
    Waiting,
)
from channels.chat.wording import Wording
from channels.port import (
    ChatOpened,
    ChatSaid,
    DifferentPayload,
    Intake,
    IntakeBusy,
    Malformed,
    Receipt,
    UnknownDoor,
)

log = logging.getLogger(__name__)

PAGE = 200
INBOX = 100


class Over(Enum):
    """Why a socket's queue ends."""

    GONE = "the page went away"
    DEAF = "the conversation can no longer be heard"


@dataclass(frozen=True, kw_only=True)
class House:
    """What every socket of the door shares."""

    intake: Intake
    conversations: ConversationsPort
    tokens: VisitorTokensPort
    texts: TextsPort
    departures: Departures
    limits: v.Limits = field(default_factory=v.Limits)
    hello_s: float = 10.0
    retry_after_s: float = 2.0


class Connection:
    def __init__(self, house: House, site: str, socket: web.WebSocketResponse) -> None:
        self._house = house
        self._site = site
        self._socket = socket
        self._visit = v.Visit(house.limits)
        self._inbox: asyncio.Queue[p.AnyIn | p.Garbage | Push | Over] = asyncio.Queue(INBOX)
        self._visitor: Visitor | None = None
        self._wording = Wording(house.texts, site, "")
        self._entered = False
        self._draining = False

    async def run(self) -> None:
        """Until the page or the conversation is gone."""
        try:
            async with AsyncExitStack() as stack, asyncio.TaskGroup() as tasks:
                reader = tasks.create_task(self._read())
                self._stack, self._tasks, self._listener = stack, tasks, reader
                await self._work()
                reader.cancel()
                self._listener.cancel()
        except* ConnectionResetError:
            pass
        except* Exception:
            log.exception("chat socket of site %s failed", self._site)
            await self._socket.close(code=p.CLOSE_INTERNAL)
        finally:
            if self._visitor:
                done = self._draining or not self._entered or self._visit.stage is v.Stage.CLOSED
                self._house.departures.exit((self._site, self._visitor.session), done=done)

    async def resume_later(self, retry_after: float) -> None:
        """The process goes away in good order: the page comes back after this."""
        self._draining = True
        try:
            await self._send(p.Busy(retry_after=retry_after))
            await self._socket.close(code=p.CLOSE_RESTART, message=b"resume")
        except ConnectionResetError:
            pass

    # --- what fills the queue ------------------------------------------------------------------------------

    async def _read(self) -> None:
        async for message in self._socket:
            if message.type is WSMsgType.TEXT:
                await self._inbox.put(p.decode(message.data))
            elif message.type is WSMsgType.BINARY:
                await self._inbox.put(p.Garbage("frames are JSON texts"))
        await self._inbox.put(Over.GONE)

    async def _listen(self, pushes: AsyncIterator[Push]) -> None:
        try:
            async for push in pushes:
                await self._inbox.put(push)
        except Exception:
            log.exception("chat socket of site %s: listening failed", self._site)
        await self._inbox.put(Over.DEAF)

    # --- the worker ----------------------------------------------------------------------------------------

    async def _work(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._house.hello_s
        while not self._socket.closed:
            timeout = deadline - loop.time() if self._visit.stage is v.Stage.NEW else None
            try:
                item = await asyncio.wait_for(self._inbox.get(), timeout)
            except TimeoutError:
                await self._perform([v.Close(p.CLOSE_SILENT, "no hello")])
                return
            if item is Over.GONE:
                return
            await self._perform(self._decide(item, loop.time()))

    def _decide(self, item: p.AnyIn | p.Garbage | Push | Over, now: float) -> v.Actions:
        if isinstance(item, Over):
            return [v.Close(p.CLOSE_INTERNAL, item.value)]
        if isinstance(item, p.FrameIn | p.Garbage):
            return self._visit.hear(item, now)
        return self._visit.pushed(item)

    async def _perform(self, actions: v.Actions) -> None:
        for action in actions:
            match action:
                case v.Send(frame):
                    await self._send(frame)
                case v.Verify(hello):
                    await self._admit(hello)
                case v.Store(say, text):
                    await self._perform(await self._store(say, text))
                case v.Reread(after):
                    await self._perform(await self._reread(after))
                case v.Depart():
                    await self._house.departures.leave((self._site, self._session))
                case v.Close(code, reason):
                    await self._socket.close(code=code, message=reason.encode())

    async def _send(self, frame: p.AnyOut) -> None:
        await self._socket.send_str(p.encode(self._wording.worded(frame)))

    @property
    def _session(self) -> str:
        assert self._visitor
        return self._visitor.session

    # --- opening -------------------------------------------------------------------------------------------

    async def _admit(self, hello: p.Hello) -> None:
        visitor = self._verified(hello.token)
        if visitor is None:
            await self._perform(self._visit.failed("unauthorized", close=p.CLOSE_UNAUTHORIZED))
            return
        self._visitor = visitor
        self._house.departures.enter((self._site, visitor.session))
        language = self._house.texts.language(self._site, hello.language)
        self._wording = Wording(self._house.texts, self._site, language)
        labels = self._house.texts.labels(self._site, language)
        await self._perform(self._visit.admitted(visitor.session, language, labels))
        try:
            await self._enter(hello, language)
        except IntakeBusy as busy:
            await self._perform(self._visit.busy(self._wait(busy)))
        except UnknownDoor:
            await self._perform(self._visit.failed("unknown_site", close=p.CLOSE_UNKNOWN))

    def _verified(self, token: str) -> Visitor | None:
        try:
            visitor = self._house.tokens.verify(token)
        except BadToken:
            return None
        return visitor if visitor.site == self._site else None

    async def _enter(self, hello: p.Hello, language: str) -> None:
        """Open the conversation if it is new; then subscribe, fetch, apply."""
        conversations, key = self._house.conversations, (self._site, self._session)
        receipt = Receipt()
        if await conversations.standing(*key) is None:
            receipt = await self._open(hello, language)
        self._entered = True
        pushes = await self._stack.enter_async_context(conversations.listen(*key))
        standing = await conversations.standing(*key) or Standing(last=0, now=Waiting())
        await self._perform(self._visit.stands(_with_receipt(standing, receipt)))
        self._listener = self._tasks.create_task(self._listen(pushes))

    async def _open(self, hello: p.Hello, language: str) -> Receipt:
        opened = ChatOpened(
            source=self._site,
            external_id=self._session,
            site=self._site,
            session=self._session,
            name=p.clean(hello.name),
            language=language,
            contact_point=p.clean(hello.contact_point),
            topic=p.clean(hello.topic),
            complaint=hello.topic == "complaint",
        )
        try:
            return await self._house.intake.accept(opened)
        except DifferentPayload:
            return Receipt(duplicate=True)  # another tab opened it in other words

    # --- messages ------------------------------------------------------------------------------------------

    async def _store(self, say: str, text: str) -> v.Actions:
        said = ChatSaid(
            source=self._site,
            external_id=f"{self._session}:{say}",
            site=self._site,
            session=self._session,
            text=text,
        )
        try:
            await self._house.intake.accept(said)
        except IntakeBusy as busy:
            return self._visit.busy(self._wait(busy), say)
        except (DifferentPayload, Malformed) as refusal:
            return self._visit.failed(refusal.code, say=say)
        except UnknownDoor:
            return self._visit.failed("unknown_site", say=say, close=p.CLOSE_UNKNOWN)
        return self._visit.stored(say)

    def _wait(self, busy: IntakeBusy) -> float:
        return max(self._house.retry_after_s, busy.retry_after_s)

    async def _reread(self, after: int) -> v.Actions:
        try:
            page = await self._house.conversations.history(self._site, self._session, after, PAGE)
        except IntakeBusy as busy:
            return self._visit.busy(self._wait(busy))
        return self._visit.replayed(page, more=len(page) == PAGE)


def _with_receipt(standing: Standing, receipt: Receipt) -> Standing:
    """What the intake said on opening (the acknowledgement, B18) is heard with the first `queued`."""
    if not isinstance(standing.now, Waiting):
        return standing
    now = standing.now
    if not now.position:
        expected, at_most = receipt.expected_wait_s, receipt.at_most_wait_s
        now = replace(now, position=receipt.position, expected_wait_s=expected, at_most_wait_s=at_most)
    return replace(standing, now=replace(now, text=receipt.text or now.text))
