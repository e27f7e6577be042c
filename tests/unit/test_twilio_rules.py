"""A source that speaks Twilio's API is complete, and no other has what only that one needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactcenter.domain.configuration_rules import load_yaml, problems

DEMO = (Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
GOOD = "{id: pbx-1, dialect: twilio, account: AC123, from_number: '+862112345678'}"


def codes(source: str) -> dict[str, str]:
    found = problems(load_yaml(DEMO.replace("{id: pbx-1}", source)))
    return {each.path: each.code for each in found if each.path.startswith("sources")}


def test_a_complete_source_has_nothing_wrong() -> None:
    assert codes(GOOD) == {}


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ("account: AC123, ", "", "account", "account"),
        ("AC123", "AC/../1", "account", "account"),
        ("'+862112345678'", "'02112345678'", "from_number", "number"),
        ("}", ", music: hold.mp3}", "music", "url"),
        ("}", ", base_url: 'api.example'}", "base_url", "url"),
        ("}", ", control_url: 'https://pbx.example'}", "control_url", "twilio"),
        ("dialect: twilio, ", "", "account", "not_twilio"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, place: str, code: str) -> None:
    assert codes(GOOD.replace(old, new)).get(f"sources[0].{place}") == code
