"""Promised callbacks from the wish to their one outcome, on every way there (A04)."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from callback_scene import MOST, NUMBER, Scene
from desk_floor import KANGJIA, MORNING
from house import HOTLINE, TOLL_FREE, house

from channels.port import (
    CallAnswered,
    CallOffered,
    CallProgress,
    CallReleased,
    DoNotCall,
    VoicemailLeft,
)
from contactcenter.client import protocol as p
from contactcenter.errors import Conflict, Forbidden, Invalid, NotFound, StaleWrite
from contactcenter.services.views import Scope
from routing.events import Closed, OfferAccepted, SignedIn, WrappedUp


@pytest.fixture
async def scene(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Scene]:
    async with house(pool, tmp_path) as found:
        yield Scene(found)


# --- what the customer's phone did ---------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("cause", "result"),
    [("busy", "busy"), ("declined", "busy"), ("no-answer", "no_answer"), ("failed", "unreachable"), ("", "no_answer")],
)
async def test_what_the_customers_phone_did_is_the_result_and_leads_to_the_next_attempt(
    scene: Scene, cause: str, result: str
) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    assert (await scene.promise(contact)).state == "dialling"
    await scene.heard(CallReleased, call, by="platform", cause=cause)
    await scene.over(contact)
    again = await scene.next_attempt(contact)
    found = await scene.promise(contact)
    assert [(each["result"], each["by"], each["attempt"]) for each in found.attempts] == [(result, "platform", 1)]
    assert (found.contact, found.outcome) == (again, "")
    before = await scene.core.reads.contact(KANGJIA, contact)
    after = await scene.core.reads.contact(KANGJIA, again)
    assert before is not None
    assert after is not None
    assert (after.enqueued_at, after.context["attempt"]) == (before.enqueued_at, 2)


async def test_the_last_attempt_without_an_answer_is_the_end(scene: Scene) -> None:
    first = contact = (await scene.asked()).contact
    for attempt in range(MOST):
        call = await scene.dialled(contact)
        await scene.heard(CallReleased, call, by="platform", cause="busy")
        await scene.over(contact)
        if attempt < MOST - 1:
            contact = await scene.next_attempt(contact)
    found = await scene.one_outcome(first, "not_reached")
    assert [each["attempt"] for each in found.attempts] == [1, 2, 3]


async def test_a_customer_who_talked_was_reached_whatever_the_order_of_events(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallReleased, call, by="customer", cause="completed")
    await scene.heard(CallProgress, call, what="callee_answered")
    await scene.over(contact)
    found = await scene.one_outcome(contact, "reached")
    assert len(found.attempts) == 1


async def test_an_answered_call_that_ends_is_reached(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallAnswered, call, agent="1002")
    assert await scene.state(contact) == "active"
    await scene.heard(CallReleased, call, by="customer", cause="16")
    await scene.heard(CallReleased, call, by="customer", cause="16")
    await scene.over(contact)
    await scene.one_outcome(contact, "reached")


async def test_an_answering_machine_is_no_customer(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallProgress, call, what="callee_answered")
    await scene.heard(CallProgress, call, what="answered_by", value="machine_start")
    await scene.heard(CallReleased, call, by="platform", cause="completed")
    await scene.over(contact)
    assert [each["result"] for each in (await scene.promise(contact)).attempts] == ["answering_machine"]
    await scene.next_attempt(contact)


async def test_an_agents_dead_phone_counts_as_no_attempt(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallReleased, call, leg="agent", offer=f"{contact}/dial", by="platform", cause="unreachable")
    await scene.over(contact)
    again = await scene.next_attempt(contact, after_s=31)
    after = await scene.core.reads.contact(KANGJIA, again)
    assert after is not None
    assert after.context["attempt"] == 1
    call = await scene.dialled(again)
    await scene.heard(CallReleased, call, by="platform", cause="agent_busy")
    await scene.over(again)
    third = await scene.next_attempt(again, after_s=31)
    await scene.dialled(third)
    await scene.do(p.Finish(id="finish-3", contact=third, result="reached"))
    await scene.over(third)
    found = await scene.one_outcome(contact, "reached")
    assert [each["result"] for each in found.attempts] == ["not_dialled", "not_dialled", "reached"]


@pytest.mark.parametrize("result", ["reached", "wrong_number", "declined", "do_not_call"])
async def test_the_agents_word_is_the_outcome_where_the_platform_says_nothing(scene: Scene, result: str) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.do(p.Finish(id="finish-1", contact=contact, result=result))
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.over(contact)
    await scene.one_outcome(contact, result)


async def hang_ups(scene: Scene) -> list[str]:
    """The calls that the platform is told to end."""
    rows = await scene.core.pool.fetch("SELECT payload->>'call' AS call FROM outbox WHERE payload->>'verb' = 'hang_up'")
    return [row["call"] for row in rows]


async def test_an_agent_who_says_how_it_went_ends_the_call_that_is_still_there(scene: Scene) -> None:
    first = (await scene.asked()).contact
    call = await scene.dialled(first)
    await scene.heard(CallAnswered, call, agent="1002")
    await scene.do(p.Finish(id="finish-1", contact=first, result="reached"))
    assert await hang_ups(scene) == [call]


async def test_a_callback_that_was_not_dialled_or_is_over_needs_no_hanging_up(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    await scene.taken(contact)
    await scene.do(p.Finish(id="finish-1", contact=contact, result="declined"))
    await scene.over(contact)
    await talked(scene)
    assert await hang_ups(scene) == []


async def talked(scene: Scene) -> str:
    """A callback whose customer's phone was answered; the talk is over and the agent wraps up."""
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallAnswered, call, agent="1002")
    await scene.heard(CallReleased, call, by="customer", cause="16")
    await scene.house.until(lambda: bool(scene.house.of("wrap_up.began", contact=contact)))
    return contact


