"""Lines: attempts, blocked and busy ones, minutes and their cost, and who released, from facts alone."""

from __future__ import annotations

from itertools import count
from typing import Any

import pytest

from contactcenter.domain.facts import Fact
from contactcenter.metrics import formulas
from contactcenter.metrics.recompute import day_table
from contactcenter.services.reporting import LineUse

S = 1_000_000
SERIAL = count(1)


def fact(kind: str, contact: str, at_s: float, **data: Any) -> Fact:
    seq = next(SERIAL)
    return Fact(
        id=f"d:{seq}:0", at=round(at_s * S), kind=kind, provider="p", client="c", contact=contact, seq=seq, data=data
    )


def call(contact: str, line: str, *, opened: float, over: float, by: str) -> list[Fact]:
    return [
        fact("contact.opened", contact, opened, medium="voice", door=line),
        fact("wrap_up.began", contact, over, by=by),
        fact("contact.ended", contact, over + 20, how="finished", by="agent"),
    ]


def blocked(contact: str, line: str, reason: str) -> list[Fact]:
    return [
        fact("contact.opened", contact, 1, medium="voice", door=line),
        fact("contact.blocked", contact, 1, reason=reason, treatment="callback"),
        fact("contact.ended", contact, 1, how="blocked"),
    ]


def lines(*stories: list[Fact], **prices: int) -> dict[str, LineUse]:
    facts = sorted((each for story in stories for each in story), key=lambda each: each.at)
    return day_table(facts, {}, {number.removeprefix("n"): fen for number, fen in prices.items()}).lines


def test_minutes_are_started_ones_and_cost_what_the_line_costs() -> None:
    one = call("c1", "800", opened=0, over=60, by="customer")
    two = call("c2", "800", opened=0, over=60.1, by="agent")
    free = call("c3", "400", opened=0, over=600, by="customer")
    found = lines(one, two, free, n800=35)
    assert (found["800"].minutes, found["800"].cost_fen) == (3, 105)
    assert (found["400"].minutes, found["400"].cost_fen) == (10, 0)


def test_the_side_that_released_is_that_of_the_talk_and_not_of_the_wrap_up() -> None:
    found = lines(
        call("c1", "800", opened=0, over=30, by="customer"),
        call("c2", "800", opened=0, over=30, by="customer"),
        call("c3", "800", opened=0, over=30, by="agent"),
    )
    assert found["800"].released_by == {"agent": 1, "customer": 2}


def test_blocked_and_busy_attempts_are_shares_of_all_attempts() -> None:
    found = lines(
        call("c1", "800", opened=0, over=30, by="customer"),
        blocked("c2", "800", "lines_busy"),
        blocked("c3", "800", "closed"),
        blocked("c4", "800", "lines_busy"),
        n800=35,
    )["800"]
    assert (found.attempts, found.blocked.numerator, found.busy.numerator) == (4, 3, 2)
    assert (found.blocked.formula, found.busy.formula) == ("line.blocked@1", "line.busy@1")
    assert (found.minutes, found.cost_fen, found.released_by) == (1, 35, {"customer": 1})


def test_a_call_that_is_not_over_yet_has_no_minutes_and_chats_are_no_calls() -> None:
    open_ = [fact("contact.opened", "c1", 0, medium="voice", door="800")]
    chat = [fact("contact.opened", "c2", 0, medium="chat", door="web")]
    found = lines(open_, chat, n800=35)
    assert list(found) == ["800"]
    assert (found["800"].attempts, found["800"].minutes, found["800"].released_by) == (1, 0, {})


def test_who_leaves_the_queue_releases_too() -> None:
    gone = [
        fact("contact.opened", "c1", 0, medium="voice", door="800"),
        fact("contact.ended", "c1", 12, how="abandoned", by="customer"),
    ]
    assert lines(gone)["800"].released_by == {"customer": 1}


def test_a_call_that_a_supervisor_closed_was_released_by_no_person() -> None:
    closed = [
        fact("contact.opened", "c1", 0, medium="voice", door="800"),
        fact("contact.ended", "c1", 12, how="closed", by="boss"),
    ]
    assert lines(closed)["800"].released_by == {"platform": 1}


def test_each_call_costs_what_a_minute_cost_when_it_came() -> None:
    """A new price does not change what the calls before it cost."""
    before = [
        fact("contact.opened", "c1", 0, medium="voice", door="800", minute_fen=20),
        fact("wrap_up.began", "c1", 61, by="customer"),
    ]
    unsaid = call("c2", "800", opened=100, over=130, by="customer")
    found = lines(before, unsaid, n800=35)["800"]
    assert (found.minutes, found.cost_fen) == (3, 2 * 20 + 35)


@pytest.mark.parametrize("name", ["line.blocked@1", "line.busy@1", "line.minutes@1", "line.cost@1"])
def test_the_measures_are_named_and_versioned(name: str) -> None:
    assert name in formulas.NAMES
