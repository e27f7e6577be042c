"""Cases and deadlines: the lifecycle, the clock that only the customer may stop, and what is due when."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from contactcenter.clock import SECOND, to_micros
from contactcenter.domain import priority
from contactcenter.domain.case import (
    CaseClock,
    CaseFact,
    CaseKind,
    CaseState,
    Happening,
    clock,
    deadlines,
    move,
    runs_out,
    warnings,
)
from contactcenter.domain.configuration import CaseRules
from contactcenter.domain.configuration_rules import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.errors import Conflict
from routing.model import Tier

ROOT = Path(__file__).parents[2]
BOOK = Directory(load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")))
OFFICE = BOOK.calendar("office")
HOUR = 3600 * SECOND
MONDAY = to_micros(dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC))
"""Monday 2026-11-23, 10:00 in Shanghai."""
H = Happening


def facts(*happened: tuple[Happening, int]) -> tuple[CaseFact, ...]:
    return tuple(CaseFact(what, at) for what, at in happened)


@pytest.mark.parametrize(
    ("state", "what", "after"),
    [
        (CaseState.OPEN, H.ANSWERED, CaseState.ANSWERED),
        (CaseState.ANSWERED, H.CUSTOMER_REPLIED, CaseState.OPEN),
        (CaseState.ANSWERED, H.RESOLVED, CaseState.RESOLVED),
        (CaseState.OPEN, H.GAVE_UP, CaseState.GAVE_UP),
        (CaseState.RESOLVED, H.REOPENED, CaseState.OPEN),
        (CaseState.GAVE_UP, H.REOPENED, CaseState.OPEN),
        (CaseState.ANSWERED, H.WAITS_FOR_CUSTOMER, CaseState.ANSWERED),
    ],
)
def test_the_lifecycle_is_a_table(state: CaseState, what: Happening, after: CaseState) -> None:
    assert move(state, what) is after


@pytest.mark.parametrize(
    ("state", "what"),
    [
        (CaseState.RESOLVED, H.ANSWERED),
        (CaseState.RESOLVED, H.WAITS_FOR_CUSTOMER),
        (CaseState.GAVE_UP, H.RESOLVED),
        (CaseState.OPEN, H.REOPENED),
    ],
)
def test_what_a_state_does_not_allow_is_a_conflict(state: CaseState, what: Happening) -> None:
    with pytest.raises(Conflict) as refused:
        move(state, what)
    assert refused.value.code == "case_state"


CLOCKS = [
    (facts((H.OPENED, 0)), 10, CaseClock("running", 10)),
    (facts((H.OPENED, 0), (H.WAITS_FOR_CUSTOMER, 4)), 10, CaseClock("paused", 4, "waiting_for_customer")),
    (facts((H.OPENED, 0), (H.CUSTOMER_ASKED_LATER, 4)), 10, CaseClock("paused", 4, "customer_asked_later")),
    (facts((H.OPENED, 0), (H.WAITS_FOR_CUSTOMER, 4), (H.CUSTOMER_REPLIED, 7)), 10, CaseClock("running", 7)),
    (facts((H.OPENED, 0), (H.WAITS_FOR_DEPARTMENT, 4)), 10, CaseClock("running", 10)),
    (facts((H.OPENED, 0), (H.WAITS_FOR_THIRD_PARTY, 4)), 10, CaseClock("running", 10)),
    (facts((H.OPENED, 0), (H.ANSWERED, 4)), 10, CaseClock("running", 10)),
    (facts((H.OPENED, 0), (H.RESOLVED, 4)), 10, CaseClock("stopped", 4)),
    (facts((H.OPENED, 0), (H.RESOLVED, 4), (H.CUSTOMER_REPLIED, 6)), 10, CaseClock("stopped", 4)),
    (facts((H.OPENED, 0), (H.RESOLVED, 4), (H.REOPENED, 8)), 10, CaseClock("running", 6)),
    (facts((H.OPENED, 0), (H.GAVE_UP, 20)), 10, CaseClock("running", 10)),
    ((), 10, CaseClock("stopped", 0)),
]


@pytest.mark.parametrize(("happened", "now", "stand"), CLOCKS)
def test_only_the_customer_stops_the_clock(happened: tuple[CaseFact, ...], now: int, stand: CaseClock) -> None:
    assert clock(happened, now=now) == stand


def test_in_business_time_nights_and_pauses_do_not_count() -> None:
    happened = facts(
        (H.OPENED, MONDAY), (H.WAITS_FOR_CUSTOMER, MONDAY + 2 * HOUR), (H.CUSTOMER_REPLIED, MONDAY + 4 * HOUR)
    )
    tuesday_ten = MONDAY + 24 * HOUR
    assert clock(happened, now=tuesday_ten, calendar=OFFICE) == CaseClock("running", 7 * HOUR)


def test_the_rest_of_the_allowed_time_is_planned_from_what_was_used() -> None:
    happened = facts((H.OPENED, MONDAY))
    assert runs_out(happened, allowed=10 * HOUR, now=MONDAY + HOUR, calendar=OFFICE) == MONDAY + 25 * HOUR
    assert runs_out(happened, allowed=10 * HOUR, now=MONDAY + HOUR) == MONDAY + 10 * HOUR
    assert runs_out(happened, allowed=HOUR, now=MONDAY + 3 * HOUR) == MONDAY + HOUR
    paused = facts((H.OPENED, MONDAY), (H.WAITS_FOR_CUSTOMER, MONDAY + 1))
    assert runs_out(paused, allowed=HOUR, now=MONDAY + HOUR) is None


def test_a_repair_is_due_the_same_day_and_answered_within_48_hours() -> None:
    rules = CaseRules()
    same_day, first = deadlines(CaseKind.REPAIR, opened_at=MONDAY, rules=rules, calendar=OFFICE)
    assert (same_day.name, same_day.at, same_day.basis) == ("same_day", MONDAY + 8 * HOUR, "business")
    assert same_day.calendar == OFFICE.version
    assert (first.name, first.at, first.basis) == ("first_reply", MONDAY + 48 * HOUR, "elapsed")


def test_each_kind_has_a_due_rule() -> None:
    due = {
        kind: [d.name for d in deadlines(kind, opened_at=MONDAY, rules=CaseRules(), calendar=OFFICE)]
        for kind in CaseKind
    }
    assert due == {
        CaseKind.CONSULT: ["first_reply"],
        CaseKind.REPAIR: ["same_day", "first_reply"],
        CaseKind.COMPLAINT: ["same_day", "first_reply"],
        CaseKind.CLAIM: ["first_reply"],
    }


def test_somebody_at_the_door_is_due_within_24_hours() -> None:
    due = deadlines(CaseKind.COMPLAINT, opened_at=MONDAY, rules=CaseRules(), calendar=OFFICE, on_site=True)
    assert [(d.name, d.at - MONDAY) for d in due][1] == ("on_site", 24 * HOUR)


def test_warnings_come_at_50_75_and_90_percent() -> None:
    assert warnings(start=0, due=100) == (50, 75, 90)
    assert warnings(start=MONDAY, due=MONDAY + 32 * HOUR, calendar=OFFICE)[0] == MONDAY + 24 * HOUR - HOUR // 2


def test_a_calls_deadline_is_three_rings_or_the_tiers_longest_wait_after_a_machine() -> None:
    voice, cn, uk = BOOK.media("voice"), BOOK.plan("cn-three-rings"), BOOK.plan("uk-three-rings")
    assert priority.voice_deadline(cn, voice, clock_from=7, tier=Tier.IRON) == 7 + 15 * SECOND
    assert priority.voice_deadline(uk, voice, clock_from=7, tier=Tier.IRON) == 7 + 9 * SECOND
    after_ivr = priority.voice_deadline(cn, voice, clock_from=7, tier=Tier.GOLD, alerting=False)
    assert after_ivr == 7 + 120 * SECOND


def test_the_customers_clock_begins_as_the_line_says() -> None:
    line = BOOK.line("4000000101")
    assert line is not None
    assert priority.clock_start(line, enqueued_at=5, alerting_at=3) == 3
    assert priority.clock_start(line, enqueued_at=5) == 5
    assert priority.clock_start(replace(line, clock_from="enqueue"), enqueued_at=5, alerting_at=3) == 5


def test_texts_are_due_by_first_reply_same_day_or_promised_window() -> None:
    chat, mail, cases = BOOK.media("chat"), BOOK.media("mail"), CaseRules()
    assert priority.chat_deadline(chat, received=0) == 60 * SECOND
    assert priority.mail_deadline(mail, cases, OFFICE, received=MONDAY) == MONDAY + 4 * HOUR
    patient = replace(mail, first_reply_s=10**6)
    assert priority.mail_deadline(patient, cases, OFFICE, received=MONDAY) == MONDAY + 8 * HOUR
    assert priority.mail_deadline(patient, cases, received=MONDAY) == MONDAY + 48 * HOUR
    assert priority.callback_deadline(window_until=9) == 9


@pytest.mark.parametrize(
    ("asked", "window"),
    [
        ((0, 0), (100, 100 + 60 * SECOND)),
        ((200, 300), (200, 300)),
        ((50, 300), (100, 300)),
        ((50, 90), (100, 100 + 60 * SECOND)),
        ((300, 200), (100, 100 + 60 * SECOND)),
    ],
)
def test_the_customers_own_window_is_kept_if_it_can_be(asked: tuple[int, int], window: tuple[int, int]) -> None:
    found = priority.callback_window(now=100, window_s=60, asked_from=asked[0], asked_until=asked[1])
    assert found == window
