"""Looking back on a real database: snapshots within an epoch, and the two commands beside a service that runs."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from house import House, house

from contactcenter.__main__ import main
from contactcenter.services.replaying import Replaying
from contactcenter.services.views import SnapshotMark
from routing.effects import Offered
from routing.events import OfferAccepted, OfferDeclined


@pytest.fixture
async def home(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[House]:
    """A router that keeps a snapshot every five events, three people, a call that the first one declined."""
    async with house(pool, tmp_path, routed=False) as found:
        found.supervisor.run("router", found.router(batch=3, snapshot_every=5).run)
        await found.at_work("a1002", "a1003", "a1004")
        yield found


async def nth_offer(home: House, contact: str, number: int) -> Offered:
    await home.until(lambda: len(home.of("offer.made", contact=contact)) == number)
    found: Offered = home.of("offer.made", contact=contact)[number - 1]
    return found


async def declined_and_taken(home: House) -> str:
    receipt = await home.call()
    for decision, number in ((OfferDeclined, 1), (OfferAccepted, 2)):
        made = await nth_offer(home, receipt.contact, number)
        await home.happen(decision(made.offer.id, made.agent))
    await home.until(lambda: bool(home.of("contact.assigned", contact=receipt.contact)))
    return receipt.contact


async def kept(home: House, count: int) -> list[SnapshotMark]:
    """They are written beside the batches: the last may come a moment after its events."""
    async with asyncio.timeout(10):
        while len(marks := await home.core.stores.routing.snapshot_marks("ruixun")) < count:
            continue
    return marks


async def test_a_router_keeps_a_snapshot_every_so_many_events_and_each_holds_what_a_replay_finds(home: House) -> None:
    await declined_and_taken(home)
    marks = await kept(home, 3)
    assert marks[0].seq == 0
    assert len({mark.epoch for mark in marks}) == 1
    borders = [mark.seq // 5 for mark in marks]
    assert borders == sorted(set(borders)), "one for each border that was crossed"
    report = await Replaying(home.core.stores.routing).run("ruixun")
    assert report.exact
    assert report.snapshots == len(marks)


async def test_a_replay_of_the_last_moments_begins_at_the_last_snapshot(home: House) -> None:
    await declined_and_taken(home)
    last = (await kept(home, 3))[-1]
    whole = await Replaying(home.core.stores.routing).run("ruixun")
    tail = await Replaying(home.core.stores.routing).run("ruixun", since=last.at + 1)
    assert tail.exact
    assert tail.snapshots == 1
    assert tail.decisions < whole.decisions


async def command(*arguments: str) -> int:
    """As in a process of its own: a command brings its own event loop."""
    return await asyncio.to_thread(main, arguments)


@pytest.fixture
def reachable(pg_dsn: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CONTACTCENTER_DATABASE_URL", pg_dsn)


@pytest.mark.usefixtures("reachable")
async def test_the_command_tells_the_path_and_who_else_was_there(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    contact = await declined_and_taken(home)
    assert await command("explain", contact, "--language", "en") == 0
    told = capsys.readouterr().out
    first, second = (effect.agent for effect in home.of("offer.made", contact=contact))
    assert f"Declined or missed it before, and others remain (1): {first.removeprefix('a')}" in told
    assert told.index(f"Offered {first.removeprefix('a')}") < told.index(f"Offered {second.removeprefix('a')}")
    assert "Not signed in (7): 1001" in told
    assert await command("explain", contact, "--at", "2020-01-01T00:00:00", "--language", "en") == 0
    assert "Not in the queue at this instant" in capsys.readouterr().out
    assert await command("explain", contact, "--all-agents") == 0
    assert "属于其他租约（90人）" in capsys.readouterr().out


@pytest.mark.usefixtures("reachable")
async def test_a_contact_that_nobody_knows_is_said_to_be_unknown(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await command("explain", "ct_none") == 2
    assert capsys.readouterr().err == "contactcenter: CONTACT: there is no contact 'ct_none'\n"


@pytest.mark.usefixtures("reachable")
async def test_the_replay_command_names_its_python_and_finds_no_difference(
    home: House, capsys: pytest.CaptureFixture[str]
) -> None:
    await declined_and_taken(home)
    assert await command("replay") == 0
    told = capsys.readouterr().out
    assert "0 differences" in told
    assert "CPython 3." in told
    assert await command("replay", "--day", "2020-01-01") == 0
    assert "0 decisions in 0 epochs" in capsys.readouterr().out
