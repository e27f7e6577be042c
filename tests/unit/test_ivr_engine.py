"""Flows: what a caller hears, what his keys do, and that nothing he chose is lost at any end."""

from __future__ import annotations

import msgspec
import pytest
from ivr_rig import CALLER, HOUR, NOW, Surroundings, flow, keys, walk, words
from msgspec.structs import replace

from channels import verbs
from channels.ivr.checks import luhn
from channels.ivr.engine import MAX_TURNS, Flows
from channels.ivr.surroundings import Promise
from channels.port import Receipt
from channels.verbs import Answer, Exit, Heard, Note, Outcome, Turn

FLOW = flow("""
id: all
client: kangjia
start: languages
nodes:
  - id: languages
    do: language
    text: {zh-CN: 一, yue: 二, en: Three}
    keys: {"1": zh-CN, "2": yue, "3": en}
    next: menu
  - id: menu
    do: menu
    text: {zh-CN: 菜单, yue: 餐牌, en: Menu}
    again: {zh-CN: 再来, yue: 再嚟, en: Again}
    keys: {"1": member, "2": sorry, "3": call_back, "4": message, "5": site, "6": hours}
    otherwise: queue
  - id: member
    do: ask
    least: 4
    most: 8
    check: luhn
    text: {zh-CN: 号, yue: 号, en: Number}
    next: product
    retries: 1
  - {id: product, do: product, text: {zh-CN: 品, yue: 品, en: Product}, keys: {"1": tv, "2": audio}, next: queue}
  - {id: sorry, do: complaint, text: {zh-CN: 抱歉, yue: 抱歉, en: Sorry}, next: queue}
  - {id: call_back, do: callback, otherwise: message, retries: 1}
  - {id: message, do: voicemail, longest_s: 60, otherwise: bye}
  - {id: site, do: web, text: {zh-CN: 网站, yue: 网站, en: Site}, next: menu}
  - {id: hours, do: branch, by: hours, calendar: office, cases: {open: queue}, otherwise: message}
  - {id: queue, do: queue}
  - {id: bye, do: hang_up, text: {zh-CN: 再见, yue: 再见, en: Bye}}
""")


def dialogue(**known: object) -> Flows:
    return Flows(Surroundings(FLOW, **known))  # type: ignore[arg-type]


def chosen(turn: Turn) -> Outcome | None:
    """The outcome without the path, which has tests of its own."""
    return None if turn.outcome is None else replace(turn.outcome, path=())


def end(*pressed: str) -> Outcome:
    found = chosen(walk(dialogue(), keys(*pressed))[-1])
    assert found is not None
    return found


# --- words and choices ----------------------------------------------------------------------------------------


def test_every_language_asks_in_its_own_words() -> None:
    first = dialogue().begin(CALLER, NOW)
    assert first is not None
    assert isinstance(first.verb, verbs.Gather)
    assert [(say.text, say.language) for say in first.verb.say] == [("一", "zh-CN"), ("二", "yue"), ("Three", "en")]


def test_what_was_chosen_rides_along_into_the_queue() -> None:
    turns = walk(dialogue(), keys("3", "1", "1230", "2"))
    assert chosen(turns[-1]) == Outcome(exit=Exit.QUEUE, language="en", member="1230", product="audio")
    notes = [note for turn in turns for note in turn.notes]
    assert notes == [
        Note("ivr.menu", "languages=en"),
        Note("ivr.menu", "menu=member"),
        Note("ivr.digits", "1230"),
        Note("ivr.menu", "product=audio"),
    ]


def test_a_wrong_key_is_asked_again_and_then_the_call_goes_on() -> None:
    turns = walk(dialogue(), keys("1", "9", "-", "8"))
    assert words(turns[2]) == ["再来", "菜单"]
    assert chosen(turns[-1]) == Outcome(exit=Exit.QUEUE, language="zh-CN")


def test_silence_in_the_choice_of_a_language_keeps_the_first() -> None:
    assert end("-", "-", "2") == Outcome(exit=Exit.QUEUE, language="zh-CN", complaint=True)


def test_a_member_number_must_pass_its_check() -> None:
    turns = walk(dialogue(), keys("1", "1", "1231", "12", "0"))
    assert words(turns[3]) == ["<ivr.again>", "号"]
    assert chosen(turns[-1]) == Outcome(exit=Exit.QUEUE, language="zh-CN")


@pytest.mark.parametrize(("digits", "right"), [("79927398713", True), ("79927398710", False), ("59", True)])
def test_the_check_digit(digits: str, right: bool) -> None:
    assert luhn(digits) is right


def test_the_web_address_is_said_and_the_menu_comes_back() -> None:
    turns = walk(dialogue(), keys("3", "5"))
    assert [words(turn) for turn in turns[2:]] == [["Site"], ["Menu"]]


def test_a_complaint_is_never_told_to_wait() -> None:
    turns = walk(dialogue(), keys("3", "2"))
    assert [words(turn) for turn in turns[2:]] == [["Sorry"], []]
    assert chosen(turns[-1]) == Outcome(exit=Exit.QUEUE, language="en", complaint=True)


