"""A flow that is wrong is refused, with the place of every mistake."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from ivr_rig import HOUR, NOW, flow

from channels.flow import Flow
from channels.ivr.standard import standard
from contactcenter.__main__ import main
from contactcenter.domain.configuration_rules import load_yaml, problems
from contactcenter.domain.configuration_yaml import decode, position
from contactcenter.domain.ivr_rules import flow_problems
from contactcenter.errors import Invalid
from contactcenter.wiring.ivr_rehearsal import Configured

ROOT = Path(__file__).parents[2]
DEMO = (ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
GOOD = """\
id: good
client: kangjia
start: welcome
languages: [zh-CN, en]
nodes:
  - {id: welcome, do: language, text: {zh-CN: 一, en: Two}, keys: {"1": zh-CN, "2": en}, next: menu}
  - id: menu
    do: menu
    text: {zh-CN: 菜单, en: Menu}
    keys: {"1": product, "2": sorry}
    otherwise: queue
  - {id: product, do: product, text: {zh-CN: 品, en: Which}, keys: {"1": tv}, next: queue}
  - {id: sorry, do: complaint, text: {zh-CN: 抱歉, en: Sorry}, next: why}
  - {id: why, do: branch, by: why, cases: {fresh: queue}, otherwise: message}
  - {id: message, do: voicemail}
  - {id: queue, do: queue}
"""
FRESH_ONLY = GOOD.replace("start: welcome", "start: first").replace(
    "nodes:\n", "nodes:\n  - {id: first, do: branch, by: why, cases: {fresh: welcome}, otherwise: message}\n"
)


def codes(text: str) -> dict[str, str]:
    """Path to code of everything that is wrong with a flow."""
    return {each.path: each.code for each in flow_problems(flow(text), hidden=("瑞讯", "Ruixun"))}


def test_a_good_flow_has_nothing_wrong_and_neither_has_the_standard_one() -> None:
    assert codes(FRESH_ONLY) == {}
    found = [(each.code, each.path) for each in flow_problems(standard())]
    assert {code for code, _ in found} <= {"missing_language"}, "its text is what routing told, in any language"


@pytest.mark.parametrize(
    ("old", "new", "path", "code"),
    [
        ("start: first", "start: nowhere", "start", "unknown"),
        ('"2": sorry', '"2": sory', "nodes[2].keys.2", "unknown"),
        ("otherwise: queue", "otherwise: quue", "nodes[2].otherwise", "unknown"),
        ("next: why}", "next: wy}", "nodes[4].next", "unknown"),
        ('keys: {"1": tv}', 'keys: {"x": tv}', "nodes[3].keys.x", "key"),
        ('keys: {"1": tv}', 'keys: {"0": tv}', "nodes[3].none", "key"),
        ("en: Menu", "fr: Menu", "nodes[2].text.fr", "language"),
        (", en: Sorry", "", "nodes[4].text", "missing_language"),
        ("en: Sorry", "en: please wait", "nodes[4].text.en", "forbidden_text"),
        ("zh-CN: 抱歉", "zh-CN: 请稍等", "nodes[4].text.zh-CN", "forbidden_text"),
        ("zh-CN: 菜单", "zh-CN: 瑞 讯菜单", "nodes[2].text.zh-CN", "brand"),
        ("en: Menu", "en: 'Menu {nothing}'", "nodes[2].text.en", "braces"),
        ("en: Menu", "en: 'Menu {'", "nodes[2].text.en", "braces"),
        ("cases: {fresh: queue}", "cases: {fresh: queue, new: queue}", "nodes[5].cases.new", "case"),
        ('keys: {"1": zh-CN, "2": en}', 'keys: {"1": zh-CN, "2": yue}', "nodes[1].keys.2", "language"),
        ("do: complaint", "do: web", "nodes[4].text.zh-CN", "no_address"),
        ("do: voicemail}", "do: voicemail}\n  - {id: lost, do: queue}", "nodes[7].id", "unreachable"),
        ("id: sorry, do: complaint", "id: menu, do: complaint", "nodes[4].id", "duplicate"),
        ("welcome}, otherwise: message", "welcome}, otherwise: queue", "nodes[7].id", "queue_when_blocked"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_place(old: str, new: str, path: str, code: str) -> None:
    assert old in FRESH_ONLY
    assert codes(FRESH_ONLY.replace(old, new)).get(path) == code


def test_a_circle_without_a_question_and_one_without_an_exit() -> None:
    turning = """
id: turning
client: kangjia
start: a
languages: [en]
nodes:
  - {id: a, do: say, text: {en: A}, next: b}
  - {id: b, do: branch, by: hours, cases: {open: a}, otherwise: c}
  - {id: c, do: menu, text: {en: C}, keys: {"1": c}, otherwise: d}
  - {id: d, do: menu, text: {en: D}, keys: {"1": c}, otherwise: c}