@pytest.mark.parametrize("result", ["wrong_number", "declined"])
async def test_the_agent_corrects_what_the_platform_told_as_reached(scene: Scene, result: str) -> None:
    contact = await talked(scene)
    said = p.WrapUpDone(id="wrap", contact=contact, result=result)
    assert await scene.do(said) == {}
    await scene.settled(contact)
    assert await scene.do(said) == {}, "the same command again is the same answer"
    found = await scene.promise(contact)
    assert (found.state, found.outcome, found.ended_by) == ("ended", result, "a1002")
    assert [(each["result"], each["by"], each["was"]) for each in found.attempts] == [(result, "a1002", "reached")]
    rows = await scene.core.pool.fetch("SELECT agent_id, data::text FROM facts WHERE kind = 'callback.corrected'")
    assert [row["agent_id"] for row in rows] == ["a1002"]
    assert '"was": "reached"' in rows[0]["data"].replace('":"', '": "')
    scene.clock.pass_s(100_000)
    assert await scene.fire("callback.next") == 0


async def test_a_finish_that_comes_after_the_platforms_word_corrects_it_too(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallAnswered, call, agent="1002")
    over = CallReleased(source="pbx-1", external_id="over", call=call, by="customer", cause="16")
    plan = await scene.core.intake._planners[CallReleased](over, scene.clock.now(), "")
    plan.changes.events.clear()  # the end of the talk is not decided yet
    await scene.core.stores.changes.apply(plan.changes)
    assert (await scene.promise(contact)).outcome == "reached"
    await scene.do(p.Finish(id="finish", contact=contact, result="wrong_number"))
    assert (await scene.promise(contact)).outcome == "wrong_number"


async def test_a_correction_that_makes_no_sense_or_comes_too_late_is_refused_by_name(scene: Scene) -> None:
    contact = await talked(scene)
    for result in ("no_answer", "busy", "nonsense"):
        with pytest.raises(Invalid) as wrong:
            await scene.do(p.WrapUpDone(id=f"wrap-{result}", contact=contact, result=result))
        assert (wrong.value.code, wrong.value.field) == ("result", "result")
    with pytest.raises(Forbidden):
        await scene.do(p.WrapUpDone(id="his", contact=contact, result="declined"), "a1003")
    await scene.over(contact)
    with pytest.raises(Conflict) as late:
        await scene.do(p.WrapUpDone(id="late", contact=contact, result="wrong_number"))
    assert (late.value.code, late.value.field) == ("too_late", "contact")
    await scene.one_outcome(contact, "reached")


