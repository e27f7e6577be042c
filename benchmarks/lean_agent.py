"""Agents as cheap as they can be, with the same frames as `contactcenter.client` on the wire.

No task, no future and no state of the desk for a command: what is heard is answered where it is read. What the typed
client's library does beside the protocol, a ping every twenty seconds, is left out.
"""

from __future__ import annotations

import asyncio
from urllib.parse import urlsplit

from benchmarks.desk_socket import DeskSocket, Heard, Offer, command_id
from benchmarks.door_floor import World
from contactcenter.client import protocol as p
from contactcenter.client.link import TRY_AGAIN
from contactcenter.client.world import Patience, chance

PATIENCE = Patience()


class LeanAgent:
    """Accepts, finishes and wraps up at once. `gone` is set when his socket is lost."""

    def __init__(self, world: World, token: str) -> None:
        self.gone = asyncio.Event()
        self._world = world
        self._unanswered: dict[str, tuple[p.Command, int]] = {}
        """By their ids, with how often each was said before."""
        self._signing: asyncio.Future[None] | None = None
        self._desk = DeskSocket(token, language="zh-CN", acknowledges=True)
        self._desk.heard = self.heard
        self._desk.lost = self._lost

    async def sign_in(self, host: str, port: int) -> None:
        """Seated and ready when it returns. OSError when he is kept out."""
        await asyncio.get_running_loop().create_connection(lambda: self._desk, host, port)
        await self._desk.ready
        for command in (p.SignIn, p.Ready):
            self._signing = asyncio.get_running_loop().create_future()
            self._say(command(id=command_id()))
            await self._signing
        self._signing = None

    def leave(self) -> None:
        self._desk.close()

    def _lost(self) -> None:
        self.gone.set()
        if self._signing is not None and not self._signing.done():
            self._signing.set_exception(ConnectionError("lost while signing in"))

    def heard(self, frame: Heard) -> None:
        match frame.type:
            case "":
                self._answered(frame)
            case "offer":
                assert isinstance(frame.offer, Offer)
                self._world.rang(frame.offer.contact)
                self._say(p.Accept(id=command_id(), offer=frame.offer.offer))
            case "assigned":
                assert frame.card is not None
                self._say(p.Finish(id=command_id(), contact=frame.card.contact, no_reply_reason="bench"))
            case "wrap_up":
                self._say(p.WrapUpDone(id=command_id(), contact=frame.contact))
            case "released":
                self._world.ended()

    def _say(self, command: p.Command, tries: int = 0) -> None:
        self._unanswered[command.id] = command, tries
        self._desk.say(command)

    def _answered(self, reply: Heard) -> None:
        """'Not now' is said again under the same id; another refusal is told."""
        command, tries = self._unanswered.pop(reply.re, (None, 0))
        if command is None:
            return  # The hello's.
        if reply.error is not None and reply.error.code in TRY_AGAIN and tries + 1 < PATIENCE.tries:
            pause = PATIENCE.pause(tries, chance())
            asyncio.get_running_loop().call_later(pause, self._say, command, tries + 1)
            return
        if reply.error is not None:
            self._world.refused(reply.error.code)
        if self._signing is not None and not self._signing.done():
            self._signing.set_result(None)


async def day(world: World, token: str, ready: asyncio.Event, gate: asyncio.Semaphore) -> None:
    """Until he is cancelled. A lost socket does not come back: the bench has one agent less, and says so."""
    address = urlsplit(world.access.base_url)
    agent = LeanAgent(world, token)
    try:
        async with gate:
            await agent.sign_in(str(address.hostname), address.port or 80)
        ready.set()
        await agent.gone.wait()
        world.refused("lost")
    finally:
        agent.leave()
