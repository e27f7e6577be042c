"""A phone platform's side of our own dialect (docs/telephony/own-dialect.md): signed events, patiently delivered.

    async with PhoneClient("http://127.0.0.1:8080", "pbx-1", secret) as pbx:
        receipt = await pbx.offered("call-1", dialled="8000000102", caller="13800000109")
        print(receipt["contact"], receipt["instruction"])

An event keeps its id over all repetitions: the service stores it once and answers a repetition with the first answer.
"""

from __future__ import annotations

from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

import msgspec
from standardwebhooks import Webhook

from contactcenter.client import world
from contactcenter.client.http import ApiClient

Receipt = dict[str, Any]
JSON = "application/cloudevents+json"


class PhoneClient:
    """`source` and `secret` are those of the configured platform; `ids` names the events."""

    def __init__(
        self,
        base_url: str,
        source: str,
        secret: str,
        *,
        ids: world.Ids = world.new_id,
        now: world.Now = world.now,
        api: Callable[[str], ApiClient] = ApiClient,
    ) -> None:
        self._api = api(base_url)
        self._path = f"/v1/phone/{source}"
        self._webhook = Webhook(secret)
        self._ids = ids
        self._now = now

    async def __aenter__(self) -> Self:
        await self._api.__aenter__()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self._api.__aexit__(kind, error, trace)

    # --- events --------------------------------------------------------------------------------------------

    async def offered(self, call: str, *, dialled: str, caller: str = "", **more: Any) -> Receipt:
        """A call reached a line; the reply says what to do with it. `more`: alerting, language, product, ..."""
        return await self.post("call.offered", call, dialled=dialled, caller=caller, **more)

    async def answered(self, call: str, offer: str) -> Receipt:
        """The device of this offer was answered by a human."""
        return await self.post("call.answered", call, offer=offer)

    async def released(self, call: str, by: str = "customer", **more: Any) -> Receipt:
        """A leg ended. by: customer | agent | platform; `more`: leg, cause, offer, reached."""
        return await self.post("call.released", call, by=by, **more)

    async def callback(self, call: str, *, dialled: str, number: str, **more: Any) -> Receipt:
        """The caller asks to be called back at `number`."""
        return await self.post("callback.requested", call, dialled=dialled, number=number, **more)

    async def voicemail(self, call: str, *, dialled: str, caller: str, **more: Any) -> Receipt:
        """A message was left; `more`: recording, seconds, language."""
        return await self.post("voicemail.left", call, dialled=dialled, caller=caller, **more)

    async def post(self, kind: str, call: str, **data: Any) -> Receipt:
        """Any event of the dialect. DoorError when it is refused, Unreachable when nobody answers."""
        event = {
            "specversion": "1.0",
            "id": self._ids(),
            "source": "/client",
            "type": kind,
            "subject": call,
            "data": data,
        }
        body = msgspec.json.encode(event)
        receipt: Receipt = await self._api.request(
            "POST", f"{self._path}/events", body=body, sign=lambda: {"content-type": JSON, **self._signed(event, body)}
        )
        return receipt

    # --- commands ------------------------------------------------------------------------------------------

    async def commands(self, after: int = 0) -> dict[str, Any]:
        """The next page of the feed of a platform without a control_url."""
        asked = {"id": self._ids()}
        page: dict[str, Any] = await self._api.request(
            "GET", f"{self._path}/commands", query={"after": after}, sign=lambda: self._signed(asked, b"")
        )
        return page

    def _signed(self, event: dict[str, Any], body: bytes) -> dict[str, str]:
        """Signed anew at every try, because a timestamp grows stale while the service restarts."""
        now = self._now()
        return {
            "webhook-id": event["id"],
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": self._webhook.sign(event["id"], now, body.decode()),
        }
