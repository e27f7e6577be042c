"""Statements by name, put together into one."""

from __future__ import annotations

import re

import pytest

from contactcenter.services.views import (
    CaseView,
    ComplaintView,
    ContactView,
    ConversationView,
    CustomerView,
    OutboxItem,
)
from contactcenter.storage.queries import FOLDER, Part, compose, sql

NAMES = sorted(file.stem for file in FOLDER.glob("*.sql"))
SOURCES = [path.read_text(encoding="utf-8") for path in FOLDER.parents[1].rglob("*.py")]


def test_parts_share_one_numbering_of_their_parameters() -> None:
    text, args = compose(
        [Part("fire_timers", [["a"]], 1), Part("cancel_timers", [["b"]]), Part("set_timers", ["[]"], 0)]
    )
    assert args == [["a"], 1, ["b"], "[]", 0]
    assert [int(number) for number in re.findall(r"\$(\d+)", text)] == [1, 3, 4, 2, 5]


def test_what_must_match_is_checked_in_the_order_of_the_parts() -> None:
    text, _ = compose([Part("set_timers", ["[]"], 0), Part("fire_timers", [[]], 0)], also="1 AS more")
    result = text[text.rindex("\nSELECT ") :]
    assert result.index("expect('set_timers'") < result.index("expect('fire_timers'") < result.index("1 AS more")


def test_nothing_to_check_is_still_a_statement() -> None:
    text, args = compose([Part("cancel_timers", [["b"]])])
    assert text.endswith("\nSELECT 1")
    assert args == [["b"]]


def test_the_same_parts_make_the_same_statement() -> None:
    first, second = (compose([Part("fire_timers", [[name]], 1)])[0] for name in ("a", "b"))
    assert first is second


@pytest.mark.parametrize("name", NAMES)
def test_every_statement_is_used_and_complete(name: str) -> None:
    assert re.search(r"\{\w+\}", sql(name)) is None
    assert any(f'"{called}"' in source for called in _called(name) for source in SOURCES)


def _called(name: str) -> set[str]:
    """How a program may name a statement: whole, or without the beginning that its family shares."""
    family = ("add_", "change_", "doctor_", "stuck_")
    return {name, *(name.removeprefix(each) for each in family)}


@pytest.mark.parametrize(
    ("columns", "view", "besides"),
    [
        ("contact", ContactView, set()),
        ("conversation", ConversationView, set()),
        ("case", CaseView, set()),
        ("complaint", ComplaintView, set()),
        ("customer", CustomerView, {"identities", "records"}),
        ("sending", OutboxItem, set()),
    ],
)
def test_the_columns_of_a_view_are_its_fields(columns: str, view: type, besides: set[str]) -> None:
    text = (FOLDER / "columns" / f"{columns}.sql").read_text(encoding="utf-8")
    listed = re.sub(r"\([^()]*\)", "", text).split(",")
    named = {each.split()[-1].strip('"').rpartition(".")[2] for each in listed}
    assert named == set(view.__struct_fields__) - besides
