"""The window that a customer was promised, over days: kept by later attempts, by a new wish, by a new configuration."""

from __future__ import annotations

import datetime as dt
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from callback_scene import NUMBER, Scene
from desk_floor import KANGJIA, SECOND
from house import EXAMPLE, TOLL_FREE, house
from msgspec.structs import replace

from channels.port import CallbackRequested, CallReleased, VoicemailLeft
from contactcenter.client import protocol as p
from contactcenter.clock import to_datetime, to_micros
from contactcenter.domain import configuration as c
from contactcenter.domain.configuration_rules import check, dump_yaml, load_yaml
from routing.events import Arrived
from routing.skills import next_relaxation

SHANGHAI = dt.timezone(dt.timedelta(hours=8))
DEMO = load_yaml(EXAMPLE)


def at(text: str) -> int:
    return to_micros(dt.datetime.fromisoformat(text).replace(tzinfo=SHANGHAI))


def local(instant: int) -> str:
    return to_datetime(instant).astimezone(SHANGHAI).strftime("%m-%d %H:%M")


def within_hours(document: c.Document = DEMO) -> c.Document:
    """Callbacks are promised within the office's hours: 9 to 18 o'clock on workdays."""
    views = tuple(replace(v, hours=c.Hours()) if v.medium == "callback" else v for v in document.views)
    return replace(document, views=views)


@pytest.fixture
async def scene(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Scene]:
    async with house(pool, tmp_path, configuration=dump_yaml(check(within_hours()))) as found:
        yield Scene(found)


async def asked_for_the_last_two_hours(scene: Scene) -> str:
    scene.clock.at = at("2026-03-02T15:00")
    wish = await scene.asked(window_from=at("2026-03-02T16:00"), window_until=at("2026-03-02T18:00"))
    scene.clock.at = at("2026-03-02T16:05")
    return wish.contact


async def window(scene: Scene, promise: str) -> tuple[str, str]:
    found = await scene.promise(promise)
    return local(found.window_from), local(found.window_until)


async def opens_at(scene: Scene, contact: str) -> str:
    facts = await scene.core.reads.facts_of_contact(KANGJIA, contact)
    opened = next(fact for fact in facts if fact.kind == "contact.opened")
    return local(opened.data.get("opens_at") or opened.at)


async def test_a_second_attempt_stays_in_the_window_that_was_promised(scene: Scene) -> None:
    first = await asked_for_the_last_two_hours(scene)
    call = await scene.dialled(first)
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.over(first)
    again = await scene.next_attempt(first)
    assert await opens_at(scene, again) == "03-02 16:20"
    assert await window(scene, first) == ("03-02 16:20", "03-02 18:00")


async def test_an_agents_dead_phone_does_not_put_his_customer_off_until_tomorrow(scene: Scene) -> None:
    first = await asked_for_the_last_two_hours(scene)
    call = await scene.dialled(first)
    await scene.heard(CallReleased, call, leg="agent", offer=f"{first}/dial", by="platform", cause="unreachable")
    await scene.over(first)
    again = await scene.next_attempt(first, after_s=31)
    assert await opens_at(scene, again) < "03-02 16:10"


# --- a second wish -------------------------------------------------------------------------------------------


async def test_who_asks_again_between_two_attempts_is_called_when_he_now_says(scene: Scene) -> None:
    first = await asked_for_the_last_two_hours(scene)
    call = await scene.dialled(first)
    await scene.heard(CallReleased, call, by="platform", cause="no-answer")
    await scene.over(first)
    told = await scene.asked(window_from=at("2026-03-03T14:00"), window_until=at("2026-03-03T16:00"), language="en")
    again = await scene.next_attempt(first, after_s=0)
    assert await opens_at(scene, again) == "03-03 14:00"
    assert await window(scene, first) == ("03-03 14:00", "03-03 16:00")
    assert "03-03 14:00" in told.text


