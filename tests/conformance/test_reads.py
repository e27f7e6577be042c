"""What people may see: by scope, in order, and counted right."""

from __future__ import annotations

import asyncio
import datetime as dt

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
    decision,
    ended,
    event,
    fact,
    message,
    move,
    outgoing,
    presence,
    receipt,
)

from contactcenter.domain.configuration import Agent, Document, Lease
from contactcenter.domain.facts import Fact
from contactcenter.services.changes import CallWrite, Changes, ContactLink, NewContact
from contactcenter.services.views import HISTORY, Arriving, Backlog, QueueLine, Scope, SeatLine
from contactcenter.storage.stores import Stores

ALL = Scope(PROVIDER)
SCOPE = Scope(PROVIDER, CLIENT)
STRANGERS = [Scope(PROVIDER, OTHER), Scope("nobody"), Scope("nobody", CLIENT)]


async def everything(stores: Stores) -> None:
    """One of each for the client of SCOPE."""
    who = customer(identities=(("phone", "+86138"),))
    await stores.changes.apply(
        Changes(
            customers=[who],
            conversations=[conversation()],
            cases=[case(customer="cu_1")],
            contacts=[contact(customer="cu_1")],
            messages=[message()],
            complaints=[complaint()],
            outbox=[outgoing()],
            facts=[
                fact(contact="ct_1", case="cs_1"),
                fact(id="q", contact="ct_1", kind="contact.queued", data={"position": 1, "expected": 5}),
            ],
        )
    )
    await stores.outbox.done("ob_1", "kept in var/mail/ob_1.eml", T0)


@pytest.mark.parametrize("scope", STRANGERS, ids=str)
async def test_a_stranger_sees_nothing(stores: Stores, scope: Scope) -> None:
    await everything(stores)
    reads = stores.reads
    for found in (
        await reads.contact(scope, "ct_1"),
        await reads.screen(scope, "ct_1"),
        await reads.customer(scope, "cu_1"),
        await reads.find_customer(scope, "phone", "+86138"),
        await reads.conversation(scope, "cv_1"),
        await reads.case(scope, "cs_1"),
        await reads.complaint(scope, "cs_1"),
    ):
        assert found is None
    for listed in (
        await reads.contacts(scope, limit=9),
        await reads.contacts(scope, limit=9, customer="cu_1"),
        await reads.facts_of_contact(scope, "ct_1"),
        await reads.facts_of_case(scope, "cs_1"),
        [each async for each in reads.facts_between(scope, 0, T0 * 2)],
        await reads.messages(scope, "cv_1"),
        await reads.cases(scope, limit=9),
        await reads.cases(scope, limit=9, customer="cu_1"),
        await reads.complaints(scope),
        await reads.complaints(scope, open_only=False),
        await reads.queue_lines(scope, T0),
        await reads.said_waits(scope, 0),
        await reads.kept_mail(scope, 9),
    ):
        assert listed == []
    assert await reads.counts_since(scope, 0) == {}


@pytest.mark.parametrize("scope", [ALL, SCOPE], ids=str)
async def test_its_client_and_its_provider_see_everything(stores: Stores, scope: Scope) -> None:
    await everything(stores)
    reads = stores.reads
    for found in (
        await reads.contact(scope, "ct_1"),
        await reads.screen(scope, "ct_1"),
        await reads.customer(scope, "cu_1"),
        await reads.find_customer(scope, "phone", "+86138"),
        await reads.conversation(scope, "cv_1"),
        await reads.case(scope, "cs_1"),
        await reads.complaint(scope, "cs_1"),
    ):
        assert found is not None
    for listed in (
        await reads.contacts(scope, limit=9),
        await reads.contacts(scope, limit=9, customer="cu_1"),
        await reads.facts_of_case(scope, "cs_1"),
        await reads.messages(scope, "cv_1"),
        await reads.cases(scope, limit=9),
        await reads.cases(scope, limit=9, customer="cu_1"),
        await reads.complaints(scope),
        await reads.complaints(scope, open_only=False),
        await reads.queue_lines(scope, T0),
        await reads.said_waits(scope, 0),
        await reads.kept_mail(scope, 9),
    ):
        assert len(listed) == 1
    assert len(await reads.facts_of_contact(scope, "ct_1")) == 2
    assert len([each async for each in reads.facts_between(scope, 0, T0 * 2)]) == 2
    assert await reads.counts_since(scope, 0) == {"contact.opened": 1, "contact.queued": 1}


