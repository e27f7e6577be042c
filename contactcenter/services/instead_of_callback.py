"""A caller who is promised a callback and calls himself: while he is there nobody is reserved to call him (A04).

His outstanding callback leaves the queue, and an agent who previews it is free again: from the moment at which a flow
of ours has his call, or his platform asks about it (`callback.sought`), and at the latest when he queues. Once an agent
has answered his call, it ends as `called_in`. Should he give up, it stands again at its old place, within half a minute
(callback_attempts.py). His contact names it in its context as `instead_of`; its row names the contact of his call, or
while he is in a flow the call itself.

One that is being dialled at this moment goes on; is his line busy, the next attempt waits for the end of his call.
"""

from __future__ import annotations

from typing import Any, Final

from channels import port
from contactcenter.clock import SECOND, Micros
from contactcenter.domain.callback_outcomes import CALLED_IN
from contactcenter.domain.facts import Fact
from contactcenter.domain.identity import is_withheld, phone
from contactcenter.services import callback_rows, handles
from contactcenter.services.callback_cancelling import cancelling
from contactcenter.services.callback_rows import CALLER, Held
from contactcenter.services.callbacks import next_timer
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.ports import DoorReads
from contactcenter.services.views import ArrivalView, CallbackView, ContactView, Scope
from routing.events import Closed

LOOK: Final = 30 * SECOND
"""How often it is asked whether he is still there."""


class InsteadOfCallback:
    def __init__(self, reads: DoorReads) -> None:
        self._reads = reads

    async def promised(self, inbound: port.CallOffered, client: str, seen: ArrivalView | None) -> dict[str, Any]:
        """For the context of his contact; empty when nothing is outstanding for his number."""
        if seen is not None:
            return {"instead_of": seen.promised} if seen.promised else {}
        if is_withheld(inbound.caller):
            return {}
        promise = await self._reads.outstanding_callback(client, phone(inbound.caller))
        return {"instead_of": promise.id} if promise else {}

    async def in_flow(self, provider: str, inbound: port.CallProgress, now: Micros, changes: Changes) -> None:
        """He is in a flow; he may never queue, and has no contact yet."""
        call = Held(call=handles.phone(inbound.source, inbound.call), at=now)
        await self.hold(provider, inbound.value, call, changes)

    async def hold(self, provider: str, callback: str, call: Held, changes: Changes) -> None:
        """His own call keeps the promise out of the queue."""
        now = call.at
        view = await self._reads.callback(Scope(provider), callback)
        contact = await self._reads.contact(Scope(provider), view.contact) if view else None
        if view is None or contact is None or view.state == "ended":
            return
        promise = callback_rows.written(view)
        if any(each.call == call.call for each in callback_rows.holding(promise)):
            return
        if contact.state == "ended" and not callback_rows.is_over(promise, contact.id):
            return  # Somebody closed it, and its outcome is about to be written (callback_attempts.ended).
        changes.callbacks.append(callback_rows.held(promise, contact, call))
        changes.facts.append(_held(view, contact, call))
        if view.state == "dialling":
            return
        changes.timers.append(next_timer(contact, now + LOOK))
        if contact.state not in ("wrap_up", "ended"):
            event = Closed(contact.id, reason=CALLED_IN, by=CALLER)
            dedupe = f"{contact.id}:callback.held"
            changes.events.append(NewEvent(domain=contact.domain, event=event, received_at=now, dedupe=dedupe))

    async def answered(self, provider: str, contact: str, callback: str, now: Micros, changes: Changes) -> None:
        """Add the end of the promise; nothing when it has its outcome already, or is being dialled at this moment."""
        view = await self._reads.callback(Scope(provider), callback)
        if view is None:
            return
        done = await cancelling(self._reads, view, by=CALLER, now=now, outcome=CALLED_IN, answered_as=contact)
        if done.changes is not None:
            changes.add(done.changes)


def has_been_answered(kind: str, contact: ContactView | None) -> bool:
    """By his platform's word, or, where an agent without a device answered at his desk, seen when the caller leaves."""
    if kind == "customer_gone":
        return contact is not None and contact.answered_at is not None
    return kind == "answer"


def _held(view: CallbackView, contact: ContactView, call: Held) -> Fact:
    return Fact(
        id=f"{call.call}:callback.held",
        at=call.at,
        kind="callback.held",
        provider=view.provider,
        client=view.client,
        contact=contact.id,
        case=contact.case,
        customer=contact.customer,
        data={"callback": view.id, "call": call.call},
    )