async def test_who_says_that_he_reached_whom_the_platform_told_as_reached_changes_nothing(scene: Scene) -> None:
    contact = await talked(scene)
    assert await scene.do(p.WrapUpDone(id="wrap", contact=contact, result="reached")) == {}
    await scene.settled(contact)
    found = await scene.one_outcome(contact, "reached")
    assert "was" not in found.attempts[0]


async def test_only_what_was_reached_can_be_a_wrong_number(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    with pytest.raises(Conflict) as early:
        await scene.do(p.WrapUpDone(id="early", contact=contact, result="wrong_number"))
    assert early.value.code == "not_wrapping"
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.house.until(lambda: bool(scene.house.of("wrap_up.began", contact=contact)))
    for result in ("wrong_number", "reached"):
        with pytest.raises(Conflict) as wrong:
            await scene.do(p.WrapUpDone(id=f"busy-{result}", contact=contact, result=result))
        assert (wrong.value.code, wrong.value.field) == ("not_reached", "result")
    assert (await scene.promise(contact)).outcome == ""


async def test_a_wrap_up_that_runs_out_as_the_agent_corrects_keeps_his_word(scene: Scene) -> None:
    contact = await talked(scene)
    corrected = scene.attempts.corrected

    async def slowly(*given: Any) -> None:
        await corrected(*given)
        await scene.house.happen(WrappedUp(contact, "a1002"))
        await scene.house.until(lambda: bool(scene.house.of("contact.ended", contact=contact)))

    scene.attempts.corrected = slowly  # type: ignore[method-assign]
    assert await scene.do(p.WrapUpDone(id="wrap", contact=contact, result="wrong_number")) == {}
    assert (await scene.promise(contact)).outcome == "wrong_number"


async def test_a_contact_that_somebody_ends_untried_has_its_outcome_too(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    await scene.house.happen(Closed(contact, reason="answered by mail", by="boss"))
    await scene.settled(contact)
    await scene.one_outcome(contact, "closed")


async def test_a_wish_after_the_outcome_is_a_new_promise_and_one_between_attempts_joins(scene: Scene) -> None:
    first = (await scene.asked()).contact
    call = await scene.dialled(first)
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.over(first)
    joined = await scene.asked()
    assert joined.contact == first
    second = await scene.next_attempt(first, after_s=0)
    await scene.dialled(second)
    await scene.do(p.Finish(id="finish-2", contact=second, result="reached"))
    again = await scene.asked()
    assert again.contact == second
    await scene.over(second)
    third = await scene.next_attempt(second, after_s=31)
    assert (await scene.promise(first)).outcome == "reached"
    assert ((await scene.promise(third)).state, (await scene.promise(third)).attempts) == ("open", ())


# --- windows -------------------------------------------------------------------------------------------------


async def test_nobody_is_promised_a_call_at_night_where_he_is(scene: Scene) -> None:
    receipt = await scene.asked("+14155552671")
    found = await scene.promise(receipt.contact)
    # It is 18:00 on Sunday in San Francisco: until 20:00 there; four hours later not before 9:00 on Monday.
    opens = MORNING + 15 * 3600 * 1_000_000
    assert (found.window_from, found.window_until) == (MORNING, MORNING + 7200 * 1_000_000)
    scene.clock.pass_s(4 * 3600)
    second = await scene.asked("+14155552672")
    morning = await scene.promise(second.contact)
    assert morning.window_from == opens


# --- cancelling ----------------------------------------------------------------------------------------------


async def test_calling_again_cancels_the_callback_that_waits(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    receipt = await scene.cancelled_by_ivr("13800138000")
    assert (receipt.contact, "cancelled" in receipt.text) == (contact, True)
    await scene.settled(contact)
    found = await scene.one_outcome(contact, "cancelled")
    assert found.ended_by == "customer"
    nothing = await scene.cancelled_by_ivr()
    assert "No callback is outstanding" in nothing.text


async def test_an_ivr_of_the_platforms_own_asks_and_hears_when(scene: Scene) -> None:
    assert (await scene.sought_by_ivr()).instruction == "none"
    contact = (await scene.asked()).contact
    told = await scene.sought_by_ivr()
    assert (told.instruction, told.contact) == ("callback", contact)
    assert f"We will call {NUMBER} before" in told.text
    assert (await scene.promise(contact)).state == "open"
    await scene.cancelled_by_ivr()
    assert (await scene.sought_by_ivr()).instruction == "none"


async def test_who_waits_instead_at_an_own_ivr_is_not_called_once_an_agent_without_a_device_answered(
    scene: Scene,
) -> None:
    promise = (await scene.asked()).contact
    await scene.house.happen(SignedIn("a1001", ""))
    waits = CallOffered(
        source="pbx-1",
        external_id="waits",
        call="waits",
        dialled=HOTLINE,
        caller=NUMBER,
        alerting=False,
        path=("menu=wait",),
    )
    call = (await scene.core.intake.accept(waits)).contact
    await scene.house.until(lambda: bool(scene.house.of("contact.ended", contact=promise)))
    await scene.house.at_work("a1001")
    await scene.house.until(lambda: any(each.offer.contact == call for each in scene.house.of("offer.made")))
    (offered,) = [each.offer for each in scene.house.of("offer.made") if each.offer.contact == call]
    await scene.house.happen(OfferAccepted(offered.id, "a1001"))
    await scene.house.until(lambda: bool(scene.house.of("contact.assigned", contact=call)))
    assert (await scene.promise(promise)).state == "open"
    await scene.heard(CallReleased, "waits", by="customer")
    await scene.one_outcome(promise, "called_in")


async def test_a_callback_between_two_attempts_can_be_cancelled(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.over(contact)
    await scene.cancelled_by_ivr()
    await scene.one_outcome(contact, "cancelled")


async def test_an_agent_who_previews_is_free_again_when_the_customer_cancels(scene: Scene) -> None:
    contact = await scene.taken((await scene.asked()).contact)
    await scene.cancelled_by_ivr()
    await scene.settled(contact)
    with pytest.raises(Forbidden):
        await scene.do(p.Dial(id="dial-1", contact=contact))
    await scene.one_outcome(contact, "cancelled")
    other = (await scene.asked("13900139000")).contact
    await scene.taken(other)


async def test_a_callback_that_is_being_dialled_is_too_late_to_cancel(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    await scene.dialled(contact)
    token = scene.tokens.sign("ruixun", contact)
    assert "no longer" in (await scene.cancelled_by_ivr()).text
    assert (await scene.page.cancel(token, "en")).standing == "too_late"
    assert (await scene.promise(contact)).state == "dialling"


async def test_of_dialling_and_cancelling_at_once_one_wins(scene: Scene) -> None:
    contact = await scene.taken((await scene.asked()).contact)
    token = scene.tokens.sign("ruixun", contact)
    dialled, page = await asyncio.gather(
        scene.do(p.Dial(id="dial-1", contact=contact)), scene.page.cancel(token, "en"), return_exceptions=True
    )
    rows = await scene.row("SELECT count(*) AS n FROM outbox WHERE payload->>'verb' = 'dial'")
    found = await scene.promise(contact)
    assert not isinstance(page, BaseException)
    if isinstance(dialled, BaseException):
        assert isinstance(dialled, Conflict | Forbidden | StaleWrite)
        assert (page.standing, found.outcome, rows["n"]) == ("cancelled", "cancelled", 0)
    else:
        assert (page.standing, found.state, rows["n"]) == ("too_late", "dialling", 1)


async def test_the_link_shows_what_it_would_cancel_and_cancels_once(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    token = scene.tokens.sign("ruixun", contact)
    shown = await scene.page.look(token, "zh-CN")
    assert (shown.standing, "康佳" in shown.text, "瑞讯" in shown.text) == ("open", True, False)
    assert ("8000" in shown.text, NUMBER in shown.text) == (True, False)
    assert (await scene.promise(contact)).state == "open"
    for _ in range(2):
        page = await scene.page.cancel(token, "en")
        assert (page.standing, page.button) == ("cancelled", "")
    await scene.settled(contact)
    await scene.one_outcome(contact, "cancelled")


async def test_a_link_that_we_did_not_sign_or_too_long_ago_opens_nothing(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    token = scene.tokens.sign("ruixun", contact)
    for wrong in ("", token[:-2], "x" * 5000, scene.tokens.sign("ruixun", "ct_nobody")):
        with pytest.raises(NotFound) as refused:
            await scene.page.look(wrong, "en")
        assert refused.value.code == "callback_link"
    scene.clock.pass_s(31 * 24 * 3600)
    with pytest.raises(NotFound):
        await scene.page.cancel(token, "en")


# --- do not call ---------------------------------------------------------------------------------------------


async def listed(scene: Scene, number: str = "138 0013 8000") -> None:
    directory = scene.core.directories.of("ruixun")
    await scene.list.add(Scope("ruixun"), directory, client="kangjia", number=number, by="ops", reason="asked")


async def test_a_listed_number_is_refused_with_its_reason_and_recorded(scene: Scene) -> None:
    await listed(scene)
    receipt = await scene.asked(language="en")
    assert (receipt.refused, receipt.contact, receipt.instruction) == ("do_not_call", "", "hang_up")
    assert "not to be called" in receipt.text
    found = (await scene.core.reads.callbacks(KANGJIA, limit=5))[0]
    assert (await scene.one_outcome(found.id, "do_not_call")).number == NUMBER
    assert (await scene.row("SELECT count(*) AS n FROM contacts WHERE medium = 'callback'"))["n"] == 0


async def test_listing_a_number_ends_what_was_promised_to_it(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    await listed(scene)
    await scene.settled(contact)
    await scene.one_outcome(contact, "do_not_call")


async def test_a_number_that_is_listed_while_it_is_dialled_is_not_dialled_again(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    call = await scene.dialled(contact)
    await listed(scene)
    await scene.heard(CallReleased, call, by="platform", cause="busy")
    await scene.over(contact)
    await scene.one_outcome(contact, "do_not_call")


async def test_the_voice_message_of_a_listed_number_is_work_but_is_not_dialled(scene: Scene) -> None:
    await listed(scene)
    left = VoicemailLeft(
        source="pbx-1", external_id="vm-1", call="800-9", dialled=TOLL_FREE, caller=NUMBER, recording="rec-1"
    )
    contact = await scene.taken((await scene.core.intake.accept(left)).contact)
    with pytest.raises(Conflict) as refused:
        await scene.do(p.Dial(id="dial-1", contact=contact))
    assert (refused.value.code, refused.value.field) == ("do_not_call", "contact")
    await scene.do(p.Finish(id="finish-1", contact=contact, result="do_not_call"))
    await scene.over(contact)
    await scene.one_outcome(contact, "do_not_call")


async def test_a_caller_may_list_himself_and_be_taken_off_again(scene: Scene) -> None:
    contact = (await scene.asked()).contact
    wish = DoNotCall(source="pbx-1", external_id="never", call="800-3", dialled=HOTLINE, number=NUMBER, language="en")
    assert "will not call you" in (await scene.core.intake.accept(wish)).text
    await scene.settled(contact)
    await scene.one_outcome(contact, "do_not_call")
    directory = scene.core.directories.of("ruixun")
    await scene.list.remove(KANGJIA, directory, client="", number=NUMBER, by="desk")
    with pytest.raises(NotFound) as gone:
        await scene.list.remove(KANGJIA, directory, client="", number=NUMBER, by="desk")
    assert gone.value.code == "not_listed"
    assert (await scene.asked()).instruction == "callback"
