"""What the visitor's socket promises, without a socket."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.chat import protocol as p
from channels.chat import visit as v
from channels.chat.ports import Assigned, Ended, Missed, Push, Released, Standing, Waiting

HELLO = p.Hello(token="t")


def message(number: int, text: str = "您好", sender: Any = "agent", id: str = "") -> p.Message:
    return p.Message(number=number, sender=sender, text=text, at="2026-01-05T01:00:00.000000Z", id=id)


def opened(last: int = 0, resume_after: int = 0, limits: v.Limits | None = None) -> v.Visit:
    visit = v.Visit(limits)
    visit.hear(p.Hello(token="t", resume_after=resume_after), 0.0)
    visit.admitted("s1", "zh-CN", {})
    visit.stands(Standing(last=last, now=Waiting(1)))
    return visit


def sent(actions: v.Actions) -> list[p.AnyOut]:
    return [action.frame for action in actions if isinstance(action, v.Send)]


# --- reading frames ----------------------------------------------------------------------------------


def test_a_chinese_message_survives_the_wire() -> None:
    assert p.decode('{"type":"say","id":"1","text":"电视没有图像，能修吗？"}') == p.Say(
        id="1", text="电视没有图像，能修吗？"
    )


@pytest.mark.parametrize(
    ("raw", "field"),
    [
        ("", ""),
        ("[]", ""),
        ("{", ""),
        ('{"type":"jump"}', "type"),
        ('{"type":"hello"}', "token"),
        ('{"type":"say","id":"a b","text":"x"}', "id"),
        ('{"type":"say","id":"1","text":7}', "text"),
        ('{"type":"hello","token":"t","resume_after":-1}', "resume_after"),
        ('{"type":"say","id":"1","text":"\\ud800"}', ""),
        ("[" * 5000, ""),
    ],
)
def test_an_unreadable_frame_names_the_field(raw: str, field: str) -> None:
    frame = p.decode(raw)
    assert isinstance(frame, p.Garbage)
    assert frame.field == field


def test_control_characters_are_taken_out_and_line_ends_are_kept() -> None:
    assert p.clean(" a\x00b\r\nc\x1b[0m\td ") == "ab\nc[0m\td"


# --- opening -----------------------------------------------------------------------------------------


def test_hello_is_verified_then_welcomed_then_told_where_it_stands() -> None:
    visit = v.Visit()
    assert visit.hear(HELLO, 0.0) == [v.Verify(HELLO)]
    assert sent(visit.admitted("s1", "en", {"chat.send": "Send"})) == [
        p.Welcome(session="s1", language="en", texts={"chat.send": "Send"})
    ]
    assert visit.stands(Standing(last=0, now=Waiting(3))) == [v.Send(p.Queued(position=3))]


def test_a_refused_token_closes_with_4401() -> None:
    visit = v.Visit()
    visit.hear(HELLO, 0.0)
    told = visit.failed("unauthorized", close=p.CLOSE_UNAUTHORIZED)
    assert told == [v.Send(p.Error(code="unauthorized")), v.Close(4401, "unauthorized")]


def test_nothing_is_stored_before_hello() -> None:
    assert sent(v.Visit().hear(p.Say(id="1", text="x"), 0.0)) == [p.Error(code="not_open", id="1")]


def test_a_second_hello_is_refused_and_changes_nothing() -> None:
    visit = opened(last=4, resume_after=4)
    assert sent(visit.hear(HELLO, 0.0)) == [p.Error(code="already_open")]
    assert visit.delivered == 4


# --- resuming ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("seen", range(6))
def test_a_page_that_comes_back_hears_exactly_what_it_has_missed(seen: int) -> None:
    visit = v.Visit()
    visit.hear(p.Hello(token="t", resume_after=seen), 0.0)
    visit.admitted("s1", "zh-CN", {})
    visit.stands(Standing(last=5, now=Assigned("8012")))
    heard = sent(visit.replayed([message(n) for n in range(1, 6)]))
    assert heard == [message(n) for n in range(seen + 1, 6)]


def test_a_page_that_claims_to_have_seen_the_future_still_hears_the_next_message() -> None:
    visit = opened(last=2, resume_after=99)
    assert sent(visit.pushed(message(3))) == [message(3)]


def test_a_message_that_comes_by_history_and_by_push_is_heard_once() -> None:
    visit = opened()
    assert sent(visit.replayed([message(1), message(2)])) == [message(1), message(2)]
    assert visit.pushed(message(2)) == []


def test_a_hole_in_the_numbers_asks_for_the_history() -> None:
    visit = opened()
    assert visit.pushed(message(3)) == [v.Reread(0)]
    assert visit.pushed(Missed()) == [v.Reread(0)]


def test_a_full_page_of_history_asks_for_the_next() -> None:
    visit = opened()
    assert visit.replayed([message(1)], more=True) == [v.Send(message(1)), v.Reread(1)]


# --- saying ------------------------------------------------------------------------------------------


def test_a_say_is_stored_once_and_acknowledged_with_its_number() -> None:
    visit = opened()
    assert visit.hear(p.Say(id="a", text=" 您好 "), 0.0) == [v.Store("a", "您好")]
    assert visit.hear(p.Say(id="a", text="您好"), 0.0) == []
    assert visit.stored("a") == [v.Reread(0)]
    mine = message(1, sender="visitor", id="a")
    assert sent(visit.replayed([mine])) == [mine, p.Ack(id="a", number=1)]
    assert sent(visit.hear(p.Say(id="a", text="您好"), 1.0)) == [p.Ack(id="a", number=1)]


def test_a_say_whose_push_came_first_is_acknowledged_without_reading() -> None:
    visit = opened()
    visit.hear(p.Say(id="a", text="x"), 0.0)
    visit.pushed(message(1, sender="visitor", id="a"))
    assert visit.stored("a") == [v.Send(p.Ack(id="a", number=1))]


def test_a_say_that_was_not_taken_may_come_again() -> None:
    visit = opened()
    visit.hear(p.Say(id="a", text="x"), 0.0)
    assert sent(visit.busy(2.0, "a")) == [p.Busy(retry_after=2.0, id="a")]
    assert visit.hear(p.Say(id="a", text="x"), 2.0) == [v.Store("a", "x")]


@pytest.mark.parametrize(("text", "code"), [("", "empty"), (" \n\x00 ", "empty"), ("长" * 4001, "too_long")])
def test_an_empty_or_endless_text_is_refused(text: str, code: str) -> None:
    assert sent(opened().hear(p.Say(id="a", text=text), 0.0)) == [p.Error(code=code, field="text", id="a")]


def test_four_thousand_characters_are_taken() -> None:
    assert opened().hear(p.Say(id="a", text="长" * 4000), 0.0) == [v.Store("a", "长" * 4000)]


# --- rates -------------------------------------------------------------------------------------------


def test_saying_too_fast_is_busy_and_names_the_wait() -> None:
    visit = opened(limits=v.Limits(says=v.Rate(burst=2, every=1.0)))
    taken = [visit.hear(p.Say(id=str(n), text="x"), 0.0) for n in range(3)]
    assert taken[:2] == [[v.Store("0", "x")], [v.Store("1", "x")]]
    assert taken[2] == [v.Send(p.Busy(retry_after=1.0, id="2"))]
    assert visit.hear(p.Say(id="2", text="x"), 1.0) == [v.Store("2", "x")]


def test_a_flood_of_frames_is_closed() -> None:
    visit = v.Visit(v.Limits(frames=v.Rate(burst=3, every=1.0)))
    told = [visit.hear(p.Typing(), 0.0) for _ in range(4)]
    assert told == [[], [], [], [v.Close(p.CLOSE_FLOOD, "too many frames")]]


def test_a_page_that_speaks_nonsense_is_closed_after_a_while() -> None:
    visit = v.Visit(v.Limits(garbage=3))
    told = [visit.hear(p.Garbage("x", "y"), 0.0) for _ in range(3)]
    assert told[0] == [v.Send(p.Error(code="malformed", field="y", message="x"))]
    assert told[2][-1] == v.Close(p.CLOSE_BAD, "not this protocol")


# --- the end -----------------------------------------------------------------------------------------


def test_leaving_departs_at_once_and_says_goodbye() -> None:
    visit = opened()
    assert visit.hear(p.Leave(), 0.0) == [v.Depart(), v.Send(p.Closed()), v.Close(1000, "left")]
    assert visit.hear(p.Leave(), 0.0) == []


def test_leaving_before_hello_departs_nobody() -> None:
    assert v.Visit().hear(p.Leave(), 0.0) == [v.Close(1000, "left")]


def test_the_last_messages_are_heard_before_the_end() -> None:
    visit = opened()
    assert visit.pushed(Ended()) == [v.Reread(0), v.Send(p.Closed()), v.Close(1000, "closed")]
    assert sent(visit.replayed([message(1)])) == [message(1)]
    assert sent(visit.hear(p.Say(id="a", text="x"), 0.0)) == [p.Error(code="closed", id="a")]


def test_a_handed_over_conversation_tells_who_left_and_who_came() -> None:
    visit = opened()
    told = [*visit.pushed(Assigned("8012")), *visit.pushed(Released()), *visit.pushed(Waiting(2))]
    assert sent(told) == [
        p.Joined(agent_number="8012"),
        p.Left(agent_number="8012"),
        p.Queued(position=2),
    ]


# --- total: anything in any state --------------------------------------------------------------------

IDS = st.sampled_from(["a", "b", "c"])
FRAMES = st.one_of(
    st.builds(p.Hello, token=st.just("t"), resume_after=st.integers(0, 9)),
    st.builds(p.Say, id=IDS, text=st.text(max_size=8)),
    st.sampled_from([p.Typing(), p.Leave(), p.Ping(), p.Garbage("x")]),
    st.text(max_size=40).map(p.decode),
    st.binary(max_size=40).map(p.decode),
)
PUSHES: st.SearchStrategy[Push] = st.one_of(
    st.builds(message, st.integers(1, 9)),
    st.sampled_from([Waiting(1), Assigned("1"), Released(), Ended(), Missed()]),
)
STEPS = st.one_of(
    st.tuples(st.just("hear"), FRAMES),
    st.tuples(st.just("pushed"), PUSHES),
    st.tuples(st.sampled_from(["stored", "busy", "failed"]), IDS),
    st.tuples(st.just("admitted"), st.just(0)),
    st.tuples(st.just("stands"), st.integers(0, 9)),
    st.tuples(st.just("replayed"), st.lists(st.integers(1, 9))),
)


def take(visit: v.Visit, what: str, value: Any, now: float) -> v.Actions:
    return {
        "hear": lambda: visit.hear(value, now),
        "pushed": lambda: visit.pushed(value),
        "stored": lambda: visit.stored(value),
        "busy": lambda: visit.busy(1.0, value),
        "failed": lambda: visit.failed("internal", say=value),
        "admitted": lambda: visit.admitted("s", "en", {}),
        "stands": lambda: visit.stands(Standing(value, Waiting(1))),
        "replayed": lambda: visit.replayed([message(n) for n in sorted(set(value))]),
    }[what]()


@settings(max_examples=150, deadline=None)
@given(st.lists(st.tuples(STEPS, st.floats(-10, 1e6)), max_size=40))
def test_any_step_in_any_state_is_answered_and_encodes(steps: list[tuple[tuple[str, Any], float]]) -> None:
    visit = v.Visit()
    for (what, value), now in steps:
        for action in take(visit, what, value, now):
            assert not isinstance(action, v.Send) or p.encode(action.frame).startswith("{")


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 6), st.lists(st.one_of(st.integers(1, 12), st.just(0)), max_size=40))
def test_whatever_is_lost_or_repeated_the_page_hears_each_number_once_in_order(seen: int, pushes: list[int]) -> None:
    """`pushes` are the numbers that arrive, 0 a loss on the bus; the store always has everything."""
    truth = [message(n) for n in range(1, 13)]
    visit = v.Visit()
    visit.hear(p.Hello(token="t", resume_after=seen), 0.0)
    visit.admitted("s", "en", {})
    told = [*visit.stands(Standing(6, Waiting(1)))]
    for number in [*pushes, 0]:
        told += visit.pushed(truth[number - 1] if number else Missed())
        while any(isinstance(action, v.Reread) for action in told):
            told = [action for action in told if not isinstance(action, v.Reread)]
            told += visit.replayed(truth[visit.delivered :])
    numbers = [frame.number for frame in sent(told) if isinstance(frame, p.Message)]
    assert numbers == list(range(seen + 1, 13))


@settings(max_examples=100, deadline=None)
@given(st.text(max_size=60))
def test_clean_text_is_stable_and_has_no_control_characters(text: str) -> None:
    once = p.clean(text)
    assert p.clean(once) == once
    assert not [c for c in once if ord(c) < 32 and c not in "\n\t"]
