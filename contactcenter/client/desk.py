"""An agent's desk for programs: sign in, take contacts, talk, wrap up, over the socket `/v1/agent`.

    async with AgentClient("http://127.0.0.1:8080", token) as desk:
        await desk.sign_in()
        await desk.ready()
        state = await desk.until(lambda state: bool(state.offers))
        offer = next(iter(state.offers.values()))
        await desk.accept(offer.offer)

The connection comes back by itself, with growing pauses, and resumes where it was; a command that got no answer is
said again under its own id, so that it has its effect once. `desk.desk` is the present state, `frames()` everything as
it comes. What was applied is acknowledged, a few times a second at most; a gap in the numbers of a conversation is
filled from the service.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import TracebackType
from typing import Any, Self

from contactcenter.client import protocol as p
from contactcenter.client import world
from contactcenter.client.errors import DeskClosed, DeskError
from contactcenter.client.link import TRY_AGAIN, Link
from contactcenter.client.state import DeskState, apply
from contactcenter.client.verbs import Verbs

PATH = "/v1/agent"
ACK_PAUSE_S = 0.25
"""Between two acknowledgements: the first frame after a quiet while is acknowledged at once."""


class AgentClient(Verbs):
    """`url` is the service's base address or the socket's own (ws://). One client is one connection of one agent.

    `ids` names the commands, `chance` spreads reconnects, `on_change` is called after every change of the state.
    """

    def __init__(
        self,
        url: str,
        token: str,
        *,
        language: str = "zh-CN",
        ids: world.Ids = world.new_id,
        chance: world.Chance = world.chance,
        patience: world.Patience | None = None,
    ) -> None:
        super().__init__(ids)
        self._token = token
        self._language = language
        self._patience = patience or world.Patience()
        self._chance = chance
        self._link = Link(socket_url(url), self._hello, self._apply, patience=self._patience, chance=chance)
        self._state = DeskState()
        self._snapshot_of = 0
        self._listeners: set[asyncio.Queue[p.AnyFrame | None]] = set()
        self._changed = asyncio.Event()
        self._applied = asyncio.Event()
        self._filling: set[str] = set()
        self._tasks = asyncio.TaskGroup()
        self._running: set[asyncio.Task[None]] = set()
        self.on_change: Callable[[], None] = lambda: None

    # --- its life --------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Returns once the service has said welcome. DeskClosed when it keeps this token out."""
        await self._tasks.__aenter__()
        self._running = {self._tasks.create_task(self._link.run()), self._tasks.create_task(self._acknowledge())}
        await self._link.opened.wait()
        if self._link.closed is not None:
            await self._stop()
            raise self._link.closed
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._stop()

    async def _stop(self) -> None:
        self._link.close(self._link.closed or DeskClosed("the client was closed"))
        for task in self._running:
            task.cancel()
        for listener in self._listeners:
            listener.put_nowait(None)
        self._tell()
        await self._tasks.__aexit__(None, None, None)

    # --- what is known -----------------------------------------------------------------------------------

    @property
    def desk(self) -> DeskState:
        """The state after everything that was heard so far."""
        return self._state

    @property
    def connected(self) -> bool:
        return self._link.opened.is_set() and self._link.closed is None

    @property
    def fresh(self) -> bool:
        """Connected, and everything that was missed has been applied: `desk` is not from before a reconnect."""
        return self.connected and self._snapshot_of == self._link.connections

    @property
    def connections(self) -> int:
        """How often the service has said welcome: 1 without a reconnect."""
        return self._link.connections

    async def until(self, wanted: Callable[[DeskState], bool]) -> DeskState:
        """The first state that is as wanted, now or later. DeskClosed when there will be no more."""
        while not wanted(self._state):
            if self._link.closed is not None:
                raise self._link.closed
            await self._changed.wait()
        return self._state

    async def frames(self) -> AsyncIterator[p.AnyFrame]:
        """Everything that is heard from now on, already applied to `desk`; ends when the client closes."""
        listener: asyncio.Queue[p.AnyFrame | None] = asyncio.Queue()
        self._listeners.add(listener)
        try:
            while (frame := await listener.get()) is not None:
                yield frame
        finally:
            self._listeners.discard(listener)

    # --- saying --------------------------------------------------------------------------------------------

    async def send(self, command: p.Command) -> dict[str, Any]:
        """One command; what the service answered. DeskError when it refuses, DeskClosed when nobody can answer.

        'Not now' (a service that starts or drains) is waited out, under the same id.
        """
        for attempt in range(self._patience.tries):
            try:
                return await self._link.say(command)
            except DeskError as refusal:
                if refusal.code not in TRY_AGAIN or attempt + 1 == self._patience.tries:
                    raise
                await asyncio.sleep(self._patience.pause(attempt, self._chance()))
        raise DeskError("busy", "tried often enough")

    # --- inside ----------------------------------------------------------------------------------------------

    def _hello(self) -> p.Hello:
        return p.Hello(
            id=self._ids(),
            token=self._token,
            cursor=self._state.seq,
            conversations=self._state.heard(),
            language=self._language,
        )

    def _apply(self, frame: p.AnyFrame) -> None:
        if isinstance(frame, p.SnapshotFrame | p.ResumedFrame):
            self._snapshot_of = self._link.connections
        self._state = apply(self._state, frame)
        for listener in self._listeners:
            listener.put_nowait(frame)
        if frame.seq and not frame.more:
            self._applied.set()
        if isinstance(frame, p.MessageFrame):
            self._fill_soon(frame.contact)
        self._tell()

    async def _acknowledge(self) -> None:
        while True:
            await self._applied.wait()
            self._applied.clear()
            await self._link.tell(p.Ack(seq=self._state.seq))
            await asyncio.sleep(ACK_PAUSE_S)

    def _fill_soon(self, contact: str) -> None:
        missing = self._state.missing_after(contact)
        if missing is not None and contact in self._state.contacts and contact not in self._filling:
            self._filling.add(contact)
            filling = self._tasks.create_task(self._fill(contact, missing))
            self._running.add(filling)
            filling.add_done_callback(self._running.discard)

    async def _fill(self, contact: str, missing: int) -> None:
        """Read what is missing, page by page; a contact that is not mine any more needs nothing."""
        after: int | None = missing
        try:
            while after is not None:
                answer = await self.send(p.Messages(id=self._ids(), contact=contact, after=after))
                for told in answer.get("messages", ()):
                    self._apply(p.MessageFrame(contact=contact, conversation=answer["conversation"], **told))
                before, after = after, self._state.missing_after(contact)
                if after is not None and after <= before:
                    return
        except (DeskError, DeskClosed):
            return
        finally:
            self._filling.discard(contact)

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self.on_change()


def socket_url(url: str) -> str:
    """http://host:1 -> ws://host:1/v1/agent; a ws address is taken as it is."""
    if url.startswith(("ws://", "wss://")):
        return url
    return "ws" + url.removeprefix("http").rstrip("/") + PATH
