"""The page behind a signed link at which a customer cancels his callback."""

from __future__ import annotations

from contactcenter.services.callback_desk import CallbackDesk, CallbackTokens
from contactcenter.wiring.core import Core


def callback_desk(core: Core) -> CallbackDesk:
    return CallbackDesk(
        reads=core.reads,
        store=core.stores.changes,
        bus=core.bus,
        clock=core.clock,
        tokens=CallbackTokens(core.secrets.visitors, core.clock),
        words=(core.wording, core.directories.of),
    )
