"""A caller who is promised a callback and would rather wait: once an agent has answered him he is not called any more.

Until then the promise stands, so that who gives up waiting is called all the same (A04). His contact names it in its
context as `instead_of`.
"""

from __future__ import annotations

from typing import Any

from channels import port
from contactcenter.clock import Micros
from contactcenter.domain.identity import phone
from contactcenter.services.callback_cancelling import cancelling
from contactcenter.services.caller_wishes import CALLER
from contactcenter.services.changes import Changes
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ContactView, Scope


class InsteadOfCallback:
    def __init__(self, reads: DoorReads) -> None:
        self._reads = reads

    async def chosen(self, inbound: port.CallOffered, client: str) -> dict[str, Any]:
        """For the context of his contact; empty when he chose no such thing, or nothing is outstanding any more."""
        if port.INSTEAD_OF_CALLBACK not in inbound.path:
            return {}
        promise = await self._reads.outstanding_callback(client, phone(inbound.caller))
        return {"instead_of": promise.id} if promise else {}

    async def answered(self, provider: str, contact: str, callback: str, now: Micros, changes: Changes) -> None:
        """Add the end of the promise; nothing when it has its outcome already, or is being dialled at this moment."""
        view = await self._reads.callback(Scope(provider), callback)
        if view is None:
            return
        done = await cancelling(self._reads, view, by=CALLER, now=now, answered_as=contact)
        if done.changes is not None:
            changes.add(done.changes)


def has_been_answered(kind: str, contact: ContactView | None) -> bool:
    """By his platform's word, or, where an agent without a device answered at his desk, seen when the caller leaves."""
    if kind == "customer_gone":
        return contact is not None and contact.answered_at is not None
    return kind == "answer"
