"""What people hear of an expected wait: seconds, words, the board; and that it never grows by waiting."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from api_house import SetClock
from conformance.builders import T0, contact, conversation, fact
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from channels.chat import protocol as p
from channels.chat.ports import Waiting
from channels.chat.wording import Wording as ChatWording
from channels.port import Receipt
from contactcenter.clock import SECOND
from contactcenter.domain.configuration_rules import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.domain.facts import Fact
from contactcenter.domain.texts import catalogue
from contactcenter.realtime.bus import LocalBus
from contactcenter.services.changes import Changes
from contactcenter.services.directories import Directories, Door
from contactcenter.services.expected_waits import Told, Waits, in_seconds, waits_now
from contactcenter.services.instructions import Instructions
from contactcenter.services.views import QueueLine, SaidWait, SeatLine
from contactcenter.services.wording import Wording
from contactcenter.storage.memory import memory_stores
from contactcenter.wiring.chat_house import Conversations
from routing.effects import Queued

NOW = 1_700_000_000 * SECOND
WORD = {"expected": 200 * SECOND, "at_most": 500 * SECOND}
DEMO = Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml"


# --- what one contact hears ------------------------------------------------------------------------------------


def test_a_wait_is_told_in_whole_seconds_and_never_as_nothing() -> None:
    assert Told.of(3, 1, 60 * SECOND + 1) == Told(3, 1, 61)
    assert in_seconds(0) == 0


@pytest.mark.parametrize(
    ("expected_s", "at_most_s", "minutes"),
    [(0, 0, {}), (60, 100, {}), (61, 120, {"minutes": 2, "most": 2}), (600, 1201, {"minutes": 10, "most": 21})],
)
def test_minutes_are_rounded_up_and_a_short_wait_is_not_counted_out(
    expected_s: int, at_most_s: int, minutes: dict[str, int]
) -> None:
    assert Told(1, expected_s, at_most_s).minutes() == minutes


@given(st.integers(0, 4000), st.integers(0, 4000), st.integers(0, 5000), st.integers(0, 5000))
def test_who_goes_on_waiting_never_hears_more_than_before(expected: int, more: int, first: int, later: int) -> None:
    word = Told(2, expected, expected + more)
    early, late = word.after(first * SECOND), word.after((first + later) * SECOND)
    assert late.expected_wait_s <= early.expected_wait_s <= expected
    assert late.at_most_wait_s <= early.at_most_wait_s <= expected + more
    assert late.position == 2


@pytest.fixture(scope="module")
def door() -> Door:
    return Door("ruixun", "kangjia", "kangjia-2026", "voice", Directory(load_yaml(DEMO.read_text(encoding="utf-8"))))


INSTRUCTIONS = Instructions(Wording(catalogue()))


def first_reply(door: Door, language: str = "zh-CN", **waits: Any) -> Receipt:
    effects = (Queued("ct_1", 1, 4, **waits),)
    return INSTRUCTIONS.first(door, "ct_1", language, at=NOW)(Receipt("ct_1"), effects)


def test_a_caller_is_told_his_place_and_how_long_it_will_take(door: Door) -> None:
    reply = first_reply(door, expected=200 * SECOND, at_most=500 * SECOND)
    assert (reply.instruction, reply.position) == ("queue", 4)
    assert (reply.expected_wait_s, reply.at_most_wait_s) == (200, 500)
    assert "第4位" in reply.text
    assert "4分钟" in reply.text
    assert "9分钟" in reply.text
    english = first_reply(door, "en", expected=200 * SECOND, at_most=500 * SECOND).text
    assert "about 4 min, usually within 9 min" in english


@pytest.mark.parametrize("expected", [0, 30 * SECOND])
def test_a_caller_who_is_soon_served_or_of_whom_nothing_is_known_hears_no_minutes(door: Door, expected: int) -> None:
    reply = first_reply(door, expected=expected, at_most=2 * expected)
    assert "分钟" not in reply.text
    assert reply.expected_wait_s == expected // SECOND


def test_a_repeated_event_gets_the_same_words_from_the_fact(door: Door) -> None:
    said = first_reply(door, expected=200 * SECOND, at_most=500 * SECOND)
    data = {"arrival": 1, "position": 4, "expected": 200 * SECOND, "at_most": 500 * SECOND}
    fact = Fact(id="f", at=NOW, kind="contact.queued", provider="ruixun", contact="ct_1", data=data)
    again = INSTRUCTIONS.recalled(door, [fact], Receipt("ct_1"), "zh-CN")
    assert again.duplicate
    assert (again.text, again.expected_wait_s, again.at_most_wait_s) == (said.text, 200, 500)


class Texts:
    """Says which text was asked for, with what."""

    def say(self, site: str, language: str, key: str, **values: object) -> str:
        return f"{key} {values}"

    def language(self, site: str, wanted: str) -> str:
        return "en"

    def labels(self, site: str, language: str) -> dict[str, str]:
        return {}


@pytest.mark.parametrize(
    ("frame", "text"),
    [
        (p.Queued(position=3), "chat.queued {'position': 3}"),
        (p.Queued(position=3, expected_wait_s=60, at_most_wait_s=90), "chat.queued {'position': 3}"),
        (
            p.Queued(position=3, expected_wait_s=61, at_most_wait_s=300),
            "chat.queued_wait {'position': 3, 'minutes': 2, 'most': 5}",
        ),
        (p.Queued(), "chat.opened {}"),
    ],
)
def test_a_visitor_reads_his_place_and_a_wait_worth_telling(frame: p.Queued, text: str) -> None:
    worded = ChatWording(Texts(), "site", "en").worded(frame)
    assert isinstance(worded, p.Queued)
    assert worded.text == text
    assert worded.expected_wait_s == frame.expected_wait_s


@pytest.mark.parametrize(("later", "wait"), [(0, (200, 500)), (150, (50, 350)), (200, (0, 0)), (4000, (0, 0))])
async def test_a_page_that_comes_back_hears_the_last_word_less_the_time_since(
    later: int, wait: tuple[int, int]
) -> None:
    stores, clock = memory_stores(), SetClock(T0 + later * SECOND)
    words = [{"position": 9, "expected": 900 * SECOND}, {"position": 4, "reason": "offer_ended"} | WORD]
    facts = [
        fact(id=f"q{n}", contact="ct_1", kind="contact.queued", at=T0 - SECOND + n * SECOND, seq=n, data=data)
        for n, data in enumerate(words)
    ]
    row = contact(medium="chat", view="chat", conversation="cv_1")
    talk = conversation(medium="chat", door="site", thread="s1", contact="ct_1")
    await stores.changes.apply(Changes(conversations=[talk], contacts=[row], facts=facts))
    talks = Conversations(
        reads=stores.reads, bus=LocalBus(), directories=Directories(stores.configuration), clock=clock
    )
    standing = await talks.standing("site", "s1")
    assert standing is not None
    assert standing.now == Waiting(4, expected_wait_s=wait[0], at_most_wait_s=wait[1])


# --- the board -------------------------------------------------------------------------------------------------


def line(*, waiting: int = 5, by_tier: tuple[int, int, int, int] = (1, 0, 3, 2)) -> QueueLine:
    return QueueLine(
        client="kangjia", view="voice", medium="voice", waiting=waiting, offered=1, active=3, wrap_up=0,
        oldest_wait_s=12.5, breached=1, by_tier=by_tier,
    )  # fmt: skip


def seats(*, ready: int, client: str = "kangjia") -> SeatLine:
    return SeatLine(client=client, lease="l", ready=ready, not_ready=0, not_responding=0, busy=3)


def said(tier: int, place: int, expected: int, *, at: int = NOW, view: str = "voice") -> SaidWait:
    return SaidWait(
        client="kangjia", view=view, medium="voice", tier=tier, place=place,
        expected=expected * SECOND, at_most=2 * expected * SECOND, at=at,
    )  # fmt: skip


def test_a_word_is_moved_to_the_place_that_a_newcomer_would_have() -> None:
    """An iron customer stands behind one platinum and three of his own: at place 5, and place 3 took 40 s."""
    now = waits_now(line(), [seats(ready=0)], [said(2, 3, 40)])
    assert now.iron == Waits(60.0, 120.0)


def test_better_tiers_wait_behind_fewer() -> None:
    now = waits_now(line(), [seats(ready=0)], [said(tier, 3, 40) for tier in range(4)])
    assert [waits.expected_s for waits in (now.platinum, now.gold, now.iron, now.lead)] == [30.0, 30.0, 60.0, 70.0]


def test_a_tier_to_which_nothing_was_said_borrows_the_newest_word() -> None:
    now = waits_now(line(), [seats(ready=0)], [said(2, 3, 40), said(0, 1, 10, at=NOW + 1)])
    assert now.lead == waits_now(line(), [], [said(0, 1, 10)]).lead
    assert now.iron == Waits(60.0, 120.0)


def test_with_nobody_waiting_and_somebody_ready_only_picking_up_is_left() -> None:
    words = [said(2, 8, 900), said(2, 0, 4)]
    empty = line(waiting=0, by_tier=(0, 0, 1, 0))
    assert waits_now(empty, [seats(ready=1)], words).iron == Waits(4.0, 8.0)
    assert waits_now(empty, [seats(ready=0)], words).iron.expected_s == 200.0
    assert waits_now(empty, [seats(ready=9, client="xinghai")], words).iron.expected_s == 200.0


def test_of_a_queue_of_which_nothing_was_said_nothing_is_known() -> None:
    assert waits_now(line(), [], [said(2, 3, 40, view="chat")]).iron == Waits()
    assert waits_now(line(), [], [said(2, 0, 4)]).iron == Waits(), "being rung at once says nothing of a queue"


def test_callbacks_that_nobody_may_call_yet_are_before_nobody() -> None:
    tonight = replace(line(waiting=5, by_tier=(0, 0, 5, 0)), held=5)
    assert waits_now(tonight, [seats(ready=1)], [said(2, 0, 7), said(2, 1, 40)]).iron == Waits(7.0, 14.0)
    assert waits_now(tonight, [seats(ready=0)], [said(2, 1, 40)]).iron == Waits(40.0, 80.0)
