"""From the door to the owner, on a real database: what is stored, decided, refused and kept."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import msgspec
import pytest
from house import EXAMPLE, HOTLINE, OTHER_LINE, TOLL_FREE, House, house

from channels import port
from contactcenter.clock import to_micros
from contactcenter.services.changes import Changes, NewEvent
from contactcenter.services.late_instructions import LateInstructions
from contactcenter.services.replaying import Replaying
from routing.events import Finished, OfferAccepted, OfferDeclined, SignedOut, WrappedUp


@pytest.fixture
async def home(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[House]:
    async with house(pool, tmp_path) as found:
        yield found


async def test_a_call_reaches_an_agent_and_every_step_is_a_fact(home: House) -> None:
    await home.at_work("a1002")
    receipt = await home.call()
    assert receipt.instruction == "queue"
    await home.until(lambda: bool(home.of("offer.made")))
    offer = home.of("offer.made")[0]
    await home.happen(OfferAccepted(offer.offer.id, "a1002"))
    await home.happen(Finished(receipt.contact, "a1002"), WrappedUp(receipt.contact, "a1002"))
    await home.until(lambda: bool(home.of("contact.ended")))
    assert await home.facts(receipt.contact) == [
        "contact.opened",
        "contact.queued",
        "offer.made",
        "offer.ended",
        "contact.assigned",
        "wrap_up.began",
        "assignment.ended",
        "contact.ended",
    ]
    row = await home.core.pool.fetchrow("SELECT state, owner_id, outcome FROM contacts")
    assert tuple(row) == ("ended", "a1002", "finished")


@pytest.mark.parametrize("policy", ["alerting", "enqueue"])
async def test_rings_are_counted_from_where_the_line_says_also_when_ringing_begins_late(
    home: House, policy: str
) -> None:
    """B01: after an announcement the caller hears ringing; from then on his three rings run, and are measured."""
    line = f'number: "{HOTLINE}", '
    await home.core.configuring.apply("", EXAMPLE.replace(line, f"{line}clock_from: {policy}, "), by="test")
    await home.core.directories.refresh()
    await home.at_work("a1002")
    came = await home.call(alerting=False)
    await home.until(lambda: bool(home.of("offer.made")))
    await home.core.intake.accept(port.CallAlerting(source="pbx-1", external_id="rings", call="call-1"))
    await home.happen(OfferAccepted(home.of("offer.made")[0].offer.id, "a1002"))
    await home.until(lambda: bool(home.of("contact.assigned")))
    row = await home.core.pool.fetchrow("SELECT enqueued_at, deadline, answered_at FROM contacts")
    began = to_micros(row["answered_at"]) - home.of("contact.assigned", contact=came.contact)[0].waited
    heard = to_micros(row["deadline"]) - 15_000_000
    assert began == (heard if policy == "alerting" else to_micros(row["enqueued_at"]))
    assert bool(home.of("contact.changed")) is (policy == "alerting")


async def test_the_eleventh_call_is_told_what_to_do_and_nobody_else_rings(home: House) -> None:
    """I4: the other clients' idle people hear nothing of it."""
    await home.at_work(*(f"a10{number:02d}" for number in range(1, 11)), "a1012", "a1013", "a1033")
    first = [await home.call() for _ in range(10)]
    assert {receipt.instruction for receipt in first} == {"queue"}
    eleventh = await home.call(TOLL_FREE)
    assert eleventh.instruction == "callback"
    assert "康佳" in eleventh.text
    assert "瑞讯" not in eleventh.text
    rung = {effect.agent for effect in home.of("offer.made")}
    assert rung <= {f"a10{number:02d}" for number in range(1, 11)}
    blocked = home.of("contact.blocked")
    assert [(effect.reason, effect.used, effect.limit) for effect in blocked] == [("lines_busy", 10, 10)]


async def test_a_call_of_another_client_never_reaches_the_leased_ten(home: House) -> None:
    await home.at_work("a1002", "a1012")
    await home.call(OTHER_LINE)
    await home.until(lambda: bool(home.of("offer.made")))
    assert home.of("offer.made")[0].agent == "a1012"


