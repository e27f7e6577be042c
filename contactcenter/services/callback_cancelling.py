"""The customer does not want his callback any more: by the IVR, by a signed link, or by the do-not-call list.

Possible until the agent dials. It ends the promise, its waiting contact and the timer of its next attempt, in one
transaction; said again it says the same. One promise has one outcome: who comes too late hears which.
"""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.services import callback_rows
from contactcenter.services.callbacks import next_timer
from contactcenter.services.changes import CallbackWrite, Changes, NewEvent
from contactcenter.services.ports import Reads
from contactcenter.services.views import CallbackView, Scope
from routing.events import Closed

Standing = Literal["open", "cancelled", "too_late", "over"]
"""open: can be cancelled; too_late: it is being dialled right now; over: it has another outcome."""


class Cancelling(Struct, frozen=True):
    """What is said about it, and the row it is about; `changes` is what is to be written, if anything."""

    standing: Standing
    callback: CallbackView
    changes: Changes | None = None


def standing_of(view: CallbackView) -> Standing:
    if view.state == "ended":
        return "cancelled" if view.outcome == "cancelled" else "over"
    return "too_late" if view.state == "dialling" else "open"


async def cancelling(
    reads: Reads, view: CallbackView, *, by: str, now: Micros, outcome: str = "cancelled", **more: str
) -> Cancelling:
    """What cancelling it comes to now; the caller applies the changes, and asks again after a lost race.

    `more` is told by the fact beside the outcome.
    """
    standing = standing_of(view)
    if standing != "open":
        return Cancelling(standing, view)
    promise = callback_rows.ended(callback_rows.written(view), outcome, by=by, at=now)
    changes = Changes(callbacks=[promise], facts=[callback_rows.ended_fact(promise, **more)])
    await _close(reads, promise, by, now, changes)
    return Cancelling("cancelled", view, changes)


async def _close(reads: Reads, promise: CallbackWrite, by: str, now: Micros, changes: Changes) -> None:
    contact = await reads.contact(Scope(promise.provider, promise.client), promise.contact)
    if contact is None:
        return
    changes.timers_cancelled.append(next_timer(contact, now).id)
    if contact.state != "ended":
        event = Closed(contact.id, reason=f"callback_{promise.outcome}", by=by)
        changes.events.append(
            NewEvent(domain=contact.domain, event=event, received_at=now, dedupe=f"{contact.id}:callback.cancelled")
        )
