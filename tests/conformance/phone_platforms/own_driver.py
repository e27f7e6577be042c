"""A platform of our own dialect as any phone platform: a small exchange that posts what the page asks for.

It is what docs/telephony/own-dialect.md describes, in forty lines: one talks, a second that answers is let go.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import Any

import msgspec
from ari.floor import Desk

from channels.phone.dialect import translate
from channels.port import AnyInbound

CAUSES = {"busy": "busy", "declined": "declined", "no_answer": "no_answer", "absent": "unreachable"}


class OwnDriver:
    def __init__(self) -> None:
        self._desk = Desk()
        self._count = itertools.count(1)
        self._talks: dict[str, str] = {}
        self._rings: dict[str, str] = {}
        self._given_back: set[str] = set()

    @property
    def events(self) -> Sequence[AnyInbound]:
        return self._desk.heard

    async def _post(self, kind: str, call: str, **data: Any) -> None:
        event = {"specversion": "1.0", "id": f"evt-{next(self._count)}", "source": "/pbx", "type": kind}
        body = msgspec.json.encode({**event, "subject": call, "data": data})
        await self._desk.accept(translate("pbx", body))

    async def call_comes(self) -> str:
        call = f"call-{next(self._count)}"
        await self._post("call.offered", call, dialled="4000000101", caller="13900001111")
        return call

    async def command(self, verb: str, call: str, **more: str) -> str:
        offer = more.get("offer", "")
        if verb == "stop_ringing" and self._rings.pop(offer, None):
            await self._leg_ends(call, offer, "withdrawn")
        elif verb == "requeue" and call not in self._given_back:
            self._given_back.add(call)
            await self._leg_ends(call, self._talks.pop(call), "withdrawn")
        elif verb == "hang_up":
            await self._ends(call, "agent" if more.get("agent") else "platform")
        return "done"

    async def _leg_ends(self, call: str, offer: str, cause: str, by: str = "platform") -> None:
        reached = cause != "unreachable"
        await self._post("call.released", call, leg="agent", offer=offer, cause=cause, by=by, reached=reached)

    async def device_rings(self, call: str, offer: str, device: str) -> None:
        self._rings[offer] = call
        await self._post("call.alerting", call, offer=offer)

    async def device_answers(self, call: str, offer: str) -> None:
        del self._rings[offer]
        if call in self._talks:
            await self._leg_ends(call, offer, "withdrawn")
        else:
            self._talks[call] = offer
            await self._post("call.answered", call, offer=offer)

    async def device_fails(self, offer: str, how: str) -> None:
        await self._leg_ends(self._rings.pop(offer), offer, CAUSES[how])

    async def device_hangs_up(self, offer: str) -> None:
        call = next(name for name, talks in self._talks.items() if talks == offer)
        del self._talks[call]
        await self._leg_ends(call, offer, "", by="agent")

    async def caller_hangs_up(self, call: str) -> None:
        await self._ends(call, "customer")

    async def _ends(self, call: str, by: str) -> None:
        self._talks.pop(call, None)
        await self._post("call.released", call, by=by)

    def connected(self, call: str, *offers: str) -> bool:
        return [self._talks.get(call)] == list(offers)

    async def settled(self) -> None:
        assert not self._talks
        assert not self._rings