@pytest.mark.parametrize("scope", [ALL, SCOPE], ids=str)
async def test_a_screen_is_what_the_single_reads_say(stores: Stores, scope: Scope) -> None:
    await everything(stores)
    kinds = [("cs_2", "repair"), ("cs_3", "repair"), ("cs_4", "complaint")]
    cases = [case(id=id, number=id[-1], customer="cu_1", kind=kind, opened_at=T0 + SECOND) for id, kind in kinds]
    later = [contact(id=f"ct_{n:02}", customer="cu_1", opened_at=T0 + n * SECOND) for n in range(2, 15)]
    raised = complaint(case="cs_4", level=2)
    await stores.changes.apply(Changes(contacts=later, cases=cases, complaints=[raised]))
    over = case(id="cs_2", number="2", customer="cu_1", opened_at=T0 + SECOND, expected=0, closed_at=T0 + 9 * SECOND)
    await stores.changes.apply(Changes(cases=[over]))
    reads = stores.reads
    found = await reads.screen(scope, "ct_03")
    assert found is not None
    assert found.contact == await reads.contact(scope, "ct_03")
    assert found.customer == await reads.customer(SCOPE, "cu_1")
    others = await reads.contacts(SCOPE, limit=HISTORY + 1, customer="cu_1")
    assert [each.id for each in found.history] == [each.id for each in others if each.id != "ct_03"][:HISTORY]
    first = found.history[0]
    assert (first.medium, first.opened_at, first.state) == ("voice", T0 + 14 * SECOND, "new")
    assert [(each.id, each.level) for each in found.cases] == [("cs_4", 2), ("cs_3", None), ("cs_1", None)]


async def test_an_arrival_is_what_the_single_reads_say(stores: Stores) -> None:
    who = customer(identities=(("member", "M1"), ("phone", "+86138")))
    known = Changes(
        receipt=receipt(),
        customers=[who, customer(id="cu_2", identities=(("phone", "+86139"),))],
        contacts=[contact(customer="cu_1")],
        calls=[
            CallWrite(
                source="pbx",
                call="c1",
                provider=PROVIDER,
                life=b'{"a":1}',
                changed_at=T0,
                contact="ct_1",
                expected=None,
            )
        ],
    )
    await stores.changes.apply(known)
    asked = [
        Arriving("pbx", "e1", "c1"),
        Arriving("pbx", "e2", "c1", CLIENT, (("member", "M2"), ("phone", "+86138"))),
        Arriving("pbx", "e2", "c2", CLIENT, (("phone", "+86139"), ("phone", "+86138"))),
        Arriving("pbx", "e2", "c2", OTHER, (("phone", "+86138"),)),
    ]
    for arriving, found in zip(asked, await asyncio.gather(*map(stores.intake.arrival, asked)), strict=True):
        assert found.first == await stores.changes.first_receipt(arriving.source, arriving.external_id)
        assert found.call == await stores.intake.call(arriving.source, arriving.call)
        assert found.caller == await stores.intake.caller(arriving.client, arriving.identities)
    met = [await stores.intake.arrival(each) for each in asked]
    assert [each.first is not None for each in met] == [True, False, False, False]
    assert [each.call is not None for each in met] == [True, True, False, False]
    assert [each.caller.customer.id if each.caller else "" for each in met] == ["", "cu_1", "cu_2", ""]


async def test_a_call_is_over_when_its_contact_has_ended(stores: Stores) -> None:
    """So that its caller's hang-up is not told to a router that has forgotten him."""
    owner = await stores.routing.acquire(PROVIDER, "one", 60.0)
    assert owner
    calls = [
        CallWrite(source="pbx", call=name, provider=PROVIDER, life=b"{}", changed_at=T0, contact=of, expected=None)
        for name, of in (("c1", "ct_1"), ("c2", ""))
    ]
    await stores.changes.apply(Changes(contacts=[contact()], calls=calls))

    async def over() -> list[bool]:
        seen = [await stores.intake.call("pbx", name) for name in ("c1", "c2")]
        met = [(await stores.intake.arrival(Arriving("pbx", "e", name))).call for name in ("c1", "c2")]
        assert seen == met
        return [each.over for each in seen if each]

    assert await over() == [False, False]
    await stores.routing.commit(batch(1, owner.epoch, contacts=[ended(ended_at=T0, outcome="blocked")]))
    assert await over() == [True, False]


