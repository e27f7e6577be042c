"""Named, versioned formulas: one pure function each. A change is a new version, never a rewrite of the past.

Ratios are exact: numerator and denominator are kept, the value is None when there is nothing to divide, since
an hour without calls was neither perfect nor a failure. Times are microseconds unless a name says otherwise.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from typing import Final

from msgspec import Struct

from contactcenter.services.reporting import MeanError, Share

SECOND: Final = 1_000_000


class ServiceCounts(Struct, frozen=True, kw_only=True):
    """What the six service levels are made of. `within`: the threshold T; `short`: the short threshold."""

    answered: int
    abandoned: int
    answered_within: int
    abandoned_within: int
    abandoned_short: int

    @property
    def offered(self) -> int:
        return self.answered + self.abandoned


class Ringing(Struct, frozen=True):
    """One call that a human answered: `waited` from the first alerting, `cycle` of its line."""

    waited: int
    cycle: int


ServiceLevel = Callable[[ServiceCounts], Share]
DEFAULT_SERVICE_LEVEL: Final = "sl.all_offered@1"


def share(formula: str, numerator: int, denominator: int) -> Share:
    value = numerator / denominator if denominator else None
    return Share(formula=formula, numerator=numerator, denominator=denominator, value=value)


# --- service level: six formulas in use -------------------------------------------------------------------


def answered_only(counts: ServiceCounts) -> Share:
    """A_T / A (Asterisk's SL): abandoned callers do not exist."""
    return share("sl.answered_only@1", counts.answered_within, counts.answered)


def all_offered(counts: ServiceCounts) -> Share:
    """A_T / (A + B): the default, every caller counts."""
    return share("sl.all_offered@1", counts.answered_within, counts.offered)


def late_abandons(counts: ServiceCounts) -> Share:
    """A_T / (A + B - B_T): who left within the threshold could not be served in time."""
    return share("sl.late_abandons@1", counts.answered_within, counts.offered - counts.abandoned_within)


def abandon_ok(counts: ServiceCounts) -> Share:
    """(A_T + B_T) / (A + B): whoever left in time is counted as served."""
    return share("sl.abandon_ok@1", counts.answered_within + counts.abandoned_within, counts.offered)


def short_ok(counts: ServiceCounts) -> Share:
    """(A_T + B_s) / (A + B)."""
    return share("sl.short_ok@1", counts.answered_within + counts.abandoned_short, counts.offered)


def short_excluded(counts: ServiceCounts) -> Share:
    """A_T / (A + B - B_s)."""
    return share("sl.short_excluded@1", counts.answered_within, counts.offered - counts.abandoned_short)


SERVICE_LEVELS: Final[dict[str, ServiceLevel]] = {
    "sl.answered_only@1": answered_only,
    "sl.all_offered@1": all_offered,
    "sl.late_abandons@1": late_abandons,
    "sl.abandon_ok@1": abandon_ok,
    "sl.short_ok@1": short_ok,
    "sl.short_excluded@1": short_excluded,
}

# --- rings -------------------------------------------------------------------------------------------------


def ring_of(call: Ringing) -> int:
    """The ring during which it was answered, counted from 1: answered at t with k*cycle <= t < (k+1)*cycle is k+1."""
    return call.waited // call.cycle + 1


def rings_distribution(calls: Iterable[Ringing], *, last: int = 10) -> dict[str, int]:
    """rings.distribution@1: calls by the ring that was answered; the last class is open (`10+`)."""
    counted = Counter(min(ring_of(call), last) for call in calls)
    return {f"{ring}+" if ring == last else str(ring): counted[ring] for ring in sorted(counted)}


def rings_within_2(calls: Sequence[Ringing]) -> Share:
    """rings.within_2@1: answered by the 2nd ring, t < 2 cycles (standard 96 %). Blocked calls are not in it."""
    return share("rings.within_2@1", sum(call.waited < 2 * call.cycle for call in calls), len(calls))


def rings_within_3(calls: Sequence[Ringing]) -> Share:
    """rings.within_3@1: answered before the 4th ring starts, t < 3 cycles. Blocked calls are not in it."""
    return share("rings.within_3@1", sum(call.waited < 3 * call.cycle for call in calls), len(calls))


# --- answers, waits, balance -------------------------------------------------------------------------------


def effective_answer_ratio(*, answered: int, offered: int) -> Share:
    """effective_answer_ratio@1: effectively answered / offered."""
    return share("effective_answer_ratio@1", answered, offered)


def asa_s(waits: Sequence[int]) -> float | None:
    """asa@1: mean wait in seconds of answered contacts only; it says nothing about who left."""
    return sum(waits) / len(waits) / SECOND if waits else None


def abandon(*, abandoned: int, offered: int) -> Share:
    """abandon@1: left while in the queue / entered it. Leaving in the IVR or to a callback is no abandon."""
    return share("abandon@1", abandoned, offered)


def longest_wait_s(waits: Iterable[int]) -> float | None:
    """longest_wait@1, seconds."""
    longest = max(waits, default=None)
    return None if longest is None else longest / SECOND


def expected_wait_error(pairs: Sequence[tuple[int, int]]) -> MeanError:
    """ewt.mae@1: mean of |wait until the first answer - expected wait told on entering|, seconds.

    Of contacts that were told one and then answered. Each pair is (told, waited) in microseconds.
    """
    value = sum(abs(waited - told) for told, waited in pairs) / len(pairs) / SECOND if pairs else None
    return MeanError(formula="ewt.mae@1", contacts=len(pairs), value_s=value)


def expected_wait_kept(pairs: Sequence[tuple[int, int]]) -> Share:
    """ewt.at_most@1: answered within the bound that nine of ten should keep. Each pair is (bound, waited)."""
    return share("ewt.at_most@1", sum(waited <= bound for bound, waited in pairs), len(pairs))


# --- lines ---------------------------------------------------------------------------------------------------


def line_blocked(*, blocked: int, attempts: int) -> Share:
    """line.blocked@1: calls of a line that might not queue, for whatever reason / calls that came to it."""
    return share("line.blocked@1", blocked, attempts)


def line_busy(*, busy: int, attempts: int) -> Share:
    """line.busy@1: calls that found every leased line in use / calls that came to the line."""
    return share("line.busy@1", busy, attempts)


def line_minutes(lengths: Iterable[int]) -> int:
    """line.minutes@1: started minutes of each call, added. A call of nothing costs nothing."""
    return sum(-(-length // (60 * SECOND)) for length in lengths)


def line_cost_fen(minutes: int, price_fen: int) -> int:
    """line.cost@1: minutes x price of a minute when the call came, in fen."""
    return minutes * price_fen


def conservation(*, entered: int, parts: Iterable[int]) -> int:
    """conservation@1: entered minus everywhere a contact can be now. Must be 0; positive means lost."""
    return entered - sum(parts)


NAMES: Final = (
    *SERVICE_LEVELS,
    "rings.distribution@1",
    "rings.within_2@1",
    "rings.within_3@1",
    "effective_answer_ratio@1",
    "asa@1",
    "abandon@1",
    "longest_wait@1",
    "ewt.place@1",
    "ewt.mae@1",
    "ewt.at_most@1",
    "queue_length@1",
    "line.blocked@1",
    "line.busy@1",
    "line.minutes@1",
    "line.cost@1",
    "conservation@1",
)
