"""A case: a matter that outlives contacts, its lifecycle as a table, and its clock as a function of facts.

A clock runs from the opening, pauses only for the reasons on the allow-list (we wait for the customer, never for
ourselves or a third party), resumes when the customer comes back by any channel, and stops at the end. Used time
survives every change of tier, policy or calendar; a reopened case keeps it. Times are microseconds.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Literal

from msgspec import Struct

from contactcenter.clock import SECOND, Micros
from contactcenter.domain.business_time import Due, add_business, business_between, same_day_due
from contactcenter.domain.calendar import Calendar
from contactcenter.domain.configuration import CaseRules
from contactcenter.errors import Conflict

WARNINGS = (50, 75, 90)
"""Percent of the allowed time at which a deadline warns (domain.md section 4)."""


class CaseKind(StrEnum):
    """What the matter is (A01, A15)."""

    CONSULT = "consult"
    REPAIR = "repair"
    COMPLAINT = "complaint"
    CLAIM = "claim"


class CaseState(StrEnum):
    """`answered` is not `resolved`; a customer who gave up was not helped (E16, E28)."""

    OPEN = "open"
    ANSWERED = "answered"
    RESOLVED = "resolved"
    GAVE_UP = "gave_up"


class Happening(StrEnum):
    """The facts of a case that move its state or its clock."""

    OPENED = "opened"
    ANSWERED = "answered"
    WAITS_FOR_CUSTOMER = "waits_for_customer"
    CUSTOMER_ASKED_LATER = "customer_asked_later"
    WAITS_FOR_DEPARTMENT = "waits_for_department"
    WAITS_FOR_THIRD_PARTY = "waits_for_third_party"
    CUSTOMER_REPLIED = "customer_replied"
    RESUMED = "resumed"
    RESOLVED = "resolved"
    GAVE_UP = "gave_up"
    REOPENED = "reopened"


_O, _A, _R, _G = CaseState.OPEN, CaseState.ANSWERED, CaseState.RESOLVED, CaseState.GAVE_UP
_H = Happening

MOVES: dict[tuple[CaseState, Happening], CaseState] = {
    (_O, _H.ANSWERED): _A,
    (_A, _H.ANSWERED): _A,
    (_A, _H.CUSTOMER_REPLIED): _O,
    (_O, _H.CUSTOMER_REPLIED): _O,
    (_O, _H.RESOLVED): _R,
    (_A, _H.RESOLVED): _R,
    (_O, _H.GAVE_UP): _G,
    (_A, _H.GAVE_UP): _G,
    (_R, _H.REOPENED): _O,
    (_G, _H.REOPENED): _O,
}
"""The lifecycle; waiting moves only the clock and keeps the state of an unfinished case."""

PAUSES: dict[Happening, str] = {
    _H.WAITS_FOR_CUSTOMER: "waiting_for_customer",
    _H.CUSTOMER_ASKED_LATER: "customer_asked_later",
}
"""The allow-list: nothing internal and no third party stops the customer's clock."""
_WAITS = (*PAUSES, _H.WAITS_FOR_DEPARTMENT, _H.WAITS_FOR_THIRD_PARTY, _H.RESUMED)


class CaseFact(Struct, frozen=True):
    """One happening of a case, in the order of `at`."""

    what: Happening
    at: Micros


class CaseClock(Struct, frozen=True, omit_defaults=True):
    """How the clock stands at an instant: `used` counts its running time in its basis."""

    state: Literal["running", "paused", "stopped"]
    used: Micros
    reason: str = ""


class Deadline(Struct, frozen=True, omit_defaults=True):
    """One promised instant of a case. basis: elapsed | business; `provisional` and `calendar` as in `Due`."""

    name: str
    at: Micros
    basis: Literal["elapsed", "business"]
    provisional: bool = False
    calendar: str = ""


def move(state: CaseState, what: Happening) -> CaseState:
    """The state after a happening. Raises Conflict (`case_state`) for one the state does not allow."""
    if what in _WAITS and state in (_O, _A):
        return state
    try:
        return MOVES[state, what]
    except KeyError:
        raise Conflict(f"a case that is {state} cannot be {what}", code="case_state") from None


def clock(facts: tuple[CaseFact, ...], *, now: Micros, calendar: Calendar | None = None) -> CaseClock:
    """The resolution clock at `now`; in business time with a calendar, else in elapsed time.

    `facts` begins with OPENED and is in order; what lies after `now` does not count.
    """
    used, reason = 0, "not_opened"
    since: Micros | None = None
    for fact in facts:
        if fact.at > now:
            break
        runs, reason = _after(fact.what, runs=not reason, reason=reason)
        if since is not None and not runs:
            used += _span(since, fact.at, calendar)
            since = None
        elif runs and since is None:
            since = fact.at
    if since is not None:
        return CaseClock("running", used + _span(since, now, calendar))
    ended = reason in ("ended", "not_opened")
    return CaseClock("stopped" if ended else "paused", used, "" if ended else reason)


def runs_out(
    facts: tuple[CaseFact, ...], *, allowed: Micros, now: Micros, calendar: Calendar | None = None
) -> Micros | None:
    """When the allowed time will be used up if nothing more happens; None while paused or stopped.

    An instant in the past: it ran out then or earlier.
    """
    stand = clock(facts, now=now, calendar=calendar)
    if stand.state != "running":
        return None
    rest = allowed - stand.used
    if rest <= 0:
        return now + rest if calendar is None else now
    return now + rest if calendar is None else add_business(calendar, now, rest)


def deadlines(
    kind: CaseKind, *, opened_at: Micros, rules: CaseRules, calendar: Calendar, on_site: bool = False
) -> tuple[Deadline, ...]:
    """Every promised instant of a new case, earliest first (D16: each kind has a due rule).

    First reply within 48 h elapsed (D15); repairs the same day (D04), and complaints too, for they are never
    delayed (B09); `on_site`: somebody at the door within 24 h elapsed (D13).
    """
    found = [Deadline("first_reply", opened_at + rules.first_reply_s * SECOND, "elapsed")]
    if kind in (CaseKind.REPAIR, CaseKind.COMPLAINT):
        due: Due = same_day_due(calendar, opened_at)
        found.append(Deadline("same_day", due.at, "business", due.provisional, due.calendar))
    if on_site:
        found.append(Deadline("on_site", opened_at + rules.on_site_s * SECOND, "elapsed"))
    return tuple(sorted(found, key=lambda deadline: deadline.at))


def warnings(*, start: Micros, due: Micros, calendar: Calendar | None = None) -> tuple[Micros, ...]:
    """The instants at 50, 75 and 90 % of the time between, in business time with a calendar."""
    whole = _span(start, due, calendar)
    parts = [whole * percent // 100 for percent in WARNINGS]
    if calendar is None:
        return tuple(start + part for part in parts)
    return tuple(add_business(calendar, start, part) for part in parts)


def _after(what: Happening, *, runs: bool, reason: str) -> tuple[bool, str]:
    """Whether the clock runs after a happening, and if not why. An end is only undone by reopening."""
    if what in (_H.OPENED, _H.REOPENED):
        return True, ""
    if reason == "ended":
        return False, reason
    if what in (_H.RESOLVED, _H.GAVE_UP):
        return False, "ended"
    if what in PAUSES:
        return False, PAUSES[what]
    if what in (_H.CUSTOMER_REPLIED, _H.RESUMED):
        return True, ""
    return runs, reason


def _span(a: Micros, b: Micros, calendar: Calendar | None) -> Micros:
    return b - a if calendar is None else business_between(calendar, a, b)
