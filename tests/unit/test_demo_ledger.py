"""What the demo reads out of facts: lines that two runs of one seed have in common, and the truths at the end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from contactcenter.demo import access, ledger
from contactcenter.demo.table import outcome
from contactcenter.errors import Misconfigured

DAY = {"lost": 0, "doubly_owned": 0, "imbalance": 0}


def fact(kind: str, seq: int, place: int = 0, agent: str = "", **data: Any) -> dict[str, Any]:
    return {"id": f"rx:{seq}:{place}", "at": "", "kind": kind, "seq": seq, "agent": agent, "data": data}


def made(seq: int, offer: str, agent: str, rule: str = "longest_idle", place: int = 0) -> dict[str, Any]:
    return fact("offer.made", seq, place, agent, offer={"id": offer}, because={"rule": rule})


STORY = [
    fact("contact.assigned", 4, 1, "a1003", offer="o2", waited=1),
    made(1, "o1", "a1005", rule="level"),
    made(2, "o2", "a1003"),
    fact("offer.ended", 4, 0, "a1003", offer="o2", outcome="accepted"),
    fact("offer.ended", 4, 2, "a1005", offer="o1", outcome="withdrawn"),
    fact("assignment.ended", 6, 0, "a1003", reason="wrapped_up"),
    fact("contact.ended", 6, 1, "a1003", how="finished"),
]


def test_a_line_says_who_was_asked_and_why_and_who_had_it() -> None:
    read = ledger.read("kangjia-001-call", "voice", STORY)
    assert read.line == (
        "kangjia-001-call voice offered=a1005:level=withdrawn,a1003:longest_idle=accepted owned=a1003 ended=finished"
    )
    assert not read.doubly


def test_the_digest_does_not_depend_on_the_order_of_reading() -> None:
    assert ledger.digest(["a", "b"]) == ledger.digest(["b", "a"]) != ledger.digest(["a", "c"])


def test_two_owners_at_once_are_seen() -> None:
    twice = [*STORY, fact("contact.assigned", 5, 0, "a1007", offer="o3")]
    assert ledger.read("x", "voice", twice).doubly


def test_a_transfer_is_not_two_owners() -> None:
    handed = [
        fact("contact.assigned", 1, agent="a1"),
        fact("assignment.ended", 2, agent="a1", reason="transfer"),
        fact("contact.assigned", 3, agent="a2"),
    ]
    assert not ledger.read("x", "voice", handed).doubly


def test_a_clock_that_ran_out_is_not_part_of_the_decisions() -> None:
    climbed = [
        fact("complaint.raised", 0, level=0, reason="manual"),
        fact("complaint.escalated", 0, level=1, reason="customer_asks_leader"),
        fact("complaint.escalated", 0, level=2, reason="accept_overdue"),
    ]
    read = ledger.read("x", "voice", climbed)
    assert (read.levels, read.raised) == ((0, 1, 2), (0, 1))


@pytest.mark.parametrize(
    ("missing", "day", "good"),
    [(0, {}, True), (1, {}, False), (0, {"lost": 2}, False), (0, {"doubly_owned": 1}, False)],
)
def test_only_nothing_lost_and_nothing_owned_twice_is_good(missing: int, day: dict[str, int], good: bool) -> None:
    assert outcome([], missing, {**DAY, **day}).good is good


# --- the access file -----------------------------------------------------------------------------------------


def test_a_missing_access_file_is_named_with_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(Misconfigured, match=r"access\.json does not exist.*make run"):
        access.load(tmp_path)


def test_a_broken_access_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "access.json").write_text('{"base_url": 1}', encoding="utf-8")
    with pytest.raises(Misconfigured, match="base_url"):
        access.load(tmp_path)


def test_the_access_file_of_the_service_is_read(tmp_path: Path) -> None:
    written = {
        "base_url": "http://127.0.0.1:8080",
        "smtp": ["127.0.0.1", 8025],
        "source": "pbx-1",
        "secret": "whsec_x",
        "operator": "op",
        "agents": {"a1002": "t"},
        "supervisors": {"a1001": "s"},
        "clients": {"kangjia": "c"},
    }
    (tmp_path / "access.json").write_text(json.dumps(written), encoding="utf-8")
    assert access.load(tmp_path).smtp == ("127.0.0.1", 8025)
