"""The signed links at which customers cancel their callbacks, by this installation's public address and secrets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contactcenter.services.callback_desk import CallbackDesk, CallbackTokens

if TYPE_CHECKING:
    from contactcenter.services.callbacks import Link
    from contactcenter.wiring.core import Core


def links(core: Core) -> Link | None:
    """Makes the address of a provider's callback; None without a secret to sign it."""
    if not core.secrets.visitors:
        return None
    tokens, root = CallbackTokens(core.secrets.visitors, core.clock), core.settings.base_url.rstrip("/")
    return lambda provider, contact: f"{root}/v1/callbacks/cancel/{tokens.sign(provider, contact)}"


def callback_desk(core: Core) -> CallbackDesk:
    return CallbackDesk(
        reads=core.reads,
        store=core.stores.changes,
        bus=core.bus,
        clock=core.clock,
        tokens=CallbackTokens(core.secrets.visitors, core.clock),
        words=(core.wording, core.directories.of),
    )