@pytest.mark.parametrize(("open_now", "exit_"), [(True, Exit.QUEUE), (False, Exit.VOICEMAIL)])
def test_hours_decide(open_now: bool, exit_: Exit) -> None:
    around = Surroundings(FLOW, open=open_now)
    answers = [*keys("1", "6"), Answer(Heard.MESSAGE, "RE1", 7_500_000)]
    found = chosen(walk(Flows(around), answers)[-1])
    assert found is not None
    assert (found.exit, around.asked) == (exit_, ["office"])


# --- messages and callbacks -----------------------------------------------------------------------------------


def test_a_message_is_handed_on_with_its_length_in_seconds() -> None:
    turns = walk(dialogue(), [*keys("1", "4"), Answer(Heard.MESSAGE, "RE1", 7_500_000)])
    assert isinstance(turns[2].verb, verbs.Record)
    assert turns[2].verb.longest == 60_000_000
    assert chosen(turns[-1]) == Outcome(exit=Exit.VOICEMAIL, language="zh-CN", recording="RE1", seconds=7)


def test_who_leaves_no_message_is_not_lost_in_the_flow() -> None:
    turns = walk(dialogue(), [*keys("1", "4"), Answer(Heard.FAILED)])
    assert words(turns[-2]) == ["再见"]
    assert chosen(turns[-1]) == Outcome(exit=Exit.HANG_UP, language="zh-CN")


def wanted(*pressed: str, number: str = "13900000001", later: bool = False) -> None:
    since = NOW + 4 * HOUR if later else NOW
    assert end("1", "3", *pressed) == Outcome(
        exit=Exit.CALLBACK, language="zh-CN", number=number, window_from=since, window_until=since + HOUR
    )


def test_a_callback_to_this_number() -> None:
    wanted("1", "2", later=True)
    wanted("1", "-")
    wanted("-", "-", "-")


def test_a_callback_to_another_number_is_read_back() -> None:
    wanted("2", "075512345678", "1", "1", number="075512345678")
    wanted("2", "0755", "075512345678", "1", "1", number="075512345678")
    wanted("2", "0755123456", "2", "075512345678", "-", "1", number="075512345678")


def test_without_any_number_a_message_is_taken() -> None:
    turns = walk(dialogue(), keys("1", "3", "1", "2"), replace(CALLER, caller=""))
    assert words(turns[2]) == ["<ivr.callback.number>"]
    assert isinstance(turns[-1].verb, verbs.Record)


# --- a caller who is promised a callback ---------------------------------------------------------------------

PROMISED = flow("""
id: promised
client: kangjia
start: asked
languages: [en]
nodes:
  - {id: asked, do: branch, by: callback, cases: {promised: told, none: queue}, otherwise: queue}
  - {id: told, do: menu, text: {en: 'We call {callback}.'}, keys: {"1": bye, "2": stop, "3": rather}, otherwise: queue}
  - {id: bye, do: hang_up}
  - {id: stop, do: cancel_callback}
  - {id: rather, do: queue}
  - {id: queue, do: queue}
""")


BLIND = """
id: blind
client: kangjia
start: menu
languages: [en]
nodes:
  - {id: menu, do: menu, text: {en: 'Press 3.'}, keys: {"3": queue}, otherwise: queue}
  - {id: queue, do: queue}
"""


def outstanding(*pressed: str, caller: str = "13900000001") -> list[Turn]:
    around = Surroundings(PROMISED, outstanding=Promise(NOW + 2 * HOUR, NOW + 4 * HOUR, "ct_7"))
    return walk(Flows(around), keys(*pressed), replace(CALLER, caller=caller))


@pytest.mark.parametrize(
    ("key", "exit", "number"),
    [
        ("1", Exit.HANG_UP, ""),
        ("2", Exit.CANCEL_CALLBACK, "13900000001"),
        ("3", Exit.QUEUE, ""),
    ],
)
def test_who_is_promised_a_callback_hears_when_and_keeps_cancels_or_waits_instead(
    key: str, exit: Exit, number: str
) -> None:
    turns = outstanding(key)
    assert words(turns[0]) == ["We call in 2 to 4 hours."]
    assert chosen(turns[-1]) == Outcome(exit=exit, language="en", number=number)


@pytest.mark.parametrize("asks", [True, False])
def test_a_caller_who_is_promised_a_callback_is_noted_at_once_and_once_whatever_the_flow_asks(asks: bool) -> None:
    noted = Note("calls_himself", "ct_7")
    promise = Promise(NOW, NOW + HOUR, "ct_7")
    dialogue = Flows(Surroundings(PROMISED if asks else flow(BLIND), outstanding=promise))
    turns = walk(dialogue, keys("3"))
    assert noted in turns[0].notes
    assert not any(noted in turn.notes for turn in turns[1:])
    assert noted not in walk(dialogue, keys("3"), replace(CALLER, caller=""))[0].notes
    turned_away = dialogue.begin(replace(CALLER, why="callback"), NOW)
    assert turned_away is not None
    assert noted not in turned_away.notes, "he has a contact, which holds it"