"""
    found = {(each.path, each.code) for each in flow_problems(flow(turning))}
    assert found == {
        ("nodes[0].id", "no_exit"),
        ("nodes[1].id", "no_exit"),
        ("nodes[2].id", "no_exit"),
        ("nodes[3].id", "no_exit"),
    }
    out = turning.replace('keys: {"1": c}, otherwise: c}', 'keys: {"1": c}, otherwise: e}\n  - {id: e, do: hang_up}')
    assert {(each.path, each.code) for each in flow_problems(flow(out))} == {
        ("nodes[0].id", "loop"),
        ("nodes[1].id", "loop"),
    }


PROMISED = """\
id: promised
client: kangjia
start: why
languages: [en]
nodes:
  - {id: why, do: branch, by: why, cases: {fresh: asked}, otherwise: message}
  - {id: asked, do: branch, by: callback, cases: {promised: told}, otherwise: queue}
  - id: told
    do: menu
    text: {en: 'We will call you {callback}.'}
    keys: {"1": cancel, "2": never, "3": rather}
    otherwise: queue
  - {id: cancel, do: cancel_callback}
  - {id: never, do: do_not_call}
  - {id: rather, do: queue}
  - {id: queue, do: queue}
  - {id: message, do: voicemail}
"""


@pytest.mark.parametrize(
    ("old", "new", "wrong"),
    [
        ("cases: {promised", "cases: {promised", {}),
        (
            "cases: {promised",
            "cases: {outstanding",
            {"nodes[1].cases.outstanding": "case"},
        ),
        ("otherwise: queue}", "otherwise: told}", {"nodes[2].text.en": "callback_unknown"}),
        ("{fresh: asked}", "{fresh: told}", {"nodes[1].id": "unreachable", "nodes[2].text.en": "callback_unknown"}),
    ],
)
def test_only_who_is_promised_a_callback_hears_when(old: str, new: str, wrong: dict[str, str]) -> None:
    assert old in PROMISED
    found = codes(PROMISED.replace(old, new))
    assert {path: found.get(path) for path in wrong} == wrong
    assert bool(found) is bool(wrong)


def test_an_option_of_earlier_flows_still_loads_and_is_told_to_have_no_effect() -> None:
    older = PROMISED.replace("{id: rather, do: queue}", "{id: rather, do: queue, instead_of_callback: true}")
    found = list(flow_problems(flow(older)))
    assert [(each.path, each.code, each.warning) for each in found] == [
        ("nodes[5].instead_of_callback", "no_effect", True)
    ]


def test_a_text_is_needed_only_in_the_languages_in_which_callers_come() -> None:
    """Before the choice a fresh call is spoken to in the first language; afterwards in any that can be chosen."""
    chosen = GOOD.replace("start: welcome", "start: hello").replace(
        "nodes:\n", "nodes:\n  - {id: hello, do: branch, by: why, cases: {fresh: greet}, otherwise: message}\n"
        "  - {id: greet, do: say, text: {zh-CN: 您好}, next: welcome}\n"
    )  # fmt: skip
    assert codes(chosen) == {}


# --- beside the rest of the configuration ---------------------------------------------------------------------


@pytest.mark.parametrize(
    ("old", "new", "code"),
    [
        ('keys: {"1": tv, "2": audio, "3": phone}', 'keys: {"1": tv, "2": fridge}', "unknown_product"),
        ("by: hours, cases", "by: hours, calendar: nowhere, cases", "unknown"),
        ("  view: {kangjia: callback, xinghai", "  view: {xinghai", "no_callback_view"),
        ("    website: https://www.kangjia.example\n", "", "no_address"),
        ("ivr: kangjia-800}", "ivr: kangjia-900}", "unknown"),
        ("client: kangjia\n    languages", "client: xinghai\n    languages", "foreign_flow"),
        ("client: kangjia\n    languages", "client: nobody\n    languages", "unknown"),
    ],
)
def test_flows_and_lines_name_what_exists(old: str, new: str, code: str) -> None:
    assert old in DEMO
    found = problems(load_yaml(DEMO.replace(old, new)))
    assert code in {each.code for each in found if "ivr" in each.path}


def test_the_demo_has_nothing_wrong() -> None:
    assert [each for each in problems(load_yaml(DEMO)) if not each.warning] == []


# --- places ---------------------------------------------------------------------------------------------------


def test_a_problem_s_path_leads_to_its_line_and_column() -> None:
    assert position(GOOD, "nodes[1].keys.2") == (10, 31)
    assert position(GOOD, "nodes[0].text.en") == (6, 54)
    assert position(GOOD, "nodes[9].text.en") == (6, 3), "the nearest thing that is there"


@pytest.mark.parametrize(
    ("old", "new", "line"),
    [
        ("do: complaint", "do: complain", 13),
        ("do: complaint,", "do: complaint, txt: 1,", 13),
        ("by: why", "on: why", 14),
        ("otherwise: queue", "otherwise: 7", 11),
        ("id: good", "id: Good!", 1),
    ],
)
def test_a_wrong_shape_is_refused_with_its_line(old: str, new: str, line: int) -> None:
    with pytest.raises(Invalid) as wrong:
        decode(GOOD.replace(old, new), Flow)
    assert wrong.value.details["line"] == line


# --- the tools ------------------------------------------------------------------------------------------------

Written = Callable[[str], str]


@pytest.fixture
def written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Written:
    monkeypatch.chdir(tmp_path)

    def write(text: str) -> str:
        Path("flow.yaml").write_text(text, encoding="utf-8")
        return "flow.yaml"

    return write


def test_check_says_what_is_wrong_where(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(FRESH_ONLY.replace('"2": sorry', '"2": sory').replace("en: Menu", "en: please hold"))
    assert main(["ivr", "check", file]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert lines[0] == "flow.yaml:10:27: nodes[2].text.en: callers must not hear 'please hold' (B09, H07)"
    assert lines[1] == "flow.yaml:11:31: nodes[2].keys.2: there is no node 'sory'"


def test_check_of_a_good_flow_and_of_one_that_is_no_yaml(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ivr", "check", written(FRESH_ONLY), "--language", "en"]) == 0
    assert capsys.readouterr().out == "good: fine, 8 nodes, languages zh-CN, en\n"
    assert main(["ivr", "check", written("id: [")]) == 1
    assert capsys.readouterr().out.startswith("flow.yaml:2:1: ")
    assert main(["ivr", "check", "nowhere.yaml"]) == 2


def test_check_tells_a_warning_and_lets_the_flow_pass(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    older = PROMISED.replace("{id: rather, do: queue}", "{id: rather, do: queue, instead_of_callback: true}")
    assert main(["ivr", "check", written(older), "--language", "en"]) == 0
    lines = capsys.readouterr().out.splitlines()
    assert lines[0].startswith("flow.yaml:15:")
    assert "warning: nodes[5].instead_of_callback: has no effect any more" in lines[0]
    assert lines[1].startswith("promised: fine")


def test_check_beside_its_configuration(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    around = ["--config", str(ROOT / "contactcenter/demo/kangjia.yaml")]
    assert main(["ivr", "check", written(FRESH_ONLY), *around]) == 0
    capsys.readouterr()
    assert main(["ivr", "check", written(FRESH_ONLY.replace('"1": tv', '"1": washer')), *around]) == 1
    assert "flow.yaml:13:" in capsys.readouterr().out


def test_config_check_tells_places_too(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    file = written(DEMO.replace('"2": sorry', '"2": sory'))
    assert main(["config", "check", file]) == 2
    assert "keys.2: there is no node 'sory'" in capsys.readouterr().err


def test_play_says_what_is_heard_and_where_it_ends(written: Written, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["ivr", "play", written(FRESH_ONLY), "--keys", "2,1,1", "--language", "en"]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "[zh-CN] 一",
        "[en] Two",
        "<- pressed 2",
        "-- noted ivr.menu: welcome=en",
        "[en] Menu",
        "<- pressed 1",
        "-- noted ivr.menu: menu=product",
        "[en] Which",
        "<- pressed 1",
        "-- noted ivr.menu: product=tv",
        "-- end: queue",
        "   language: en",
        "   product: tv",
        "   path: ('welcome=en', 'menu=product', 'product=tv')",
    ]


def test_play_from_the_demo_in_the_evening(capsys: pytest.CaptureFixture[str]) -> None:
    demo = str(ROOT / "contactcenter/demo/kangjia.yaml")
    at = ["--at", "2026-11-24T20:15:00", "--keys", "2,3,1,2"]
    assert main(["ivr", "play", demo, *at]) == 0
    said = capsys.readouterr().out
    assert "[yue] 今日20:15到21:00，请撳1。" in said
    assert "[yue] 听日09:00到11:00，请撳2。" in said
    assert "window_from: 1795568400000000" in said, "2026-11-25 09:00 in Shanghai"


@pytest.mark.parametrize(
    ("language", "said"),
    [
        ("1", "我们会在今天12:15到14:15打给您"),
        ("2", "我哋会喺今日12:15到14:15打俾您"),
        ("3", "today from 12:15 to 14:15"),
    ],
)
def test_play_as_a_caller_who_is_promised_a_callback(
    capsys: pytest.CaptureFixture[str], language: str, said: str
) -> None:
    demo = str(ROOT / "contactcenter/demo/kangjia.yaml")
    assert (
        main(
            [
                "ivr",
                "play",
                demo,
                "--promised",
                "--at",
                "2026-11-24T10:15:00",
                "--keys",
                f"{language},2",
                "--language",
                "en",
            ]
        )
        == 0
    )
    out = capsys.readouterr().out
    assert said in out
    assert "-- end: cancel_callback" in out


@pytest.mark.parametrize(("until", "said"), [(NOW + HOUR, "today from"), (NOW, "as soon as we can")])
def test_a_promised_window_that_is_over_is_as_soon_as_we_can(until: int, said: str) -> None:
    document = load_yaml(DEMO)
    house = Configured(document.ivr[0], document, None)
    found = house.when("", "13900000001", "en", span=(NOW - HOUR, until), now=NOW)
    assert said in found
