"""What supervisors hear at once: an empty leased seat, two missed offers in a row; and nobody of another client."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from house import PATIENCE_S, House, house

from contactcenter.services.notices import NoticePush, decode_push
from contactcenter.services.ports import Subscription
from contactcenter.wiring.parts import supervisors_words
from contactcenter.workers.alarms import Alarms
from routing.effects import AnyEffect, Missed, Queued, Staffing


@pytest.fixture
async def home(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[House]:
    async with house(pool, tmp_path, routed=False) as found:
        yield found


async def heard(home: House, effect: AnyEffect, *desks: str) -> list[NoticePush]:
    """What these desks hear of one committed effect; an effect nobody hears of ends with the next that one does."""
    alarms = Alarms(supervisors_words(home.core))
    home.supervisor.run("alarms", alarms.run)
    async with home.core.bus.subscribe(*(f"desk:{desk}" for desk in desks)) as pushes, asyncio.timeout(PATIENCE_S):
        alarms.heard("ruixun", [effect, Staffing("kangjia-2026", 0, 10)])
        found = await _until_empty(pushes)
    await home.supervisor.stop("alarms")
    return found


async def _until_empty(pushes: Subscription) -> list[NoticePush]:
    found = []
    async for payload in pushes:
        push = decode_push(payload)
        assert isinstance(push, NoticePush)
        found.append(push)
        if push.params.get("staffed") == 0:
            return found
    return found


async def test_an_unstaffed_seat_is_told_to_the_clients_supervisor_with_the_numbers(home: House) -> None:
    first, _ = await heard(home, Staffing("kangjia-2026", 9, 10), "a1001")
    assert (first.notice, first.params) == ("unstaffed", {"lease": "kangjia-2026", "staffed": 9, "lines": 10})


async def test_two_missed_offers_are_told_under_the_public_number(home: House) -> None:
    first, _ = await heard(home, Missed("a1003", 2), "a1001")
    assert (first.notice, first.params) == ("missed_twice", {"number": "1003"})


async def test_a_fully_staffed_lease_and_ordinary_effects_are_told_to_nobody(home: House) -> None:
    assert len(await heard(home, Staffing("kangjia-2026", 10, 10), "a1001")) == 1
    assert len(await heard(home, Queued("ct_1", 1, 1), "a1001")) == 1


async def test_another_clients_supervisor_hears_nothing_of_it(home: House) -> None:
    told = await heard(home, Staffing("xinghai-2026", 3, 20), "a1001")
    assert [push.params["lease"] for push in told] == ["kangjia-2026"]