async def test_a_screen_of_nobody_known_has_its_own_case_while_it_is_open(stores: Stores) -> None:
    await stores.changes.apply(Changes(cases=[case()], contacts=[contact(case="cs_1"), contact(id="ct_2")]))
    own, bare = await stores.reads.screen(SCOPE, "ct_1"), await stores.reads.screen(SCOPE, "ct_2")
    assert own is not None
    assert bare is not None
    assert (own.customer, own.history, [each.id for each in own.cases]) == (None, (), ["cs_1"])
    assert (bare.customer, bare.history, bare.cases) == (None, (), ())


async def test_a_customer_of_several_clients_is_found_within_the_scope(stores: Stores) -> None:
    known = (("phone", "+86138"),)
    await stores.changes.apply(
        Changes(
            customers=[
                customer(id="cu_2", client=OTHER, since=T0 - 1, identities=known),
                customer(identities=known),
            ]
        )
    )
    found = [await stores.reads.find_customer(scope, "phone", "+86138") for scope in (SCOPE, STRANGERS[0], ALL)]
    assert [each.id for each in found if each] == ["cu_1", "cu_2", "cu_2"]


# --- lists -------------------------------------------------------------------------------------------------------


async def test_contacts_come_newest_first_page_by_page(stores: Stores) -> None:
    rows = [contact(id=f"ct_{n}", opened_at=T0 + n // 2, client=(CLIENT, OTHER)[n % 2]) for n in range(8)]
    await stores.changes.apply(Changes(contacts=rows))
    first = await stores.reads.contacts(ALL, limit=3)
    assert [each.id for each in first] == ["ct_7", "ct_6", "ct_5"]
    second = await stores.reads.contacts(ALL, limit=3, before="ct_5")
    assert [each.id for each in second] == ["ct_4", "ct_3", "ct_2"]
    assert [each.id for each in await stores.reads.contacts(SCOPE, limit=2, before="ct_4")] == ["ct_2", "ct_0"]
    assert await stores.reads.contacts(ALL, limit=3, before="ct_unknown") == []


async def test_contacts_are_listed_by_customer_and_state(stores: Stores) -> None:
    await stores.changes.apply(Changes(customers=[customer()], contacts=[contact(), contact(id="ct_2")]))
    await stores.changes.apply(Changes(contact_links=[ContactLink(id="ct_2", customer="cu_1")]))
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    await stores.routing.commit(batch(1, ownership.epoch, contacts=[move()]))
    assert [each.id for each in await stores.reads.contacts(SCOPE, limit=9, customer="cu_1")] == ["ct_2"]
    assert [each.id for each in await stores.reads.contacts(SCOPE, limit=9, state="waiting")] == ["ct_1"]
    assert [each.id for each in await stores.reads.contacts(ALL, limit=9, state="new")] == ["ct_2"]


async def test_cases_are_listed_newest_first_by_customer_and_state(stores: Stores) -> None:
    rows = [case(id=f"cs_{n}", number=str(n), opened_at=T0 + n) for n in range(4)]
    rows += [case(id="cs_9", number="9", customer="cu_1", state="resolved", closed_at=T0)]
    await stores.changes.apply(Changes(customers=[customer()], cases=rows))
    assert [each.id for each in await stores.reads.cases(SCOPE, limit=2, state="open")] == ["cs_3", "cs_2"]
    assert [each.id for each in await stores.reads.cases(ALL, limit=9, before="cs_1")] == ["cs_9", "cs_0"]
    assert [each.id for each in await stores.reads.cases(SCOPE, limit=9, customer="cu_1")] == ["cs_9"]


async def test_complaints_are_listed_by_level_highest_first(stores: Stores) -> None:
    cases = [case(id=f"cs_{n}", number=str(n)) for n in range(3)]
    rows = [complaint(case="cs_0"), complaint(case="cs_1", level=2), complaint(case="cs_2", level=1, decided_at=T0)]
    await stores.changes.apply(Changes(cases=cases, complaints=rows))
    assert [each.case for each in await stores.reads.complaints(SCOPE)] == ["cs_1", "cs_0"]
    assert [each.case for each in await stores.reads.complaints(SCOPE, level=1)] == []
    assert [each.case for each in await stores.reads.complaints(SCOPE, open_only=False)] == ["cs_1", "cs_2", "cs_0"]


# --- facts -------------------------------------------------------------------------------------------------------


async def test_a_fact_is_read_back_whole(stores: Stores) -> None:
    given = fact(
        id="ruixun:7:0", contact="ct_1", case="cs_1", customer="cu_1", agent="a1", seq=7, v=2,
        data={"how": "结束", "n": [1, None]},
    )  # fmt: skip
    await stores.changes.apply(Changes(facts=[given]))
    assert await stores.reads.facts_of_contact(SCOPE, "ct_1") == [given]
    assert await stores.reads.facts_of_case(SCOPE, "cs_1") == [given]


async def test_facts_of_one_instant_keep_the_order_of_their_decision(stores: Stores) -> None:
    ids = [f"ruixun:{seq}:{ordinal}" for seq in (9, 10) for ordinal in (0, 1, 2, 10)]
    rows = [fact(id=each, seq=int(each.split(":")[1]), contact="ct_1") for each in reversed(ids)]
    rows.append(fact(id="f_1", contact="ct_1"))
    await stores.changes.apply(Changes(facts=rows))
    assert [each.id for each in await stores.reads.facts_of_contact(ALL, "ct_1")] == ["f_1", *ids]
    assert [each.id async for each in stores.reads.facts_between(ALL, T0, T0 + 1)] == ["f_1", *ids]


async def test_facts_are_streamed_by_time_and_kind(stores: Stores) -> None:
    rows = [fact(id=f"f_{n:04}", at=T0 + n // 3, kind=("a", "b")[n % 2]) for n in range(2500)]
    await stores.changes.apply(Changes(facts=rows))
    assert [each.id async for each in stores.reads.facts_between(SCOPE, T0, T0 * 2)] == [each.id for each in rows]
    some = [each.id async for each in stores.reads.facts_between(SCOPE, T0 + 1, T0 + 3, ["b"])]
    assert some == ["f_0003", "f_0005", "f_0007"]


async def test_facts_of_any_year_are_kept(stores: Stores) -> None:
    rows = [fact(id=f"f_{at}", at=at) for at in (1, T0, T0 + 10**14)]
    await stores.changes.apply(Changes(facts=rows))
    assert [each.at async for each in stores.reads.facts_between(SCOPE, 0, T0 * 2)] == [1, T0, T0 + 10**14]


async def test_facts_are_counted_by_kind_and_by_how_they_ended(stores: Stores) -> None:
    rows = [fact(id=f"c{n}", kind="contact.ended", data={"how": ("finished", "abandoned")[n % 2]}) for n in range(3)]
    rows += [fact(id="o1", kind="offer.ended", data={"outcome": "declined"}), fact(id="m1", kind="message.sent")]
    rows += [fact(id="old", at=T0 - 1, kind="message.sent"), fact(id="x", kind="message.sent", client=OTHER)]
    await stores.changes.apply(Changes(facts=rows))
    assert await stores.reads.counts_since(SCOPE, T0) == {
        "contact.ended": 3,
        "contact.ended.finished": 2,
        "contact.ended.abandoned": 1,
        "offer.ended": 1,
        "offer.ended.declined": 1,
        "message.sent": 1,
    }


# --- live --------------------------------------------------------------------------------------------------------


async def test_a_queue_line_counts_the_open_contacts_of_a_view(stores: Stores) -> None:
    rows = [contact(id=f"ct_{n}", tier=n % 4, enqueued_at=T0 + n * SECOND) for n in range(5)]
    rows.append(contact(id="ct_5", view="mail", medium="mail", deadline=T0 + 3600 * SECOND))
    window = {"window_from": T0 + 15 * SECOND}
    rows.append(contact(id="ct_6", view="back", medium="callback", deadline=T0 + 60 * SECOND, context=window))
    await stores.changes.apply(Changes(contacts=rows))
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    moves = [move(id="ct_0", state="active", owner="a1"), move(id="ct_1", state="offered", tier=1)]
    moves += [move(id="ct_2", state="ended", ended_at=T0, route=None), move(id="ct_3", state="wrap_up", owner="a1")]
    await stores.routing.commit(batch(1, ownership.epoch, contacts=moves))
    (later, *_) = await stores.reads.queue_lines(SCOPE, T0 + 10 * SECOND)
    assert (later.waiting, later.held, later.oldest_wait_s) == (1, 1, 0)
    assert await stores.reads.queue_lines(SCOPE, T0 + 20 * SECOND) == [
        QueueLine(
            client=CLIENT, view="back", medium="callback", waiting=1, offered=0, active=0, wrap_up=0,
            oldest_wait_s=5.0, breached=0, by_tier=(0, 0, 1, 0),
        ),
        QueueLine(
            client=CLIENT, view="hotline", medium="voice", waiting=1, offered=1, active=1, wrap_up=1,
            oldest_wait_s=19.0, breached=2, by_tier=(1, 1, 0, 0),
        ),
        QueueLine(
            client=CLIENT, view="mail", medium="mail", waiting=1, offered=0, active=0, wrap_up=0,
            oldest_wait_s=20.0, breached=0, by_tier=(0, 0, 1, 0),
        ),
    ]  # fmt: skip


async def test_what_was_said_last_of_a_queue_is_known_by_tier_and_by_whether_somebody_was_free(
    stores: Stores,
) -> None:
    def said(n: int, tier: int, **data: int) -> tuple[NewContact, Fact]:
        at = T0 + n * SECOND
        told = {"arrival": n, "position": 1, **data}
        row = contact(id=f"ct_{n}", tier=tier, opened_at=at, enqueued_at=at)
        return row, fact(id=f"q{n}", contact=f"ct_{n}", at=at, kind="contact.queued", seq=n, data=told)

    rows = [
        said(1, 2, place=4, expected=40, at_most=80),
        said(2, 2, place=5, expected=50, at_most=90),
        said(3, 2, expected=4, at_most=9),
        said(4, 0, place=1, expected=7, at_most=8),
        said(5, 3, place=9),
    ]
    again = fact(
        id="again", contact="ct_2", at=T0 + 30 * SECOND, kind="contact.queued", seq=9,
        data={"reason": "offer_ended", "place": 1, "expected": 1},
    )  # fmt: skip
    await stores.changes.apply(Changes(contacts=[row for row, _ in rows], facts=[each for _, each in rows]))
    await stores.changes.apply(Changes(facts=[again]))
    heard = await stores.reads.said_waits(SCOPE, T0)
    assert [(each.tier, each.place, each.expected, each.at_most) for each in heard] == [
        (0, 1, 7, 8),
        (2, 0, 4, 9),
        (2, 5, 50, 90),
    ]
    assert {(each.client, each.view, each.medium) for each in heard} == {(CLIENT, "hotline", "voice")}
    assert [each.at for each in heard] == [T0 + n * SECOND for n in (4, 3, 2)]
    assert [each.tier for each in await stores.reads.said_waits(SCOPE, T0 + 4 * SECOND)] == [0]


async def test_seats_are_counted_by_lease_and_presence(stores: Stores, document: Document) -> None:
    await stores.configuration.save(PROVIDER, 1, document, "op", T0)
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    people = [presence(agent="k1"), presence(agent="k2", used_units=20), presence(agent="k3", state="not_ready")]
    people += [presence(agent="k4", state="not_responding"), presence(agent="k5", state="offline")]
    people += [presence(agent="unknown")]
    await stores.routing.commit(batch(1, ownership.epoch, presences=people))
    busy = SeatLine(client=CLIENT, lease="kangjia-10", ready=1, not_ready=1, not_responding=1, busy=1)
    empty = SeatLine(client=OTHER, lease="haier-5", ready=0, not_ready=0, not_responding=0, busy=0)
    assert await stores.reads.seat_lines(ALL) == [empty, busy]
    assert await stores.reads.seat_lines(SCOPE) == [busy]
    assert await stores.reads.seat_lines(Scope("nobody")) == []


@pytest.fixture
def document(plain_document: Document) -> Document:
    agents = [Agent(id=f"k{n}", number=str(n), name="x", lease="kangjia-10", skills={}) for n in range(1, 7)]
    agents.append(Agent(id="h1", number="9", name="x", lease="haier-5", skills={}))
    term = {"starts": dt.date(2026, 1, 1), "ends": dt.date(2027, 1, 1), "price_per_line_year_fen": 1}
    leases = (
        Lease(id="kangjia-10", client=CLIENT, lines=10, people=10, **term),  # type: ignore[arg-type]
        Lease(id="haier-5", client=OTHER, lines=5, people=5, **term),  # type: ignore[arg-type]
    )
    fields = {name: getattr(plain_document, name) for name in plain_document.__struct_fields__}
    return Document(**{**fields, "agents": tuple(agents), "leases": leases})


async def test_a_caller_is_the_first_known_of_his_identities_with_the_agent_of_his_newest_contact(
    stores: Stores,
) -> None:
    phone, member, unknown = ("phone", "+8613800000000"), ("member", "M7"), ("phone", "+8613900000000")
    people = [customer(identities=(phone,)), customer(id="cu_2", name="李雷", identities=(member, ("mail", "li@x")))]
    contacts = [contact(customer="cu_1"), contact(id="ct_2", customer="cu_1", opened_at=T0 + 1)]
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    await stores.changes.apply(Changes(customers=people, contacts=contacts))
    served = [move(state="active", owner="a1"), move(id="ct_2", state="active", owner="a2")]
    await stores.routing.commit(batch(1, ownership.epoch, contacts=served))
    asked = [(unknown, phone), (member, phone), (phone, member), (unknown,)]
    known = await asyncio.gather(*(stores.intake.caller(CLIENT, each) for each in asked))
    assert [each and (each.customer.id, each.last_agent) for each in known] == [
        ("cu_1", "a2"), ("cu_2", ""), ("cu_1", "a2"), None,
    ]  # fmt: skip
    assert known[1]
    assert known[1].customer.identities == (("mail", "li@x"), member)
    assert await stores.intake.caller(OTHER, (phone,)) is None


async def test_a_backlog_counts_what_nobody_decided_yet(stores: Stores) -> None:
    ownership = await stores.routing.acquire(PROVIDER, "node", 3.0)
    assert ownership
    rows = [event(received_at=T0 + n, dedupe=f"e{n}") for n in range(5)]
    await stores.changes.apply(Changes(events=[*rows, event(domain="other", received_at=T0 + 9)]))
    domains = [PROVIDER, "other", "third"]
    assert await stores.intake.backlogs(domains, 10) == {
        PROVIDER: Backlog(5, T0), "other": Backlog(1, T0 + 9), "third": Backlog(),
    }  # fmt: skip
    assert (await stores.intake.backlogs([PROVIDER], 3))[PROVIDER].depth == 3
    first = (await stores.routing.pending(PROVIDER, 1))[0].row
    one = batch(1, ownership.epoch)
    one.decided = [decision(1, row=first)]
    await stores.routing.commit(one)
    assert (await stores.intake.backlogs([PROVIDER], 10))[PROVIDER] == Backlog(4, T0 + 1)


async def test_many_look_at_once_and_each_sees_his_own(stores: Stores) -> None:
    rows = [contact(id=f"ct_{n}", client=(CLIENT, OTHER)[n % 2]) for n in range(40)]
    await stores.changes.apply(Changes(contacts=rows))
    seen = await asyncio.gather(*(stores.reads.contact(SCOPE, f"ct_{n % 50}") for n in range(100)))
    assert [each and each.id for each in seen] == [
        f"ct_{n % 50}" if n % 2 == 0 and n % 50 < 40 else None for n in range(100)
    ]


async def test_one_who_cannot_look_does_not_blind_the_others(stores: Stores) -> None:
    await stores.changes.apply(Changes(contacts=[contact()]))
    asked = [stores.reads.contact(SCOPE, name) for name in ("ct_1", "\x00", "ct_1", "ct_9")]
    seen = await asyncio.gather(*asked, return_exceptions=True)
    assert [getattr(each, "id", None) for each in seen] == ["ct_1", None, "ct_1", None]
