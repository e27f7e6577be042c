"""A source that is an Asterisk is complete, and no other has what only that one needs."""

from __future__ import annotations

from pathlib import Path

import pytest

from contactcenter.domain.configuration_rules import load_yaml, problems

DEMO = (Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
GOOD = "{id: pbx-1, dialect: asterisk, base_url: 'http://10.0.0.5:8088/ari', app: contactcenter}"


def codes(source: str) -> dict[str, str]:
    found = problems(load_yaml(DEMO.replace("{id: pbx-1}", source)))
    return {each.path: each.code for each in found if each.path.startswith("sources")}


@pytest.mark.parametrize(
    "more",
    [
        "}",
        ", endpoint: 'SIP/{device}'}",
        ", trunk: 'PJSIP/{number}@out', music: quiet}",
        ", trunk: 'PJSIP/9{national}@out'}",
    ],
)
def test_a_complete_source_has_nothing_wrong(more: str) -> None:
    assert codes(GOOD.replace("}", more)) == {}


@pytest.mark.parametrize(
    ("old", "new", "place", "code"),
    [
        ("base_url: 'http://10.0.0.5:8088/ari', ", "", "base_url", "url"),
        ("10.0.0.5", "cc:secret@10.0.0.5", "base_url", "url"),
        (", app: contactcenter", "", "app", "app"),
        ("contactcenter}", "'a,b'}", "app", "app"),
        ("}", ", endpoint: 'PJSIP/1001'}", "endpoint", "pattern"),
        ("}", ", trunk: '{number}'}", "trunk", "pattern"),
        ("}", ", control_url: 'https://pbx.example'}", "control_url", "asterisk"),
        ("}", ", sounds: 'a b'}", "sounds", "folder"),
        ("}", ", account: AC1}", "account", "not_twilio"),
        ("dialect: asterisk, ", "", "app", "not_asterisk"),
    ],
)
def test_what_is_wrong_is_named(old: str, new: str, place: str, code: str) -> None:
    assert codes(GOOD.replace(old, new)).get(f"sources[0].{place}") == code
