"""Which writes share a statement, in what order, and who is told what; the database is a function here."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import pytest

from contactcenter.errors import Busy, Invalid
from contactcenter.services.changes import Applied, Changes
from contactcenter.storage.change_keys import keys_of
from contactcenter.storage.group_writer import GroupWriter


def change(*rows: str) -> Changes:
    """Writes these rows."""
    return Changes(timers_fired=list(rows))


class Database:
    """Commits what it is given when it is let; `refuses` are rows that cannot be written."""

    def __init__(self, *, refuses: str = "", away: bool = False) -> None:
        self.groups: list[list[str]] = []
        self.flying: list[Sequence[Changes]] = []
        self.open = asyncio.Event()
        self.open.set()
        self._refuses = refuses
        self._away = away

    async def write(self, group: Sequence[Changes]) -> list[Applied]:
        for other in self.flying:
            assert not any(keys_of(a).meet(keys_of(b)) for a in group for b in other)
        self.flying.append(group)
        try:
            await self.open.wait()
        finally:
            self.flying.remove(group)
        rows = [row for changes in group for row in changes.timers_fired]
        assert len(rows) == len(set(rows))
        self.groups.append(rows)
        if self._away:
            raise Busy("away")
        if self._refuses in rows:
            raise Invalid(self._refuses)
        return [Applied()] * len(group)


async def turns(count: int = 3) -> None:
    for _ in range(count):
        await asyncio.sleep(0)


async def test_a_lone_write_goes_at_once_and_those_of_one_turn_together() -> None:
    database = Database()
    writer = GroupWriter(database.write)
    await writer.apply(change("a"))
    await asyncio.gather(*(writer.apply(change(each)) for each in "bcd"))
    assert database.groups == [["a"], ["b", "c", "d"]]


async def test_what_queued_while_a_statement_ran_is_the_next() -> None:
    database = Database()
    database.open.clear()
    writer = GroupWriter(database.write, writers=1)
    asked = []
    for each in "abcd":
        asked.append(asyncio.ensure_future(writer.apply(change(each))))
        await turns()
    assert (writer.depth, writer.age_s >= 0) == (3, True)
    database.open.set()
    await asyncio.gather(*asked)
    assert (database.groups, writer.depth, writer.age_s) == ([["a"], ["b", "c", "d"]], 0, 0.0)


async def test_writes_of_one_row_follow_each_other_and_let_others_pass() -> None:
    database = Database()
    writer = GroupWriter(database.write)
    await asyncio.gather(*(writer.apply(change(*each)) for each in ("a", "ab", "b", "c")))
    assert database.groups == [["a", "c"], ["a", "b"], ["b"]]


async def test_while_a_row_is_being_written_the_next_write_of_it_waits() -> None:
    database = Database()
    database.open.clear()
    writer = GroupWriter(database.write)
    first = asyncio.ensure_future(writer.apply(change("a")))
    await turns()
    others = [asyncio.ensure_future(writer.apply(change(*each))) for each in ("a", "b", "ca")]
    await turns()
    assert [[each.timers_fired for each in group] for group in database.flying] == [[["a"]], [["b"]]]
    database.open.set()
    await asyncio.gather(first, *others)
    assert [rows for rows in database.groups if "a" in rows] == [["a"], ["a"], ["c", "a"]]
    assert ["b"] in database.groups


async def test_a_group_that_fails_is_split_until_the_bad_one_is_alone() -> None:
    database = Database(refuses="c")
    writer = GroupWriter(database.write)
    told = await asyncio.gather(*(writer.apply(change(each)) for each in "abcd"), return_exceptions=True)
    assert [type(each) for each in told] == [Applied, Applied, Invalid, Applied]
    assert database.groups == [["a", "b", "c", "d"], ["a", "b"], ["c", "d"], ["c"], ["d"]]


async def test_when_the_database_is_away_nobody_is_tried_again() -> None:
    database = Database(away=True)
    writer = GroupWriter(database.write)
    told = await asyncio.gather(*(writer.apply(change(each)) for each in "abcd"), return_exceptions=True)
    assert database.groups == [["a", "b", "c", "d"]]
    assert [str(each) for each in told] == ["away"] * 4
    assert len({id(each) for each in told}) == 4


async def test_beyond_its_bound_the_next_is_refused_at_once() -> None:
    database = Database()
    database.open.clear()
    writer = GroupWriter(database.write, writers=1, limit=2)
    asked = [asyncio.ensure_future(writer.apply(change("0")))]
    await turns()
    asked += [asyncio.ensure_future(writer.apply(change(each))) for each in "12"]
    await turns()
    with pytest.raises(Busy) as refusal:
        await writer.apply(change("3"))
    assert refusal.value.code == "overloaded"
    database.open.set()
    assert await asyncio.gather(*asked) == [Applied()] * 3


async def test_who_went_away_while_he_waited_is_not_written() -> None:
    database = Database()
    database.open.clear()
    writer = GroupWriter(database.write, writers=1)
    asked = []
    for each in "abc":
        asked.append(asyncio.ensure_future(writer.apply(change(each))))
        await turns()
    asked[0].cancel()
    asked[1].cancel()
    await turns()
    database.open.set()
    assert await asked[2] == Applied()
    assert database.groups == [["a"], ["c"]]


async def test_nobody_is_forgotten_whenever_he_comes() -> None:
    database = Database()
    writer = GroupWriter(database.write)

    async def client(name: str) -> None:
        for number in range(50):
            await writer.apply(change(f"{name}{number}", f"shared{number % 3}"))

    async with asyncio.timeout(10):
        await asyncio.gather(*(client(name) for name in "abcdef"))
    assert sum(map(len, database.groups)) == 2 * 6 * 50
