"""Commands as events, and the feed that keeps them for a platform that polls."""

from __future__ import annotations

import json
from typing import Any

from channels.phone.command import render, rfc3339
from channels.phone.feed import CommandFeed, Page
from channels.port import PhoneCommand

START = 1_769_832_000_000_000
SECOND = 1_000_000


class Clock:
    def __init__(self, at: int = START) -> None:
        self.at = at

    def now(self) -> int:
        return self.at


def ring(number: int = 1, *, source: str = "pbx", not_after: int = 0) -> PhoneCommand:
    return PhoneCommand(
        id=f"cmd-{number}",
        source=source,
        call="c1",
        verb="ring",
        offer="ct_1/1/ag_1",
        device="SIP/1001",
        not_after=not_after,
    )


def ids(page: Page) -> list[str]:
    return [json.loads(bytes(entry.event))["id"] for entry in page.commands]


def test_a_command_is_one_event_that_says_when_it_loses_its_use() -> None:
    said: dict[str, Any] = json.loads(render(ring(not_after=START + 4 * SECOND), at=START))
    assert said == {
        "specversion": "1.0",
        "id": "cmd-1",
        "source": "/v1/phone/pbx",
        "type": "phone.ring",
        "subject": "c1",
        "time": "2026-01-31T04:00:00.000000Z",
        "datacontenttype": "application/json",
        "data": {
            "offer": "ct_1/1/ag_1",
            "device": "SIP/1001",
            "not_after": "2026-01-31T04:00:04.000000Z",
        },
    }


def test_an_instant_is_written_to_the_microsecond() -> None:
    assert rfc3339(START + 1) == "2026-01-31T04:00:00.000001Z"


def test_a_poll_gets_what_came_after_the_last_one() -> None:
    feed = CommandFeed(now=Clock().now)
    feed.put(ring(1))
    first = feed.after("pbx", 0)
    feed.put(ring(2))
    second = feed.after("pbx", first.next)
    assert (ids(first), ids(second)) == (["cmd-1"], ["cmd-2"])
    assert feed.after("pbx", second.next) == Page([], second.next)


def test_asking_again_gives_the_same() -> None:
    feed = CommandFeed(now=Clock().now)
    feed.put(ring(1))
    assert feed.after("pbx", 0) == feed.after("pbx", 0)


def test_sources_do_not_see_each_other() -> None:
    feed = CommandFeed(now=Clock().now)
    feed.put(ring(1, source="a"))
    assert ids(feed.after("b", 0)) == []


def test_a_command_sent_twice_is_kept_once() -> None:
    feed = CommandFeed(now=Clock().now)
    assert feed.put(ring(1)) == feed.put(ring(1))
    assert ids(feed.after("pbx", 0)) == ["cmd-1"]


def test_a_command_that_lost_its_use_is_not_handed_out() -> None:
    clock = Clock()
    feed = CommandFeed(now=clock.now)
    feed.put(ring(1, not_after=START + SECOND))
    clock.at = START + SECOND
    assert ids(feed.after("pbx", 0)) == []


def test_a_full_ring_forgets_the_oldest_and_says_so() -> None:
    feed = CommandFeed(now=Clock().now, size=2)
    feed.put(ring(1))
    cursor = feed.after("pbx", 0).next - 1
    for number in (2, 3, 4):
        feed.put(ring(number))
    page = feed.after("pbx", cursor)
    assert (ids(page), page.gap) == (["cmd-3", "cmd-4"], True)
    assert feed.after("pbx", page.next).gap is False


def test_after_a_restart_an_old_cursor_still_gets_the_new_commands_and_hears_of_the_gap() -> None:
    before = CommandFeed(now=Clock().now)
    for number in range(5):
        before.put(ring(number))
    cursor = before.after("pbx", 0).next
    again = CommandFeed(now=Clock(START + SECOND).now)
    again.put(ring(9))
    page = again.after("pbx", cursor)
    assert (ids(page), page.gap) == (["cmd-9"], True)


def test_a_cursor_from_the_future_begins_again() -> None:
    feed = CommandFeed(now=Clock().now)
    feed.put(ring(1))
    page = feed.after("pbx", START + 10**12)
    assert (ids(page), page.gap) == (["cmd-1"], True)
    assert feed.after("pbx", page.next).gap is False


def test_the_first_poll_of_a_quiet_platform_has_no_gap() -> None:
    feed = CommandFeed(now=Clock().now)
    page = feed.after("pbx", 0)
    assert (page.gap, feed.after("pbx", page.next).gap) == (False, False)
