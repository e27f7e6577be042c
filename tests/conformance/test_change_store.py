"""What services write: everything or nothing, once, and only over what they read."""

from __future__ import annotations

import asyncio

import pytest
from builders import (
    CLIENT,
    OTHER,
    PROVIDER,
    SECOND,
    T0,
    batch,
    case,
    complaint,
    contact,
    conversation,
    customer,
    ended,
    event,
    fact,
    message,
    move,
    outgoing,
    receipt,
    timer,
)

from contactcenter.errors import Invalid, StaleWrite
from contactcenter.services.changes import (
    CallWrite,
    Changes,
    ContactLink,
    ConversationMove,
    CustomerRecord,
    NewIdentity,
    Quarantined,
)
from contactcenter.services.ports import AlreadyReceived
from contactcenter.services.views import Arriving, FirstReceipt, Scope
from contactcenter.storage.stores import Stores
from routing import events

SCOPE = Scope(PROVIDER, CLIENT)


async def all_facts(stores: Stores) -> list[str]:
    return [each.id async for each in stores.reads.facts_between(Scope(PROVIDER), 0, T0 * 2)]


# --- once --------------------------------------------------------------------------------------------------------


async def test_nothing_is_written_by_empty_changes(stores: Stores) -> None:
    assert (await stores.changes.apply(Changes())).message_seqs == {}


async def test_a_repeat_gets_the_first_answer_and_writes_nothing(stores: Stores) -> None:
    await stores.changes.apply(Changes(receipt=receipt(), contacts=[contact()]))
    with pytest.raises(AlreadyReceived) as refused:
        await stores.changes.apply(Changes(receipt=receipt(payload_hash=b"h2"), contacts=[contact(id="ct_2")]))
    assert refused.value.first == FirstReceipt(b"h1", {"contact": "ct_1"})
    assert await stores.reads.contact(SCOPE, "ct_2") is None


async def test_the_first_receipt_is_found_by_source_and_id(stores: Stores) -> None:
    await stores.changes.apply(Changes(receipt=receipt()))
    assert await stores.changes.first_receipt("pbx", "e1") == FirstReceipt(b"h1", {"contact": "ct_1"})
    assert await stores.changes.first_receipt("mail", "e1") is None


async def test_of_many_repeats_at_once_one_is_written(stores: Stores) -> None:
    racing = [
        Changes(receipt=receipt(result={"n": n}), contacts=[contact(id=f"ct_{n}")], facts=[fact(id=f"f_{n}")])
        for n in range(6)
    ]
    done = await asyncio.gather(*(stores.changes.apply(each) for each in racing), return_exceptions=True)
    losers = [each for each in done if isinstance(each, AlreadyReceived)]
    assert len(losers) == 5
    assert len({str(each.first) for each in losers}) == 1
    assert len(await all_facts(stores)) == 1


async def test_an_event_with_a_dedupe_key_is_queued_once(stores: Stores) -> None:
    for key in ("k", "k", "", ""):
        await stores.changes.apply(Changes(events=[event(dedupe=key)]))
    await stores.changes.apply(Changes(events=[event(domain="other", dedupe="k")]))
    assert len(await stores.routing.pending(PROVIDER, 10)) == 3
    assert len(await stores.routing.pending("other", 10)) == 1


async def test_events_keep_their_order(stores: Stores) -> None:
    agents = [f"a{n}" for n in range(20)]
    await stores.changes.apply(Changes(events=[event(event=events.Connected(agent)) for agent in agents]))
    waiting = await stores.routing.pending(PROVIDER, 100)
    assert [each.event for each in waiting] == [events.Connected(agent) for agent in agents]


async def test_facts_and_sendings_are_written_once_by_id(stores: Stores) -> None:
    for _ in range(2):
        await stores.changes.apply(Changes(facts=[fact()], outbox=[outgoing()]))
    assert await all_facts(stores) == ["f_1"]
    assert await stores.outbox.backlog() == 1


