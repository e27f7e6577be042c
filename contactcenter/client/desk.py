"""An agent's desk for programs: sign in, take contacts, talk, wrap up, over the socket `/v1/agent`.

    async with AgentClient("http://127.0.0.1:8080", token) as desk:
        await desk.sign_in()
        await desk.ready()
        state = await desk.until(lambda state: bool(state.offers))
        offer = next(iter(state.offers.values()))
        await desk.accept(offer.offer)

The connection comes back by itself, with growing pauses; a command that got no answer is said again under its
own id, so that it has its effect once. `desk.desk` is the present state, `frames()` everything as it comes.
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
        self._tasks = asyncio.TaskGroup()
        self._running: asyncio.Task[None] | None = None
        self.on_change: Callable[[], None] = lambda: None

    # --- its life --------------------------------------------------------------------------------------

    async def __aenter__(self) -> Self:
        """Returns once the service has said welcome. DeskClosed when it keeps this token out."""
        await self._tasks.__aenter__()
        self._running = self._tasks.create_task(self._link.run())
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
        if self._running is not None:
            self._running.cancel()
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
        """Connected, and the snapshot of this connection has been applied: `desk` is not from before a reconnect."""
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
        return p.Hello(id=self._ids(), token=self._token, cursor=self._state.seq, language=self._language)

    def _apply(self, frame: p.AnyFrame) -> None:
        if isinstance(frame, p.SnapshotFrame):
            self._snapshot_of = self._link.connections
        self._state = apply(self._state, frame)
        for listener in self._listeners:
            listener.put_nowait(frame)
        self._tell()

    def _tell(self) -> None:
        changed, self._changed = self._changed, asyncio.Event()
        changed.set()
        self.on_change()


def socket_url(url: str) -> str:
    """http://host:1 -> ws://host:1/v1/agent; a ws address is taken as it is."""
    if url.startswith(("ws://", "wss://")):
        return url
    return "ws" + url.removeprefix("http").rstrip("/") + PATH
