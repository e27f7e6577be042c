"""PhoneCommands as REST calls. What Twilio refuses is an outcome of the call, told like any other event."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Final

from channels.phone.twilio import forms
from channels.phone.twilio.board import CUSTOMER, Board, Leg
from channels.phone.twilio.control import Control, Ring
from channels.phone.twilio.links import Links
from channels.phone.twilio.telling import Tell
from channels.port import (
    AnyOutbound,
    ChannelDown,
    PhoneCommand,
    Refused,
)

_SECOND: Final = 1_000_000
_DIAL_S: Final = 30
Do = Callable[[PhoneCommand], Awaitable[str]]


class TwilioSender:
    """A `channels.port.Sender` for one source."""

    def __init__(
        self,
        *,
        control: Control,
        board: Board,
        links: Links,
        tell: Tell,
        now: Callable[[], int],
    ) -> None:
        self._control = control
        self._board = board
        self._links = links
        self._tell = tell
        self._now = now
        self._does: dict[str, Do] = {
            "ring": self._ring,
            "consult": self._consult,
            "dial": self._dial,
            "stop_ringing": self._stop,
            "bridge": self._bridge,
            "treat": self._treat,
            "hang_up": self._hang_up,
            "hold": self._hold,
            "resume": self._resume,
            "join": self._join,
            "leave": self._leave,
            "requeue": self._requeue,
            "record": self._record,
            "pause_record": self._pause,
            "stop_record": self._stop_record,
        }

    async def send(self, outbound: AnyOutbound) -> str:
        """Do one command; what came of it. Raises Refused and ChannelDown."""
        if not isinstance(outbound, PhoneCommand):
            raise Refused(f"{type(outbound).__name__} is not a phone command")
        if 0 < outbound.not_after <= self._now():
            raise Refused("expired")
        do = self._does.get(outbound.verb)
        if do is None:
            raise Refused(f"{outbound.verb!r} is no verb of a phone platform")
        return await do(outbound)

    # --- legs -----------------------------------------------------------------------------------------------

    async def _ring(self, command: PhoneCommand, role: str = "") -> str:
        url = self._links.agent(command.call, command.offer, role=role)
        left = (command.not_after - self._now()) // _SECOND if command.not_after else _DIAL_S
        return await self._make(command, role=role, url=url, timeout_s=left, once=False)

    async def _consult(self, command: PhoneCommand) -> str:
        """The customer is held while the second agent is rung."""
        with suppress(Refused):
            await self._control.hold(command.call, await self._customer(command.call), on=True)
        return await self._ring(command, "consult")

    async def _dial(self, command: PhoneCommand) -> str:
        """A callback: the agent's own device first, so that no customer meets silence; then the customer, once."""
        offer = command.offer or command.id
        url = self._links.agent(command.call, offer, role="dial", number=command.number)
        return await self._make(command, role="dial", url=url, timeout_s=_DIAL_S, once=True)

    async def _make(self, command: PhoneCommand, *, role: str, url: str, timeout_s: int, once: bool) -> str:
        offer = command.offer or command.id
        leg = Leg("", command.call, offer, role)
        ring = Ring(id=command.id, leg=leg, to=command.device, url=url, timeout_s=timeout_s, once=once)
        try:
            if not command.device:
                raise Refused("no device")
            return await self._control.ring(ring)
        except Refused as refused:
            source, call = command.source, command.call
            await self._tell(forms.ended(source, call, offer, name=command.id, cause="unreachable", reached=False))
            return f"refused: {refused}"

    async def _stop(self, command: PhoneCommand) -> str:
        leg = self._board.leg(command.call, command.offer)
        if leg is None:
            return "nothing of it rings here"
        await self._control.end(leg.sid)
        return leg.sid

    async def _bridge(self, command: PhoneCommand) -> str:
        """Whoever answers walks in by himself: there is nothing left to do."""
        return "connected by answering" if self._board.leg(command.call, command.offer) else "no device of it is known"

    # --- the call -------------------------------------------------------------------------------------------

    async def _treat(self, command: PhoneCommand) -> str:
        """The caller's leg comes back to our door, which knows what is said to him.

        The first decision he asks for himself: told it again, he would leave the agent who has answered him since, or
        the message that he speaks.
        """
        if command.treatment in ("queue", self._board.told(command.call)):
            return "he has asked himself"
        url = self._links.treated(command.treatment, command.text, command.language)
        await self._control.send_to(command.call, url)
        return command.treatment

    async def _hang_up(self, command: PhoneCommand) -> str:
        if command.offer:
            return await self._stop(command)
        await self._control.finish(command.call, by="agent" if command.agent else "platform")
        return "ended"

    async def _hold(self, command: PhoneCommand) -> str:
        await self._control.hold(command.call, await self._customer(command.call), on=True)
        return "held"

    async def _resume(self, command: PhoneCommand) -> str:
        await self._control.hold(command.call, await self._customer(command.call), on=False)
        return "resumed"

    async def _join(self, command: PhoneCommand) -> str:
        """The consulted agent stays with the customer; every other agent's leg is released."""
        customer, stays = await self._customer(command.call), self._board.leg(command.call, command.offer)
        if stays is None:
            raise Refused("the consulted agent's leg is not known")
        await self._control.hold(command.call, customer, on=False)
        for sid in await self._control.participants(command.call):
            if sid not in (customer, stays.sid):
                await self._control.end(sid)
        return stays.sid

    async def _leave(self, command: PhoneCommand) -> str:
        said = await self._stop(command)
        await self._resume(command)
        return said

    async def _requeue(self, command: PhoneCommand) -> str:
        """The caller waits again, once: said again it would take him from whoever has answered since."""
        if self._board.tries(command.id):
            return "waits since before"
        try:
            await self._let_go(command.call)
            await self._control.send_to(command.call, self._links.treated("queue", "", ""))
        except ChannelDown:
            self._board.not_tried(command.id)
            raise
        return "waits again"

    async def _let_go(self, call: str) -> None:
        """Agents before the caller: to them the end of his conference would mean that he hung up."""
        for sid in await self._control.participants(call):
            if sid != call:
                await self._control.end(sid)
        for leg in self._board.legs_of(call):
            self._board.forget(call, leg.offer)

    async def _record(self, command: PhoneCommand) -> str:
        await self._control.record(command.call, await self._customer(command.call))
        return "recording"

    async def _pause(self, command: PhoneCommand) -> str:
        await self._control.change_recording(await self._customer(command.call), "paused")
        return "paused"

    async def _stop_record(self, command: PhoneCommand) -> str:
        await self._control.change_recording(await self._customer(command.call), "stopped")
        return "stopped"

    async def _customer(self, call: str) -> str:
        """The customer's leg: the call itself, or the leg that we made to call him back."""
        leg = self._board.leg(call, CUSTOMER)
        return leg.sid if leg else call
