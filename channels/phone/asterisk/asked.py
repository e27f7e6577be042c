"""Requests over the events' own socket, for an Asterisk that takes them there (from 20.12, 21.7, 22.2 and 23.0 on).

They cost both sides much less than requests by HTTP. But Asterisk carries them out one after the other, so one that
takes long, as when it looks up a name, holds up the rest: while the eldest has waited for BUSY_S others go by HTTP, and
whatever has waited for PATIENCE_S is asked there again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final
from urllib.parse import urlencode

import msgspec
from msgspec import Struct

from channels.phone.asterisk.actions import Rest
from channels.phone.asterisk.events import RESTResponse

BUSY_S: Final = 0.05
PATIENCE_S: Final = 0.5
_JSON: Final = "application/json"

Say = Callable[[str], Awaitable[None]]


class _Request(Struct, frozen=True, tag="RESTRequest", tag_field="type", omit_defaults=True):
    request_id: str
    method: str
    uri: str
    content_type: str = ""
    message_body: str = ""


class Unanswered(Exception):
    """The connection ended, or was too slow: the request may have been carried out, or will be."""


class Asked:
    """`open` and `close` with the connection. Nothing goes this way before an answer came to `probe`: older versions
    hear no requests here, and say nothing about it."""

    def __init__(self) -> None:
        self._say: Say | None = None
        self._waiting: dict[str, tuple[float, asyncio.Future[RESTResponse]]] = {}
        """Those without an answer, the eldest first."""
        self._number = 0
        self._heard = False

    def open(self, say: Say) -> None:
        self._say, self._heard = say, False

    def close(self) -> None:
        self._say, self._heard = None, False
        for _, answer in self._waiting.values():
            if not answer.done():
                answer.set_exception(Unanswered("the connection ended"))
        self._waiting.clear()

    async def probe(self) -> None:
        """Say something that changes nothing. Whoever answers takes requests here."""
        if self._say is not None:
            await self._say(self._said(Rest(call="", lane="", method="GET", path="/asterisk/ping"), "probe"))

    def takes(self) -> bool:
        """Is it heard here, and soon?"""
        if not self._heard:
            return False
        eldest = next(iter(self._waiting.values()), None)
        return eldest is None or asyncio.get_running_loop().time() - eldest[0] < BUSY_S

    async def ask(self, rest: Rest) -> RESTResponse:
        """Raises Unanswered."""
        if self._say is None:
            raise Unanswered("not connected")
        self._number += 1
        name, loop = str(self._number), asyncio.get_running_loop()
        answer: asyncio.Future[RESTResponse] = loop.create_future()
        self._waiting[name] = loop.time(), answer
        try:
            async with asyncio.timeout(PATIENCE_S):
                await self._say(self._said(rest, name))
                return await answer
        except TimeoutError:
            await self._doubt()
            raise Unanswered("no answer in time") from None
        finally:
            self._waiting.pop(name, None)

    async def _doubt(self) -> None:
        """By HTTP until it answers again: what is said now is heard after whatever holds it up."""
        if self._heard:
            self._heard = False
            await self.probe()

    def answered(self, response: RESTResponse) -> None:
        if response.request_id == "probe":
            self._heard = self._say is not None
            return
        _, answer = self._waiting.get(response.request_id, (0.0, None))
        if answer is not None and not answer.done():
            answer.set_result(response)

    def _said(self, rest: Rest, name: str) -> str:
        uri = rest.path[1:] + (f"?{urlencode(rest.query)}" if rest.query else "")
        body = "" if rest.body is None else msgspec.json.encode(rest.body).decode()
        request = _Request(name, rest.method, uri, _JSON if body else "", body)
        return msgspec.json.encode(request).decode()
