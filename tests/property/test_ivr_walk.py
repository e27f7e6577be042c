"""Whatever callers do, whatever flow that passed validation: every dialogue ends, and the end has what was chosen."""

from __future__ import annotations

from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from ivr_rig import CALLER, HOUR, NOW, Surroundings
from msgspec.structs import replace

from channels import flow as f
from channels.flow import WHYS, Flow
from channels.ivr.engine import MAX_TURNS, Flows
from channels.verbs import Answer, Exit, Heard, Turn
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.domain.lint import forbidden_phrase
from contactcenter.domain.texts import catalogue
from contactcenter.services.directories import Door
from contactcenter.services.views import PromisedView
from contactcenter.services.wording import Wording
from contactcenter.wiring.ivr_house import IvrHouse

DEMO = load_yaml((Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8"))
DIRECTORY = Directory(DEMO)
KANGJIA = next(flow for flow in DEMO.ivr if flow.id == "kangjia-800")
LINE = DIRECTORY.line("8000000102")
assert LINE is not None
DOOR = Door("ruixun", LINE.client, LINE.lease, LINE.view, DIRECTORY, LINE)
PROMISED = PromisedView(
    id="cb_1", client=DOOR.client, number="13900000001", window_from=NOW + HOUR, window_until=NOW + 2 * HOUR
)
HOUSE = IvrHouse(
    lambda dialled: DOOR if dialled == LINE.number else None,
    Wording(catalogue()),
    lambda client, number: PROMISED if number == "13900000001" else None,
)

presses = st.text("0123456789*", max_size=16)
answers = st.builds(
    Answer,
    what=st.sampled_from(Heard),
    value=st.one_of(presses, st.text(max_size=5), st.just("https://platform.example/RE1")),
    length=st.integers(-1, 600_000_000),
)
callers = st.builds(
    lambda why, number, language: replace(CALLER, why=why, caller=number, language=language, text="很抱歉"),
    st.sampled_from(WHYS),
    st.sampled_from(["13900000001", "", "anonymous", "+14155550100"]),
    st.sampled_from(["", "zh-CN", "yue", "en", "fr"]),
)


def patient(said: list[Answer]) -> list[Answer]:
    """What the caller does, and then nothing for as long as a dialogue can last."""
    return [*said, *[Answer(Heard.NOTHING)] * MAX_TURNS]


def check_turn(turn: Turn) -> None:
    assert (turn.verb is None) is (turn.outcome is not None)
    if turn.verb is not None:
        said = getattr(turn.verb, "say", None) or (turn.verb,)
        assert not any(forbidden_phrase(each.text) for each in said if hasattr(each, "text"))


def check_end(turns: list[Turn]) -> None:
    """The outcome has the last language, product, number of a member that the notes tell, and a complaint."""
    outcome = turns[-1].outcome
    assert outcome is not None
    notes = [note for turn in turns for note in turn.notes]
    chosen = {}
    for note in notes:
        node, _, value = note.value.partition("=")
        chosen["member" if note.what == "ivr.digits" else node] = value or note.value
    assert outcome.language == chosen.get("welcome", outcome.language)
    assert outcome.product == chosen.get("product", "")
    assert outcome.complaint is ("sorry" in chosen and chosen["sorry"] == "complaint")
    if outcome.exit is Exit.CALLBACK:
        assert outcome.number
    if outcome.exit is Exit.VOICEMAIL:
        assert outcome.recording


@given(caller=callers, said=st.lists(answers, max_size=20))
@settings(max_examples=100, deadline=None)
def test_the_demo_s_flow_ends_whatever_a_caller_does(caller, said) -> None:  # type: ignore[no-untyped-def]
    dialogue = Flows(HOUSE)
    turn = dialogue.begin(caller, NOW)
    assert turn is not None
    turns = [turn]
    for answer in patient(said):
        check_turn(turn)
        if turn.verb is None:
            break
        turn = dialogue.go_on(turn.state, answer, NOW)
        turns.append(turn)
    check_turn(turn)
    check_end(turns)
    assert caller.why == "" or turns[-1].outcome.exit is not Exit.QUEUE


@given(state=st.binary(max_size=200), answer=answers)
@settings(max_examples=100, deadline=None)
def test_no_state_and_no_answer_breaks_the_engine(state: bytes, answer: Answer) -> None:
    turn = Flows(HOUSE).go_on(state, answer, NOW)
    assert turn.outcome is not None


# --- any flow -------------------------------------------------------------------------------------------------

names = st.sampled_from(["a", "b", "c", "d", "e"])
text = st.just({"zh-CN": "字"})


def a_node(name: str) -> st.SearchStrategy[f.Node]:
    """Of any kind, leading anywhere."""
    return st.one_of(
        st.builds(f.Say, id=st.just(name), text=text, next=names),
        st.builds(f.Complaint, id=st.just(name), text=text, next=names),
        st.builds(f.Menu, id=st.just(name), text=text, keys=st.fixed_dictionaries({"1": names}), otherwise=names),
        st.builds(f.Ask, id=st.just(name), text=text, next=names),
        st.builds(f.Product, id=st.just(name), text=text, keys=st.just({"1": "tv"}), next=names),
        st.builds(f.Branch, id=st.just(name), by=st.just("hours"), cases=st.just({}), otherwise=names),
        st.builds(f.Callback, id=st.just(name), otherwise=names),
        st.builds(f.Voicemail, id=st.just(name), otherwise=names),
        st.builds(f.Queue, id=st.just(name)),
        st.builds(f.HangUp, id=st.just(name)),
    )


nodes = st.tuples(*(a_node(name) for name in "abcde"))
flows = st.builds(Flow, id=st.just("any"), client=st.just("k"), start=names, languages=st.just(("zh-CN",)), nodes=nodes)


@given(flow=flows, said=st.lists(answers, max_size=20))
@settings(max_examples=100, deadline=None)
def test_any_flow_at_all_ends(flow: Flow, said: list[Answer]) -> None:
    """Validation is not what keeps the engine from turning for ever: its own bounds are."""
    dialogue = Flows(Surroundings(flow))
    turn = dialogue.begin(CALLER, NOW)
    assert turn is not None
    complained = False
    for answer in patient(said):
        complained = complained or any(note.value.endswith("=complaint") for note in turn.notes)
        if turn.verb is None:
            break
        turn = dialogue.go_on(turn.state, answer, NOW)
    assert turn.outcome is not None
    assert turn.outcome.complaint >= complained