async def test_numbers_of_a_client_never_repeat(stores: Stores) -> None:
    numbers = await asyncio.gather(*(stores.changes.next_number(CLIENT, "case") for _ in range(20)))
    assert len(set(numbers)) == 20
    assert await stores.changes.next_number(OTHER, "case") == 1


# --- all or nothing ----------------------------------------------------------------------------------------------


async def test_one_lost_race_undoes_everything(stores: Stores) -> None:
    await stores.changes.apply(Changes(cases=[case()]))
    losing = Changes(
        receipt=receipt(),
        customers=[customer()],
        contacts=[contact()],
        cases=[case(expected=7)],
        outbox=[outgoing()],
        facts=[fact()],
        events=[event()],
        timers=[timer()],
    )
    with pytest.raises(StaleWrite):
        await stores.changes.apply(losing)
    assert await stores.changes.first_receipt("pbx", "e1") is None
    assert await stores.reads.contact(SCOPE, "ct_1") is None
    assert await stores.reads.customer(SCOPE, "cu_1") is None
    assert await all_facts(stores) == []
    assert await stores.outbox.backlog() == 0
    assert await stores.routing.pending(PROVIDER, 9) == []
    assert await stores.timers.due(T0 * 2, 9) == []


@pytest.mark.parametrize("text", ["a\x00b", "a\ud800b"])
async def test_text_that_cannot_be_kept_is_refused(stores: Stores, text: str) -> None:
    for bad in (fact(data={"text": text}), fact(kind=text)):
        with pytest.raises(Invalid):
            await stores.changes.apply(Changes(contacts=[contact()], facts=[bad]))
    assert await stores.reads.contact(SCOPE, "ct_1") is None


