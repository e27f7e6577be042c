"""The row of a promised callback: opened, tried, ended. Values only; one promise has all its attempts and one outcome.

The row's id is the id of its first contact; later ones name it in their context as `callback`.
"""

from __future__ import annotations

from typing import Any, Final

from msgspec import Struct
from msgspec.structs import asdict, replace

from contactcenter.clock import Micros
from contactcenter.domain.callback_offers import Span
from contactcenter.domain.callback_outcomes import CALLED_IN, counted
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import CallbackWrite
from contactcenter.services.ports import Reads
from contactcenter.services.views import CallbackView, ContactView, Scope

CALLER: Final = "customer"
"""Who ends or holds a promise for whom it was made."""
WISHED: Final = "wished"
"""In the context of a contact that is over: the window that its customer, who asked again, was promised."""


class Held(Struct, frozen=True, kw_only=True):
    """A call of the customer's own, since when: `call` is its contact, its `handle` while it has none."""

    call: str
    at: Micros
    handle: str = ""


def promise_id(contact: ContactView) -> str:
    return str(contact.context.get("callback", "")) or contact.id


async def promise_of(reads: Reads, contact: ContactView) -> CallbackWrite:
    """As it stands, ready to be written over; that of a contact from before there were rows is made up."""
    found = await reads.callback(Scope(contact.provider, contact.client), promise_id(contact))
    return made_up(contact) if found is None else written(found)


def written(view: CallbackView) -> CallbackWrite:
    fields = asdict(view)
    version = fields.pop("version")
    return CallbackWrite(**fields, expected=version)


def made_up(contact: ContactView) -> CallbackWrite:
    since = contact.context.get("window_from")
    return CallbackWrite(
        id=promise_id(contact),
        provider=contact.provider,
        client=contact.client,
        number=contact.address,
        contact=contact.id,
        line=contact.door,
        language=contact.language,
        requested_at=contact.opened_at,
        window_from=since if isinstance(since, int) else contact.opened_at,
        window_until=contact.deadline,
        expected=None,
    )


def kept(promise: CallbackWrite, before: ContactView) -> Span:
    """The window that the next attempt belongs in: the one wished last, else the promise's; (0, 0) after its end."""
    wished = before.context.get(WISHED)
    if isinstance(wished, list | tuple):
        return int(wished[0]), int(wished[1])
    return (0, 0) if promise.state == "ended" else (promise.window_from, promise.window_until)


def is_tried(promise: CallbackWrite, contact: str) -> bool:
    """Has the attempt of this contact a result already?"""
    results = (each.get("result") for each in promise.attempts if each.get("contact") == contact)
    return any(result != CALLED_IN for result in results)


def tried(
    promise: CallbackWrite, contact: ContactView, *, result: str, by: str, at: Micros, lost: bool = False
) -> CallbackWrite:
    """`lost`: how the call ended was never told."""
    number = contact.context.get("attempt", 1)
    entry = {"contact": contact.id, "attempt": number, "result": result, "at": at, "by": by}
    return replace(promise, state="open", attempts=(*promise.attempts, {**entry, "lost": True} if lost else entry))


def held(promise: CallbackWrite, contact: ContactView, held: Held) -> CallbackWrite:
    """Its customer calls himself. While he was in a flow his call had no contact: now it has, and takes that place."""
    entry = {"contact": contact.id, "attempt": contact.context.get("attempt", 1), "result": CALLED_IN, "at": held.at}
    before = tuple(each for each in promise.attempts if each.get("call") not in (held.call, held.handle))
    own = {"call": held.call, "handle": held.handle} if held.handle else {"call": held.call}
    return replace(promise, attempts=(*before, {**entry, "by": CALLER, **own}))


def is_over(promise: CallbackWrite, contact: str) -> bool:
    """Has this contact nothing to say about the promise any more?"""
    return promise.state == "ended" or is_tried(promise, contact) or is_held(promise, contact)


def is_held(promise: CallbackWrite, contact: str) -> bool:
    """Was this contact taken out of the queue by the customer's own call? One that was being dialled goes on."""
    return promise.state != "dialling" and any(
        each.get("contact") == contact and each.get("result") == CALLED_IN for each in promise.attempts
    )


def holding(promise: CallbackWrite) -> tuple[Held, ...]:
    """The customer's own calls while it was outstanding, newest last."""
    return tuple(
        Held(call=str(each.get("call", "")), at=int(each.get("at", 0)), handle=str(each.get("handle", "")))
        for each in promise.attempts
        if each.get("result") == CALLED_IN
    )


def ended(promise: CallbackWrite, outcome: str, *, by: str, at: Micros) -> CallbackWrite:
    return replace(promise, state="ended", outcome=outcome, ended_by=by, ended_at=at)


def ended_fact(promise: CallbackWrite, **more: Any) -> Fact:
    """Written in the transaction that ends the row, which happens once."""
    return Fact(
        id=f"{promise.id}:callback.ended",
        at=promise.ended_at or 0,
        kind="callback.ended",
        provider=promise.provider,
        client=promise.client,
        contact=promise.contact,
        data={
            "callback": promise.id,
            "outcome": promise.outcome,
            "by": promise.ended_by,
            "attempts": counted(promise.attempts),
            **more,
        },
    )
