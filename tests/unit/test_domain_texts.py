"""Texts: complete in both languages, and nothing reaches a customer that must not."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactcenter.domain import case, complaint, customer, triggers
from contactcenter.domain.authority import Remedy
from contactcenter.domain.configuration_rules import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.domain.texts import (
    LANGUAGES,
    OWN_PEOPLE,
    Renderer,
    best_language,
    catalogue,
    labels,
    placeholders,
    read_catalogue,
)
from contactcenter.errors import Invalid
from routing.model import End, Outcome, PresenceState, Status

ROOT = Path(__file__).parents[2]
TEXTS = catalogue()
DIRECTORY = Directory(load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")))
KANGJIA = Renderer(TEXTS, DIRECTORY.hidden_names("kangjia"))


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_key_is_complete_with_the_same_placeholders(key: str) -> None:
    texts = TEXTS[key]
    assert set(LANGUAGES) <= set(texts)
    assert all(text.strip() for text in texts.values())
    assert len({placeholders(text) for text in texts.values()}) == 1


@pytest.mark.parametrize("key", sorted(key for key in TEXTS if not key.startswith(OWN_PEOPLE)))
def test_no_customer_visible_text_holds_a_forbidden_phrase(key: str) -> None:
    for language, text in TEXTS[key].items():
        params = dict.fromkeys(placeholders(text), "7")
        assert KANGJIA.render(key, language, **params)


ENUMS = [
    ("why.outcome", list(Outcome)),
    ("desk.presence", list(PresenceState)),
    ("desk.status", list(Status)),
    ("desk.end", list(End)),
    ("desk.step", list(complaint.Step)),
    ("desk.cause", list(complaint.Cause)),
    ("desk.remedy", list(Remedy)),
    ("desk.trigger", list(triggers.Trigger)),
    ("desk.case_kind", list(case.CaseKind)),
    ("desk.case_state", list(case.CaseState)),
    ("desk.records", list(customer.HISTORIES)),
    ("desk.tier_label.metal", list(customer.TIERS)),
    ("desk.tier_label.value", list(customer.TIERS)),
    ("desk.medium", ["voice", "chat", "mail", "callback"]),
    ("why", ["only", "preferred", "level", "spare_skills", "longest_idle", "override"]),
    ("why.blocked", ["lines_busy", "unstaffed", "lease_not_in_force", "unknown_lease", "closed", "queue_full"]),
    ("why.band", ["0", "1", "2"]),
    ("complaint.level", ["0", "1", "2", "3", "4"]),
    ("call.blocked", ["voicemail", "ivr", "callback"]),
    ("call.closed", ["voicemail", "ivr", "callback"]),
    ("call.overflowed", ["voicemail", "ivr", "callback"]),
    ("complaint.closing", list(complaint.Closing)),
]


@pytest.mark.parametrize(("prefix", "values"), ENUMS)
def test_every_value_that_people_meet_has_its_word(prefix: str, values: list[str]) -> None:
    assert [value for value in values if f"{prefix}.{value}" not in TEXTS] == []


def test_the_tier_words_of_the_catalogue_and_the_code_agree() -> None:
    for labels_of in ("metal", "value"):
        for name, tier in customer.TIERS.items():
            for language in LANGUAGES:
                text = TEXTS[f"desk.tier_label.{labels_of}.{name}"][language]
                assert text == customer.tier_label(tier, language, labels_of)  # type: ignore[arg-type]


def test_the_greeting_says_client_and_number_in_the_customers_language() -> None:
    assert KANGJIA.render("greeting", "zh-TW", client="康佳", number="1001").startswith(
        "你好，我是康佳客户服务中心，1001号"
    )
    assert "我系康佳" in KANGJIA.render("greeting", "yue-HK", client="康佳", number="1001")
    assert "agent 1001" in KANGJIA.render("greeting", "fr", client="Kangjia", number="1001")


def test_a_clients_own_greeting_is_rendered_under_the_same_rules() -> None:
    client = DIRECTORY.client("kangjia")
    said = KANGJIA.say(client.greeting, "zh-CN", client=client.name["zh-CN"], number="1001")
    assert said.startswith("你好，我是康佳客户服务中心")
    with pytest.raises(Invalid):
        KANGJIA.say({"en": "This is {client} at Ruixun"}, "en", client="Kangjia")


@pytest.mark.parametrize(
    "name", ["瑞讯", "瑞訊", "Ruixun", "RUIXUN", "R u i x u n", "瑞 讯", "\uff32uixun", "www.ruixun.example"]
)
def test_a_providers_name_is_refused_wherever_it_comes_from(name: str) -> None:
    with pytest.raises(Invalid) as refused:
        KANGJIA.render("chat.opened", "zh-CN", client=name)
    assert refused.value.code == "forbidden_text"


@pytest.mark.parametrize(
    "text",
    [
        "请等一下",
        "请您稍候",
        "请耐心等待",
        "請稍等",
        "Please wait.",
        "please hold the line",
        "我不能退货",
        "这不是我应该做的",
        "我想我做不了",
        "我不会做",
        "好的，但是",
        "I can’t do that",
        "That is not my job",
    ],
)
def test_a_forbidden_phrase_is_refused_to_customers(text: str) -> None:
    with pytest.raises(Invalid):
        KANGJIA.allowed(text)
    assert KANGJIA.lint(text)
    assert not any(finding.hard for finding in KANGJIA.lint(text))


@pytest.mark.parametrize(
    "text", ["您能稍等一下吗？我马上帮您查。", "请稍后再试", "What we can do for you is to exchange it.", "button"]
)
def test_a_question_instead_of_a_command_passes(text: str) -> None:
    assert KANGJIA.allowed(text) == text
    assert KANGJIA.lint(text) == []


def test_our_own_people_may_read_anything() -> None:
    own = Renderer({"desk.x": {"en": "Ruixun: please wait"}}, ["Ruixun"])
    assert own.render("desk.x", "en") == "Ruixun: please wait"


def test_an_agents_words_get_suggestions_and_the_name_is_hard() -> None:
    findings = KANGJIA.lint("但是我不能，Ruixun 规定。But you must.")
    assert [finding.hard for finding in findings] == [True] + [False] * (len(findings) - 1)
    assert {finding.suggestion for finding in findings} == {
        "desk.lint.provider",
        "desk.lint.but",
        "desk.lint.cannot",
        "desk.lint.command",
    }
    assert all(finding.suggestion in TEXTS for finding in findings)


def test_a_short_name_is_not_found_inside_another_word() -> None:
    renderer = Renderer(TEXTS, ["Acme"])
    assert renderer.allowed("macmemory") == "macmemory"
    with pytest.raises(Invalid):
        renderer.allowed("the Acme people")


def test_a_missing_parameter_is_named() -> None:
    with pytest.raises(Invalid) as refused:
        KANGJIA.render("chat.queued", "en")
    assert (refused.value.code, refused.value.field) == ("missing_parameter", "position")


def test_braces_in_a_parameter_stay_what_they_are() -> None:
    assert "{number}" in KANGJIA.render("chat.opened", "en", client="{number}")


@pytest.mark.parametrize(
    ("wanted", "best"),
    [
        ("zh", "zh-CN"),
        ("zh-HK", "zh-CN"),
        ("cmn", "zh-CN"),
        ("yue-HK", "yue"),
        ("en_GB", "en"),
        ("de", "en"),
        ("", "zh-CN"),
    ],
)
def test_the_best_language_is_taken(wanted: str, best: str) -> None:
    assert best_language(wanted, {"zh-CN": "", "en": "", "yue": ""}) == best


def test_what_there_is_beats_nothing() -> None:
    assert best_language("de", {"zh-CN": ""}) == "zh-CN"
    assert best_language("zh", {"en": ""}) == "en"
    assert best_language("zh", {"ja": ""}) == "ja"


@pytest.mark.parametrize("text", ["{", "{0}", "{a.b}", "{a!r}", "{a:>3}", "{}"])
def test_only_plain_placeholders_are_allowed(text: str) -> None:
    with pytest.raises(Invalid):
        placeholders(text)


@pytest.mark.parametrize("toml", ["[a]\nen = 'x'\n[a.b]\nen = 'y'\n", "[a", "x = 1"])
def test_a_broken_catalogue_is_refused(toml: str) -> None:
    with pytest.raises(Invalid):
        read_catalogue(toml)


def test_a_page_takes_its_labels_along() -> None:
    assert labels(TEXTS, "desk.tier_label.metal.", "en") == {
        "desk.tier_label.metal.gold": "Gold",
        "desk.tier_label.metal.iron": "Iron",
        "desk.tier_label.metal.lead": "Lead",
        "desk.tier_label.metal.platinum": "Platinum",
    }
