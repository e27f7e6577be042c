"""Rows as the tests need them: everything has a default, a test names what it is about."""

from __future__ import annotations

from typing import Any

import msgspec

from channels.port import SendMail
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import (
    AssignmentBegan,
    Batch,
    CallbackWrite,
    CaseWrite,
    ComplaintWrite,
    ContactMove,
    Decided,
    NewContact,
    NewConversation,
    NewCustomer,
    NewEvent,
    NewMessage,
    NewReceipt,
    OfferMade,
    Outgoing,
    PresenceWrite,
    TimerSet,
    Unwanted,
)
from routing import events
from routing.model import Contact, Medium, Presence, PresenceState, Record, Tier

SECOND = 1_000_000
T0 = 1_767_225_600_000_000
PROVIDER, CLIENT, OTHER = "ruixun", "kangjia", "haier"

encode = msgspec.json.encode


def receipt(**given: Any) -> NewReceipt:
    row = {"source": "pbx", "external_id": "e1", "payload_hash": b"h1", "result": {"contact": "ct_1"}}
    return NewReceipt(**{**row, "received_at": T0, **given})


def customer(**given: Any) -> NewCustomer:
    return NewCustomer(**{"id": "cu_1", "provider": PROVIDER, "client": CLIENT, "since": T0, **given})


def contact(**given: Any) -> NewContact:
    row = {
        "id": "ct_1", "domain": PROVIDER, "provider": PROVIDER, "client": CLIENT, "lease": "kangjia-10",
        "medium": "voice", "view": "hotline", "door": "8008200000", "external_id": "call-1", "tier": 2,
        "opened_at": T0, "enqueued_at": T0, "deadline": T0 + 15 * SECOND,
    }  # fmt: skip
    return NewContact(**{**row, **given})


def conversation(**given: Any) -> NewConversation:
    row = {"id": "cv_1", "provider": PROVIDER, "client": CLIENT, "medium": "mail", "door": "help@kangjia.example"}
    return NewConversation(**{**row, "thread": "<m1@example>", "opened_at": T0, **given})


def message(**given: Any) -> NewMessage:
    row = {"id": "ms_1", "conversation": "cv_1", "provider": PROVIDER, "client": CLIENT, "sender": "customer"}
    return NewMessage(**{**row, "at": T0, "text": "你好", **given})


def case(**given: Any) -> CaseWrite:
    row = {"id": "cs_1", "number": "1", "provider": PROVIDER, "client": CLIENT, "kind": "repair", "expected": None}
    return CaseWrite(**{**row, "opened_at": T0, "due_at": T0 + 3600 * SECOND, **given})


def complaint(**given: Any) -> ComplaintWrite:
    row = {"case": "cs_1", "provider": PROVIDER, "client": CLIENT, "level": 0, "step": "listen", "expected": None}
    return ComplaintWrite(**{**row, **given})


def event(**given: Any) -> NewEvent:
    return NewEvent(**{"domain": PROVIDER, "event": events.Connected("a1"), "received_at": T0, **given})


def fact(**given: Any) -> Fact:
    row = {"id": "f_1", "at": T0, "kind": "contact.opened", "provider": PROVIDER, "client": CLIENT}
    return Fact(**{**row, **given})


def mail(**given: Any) -> SendMail:
    row = {"id": "ob_1", "sender": "help@kangjia.example", "sender_name": "康佳", "to": "li@example"}
    return SendMail(**{**row, "subject": "回复", "text": "好的", "message_id": "<r1@kangjia.example>", **given})


def outgoing(**given: Any) -> Outgoing:
    row = {"id": "ob_1", "kind": "mail", "provider": PROVIDER, "client": CLIENT, "payload": mail()}
    return Outgoing(**{**row, "created_at": T0, "next_at": T0 + 2 * SECOND, **given})


def timer(**given: Any) -> TimerSet:
    row = {"id": "tm_1", "kind": "case.due", "provider": PROVIDER, "client": CLIENT, "subject": "cs_1"}
    return TimerSet(**{**row, "due_at": T0 + SECOND, **given})


# --- a router's rows ---------------------------------------------------------------------------------------------


def batch(seq: int, epoch: int, decided: int = 1, **given: Any) -> Batch:
    """A batch of `decided` ticks of the router's own, numbered from `seq`."""
    rows = [decision(seq + step) for step in range(decided)]
    return Batch(**{"domain": PROVIDER, "epoch": epoch, "first_seq": seq, "arrivals": 0, "decided": rows, **given})


def decision(seq: int, **given: Any) -> Decided:
    row = {"seq": seq, "at": T0 + seq, "event": encode(events.Ticked()), "effects_hash": b"hash"}
    return Decided(**{**row, **given})


def move(**given: Any) -> ContactMove:
    row = {
        "id": "ct_1", "expected": 0, "state": "waiting", "owner": "", "view": "hotline", "tier": 2,
        "complaint": False, "deadline": T0 + 15 * SECOND, "route": route(given.get("id", "ct_1")),
    }  # fmt: skip
    return ContactMove(**{**row, **given})


def ended(**given: Any) -> ContactMove:
    row = {"state": "ended", "ended_at": T0 + SECOND, "outcome": "finished", "released_by": "customer", "route": None}
    return move(**{**row, **given})


def record(contact: str = "ct_1") -> Record:
    core = Contact(
        id=contact, client=CLIENT, lease="kangjia-10", medium=Medium.VOICE, tier=Tier.IRON, enqueued_at=T0,
        clock_from=T0, deadline=T0 + 15 * SECOND, plan="rings",
    )  # fmt: skip
    return Record(contact=core, arrival=1)


def route(contact: str = "ct_1") -> bytes:
    return encode(record(contact))


def offer(**given: Any) -> OfferMade:
    row = {"id": "ct_1/1/a1", "contact": "ct_1", "agent": "a1", "provider": PROVIDER, "client": CLIENT, "attempt": 1}
    return OfferMade(**{**row, "made_at": T0, "expires_at": T0 + 12 * SECOND, **given})


def began(**given: Any) -> AssignmentBegan:
    row = {"id": "ct_1/2", "contact": "ct_1", "agent": "a1", "provider": PROVIDER, "client": CLIENT, "at": T0}
    return AssignmentBegan(**{**row, **given})


def presence(**given: Any) -> PresenceWrite:
    agent = given.get("agent", "a1")
    row = {
        "agent": agent, "provider": PROVIDER, "state": "ready", "reason": "", "used_units": 0, "capacity": 60,
        "desk_seq": 1, "changed_at": T0, "route": encode(Presence(agent=agent, state=PresenceState.READY)),
    }  # fmt: skip
    return PresenceWrite(**{**row, **given})


def callback(**given: Any) -> CallbackWrite:
    row = {
        "id": "ct_1", "provider": PROVIDER, "client": CLIENT, "number": "+8613900000001", "contact": "ct_1",
        "requested_at": T0, "window_from": T0, "window_until": T0 + 7200 * SECOND, "expected": None,
    }  # fmt: skip
    return CallbackWrite(**{**row, **given})


def unwanted(**given: Any) -> Unwanted:
    row = {"client": CLIENT, "number": "+8613900000001", "provider": PROVIDER, "added_at": T0, "added_by": "op"}
    return Unwanted(**{**row, **given})
