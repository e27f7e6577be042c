"""Bounded on both sides: a slow reader costs a snapshot, never memory."""

from __future__ import annotations

from contactcenter.realtime.desk_queues import Inbox, Outlet
from contactcenter.services.notices import NoticePush


def push(number: int) -> NoticePush:
    return NoticePush(agent="a1", notice=str(number), at=0)


async def test_what_comes_in_goes_out_in_its_order() -> None:
    inbox = Inbox(3)
    for number in range(3):
        inbox.put(push(number))
    assert [await inbox.get() for _ in range(3)] == [push(number) for number in range(3)]


async def test_too_much_becomes_one_wish_to_read_the_desk_again() -> None:
    inbox = Inbox(2)
    for number in range(5):
        inbox.put(push(number))
    assert await inbox.get() is None
    inbox.put(push(5))
    assert await inbox.get() == push(5)


async def test_an_overflow_drops_frames_but_never_a_reply() -> None:
    outlet = Outlet(2)
    outlet.frame(b"1")
    outlet.reply(b"re")
    for payload in (b"2", b"3", b"4"):
        outlet.frame(payload)
    assert await outlet.take() == b"re"
    assert outlet.recovered()
    assert not outlet.recovered()
    outlet.frame(b"snapshot")
    assert await outlet.take() == b"snapshot"


async def test_nothing_follows_the_last_frame() -> None:
    outlet = Outlet(2)
    outlet.finish(b"resume")
    outlet.frame(b"late")
    assert [await outlet.take(), await outlet.take()] == [b"resume", None]
