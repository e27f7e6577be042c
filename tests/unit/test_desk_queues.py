"""Bounded on both sides: a slow reader costs a snapshot, never memory."""

from __future__ import annotations

from contactcenter.realtime.desk_queues import Inbox, Outlet


def test_what_comes_in_goes_out_in_its_order() -> None:
    inbox: Inbox[int] = Inbox(3)
    for number in range(3):
        inbox.put(number)
    assert [inbox.take() for _ in range(4)] == [0, 1, 2, None]
    assert not inbox


def test_too_much_becomes_one_wish_to_read_the_desk_again() -> None:
    inbox: Inbox[int] = Inbox(2)
    for number in range(3):
        inbox.put(number)
    assert inbox
    assert (inbox.stale(), inbox.stale(), inbox.take()) == (True, False, None)
    inbox.put(5)
    assert inbox.take() == 5


def test_an_overflow_drops_frames_but_never_a_reply() -> None:
    outlet = Outlet(2)
    outlet.frame(b"1")
    outlet.reply(b"re")
    for payload in (b"2", b"3", b"4"):
        outlet.frame(payload)
    assert (outlet.take(), outlet.take()) == (b"re", None)
    assert (outlet.recovered(), outlet.recovered()) == (True, False)
    outlet.frame(b"snapshot")
    assert outlet.take() == b"snapshot"


def test_frames_that_were_taken_make_room() -> None:
    outlet = Outlet(2)
    for _ in range(5):
        outlet.frame(b"x")
        assert outlet.take() == b"x"
    assert not outlet.recovered()


def test_nothing_follows_the_last_frame() -> None:
    outlet = Outlet(2)
    outlet.finish(b"resume")
    outlet.frame(b"late")
    assert not outlet.finished
    assert [outlet.take(), outlet.take()] == [b"resume", None]
    assert outlet.finished
