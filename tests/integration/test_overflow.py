"""When nobody can take a contact, on a real database: full queues, long waits, closed doors, a second lease."""

from __future__ import annotations

import asyncio
import datetime as dt
import re
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from desk_floor import Floor, somebody_by_day
from house import EXAMPLE, HOTLINE, TOLL_FREE, House, house
from msgspec.structs import replace

from channels import port
from channels.chat.ports import Waiting
from contactcenter.client import protocol as p
from contactcenter.clock import to_datetime
from contactcenter.domain import configuration as c
from contactcenter.domain.configuration_rules import check, dump_yaml, load_yaml
from contactcenter.errors import Forbidden
from contactcenter.metrics.recompute import day_table
from contactcenter.services.notices import NoticePush, decode_push
from contactcenter.services.queue_ages import QueueAges
from contactcenter.services.reporting import QueueBoard
from contactcenter.services.views import DueTimer, Scope
from contactcenter.wiring.chat_house import Conversations
from contactcenter.wiring.firing import chats_turned_away, late_instructions
from contactcenter.workers.queue_watch import QueueWatch
from routing.events import Closed, Finished, OfferAccepted, PresenceSet, SignedIn
from routing.model import PresenceState

DEMO = load_yaml(EXAMPLE)
SITE = "kangjia-web"
KANGJIA = Scope("ruixun", "kangjia")
HOUR = 3_600_000_000
LATER = 60_000_000
SHANGHAI = dt.timezone(dt.timedelta(hours=8))
Open = Callable[[c.Document], AbstractAsyncContextManager[House]]


@pytest.fixture
def opened(pool: asyncpg.Pool, tmp_path: Path) -> Open:
    return lambda document: house(pool, tmp_path, configuration=dump_yaml(check(document)))


@pytest.fixture
async def plain(pool: asyncpg.Pool, tmp_path: Path) -> AsyncIterator[House]:
    async with house(pool, tmp_path) as found:
        yield found


def view(index: int, **changes: Any) -> c.Document:
    views = list(DEMO.views)
    views[index] = replace(views[index], **changes)
    return replace(DEMO, views=tuple(views))


def bounded(medium: str, **bounds: Any) -> c.Document:
    return view({"voice": 0, "chat": 1}[medium], overflow=c.Overflow(**bounds))


def closed(document: c.Document = DEMO, **doors: str) -> c.Document:
    """A calendar that is open day and night but for these days; each named section's first door keeps its hours."""
    today = dt.datetime.now(SHANGHAI).date()
    shut = tuple(c.Override(today + dt.timedelta(days=day)) for day in (-1, 0, 1))
    document = replace(document, calendars=(*document.calendars, replace(DEMO.calendars[2], id="shut", overrides=shut)))
    for section, answer in doors.items():
        first, *rest = getattr(document, section)
        kept = replace(first, hours=c.Hours("shut", answer))
        document = replace(document, **{section: (kept, *rest)})
    return document


async def seated(home: House, *agents: str) -> None:
    """They hold their seats, so that lines are staffed, and take nothing."""
    for agent in agents:
        await home.happen(SignedIn(agent, ""))
    await home.until(lambda: len(home.of("presence.changed")) >= len(agents))


async def fire(home: House, kind: str) -> DueTimer:
    """Handle the one timer of this kind that is due."""
    (timer,) = [x for x in await home.core.stores.timers.due(home.core.clock.now() + LATER, 50) if x.kind == kind]
    service: Any = chats_turned_away(home.core) if kind.startswith("chat") else late_instructions(home.core)
    await service.handle(timer)
    assert kind not in [x.kind for x in await home.core.stores.timers.due(home.core.clock.now() + LATER, 50)]
    return timer


async def commands(home: House) -> list[port.PhoneCommand]:
    rows = await home.core.pool.fetch("SELECT payload FROM outbox WHERE kind = 'phone' ORDER BY created_at")
    return [msgspec.json.decode(row["payload"], type=port.PhoneCommand) for row in rows]


async def contact(home: House, name: str) -> asyncpg.Record:
    return await home.core.pool.fetchrow("SELECT * FROM contacts WHERE id = $1", name)


async def imbalance(home: House) -> int:
    """Of the live board, and of the day recomputed from its facts."""
    board = QueueBoard(home.core.reads, home.core.clock, zone_of=lambda _: dt.UTC)
    live = (await board.live(Scope("ruixun"))).conservation.imbalance
    facts = [fact async for fact in home.core.reads.facts_between(Scope("ruixun"), 0, home.core.clock.now() + LATER)]
    table = day_table(facts, {})
    return abs(live) + abs(table.imbalance)