async def test_a_quarantined_arrival_is_kept(stores: Stores) -> None:
    kept = Quarantined("qr_1", "pbx", "unknown line", b"\xff\x00raw", T0)
    await stores.changes.apply(Changes(quarantined=[kept], facts=[fact()]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(quarantined=[kept]))


# --- customers and contacts --------------------------------------------------------------------------------------


async def test_a_customer_is_written_with_identities_and_records(stores: Stores) -> None:
    records = [
        CustomerRecord(
            id=f"cr_{n:02}", customer="cu_1", provider=PROVIDER, client=CLIENT, kind="payment", at=T0 + n,
            summary="电视机", amount_fen=199_900,
        )
        for n in range(25)
    ]  # fmt: skip
    new = customer(name="李雷", tier=0, identities=(("phone", "+8613800000000"),))
    later = NewIdentity("cu_1", PROVIDER, CLIENT, "mail", "li@example")
    await stores.changes.apply(Changes(customers=[new], identities=[later], customer_records=records))
    seen = await stores.reads.find_customer(SCOPE, "mail", "li@example")
    assert seen
    assert (seen.id, seen.name, seen.tier) == ("cu_1", "李雷", 0)
    assert seen.identities == (("mail", "li@example"), ("phone", "+8613800000000"))
    assert [each["id"] for each in seen.records] == [f"cr_{n:02}" for n in range(24, 4, -1)]
    assert seen.records[0] == {
        "id": "cr_24", "kind": "payment", "at": T0 + 24, "summary": "电视机", "amount_fen": 199_900,
    }  # fmt: skip


async def test_an_identity_belongs_to_one_customer_of_a_client(stores: Stores) -> None:
    known = (("phone", "+8613800000000"),)
    await stores.changes.apply(Changes(customers=[customer(identities=known)]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(customers=[customer(id="cu_2", identities=known)]))
    await stores.changes.apply(Changes(customers=[customer(id="cu_3", client=OTHER, identities=known)]))


async def test_a_contact_is_opened_new_and_read_back_whole(stores: Stores) -> None:
    await stores.changes.apply(Changes(customers=[customer()]))
    given = contact(
        customer="cu_1", address="+8613800000000", language="zh-CN", subject="电视", complaint=True,
        origin="ct_0", conversation="cv_1", case="cs_1", context={"ivr": ["1", "2"], "深": {"a": None}},
    )  # fmt: skip
    await stores.changes.apply(Changes(contacts=[given]))
    seen = await stores.reads.contact(SCOPE, "ct_1")
    assert seen
    assert (seen.state, seen.version, seen.owner, seen.ended_at) == ("new", 0, "", None)
    for name in given.__struct_fields__:
        assert getattr(seen, name) == getattr(given, name)


async def test_a_contact_is_opened_once(stores: Stores) -> None:
    await stores.changes.apply(Changes(contacts=[contact()]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(contacts=[contact()]))


async def test_one_callback_waits_per_number_and_client(stores: Stores) -> None:
    asked = {"medium": "callback", "address": "+8613800000000"}
    await stores.changes.apply(Changes(contacts=[contact(**asked)]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(contacts=[contact(id="ct_2", **asked)]))
    await stores.changes.apply(Changes(contacts=[contact(id="ct_3", client=OTHER, **asked)]))
    found = await stores.intake.open_callback(CLIENT, "+8613800000000")
    assert found
    assert found.id == "ct_1"
    assert await stores.intake.open_callback(CLIENT, "+8613900000000") is None


async def test_a_link_sets_the_services_columns_and_leaves_the_version(stores: Stores) -> None:
    await stores.changes.apply(Changes(customers=[customer()], contacts=[contact(context={"a": 1})]))
    await stores.changes.apply(Changes(contact_links=[ContactLink(id="ct_1", case="cs_1", customer="cu_1")]))
    await stores.changes.apply(Changes(contact_links=[ContactLink(id="ct_1", complaint=True)]))
    seen = await stores.reads.contact(SCOPE, "ct_1")
    assert seen
    assert (seen.case, seen.customer, seen.complaint, seen.context, seen.version) == ("cs_1", "cu_1", True, {"a": 1}, 0)


@pytest.mark.parametrize(("state", "owner"), [("wrap_up", "a1"), ("ended", "")])
async def test_nothing_joins_a_contact_that_is_over(stores: Stores, state: str, owner: str) -> None:
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    joining = ContactLink(id="ct_1", context={"more": True}, must_be_open=True)
    await stores.changes.apply(Changes(contacts=[contact()]))
    await stores.changes.apply(Changes(contact_links=[joining]))
    over = move(state=state, owner=owner, ended_at=T0 if state == "ended" else None)
    await stores.routing.commit(batch(1, ownership.epoch, contacts=[over]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(contact_links=[joining], facts=[fact()]))
    await stores.changes.apply(Changes(contact_links=[ContactLink(id="ct_1", case="cs_1")]))
    assert await all_facts(stores) == []


async def test_a_number_that_was_called_back_may_ask_again(stores: Stores) -> None:
    asked = {"medium": "callback", "address": "+8613800000000"}
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    await stores.changes.apply(Changes(contacts=[contact(**asked)]))
    await stores.routing.commit(batch(1, ownership.epoch, contacts=[ended()]))
    assert await stores.intake.open_callback(CLIENT, "+8613800000000") is None
    await stores.changes.apply(Changes(contacts=[contact(id="ct_2", **asked)]))


async def test_what_belongs_to_nobody_known_is_refused(stores: Stores) -> None:
    for orphan in (
        Changes(contacts=[contact(customer="cu_9")]),
        Changes(identities=[NewIdentity("cu_9", PROVIDER, CLIENT, "phone", "+86138")]),
        Changes(complaints=[complaint(case="cs_9")]),
    ):
        with pytest.raises(Invalid):
            await stores.changes.apply(orphan)


async def test_a_contact_is_opened_and_linked_at_once(stores: Stores) -> None:
    links = [ContactLink(id="ct_1", case="cs_1"), ContactLink(id="ct_1", complaint=True, context={"b": 2})]
    await stores.changes.apply(Changes(contacts=[contact()], contact_links=links))
    seen = await stores.reads.contact(SCOPE, "ct_1")
    assert seen
    assert (seen.case, seen.complaint, seen.context) == ("cs_1", True, {"b": 2})


async def test_a_link_to_an_unknown_contact_is_stale(stores: Stores) -> None:
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(contact_links=[ContactLink(id="ct_9", case="cs_1")]))


# --- conversations -----------------------------------------------------------------------------------------------


async def test_messages_are_numbered_without_gaps(stores: Stores) -> None:
    first = Changes(conversations=[conversation()], messages=[message(), message(id="ms_2")])
    assert (await stores.changes.apply(first)).message_seqs == {"ms_1": 1, "ms_2": 2}
    more = [message(id=f"ms_{n}") for n in range(3, 23)]
    done = await asyncio.gather(*(stores.changes.apply(Changes(messages=[each])) for each in more))
    numbers = sorted(number for each in done for number in each.message_seqs.values())
    assert numbers == list(range(3, 23))
    seen = await stores.reads.conversation(SCOPE, "cv_1")
    assert seen
    assert seen.last_seq == 22


async def test_messages_of_two_conversations_are_numbered_apart(stores: Stores) -> None:
    both = [conversation(), conversation(id="cv_2", thread="<m2@example>")]
    mixed = [message(), message(id="ms_2", conversation="cv_2"), message(id="ms_3")]
    done = await stores.changes.apply(Changes(conversations=both, messages=mixed))
    assert done.message_seqs == {"ms_1": 1, "ms_2": 1, "ms_3": 2}
    more = [message(id="ms_4"), message(id="ms_5", conversation="cv_2"), message(id="ms_6")]
    assert (await stores.changes.apply(Changes(messages=more))).message_seqs == {"ms_4": 3, "ms_5": 2, "ms_6": 4}


async def test_a_message_of_an_unknown_conversation_is_stale(stores: Stores) -> None:
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(messages=[message()]))


async def test_messages_are_read_back_in_order_behind_a_number(stores: Stores) -> None:
    rows = [message(id=f"ms_{n}", text=f"第{n}", detail={"n": n}, raw=b"raw") for n in range(1, 6)]
    await stores.changes.apply(Changes(conversations=[conversation()], messages=rows))
    seen = await stores.reads.messages(SCOPE, "cv_1", after=2, limit=2)
    assert [(each.seq, each.text, each.detail) for each in seen] == [(3, "第3", {"n": 3}), (4, "第4", {"n": 4})]


async def test_a_thread_has_one_conversation(stores: Stores) -> None:
    await stores.changes.apply(Changes(conversations=[conversation()]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(conversations=[conversation(id="cv_2")]))
    found = await stores.intake.conversation_by_thread("help@kangjia.example", "<m1@example>")
    assert found
    assert found.id == "cv_1"


async def test_a_thread_is_found_by_any_of_its_messages(stores: Stores) -> None:
    rows = [message(message_id="<m1@example>"), message(id="ms_2", message_id="<m2@example>")]
    await stores.changes.apply(Changes(conversations=[conversation()], messages=rows))
    found = await stores.intake.conversation_by_messages(CLIENT, ["<x@example>", "<m2@example>"])
    assert found
    assert found.id == "cv_1"
    assert await stores.intake.conversation_by_messages(CLIENT, ["<x@example>", ""]) is None
    assert await stores.intake.conversation_by_messages(OTHER, ["<m2@example>"]) is None


async def test_the_open_contact_of_a_conversation_moves_once(stores: Stores) -> None:
    await stores.changes.apply(Changes(conversations=[conversation(contact="ct_1")]))
    moves = [ConversationMove(id="cv_1", expected="ct_1", contact=f"ct_{n}") for n in (2, 3)]
    races = (stores.changes.apply(Changes(conversation_moves=[each])) for each in moves)
    done = await asyncio.gather(*races, return_exceptions=True)
    assert [type(each) for each in done].count(StaleWrite) == 1


async def test_a_conversation_is_moved_and_written_to_at_once(stores: Stores) -> None:
    await stores.changes.apply(Changes(conversations=[conversation(contact="ct_1")], messages=[message()]))
    close = ConversationMove(id="cv_1", expected="ct_1", contact="", closed_at=T0 + SECOND)
    done = await stores.changes.apply(Changes(conversation_moves=[close], messages=[message(id="ms_2")]))
    assert done.message_seqs == {"ms_2": 2}
    seen = await stores.reads.conversation(SCOPE, "cv_1")
    assert seen
    assert (seen.contact, seen.closed_at, seen.last_seq) == ("", T0 + SECOND, 2)


async def test_a_conversation_is_left_only_when_no_message_came_meanwhile(stores: Stores) -> None:
    await stores.changes.apply(Changes(conversations=[conversation(contact="ct_1")], messages=[message()]))
    leaves = [ConversationMove(id="cv_1", expected="ct_1", contact="", last_seq=seq) for seq in (0, 1, 2)]
    for stale in (leaves[0], leaves[2]):
        with pytest.raises(StaleWrite):
            await stores.changes.apply(Changes(conversation_moves=[stale]))
    await stores.changes.apply(Changes(conversation_moves=[leaves[1]]))


async def test_a_lost_move_leaves_no_message(stores: Stores) -> None:
    await stores.changes.apply(Changes(conversations=[conversation(contact="ct_1")]))
    move = ConversationMove(id="cv_1", expected="ct_9", contact="")
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(conversation_moves=[move], messages=[message()]))
    assert await stores.reads.messages(SCOPE, "cv_1") == []


# --- calls, cases, complaints ------------------------------------------------------------------------------------


def call(expected: int | None, **given: object) -> CallWrite:
    row = {"source": "pbx", "call": "c1", "provider": PROVIDER, "client": CLIENT, "life": b'{"state": "ringing"}'}
    return CallWrite(**{**row, "changed_at": T0, "expected": expected, **given})  # type: ignore[arg-type]


async def test_a_call_is_written_over_only_at_the_version_read(stores: Stores) -> None:
    assert await stores.intake.call("pbx", "c1") is None
    await stores.changes.apply(Changes(calls=[call(None)]))
    seen = await stores.intake.call("pbx", "c1")
    assert seen
    await stores.changes.apply(Changes(calls=[call(seen.version, life=b'{"state": "up"}', contact="ct_1")]))
    for stale in (None, seen.version):
        with pytest.raises(StaleWrite):
            await stores.changes.apply(Changes(calls=[call(stale)]))
    now = await stores.intake.call("pbx", "c1")
    assert now
    assert (now.call, b"up" in now.life, now.contact) == ("c1", True, "ct_1")


@pytest.mark.parametrize(
    ("life", "gone"),
    [(b"{}", False), (b'{"state": "up"}', False), (b'{"state": "released"}', True), (b'{"state": "lost"}', True)],
)
async def test_a_caller_is_gone_when_his_call_was_released_or_lost(stores: Stores, life: bytes, gone: bool) -> None:
    """Whether or not there was ever a contact, and for whoever reads one call as for whoever reads an arrival."""
    await stores.changes.apply(Changes(calls=[call(None, life=life)]))
    seen = await stores.intake.call("pbx", "c1")
    arrival = await stores.intake.arrival(Arriving(source="pbx", external_id="e1", call="c1", client=CLIENT))
    assert seen
    assert arrival.call
    assert (seen.gone, arrival.call.gone, arrival.call.call) == (gone, gone, "c1")


async def test_the_open_calls_of_a_platform_are_those_whose_contact_has_not_ended(stores: Stores) -> None:
    await stores.changes.apply(Changes(contacts=[contact()], calls=[call(None, contact="ct_1")]))
    await stores.changes.apply(Changes(calls=[call(None, call="c2"), call(None, source="other", contact="ct_1")]))
    assert [each.contact for each in await stores.intake.open_calls("pbx")] == ["ct_1"]
    assert await stores.intake.open_calls("nobody") == []


async def test_a_case_and_its_complaint_are_opened_and_changed_by_version(stores: Stores) -> None:
    await stores.changes.apply(Changes(cases=[case(body={"notes": []})], complaints=[complaint(accused="a1")]))
    opened = await stores.reads.case(SCOPE, "cs_1")
    raised = await stores.reads.complaint(SCOPE, "cs_1")
    assert opened
    assert raised
    assert (opened.number, opened.state, opened.version, raised.level, raised.accused) == ("1", "open", 0, 0, "a1")
    solved = case(expected=0, state="resolved", closed_at=T0 + 9, breached_at=T0 + 8, owner="a2", body={"x": 1})
    up = complaint(expected=0, level=1, step="solve", accept_due=T0 + 5)
    await stores.changes.apply(Changes(cases=[solved], complaints=[up]))
    closed = await stores.reads.case(SCOPE, "cs_1")
    raised = await stores.reads.complaint(SCOPE, "cs_1")
    assert closed
    assert raised
    assert (closed.state, closed.closed_at, closed.breached_at, closed.version) == ("resolved", T0 + 9, T0 + 8, 1)
    assert (raised.level, raised.accept_due, raised.version) == (1, T0 + 5, 1)
    for stale in (Changes(cases=[case(expected=0)]), Changes(complaints=[complaint(expected=0)])):
        with pytest.raises(StaleWrite):
            await stores.changes.apply(stale)


async def test_a_case_number_is_used_once_per_client(stores: Stores) -> None:
    await stores.changes.apply(Changes(cases=[case()]))
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(cases=[case(id="cs_2")]))
    await stores.changes.apply(Changes(cases=[case(id="cs_3", client=OTHER)]))


async def test_a_write_in_another_clients_name_is_stale(stores: Stores) -> None:
    await stores.changes.apply(Changes(cases=[case()], complaints=[complaint()]))
    for foreign in (
        Changes(cases=[case(expected=0, client=OTHER)]),
        Changes(complaints=[complaint(expected=0, client=OTHER)]),
    ):
        with pytest.raises(StaleWrite):
            await stores.changes.apply(foreign)


# --- timers ------------------------------------------------------------------------------------------------------


async def due(stores: Stores, now: int) -> list[str]:
    return [each.id for each in await stores.timers.due(now, 10)]


async def test_timers_come_due_earliest_first(stores: Stores) -> None:
    await stores.changes.apply(Changes(timers=[timer(), timer(id="tm_0", due_at=T0), timer(id="tm_9", due_at=T0 * 2)]))
    assert await due(stores, T0 + SECOND) == ["tm_0", "tm_1"]
    assert await due(stores, T0 + SECOND - 1) == ["tm_0"]
    assert len(await stores.timers.due(T0 * 2, 2)) == 2


async def test_setting_a_timer_again_moves_it(stores: Stores) -> None:
    await stores.changes.apply(Changes(timers=[timer()]))
    await stores.changes.apply(Changes(timers=[timer(due_at=T0 + 9 * SECOND, owner="a1")]))
    assert await due(stores, T0 + 8 * SECOND) == []
    (moved,) = await stores.timers.due(T0 + 9 * SECOND, 10)
    assert (moved.owner, moved.subject, moved.kind) == ("a1", "cs_1", "case.due")


async def test_a_timer_fires_once(stores: Stores) -> None:
    await stores.changes.apply(Changes(timers=[timer()]))
    fire = [stores.changes.apply(Changes(timers_fired=["tm_1"], facts=[fact(id=f"f_{n}")])) for n in range(3)]
    done = await asyncio.gather(*fire, return_exceptions=True)
    assert [type(each) for each in done].count(StaleWrite) == 2
    assert len(await all_facts(stores)) == 1
    assert await due(stores, T0 * 2) == []


async def test_a_timer_that_fires_can_be_set_again_at_once(stores: Stores) -> None:
    await stores.changes.apply(Changes(timers=[timer()]))
    await stores.changes.apply(Changes(timers_fired=["tm_1"], timers=[timer(due_at=T0 + 9 * SECOND)]))
    assert await due(stores, T0 + 8 * SECOND) == []
    assert await due(stores, T0 + 9 * SECOND) == ["tm_1"]


async def test_a_cancelled_timer_is_gone_and_may_have_been_before(stores: Stores) -> None:
    await stores.changes.apply(Changes(timers=[timer()]))
    await stores.changes.apply(Changes(timers_cancelled=["tm_1", "tm_9"]))
    assert await due(stores, T0 * 2) == []
    await stores.changes.apply(Changes(timers_cancelled=["tm_1"]))
