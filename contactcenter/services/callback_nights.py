"""A callback for which nobody was free until the hours were over, or it was night where its customer is (A04, D21).

Late by day it is called as soon as somebody is free. But when nobody may call it any more it leaves the queue, and its
next contact waits at the old place until the morning: it is no attempt, and whoever has it before him goes on.
"""

from __future__ import annotations

from typing import Final

from contactcenter.clock import SECOND, Micros
from contactcenter.domain import callback_offers
from contactcenter.domain.callback_outcomes import PUT_OFF
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.errors import NotFound
from contactcenter.services import callback_rows
from contactcenter.services.callbacks import next_timer, night_of, night_timer
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.office import Office
from contactcenter.services.views import ContactView, DueTimer, Scope
from routing.events import Closed

HOUSE: Final = "house"
LOOK: Final = SECOND
"""How soon its next contact is opened: its own end is decided first."""


class CallbackNights:
    def __init__(self, office: Office) -> None:
        self._office = office

    async def begins(self, timer: DueTimer) -> None:
        """The timer `callback.night`. Hours that were made longer since, or go on after midnight, are kept.

        Also whenever one comes back from an agent who did not dial it: it may have become night while he had it.
        """
        contact = await self._office.reads.contact(Scope(timer.provider, timer.client), timer.subject)
        if contact is None:
            raise NotFound(f"there is no contact {timer.subject}")
        now, changes = self._office.clock.now(), Changes(timers_fired=[timer.id])
        if contact.state in ("new", "waiting", "offered"):
            await self._decide(contact, now, changes)
        await self._office.store.apply(changes)
        if changes.events:
            await self._office.bus.publish(f"domain:{timer.provider}")

    async def _decide(self, contact: ContactView, now: Micros, changes: Changes) -> None:
        promise = await callback_rows.promise_of(self._office.reads, contact)
        if callback_rows.is_over(promise, contact.id):
            return
        directory = self._office.directory(contact.provider)
        closes = night_of(contact, directory)
        if now < closes.due_at:  # It came back from its agent by day, and was asked about at once.
            changes.timers.append(closes)
            return
        since, until = _next_window(directory, contact, now)
        if since <= now:
            changes.timers.append(night_timer(contact, until))
            return
        changes.callbacks.append(callback_rows.tried(promise, contact, result=PUT_OFF, by=HOUSE, at=now))
        changes.facts.append(_fact(contact, promise.id, now, since))
        changes.timers.append(next_timer(contact, now + LOOK))
        event, dedupe = Closed(contact.id, reason=PUT_OFF, by=HOUSE), f"{contact.id}:callback.put_off"
        changes.events.append(NewEvent(domain=contact.domain, event=event, received_at=now, dedupe=dedupe))


def _next_window(directory: Directory, contact: ContactView, now: Micros) -> callback_offers.Span:
    return callback_offers.resumed(
        now=now,
        window_s=directory.document.callbacks.window_s,
        zone=directory.callback_zone(contact.address),
        kept=(0, 0),
        calendar=directory.callback_calendar(contact.client, directory.line(contact.door)),
    )


def _fact(contact: ContactView, promise: str, now: Micros, until: Micros) -> Fact:
    return Fact(
        id=f"{contact.id}:callback.put_off",
        at=now,
        kind="callback.put_off",
        provider=contact.provider,
        client=contact.client,
        contact=contact.id,
        case=contact.case,
        customer=contact.customer,
        data={"callback": promise, "until": until},
    )