async def test_a_repeated_event_gets_the_first_answer_and_changes_nothing(home: House) -> None:
    await home.at_work("a1002")
    first = await home.call(call="same", caller="13900001111")
    again = await home.call(call="same", caller="13900001111")
    assert again.duplicate
    assert again.contact == first.contact
    assert await home.core.pool.fetchval("SELECT count(*) FROM contacts") == 1


async def test_another_content_under_the_same_id_is_refused(home: House) -> None:
    await home.call(call="same", caller="13900001111")
    with pytest.raises(port.DifferentPayload):
        await home.call(call="same", caller="13900002222")


async def test_an_unknown_line_is_refused_and_kept(home: House) -> None:
    with pytest.raises(port.UnknownDoor):
        await home.call("123456")
    kept = await home.core.pool.fetchrow("SELECT source, payload FROM quarantine")
    assert kept["source"] == "pbx-1"
    assert b"123456" in kept["payload"]
    assert await home.core.pool.fetchval("SELECT count(*) FROM contacts") == 0


async def test_a_caller_who_hangs_up_before_he_was_heard_of_is_counted_once(home: House) -> None:
    released = port.CallReleased(source="pbx-1", external_id="late-released", call="late")
    await home.core.intake.accept(released)
    receipt = await home.call(call="late")
    await home.until(lambda: bool(home.of("contact.ended") or home.of("contact.blocked")))
    assert await home.core.pool.fetchval("SELECT count(*) FROM contacts WHERE state = 'ended'") == 1
    assert receipt.contact


async def test_a_callback_keeps_the_place_of_the_call_and_joins_the_one_that_waits(home: House) -> None:
    blocked = await home.call(TOLL_FREE, call="c1", caller="13900003333")
    wish = {"source": "pbx-1", "call": "c1", "dialled": TOLL_FREE, "number": "13900003333"}
    promised = await home.core.intake.accept(port.CallbackRequested(external_id="wish-1", **wish))
    again = await home.core.intake.accept(port.CallbackRequested(external_id="wish-2", **wish))
    assert promised.contact == again.contact != blocked.contact
    row = await home.core.pool.fetchrow(
        "SELECT back.enqueued_at = call.enqueued_at AS same, back.medium, back.origin_id FROM contacts back "
        "JOIN contacts call ON call.id = back.origin_id"
    )
    assert tuple(row) == (True, "callback", blocked.contact)
    assert (await home.facts(promised.contact)).count("callback.joined") == 1


async def test_a_voicemail_becomes_work_with_its_recording(home: House) -> None:
    left = port.VoicemailLeft(
        source="pbx-1",
        external_id="vm",
        call="c9",
        dialled=HOTLINE,
        caller="13900004444",
        recording="s3://1",
        seconds=9,
    )
    receipt = await home.core.intake.accept(left)
    context = await home.core.pool.fetchval("SELECT context FROM contacts WHERE id = $1", receipt.contact)
    assert "s3://1" in context


async def test_a_mail_opens_a_case_is_acknowledged_and_its_thread_stays_one_contact(home: House) -> None:
    mail = port.MailArrived(
        source="service@kangjia.example",
        external_id="<1@customer.example>",
        mailbox="service@kangjia.example",
        sender="li@customer.example",
        sender_name="李",
        subject="电视没有声音",
        text="请帮忙",
        message_id="<1@customer.example>",
        language="zh-CN",
    )
    first = await home.core.intake.accept(mail)
    more = port.MailArrived(
        source=mail.source,
        external_id="<2@customer.example>",
        mailbox=mail.mailbox,
        sender=mail.sender,
        subject="Re: 电视没有声音",
        text="补充",
        message_id="<2@customer.example>",
        references=("<1@customer.example>",),
    )
    second = await home.core.intake.accept(more)
    assert first.contact == second.contact
    sent = await home.core.pool.fetchval("SELECT payload FROM outbox WHERE kind = 'mail'")
    assert "康佳" in sent
    assert "瑞讯" not in sent
    case = await home.core.pool.fetchrow("SELECT number, due_at > opened_at AS later FROM cases")
    assert case["later"]
    assert case["number"] in sent
    assert await home.core.pool.fetchval("SELECT max(seq) FROM messages") == 2


