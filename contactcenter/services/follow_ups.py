"""What a decision leaves for a service to do: it needs the customer's words and rows, which a router does not read.

Each is a timer row of the decision's own batch, due at once, so that no crash can lose it: a call that overflowed is
told what it gets instead, a chat that finds nobody becomes a message, an untried callback gets its outcome, and one
that comes back from its agent is asked whether it may be called at this hour at all.
"""

from __future__ import annotations

from typing import Final

from contactcenter.clock import Micros
from contactcenter.services import handles
from contactcenter.services.changes import TimerSet
from routing import effects as fx
from routing.model import Medium, Record

CALL_OVERFLOWED: Final = "call.overflowed"
CHAT_TURNED_AWAY: Final = "chat.turned_away"
CALLBACK_SETTLED: Final = "callback.settle"
CALLBACK_NIGHT: Final = "callback.night"
_LEAVES_SOMETHING = (fx.Overflowed, fx.Blocked, fx.Ended, fx.Queued)
_LEFT_AGAIN: Final = ("agent_left", "transfer")


def follow_ups(effect: fx.AnyEffect, record: Record, *, provider: str, now: Micros) -> list[TimerSet]:
    """The timers of one effect. `owner` of a call's names the platform that is told."""
    if not isinstance(effect, _LEAVES_SOMETHING):
        return []
    contact = record.contact
    if isinstance(effect, fx.Queued):
        if contact.medium is not Medium.CALLBACK or effect.reason not in _LEFT_AGAIN:
            return []
        # Its night may have begun while somebody had it (callback_nights.py).
        kind, owner = CALLBACK_NIGHT, ""
    elif isinstance(effect, fx.Ended):
        if contact.medium is not Medium.CALLBACK:
            return []
        kind, owner = CALLBACK_SETTLED, ""
    elif isinstance(effect, fx.Overflowed) and (call := handles.call_of(contact.handle)) is not None:
        kind, owner = CALL_OVERFLOWED, call[0]
    elif handles.chat_of(contact.handle):
        kind, owner = CHAT_TURNED_AWAY, ""
    else:
        return []
    return [
        TimerSet(
            id=f"{kind}:{contact.id}",
            kind=kind,
            provider=provider,
            client=contact.client,
            subject=contact.id,
            due_at=now,
            owner=owner,
        )
    ]
