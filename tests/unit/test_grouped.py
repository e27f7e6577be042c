"""Many callers of one statement: each hears for himself, and whoever goes away takes nobody along."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence

import pytest

from contactcenter.errors import Busy, Invalid
from contactcenter.storage.grouped import Grouped


class Store:
    """Answers when it is let; fails for the keys of `bad`, and for all with `away`."""

    def __init__(self) -> None:
        self.asked: list[list[str]] = []
        self.open = asyncio.Event()
        self.bad: set[str] = set()
        self.away = False

    async def fetch(self, keys: Sequence[str]) -> Mapping[str, str]:
        self.asked.append(list(keys))
        await self.open.wait()
        if self.away:
            raise Busy("away")
        if self.bad & set(keys):
            raise Invalid("bad key", code="bad_key")
        return {key: key.upper() for key in keys if key != "nobody"}


async def asking(grouped: Grouped[str, str], *keys: str) -> list[asyncio.Future[str | None]]:
    found = [asyncio.ensure_future(grouped.get(key)) for key in keys]
    await asyncio.sleep(0)
    return found


async def test_what_is_asked_meanwhile_is_one_statement_and_no_key_is_in_it_twice() -> None:
    store = Store()
    grouped = Grouped(store.fetch)
    first = await asking(grouped, "a")
    await asyncio.sleep(0)
    later = await asking(grouped, "b", "nobody", "b", "a")
    store.open.set()
    assert await asyncio.gather(*first, *later) == ["A", "B", None, "B", "A"]
    assert store.asked == [["a"], ["b", "nobody", "a"]], "what was asked too late for a statement is read by the next"


async def test_who_goes_away_takes_nobody_along() -> None:
    store = Store()
    grouped = Grouped(store.fetch)
    gone, stays = await asking(grouped, "a", "a")
    gone.cancel()
    await asyncio.sleep(0)
    store.open.set()
    assert await stays == "A"
    assert gone.cancelled()


async def test_a_bad_key_fails_for_its_callers_alone_and_each_has_an_exception_of_his_own() -> None:
    store = Store()
    store.bad.add("b")
    store.open.set()
    grouped = Grouped(store.fetch)
    good, *bad = await asyncio.gather(*(await asking(grouped, "a", "b", "b")), return_exceptions=True)
    assert good == "A"
    assert [(type(each), each.code) for each in bad if isinstance(each, Invalid)] == [(Invalid, "bad_key")] * 2
    assert bad[0] is not bad[1]


async def test_a_store_that_is_away_is_not_asked_again_for_each() -> None:
    store = Store()
    store.away = True
    store.open.set()
    grouped = Grouped(store.fetch)
    for each in await asyncio.gather(*(await asking(grouped, "a", "b")), return_exceptions=True):
        assert isinstance(each, Busy)
    assert len(store.asked) == 1
    store.away = False
    assert await grouped.get("a") == "A"


async def test_more_than_can_wait_is_refused() -> None:
    grouped = Grouped(Store().fetch, limit=2)
    waiting = await asking(grouped, "a", "b")
    with pytest.raises(Busy):
        await grouped.get("c")
    for each in waiting:
        each.cancel()
