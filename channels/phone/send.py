"""The way out: commands to phone platforms as signed POSTs, or into the feed where there is no URL.

At most once is the outbox's business (decisions rows 4 to 6): this sends one attempt and says how it
ended. A command whose `not_after` has passed is never sent.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Final

import aiohttp

from channels.phone.command import render
from channels.phone.feed import CommandFeed
from channels.phone.verify import sign_with_all
from channels.port import AnyOutbound, ChannelDown, NotSent, PhoneCommand, Refused

TIMEOUT_S: Final = 2.0
"""Shorter than the outbox's patience: a platform that thinks longer about a ring is down."""
_SECOND: Final = 1_000_000
_ANSWER_BYTES: Final = 500
_TRY_AGAIN: Final = (408, 429)
_NOT_TAKEN: Final = (429, 503)
"""The platform says that it did not take the command: a dial may be tried again."""


class PhoneSender:
    """A `channels.port.Sender` for PhoneCommand. Owns neither the session nor the feed."""

    def __init__(
        self,
        *,
        control_urls: Mapping[str, str],
        secrets: Mapping[str, Sequence[str]],
        session: aiohttp.ClientSession,
        now: Callable[[], int],
        feed: CommandFeed,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`control_urls`: source -> where its commands go; `now` gives microseconds UTC.

        Raises ValueError for a control URL whose source has no secret to sign with.
        """
        bare = sorted(source for source in control_urls if not secrets.get(source))
        if bare:
            raise ValueError(f"no webhook secret for the control_url of: {', '.join(bare)}")
        self._urls = control_urls
        self._secrets = secrets
        self._session = session
        self._now = now
        self._feed = feed
        self._timeout_s = timeout_s

    async def send(self, outbound: AnyOutbound) -> str:
        """Post or keep one command; what the platform said. Raises Refused and ChannelDown."""
        if not isinstance(outbound, PhoneCommand):
            raise Refused(f"{type(outbound).__name__} is not a phone command")
        at = self._now()
        if 0 < outbound.not_after <= at:
            raise Refused("expired")
        url = self._urls.get(outbound.source)
        if url is not None:
            return await self._post(url, outbound, at)
        if outbound.source not in self._secrets:
            raise Refused(f"no phone platform is called {outbound.source!r}")
        return f"kept for polling as {self._feed.put(outbound)}"

    async def _post(self, url: str, command: PhoneCommand, at: int) -> str:
        body = render(command, at=at)
        try:
            async with self._session.post(
                url,
                data=body,
                headers=self._headers(command, body, at),
                timeout=self._patience(command, at),
                allow_redirects=False,
            ) as response:
                said = await response.content.read(_ANSWER_BYTES)
                return _judge(response.status, said.decode(errors="replace"))
        except aiohttp.ClientConnectorError as error:
            raise NotSent(f"{command.source}: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError) as error:
            raise ChannelDown(f"{command.source}: {type(error).__name__}") from error

    def _headers(self, command: PhoneCommand, body: bytes, at: int) -> dict[str, str]:
        secrets = self._secrets[command.source]
        signed = sign_with_all(secrets, message_id=command.id, at_seconds=at // _SECOND, body=body)
        return {"content-type": "application/cloudevents+json", **signed}

    def _patience(self, command: PhoneCommand, at: int) -> aiohttp.ClientTimeout:
        """Never longer than the command is of use."""
        left = (command.not_after - at) / _SECOND if command.not_after else self._timeout_s
        return aiohttp.ClientTimeout(total=min(self._timeout_s, left))


def _judge(status: int, said: str) -> str:
    if 200 <= status < 300:
        return said or str(status)
    if 400 <= status < 500 and status not in _TRY_AGAIN:
        raise Refused(f"{status} {said}".strip())
    if status in _NOT_TAKEN:
        raise NotSent(f"{status} {said}".strip())
    raise ChannelDown(f"{status} {said}".strip())
