"""What a call's life tells the rest of the house, in words without a vendor.

One flat shape with a `kind`, so that a reader on the other side of a wall can match on plain text.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec import Struct


class Kind(StrEnum):
    """Which fields each kind fills is listed in `Signal`."""

    ENTER = "enter"
    CLOCK_STARTED = "clock_started"
    DEVICE_RINGS = "device_rings"
    ANSWER = "answer"
    DEVICE_FAILED = "device_failed"
    AGENT_GONE = "agent_gone"
    CUSTOMER_GONE = "customer_gone"
    ENTER_AND_GONE = "enter_and_gone"
    ANSWERED_LATE = "answered_late"
    PROGRESS = "progress"


class Why(StrEnum):
    """Why a device's ringing ended without an answer. Only `no_answer` may count against the agent."""

    UNREACHABLE = "unreachable"
    BUSY = "busy"
    DECLINED = "declined"
    NO_ANSWER = "no_answer"
    WITHDRAWN = "withdrawn"


class Signal(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """One thing that is now known. `at` and `clock_at` are our receipt, microseconds UTC.

    enter           open the contact; `clock_at` is the line clock's start, 0 while it has not started (B01)
    clock_started   the line clock starts at `clock_at` (after an announcement or IVR)
    device_rings    `offer`'s device rings: it was reached
    answer          a human answered: `offer` and, where the platform knows it, `agent`
    device_failed   `offer` ended unanswered, `why` (a Why), the platform's `cause`
    agent_gone      a leg that had answered ended, the customer is still there: `offer`, `agent`, `by`, `cause` (A19)
    customer_gone   the customer's leg ended: `by` and `cause` (A19); `offer`, `agent` of who was talking
    enter_and_gone  the end was heard before the beginning: count it, do not queue it; `by`, `cause`
    answered_late   a device answered a customer who is gone: release it; `offer`, `agent`
    progress        `what` happened with `value`: a fact of the call, nothing to decide
    """

    kind: Kind
    at: int
    clock_at: int = 0
    offer: str = ""
    agent: str = ""
    why: str = ""
    by: str = ""
    cause: str = ""
    what: str = ""
    value: str = ""
