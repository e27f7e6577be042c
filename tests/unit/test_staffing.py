"""When supervisors hear of unstaffed seats: as they are left, while calls may come for them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from msgspec.structs import replace

from contactcenter.clock import to_micros
from contactcenter.domain.configuration import Hours
from contactcenter.domain.configuration_yaml import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.services.staffing import SeatsLeft
from routing.effects import Staffing

LEASE, LINES = "kangjia-2026", 10
EXAMPLE = (Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")


def floor(*, hours: Hours | None = None) -> Directory:
    document = load_yaml(EXAMPLE)
    lines = tuple(replace(line, hours=hours) if line.lease == LEASE else line for line in document.lines)
    return Directory(replace(document, lines=lines))


def told(directory: Directory, *counts: int, hour: int = 10) -> list[int]:
    """The counts, one after another on a Monday in Shanghai, that are told."""
    now = to_micros(dt.datetime(2026, 3, 2, hour - 8, tzinfo=dt.UTC))
    seats = SeatsLeft()
    return [each for each in counts if seats.is_left(directory, Staffing(LEASE, each, LINES), now)]


def test_people_who_arrive_in_the_morning_are_no_alarm_and_one_who_leaves_is() -> None:
    seats = [10, 0, *range(1, 11), 9, 10, 8]
    assert told(floor(), *seats) == [0, 9, 8]


def test_a_process_that_has_just_begun_tells_of_seats_that_are_not_staffed() -> None:
    assert told(floor(), 9, 10) == [9]


@pytest.mark.parametrize(("hour", "expected"), [(17, [9, 8]), (18, []), (22, [])])
def test_who_goes_home_after_the_hours_of_the_lines_leaves_nothing_unstaffed(hour: int, expected: list[int]) -> None:
    assert told(floor(hours=Hours(calendar="office")), 10, 9, 8, hour=hour) == expected
