"""A call that lasts longer than its line allows: one fact, one notice to the client's supervisors (B23)."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg
from desk_floor import Floor
from house import EXAMPLE, HOTLINE, House, house

from contactcenter.services.long_calls import LongCalls
from contactcenter.services.notices import NoticePush, decode_push
from contactcenter.services.reporting import QueueBoard
from contactcenter.services.views import Scope
from routing.events import Connected


async def talk(home: House, *, minutes: int) -> str:
    """A call that is talked on and was answered so long ago."""
    await home.happen(Connected("a1002"))
    await home.at_work("a1002")
    call = (await home.call()).contact
    await Floor(home).taken(call)
    await home.core.pool.execute(
        "UPDATE contacts SET answered_at = now() - $2 * interval '1 minute' WHERE id = $1", call, minutes
    )
    return call


async def long(home: House) -> list[tuple[str, str, str]]:
    rows = await home.core.pool.fetch(
        "SELECT contact_id, agent_id, data->>'alarm_s' AS bound FROM facts WHERE kind = 'call.long'"
    )
    return [tuple(row) for row in rows]


async def test_a_long_call_is_told_once_and_shown_by_the_live_feed(pool: asyncpg.Pool, tmp_path: Path) -> None:
    async with house(pool, tmp_path) as home:
        call = await talk(home, minutes=41)
        calls = LongCalls(home.core.office)
        async with home.core.bus.subscribe("desk:a1001", "desk:a1011") as pushes:
            for look in (calls, calls, LongCalls(home.core.office)):
                await look.look("ruixun")
            await home.core.bus.publish("desk:a1011", b"last")
            heard = aiter(pushes)
            told, last = decode_push(await anext(heard)), await anext(heard)
        assert isinstance(told, NoticePush)
        assert (told.agent, told.notice, told.params) == ("a1001", "long_call", {"number": "1002", "minutes": 41})
        assert last == b"last", "nobody else is told, and nobody twice"
        assert await long(home) == [(call, "a1002", "2400")]
        board = QueueBoard(home.core.reads, home.core.clock, zone_of=lambda provider: ZoneInfo("Asia/Shanghai"))
        assert (await board.live(Scope("ruixun"))).today.get("call.long") == 1


async def test_a_line_may_have_a_bound_of_its_own(pool: asyncpg.Pool, tmp_path: Path) -> None:
    own = EXAMPLE.replace(f'{{number: "{HOTLINE}"', f'{{long_call_alarm_s: 300, number: "{HOTLINE}"', 1)
    async with house(pool, tmp_path, configuration=own) as home:
        call = await talk(home, minutes=6)
        await LongCalls(home.core.office).look("ruixun")
        assert await long(home) == [(call, "a1002", "300")]


async def test_a_call_within_its_bound_is_no_news(pool: asyncpg.Pool, tmp_path: Path) -> None:
    async with house(pool, tmp_path) as home:
        await talk(home, minutes=39)
        await LongCalls(home.core.office).look("ruixun")
        assert await long(home) == []
