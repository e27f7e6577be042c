"""The way out for webhooks: one signed POST, one attempt, and what came of it (decisions row 6).

At least once is the outbox's business: it tries again after ChannelDown. Whatever is not 2xx is a failure that may
pass; 410 Gone ends the subscription. Redirects are not followed, answers are read to a bound, and a name is
connected to only at public addresses, checked at the moment of connecting.
"""

from __future__ import annotations

import datetime as dt
import socket
from collections import defaultdict
from collections.abc import Awaitable, Callable, Mapping, Sequence
from typing import Final

import aiohttp
import msgspec
from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver
from msgspec import Struct
from standardwebhooks import Webhook

from channels.port import AnyOutbound, ChannelDown, PostWebhook, Refused
from channels.webhook.address import is_public, problem_of

TIMEOUT_S: Final = 10.0
"""Standard Webhooks asks receivers for an answer within 15 to 30 s; we hold a place in a line of senders."""
TIRED_AFTER: Final = 3
REST_S: Final = 5.0
"""After so many failures in a row a receiver is left alone so long: its time-outs must not hold up the others."""
_SECOND: Final = 1_000_000
_ANSWER_BYTES: Final = 500
_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Endpoint(Struct, frozen=True):
    """Where a subscription's facts go, and its secrets (`whsec_`...): each signs, so that either side may rotate."""

    url: str
    secrets: Sequence[str]


EndpointOf = Callable[[str, str], Endpoint | None]
"""(provider, webhook): None when it is not configured any more. Raises ChannelDown when it has no secret."""
Gone = Callable[[PostWebhook, str], Awaitable[None]]
"""(what was sent, its url): the receiver answered 410."""


class NotPublic(OSError):
    """A name whose address is inside."""


class PublicResolver(AbstractResolver):
    """Resolves as usual and refuses a name of which any address is not public: half of them would be luck."""

    def __init__(self, inner: AbstractResolver | None = None) -> None:
        self._inner = inner or ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._inner.resolve(host, port, family)
        inside = [each["host"] for each in found if not is_public(each["host"])]
        if inside:
            raise NotPublic(f"{host} is {inside[0]}, no public address")
        return found

    async def close(self) -> None:
        await self._inner.close()


def open_session(*, private: bool) -> aiohttp.ClientSession:
    """Of its own: no cookies are kept, no proxy is asked, and names are resolved under guard."""
    resolver = None if private else PublicResolver()
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(resolver=resolver, limit_per_host=8, use_dns_cache=False),
        cookie_jar=aiohttp.DummyCookieJar(),
        trust_env=False,
    )


class WebhookSender:
    """A `channels.port.Sender` for PostWebhook. Owns neither the session nor the subscriptions."""

    def __init__(
        self,
        *,
        session: aiohttp.ClientSession,
        endpoint_of: EndpointOf,
        gone: Gone,
        now: Callable[[], int],
        private: bool = False,
        timeout_s: float = TIMEOUT_S,
    ) -> None:
        """`now` gives microseconds UTC; `private` allows http and our own network (see address.py)."""
        self._session = session
        self._endpoint_of = endpoint_of
        self._gone = gone
        self._now = now
        self._private = private
        self._timeout = aiohttp.ClientTimeout(total=timeout_s)
        self._failed: defaultdict[str, int] = defaultdict(int)
        self._rests_until: dict[str, int] = {}

    async def send(self, outbound: AnyOutbound) -> str:
        """Post one fact; what the receiver said. Raises Refused and ChannelDown."""
        if not isinstance(outbound, PostWebhook):
            raise Refused(f"{type(outbound).__name__} is not a webhook")
        endpoint = self._endpoint_of(outbound.provider, outbound.webhook)
        if endpoint is None:
            raise Refused(f"no webhook {outbound.webhook!r} is configured")
        problem = problem_of(endpoint.url, private=self._private)
        if problem:
            raise Refused(f"nothing is sent to {endpoint.url}: {problem}")
        self._not_tired(endpoint.url)
        try:
            said = await self._post(endpoint, outbound)
        except ChannelDown:
            self._fails(endpoint.url)
            raise
        self._failed.pop(endpoint.url, None)
        return said

    async def _post(self, endpoint: Endpoint, outbound: PostWebhook) -> str:
        body = msgspec.json.encode(outbound.body)
        headers = {"content-type": "application/json", **_signed(endpoint.secrets, outbound.id, self._now(), body)}
        try:
            async with self._session.post(
                endpoint.url, data=body, headers=headers, timeout=self._timeout, allow_redirects=False
            ) as response:
                said = (await response.content.read(_ANSWER_BYTES)).decode(errors="replace")
        except NotPublic as inside:
            raise Refused(str(inside)) from inside
        except aiohttp.ClientConnectorError as error:
            if isinstance(error.os_error, NotPublic):
                raise Refused(str(error.os_error)) from error
            raise ChannelDown(f"{outbound.webhook}: {type(error).__name__}") from error
        except (aiohttp.ClientError, TimeoutError, OSError, ValueError) as error:
            raise ChannelDown(f"{outbound.webhook}: {type(error).__name__}") from error
        return await self._judge(response.status, said, outbound, endpoint.url)

    async def _judge(self, status: int, said: str, outbound: PostWebhook, url: str) -> str:
        if 200 <= status < 300:
            return str(status)
        if status == 410:
            await self._gone(outbound, url)
            raise Refused("410: the receiver wants no more; the webhook is stopped")
        raise ChannelDown(f"{outbound.webhook}: {status} {said}".strip())

    # --- a receiver that does not answer ---------------------------------------------------------------------------

    def _not_tired(self, url: str) -> None:
        if self._rests_until.get(url, 0) > self._now():
            raise ChannelDown("not tried: it failed a moment ago")

    def _fails(self, url: str) -> None:
        self._failed[url] += 1
        if self._failed[url] >= TIRED_AFTER:
            self._rests_until[url] = self._now() + round(REST_S * _SECOND)


def _signed(secrets: Sequence[str], message_id: str, at: int, body: bytes) -> Mapping[str, str]:
    seconds = at // _SECOND
    instant = dt.datetime.fromtimestamp(seconds, dt.UTC)
    signatures = [Webhook(secret).sign(message_id, instant, body.decode()) for secret in secrets]
    return dict(zip(_HEADERS, (message_id, str(seconds), " ".join(signatures)), strict=True))
