"""Second leases, bounds, hours and waits: what a configuration may say of them, and what routing gets."""

from __future__ import annotations

import datetime as dt
import re
import textwrap
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from msgspec import Struct
from msgspec.structs import replace

from contactcenter.clock import SECOND, to_micros
from contactcenter.domain import configuration as c
from contactcenter.domain import priority
from contactcenter.domain.calendar import Calendar
from contactcenter.domain.configuration_rules import Problem, dump_yaml, load_yaml, problems
from contactcenter.domain.configuration_yaml import decode
from contactcenter.domain.directory import Directory
from contactcenter.domain.routing_config import relaxation, routing_config
from contactcenter.errors import Invalid
from contactcenter.services.directories import Door
from routing.model import QueueRule

ROOT = Path(__file__).parents[2]
EXAMPLE = (ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8")
DEMO = load_yaml(EXAMPLE)
OFFICE = Calendar(DEMO.calendars[0])
VOICE, CHAT, MAIL, CALLBACK = range(4)
MINUTE, HOUR = 60 * SECOND, 3600 * SECOND
FULL = c.Overflow(max_length=2, max_wait_s=60, answer="callback")


def beijing(wall: str) -> int:
    """`2026-01-05T09:00`, a Monday, in microseconds."""
    return to_micros(dt.datetime.fromisoformat(f"{wall}:00+08:00"))


def edit(section: str, index: int, **changes: Any) -> c.Document:
    items = list(getattr(DEMO, section))
    items[index] = replace(items[index], **changes)
    return replace(DEMO, **{section: tuple(items)})


def own_view(**changes: Any) -> c.Document:
    """A second lease of Kangjia's, and a view of calls that only Kangjia's first line leads to: index 5."""
    second = replace(DEMO.leases[0], id="kangjia-burst", lines=2, people=2)
    kangjia, xinghai, hongyan = DEMO.leases
    document = replace(
        DEMO,
        leases=(kangjia, xinghai, replace(hongyan, lines=68, people=68), second),
        agents=tuple(replace(x, lease=second.id) if x.id in ("a1099", "a1100") else x for x in DEMO.agents),
        views=(*DEMO.views, replace(DEMO.views[VOICE], id="kangjia-voice", **changes)),
    )
    lines = list(document.lines)
    lines[0] = replace(lines[0], view="kangjia-voice")
    return replace(document, lines=tuple(lines))


def second_lease(name: str) -> tuple[c.RelaxStep, ...]:
    return (c.RelaxStep(after_s=10, needs={}, lease=name),)


def found(document: c.Document) -> list[Problem]:
    return [problem for problem in problems(document) if not problem.warning]


# --- what is refused ------------------------------------------------------------------------------------------


REFUSED: list[tuple[str, Callable[[], c.Document], str, str]] = [
    ("unknown", lambda: own_view(relax=second_lease("x")), "views[5].relax[0].lease", "there is no lease 'x'"),
    (
        "foreign_second_lease",
        lambda: own_view(relax=second_lease("xinghai-2026")),
        "views[5].relax[0].lease",
        "lease xinghai-2026 belongs to xinghai, but lines[0] brings contacts of kangjia",
    ),
    (
        "foreign_second_lease",
        lambda: edit("views", VOICE, relax=second_lease("kangjia-2026")),
        "views[0].relax[0].lease",
        "brings contacts of xinghai",
    ),
    (
        "foreign_second_lease",
        lambda: edit("views", CALLBACK, relax=second_lease("kangjia-2026")),
        "views[3].relax[0].lease",
        "callbacks.view.hongyan brings contacts of hongyan",
    ),
    ("same_lease", lambda: own_view(relax=second_lease("kangjia-2026")), "views[5].relax[0].lease", "already the"),
    ("overflow_medium", lambda: edit("views", MAIL, overflow=FULL), "views[2].overflow", "a mail always queues"),
    ("overflow_medium", lambda: edit("views", CALLBACK, overflow=FULL), "views[3].overflow", "a callback always"),
    (
        "overflow_answer",
        lambda: edit("views", CHAT, overflow=FULL),
        "views[1].overflow.answer",
        "'callback' is no answer to a chat; there are message",
    ),
    (
        "overflow_answer",
        lambda: edit("views", VOICE, overflow=replace(FULL, answer="message")),
        "views[0].overflow.answer",
        "there are ivr, voicemail, callback",
    ),
    (
        "no_callback_view",
        lambda: replace(edit("views", VOICE, overflow=FULL), callbacks=c.Callbacks({"kangjia": "callback"})),
        "views[0].overflow.answer",
        "callbacks.view names no view for xinghai",
    ),
    (
        "no_mailbox",
        lambda: replace(edit("views", CHAT, overflow=c.Overflow(max_length=1)), mailboxes=DEMO.mailboxes[2:]),
        "views[1].overflow",
        "kangjia has no mailbox",
    ),
    ("hours_medium", lambda: edit("views", MAIL, hours=c.Hours()), "views[2].hours", "taken at any hour"),
    (
        "unknown",
        lambda: edit("views", VOICE, hours=c.Hours("x")),
        "views[0].hours.calendar",
        "there is no calendar 'x'",
    ),
    ("unknown", lambda: edit("lines", 0, hours=c.Hours("x")), "lines[0].hours.calendar", "there is no calendar 'x'"),
    (
        "overflow_answer",
        lambda: edit("sites", 0, hours=c.Hours(answer="ivr")),
        "sites[0].hours.answer",
        "'ivr' is no answer to a chat",
    ),
    (
        "overflow_answer",
        lambda: edit("views", CALLBACK, hours=c.Hours(answer="callback")),
        "views[3].hours.answer",
        "a callback always queues",
    ),
]


@pytest.mark.parametrize(("code", "make", "path", "words"), REFUSED)
def test_what_cannot_be_kept_is_refused_at_its_place(
    code: str, make: Callable[[], c.Document], path: str, words: str
) -> None:
    matching = [problem for problem in found(make()) if (problem.code, problem.path) == (code, path)]
    assert any(words in problem.message for problem in matching)


@pytest.mark.parametrize("overflow", ["{max_length: -1}", "{answer: hang_up}", "{max_wait: 5}"])
def test_a_shape_that_is_wrong_is_refused_with_its_line(overflow: str) -> None:
    text = EXAMPLE.replace("  - id: voice\n", f"  - id: voice\n    overflow: {overflow}\n", 1)
    with pytest.raises(Invalid) as refused:
        load_yaml(text)
    assert refused.value.field is not None
    assert refused.value.field.startswith("views[0].overflow.")
    line = refused.value.details["line"]
    assert isinstance(line, int)
    assert text.splitlines()[line - 1] == f"    overflow: {overflow}"


def test_a_second_lease_bounds_and_hours_of_one_client_are_accepted_and_survive_yaml() -> None:
    document = own_view(relax=second_lease("kangjia-burst"), overflow=FULL, hours=c.Hours("office", "voicemail"))
    assert found(document) == []
    assert load_yaml(dump_yaml(document)) == document


class Shown(Struct):
    views: tuple[c.View, ...]


def test_the_example_of_the_operations_page_is_a_configuration() -> None:
    page = (ROOT / "docs/operations.md").read_text(encoding="utf-8")
    example = re.search(r"^ {4}views:\n(?: {4}.*\n)+", page, flags=re.MULTILINE)
    assert example is not None
    voice, callback = decode(textwrap.dedent(example[0]), Shown).views
    document = own_view()
    views = (*document.views[:3], callback, document.views[4], voice)
    assert found(replace(document, views=views)) == []


def test_a_second_lease_that_never_runs_together_with_the_first_is_a_warning() -> None:
    document = own_view(relax=second_lease("kangjia-burst"))
    late = replace(document.leases[3], starts=dt.date(2028, 1, 1), ends=dt.date(2029, 1, 1))
    told = problems(replace(document, leases=(*document.leases[:3], late)))
    assert [problem.path for problem in told if problem.code == "second_lease_term"] == ["views[5].relax[0].lease"]
    assert all(problem.warning for problem in told if problem.code == "second_lease_term")


# --- what routing gets ------------------------------------------------------------------------------------------


def test_bounds_become_a_rule_for_each_lease_in_microseconds() -> None:
    config = routing_config(edit("views", VOICE, overflow=FULL), 1)
    leases = ("hongyan-2026", "kangjia-2026", "xinghai-2026")
    assert config.queues == tuple(QueueRule(lease, "voice", 2, MINUTE) for lease in leases)
    assert routing_config(DEMO, 1).queues == ()


def test_a_step_names_its_second_lease_but_not_to_the_contacts_of_that_lease_itself() -> None:
    document = own_view(relax=second_lease("kangjia-burst"))
    directory = Directory(document)
    view = directory.view("kangjia-voice")
    assert [step.lease for step in relaxation(directory, view, lease="kangjia-2026")] == ["kangjia-burst"]
    assert [step.lease for step in relaxation(directory, view, lease="kangjia-burst")] == [""]


# --- hours ----------------------------------------------------------------------------------------------------


def door(document: c.Document, line: int = 0) -> Door:
    found = document.lines[line]
    return Door("ruixun", found.client, found.lease, found.view, Directory(document), found, found.hours)


HOURS = [
    ("2026-01-05T09:00", ""),
    ("2026-01-05T17:59", ""),
    ("2026-01-05T18:00", "2026-01-06T09:00"),
    ("2026-01-09T20:00", "2026-01-12T09:00"),
    # New Year's holiday of 2026: Thursday to Saturday; Sunday the 4th is worked instead.
    ("2026-01-01T10:00", "2026-01-04T09:00"),
]


@pytest.mark.parametrize(("now", "opens"), HOURS)
def test_a_view_with_hours_opens_again_with_the_clients_next_business_day(now: str, opens: str) -> None:
    wanted = beijing(opens) if opens else 0
    assert door(edit("views", VOICE, hours=c.Hours())).opens_at(beijing(now)) == wanted


def test_without_hours_a_door_is_always_open() -> None:
    assert door(DEMO).opens_at(beijing("2026-01-01T03:00")) == 0


def test_a_line_of_its_own_hours_goes_before_its_view() -> None:
    document = edit("views", VOICE, hours=c.Hours())
    lines = (replace(document.lines[0], hours=c.Hours("always")), *document.lines[1:])
    night = beijing("2026-01-05T23:00")
    assert door(replace(document, lines=lines)).opens_at(night) == 0
    assert door(replace(document, lines=lines), line=1).opens_at(night) > night


WINDOWS = [
    # a whole window before closing time
    ("2026-01-05T10:00", "", "", "2026-01-05T10:00", "2026-01-05T12:00"),
    # too late today: not cut short, but tomorrow
    ("2026-01-05T17:00", "", "", "2026-01-06T09:00", "2026-01-06T11:00"),
    ("2026-01-05T20:00", "", "", "2026-01-06T09:00", "2026-01-06T11:00"),
    # the customer's own window, cut to what is open of it
    ("2026-01-05T10:00", "2026-01-05T16:30", "2026-01-05T21:00", "2026-01-05T16:30", "2026-01-05T18:00"),
    # his window lies in the night: the first one after it began
    ("2026-01-05T10:00", "2026-01-05T21:00", "2026-01-05T23:00", "2026-01-06T09:00", "2026-01-06T11:00"),
]


@pytest.mark.parametrize(("now", "asked_from", "asked_until", "since", "until"), WINDOWS)
def test_a_callback_window_lies_within_the_hours(
    now: str, asked_from: str, asked_until: str, since: str, until: str
) -> None:
    window = priority.callback_window(
        now=beijing(now),
        window_s=7200,
        asked_from=beijing(asked_from) if asked_from else 0,
        asked_until=beijing(asked_until) if asked_until else 0,
        calendar=OFFICE,
    )
    assert window == (beijing(since), beijing(until))


def test_a_window_longer_than_a_day_is_the_whole_day() -> None:
    window = priority.callback_window(now=beijing("2026-01-05T10:00"), window_s=36_000, calendar=OFFICE)
    assert window == (beijing("2026-01-06T09:00"), beijing("2026-01-06T18:00"))


def test_callbacks_have_hours_only_where_their_view_has_them() -> None:
    assert Directory(DEMO).callback_calendar("kangjia") is None
    bounded = Directory(edit("views", CALLBACK, hours=c.Hours()))
    assert bounded.callback_calendar("kangjia") is bounded.calendar("office")
    assert bounded.callback_calendar("xinghai") is bounded.calendar("shop")


# --- waits for one agent ----------------------------------------------------------------------------------------


def test_waits_for_a_known_agent_and_a_named_owner_have_defaults_by_medium_and_can_be_set() -> None:
    voice, chat, mail, callback = DEMO.media
    assert [priority.preferred_wait(x) // SECOND for x in (voice, chat, mail, callback)] == [1, 10, 300, 60]
    assert {priority.owner_wait(x) for x in DEMO.media} == {20 * SECOND}
    own = replace(voice, preferred_wait_s=0, owner_wait_s=7)
    assert (priority.preferred_wait(own), priority.owner_wait(own)) == (0, 7 * SECOND)


def test_a_medium_says_how_long_a_transfer_waits_and_whether_what_is_late_stays_urgent() -> None:
    voice = DEMO.media[0]
    config = routing_config(replace(DEMO, media=(replace(voice, transfer_wait_s=7, late_is_urgent=False),)), 2)
    assert [(rules.transfer_wait, rules.late_is_urgent) for rules in config.media] == [(7 * SECOND, False)]
