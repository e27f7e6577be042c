"""Twilio as any phone platform: what callers and devices do, and the neutral events and ends that come of it.

The words are those of a conformance suite over all platforms; nothing here is asked for by Twilio's own names.
"""

from __future__ import annotations

from twilio_emulator import Line
from twilio_rig import Rig

from channels.port import AnyInbound

DEVICES = {"one": "client:one", "two": "sip:two@pbx.example"}
NUMBER = "+862112345678"
HOW = {
    "busy": ("busy", "486"),
    "declined": ("busy", "603"),
    "no_answer": ("no-answer", "487"),
    "absent": ("failed", "404"),
}


class TwilioDriver:
    """One platform with two devices, `one` and `two`. Calls are named as the platform names them in its events."""

    def __init__(self, rig: Rig) -> None:
        self._rig = rig
        self._offers: dict[str, Line] = {}

    @property
    def events(self) -> list[AnyInbound]:
        """Everything that the intake was told, in order."""
        return self._rig.intake.taken

    async def call_comes(self) -> str:
        line = self._rig.twilio.incoming(NUMBER)
        await self._rig.twilio.until(lambda: line.conference)
        return line.sid

    async def command(self, verb: str, call: str, **more: str) -> str:
        said_again = {"id": f"{call}/{verb}"} if verb == "requeue" else {}
        return await self._rig.command(verb, call, **said_again, **more)

    async def device_rings(self, call: str, offer: str, device: str) -> None:
        """We command it; the platform rings and tells."""
        told = len(self.events)
        await self._rig.command("ring", call, offer=offer, device=DEVICES[device])
        self._offers[offer] = await self._rig.twilio.rings(DEVICES[device])
        await self._rig.twilio.until(lambda: len(self.events) > told)

    async def device_answers(self, call: str, offer: str) -> None:
        line = self._offers[offer]
        self._rig.twilio.answer(line)
        await self._rig.twilio.until(lambda: line.conference or not line.alive)

    async def device_fails(self, offer: str, how: str) -> None:
        status, sip = HOW[how]
        await self._rig.twilio.ends(self._offers[offer], status, SipResponseCode=sip)

    async def device_hangs_up(self, offer: str) -> None:
        await self._rig.twilio.ends(self._offers[offer])

    async def caller_hangs_up(self, call: str) -> None:
        await self._rig.twilio.ends(self._rig.twilio.lines[call])

    def connected(self, call: str, *offers: str) -> bool:
        """The caller talks with these devices and nobody else."""
        lines = (self._rig.twilio.lines[call], *(self._offers[offer] for offer in offers))
        return self._rig.twilio.talking(*lines)

    async def settled(self) -> None:
        """Nothing of any call is alive."""
        twilio = self._rig.twilio
        await twilio.until(lambda: twilio.quiet and not any(line.alive for line in twilio.lines.values()))