async def test_who_complains_as_he_asks_again_is_a_complainant_from_then_on(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    await scene.asked(complaint=True)
    await scene.house.until(lambda: bool(scene.house.of("contact.changed", contact=promise)))
    found = await scene.core.reads.contact(KANGJIA, promise)
    assert found is not None
    assert found.complaint


async def test_a_second_message_does_not_put_the_first_out_of_the_agents_sight(scene: Scene) -> None:
    promise = (await message(scene, "one.wav")).contact
    assert (await message(scene, "two.wav")).contact == promise
    found = await scene.core.reads.contact(KANGJIA, promise)
    assert found is not None
    assert "one.wav" in str(found.context)
    assert "two.wav" in str(found.context["voicemail"])


async def message(scene: Scene, recording: str) -> Any:
    left = VoicemailLeft(
        source="pbx-1", external_id=recording, call=recording, dialled=TOLL_FREE, caller=NUMBER,
        recording=recording, seconds=9,
    )  # fmt: skip
    return await scene.core.intake.accept(left)


# --- another configuration -----------------------------------------------------------------------------------


async def test_a_promise_outlives_the_view_and_the_lease_that_it_was_made_under(scene: Scene) -> None:
    first = await asked_for_the_last_two_hours(scene)
    call = await scene.dialled(first)
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.over(first)
    document = within_hours()
    views = tuple(replace(v, id="back") if v.medium == "callback" else v for v in document.views)
    back = dict.fromkeys(document.callbacks.view, "back")
    document = replace(document, views=views, callbacks=replace(document.callbacks, view=back))
    renewed = dump_yaml(check(document)).replace("kangjia-2026", "kangjia-2027")
    await scene.core.configuring.apply("", renewed, by="test")
    await scene.core.directories.refresh()
    again = await scene.next_attempt(first)
    found = await scene.core.reads.contact(KANGJIA, again)
    assert found is not None
    assert (found.view, found.lease) == ("back", "kangjia-2027")


# --- nobody is free -------------------------------------------------------------------------------------------


async def test_a_callback_that_nobody_could_take_waits_for_the_morning_and_not_into_the_night(scene: Scene) -> None:
    first = await asked_for_the_last_two_hours(scene)
    scene.clock.at = at("2026-03-02T18:00")
    assert await scene.fire("callback.night") == 1
    await scene.settled(first)
    again = await scene.next_attempt(first, after_s=31)
    assert await opens_at(scene, again) == "03-03 09:00"
    found = await scene.promise(first)
    assert (found.state, [each["result"] for each in found.attempts]) == ("open", ["put_off"])
    before, after = [await scene.core.reads.contact(KANGJIA, name) for name in (first, again)]
    assert before is not None
    assert after is not None
    assert (after.enqueued_at, after.context["attempt"]) == (before.enqueued_at, 1)
    await scene.dialled(again)
    await scene.do(p.Finish(id="finish", contact=again, result="reached"))
    await scene.one_outcome(first, "reached")


async def test_who_has_it_before_him_when_it_becomes_night_goes_on(scene: Scene) -> None:
    first = await asked_for_the_last_two_hours(scene)
    await scene.taken(first)
    scene.clock.at = at("2026-03-02T18:00")
    assert await scene.fire("callback.night") == 1
    await scene.do(p.Dial(id="dial", contact=first))
    await scene.do(p.Finish(id="finish", contact=first, result="reached"))
    await scene.one_outcome(first, "reached")


async def test_late_by_day_it_is_called_as_soon_as_somebody_is_free(scene: Scene) -> None:
    scene.clock.at = at("2026-03-02T10:00")
    first = (await scene.asked()).contact
    scene.clock.at = at("2026-03-02T17:59")
    assert await scene.fire("callback.night") == 0
    assert await scene.state(first) in ("new", "waiting")


# --- by whose clock -------------------------------------------------------------------------------------------

SAN_FRANCISCO = "+14155552671"


async def test_a_customer_abroad_hears_his_window_by_his_own_clock(scene: Scene) -> None:
    """It is 17:00 on Sunday where he is."""
    scene.clock.at = at("2026-03-02T09:00")
    assert "between 03-01 17:00 and 03-01 19:00" in (await scene.asked(SAN_FRANCISCO, language="en")).text
    assert "before 03-01 19:00" in (await scene.asked(SAN_FRANCISCO, language="en")).text
    assert "before 03-01 19:00" in (await scene.sought_by_ivr(SAN_FRANCISCO)).text


async def test_who_is_turned_away_abroad_hears_no_hour_of_his_night(scene: Scene) -> None:
    """At noon in Shanghai it is 20:00 where he is: he is called until 21:00, or on the next morning."""
    scene.clock.at = at("2026-03-02T12:00")
    turned = await scene.house.call(TOLL_FREE, caller=SAN_FRANCISCO, language="en")
    assert turned.instruction == "callback"
    assert "before 03-01 21:00" in turned.text


# --- while it is held -----------------------------------------------------------------------------------------


async def test_who_knows_the_customer_and_his_product_is_waited_for_from_the_window_on(scene: Scene) -> None:
    """Both waits would be over long before anybody may call."""
    scene.clock.at = at("2026-03-02T09:00")
    await scene.dialled(promise := (await scene.asked()).contact)
    await scene.do(p.Finish(id="finish", contact=promise, result="reached"))
    await scene.over(promise)
    begins = at("2026-03-02T14:00")
    wish = CallbackRequested(
        source="pbx-1", external_id="later", call="later", dialled=TOLL_FREE, number=NUMBER, product="tv",
        window_from=begins, window_until=at("2026-03-02T16:00"),
    )  # fmt: skip
    plan = await scene.core.intake._planners[CallbackRequested](wish, scene.clock.now(), "")
    (arrived,) = [each.event for each in plan.changes.events if isinstance(each.event, Arrived)]
    contact = arrived.contact
    assert (contact.preferred, contact.preferred_until) == ("a1002", begins + 60 * SECOND)
    assert next_relaxation(contact, 0) == begins + 600 * SECOND


async def test_a_callback_for_tomorrow_is_no_old_queue_tonight(scene: Scene) -> None:
    """Supervisors were told of it two hours after the wish, and then of no really old one (B06)."""
    scene.clock.at = at("2026-03-02T09:00")
    await scene.asked(window_from=at("2026-03-03T09:00"), window_until=at("2026-03-03T11:00"))
    assert await oldest_s(scene, "2026-03-02T17:00") == 0
    assert await oldest_s(scene, "2026-03-03T11:30") == 9000
    assert [await held(scene, now) for now in ("2026-03-02T17:00", "2026-03-03T09:00")] == [1, 0]


async def held(scene: Scene, now: str) -> int:
    (line,) = await scene.core.reads.queue_lines(KANGJIA, at(now))
    return line.held


async def oldest_s(scene: Scene, now: str) -> float:
    (line,) = await scene.core.reads.queue_lines(KANGJIA, at(now))
    return line.oldest_wait_s