# --- visitors ---------------------------------------------------------------------------------------------------


async def visit(home: House, session: str = "s1", **known: str) -> port.Receipt:
    return await home.core.intake.accept(
        port.ChatOpened(source=SITE, external_id=session, site=SITE, session=session, language="en", **known)
    )


async def say(home: House, text: str, session: str = "s1") -> port.Receipt:
    number = await home.core.pool.fetchval("SELECT count(*) FROM messages")
    said = port.ChatSaid(source=SITE, external_id=f"{session}:{number}", site=SITE, session=session, text=text)
    return await home.core.intake.accept(said)


async def leave(home: House, session: str = "s1") -> None:
    gone = port.ChatLeft(source=SITE, external_id=f"{session}:left", site=SITE, session=session)
    await home.core.intake.accept(gone)


async def window(home: House, session: str = "s1") -> list[tuple[str, str]]:
    """What stands in the visitor's window: sender and text."""
    rows = await home.core.pool.fetch(
        "SELECT m.sender, m.text FROM messages m JOIN conversations c ON c.id = m.conversation_id "
        "WHERE c.thread = $1 ORDER BY m.seq",
        session,
    )
    return [(row["sender"], row["text"]) for row in rows]


# --- calls --------------------------------------------------------------------------------------------------------


async def test_a_call_that_finds_the_queue_full_gets_its_instruction_in_the_reply(opened: Open) -> None:
    async with opened(bounded("voice", max_length=1, answer="callback")) as home:
        await seated(home, "a1002", "a1003", "a1004")
        first, second = await home.call(), await home.call(call="full", caller="13900007777", language="en")
        assert (first.instruction, second.instruction) == ("queue", "callback")
        assert "Kangjia" in second.text
        assert "call you back before" in second.text
        (blocked,) = home.of("contact.blocked")
        assert (blocked.reason, blocked.used, blocked.limit, blocked.treatment) == ("queue_full", 1, 1, "callback")
        again = await home.call(call="full", caller="13900007777", language="en")
        assert (again.duplicate, again.instruction, again.text) == (True, second.instruction, second.text)
        row = await contact(home, second.contact)
        assert (row["state"], row["outcome"]) == ("ended", "blocked")
        assert await imbalance(home) == 0


def hung_up(call: str) -> port.CallReleased:
    return port.CallReleased(source="pbx-1", external_id=f"{call}-gone", call=call, by="customer", cause="normal")


async def told(home: House, contact: str, kind: str) -> list[dict[str, Any]]:
    rows = await home.core.pool.fetch(
        "SELECT data::text FROM facts WHERE contact_id = $1 AND kind = $2 ORDER BY at, id", contact, kind
    )
    return [msgspec.json.decode(row["data"]) for row in rows]


async def test_a_caller_who_was_turned_away_hangs_up_on_record_and_nothing_is_refused(opened: Open) -> None:
    async with opened(bounded("voice", max_length=1)) as home:
        await seated(home, "a1002", "a1003")
        await home.call()
        blocked = await home.call(call="full")
        await home.core.intake.accept(hung_up("full"))
        await home.call()  # decided after all that came before it
        assert await told(home, blocked.contact, "call.progress") == [
            {"what": "customer_released", "value": "normal", "by": "customer"}
        ]
        assert home.of("command.refused") == []


async def test_a_contact_that_ends_between_the_look_and_the_write_takes_the_hang_up_without_harm(plain: House) -> None:
    """The router refuses what it is told too late, and the call has its own end on record."""
    await seated(plain, "a1002")
    call = await plain.call(call="late")
    looks = plain.core.intake._looks
    look = looks[port.CallReleased]

    async def slowly(inbound: Any) -> Any:
        seen = await look(inbound)
        await plain.happen(Closed(call.contact, reason="test", by="a1009"))
        await plain.until(lambda: bool(plain.of("contact.ended")))
        return seen

    looks[port.CallReleased] = slowly
    await plain.core.intake.accept(hung_up("late"))
    await plain.until(lambda: bool(plain.of("command.refused", contact=call.contact)))
    assert [each.how for each in plain.of("contact.ended")] == ["closed"]
    row = await contact(plain, call.contact)
    assert (row["state"], row["outcome"]) == ("ended", "closed")
    stored = await plain.core.reads.call("pbx-1", "late")
    assert stored is not None
    life = msgspec.json.decode(stored.life)
    assert (life["state"], life["released_by"], life["cause"]) == ("released", "customer", "normal")


