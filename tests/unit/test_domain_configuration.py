"""Configuration as text: what is misspelt or mistyped is refused with its path and line."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from contactcenter.domain.configuration_rules import difference, dump_yaml, load_yaml
from contactcenter.errors import Invalid

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
DEMO = load_yaml(TEXT)


def line_of(words: str) -> int:
    return next(n for n, line in enumerate(TEXT.splitlines(), start=1) if words in line)


@pytest.mark.parametrize(
    ("old", "new", "field", "words"),
    [
        ("  lines: 100", "  linse: 100", "provider.linse", "unknown field `linse`"),
        ("  lines: 100", '  lines: "100"', "provider.lines", "Expected `int`, got `str`"),
        ("  lines: 100", "  lines: 0", "provider.lines", ">= 1"),
        ("id: xinghai\n", "id: Xinghai!\n", "clients[1].id", "matching regex"),
        ("    calendar: shop", "    calender: shop", "clients[1].calender", "unknown field `calender`"),
        ("starts: 2026-01-01, ends", "starts: soon, ends", "leases[0].starts", "got `str`"),
        ('number: "4000000101"', "number: 4000000101", "lines[0].number", 'quote it: "18:00"'),
        ("blocked: callback", "blocked: later", "lines[1].blocked", "Invalid enum value 'later'"),
        ("media\nmedia:", "media\nmedium:", "", "medium"),
        ("refusals: 3", "refusals: -3", "ladder.refusals", ">= 1"),
    ],
)
def test_what_is_misspelt_or_mistyped_is_refused_with_path_and_line(old: str, new: str, field: str, words: str) -> None:
    source = TEXT.replace(old, new, 1) if old in TEXT else TEXT.replace("\nmedia:", "\nmedium:", 1)
    with pytest.raises(Invalid) as refused:
        load_yaml(source)
    assert words in str(refused.value)
    assert refused.value.code == "configuration"
    if field:
        assert refused.value.field == field
        found = source.splitlines()[int(str(refused.value.details["line"])) - 1]
        assert new.strip().splitlines()[0].split(":")[0].split()[-1] in found


def test_an_unquoted_closing_time_says_how_to_write_it() -> None:
    with pytest.raises(Invalid) as refused:
        load_yaml(TEXT.replace('closes: "18:00"', "closes: 18:00", 1))
    assert refused.value.field == "calendars[0].weekly[0][0].closes"
    assert str(refused.value).endswith('Expected `str`, got `int` (quote it: "18:00", "1001")')
    assert refused.value.details["line"] == line_of('closes: "18:00"')


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("", 1, "empty"),
        ("provider: [", 2, "did not find"),
        ("a: 1\nb: 2\na: 3\n", 3, "'a' stands twice"),
        ("a: &x [*x]", 1, "contains itself"),
        ("? [1, 2]\n: 3", 1, "a key must be a word"),
    ],
)
def test_text_that_is_no_document_is_refused_with_its_line(text: str, line: int, words: str) -> None:
    with pytest.raises(Invalid) as refused:
        load_yaml(text)
    assert (refused.value.code, refused.value.details["line"]) == ("yaml", line)
    assert words in str(refused.value)


def test_aliases_that_unfold_into_a_bomb_are_refused() -> None:
    bomb = "\n".join(["a0: &a0 [x]"] + [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 9)}]" for n in range(1, 12)])
    with pytest.raises(Invalid, match="too large"):
        load_yaml(bomb)


def test_a_dumped_document_loads_as_the_same() -> None:
    assert load_yaml(dump_yaml(DEMO)) == DEMO


def test_nothing_changed_shows_no_lines() -> None:
    assert difference(DEMO, DEMO) == []


def test_a_default_that_is_written_out_is_no_difference() -> None:
    written = load_yaml(TEXT.replace("holidays: cn", 'holidays: cn\n    time_zone: "Asia/Shanghai"', 0))
    spelled = replace(written, grace_s=int("30"), cases=replace(written.cases, first_reply_s=int("172800")))
    assert difference(DEMO, spelled) == []


def test_the_difference_names_what_was_added_removed_and_changed_by_id() -> None:
    first, second, *rest = DEMO.agents
    promoted = replace(second, supervisor=True, skills={**second.skills, "tv": 5})
    new = replace(
        DEMO,
        agents=(promoted, *rest, replace(first, id="a2000", number="2000")),
        lines=DEMO.lines[1:],
        cases=replace(DEMO.cases, queue_age_alarm_s=600),
    )
    assert difference(DEMO, new) == [
        "- lines 4000000101",
        "+ agents a2000",
        "- agents a1001",
        "~ agents a1002: skills.tv 3 -> 5; supervisor false -> true",
        "~ cases.queue_age_alarm_s 1200 -> 600",
    ]
