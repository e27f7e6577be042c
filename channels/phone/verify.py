"""Signatures of both directions by Standard Webhooks, done by its maintained library `standardwebhooks`.

The library signs `id.timestamp.body` with HMAC-SHA256, compares in constant time and allows five minutes of
skew by the system's clock (it takes no clock: a test that needs another time signs with another timestamp).
It holds one secret; during a rotation a source has several and any of them will do.
What it lets through as other exceptions (a body that is not UTF-8, a signature without a comma) is a
BadSignature here, and only whole seconds are taken, because it would sign 1.9 as 1.
"""

from __future__ import annotations

import base64
import binascii
import datetime as dt
from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Final

from standardwebhooks import Webhook, WebhookVerificationError

from channels.port import BadSignature

TOLERANCE_S: Final = 300
"""The library's own; stated here for the documentation and the tests."""
MIN_SECRET_BYTES: Final = 24
"""Standard Webhooks asks for 24 to 64 random bytes."""
_PREFIX: Final = "whsec_"
_HEADERS: Final = ("webhook-id", "webhook-timestamp", "webhook-signature")


class Reason(StrEnum):
    MISSING_HEADER = "missing header"
    STALE_TIMESTAMP = "stale timestamp"
    WRONG_SIGNATURE = "wrong signature"
    UNKNOWN_SOURCE = "unknown source"


_CODES: Final = {Reason.STALE_TIMESTAMP: "stale_timestamp", Reason.UNKNOWN_SOURCE: "unknown_door"}


class Unverified(BadSignature):
    """A BadSignature that knows its reason; `code` is bad_signature, stale_timestamp or unknown_door."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason}: {detail}" if detail else str(reason))
        self.reason = reason
        self.code = _CODES.get(reason, BadSignature.code)


class Verifier:
    """Checks who sent a request. One instance for all doors; immutable."""

    def __init__(self, secrets: Mapping[str, Sequence[str]]) -> None:
        """`secrets`: source -> its secrets (`whsec_` + base64), newest first. Raises ValueError by source."""
        self._hooks = {source: [_webhook(source, one) for one in many] for source, many in secrets.items()}

    def verify(self, source: str, headers: Mapping[str, str], body: bytes) -> None:
        """Return when `body` was signed with a secret of `source` within five minutes.

        Raises Unverified. Every secret is tried, so that the time taken does not tell which one fitted.
        """
        hooks = self._hooks.get(source)
        if not hooks:
            raise Unverified(Reason.UNKNOWN_SOURCE)
        signed = _signed(headers)
        fits = [_fits(hook, signed, body) for hook in hooks]
        if not any(fits):
            raise Unverified(Reason.WRONG_SIGNATURE)


def sign(secret: str, *, message_id: str, at_seconds: int, body: bytes) -> dict[str, str]:
    """The three headers that sign `body` (UTF-8) at this instant, in seconds since the epoch."""
    return sign_with_all([secret], message_id=message_id, at_seconds=at_seconds, body=body)


def sign_with_all(secrets: Sequence[str], *, message_id: str, at_seconds: int, body: bytes) -> dict[str, str]:
    """As `sign`, with one signature per secret: during a rotation either side may be ahead."""
    at = dt.datetime.fromtimestamp(at_seconds, dt.UTC)
    text = body.decode()
    signatures = [Webhook(secret).sign(message_id, at, text) for secret in secrets]
    return dict(zip(_HEADERS, (message_id, str(at_seconds), " ".join(signatures)), strict=True))


def _webhook(source: str, secret: str) -> Webhook:
    """Refuse at start what the library would take in silence; the message never shows the secret."""
    bare = secret.removeprefix(_PREFIX)
    try:
        key = base64.b64decode(bare + "=" * (-len(bare) % 4), validate=True)
    except (binascii.Error, ValueError):
        raise ValueError(f"the webhook secret of source {source!r} is not base64") from None
    if len(key) < MIN_SECRET_BYTES:
        raise ValueError(
            f"the webhook secret of source {source!r} has {len(key)} bytes, at least {MIN_SECRET_BYTES} are needed"
        )
    return Webhook(secret)


def _signed(headers: Mapping[str, str]) -> dict[str, str]:
    lower = {name.lower(): value for name, value in headers.items()}
    signed = {name: lower.get(name, "") for name in _HEADERS}
    missing = [name for name, value in signed.items() if not value]
    if missing:
        raise Unverified(Reason.MISSING_HEADER, ", ".join(missing))
    stamp = signed["webhook-timestamp"]
    if not (stamp.isascii() and stamp.isdigit()):
        raise Unverified(Reason.MISSING_HEADER, "webhook-timestamp is not whole seconds since the epoch")
    return signed


def _fits(hook: Webhook, signed: dict[str, str], body: bytes) -> bool:
    try:
        hook.verify(body, signed, json_parse=False)
    except WebhookVerificationError as error:
        if str(error).startswith("Message timestamp"):
            detail = f"webhook-timestamp is more than {TOLERANCE_S} s away"
            raise Unverified(Reason.STALE_TIMESTAMP, detail) from None
        return False
    except ValueError:
        return False
    return True
