"""What the pages' files promise without a browser: no inline code, no markup from data, every label has a text."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from contactcenter.client import protocol as d
from contactcenter.domain.texts import catalogue

ROOT = Path(__file__).parent.parent.parent
PAGES = ROOT / "contactcenter" / "api" / "pages"
FILES = sorted(path for path in PAGES.iterdir() if path.is_file())
SCRIPTS = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".js"}
HTML = {path.name: path.read_text(encoding="utf-8") for path in FILES if path.suffix == ".html"}
KEY = re.compile(r'"((?:desk|ops|chat|error|why)\.[a-z_]+(?:\.[a-z_]+)*)"')
BY_CODE = {"desk.case_kind", "desk.case_state", "desk.cause", "desk.end", "desk.medium", "desk.no_reply"} | {
    "desk.presence", "desk.reason", "desk.recording_state", "desk.records", "desk.result", "desk.trigger",
}  # fmt: skip
"""Prefixes that are completed with a code at run time."""


def codes(script: str, name: str) -> list[str]:
    found = re.search(rf"const {name} = \[(.*?)\]", SCRIPTS[script], re.DOTALL)
    assert found, f"{script} has no list {name}"
    return re.findall(r'"(\w+)"', found.group(1))


def fields_of(struct: type) -> set[str]:
    return set(struct.__struct_fields__)


def test_the_folder_is_flat_and_its_files_are_short() -> None:
    assert [path.name for path in PAGES.iterdir() if path.is_dir()] == []
    assert {path.name: lines for path in FILES if (lines := len(path.read_text("utf-8").splitlines())) > 350} == {}


@pytest.mark.parametrize("name", HTML)
def test_a_page_has_no_inline_code_or_style(name: str) -> None:
    assert not re.search(r"<script(?![^>]*\bsrc=)|<style|\sstyle=|\son\w+=|javascript:", HTML[name])


@pytest.mark.parametrize("name", SCRIPTS)
def test_a_script_never_makes_markup_or_code_from_text(name: str) -> None:
    forbidden = r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|\.style\b|srcdoc"
    assert not re.search(forbidden, SCRIPTS[name])


def test_every_label_of_the_pages_has_a_text() -> None:
    texts = catalogue()
    used = {key for text in (*SCRIPTS.values(), *HTML.values()) for key in KEY.findall(text)} - BY_CODE
    lists = [("agent-actions.js", "KINDS", "desk.case_kind"), ("agent-actions.js", "CAUSES", "desk.cause")]
    lists += [("agent-actions.js", "REASONS", "desk.trigger"), ("agent-actions.js", "RESULTS", "desk.result")]
    lists += [
        ("agent-actions.js", "NO_REPLY", "desk.no_reply"),
        ("agent-actions.js", "RECORDING", "desk.recording_state"),
    ]
    lists += [("agent-bar.js", "REASONS", "desk.reason")]
    used |= {f"{prefix}.{code}" for script, name, prefix in lists for code in codes(script, name)}
    used |= {f"desk.field.{name}" for name in re.findall(r'(?:line|choice)\("(\w+)"', SCRIPTS["agent-actions.js"])}
    assert sorted(used - set(texts)) == []


@pytest.mark.parametrize(
    ("command", "fields"),
    [
        (d.Transfer, {"view", "agent", "reason"}),
        (d.OpenCase, {"kind", "subject"}),
        (d.Complain, {"summary", "cause", "desired_remedy", "accused"}),
        (d.Escalate, {"case", "reason", "note"}),
        (d.CloseCase, {"case", "outcome", "proof"}),
        (d.Note, {"case", "text"}),
        (d.Finish, {"result", "no_reply_reason"}),
    ],
)
def test_the_forms_write_fields_that_the_socket_knows(command: type, fields: set[str]) -> None:
    assert fields <= fields_of(command)
    named = set(re.findall(r'(?:line|choice)\("(\w+)"|name: "(case)"', SCRIPTS["agent-actions.js"]))
    assert fields <= {one or other for one, other in named}


def test_the_reasons_are_those_of_the_contract() -> None:
    for struct, script, name in [
        (d.NotReady, "agent-bar.js", "REASONS"),
        (d.Escalate, "agent-actions.js", "REASONS"),
        (d.Finish, "agent-actions.js", "RESULTS"),
        (d.OpenCase, "agent-actions.js", "KINDS"),
    ]:
        documented = (struct.__doc__ or "").replace("\n", " ")
        assert [code for code in codes(script, name) if code not in documented] == []


@pytest.mark.parametrize("module", ["protocol", "visit"])
def test_the_visitors_protocol_is_pure(module: str) -> None:
    tree = ast.parse((ROOT / "channels" / "chat" / f"{module}.py").read_text("utf-8"))
    imported = {node.module or "" for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    imported |= {name.name for node in ast.walk(tree) if isinstance(node, ast.Import) for name in node.names}
    impure = {"aiohttp", "asyncio", "asyncpg", "logging", "os", "random", "redis", "socket", "time", "websockets"}
    assert {name.partition(".")[0] for name in imported} & impure == set()
