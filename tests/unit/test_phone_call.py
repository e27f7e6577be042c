"""One call fed by events in any order: the table, its promises, and the machine that shuffles histories."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from channels.phone.call import MOVES, advance, advance_stored
from channels.phone.legs import MAX_LEGS
from channels.phone.record import MAX_MARKS, Call, Heard, State
from channels.phone.signals import Kind, Signal, Why
from channels.port import (
    AnyInbound,
    CallAlerting,
    CallAnswered,
    CallbackRequested,
    CallOffered,
    CallProgress,
    CallReleased,
    ChatLeft,
    VoicemailLeft,
)

S = {"source": "pbx", "call": "c1"}
FRESH = Call(source="pbx", call="c1")


def offered(id: str = "e-offered", *, alerting: bool = True) -> CallOffered:
    return CallOffered(**S, external_id=id, dialled="95500", caller="138", alerting=alerting)


def alerting(offer: str = "") -> CallAlerting:
    return CallAlerting(**S, external_id=f"e-alerting-{offer}", offer=offer)


def answered(offer: str = "o1", agent: str = "", *, at: int = 0) -> CallAnswered:
    return CallAnswered(**S, external_id=f"e-answered-{offer}{agent}", offer=offer, agent=agent, occurred_at=at)


def leg_ended(offer: str = "o1", *, by: str = "platform", cause: str = "", reached: bool = True) -> CallReleased:
    return CallReleased(
        **S, external_id=f"e-ended-{offer}", leg="agent", offer=offer, by=by, cause=cause, reached=reached
    )


def released(by: str = "customer", cause: str = "normal") -> CallReleased:
    return CallReleased(**S, external_id="e-released", by=by, cause=cause)


def progress(what: str, value: str = "", *, id: str = "", at: int = 0) -> CallProgress:
    return CallProgress(**S, external_id=id or f"e-{what}-{value}", what=what, value=value, occurred_at=at)


def live(events: Iterable[AnyInbound], *, call: Call = FRESH, at: int | None = None) -> tuple[Call, list[Signal]]:
    """The call after these events, heard at 1000, 1001 ... or all at `at`."""
    told: list[Signal] = []
    for number, event in enumerate(events):
        call, signals = advance(call, event, 1000 + number if at is None else at)
        told += signals
    return call, told


def kinds(signals: Iterable[Signal]) -> list[Kind]:
    return [signal.kind for signal in signals]


# --- the straight way -------------------------------------------------------------------------------------


def test_a_call_that_is_answered_enters_answers_and_ends_once() -> None:
    call, told = live([offered(), alerting("o1"), answered("o1"), released(by="customer")])
    assert told == [
        Signal(kind=Kind.ENTER, at=1000, clock_at=1000),
        Signal(kind=Kind.DEVICE_RINGS, at=1001, offer="o1"),
        Signal(kind=Kind.ANSWER, at=1002, offer="o1"),
        Signal(kind=Kind.CUSTOMER_GONE, at=1003, offer="o1", by="customer", cause="normal"),
    ]
    assert (call.state, call.offered, call.answered, call.released) == (State.RELEASED, True, True, True)


def test_the_line_clock_of_an_announced_call_starts_when_its_own_leg_rings() -> None:
    _, told = live([offered(alerting=False), progress("ivr.menu", "repair"), alerting()])
    assert told[0] == Signal(kind=Kind.ENTER, at=1000)
    assert told[-1] == Signal(kind=Kind.CLOCK_STARTED, at=1002, clock_at=1002)


def test_the_line_clock_starts_once() -> None:
    _, told = live([offered(), alerting(), alerting()])
    assert kinds(told) == [Kind.ENTER]


def test_ringing_heard_before_the_offer_starts_the_clock_at_the_ringing() -> None:
    _, told = live([alerting(), offered(alerting=False)])
    assert told == [Signal(kind=Kind.ENTER, at=1001, clock_at=1000)]


def test_an_agent_who_hangs_up_on_a_customer_is_named() -> None:
    call, told = live([offered(), answered("o1", "1001"), leg_ended("o1", by="agent", cause="normal")])
    assert told[-1] == Signal(kind=Kind.AGENT_GONE, at=1002, offer="o1", agent="1001", by="agent", cause="normal")
    assert call.state == State.WAITING


def test_the_side_that_released_the_customer_is_kept() -> None:
    call, told = live([offered(), answered(), released(by="agent", cause="hangup")])
    assert (told[-1].by, told[-1].cause) == (call.released_by, call.cause) == ("agent", "hangup")


def test_a_transfer_is_talked_by_whoever_answered_last_in_the_platforms_time() -> None:
    call, _ = live([offered(), answered("o2", "1002", at=9), answered("o1", "1001", at=5)])
    assert (call.offer, call.agent) == ("o2", "1002")
    call, _ = live([leg_ended("o2")], call=call)
    assert (call.offer, call.agent, call.state) == ("o1", "1001", State.TALKING)


def test_an_answer_that_names_only_the_agent_has_a_leg_of_its_own() -> None:
    call, told = live([offered(), answered("", "1001")])
    assert told[-1] == Signal(kind=Kind.ANSWER, at=1001, agent="1001")
    call, told = live([leg_ended("", by="agent")], call=call)
    assert kinds(told) == [Kind.AGENT_GONE]
    assert call.state == State.WAITING


def test_an_agents_leg_that_nobody_can_name_is_only_noted() -> None:
    call, told = live([offered(), leg_ended("")])
    assert told[-1] == Signal(kind=Kind.PROGRESS, at=1001, what="agent_released")
    assert call.state == State.WAITING


# --- devices that fail -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ended", "why"),
    [
        (leg_ended(reached=False), Why.UNREACHABLE),
        (leg_ended(cause="busy"), Why.BUSY),
        (leg_ended(cause="declined"), Why.DECLINED),
        (leg_ended(by="agent", cause="603"), Why.DECLINED),
        (leg_ended(cause="no_answer"), Why.NO_ANSWER),
        (leg_ended(cause="withdrawn"), Why.WITHDRAWN),
        (leg_ended(by="customer", cause="no_answer"), Why.WITHDRAWN),
        (leg_ended(cause="who knows"), Why.UNREACHABLE),
    ],
)
def test_why_a_device_failed_is_told_and_an_unknown_word_never_blames_the_agent(ended: CallReleased, why: Why) -> None:
    _, told = live([offered(), ended])
    assert told[-1] == Signal(kind=Kind.DEVICE_FAILED, at=1001, offer="o1", why=why, by=ended.by, cause=ended.cause)


def test_ringing_that_was_seen_outweighs_a_platform_that_says_unreached() -> None:
    _, told = live([offered(), alerting("o1"), leg_ended(cause="no_answer", reached=False)])
    assert told[-1].why == Why.NO_ANSWER


def test_a_device_fails_once() -> None:
    _, told = live([offered(), leg_ended(), leg_ended(), alerting("o1")])
    assert kinds(told) == [Kind.ENTER, Kind.DEVICE_FAILED]


# --- out of order -------------------------------------------------------------------------------------------


def test_a_call_whose_end_comes_first_is_counted_and_never_queued() -> None:
    call, told = live([released(cause="busy"), offered()])
    assert told == [Signal(kind=Kind.ENTER_AND_GONE, at=1001, clock_at=1001, by="customer", cause="busy")]
    assert call.state == State.RELEASED


def test_what_was_heard_before_the_offer_is_told_after_it_enters() -> None:
    early = [progress("ivr.menu", "2"), answered("o2"), alerting("o2"), leg_ended("o1", cause="busy")]
    call, told = live([*early, offered()])
    assert kinds(told) == [Kind.ENTER, Kind.DEVICE_FAILED, Kind.DEVICE_RINGS, Kind.ANSWER, Kind.PROGRESS]
    assert call.state == State.TALKING


def test_an_answer_heard_after_its_own_end_is_told_as_both() -> None:
    call, told = live([offered(), leg_ended("o1", by="agent"), answered("o1")])
    assert kinds(told) == [Kind.ENTER, Kind.DEVICE_FAILED, Kind.ANSWER, Kind.AGENT_GONE]
    assert call.state == State.WAITING


def test_a_device_that_answers_a_customer_who_is_gone_is_to_be_released() -> None:
    call, told = live([offered(), released(), answered("o1", "1001")])
    assert told[-1] == Signal(kind=Kind.ANSWERED_LATE, at=1002, offer="o1", agent="1001")
    assert call.state == State.RELEASED


def test_after_the_end_ringing_and_dead_devices_say_nothing() -> None:
    _, told = live([offered(), released(), alerting(), alerting("o1"), leg_ended("o1"), released("agent")])
    assert kinds(told) == [Kind.ENTER, Kind.CUSTOMER_GONE]


def test_an_event_of_another_call_or_channel_changes_nothing() -> None:
    other = CallOffered(source="pbx", call="c2", external_id="x", dialled="1")
    foreign = CallOffered(source="pbx2", call="c1", external_id="x", dialled="1")
    chat = ChatLeft(source="pbx", external_id="x", site="s", session="c1")
    assert live([other, foreign, chat]) == (FRESH, [])


# --- facts of the call ---------------------------------------------------------------------------------------


def test_digits_are_read_in_the_platforms_order_and_holds_are_counted() -> None:
    typed = [progress("dtmf", "2", at=20), progress("ivr.digits", "1", at=10)]
    call, _ = live([offered(), *typed, progress("held", id="h1"), progress("held", id="h2"), progress("resumed")])
    assert (call.digits, call.held) == ("12", 2)


def test_a_fact_of_the_call_is_told_once() -> None:
    _, told = live([offered(), progress("dtmf", "1"), progress("dtmf", "1")])
    assert told[1:] == [Signal(kind=Kind.PROGRESS, at=1001, what="dtmf", value="1")]


def test_a_voicemail_and_a_callback_are_facts_of_their_call() -> None:
    voicemail = VoicemailLeft(**S, external_id="v", dialled="1", recording="r/1")
    callback = CallbackRequested(**S, external_id="k", dialled="1", number="139")
    _, told = live([offered(), voicemail, callback])
    assert [(one.what, one.value) for one in told[1:]] == [("voicemail.left", "r/1"), ("callback.requested", "139")]


def test_a_call_stays_small_and_still_tells_every_fact() -> None:
    many = [progress("dtmf", "1", id=f"d{number}") for number in range(3 * MAX_MARKS)]
    phones = [leg_ended(f"o{number}") for number in range(2 * MAX_LEGS)]
    call, told = live([offered(), answered("mine"), *many, *phones])
    assert (len(call.marks), len(call.legs)) == (MAX_MARKS, MAX_LEGS)
    assert len(told) == 2 + len(many) + len(phones)
    assert call.offer == "mine"


def test_a_call_lives_in_a_row_of_json() -> None:
    stored: bytes | None = None
    told: list[Signal] = []
    for event in [alerting("o1"), offered(), answered("o1", "1001"), progress("held")]:
        stored, signals = advance_stored(stored, event, 5)
        told += signals
    assert stored is not None
    call = msgspec.json.decode(stored, type=Call)
    assert (call.state, call.agent, call.held) == (State.TALKING, "1001", 1)
    assert kinds(told) == [Kind.ENTER, Kind.DEVICE_RINGS, Kind.ANSWER, Kind.PROGRESS]


# --- the machine -----------------------------------------------------------------------------------------------


def test_the_table_has_a_cell_for_every_event_in_every_state() -> None:
    assert {state: set(row) for state, row in MOVES.items()} == {state: set(Heard) for state in State}


@st.composite
def histories(draw: st.DrawFn) -> list[AnyInbound]:
    """A valid history of one call, in the order in which it happened."""
    announced = draw(st.booleans())
    events: list[AnyInbound] = [offered(alerting=not announced)]
    events += [progress("ivr.digits", "7", at=3), alerting()] if announced else []
    for number in range(draw(st.integers(0, 3))):
        cause = draw(st.sampled_from(["busy", "no_answer", "declined", "odd"]))
        events += [alerting(f"o{number}")] * draw(st.integers(0, 1))
        events += [leg_ended(f"o{number}", cause=cause)]
    if draw(st.booleans()):
        events += [alerting("win"), answered("win", "1001", at=50)]
        events += [progress("held", at=60), progress("resumed", at=70)] * draw(st.integers(0, 1))
        events += [leg_ended("win", by="agent")] * draw(st.integers(0, 1))
    return [*events, released(by=draw(st.sampled_from(["customer", "agent", "platform"])))]


@st.composite
def shuffled(draw: st.DrawFn) -> tuple[list[AnyInbound], list[AnyInbound]]:
    history = draw(histories())
    repeats = draw(st.lists(st.sampled_from(history), max_size=6))
    return history, draw(st.permutations([*history, *repeats]))


@settings(max_examples=400, deadline=None)
@given(shuffled())
def test_any_order_with_any_repeats_ends_in_the_same_call_with_one_beginning_and_one_end(
    both: tuple[list[AnyInbound], list[AnyInbound]],
) -> None:
    history, arrived = both
    expected, _ = live(history, at=77)
    call, told = live(arrived, at=77)
    count = Counter(kinds(told))
    assert call == expected
    assert call.state == State.RELEASED
    assert count[Kind.ENTER] + count[Kind.ENTER_AND_GONE] == 1
    assert count[Kind.CUSTOMER_GONE] + count[Kind.ENTER_AND_GONE] == 1


@settings(max_examples=200, deadline=None)
@given(shuffled())
def test_hearing_everything_twice_tells_nothing_new(both: tuple[list[AnyInbound], list[AnyInbound]]) -> None:
    call, _ = live(both[1])
    assert live(both[0], call=call) == (call, [])


NAMED = st.sampled_from(["", "o1", "o2"])
ANY_EVENT = st.one_of(
    st.builds(offered, alerting=st.booleans()),
    st.builds(alerting, NAMED),
    st.builds(answered, NAMED, st.sampled_from(["", "1001"]), at=st.integers(0, 9)),
    st.builds(leg_ended, NAMED, by=st.sampled_from(["agent", "customer", "platform"]), reached=st.booleans()),
    st.builds(released, st.sampled_from(["agent", "customer", "platform"])),
    st.builds(progress, st.sampled_from(["held", "dtmf"]), st.sampled_from(["", "1"]), at=st.integers(0, 9)),
)
AFTER_THE_END = {Kind.ANSWERED_LATE, Kind.PROGRESS}


@settings(max_examples=400, deadline=None)
@given(st.lists(ANY_EVENT, max_size=12))
def test_any_events_at_all_keep_the_promises_of_the_signals(events: list[AnyInbound]) -> None:
    call, told = live(events)
    said = kinds(told)
    opened = [kind for kind in said if kind in (Kind.ENTER, Kind.ENTER_AND_GONE)]
    ended = [kind for kind in said if kind in (Kind.CUSTOMER_GONE, Kind.ENTER_AND_GONE)]
    assert said[:1] == opened
    assert len(ended) == (call.state == State.RELEASED)
    assert not ended or set(said[said.index(ended[0]) + 1 :]) <= AFTER_THE_END
    assert msgspec.json.decode(msgspec.json.encode(call), type=Call) == call
