"""The signed links at which customers cancel their callbacks, by this installation's public address and secrets."""

from __future__ import annotations

from contactcenter.clock import Clock
from contactcenter.config import Settings
from contactcenter.services.callback_desk import CallbackTokens
from contactcenter.services.callbacks import Link
from contactcenter.wiring.secrets_file import Secrets


def links(settings: Settings, secrets: Secrets, clock: Clock) -> Link | None:
    """Makes the address of a provider's callback; None without a secret to sign it."""
    if not secrets.visitors:
        return None
    tokens, root = CallbackTokens(secrets.visitors, clock), settings.base_url.rstrip("/")
    return lambda provider, contact: f"{root}/v1/callbacks/cancel/{tokens.sign(provider, contact)}"
