"""A source that is an Asterisk is complete, its patterns say whom to dial, and no other has what only it needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactcenter.domain.configuration_rules import load_yaml, problems

DEMO = (Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
GOOD = "{id: pbx-1, dialect: asterisk, base_url: 'http://pbx:8088/ari', account: cc, endpoint: 'PJSIP/{device}'}"


def codes(source: str) -> dict[str, str]:
    found = problems(load_yaml(DEMO.replace("{id: pbx-1}", source)))
    return {each.path: each.code for each in found if each.path.startswith("sources")}


def test_a_complete_source_has_nothing_wrong() -> None:
    assert codes(GOOD) == {}


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ("http://pbx:8088/ari", "pbx:8088", "base_url", "url"),
        ("http://pbx", "http://cc:secret@pbx", "base_url", "secret"),
        ("account: cc, ", "", "account", "name"),
        ("PJSIP/{device}", "PJSIP/1001", "endpoint", "pattern"),
        ("PJSIP/{device}", "{device}", "endpoint", "pattern"),
        ("account: cc,", "account: cc, trunk: 'PJSIP/carrier',", "trunk", "pattern"),
        ("account: cc,", "account: cc, app: 'a,b',", "app", "name"),
        ("account: cc,", "account: cc, control_url: 'http://x',", "control_url", "asterisk"),
        ("dialect: asterisk, ", "", "endpoint", "not_asterisk"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, place: str, code: str) -> None:
    assert codes(GOOD.replace(old, new)).get(f"sources[0].{place}") == code
