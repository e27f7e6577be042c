"""Asterisk as any phone platform (tests/conformance/phone_platforms/platform.py)."""

from __future__ import annotations

from collections.abc import Sequence

from ari.floor import Floor, now
from ari.pulse import until
from ari.world import Device
from channels.phone.asterisk import names
from channels.port import AnyInbound, PhoneCommand

HOW = {"busy": (17, 486), "declined": (21, 603), "no_answer": (19, 480), "absent": (1, 404)}


class AsteriskDriver:
    def __init__(self, floor: Floor) -> None:
        self._floor = floor
        self._world = floor.emulator.world
        self._world.devices |= {"one": Device(), "two": Device()}
        self._channels: dict[str, str] = {}

    @property
    def events(self) -> Sequence[AnyInbound]:
        return self._floor.desk.heard

    async def call_comes(self) -> str:
        return await self._floor.arrived()

    async def command(self, verb: str, call: str, **more: str) -> str:
        command = PhoneCommand(
            id=f"{call}/{verb}", source="pbx", call=call, verb=verb, not_after=now() + 5_000_000, **more
        )
        return await self._floor.asterisk.send(command)

    async def device_rings(self, call: str, offer: str, device: str) -> None:
        await self.command("ring", call, offer=offer, device=device)
        self._channels[offer] = names.leg(call, offer)
        await until(lambda: self._floor.desk.of("call.alerting", offer=offer))

    async def device_answers(self, call: str, offer: str) -> None:
        channel = self._channels[offer]
        self._world.answer_device(self._world.channels[channel], ["leg"])
        await until(lambda: channel not in self._world.channels or self._world.channels[channel].bridge)
        await until(lambda: not self._floor.asterisk.busy)

    async def device_fails(self, offer: str, how: str) -> None:
        cause, tech = HOW[how]
        channel = self._world.channels[self._channels[offer]]
        self._world.end(channel, cause, tech)
        await until(lambda: self._floor.desk.of("call.released", offer=offer))

    async def device_hangs_up(self, offer: str) -> None:
        self._world.hang_up(self._channels[offer], cause=16)
        await until(lambda: self._floor.desk.of("call.released", offer=offer))

    async def caller_hangs_up(self, call: str) -> None:
        self._world.hang_up(call, cause=16)
        await until(lambda: self._floor.desk.ends(call))

    def connected(self, call: str, *offers: str) -> bool:
        inside = self._world.inside(names.bridge(call))
        return sorted(inside) == sorted([call, *(self._channels[offer] for offer in offers)])

    async def settled(self) -> None:
        await self._floor.all_quiet()
        await until(lambda: not self._floor.asterisk.busy)