async def test_another_clients_queue_of_the_same_view_is_counted_by_itself(opened: Open) -> None:
    async with opened(bounded("voice", max_length=1)) as home:
        await seated(home, "a1002", "a1003", "a1012")
        await home.call()
        assert (await home.call("4000000201")).instruction == "queue"


async def test_a_call_that_waited_too_long_is_told_by_a_command_and_its_voicemail_keeps_the_place(
    opened: Open,
) -> None:
    async with opened(bounded("voice", max_wait_s=1)) as home:
        await seated(home, "a1002")
        call = await home.call(call="long", caller="13900008888", language="en")
        assert call.instruction == "queue"
        await home.until(lambda: bool(home.of("contact.ended")))
        assert [fact for fact in await home.facts(call.contact) if fact.startswith("contact.")] == [
            "contact.opened",
            "contact.queued",
            "contact.overflowed",
            "contact.ended",
        ]
        await fire(home, "call.overflowed")
        (command,) = await commands(home)
        assert (command.verb, command.call, command.treatment) == ("treat", "long", "voicemail")
        assert command.language == "en"
        assert "your place is kept" in command.text
        left = port.VoicemailLeft(
            source="pbx-1",
            external_id="vm",
            call="long",
            dialled=HOTLINE,
            caller="13900008888",
            recording="r",
            seconds=9,
        )
        message = (await home.core.intake.accept(left)).contact
        await home.until(lambda: bool(home.of("contact.queued", contact=message)))
        back, row = await contact(home, message), await contact(home, call.contact)
        assert (row["state"], row["outcome"]) == ("ended", "overflowed")
        assert (back["enqueued_at"], back["origin_id"]) == (row["enqueued_at"], call.contact)
        repeated = await home.call(call="long", caller="13900008888", language="en")
        assert repeated.instruction == "voicemail"
        assert await imbalance(home) == 0


