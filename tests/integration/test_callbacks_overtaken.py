"""Callbacks that something overtakes: the customer's own call, a lost end, a number that nobody can dial (A04)."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from callback_scene import MOST, NUMBER, Scene, calls_himself
from desk_floor import KANGJIA
from house import HOTLINE, TOLL_FREE, house
from msgspec.structs import replace

from channels.port import CALLS_HIMSELF, CallAnswered, CallOffered, CallProgress, CallReleased, Malformed, VoicemailLeft
from contactcenter.client import protocol as p
from contactcenter.errors import Conflict, Forbidden
from contactcenter.services.handles import dialled_call
from contactcenter.services.phone_survey import PhoneSurvey
from routing.events import Closed, SignedIn


@pytest.fixture
async def scene(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Scene]:
    async with house(pool, tmp_path) as found:
        yield Scene(found)


# --- the customer calls himself ------------------------------------------------------------------------------


async def test_a_callback_is_held_while_its_customer_calls_himself_and_ends_when_he_was_answered(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    call = await calls_himself(scene)
    await scene.settled(promise)
    assert (await scene.promise(promise)).state == "open"
    scene.clock.pass_s(31)
    assert await scene.fire("callback.next") == 1, "it is asked whether he is still there"
    assert await scene.core.reads.open_callback("kangjia", NUMBER) is None
    await scene.taken(call)
    await scene.heard(CallAnswered, "own-1", agent="1002")
    found = await scene.one_outcome(promise, "called_in")
    assert [(each["result"], each["call"]) for each in found.attempts] == [("called_in", call)]
    assert not scene.house.of("offer.made", contact=promise)


async def calls_himself_and_gives_up(scene: Scene, promise: str) -> str:
    await calls_himself(scene)
    await scene.settled(promise)
    return await when_he_gives_up(scene, promise, ended=2)


async def when_he_gives_up(scene: Scene, promise: str, *, ended: int) -> str:
    """The next contact of his callback. `ended`: the contacts that are over then."""
    await scene.heard(CallReleased, "own-1", by="customer")
    await scene.house.until(lambda: len(scene.house.of("contact.ended")) == ended)
    return await scene.next_attempt(promise, after_s=31)


async def test_a_customer_who_gave_up_is_called_back_at_his_old_place(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    before = await scene.core.reads.contact(KANGJIA, promise)
    again = await calls_himself_and_gives_up(scene, promise)
    after = await scene.core.reads.contact(KANGJIA, again)
    assert before is not None
    assert after is not None
    assert (after.enqueued_at, after.context["attempt"]) == (before.enqueued_at, 1)
    call = await scene.dialled(again)
    await scene.heard(CallProgress, call, what="callee_answered")
    await scene.heard(CallReleased, call, by="customer", cause="completed")
    await scene.one_outcome(promise, "reached")


async def test_a_customer_who_gave_up_is_called_back_in_the_window_that_he_chose(scene: Scene) -> None:
    begins = scene.core.clock.now() + 3_600_000_000
    promise = (await scene.asked(window_from=begins, window_until=begins + 3_600_000_000)).contact
    again = await calls_himself_and_gives_up(scene, promise)
    told = await scene.core.reads.facts_of_contact(KANGJIA, again)
    assert next(fact for fact in told if fact.kind == "contact.opened").data["opens_at"] >= begins


async def test_an_agent_who_previews_is_free_for_the_customers_own_call(scene: Scene) -> None:
    promise = await scene.taken((await scene.asked()).contact)
    call = await calls_himself(scene)
    with pytest.raises((Conflict, Forbidden)):
        await scene.do(p.Dial(id="dial-1", contact=promise))
    await scene.settled(promise)
    await scene.taken(call)


async def is_called_again_when_he_gives_up(scene: Scene, promise: str, *, ended: int) -> None:
    """By the second attempt."""
    again = await when_he_gives_up(scene, promise, ended=ended)
    found = await scene.core.reads.contact(KANGJIA, again)
    assert found is not None
    assert found.context["attempt"] == 2


async def test_a_callback_between_two_attempts_is_not_opened_while_its_customer_calls_himself(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    dialled = await scene.dialled(promise)
    await scene.heard(CallReleased, dialled, by="platform", cause="busy")
    await scene.over(promise)
    await calls_himself(scene)
    await calls_himself(scene, "own-2")
    scene.clock.pass_s(901)
    assert await scene.fire("callback.next") == 1
    await scene.heard(CallReleased, "own-2", by="customer")
    await scene.house.until(lambda: len(scene.house.of("contact.ended")) == 2)
    scene.clock.pass_s(31)
    assert await scene.fire("callback.next") == 1, "the first of his two calls still waits"
    assert await scene.core.reads.open_callback("kangjia", NUMBER) is None
    await is_called_again_when_he_gives_up(scene, promise, ended=3)


async def test_a_callback_that_is_being_dialled_goes_on_though_its_customer_calls(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    dialled = await scene.dialled(promise)
    await calls_himself(scene)
    assert (await scene.promise(promise)).state == "dialling"
    await scene.heard(CallReleased, dialled, by="platform", cause="busy")
    assert [each["result"] for each in (await scene.promise(promise)).attempts] == ["called_in", "busy"]
    await scene.over(promise)
    scene.clock.pass_s(901)
    assert await scene.fire("callback.next") == 1, "he waits still"
    assert await scene.core.reads.open_callback("kangjia", NUMBER) is None
    await is_called_again_when_he_gives_up(scene, promise, ended=2)


# --- he is still in a flow ---------------------------------------------------------------------------------------


async def in_a_flow(scene: Scene, promise: str, call: str = "own-1") -> None:
    await scene.heard(CallProgress, call, what=CALLS_HIMSELF, value=promise)
    await scene.settled(promise)


async def waits_again(scene: Scene, promise: str, *, after_s: float) -> bool:
    scene.clock.pass_s(after_s)
    assert await scene.fire("callback.next") == 1
    return await scene.core.reads.open_callback("kangjia", NUMBER) is not None


async def test_who_is_in_a_flow_is_not_called_and_keeps_his_callback_when_he_hangs_up(scene: Scene) -> None:
    promise = await scene.taken((await scene.asked()).contact)
    await scene.heard(CallProgress, "own-1", what=CALLS_HIMSELF, value=promise)
    with pytest.raises((Conflict, Forbidden)):
        await scene.do(p.Dial(id="dial-1", contact=promise))
    await scene.settled(promise)
    assert not await waits_again(scene, promise, after_s=31), "he listens still"
    await scene.heard(CallReleased, "own-1", by="customer")
    assert await waits_again(scene, promise, after_s=31)
    found = await scene.promise(promise)
    assert [each["call"] for each in found.attempts] == ["phone|pbx-1|own-1"]


async def test_who_goes_on_from_the_flow_into_the_queue_holds_it_as_one_call(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    await in_a_flow(scene, promise)
    call = await calls_himself(scene)
    assert [each["call"] for each in (await scene.promise(promise)).attempts] == [call]
    assert not await waits_again(scene, promise, after_s=31)
    await scene.taken(call)
    await scene.heard(CallAnswered, "own-1", agent="1002")
    await scene.one_outcome(promise, "called_in")


async def test_of_whom_nothing_is_heard_any_more_the_callback_is_held_five_minutes(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    await in_a_flow(scene, promise)
    assert not await waits_again(scene, promise, after_s=31)
    assert not await waits_again(scene, promise, after_s=240)
    assert await waits_again(scene, promise, after_s=31)


async def test_who_was_turned_away_from_the_queue_and_is_on_the_line_is_not_called(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    call = await calls_himself(scene)
    await scene.settled(promise)
    await scene.house.happen(Closed(call, reason="treated elsewhere", by="boss"))
    await scene.house.until(lambda: bool(scene.house.of("contact.ended", contact=call)))
    assert not await waits_again(scene, promise, after_s=31), "he listens to a flow still"
    await scene.heard(CallReleased, "own-1", by="customer")
    assert await waits_again(scene, promise, after_s=31)


async def test_a_callback_that_the_house_has_just_closed_is_not_kept_by_a_call(scene: Scene) -> None:
    """Its outcome is written a moment later."""
    promise = (await scene.asked()).contact
    await scene.house.happen(Closed(promise, reason="answered by mail", by="boss"))
    await scene.house.until(lambda: bool(scene.house.of("contact.ended", contact=promise)))
    await scene.heard(CallProgress, "own-1", what=CALLS_HIMSELF, value=promise)
    await calls_himself(scene)
    await scene.settled(promise)
    await scene.one_outcome(promise, "closed")


async def test_a_word_from_the_flow_that_comes_after_its_end_holds_nothing_more(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    call = await calls_himself(scene)
    await scene.heard(CallProgress, "own-1", what=CALLS_HIMSELF, value=promise)
    assert [each["call"] for each in (await scene.promise(promise)).attempts] == [call]


async def test_an_ivr_of_the_platforms_own_that_asks_for_a_callback_has_it_held(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    assert (await scene.sought_by_ivr()).instruction == "callback"
    assert (await scene.sought_by_ivr()).instruction == "callback"
    await scene.settled(promise)
    assert [each["call"] for each in (await scene.promise(promise)).attempts] == ["phone|pbx-1|800-3"]
    await scene.heard(CallReleased, "800-3", by="customer")
    assert await waits_again(scene, promise, after_s=31)


async def test_a_caller_without_a_number_holds_nobodys_callback(scene: Scene) -> None:
    promise = (await scene.asked()).contact
    for n, caller in enumerate(("", "anonymous", "13900139000")):
        offered = CallOffered(source="pbx-1", external_id=f"o{n}", call=f"c{n}", dialled=HOTLINE, caller=caller)
        await scene.core.intake.accept(offered)
    assert (await scene.promise(promise)).attempts == ()


# --- the end of the call was lost --------------------------------------------------------------------------------


async def test_a_dialled_call_that_is_no_more_frees_its_agent_and_is_an_attempt(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    survey = PhoneSurvey("pbx-1", reads=scene.core.reads, directories=scene.core.directories, clock=scene.clock)
    assert await survey.dialled() == [], "it may be under way"
    scene.clock.pass_s(61)
    assert await survey.dialled() == [call]
    number, since = await survey.customer(call)
    assert number == NUMBER
    assert 0 < since < scene.clock.now()
    assert await survey.customer("ct_unknown/call") == ("", 0)
    await scene.heard(CallReleased, call, by="platform", cause="ended_while_away")
    await scene.over(contact)
    assert await survey.dialled() == []
    assert [each["result"] for each in (await scene.promise(contact)).attempts] == ["no_answer"]
    assert await scene.next_attempt(contact)


async def lost(scene: Scene, contact: str) -> None:
    """Dialled; neither an answer nor the end is told, and the agent wraps up."""
    call = await scene.dialled(contact)
    await scene.heard(CallReleased, call, by="platform", cause="ended_while_away")
    await scene.house.until(lambda: bool(scene.house.of("wrap_up.began", contact=contact)))


@pytest.mark.parametrize("result", ["reached", "wrong_number", "declined"])
async def test_the_agent_who_talked_in_a_call_whose_end_was_lost_spares_his_customer_another(
    scene: Scene, result: str
) -> None:
    contact = (await scene.asked()).contact
    await lost(scene, contact)
    assert (await scene.promise(contact)).attempts[0]["lost"] is True
    await scene.do(p.WrapUpDone(id="wrap", contact=contact, result=result))
    await scene.settled(contact)
    found = await scene.one_outcome(contact, result)
    assert [(each["result"], each["was"], each["by"]) for each in found.attempts] == [(result, "no_answer", "a1002")]


async def test_the_last_attempt_whose_end_was_lost_is_what_its_agent_says(scene: Scene) -> None:
    first = contact = (await scene.asked()).contact
    for _ in range(MOST - 1):
        call = await scene.dialled(contact)
        await scene.heard(CallReleased, call, by="platform", cause="busy")
        await scene.over(contact)
        contact = await scene.next_attempt(contact)
    await lost(scene, contact)
    assert (await scene.promise(first)).outcome == "not_reached"
    await scene.do(p.WrapUpDone(id="wrap", contact=contact, result="reached"))
    assert (await scene.promise(first)).outcome == "reached"


async def test_a_customer_who_asks_again_meanwhile_is_called_though_he_was_reached(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    await lost(scene, contact)
    scene.clock.pass_s(1)
    await scene.asked()
    await scene.do(p.WrapUpDone(id="wrap", contact=contact, result="reached"))
    await scene.settled(contact)
    assert (await scene.promise(contact)).outcome == "reached"
    again = await scene.next_attempt(contact, after_s=31)
    assert (await scene.promise(again)).state == "open", "a promise of its own"


async def test_a_call_whose_answer_was_heard_is_reached_however_its_end_was_lost(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallProgress, call, what="answered_by", value="notsure")
    await scene.heard(CallReleased, call, by="platform", cause="ended_while_away")
    await scene.over(contact)
    found = await scene.one_outcome(contact, "reached")
    assert "lost" not in found.attempts[0]


async def test_a_platform_that_looks_for_strays_hears_which_devices_may_ring(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    survey = PhoneSurvey("pbx-1", reads=scene.core.reads, directories=scene.core.directories, clock=scene.clock)
    await scene.house.happen(SignedIn("a1001", "PJSIP/1001"))
    await scene.house.at_work("a1001", device="PJSIP/1001")
    await calls_himself(scene, "stray")
    await scene.house.until(lambda: bool(scene.house.of("offer.made", agent="a1001")))
    assert await survey.there() == ["stray"]
    devices, rings = await survey.ringing()
    offers = [each.offer.id for each in scene.house.of("offer.made", agent="a1001")]
    assert [(device, call) for device, call, _ in rings] == [("PJSIP/1001", "stray")]
    assert rings[0][2] in offers
    assert "PJSIP/1001" in devices
    assert dialled_call(contact) not in [call for _, call, _ in rings]


# --- callers without a number ------------------------------------------------------------------------------------


async def test_messages_of_callers_who_withhold_their_number_are_work_of_their_own_and_are_not_dialled(
    scene: Scene,
) -> None:
    """They joined each other: the second message of anybody took the place of the first."""
    left = [
        VoicemailLeft(
            source="pbx-1", external_id=f"vm-{n}", call=f"vm-{n}", dialled=TOLL_FREE, caller=caller, recording=f"u{n}"
        )
        for n, caller in enumerate(("anonymous", "anonymous", ""))
    ]
    told = [await scene.core.intake.accept(each) for each in left]
    contacts = [each.contact for each in told]
    assert len(set(contacts)) == 3
    assert all("留言我们已经收到" in each.text for each in told), "nobody is promised a call to no number"
    await scene.taken(contacts[0])
    with pytest.raises(Conflict) as refused:
        await scene.do(p.Dial(id="dial-nobody", contact=contacts[0]))
    assert refused.value.code == "no_number"


@pytest.mark.parametrize("number", ["anonymous", "*31#13800138000", "13800138000&Local/1", "1" * 40])
async def test_a_wish_to_be_called_where_nobody_can_be_called_is_refused_by_name(scene: Scene, number: str) -> None:
    with pytest.raises(Malformed) as refused:
        await scene.asked(number)
    assert refused.value.field == "data.number"
    assert await scene.row("SELECT 1 FROM callbacks") is None


async def test_an_answer_by_nobody_whom_we_know_is_refused_by_name(scene: Scene) -> None:
    offered = CallOffered(source="pbx-1", external_id="who", call="who", dialled=HOTLINE, caller="13900139001")
    await scene.core.intake.accept(offered)
    with pytest.raises(Malformed, match=r"data.agent: nobody has the number 9999"):
        await scene.heard(CallAnswered, "who", agent="9999")
    await scene.heard(CallAnswered, "who", offer="ct_1/1/a1002", agent="9999")


async def test_a_platform_may_end_the_names_of_its_calls_as_ours_end(scene: Scene) -> None:
    """It was taken for a call that we had dialled, and its caller waited for nobody."""
    offered = CallOffered(source="pbx-1", external_id="odd", call="pbx/7/call", dialled=HOTLINE, caller="13900139001")
    receipt = await scene.core.intake.accept(offered)
    assert receipt.contact
    again = await scene.core.intake.accept(replace(offered, external_id="odd-again"))
    assert (again.contact, again.instruction) == (receipt.contact, receipt.instruction)
