"""The drill's phone platform: signed webhooks in any order and number, and the door for the commands it is sent."""

from __future__ import annotations

import asyncio
import datetime as dt
from collections import deque
from random import Random
from typing import Any

import aiohttp
import msgspec
from aiohttp import web
from standardwebhooks import Webhook

from drill.ledger import Ledger, now
from drill.records import Ordered

SOURCE = "pbx-1"
JSON = "application/cloudevents+json"
LAST = 400
"""Events that a storm sends again."""


class Sent(msgspec.Struct, frozen=True):
    """One event as it goes over the wire, and goes again: the same bytes under the same id."""

    id: str
    kind: str
    call: str
    leg: str
    body: bytes


class Platform:
    """`doors` are base addresses that take webhooks; each posting takes one of them by chance, until one says yes."""

    def __init__(self, ledger: Ledger, rng: Random, tag: str) -> None:
        self._ledger, self._rng, self._tag = ledger, rng, tag
        self._numbers = 0
        self._rings: dict[str, asyncio.Task[None]] = {}
        self._group: asyncio.TaskGroup | None = None
        self._session: aiohttp.ClientSession | None = None
        self._runner: web.AppRunner | None = None
        self.doors: list[str] = []
        self.secret = ""
        self.recent: deque[Sent] = deque(maxlen=LAST)
        self.control_url = ""
        self.stopping = False
        self.posts = 0

    async def open(self, group: asyncio.TaskGroup) -> None:
        """Listens for commands; `control_url` is set afterwards."""
        self._group = group
        self._session = aiohttp.ClientSession(
            timeout=aiohttp.ClientTimeout(total=10), connector=aiohttp.TCPConnector(limit=100, force_close=True)
        )
        app = web.Application()
        app.router.add_post("/commands", self._command)
        self._runner = web.AppRunner(app, access_log=None)
        await self._runner.setup()
        site = web.TCPSite(self._runner, "127.0.0.1", 0)
        await site.start()
        self.control_url = f"http://127.0.0.1:{self._runner.addresses[0][1]}/commands"

    async def close(self) -> None:
        if self._runner is not None:
            await self._runner.cleanup()
        if self._session is not None:
            await self._session.close()

    # --- events ------------------------------------------------------------------------------------------------

    def event(self, kind: str, call: str, **data: Any) -> Sent:
        self._numbers += 1
        name = f"{self._tag}-e{self._numbers}"
        body = {"specversion": "1.0", "id": name, "source": "/drill", "type": kind, "subject": call, "data": data}
        return Sent(name, kind, call, str(data.get("leg", "customer")), msgspec.json.encode(body))

    async def post(self, sent: Sent) -> dict[str, Any]:
        """Until a door acknowledges it; then the reply. A refusal for good is a defect of the drill and raised."""
        for attempt in range(400):
            reply = await self.once(sent)
            if reply is not None:
                self.recent.append(sent)
                return reply
            await asyncio.sleep(min(0.5, 0.02 * 2 ** min(attempt, 5)) * (0.5 + self._rng.random()))
        raise RuntimeError(f"{sent.kind} {sent.id} was never acknowledged")

    async def once(self, sent: Sent) -> dict[str, Any] | None:
        """One try at one door; None when it was not acknowledged."""
        assert self._session is not None
        self.posts += 1
        url = f"{self._rng.choice(self.doors)}/v1/phone/{SOURCE}/events"
        try:
            async with self._session.post(url, data=sent.body, headers=self._signed(sent)) as response:
                status, body = response.status, await response.read()
        except (aiohttp.ClientError, TimeoutError, OSError) as lost:
            self._ledger.refused[type(lost).__name__] += 1
            return None
        if status >= 300:
            self._ledger.refused[f"{sent.kind} {status}" if status < 500 else str(status)] += 1
            if status < 429:
                raise RuntimeError(f"{sent.kind} {sent.id} got {status}: {body[:500]!r}")
            return None
        reply: dict[str, Any] = msgspec.json.decode(body)
        self._ledger.acknowledge(
            sent.kind, sent.id, source=SOURCE, subject=sent.call, contact=reply.get("contact", ""), leg=sent.leg
        )
        return reply

    def _signed(self, sent: Sent) -> dict[str, str]:
        at = dt.datetime.now(dt.UTC)
        return {
            "content-type": JSON,
            "webhook-id": sent.id,
            "webhook-timestamp": str(int(at.timestamp())),
            "webhook-signature": Webhook(self.secret).sign(sent.id, at, sent.body.decode()),
        }

    # --- commands ----------------------------------------------------------------------------------------------

    async def _command(self, request: web.Request) -> web.Response:
        """Every command is written down; what it asks for is done once, after the answer.

        A question is no command of a router's: its customers tell each end until it was taken, and need not be asked.
        """
        command = msgspec.json.decode(await request.read())
        if command["type"] == "phone.status":
            return web.json_response({"taken": True})
        data = command.get("data", {})
        self._ledger.ordered.append(_ordered(request.headers.get("webhook-id", command["id"]), command["type"], data))
        offer = data.get("offer", "")
        if command["type"] == "phone.ring" and offer not in self._rings and not self.stopping:
            assert self._group is not None
            self._rings[offer] = self._group.create_task(self._ring(command["subject"], offer))
        elif command["type"] == "phone.stop_ringing" and offer in self._rings:
            self._rings[offer].cancel()
        return web.json_response({"taken": True})

    async def _ring(self, call: str, offer: str) -> None:
        """A desk phone rings: mostly somebody answers, sometimes he declines, it is out of reach, or nobody comes."""
        await asyncio.sleep(self._rng.uniform(0.1, 1.5))
        fate = self._rng.random()
        if fate < 0.85:
            await self.post(self.event("call.answered", call, offer=offer))
        elif fate < 0.95:
            cause = "declined" if fate < 0.9 else "unreachable"
            await self.post(self.event("call.released", call, by="platform", leg="agent", offer=offer, cause=cause))


def _ordered(name: str, kind: str, data: dict[str, Any]) -> Ordered:
    until = data.get("not_after", "")
    not_after = int(dt.datetime.fromisoformat(until).timestamp() * 1_000_000) if until else 0
    return Ordered(id=name, kind=kind, at=now(), offer=data.get("offer", ""), not_after=not_after)
