"""A replay decides a domain's log again: all of it or one day, from the nearest snapshot."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest
from api_house import PROVIDER
from history import DAY0, HOUR, History
from msgspec.structs import replace
from property.routing_world import S

from contactcenter.errors import Misconfigured
from contactcenter.services.replaying import Replaying, ReplayReport
from contactcenter.storage.memory import memory_stores
from contactcenter.wiring.arguments import day, instant
from routing.events import Left, Ticked

SHANGHAI = ZoneInfo("Asia/Shanghai")


@pytest.fixture
async def history() -> History:
    """Two days of Shanghai in three epochs, with a snapshot within the first."""
    told = History(memory_stores())
    await told.begin(DAY0 + 9 * HOUR)
    await told.sit(DAY0 + 9 * HOUR, "a1002", "a1003")
    await told.arrive(DAY0 + 10 * HOUR, "ct_1")
    await told.keep()
    await told.happen(DAY0 + 10 * HOUR + S, Left("ct_1"))
    await told.begin(DAY0 + 20 * HOUR)
    await told.arrive(DAY0 + 23 * HOUR, "ct_2")
    await told.begin(DAY0 + 24 * HOUR + 1)
    await told.arrive(DAY0 + 33 * HOUR, "ct_3")
    await told.happen(DAY0 + 33 * HOUR + S, Left("ct_3"), Ticked())
    return told


async def replayed(history: History, **bounds: int) -> ReplayReport:
    report = await Replaying(history.stores.routing).run(PROVIDER, **bounds)
    assert report.exact
    return report


async def test_everything_is_decided_again_without_a_difference(history: History) -> None:
    report = await replayed(history)
    assert (report.decisions, report.epochs, report.snapshots, report.set_aside) == (13, 3, 4, 0)
    assert report.digest == (await replayed(history)).digest


@pytest.mark.parametrize(
    ("date", "decisions", "snapshots"),
    [("2025-12-31", 0, 0), ("2026-01-01", 9, 3), ("2026-01-02", 4, 2), ("2026-01-03", 0, 1)],
)
async def test_a_day_is_that_of_the_provider_and_begins_at_the_snapshot_before_it(
    history: History, date: str, decisions: int, snapshots: int
) -> None:
    since, until = day(date, SHANGHAI)
    assert until is not None
    report = await replayed(history, since=since, until=until)
    assert (report.decisions, report.snapshots) == (decisions, snapshots)


async def test_the_days_add_up_to_everything_in_any_time_zone(history: History) -> None:
    for zone in (SHANGHAI, ZoneInfo("UTC"), ZoneInfo("America/Los_Angeles")):
        bounds = [day(f"2026-01-0{number}", zone) for number in (1, 2, 3)]
        first = await replayed(history, until=bounds[0][0])
        days = [await replayed(history, since=since, until=until or 0) for since, until in bounds]
        assert first.decisions + sum(each.decisions for each in days) == 13


async def test_what_was_set_aside_is_counted_and_the_rest_of_its_epoch_is_still_compared(history: History) -> None:
    await history.set_aside(DAY0 + 34 * HOUR)
    await history.arrive(DAY0 + 35 * HOUR, "ct_4")
    report = await replayed(history)
    assert (report.decisions, report.set_aside) == (14, 1)


async def test_a_snapshot_may_be_kept_right_after_an_event_that_was_set_aside(history: History) -> None:
    await history.set_aside(DAY0 + 34 * HOUR)
    await history.keep()
    await history.arrive(DAY0 + 35 * HOUR, "ct_4")
    report = await replayed(history, since=DAY0 + 34 * HOUR + 1)
    assert (report.decisions, report.set_aside, report.snapshots) == (1, 0, 1)


async def test_a_decision_that_comes_out_otherwise_is_named() -> None:
    told = History(memory_stores())
    await told.begin(DAY0)
    await told.sit(DAY0, "a1002")
    told.dispatch.handle(Left("ct_9"), DAY0 + S)
    batch, _ = told.dispatch.take_batch()
    (wrong,) = batch.decided = [replace(each, effects_hash=b"otherwise") for each in batch.decided]
    await told.stores.routing.commit(batch)
    report = await Replaying(told.stores.routing).run(PROVIDER)
    assert [(each.seq, each.stored) for each in report.differences] == [(wrong.seq, b"otherwise".hex())]
    assert not report.exact


async def test_a_snapshot_within_an_epoch_that_holds_something_else_is_named(history: History) -> None:
    mark, body = history.dispatch.snapshot()
    await history.stores.routing.save_snapshot(PROVIDER, mark, body.replace(b'"a1003"', b'"a1005"'))
    report = await Replaying(history.stores.routing).run(PROVIDER)
    assert report.snapshots_wrong == (mark.seq,)
    assert not report.exact


# --- days and instants of the command line ---------------------------------------------------------------------


def test_without_a_day_all_time_is_meant() -> None:
    assert day(None, SHANGHAI) == (0, None)


def test_a_day_of_a_zone_with_summer_time_has_23_hours_when_the_clocks_go_forward() -> None:
    since, until = day("2026-03-29", ZoneInfo("Europe/Berlin"))
    assert until is not None
    assert until - since == 23 * HOUR


@pytest.mark.parametrize(
    ("text", "offset"),
    [
        ("2026-01-01T10:00:00.5+08:00", 10 * HOUR + S // 2),
        ("2026-01-01T02:00:00Z", 10 * HOUR),
        ("2026-01-01T10:00:00", 10 * HOUR),
        ("10:00:00.000001", 10 * HOUR + 1),
    ],
)
def test_an_instant_is_written_as_one_reads_it(text: str, offset: int) -> None:
    assert instant(text, SHANGHAI, opened_at=DAY0 + 9 * HOUR) == DAY0 + offset


@pytest.mark.parametrize("text", ["yesterday", "2026-13-01", "10:77", ""])
def test_what_is_no_day_and_no_instant_is_refused_by_name(text: str) -> None:
    with pytest.raises(Misconfigured) as refused:
        instant(text, SHANGHAI, opened_at=DAY0)
    assert refused.value.field == "--at"
    with pytest.raises(Misconfigured) as refused:
        day(text, SHANGHAI)
    assert refused.value.field == "--day"
