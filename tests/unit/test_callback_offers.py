"""Windows for callbacks: within the hours, at a decent hour where the customer is, and as they will be promised."""

from __future__ import annotations

import datetime as dt
from itertools import pairwise
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contactcenter.clock import to_datetime, to_micros
from contactcenter.domain.calendar import Calendar
from contactcenter.domain.callback_offers import offered, promised, resumed, zone_of
from contactcenter.domain.configuration import Hours
from contactcenter.domain.configuration_rules import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.domain.priority import callback_window
from contactcenter.domain.texts import catalogue
from contactcenter.services.directories import Door
from contactcenter.services.wording import Wording
from contactcenter.wiring.ivr_house import IvrHouse

DIRECTORY = Directory(
    load_yaml((Path(__file__).parents[2] / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8"))
)
OFFICE: Calendar = DIRECTORY.calendar("office")
SHANGHAI, NEW_YORK = ZoneInfo("Asia/Shanghai"), ZoneInfo("America/New_York")
LINE = DIRECTORY.line("8000000102")
assert LINE is not None
HOUSE = IvrHouse(
    lambda dialled: Door("ruixun", "kangjia", "kangjia-2026", "voice", DIRECTORY, LINE) if dialled == "800" else None,
    Wording(catalogue()),
    lambda client, number: None,
)


def at(text: str, zone: dt.tzinfo = SHANGHAI) -> int:
    return to_micros(dt.datetime.fromisoformat(text).replace(tzinfo=zone))


def shown(now: str, *, zone: dt.tzinfo = SHANGHAI, calendar: Calendar | None = OFFICE) -> list[str]:
    spans = offered(now=at(now, zone), window_s=7200, zone=zone, calendar=calendar)
    local = [(to_datetime(since).astimezone(zone), to_datetime(until).astimezone(zone)) for since, until in spans]
    return [f"{since:%m-%d %H:%M}-{until:%H:%M}" for since, until in local]


def test_the_soonest_first_then_later_half_days() -> None:
    assert shown("2026-11-24T10:30") == ["11-24 10:30-12:30", "11-24 14:00-16:00", "11-25 09:00-11:00"]


def test_hours_and_weekends_are_kept() -> None:
    assert shown("2026-11-27T17:30") == ["11-30 09:00-11:00", "11-30 14:00-16:00", "12-01 09:00-11:00"]


def test_without_hours_the_customer_s_own_clock_decides() -> None:
    assert shown("2026-11-24T20:30", calendar=None)[:2] == ["11-24 20:30-21:00", "11-25 09:00-11:00"]
    assert shown("2026-11-24T23:30", calendar=None)[0] == "11-25 09:00-11:00"
    assert shown("2026-11-24T03:00", calendar=None)[0] == "11-24 09:00-11:00"


def test_a_customer_on_the_other_side_of_the_world_is_called_when_both_are_awake() -> None:
    spans = offered(now=at("2026-11-24T10:00"), window_s=7200, zone=NEW_YORK, calendar=OFFICE)
    assert all(8 <= to_datetime(since).astimezone(NEW_YORK).hour < 21 for since, _ in spans)
    assert all(9 <= to_datetime(since).astimezone(SHANGHAI).hour < 18 for since, _ in spans)


instants = st.integers(at("2026-01-01T00:00"), at("2026-12-31T00:00"))


@given(instants, st.sampled_from([SHANGHAI, NEW_YORK]))
@settings(max_examples=60, deadline=None)
def test_a_window_that_was_offered_is_the_one_that_is_promised(now: int, zone: ZoneInfo) -> None:
    spans = offered(now=now, window_s=7200, zone=zone, calendar=OFFICE)
    assert 1 <= len(spans) <= 3
    for since, until in spans:
        kept = callback_window(now=now, window_s=7200, asked_from=since, asked_until=until, calendar=OFFICE)
        assert kept == (since, until)
    assert all(one[1] <= two[0] for one, two in pairwise(spans))


@pytest.mark.parametrize(
    ("number", "zone"),
    [("13900000001", "Asia/Shanghai"), ("+81312345678", "Asia/Tokyo"), ("", "Europe/Paris"), ("no", "Europe/Paris")],
)  # fmt: skip
def test_a_number_s_time_zone(number: str, zone: str) -> None:
    assert zone_of(number, ZoneInfo("Europe/Paris")) == ZoneInfo(zone)


# --- in the house -------------------------------------------------------------------------------------------


def test_windows_are_said_by_the_customer_s_clock_and_in_his_language() -> None:
    now = at("2026-11-24T17:30")
    assert [each.words for each in HOUSE.windows("800", "13900000001", "en", now)] == [
        "today from 17:30 to 19:30",
        "tomorrow from 09:00 to 11:00",
        "tomorrow from 14:00 to 16:00",
    ]
    assert HOUSE.windows("800", "+81312345678", "zh-CN", now)[0].words == "今天18:30到20:30"


def test_words_name_the_client_and_never_the_provider() -> None:
    assert HOUSE.say("800", {"en": "{client}: {website}"}, "en") == "Kangjia: https://www.kangjia.example"
    assert HOUSE.say("800", {"en": "{told}"}, "en", told="Ruixun is busy") == "", "silence, not a leak (I5)"
    assert "康佳" in HOUSE.words("800", "ivr.arrived", "zh-CN")
    assert HOUSE.words("nobody's line", "ivr.arrived", "zh-CN") == ""


def test_hours_of_the_line_and_of_a_calendar() -> None:
    night = at("2026-11-24T23:00")
    assert HOUSE.is_open("800", "", night), "the line has no hours: always open"
    assert not HOUSE.is_open("800", "office", night)
    assert not HOUSE.is_open("nobody's line", "", night)


# --- another attempt ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("now", "window"),
    [
        ("2026-11-24T10:00", "11-24 16:00-18:00"),
        ("2026-11-24T16:35", "11-24 16:35-18:00"),
        ("2026-11-24T18:30", "11-25 09:00-11:00"),
        ("2026-11-27T18:00", "11-30 09:00-11:00"),
    ],
)
def test_another_attempt_has_what_is_left_of_its_window(now: str, window: str) -> None:
    kept = (at("2026-11-24T16:00"), at("2026-11-24T18:00"))
    assert again(now, kept) == window


def test_an_attempt_after_its_window_is_made_as_soon_as_the_hours_and_the_night_let_it() -> None:
    kept = (at("2026-11-24T09:00"), at("2026-11-24T11:00"))
    assert again("2026-11-24T16:50", kept) == "11-24 16:50-18:00", "a whole new window would not fit today"
    assert again("2026-11-24T20:50", kept, calendar=None) == "11-24 20:50-21:00"
    assert again("2026-11-24T21:10", kept, calendar=None) == "11-25 09:00-11:00"


def again(now: str, kept: tuple[int, int], *, calendar: Calendar | None = OFFICE) -> str:
    span = resumed(now=at(now), window_s=7200, zone=SHANGHAI, kept=kept, calendar=calendar)
    since, until = (to_datetime(each).astimezone(SHANGHAI) for each in span)
    return f"{since:%m-%d %H:%M}-{until:%H:%M}"


def test_windows_lie_within_the_hours_of_a_line_whose_view_has_none() -> None:
    """What is promised keeps them: a window that a caller chooses must be one that is kept."""
    line = replace(LINE, hours=Hours("office"))
    door = Door("ruixun", "kangjia", "kangjia-2026", "voice", DIRECTORY, line, line.hours)
    house = IvrHouse(lambda dialled: door, Wording(catalogue()), lambda client, number: None)
    words = [each.words for each in house.windows("800", "13900000001", "en", at("2026-11-24T17:30"))]
    assert words[0] == "tomorrow from 09:00 to 11:00"


@pytest.mark.parametrize("calendar", [OFFICE, None])
def test_who_names_only_when_he_is_there_is_not_called_before(calendar: Calendar | None) -> None:
    now, asked = at("2026-11-24T10:00"), (at("2026-11-24T14:00"), 0)
    since, until = promised(now=now, window_s=7200, zone=SHANGHAI, asked=asked, calendar=calendar)
    assert (since, until) == (at("2026-11-24T14:00"), at("2026-11-24T16:00"))
