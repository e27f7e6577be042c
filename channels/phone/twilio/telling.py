"""Handing events to the intake: what was stored first stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from channels.port import AnyInbound, DifferentPayload, Intake, Receipt

Tell = Callable[[AnyInbound], Awaitable[Receipt]]


def telling(intake: Intake) -> Tell:
    """The same event by another way may look a little different (a clock, a status): it is the same event."""

    async def tell(inbound: AnyInbound) -> Receipt:
        try:
            return await intake.accept(inbound)
        except DifferentPayload:
            return Receipt(duplicate=True)

    return tell