async def test_a_call_that_overflows_before_it_was_told_anything_hears_of_the_overflow_only(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    document = dump_yaml(bounded("voice", max_wait_s=1, answer="ivr"))
    async with house(pool, tmp_path, routed=False, first_decision_ms=20, configuration=document) as home:
        await home.happen(SignedIn("a1002", ""))
        assert (await home.call(call="slow")).pending
        home.supervisor.run("router", home.router().run)
        await home.until(lambda: bool(home.of("contact.overflowed")))
        await fire(home, "call.instruct")
        await fire(home, "call.overflowed")
        assert [(command.verb, command.treatment) for command in await commands(home)] == [("treat", "ivr")]


async def test_a_call_that_comes_outside_the_hours_is_told_when_the_line_opens(opened: Open) -> None:
    async with opened(closed(lines="ivr")) as home:
        await home.at_work("a1002")
        call = await home.call(language="en")
        assert call.instruction == "ivr"
        opens = to_datetime((await home.core.reads.facts_of_contact(KANGJIA, call.contact))[0].data["opens_at"])
        assert opens.astimezone(SHANGHAI).strftime("%m-%d 00:00") in call.text
        assert [(x.reason, x.treatment) for x in home.of("contact.blocked")] == [("closed", "ivr")]
        other = await home.call(TOLL_FREE)
        assert other.instruction == "queue"
        assert await imbalance(home) == 0


async def test_the_second_lease_answers_what_the_first_cannot(opened: Open) -> None:
    """Its agents are of the same client; until the step begins only the first lease is asked."""
    second = replace(DEMO.leases[0], id="kangjia-second", lines=2, people=2)
    kangjia, xinghai, hongyan = DEMO.leases
    voice = replace(DEMO.views[0], relax=(c.RelaxStep(after_s=1, needs={}, lease=second.id),), id="kangjia-voice")
    document = replace(
        DEMO,
        leases=(kangjia, xinghai, replace(hongyan, lines=68, people=68), second),
        agents=tuple(replace(x, lease=second.id) if x.id in ("a1099", "a1100") else x for x in DEMO.agents),
        views=(*DEMO.views, voice),
        lines=(replace(DEMO.lines[0], view=voice.id), *DEMO.lines[1:]),
    )
    async with opened(document) as home:
        await seated(home, "a1002")
        await home.happen(SignedIn("a1099", ""), PresenceSet("a1099", PresenceState.READY))
        call = await home.call()
        await home.until(lambda: bool(home.of("offer.made", contact=call.contact)))
        (offer,) = home.of("offer.made", contact=call.contact)
        assert (offer.agent, offer.because.step) == ("a1099", 1)
        await home.happen(OfferAccepted(offer.offer.id, "a1099"))
        await home.until(lambda: bool(home.of("contact.assigned", contact=call.contact)))
        row = await contact(home, call.contact)
        assert (row["state"], row["owner_id"], row["lease_id"]) == ("active", "a1099", "kangjia-2026")


# --- chats --------------------------------------------------------------------------------------------------------


async def test_a_chat_outside_the_hours_is_told_so_and_its_words_become_a_message(opened: Open) -> None:
    async with opened(closed(sites="")) as home:
        floor = Floor(home)
        first = await visit(home, contact_point="li@customer.example")
        await home.until(lambda: bool(home.of("contact.blocked", contact=first.contact)))
        await fire(home, "chat.turned_away")
        ((sender, text),) = await window(home)
        assert sender == "system"
        assert "we are closed now" in text
        assert "We are back at" in text
        message = await say(home, "My TV is silent")
        row = await contact(home, message.contact)
        assert (row["medium"], row["view"], row["origin_id"]) == ("mail", "mail", first.contact)
        assert row["enqueued_at"] == (await contact(home, first.contact))["enqueued_at"]
        case = await home.core.pool.fetchrow("SELECT number FROM cases WHERE id = $1", row["case_id"])
        assert case["number"] in (await window(home))[-1][1]
        assert (await say(home, "It is new")).contact == message.contact
        await leave(home)
        await floor.taken(message.contact, "a1003")
        await floor.do(p.Say(id="say-1", contact=message.contact, text="Please hold the volume key."), "a1003")
        assert (await window(home))[-1] == ("agent", "Please hold the volume key.")
        mail = msgspec.json.decode(
            await home.core.pool.fetchval("SELECT payload FROM outbox WHERE kind = 'mail'"), type=port.SendMail
        )
        assert (mail.sender, mail.to, mail.references) == ("service@kangjia.example", "li@customer.example", ())
        await floor.do(p.Finish(id="finish-1", contact=message.contact), "a1003")
        await home.until(lambda: bool(home.of("wrap_up.began", contact=message.contact)))
        assert await imbalance(home) == 0


async def test_a_visitor_without_an_address_reads_the_answer_where_he_wrote(opened: Open) -> None:
    async with opened(closed(sites="")) as home:
        floor = Floor(home)
        first = await visit(home)
        await home.until(lambda: bool(home.of("contact.blocked", contact=first.contact)))
        message = await say(home, "My TV is silent")
        await fire(home, "chat.turned_away")
        await floor.taken(message.contact, "a1003")
        await floor.do(p.Say(id="say-1", contact=message.contact, text="Please hold the volume key."), "a1003")
        assert (await window(home))[-1] == ("agent", "Please hold the volume key.")
        assert await home.core.pool.fetchval("SELECT count(*) FROM outbox") == 0


async def test_a_topic_and_a_way_to_reach_the_visitor_are_a_message_by_themselves(opened: Open) -> None:
    async with opened(closed(sites="message")) as home:
        await visit(home, topic="no picture", contact_point="13900001234")
        await home.until(lambda: bool(home.of("contact.blocked")))
        await fire(home, "chat.turned_away")
        row = await home.core.pool.fetchrow("SELECT subject, medium FROM contacts WHERE origin_id IS NOT NULL")
        assert tuple(row) == ("no picture", "mail")
        assert [sender for sender, _ in await window(home)] == ["system", "system"]


async def test_a_chat_that_finds_the_queue_full_becomes_no_work_until_its_visitor_writes(opened: Open) -> None:
    async with opened(bounded("chat", max_length=1)) as home:
        await visit(home, "s1")
        await visit(home, "s2")
        await home.until(lambda: bool(home.of("contact.blocked")))
        assert [(x.reason, x.treatment) for x in home.of("contact.blocked")] == [("queue_full", "message")]
        await fire(home, "chat.turned_away")
        assert "Many people are writing" in (await window(home, "s2"))[0][1]
        assert await home.core.pool.fetchval("SELECT count(*) FROM contacts WHERE medium = 'mail'") == 0
        await leave(home, "s2")
        assert await imbalance(home) == 0


async def test_a_chat_that_waited_too_long_keeps_its_words_and_its_place(opened: Open) -> None:
    async with opened(bounded("chat", max_wait_s=1)) as home:
        first = await visit(home)
        await say(home, "My TV is silent")
        await home.until(lambda: bool(home.of("contact.ended")))
        conversations = Conversations(
            reads=home.core.reads, bus=home.core.bus, directories=home.core.directories, clock=home.core.clock
        )
        standing = await conversations.standing(SITE, "s1")
        assert standing is not None
        assert isinstance(standing.now, Waiting)
        await fire(home, "chat.turned_away")
        told, taken = [text for sender, text in await window(home) if sender == "system"]
        assert "very sorry that you had to wait" in told
        assert "We have your message" in taken
        (due,) = re.findall(r"before (\S+ \S+[0-9])", told)
        assert f"before {due}" in taken
        row = await home.core.pool.fetchrow("SELECT * FROM contacts WHERE origin_id = $1", first.contact)
        assert (row["medium"], row["enqueued_at"]) == ("mail", (await contact(home, first.contact))["enqueued_at"])
        assert (await say(home, "It is new")).contact == row["id"]
        assert await imbalance(home) == 0


async def test_the_next_chat_after_an_answered_message_is_a_chat_again(opened: Open) -> None:
    async with opened(bounded("chat", max_length=1)) as home:
        floor = Floor(home)
        await visit(home, "s0")
        await visit(home, "s1")
        await home.until(lambda: bool(home.of("contact.blocked")))
        await fire(home, "chat.turned_away")
        message = await say(home, "My TV is silent", "s1")
        await floor.taken(message.contact, "a1003")
        await floor.do(p.Say(id="say-1", contact=message.contact, text="Please hold the volume key."), "a1003")
        await floor.do(p.Finish(id="finish-1", contact=message.contact), "a1003")
        await home.until(lambda: bool(home.of("wrap_up.began", contact=message.contact)))
        row = await contact(home, (await say(home, "Thank you", "s1")).contact)
        assert row["medium"] == "chat"


# --- callbacks ----------------------------------------------------------------------------------------------------


def wish(name: str, call: str = "c1", number: str = "13900003333", **more: Any) -> port.CallbackRequested:
    return port.CallbackRequested(source="pbx-1", external_id=name, call=call, dialled=TOLL_FREE, number=number, **more)


async def test_a_callback_outside_its_hours_is_taken_and_promised_for_the_opening(opened: Open) -> None:
    document = closed(view(3, hours=c.Hours("shut")))
    async with opened(document) as home:
        promised = await home.core.intake.accept(wish("wish-1"))
        assert promised.instruction == "callback"
        row = await contact(home, promised.contact)
        assert (row["deadline"] - row["opened_at"]) > dt.timedelta(hours=24)
        known = msgspec.json.decode(row["context"])
        assert known["window_until"] - known["window_from"] == 7_200_000_000
        assert known["window_from"] > home.core.clock.now()


async def test_nobody_is_called_back_before_the_window_that_he_chose(plain: House) -> None:
    """An agent is free all the while; what comes later and may be served is."""
    now = plain.core.clock.now()
    chosen = wish("wish-1", window_from=now + HOUR, window_until=now + 2 * HOUR)
    promised = await plain.core.intake.accept(chosen)
    await plain.at_work("a1002")
    call = await plain.call(HOTLINE)
    await plain.until(lambda: bool(plain.of("offer.made", contact=call.contact)))
    assert plain.of("offer.made", contact=promised.contact) == []
    told = await plain.core.reads.facts_of_contact(KANGJIA, promised.contact)
    opened = next(fact for fact in told if fact.kind == "contact.opened")
    assert opened.data["opens_at"] >= now + HOUR


async def test_a_number_that_asks_from_two_lines_at_once_is_called_back_once(plain: House) -> None:
    wishes = [wish(f"wish-{number}", call=f"c{number}") for number in range(6)]
    promised = await asyncio.gather(*(plain.core.intake.accept(each) for each in wishes))
    assert len({each.contact for each in promised}) == 1
    assert await plain.core.pool.fetchval("SELECT count(*) FROM contacts WHERE medium = 'callback'") == 1


async def test_a_wish_during_the_wrap_up_of_the_last_callback_is_not_lost(plain: House) -> None:
    floor, number = Floor(plain), somebody_by_day(plain.core.clock.now())
    first = await floor.callback(number)
    await floor.taken(first)
    await plain.happen(Finished(first, "a1002", "reached"))
    await plain.until(lambda: bool(plain.of("wrap_up.began", contact=first)))
    again = await plain.core.intake.accept(wish("wish-2", number=number))
    assert again.contact == first
    await floor.do(p.WrapUpDone(id="done", contact=first))
    await plain.until(lambda: bool(plain.of("contact.ended", contact=first)))
    floor.clock.at = plain.core.clock.now() + LATER
    assert await floor.fire("callback.next") == 1
    row = await plain.core.pool.fetchrow("SELECT id, origin_id FROM contacts WHERE ended_at IS NULL")
    assert row["id"] != first


async def test_an_agent_is_reserved_before_he_can_dial(plain: House) -> None:
    """He previews it while his capacity is taken; nobody is dialled whom no agent has accepted."""
    floor = Floor(plain)
    back = await floor.callback(somebody_by_day(plain.core.clock.now()))
    await plain.at_work("a1002")
    await plain.until(lambda: bool(plain.of("offer.made", contact=back)))
    with pytest.raises(Forbidden):
        await floor.do(p.Dial(id="early", contact=back))
    assert await plain.core.pool.fetchval("SELECT used_units = 60 FROM presences WHERE agent_id = 'a1002'")
    await plain.call(HOTLINE)
    assert {offer.contact for offer in plain.of("offer.made", agent="a1002")} == {back}
    await floor.taken(back)
    assert await floor.do(p.Dial(id="now", contact=back))


# --- the age of a queue ---------------------------------------------------------------------------------------------


async def test_an_old_queue_is_told_once_and_again_after_it_was_young(plain: House) -> None:
    ages = QueueAges(plain.core.office)
    await seated(plain, "a1002")
    call = await plain.call()
    async with plain.core.bus.subscribe("desk:a1001", "desk:a1011") as pushes:
        await ages.look("ruixun")
        assert await _aged(plain) == []
        await _wait_since(plain, call.contact, minutes=21)
        await ages.look("ruixun")
        await ages.look("ruixun")
        assert await _aged(plain) == ["queue.aged"]
        await _wait_since(plain, call.contact, minutes=1)
        await ages.look("ruixun")
        await _wait_since(plain, call.contact, minutes=25)
        await ages.look("ruixun")
        assert await _aged(plain) == ["queue.aged", "queue.recovered", "queue.aged"]
        told = [decode_push(await anext(aiter(pushes))) for _ in range(2)]
    assert all(isinstance(push, NoticePush) and push.notice == "queue_age" for push in told)
    assert [(push.agent, push.params["minutes"]) for push in told if isinstance(push, NoticePush)] == [
        ("a1001", 21),
        ("a1001", 25),
    ]


async def test_a_mail_of_twenty_minutes_is_not_old(plain: House) -> None:
    mail = await Floor(plain).mail()
    await _wait_since(plain, mail, minutes=60)
    await QueueAges(plain.core.office).look("ruixun")
    assert await _aged(plain) == []
    await _wait_since(plain, mail, minutes=241)
    await QueueAges(plain.core.office).look("ruixun")
    assert await _aged(plain) == ["queue.aged"]


async def test_only_the_process_that_routes_a_queue_watches_its_age(plain: House) -> None:
    ages = QueueAges(plain.core.office)
    await plain.core.intake.accept(wish("wish-1"))
    await plain.core.pool.execute(
        "UPDATE contacts SET enqueued_at = now() - interval '3 hours', context = '{}' WHERE ended_at IS NULL"
    )
    standing_by, owner = plain.router("two"), plain.router("one")
    for router, aged in ((standing_by, []), (owner, ["queue.aged"])):
        if router is owner:
            await plain.supervisor.stop("router")
            plain.supervisor.run("router", router.run)
            await plain.until(lambda: owner.ownership is not None)
        await QueueWatch([router], look=ages.look, forget=ages.forget, clock=plain.core.clock).round()
        assert await _aged(plain) == aged


async def _wait_since(home: House, contact: str, *, minutes: int) -> None:
    await home.core.pool.execute(
        "UPDATE contacts SET enqueued_at = now() - make_interval(mins => $2) WHERE id = $1", contact, minutes
    )


async def _aged(home: House) -> list[str]:
    rows = await home.core.pool.fetch("SELECT kind FROM facts WHERE kind LIKE 'queue.%' ORDER BY at")
    return [row["kind"] for row in rows]
