"""The desk's use cases on a real database with a real router."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest
from desk_floor import KANGJIA, Floor, principal, somebody_by_day
from house import house

from contactcenter.client import protocol as p
from contactcenter.errors import Conflict, Forbidden, Invalid, NotFound
from contactcenter.services.changes import Changes, TimerSet
from contactcenter.services.complaint_raising import Grievance
from contactcenter.services.seats import actor_of


@pytest.fixture
async def floor(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[Floor]:
    async with house(pool, tmp_path) as found:
        yield Floor(found)


async def raised(floor: Floor, contact: str, summary: str = "三次维修都没修好", **known: str) -> dict[str, object]:
    grievance = Grievance(summary=summary, **known)
    return await floor.complaints.raise_from(floor.seat(), contact=contact, grievance=grievance, stamp=floor.stamp())


# --- saying ------------------------------------------------------------------------------------------------


async def test_a_chat_message_is_numbered_and_said_once_per_command(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    command = p.Say(id="say-1", contact=contact, text="您好,马上为您查。")
    first, second = await floor.do(command), await floor.do(command)
    listed = await floor.do(p.Messages(id="list-1", contact=contact))
    assert (first["number"], second["duplicate"]) == (2, True)
    assert [each["sender"] for each in listed["messages"]] == ["customer", "agent"]
    assert listed["messages"][1]["agent"] == "1002"


async def test_the_same_command_id_with_other_words_is_refused(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    await floor.do(p.Say(id="say-1", contact=contact, text="您好"))
    with pytest.raises(Conflict, match="something else"):
        await floor.do(p.Say(id="say-1", contact=contact, text="再见"))


async def test_only_the_owner_speaks(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    with pytest.raises(Forbidden) as refused:
        await floor.do(p.Say(id="say-1", contact=contact, text="您好"), agent="a1003")
    assert refused.value.code == "not_yours"


async def test_another_clients_contact_does_not_exist_for_an_agent(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    with pytest.raises(NotFound):
        await floor.do(p.Say(id="say-1", contact=contact, text="您好"), agent="a1012")


async def test_no_customer_reads_the_providers_name(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    with pytest.raises(Invalid) as refused:
        await floor.do(p.Say(id="say-1", contact=contact, text="我是瑞 讯的客服"))
    assert (refused.value.code, refused.value.field) == ("brand", "text")


async def test_advice_on_wording_does_not_stop_a_message(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    answer = await floor.do(p.Say(id="say-1", contact=contact, text="请稍等"))
    assert answer["number"] == 2
    assert answer["warnings"][0]["suggestion"]


async def test_a_mail_reply_stays_in_its_thread_under_the_clients_name(floor: Floor) -> None:
    contact = await floor.taken(await floor.mail())
    await floor.do(p.Say(id="say-1", contact=contact, text="我们给您寄一个新的。"))
    row = await floor.row(
        "SELECT payload FROM outbox WHERE kind = 'mail' AND payload->>'in_reply_to' <> '' "
        "AND payload->>'text' LIKE '%寄一个新的%'"
    )
    sent = row["payload"]
    assert '"sender": "service@kangjia.example"' in sent
    assert "Re: 遥控器" in sent
    assert "康佳客户服务中心" in sent
    assert "1002" in sent
    assert "瑞讯" not in sent
    assert "000001" in sent


async def test_a_reply_answers_the_case_and_gives_it_an_owner(floor: Floor) -> None:
    contact = await floor.taken(await floor.mail())
    await floor.do(p.Say(id="say-1", contact=contact, text="我们给您寄一个新的。"))
    row = await floor.row("SELECT state, owner_id FROM cases")
    assert (row["state"], row["owner_id"]) == ("answered", "a1002")


# --- finishing ---------------------------------------------------------------------------------------------


async def test_a_mail_is_not_finished_without_a_reply_or_a_reason(floor: Floor) -> None:
    contact = await floor.taken(await floor.mail())
    with pytest.raises(Invalid) as refused:
        await floor.do(p.Finish(id="finish-1", contact=contact))
    assert (refused.value.code, refused.value.field) == ("no_reply", "no_reply_reason")
    assert await floor.do(p.Finish(id="finish-2", contact=contact, no_reply_reason="spam")) == {}


async def test_a_command_of_the_wrong_state_is_refused_with_the_routers_code(floor: Floor) -> None:
    await floor.taken(await floor.chat())
    with pytest.raises(Conflict):
        await floor.do(p.Accept(id="accept-again", offer="ct_nothing/1/a1002"))


async def test_a_complaint_is_handed_to_a_person_never_to_a_view(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    await raised(floor, contact)
    with pytest.raises(Conflict) as refused:
        await floor.do(p.Transfer(id="transfer-1", contact=contact, view="chat"))
    assert refused.value.code == "blind_transfer"
    assert await floor.do(p.Transfer(id="transfer-2", contact=contact, agent="1001", reason="asks for a leader")) == {}


# --- callbacks ---------------------------------------------------------------------------------------------


async def test_a_callback_is_dialled_once_and_recorded_first(floor: Floor) -> None:
    contact = await floor.given_back()
    first = await floor.do(p.Dial(id="dial-1", contact=contact))
    assert first["number"] == "+8613800138000"
    assert (await floor.do(p.Dial(id="dial-1", contact=contact)))["duplicate"]
    with pytest.raises(Conflict) as refused:
        await floor.do(p.Dial(id="dial-2", contact=contact))
    assert refused.value.code == "already_dialled"
    assert (await floor.row("SELECT count(*) AS n FROM outbox WHERE payload->>'verb' = 'dial'"))["n"] == 1
    assert (await floor.house.facts(contact)).count("callback.dialled") == 1


async def test_an_unanswered_callback_is_tried_again_at_its_old_place(floor: Floor) -> None:
    contact = await floor.given_back()
    await floor.do(p.Finish(id="finish-1", contact=contact, result="no_answer"))
    await floor.do(p.WrapUpDone(id="wrap-1", contact=contact))
    assert await floor.fire("callback.next") == 0
    floor.clock.pass_s(900)
    assert await floor.fire("callback.next") == 1
    before = await floor.core.reads.contact(KANGJIA, contact)
    row = await floor.row(
        "SELECT id, enqueued_at, origin_id FROM contacts WHERE medium = 'callback' AND id <> $1", contact
    )
    after = await floor.core.reads.contact(KANGJIA, row["id"])
    assert before is not None
    assert after is not None
    assert (after.enqueued_at, after.context["attempt"]) == (before.enqueued_at, 2)
    assert after.origin == contact


async def test_a_reached_customer_is_not_called_again(floor: Floor) -> None:
    contact = await floor.given_back()
    await floor.do(p.Finish(id="finish-1", contact=contact, result="reached"))
    floor.clock.pass_s(900)
    assert await floor.fire("callback.next") == 0
    row = await floor.row("SELECT data FROM facts WHERE kind = 'callback.attempted'")
    assert '"final": true' in row["data"]


# --- cases -------------------------------------------------------------------------------------------------


async def test_a_repair_is_promised_for_the_same_day_and_its_breach_is_kept(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = await floor.do(p.OpenCase(id="open-1", contact=contact, kind="repair", subject="没有声音"))
    assert case["due_at"] == "2026-03-02T10:00:00.000000Z"
    assert "2026-03-02 18:00" in case["due_text"]
    floor.clock.pass_s(8 * 3600)
    assert await floor.fire("case.due") == 1
    assert await floor.fire("case.due") == 0
    closing = p.CloseCase(id="close-1", case=case["case"], outcome="resolved", proof="客户确认")
    assert (await floor.do(closing))["state"] == "resolved"
    row = await floor.row("SELECT breached_at, closed_at FROM cases WHERE id = $1", case["case"])
    assert row["breached_at"] is not None
    assert (await floor.kinds(case["case"])).count("case.breached") == 1


async def test_resolved_needs_proof_and_giving_up_is_another_end(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = await floor.do(p.OpenCase(id="open-1", contact=contact, kind="claim"))
    with pytest.raises(Invalid) as refused:
        await floor.do(p.CloseCase(id="close-1", case=case["case"], outcome="resolved"))
    assert refused.value.field == "proof"
    assert (await floor.do(p.CloseCase(id="close-2", case=case["case"], outcome="gave_up")))["state"] == "gave_up"


# --- complaints --------------------------------------------------------------------------------------------


async def test_a_complaint_enters_at_the_seat_and_moves_the_contact_ahead(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    complaint = await raised(floor, contact, cause="repair_quality", desired_remedy="refund")
    assert complaint["level"] == 0
    await floor.house.until(lambda: bool(floor.house.of("contact.changed", contact=contact)))
    kinds = await floor.kinds(str(complaint["case"]))
    assert {"case.opened", "complaint.raised", "complaint.accepted"} <= set(kinds)


async def test_severe_words_send_it_to_the_supervisor_at_once(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    assert (await raised(floor, contact, summary="不解决我就打12315"))["level"] == 1


async def test_a_severe_note_sends_it_up_too(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    complaint = await raised(floor, contact)
    answer = await floor.do(p.Note(id="note-1", case=str(complaint["case"]), text="客户说要找记者曝光"))
    assert answer["level"] == 1


async def test_it_climbs_to_the_clients_desk_by_hand_and_the_letter_names_no_provider(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = str((await raised(floor, contact))["case"])
    up = [
        await floor.do(p.Escalate(id=f"up-{n}", case=case, reason="customer_asks_leader", note="要求主管"))
        for n in (1, 2)
    ]
    assert [each["level"] for each in up] == [1, 2]
    letters = await floor.core.pool.fetch(
        "SELECT payload FROM outbox WHERE payload->>'to' = 'complaints@kangjia.example'"
    )
    assert len(letters) == 1
    assert "三次维修都没修好" in letters[0]["payload"]
    assert "瑞讯" not in letters[0]["payload"]
    assert "ruixun" not in letters[0]["payload"].lower()


async def test_an_overdue_acceptance_climbs_once_for_each_level(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = str((await raised(floor, contact, accused="1002"))["case"])
    levels = []
    for _ in range(4):
        floor.clock.pass_s(7200)
        await floor.fire("complaint.accept")
        levels.append((await floor.row("SELECT level FROM complaints WHERE case_id = $1", case))["level"])
    assert levels == [2, 3, 4, 4]
    assert await floor.fire("complaint.accept") == 0
    assert (await floor.kinds(case)).count("complaint.escalated") == 4


async def test_each_level_accepts_for_itself_and_decides_within_its_money(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = str((await raised(floor, contact, summary="不解决我就打12315"))["case"])
    directory = floor.office.directory("ruixun")
    agent, boss = (actor_of(principal("agent", name), directory) for name in ("a1003", "a1001"))
    with pytest.raises(Forbidden) as refused:
        await floor.complaints.accept(agent, case=case)
    assert refused.value.code == "wrong_level"
    await floor.complaints.accept(boss, case=case)
    with pytest.raises(Conflict) as above:
        await floor.complaints.decide(boss, case=case, decision="退款", remedy="refund", amount_fen=100_001)
    assert above.value.code == "above_limit"
    decided = await floor.complaints.decide(boss, case=case, decision="退款", remedy="refund", amount_fen=100_000)
    assert decided["verdict"] == "grant"
    floor.clock.pass_s(86_400)
    assert await floor.fire("complaint.decide") == 0


async def test_the_clients_desk_acts_on_its_own_level_only(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = str((await raised(floor, contact))["case"])
    directory = floor.office.directory("ruixun")
    client, stranger = (actor_of(principal("client", f"{c}-desk", c), directory) for c in ("kangjia", "xinghai"))
    with pytest.raises(Forbidden):
        await floor.complaints.accept(client, case=case)
    with pytest.raises(NotFound):
        await floor.complaints.accept(stranger, case=case)
    for n in (1, 2):
        await floor.do(p.Escalate(id=f"up-{n}", case=case, reason="other"))
    assert (await floor.complaints.accept(client, case=case))["level"] == 2


async def test_the_accused_neither_keeps_nor_closes_his_complaint(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    complaint = await raised(floor, contact, accused="1002")
    assert complaint["level"] == 1
    with pytest.raises(Forbidden):
        await floor.do(p.CloseCase(id="close-1", case=str(complaint["case"]), outcome="gave_up"))


async def test_a_complaint_closes_through_its_gates(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = str((await raised(floor, contact))["case"])
    with pytest.raises(Conflict) as refused:
        await floor.do(p.CloseCase(id="close-1", case=case, outcome="resolved", proof="已换新"))
    assert refused.value.code == "thank_first"
    assert (await floor.do(p.CloseCase(id="close-2", case=case, outcome="gave_up")))["state"] == "gave_up"
    floor.clock.pass_s(86_400)
    assert await floor.fire("complaint.decide") == 0


# --- deadlines that nobody knows ---------------------------------------------------------------------------


async def test_a_timer_of_an_unknown_kind_is_kept_and_never_comes_again(floor: Floor) -> None:
    timer = TimerSet(
        id="tm_1", kind="horoscope", provider="ruixun", client="kangjia", subject="x", due_at=floor.clock.now()
    )
    await floor.core.stores.changes.apply(Changes(timers=[timer]))
    assert [await floor.fire("horoscope"), await floor.fire("horoscope")] == [1, 0]
    assert (await floor.row("SELECT source FROM quarantine"))["source"] == "timer:horoscope"


async def test_two_workers_fire_a_timer_once(floor: Floor) -> None:
    contact = await floor.taken(await floor.chat())
    case = await floor.do(p.OpenCase(id="open-1", contact=contact, kind="repair"))
    floor.clock.pass_s(8 * 3600)
    due = [each for each in await floor.core.stores.timers.due(floor.clock.now(), 100) if each.kind == "case.due"]
    await asyncio.gather(*(floor.deadlines.handle(due[0]) for _ in range(4)))
    assert (await floor.kinds(case["case"])).count("case.breached") == 1


# --- the screen-pop ----------------------------------------------------------------------------------------


async def test_a_card_greets_for_the_client_and_hides_what_is_not_needed(floor: Floor) -> None:
    number = somebody_by_day(floor.core.clock.now())
    contact = await floor.taken(await floor.callback(number))
    card = await floor.screen_pop.card(KANGJIA, contact, agent="a1002", language="en")
    assert "康佳" in card.greeting
    assert "1002" in card.greeting
    assert "瑞讯" not in card.greeting
    assert card.tier_label == "Iron"
    assert card.why
    assert number[-8:] not in str(card)
    assert number[-4:] in card.address


async def test_a_card_shows_earlier_contacts_and_open_cases(floor: Floor) -> None:
    first = await floor.taken(await floor.mail("han@mail.example"))
    await floor.do(p.Say(id="say-1", contact=first, text="已经安排。"))
    second = await floor.mail("han@mail.example")
    card = await floor.screen_pop.card(KANGJIA, second, agent="a1002", language="en")
    assert [each["contact"] for each in card.history] == [first]
    assert [each["number"] for each in card.cases] == ["000002", "000001"]
