"""Twilio's door: read the form, check who signed it, hand it on, answer in TwiML.

    POST /v1/phone/{source}/twilio/voice       a call came (console: "A call comes in")
    POST /v1/phone/{source}/twilio/status      a call changed (console: "Call status changes")
    POST /v1/phone/{source}/twilio/{what}      every other address is one that we gave out ourselves

What cannot be signed, read or found is a problem document, as at our own dialect's door. Bodies are never logged.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Final

from aiohttp import web

from channels.phone.door import MAX_BYTES, failure, read_body, refusal
from channels.phone.twilio import forms
from channels.phone.twilio.callers import Callers
from channels.phone.twilio.devices import Devices
from channels.phone.twilio.links import Links
from channels.phone.twilio.verify import Verifier
from channels.port import ChannelError, UnknownDoor

ROOT: Final = "/v1/phone/{source}/twilio/{what}"
Handler = Callable[[Mapping[str, str], Mapping[str, str]], Awaitable[str]]


class Source:
    """One account's: who may post, and what is done with it."""

    def __init__(self, *, links: Links, verifier: Verifier, callers: Callers, devices: Devices) -> None:
        self.links = links
        self.verifier = verifier
        self.handlers: dict[str, Handler] = {
            "voice": callers.voice,
            "turn": callers.turn,
            "again": callers.again,
            "treated": callers.treated,
            "wait": callers.wait,
            "left": callers.left,
            "over": callers.over,
            "agent": devices.agent,
            "agent-left": devices.agent_left,
            "customer": devices.customer,
            "status": devices.status,
            "conference": devices.conference,
            "recording": callers.recording,
            "transcription": callers.transcription,
        }


class TwilioDoor:
    """`source_of` finds the configured source of a name."""

    def __init__(self, source_of: Callable[[str], Source | None], *, max_bytes: int = MAX_BYTES) -> None:
        self._source_of = source_of
        self._max_bytes = max_bytes

    def routes(self) -> list[web.RouteDef]:
        return [web.post(ROOT, self.receive)]

    async def receive(self, request: web.Request) -> web.Response:
        """One form post. Never raises for what a platform sent."""
        what = request.match_info["what"]
        try:
            source = self._source_of(request.match_info["source"])
            handler = source.handlers.get(what) if source else None
            if source is None or handler is None:
                raise UnknownDoor("no such source or address")
            body = await read_body(request, self._max_bytes)
            many = forms.fields(body)
            source.verifier.verify(source.links.requested(request.raw_path), request.headers, body, many)
            return _answer(await handler(forms.form(many), request.query))
        except ChannelError as error:
            return refusal(error, what)
        except Exception as error:
            return failure(error, what)


def _answer(twiml: str) -> web.Response:
    if not twiml:
        return web.Response(status=204)
    return web.Response(text=twiml, content_type="text/xml", charset="utf-8")