async def test_a_declined_call_goes_on_to_the_next_and_the_log_replays_without_a_difference(home: House) -> None:
    await home.at_work("a1002", "a1003")
    receipt = await home.call()
    await home.until(lambda: bool(home.of("offer.made")))
    first = home.of("offer.made")[0]
    await home.happen(OfferDeclined(first.offer.id, first.agent))
    await home.until(lambda: len(home.of("offer.made")) == 2)
    second = home.of("offer.made")[1]
    assert second.agent != first.agent
    await home.happen(OfferAccepted(second.offer.id, second.agent), SignedOut(first.agent))
    await home.until(lambda: bool(home.of("contact.assigned", contact=receipt.contact)))
    report = await Replaying(home.core.stores.routing).run("ruixun")
    assert report.decisions > 8
    assert report.differences == ()


async def test_an_instruction_that_came_too_late_follows_as_a_command(pool: asyncpg.Pool, tmp_path: Path) -> None:
    async with house(pool, tmp_path, routed=False, first_decision_ms=20) as home:
        core = home.core
        receipt = await home.call(TOLL_FREE, call="slow")
        assert receipt.pending
        late = LateInstructions(
            store=core.stores.changes,
            reads=core.reads,
            bus=core.bus,
            directories=core.directories,
            instructions=core.instructions,
            clock=core.clock,
        )
        (promised,) = await core.stores.timers.due(core.clock.now(), 10)
        await late.handle(promised)
        assert await core.pool.fetchval("SELECT count(*) FROM outbox") == 0
        home.supervisor.run("router", home.router().run)
        await home.until(lambda: bool(home.of("contact.blocked")))
        (promised,) = await core.stores.timers.due(core.clock.now() + 2_000_000, 10)
        await late.handle(promised)
        sent = await core.pool.fetchval("SELECT payload FROM outbox")
        assert await core.stores.timers.due(core.clock.now() + 2_000_000, 10) == []
    command = msgspec.json.decode(sent, type=port.PhoneCommand)
    assert (command.verb, command.call, command.treatment) == ("treat", "slow", "callback")
    assert "康佳" in command.text


async def test_a_restarted_router_goes_on_where_the_last_one_stopped(pool: asyncpg.Pool, tmp_path: Path) -> None:
    async with house(pool, tmp_path) as home:
        await home.at_work("a1002")
        receipt = await home.call()
        await home.until(lambda: bool(home.of("offer.made")))
        await home.supervisor.stop("router")
        await home.happen(OfferAccepted(home.of("offer.made")[0].offer.id, "a1002"))
        home.supervisor.run("router", home.router("two").run)
        await home.until(lambda: bool(home.of("contact.assigned", contact=receipt.contact)))
        report = await Replaying(home.core.stores.routing).run("ruixun")
    assert report.epochs == 2
    assert report.differences == ()


async def test_two_routers_never_write_together(pool: asyncpg.Pool, tmp_path: Path) -> None:
    async with house(pool, tmp_path) as home:
        home.supervisor.run("second", home.router("two").run)
        await home.at_work("a1002")
        receipts = [await home.call() for _ in range(5)]
        await home.until(lambda: bool(home.of("contact.queued")))
        seqs = await pool.fetch("SELECT seq FROM routing_events WHERE seq IS NOT NULL ORDER BY seq")
    assert [row["seq"] for row in seqs] == list(range(1, len(seqs) + 1))
    assert len(receipts) == 5


async def test_an_event_that_cannot_be_read_is_set_aside_and_the_rest_goes_on(home: House) -> None:
    await home.core.pool.execute(
        "INSERT INTO routing_events (domain_id, event, received_at) VALUES ('ruixun', '{\"type\": \"bogus\"}', now())"
    )
    await home.core.stores.changes.apply(
        Changes(events=[NewEvent(domain="ruixun", event=SignedOut("a1002"), received_at=home.core.clock.now())])
    )
    await home.core.bus.publish("domain:ruixun")
    await home.at_work("a1002")
    problem = await home.core.pool.fetchval("SELECT problem FROM routing_events WHERE problem <> ''")
    assert "bogus" in problem or "Invalid" in problem
