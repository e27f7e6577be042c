"""Statements by name, put together into one."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import (
    AssignmentBegan,
    ContactMove,
    Decided,
    OfferClosed,
    OfferMade,
    Outgoing,
    PresenceWrite,
    TimerSet,
)
from contactcenter.services.views import (
    CaseView,
    ComplaintView,
    ContactView,
    ConversationView,
    CustomerView,
    OutboxItem,
)
from contactcenter.storage.migrate import default_folder
from contactcenter.storage.queries import FOLDER, Part, compose, listed, sql

NAMES = sorted(file.stem for file in FOLDER.glob("*.sql"))
SOURCES = [path.read_text(encoding="utf-8") for path in FOLDER.parents[1].rglob("*.py")]


def test_parts_share_one_numbering_of_their_parameters() -> None:
    text, args = compose(
        [Part("fire_timers", [["a"]], 1), Part("cancel_timers", [["b"]]), Part("queue_events", ["[]"], 0)]
    )
    assert args == [["a"], 1, ["b"], "[]", 0]
    assert [int(number) for number in re.findall(r"\$(\d+)", text)] == [1, 3, 4, 2, 5]


def test_what_must_match_is_checked_in_the_order_of_the_parts() -> None:
    text, _ = compose([Part("queue_events", ["[]"], 0), Part("fire_timers", [[]], 0)], also="1 AS more")
    result = text[text.rindex("\nSELECT ") :]
    assert result.index("expect('queue_events'") < result.index("expect('fire_timers'") < result.index("1 AS more")


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


def test_nothing_is_notified_by_a_statement_or_a_migration() -> None:
    """NOTIFY takes one lock of the whole database until the flush: never within concurrent transactions."""
    files = [*FOLDER.rglob("*.sql"), *default_folder().glob("*.sql")]
    assert len(files) > 50
    assert [file.name for file in files if re.search(r"\bnotify\b|pg_notify", _code(file), re.IGNORECASE)] == []


def _code(file: Path) -> str:
    return re.sub(r"--.*", "", file.read_text(encoding="utf-8"))


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("number_events", Decided),
        ("log_own_events", Decided),
        ("move_contacts", ContactMove),
        ("close_offers", OfferClosed),
        ("make_offers", OfferMade),
        ("begin_assignments", AssignmentBegan),
        ("write_presences", PresenceWrite),
        ("queue_outbox", Outgoing),
        ("set_timers", TimerSet),
        ("write_facts", Fact),
        ("log_facts", Fact),
    ],
)
def test_a_statement_takes_every_field_of_its_rows(name: str, kind: type) -> None:
    own = {"number_events": {"event"}, "log_own_events": {"row"}}
    assert set(listed(name)) == set(kind.__struct_fields__) - own.get(name, set())  # type: ignore[attr-defined]


@pytest.mark.parametrize("name", [name for name in NAMES if "::text::" in sql(name)])
def test_every_array_of_a_statement_has_a_name(name: str) -> None:
    taken = re.findall(r"\$(\d+)::text::\w+\[\]", sql(name))
    assert len(taken) == len(listed(name))
    assert taken == sorted(taken, key=int)


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
