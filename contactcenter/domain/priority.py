"""When a contact's deadline is, by medium (domain.md section 2). Everything is microseconds.

voice      end of the line clock: three ring cycles; after a machine has answered, the tier's longest wait
chat       first reply
mail       the earlier of first reply and, with a calendar, the same-day close of business
callback   end of the promised window, which lies within the hours of its view if that has any
"""

from __future__ import annotations

from contactcenter.clock import SECOND, Micros
from contactcenter.domain.business_time import open_from, same_day_due
from contactcenter.domain.calendar import Calendar
from contactcenter.domain.configuration import PREFERRED_WAIT_S, CaseRules, Line, MediumRules, RingPlan
from contactcenter.domain.ring_rules import RINGS
from contactcenter.domain.staff_rules import TIERS
from routing.model import Tier

_MS = 1000


def line_clock(plan: RingPlan) -> Micros:
    """Three rings of the plan's country (B01, B02)."""
    return RINGS * plan.cycle_ms * _MS


def voice_deadline(
    plan: RingPlan, rules: MediumRules, *, clock_from: Micros, tier: Tier, alerting: bool = True
) -> Micros:
    """End of the line clock; `alerting` False means an announcement or IVR has answered: no ring is left."""
    return clock_from + (line_clock(plan) if alerting else max_wait(rules, tier))


def clock_start(line: Line, *, enqueued_at: Micros, alerting_at: Micros = 0) -> Micros:
    """Where the customer's clock begins by the line's policy; the queue's instant until alerting is known."""
    return alerting_at if line.clock_from == "alerting" and alerting_at else enqueued_at


def chat_deadline(rules: MediumRules, *, received: Micros) -> Micros:
    return received + rules.first_reply_s * SECOND


def mail_deadline(
    rules: MediumRules, cases: CaseRules, calendar: Calendar | None = None, *, received: Micros
) -> Micros:
    """The first reply is elapsed time, never later than the case's bound (D15), nor than the same day's close."""
    bounds = [received + rules.first_reply_s * SECOND, received + cases.first_reply_s * SECOND]
    if calendar is not None:
        bounds.append(same_day_due(calendar, received).at)
    return min(bounds)


def callback_deadline(*, window_until: Micros) -> Micros:
    return window_until


def callback_window(
    *, now: Micros, window_s: int, asked_from: Micros = 0, asked_until: Micros = 0, calendar: Calendar | None = None
) -> tuple[Micros, Micros]:
    """The customer's own window if it is a window that is not over, else the configured one; it begins at
    `asked_from` where that stands alone.

    With a calendar it lies within one open stretch (D21): what of the customer's window is open, else the first
    stretch in which the whole configured window fits, or a stretch that is shorter than it from its opening on.
    """
    asked = (max(now, asked_from), asked_until) if asked_until > max(now, asked_from) else None
    if calendar is None:
        since = now if asked_until else max(now, asked_from)
        return asked or (since, since + window_s * SECOND)
    if asked is not None:
        start, end = next(open_from(calendar, asked[0]))
        if start < asked[1]:
            return max(start, asked[0]), min(end, asked[1])
    return _fitting(calendar, max(now, asked_from), window_s * SECOND)


def _fitting(calendar: Calendar, since: Micros, window: Micros) -> tuple[Micros, Micros]:
    for start, end in open_from(calendar, since):
        begins = max(start, since)
        if end - begins >= window:
            return begins, begins + window
        if begins == start:
            return start, end
    raise AssertionError("unreachable: a calendar opens again for ever, or says that it does not")


def preferred_wait(rules: MediumRules) -> Micros:
    """How long a contact waits for the agent its customer knows (B16)."""
    own = rules.preferred_wait_s
    return (PREFERRED_WAIT_S[rules.medium] if own is None else own) * SECOND


def owner_wait(rules: MediumRules) -> Micros:
    """How long a key account waits for its named owner before the fallback (A16)."""
    return rules.owner_wait_s * SECOND


def max_wait(rules: MediumRules, tier: Tier) -> Micros:
    """After this long no later arrival overtakes a contact of the tier."""
    return rules.max_wait_s[TIERS[tier]] * SECOND