def test_a_withheld_number_and_one_that_is_promised_nothing_go_on_as_ever() -> None:
    assert chosen(outstanding(caller="")[-1]) == Outcome(exit=Exit.QUEUE, language="en")
    assert chosen(walk(Flows(Surroundings(PROMISED)), keys())[-1]) == Outcome(exit=Exit.QUEUE, language="en")


# --- calls that routing turned away ---------------------------------------------------------------------------


def test_a_line_without_a_flow_goes_straight_to_the_queue() -> None:
    assert Flows(Surroundings(None)).begin(CALLER, NOW) is None


@pytest.mark.parametrize("why", ["ivr", "voicemail", "callback"])
def test_without_a_flow_a_blocked_call_is_told_and_helped_on(why: str) -> None:
    turn = Flows(Surroundings(None)).begin(replace(CALLER, why=why, text="我们很抱歉", language="zh-CN"), NOW)
    assert turn is not None
    assert words(turn)[0] == "我们很抱歉"


def test_the_standard_menu_has_the_keys_that_its_text_names() -> None:
    blocked = replace(CALLER, why="ivr", text="1 2 3")
    ends = [
        walk(Flows(Surroundings(None)), [*keys(key), Answer(Heard.MESSAGE, "RE1", 1_000_000)], blocked)[-1]
        for key in "123"
    ]
    assert [turn.outcome.exit if turn.outcome else "" for turn in ends] == ["hang_up", "voicemail", ""]


def test_a_blocked_call_that_comes_to_a_queue_is_called_back() -> None:
    blocked = replace(CALLER, why="ivr")
    assert chosen(walk(dialogue(), keys("1", "2"), blocked)[-1]) == Outcome(
        exit=Exit.CALLBACK, language="zh-CN", complaint=True, number=CALLER.caller
    )
    withheld = replace(blocked, caller="")
    assert chosen(walk(dialogue(), keys("1", "2"), withheld)[-1]) == Outcome(
        exit=Exit.HANG_UP, language="zh-CN", complaint=True
    )


# --- what should not happen -----------------------------------------------------------------------------------


def test_a_replaced_flow_ends_in_the_queue_with_what_was_chosen() -> None:
    around = Surroundings(FLOW)
    asked = walk(Flows(around), keys("3"))[-1]
    around.one = replace(FLOW, start="menu")
    turn = Flows(around).go_on(asked.state, Answer(Heard.KEYS, "1"), NOW)
    assert chosen(turn) == Outcome(exit=Exit.QUEUE, language="en")


@pytest.mark.parametrize("state", [b"", b"{}", b"\xff", b'{"v":9}', b"[1]", b"null"])
def test_a_state_that_nobody_can_read_ends_in_the_queue(state: bytes) -> None:
    assert dialogue().go_on(state, Answer(Heard.SAID), NOW).outcome == Outcome(exit=Exit.QUEUE)


def test_a_caller_who_circles_is_queued_in_the_end() -> None:
    turns = walk(dialogue(), keys("1", *["5"] * (2 * MAX_TURNS)))
    assert chosen(turns[-1]) == Outcome(exit=Exit.QUEUE, language="zh-CN")
    assert len(turns) <= MAX_TURNS + 1


def test_a_state_is_small_json_and_asking_again_gives_the_same() -> None:
    asked = walk(dialogue(), keys("3"))[-1]
    assert msgspec.json.decode(asked.state)["v"] == 1
    assert len(asked.state) < 400
    answer = Answer(Heard.KEYS, "1")
    assert dialogue().go_on(asked.state, answer, NOW) == dialogue().go_on(asked.state, answer, NOW)


# --- waiting --------------------------------------------------------------------------------------------------


def test_whoever_queues_hears_where_he_stands() -> None:
    told = Receipt("ct_1", instruction="queue", text="第3位", language="yue", position=3)
    assert dialogue().waiting(CALLER, told, NOW) == (verbs.Say("第3位", "yue"),)
    assert dialogue().waiting(CALLER, Receipt(pending=True), NOW) == (verbs.Say("<ivr.arrived>", ""),)


# --- the path, and the wishes of who is called back --------------------------------------------------------


def test_the_outcome_says_by_which_path_and_of_digits_only_how_many() -> None:
    outcome = walk(dialogue(), keys("3", "1", "1230", "2"))[-1].outcome
    assert outcome is not None
    assert outcome.path == ("languages=en", "menu=member", "member=4 digits", "product=audio")


@pytest.mark.parametrize("wish", ["cancel_callback", "do_not_call"])
def test_a_caller_may_say_that_he_does_not_want_to_be_called(wish: str) -> None:
    asked = flow(f"""
id: wishes
client: kangjia
start: ask
nodes:
  - {{id: ask, do: menu, text: {{en: One}}, keys: {{"1": never}}, otherwise: bye}}
  - {{id: never, do: {wish}}}
  - {{id: bye, do: hang_up}}
""")
    outcome = walk(Flows(Surroundings(asked)), keys("1"))[-1].outcome
    assert outcome is not None
    assert (outcome.exit.value, outcome.number) == (wish, CALLER.caller)
    assert outcome.path == ("ask=never", f"never={wish}")
