"""The router's store: leases, the log without gaps, batches that are all or nothing."""

from __future__ import annotations

import asyncio

import pytest
from builders import (
    CLIENT,
    PROVIDER,
    SECOND,
    T0,
    batch,
    began,
    contact,
    decision,
    encode,
    ended,
    event,
    fact,
    move,
    offer,
    outgoing,
    presence,
    record,
    timer,
)

from contactcenter.domain.facts import Fact
from contactcenter.errors import Invalid, LeaseLost, NotFound, StaleWrite
from contactcenter.services.changes import AssignmentMoved, Batch, Changes, Decided, OfferClosed
from contactcenter.services.views import ConsultView, DeskView, Ownership, Scope, SnapshotMark
from contactcenter.storage.stores import Stores
from routing import events
from routing.model import Presence, PresenceState

TTL_S = 3.0
SCOPE = Scope(PROVIDER)


async def owned(stores: Stores, *contacts: str) -> int:
    """The epoch of a domain with these fresh contacts."""
    await stores.changes.apply(Changes(contacts=[contact(id=each) for each in contacts]))
    ownership = await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    assert ownership
    return ownership.epoch


async def log_of(stores: Stores, since: int = 0, until: int | None = None) -> list[int]:
    return [each.seq async for each in stores.routing.log(PROVIDER, since, until)]


async def nothing_written(stores: Stores, last_seq: int = 0) -> bool:
    facts = [each async for each in stores.reads.facts_between(SCOPE, 0, T0 * 2)]
    return not facts and await log_of(stores) == list(range(1, last_seq + 1)) and not await stores.outbox.backlog()


# --- the lease ---------------------------------------------------------------------------------------------------


async def test_a_free_domain_is_taken_at_epoch_one(stores: Stores) -> None:
    assert await stores.routing.acquire(PROVIDER, "node-1", TTL_S) == Ownership(1, 0, 0, "free")


async def test_a_held_domain_is_not_taken_by_another(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    assert await stores.routing.acquire(PROVIDER, "node-2", TTL_S) is None


async def test_an_owner_that_starts_again_gets_a_new_epoch(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    assert await stores.routing.acquire(PROVIDER, "node-1", TTL_S) == Ownership(2, 0, 0, "again", "node-1")


async def test_a_lease_that_ran_out_is_taken_over_with_a_higher_epoch(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", 0.0)
    assert await stores.routing.acquire(PROVIDER, "node-2", TTL_S) == Ownership(2, 0, 0, "expired", "node-1")


async def test_a_released_domain_is_free_at_once(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.routing.release(PROVIDER, "node-1", epoch)
    assert await stores.routing.acquire(PROVIDER, "node-2", TTL_S) == Ownership(2, 0, 0, "free")


async def test_a_late_release_does_not_free_the_successors_lease(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", 0.0)
    await stores.routing.acquire(PROVIDER, "node-2", TTL_S)
    await stores.routing.release(PROVIDER, "node-1", 1)
    assert await stores.routing.acquire(PROVIDER, "node-3", TTL_S) is None


async def test_renewing_keeps_the_lease_until_it_is_lost(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    assert await stores.routing.renew(PROVIDER, "node-1", 1, 0.0)
    await stores.routing.acquire(PROVIDER, "node-2", TTL_S)
    assert not await stores.routing.renew(PROVIDER, "node-1", 1, TTL_S)


async def test_of_many_that_want_a_domain_one_gets_it(stores: Stores) -> None:
    wants = [stores.routing.acquire(PROVIDER, f"node-{n}", TTL_S) for n in range(5)]
    got = await asyncio.gather(*wants)
    assert [each for each in got if each] == [Ownership(1, 0, 0, "free")]


async def test_the_successor_goes_on_where_the_log_stands(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.routing.commit(batch(1, epoch, decided=3, arrivals=7))
    await stores.routing.release(PROVIDER, "node-1", epoch)
    assert await stores.routing.acquire(PROVIDER, "node-2", TTL_S) == Ownership(2, 3, 7, "free")


# --- the fence ---------------------------------------------------------------------------------------------------


async def test_an_old_epoch_can_write_nothing(stores: Stores) -> None:
    old = await owned(stores, "ct_1")
    await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    late = batch(1, old, contacts=[move()], offers_made=[offer()], facts=[fact()], outbox=[outgoing()])
    late.presences = [presence()]
    with pytest.raises(LeaseLost):
        await stores.routing.commit(late)
    assert await nothing_written(stores)
    assert (await stores.routing.load(PROVIDER)).fresh == (("ct_1", 0),)


async def test_a_domain_nobody_took_cannot_be_written(stores: Stores) -> None:
    with pytest.raises(LeaseLost):
        await stores.routing.commit(batch(1, 1))


@pytest.mark.parametrize("first_seq", [1, 2, 4])
async def test_a_batch_must_follow_the_last_number(stores: Stores, first_seq: int) -> None:
    epoch = await owned(stores)
    await stores.routing.commit(batch(1, epoch, decided=2))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(first_seq, epoch, facts=[fact()]))
    assert await nothing_written(stores, last_seq=2)


async def test_two_routers_with_one_batch_write_it_once(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    same = batch(1, epoch, contacts=[move()], facts=[fact(id="ruixun:1:0")])
    done = await asyncio.gather(*(stores.routing.commit(same) for _ in range(4)), return_exceptions=True)
    assert sorted(str(type(each).__name__) for each in done) == ["NoneType", "StaleWrite", "StaleWrite", "StaleWrite"]
    assert await log_of(stores) == [1]


# --- events ------------------------------------------------------------------------------------------------------


async def test_pending_events_come_oldest_first_and_leave_when_numbered(stores: Stores) -> None:
    epoch = await owned(stores)
    for agent in ("a1", "a2", "a3"):
        queued = event(event=events.Connected(agent), reply_to=f"node-{agent}", received_at=T0 + 1)
        await stores.changes.apply(Changes(events=[queued]))
    first, second, third = await stores.routing.pending(PROVIDER, 10)
    assert [each.event for each in (first, second, third)] == [events.Connected(a) for a in ("a1", "a2", "a3")]
    assert (first.reply_to, first.received_at, first.bad) == ("node-a1", T0 + 1, "")
    done = [decision(1, row=first.row), decision(2, row=second.row, problem="unknown agent")]
    await stores.routing.commit(_of(epoch, done))
    assert await stores.routing.pending(PROVIDER, 10) == [third]


def _of(epoch: int, decided: list[Decided]) -> Batch:
    given = batch(1, epoch)
    given.decided = decided
    return given


async def test_pending_respects_its_limit_and_its_domain(stores: Stores) -> None:
    await stores.changes.apply(Changes(events=[event(), event(), event(domain="other")]))
    assert len(await stores.routing.pending(PROVIDER, 1)) == 1
    assert len(await stores.routing.pending(PROVIDER, 9)) == 2


async def test_an_event_is_numbered_once(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.changes.apply(Changes(events=[event()]))
    (waiting,) = await stores.routing.pending(PROVIDER, 10)
    await stores.routing.commit(_of(epoch, [decision(1, row=waiting.row)]))
    again = batch(2, epoch)
    again.decided = [decision(2, row=waiting.row)]
    with pytest.raises(StaleWrite):
        await stores.routing.commit(again)


async def test_the_log_tells_every_event_in_order_with_its_hash(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.changes.apply(Changes(events=[event(event=events.Connected("a9"))]))
    (waiting,) = await stores.routing.pending(PROVIDER, 10)
    rows = [decision(1), decision(2, row=waiting.row, effects_hash=b"two", problem="odd"), decision(3)]
    await stores.routing.commit(_of(epoch, rows))
    logged = [each async for each in stores.routing.log(PROVIDER, 0)]
    assert [(each.seq, each.epoch, each.at) for each in logged] == [(n, epoch, T0 + n) for n in (1, 2, 3)]
    assert (logged[1].effects_hash, logged[1].problem, logged[0].problem) == (b"two", "odd", "")
    assert b"a9" in logged[1].event


async def test_the_log_is_read_behind_one_number_up_to_another(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.routing.commit(batch(1, epoch, decided=2500))
    assert await log_of(stores) == list(range(1, 2501))
    assert await log_of(stores, 2497) == [2498, 2499, 2500]
    assert await log_of(stores, 3, 5) == [4, 5]


async def test_snapshots_are_kept_oldest_first_and_once(stores: Stores) -> None:
    for seq, body in ((9, b"nine"), (3, b"three"), (9, b"other")):
        await stores.routing.save_snapshot(PROVIDER, SnapshotMark(seq, 1, T0 + seq), body)
    marks = await stores.routing.snapshot_marks(PROVIDER)
    assert marks == [SnapshotMark(3, 1, T0 + 3), SnapshotMark(9, 1, T0 + 9)]
    assert [await stores.routing.snapshot(PROVIDER, mark) for mark in marks] == [b"three", b"nine"]


async def test_one_event_has_a_snapshot_for_each_epoch_that_began_there(stores: Stores) -> None:
    for epoch in (3, 2):
        await stores.routing.save_snapshot(PROVIDER, SnapshotMark(5, epoch, T0 + epoch), b"epoch %d" % epoch)
    marks = await stores.routing.snapshot_marks(PROVIDER)
    assert [(mark.seq, mark.epoch) for mark in marks] == [(5, 2), (5, 3)]
    assert await stores.routing.snapshot(PROVIDER, marks[1]) == b"epoch 3"


async def test_a_snapshot_belongs_to_its_domain_and_one_that_is_not_there_is_not_found(stores: Stores) -> None:
    await stores.routing.save_snapshot(PROVIDER, SnapshotMark(5, 1, T0), b"five")
    assert await stores.routing.snapshot_marks("other") == []
    for domain, mark in (("other", SnapshotMark(5, 1, T0)), (PROVIDER, SnapshotMark(5, 2, T0))):
        with pytest.raises(NotFound):
            await stores.routing.snapshot(domain, mark)


# --- rows --------------------------------------------------------------------------------------------------------


async def test_a_moved_contact_is_loaded_and_a_fresh_one_is_named(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1", "ct_2")
    await stores.routing.commit(batch(1, epoch, contacts=[move()]))
    loaded = await stores.routing.load(PROVIDER)
    assert loaded.records == ((record("ct_1"), 1),)
    assert loaded.fresh == (("ct_2", 0),)


async def test_an_ended_contact_is_not_loaded(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, contacts=[ended()]))
    loaded = await stores.routing.load(PROVIDER)
    assert (loaded.records, loaded.fresh) == ((), ())
    seen = await stores.reads.contact(SCOPE, "ct_1")
    assert seen
    assert (seen.state, seen.ended_at, seen.outcome, seen.released_by) == (
        "ended", T0 + SECOND, "finished", "customer",
    )  # fmt: skip


async def test_who_released_a_contact_is_not_forgotten(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    wrap_up = move(state="wrap_up", owner="a1", released_by="customer")
    await stores.routing.commit(batch(1, epoch, contacts=[wrap_up]))
    await stores.routing.commit(batch(2, epoch, contacts=[ended(expected=1, released_by="")]))
    seen = await stores.reads.contact(SCOPE, "ct_1")
    assert seen
    assert seen.released_by == "customer"


async def test_a_contact_that_moved_meanwhile_stops_the_whole_batch(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1", "ct_2")
    await stores.routing.commit(batch(1, epoch, contacts=[move()]))
    stale = batch(2, epoch, contacts=[move(id="ct_2"), move(expected=0)], facts=[fact()], presences=[presence()])
    with pytest.raises(StaleWrite):
        await stores.routing.commit(stale)
    assert await nothing_written(stores, last_seq=1)
    loaded = await stores.routing.load(PROVIDER)
    assert (loaded.fresh, loaded.presences) == ((("ct_2", 0),), ())


async def test_a_contact_of_another_domain_is_not_moved(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.changes.apply(Changes(contacts=[contact(id="ct_9", domain="other", provider="other")]))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(1, epoch, contacts=[move(id="ct_9")]))


async def test_presences_are_written_over_and_loaded_with_their_desk_numbers(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.routing.commit(batch(1, epoch, presences=[presence(), presence(agent="a2", desk_seq=1)]))
    away = Presence(agent="a1", state=PresenceState.NOT_READY, reason="lunch")
    later = presence(state="not_ready", reason="lunch", desk_seq=2, route=encode(away))
    await stores.routing.commit(batch(2, epoch, presences=[later]))
    loaded = await stores.routing.load(PROVIDER)
    assert loaded.presences == (away, Presence(agent="a2", state=PresenceState.READY))
    assert loaded.desk_seqs == {"a1": 2, "a2": 1}


async def test_no_agent_carries_more_than_his_capacity(stores: Stores) -> None:
    epoch = await owned(stores)
    with pytest.raises(Invalid):
        await stores.routing.commit(batch(1, epoch, presences=[presence(used_units=61)]))
    assert await nothing_written(stores)


async def test_two_providers_may_call_an_agent_the_same(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.routing.acquire("other", "node-1", TTL_S)
    await stores.routing.commit(batch(1, epoch, presences=[presence()]))
    await stores.routing.commit(batch(1, 1, domain="other", presences=[presence(provider="other", desk_seq=5)]))
    assert (await stores.routing.load(PROVIDER)).desk_seqs == {"a1": 1}
    assert (await stores.routing.load("other")).desk_seqs == {"a1": 5}


async def test_offers_live_until_they_are_closed(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    first = batch(1, epoch, contacts=[move(state="offered")], offers_made=[offer()], presences=[presence()])
    await stores.routing.commit(first)
    desk = await stores.reads.desk(PROVIDER, "a1")
    assert desk
    assert [each.id for each in desk.offers] == ["ct_1/1/a1"]
    closed = OfferClosed("ct_1/1/a1", T0 + SECOND, "declined", "busy")
    await stores.routing.commit(batch(2, epoch, offers_closed=[closed]))
    desk = await stores.reads.desk(PROVIDER, "a1")
    assert desk
    assert desk.offers == ()


async def test_an_offer_is_closed_and_made_again_to_the_same_agent_in_one_batch(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, offers_made=[offer()], presences=[presence()]))
    again = batch(2, epoch, offers_closed=[OfferClosed("ct_1/1/a1", T0, "withdrawn", "recovered")])
    again.offers_made = [offer(id="ct_1/2/a1", attempt=2, ended_at=T0, outcome="declined"), offer(id="ct_1/3/a1")]
    await stores.routing.commit(again)
    desk = await stores.reads.desk(PROVIDER, "a1")
    assert desk
    assert [each.id for each in desk.offers] == ["ct_1/3/a1"]


async def test_an_offer_is_closed_once(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, offers_made=[offer()]))
    closed = OfferClosed("ct_1/1/a1", T0, "declined", "")
    await stores.routing.commit(batch(2, epoch, offers_closed=[closed]))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(3, epoch, offers_closed=[closed]))


async def test_one_contact_is_not_offered_twice_to_one_agent_at_once(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, offers_made=[offer()]))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(2, epoch, offers_made=[offer(id="ct_1/2/a1")]))


async def test_a_contact_never_has_two_owners(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, assignments_began=[began()]))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(2, epoch, assignments_began=[began(id="ct_1/9", agent="a2")]))


async def test_an_assignment_wraps_up_ends_and_is_followed_in_one_batch(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, assignments_began=[began()]))
    moved = [AssignmentMoved("ct_1", "a1", T0 + 1, False, "left"), AssignmentMoved("ct_1", "a1", T0 + 2, True)]
    follows = [began(id="ct_1/3", agent="a2", ended_at=T0 + 3), began(id="ct_1/4", agent="a1")]
    await stores.routing.commit(batch(2, epoch, assignments_moved=moved, assignments_began=follows))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(3, epoch, assignments_began=[began(id="ct_1/5", agent="a3")]))


async def test_a_consult_stands_beside_the_owner_and_is_on_both_desks(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    second = began(id="ct_1/3/consult", agent="a2", role="consult")
    rows = {"contacts": [move(state="active", owner="a1")], "presences": [presence(), presence(agent="a2")]}
    asked = offer(id="ct_1/2/a2", agent="a2")
    await stores.routing.commit(batch(1, epoch, assignments_began=[began()], offers_made=[asked], **rows))
    assert [desk.consults for desk in await desks(stores)] == [(consult(talking=False),)] * 2
    closed = OfferClosed("ct_1/2/a2", T0 + 1, "accepted", "")
    await stores.routing.commit(batch(2, epoch, offers_closed=[closed], assignments_began=[second]))
    assert [desk.consults for desk in await desks(stores)] == [(consult(talking=True),)] * 2
    ends = [
        AssignmentMoved("ct_1", "a2", T0 + 2, True, "joined", "consult"),
        AssignmentMoved("ct_1", "a1", T0 + 2, True, "joined"),
    ]
    follows = [began(id="ct_1/4", agent="a2")]
    now = [move(state="active", owner="a2", expected=1)]
    await stores.routing.commit(batch(3, epoch, contacts=now, assignments_moved=ends, assignments_began=follows))
    assert [desk.consults for desk in await desks(stores)] == [(), ()]


async def desks(stores: Stores) -> list[DeskView]:
    found = [await stores.reads.desk(PROVIDER, agent) for agent in ("a1", "a2")]
    return [desk for desk in found if desk is not None]


def consult(*, talking: bool) -> ConsultView:
    return ConsultView(contact="ct_1", client=CLIENT, agent="a2", owner="a1", talking=talking)


async def test_only_the_live_owners_assignment_moves(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, assignments_began=[began()]))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(2, epoch, assignments_moved=[AssignmentMoved("ct_1", "a2", T0, True)]))


async def test_an_active_contact_has_an_owner_and_a_waiting_one_has_none(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1")
    for wrong in (move(state="active"), move(state="waiting", owner="a1"), move(state="ended")):
        with pytest.raises(Invalid):
            await stores.routing.commit(batch(1, epoch, contacts=[wrong]))


async def test_an_offer_of_an_unknown_contact_is_refused(stores: Stores) -> None:
    epoch = await owned(stores)
    for orphan in (batch(1, epoch, offers_made=[offer()]), batch(1, epoch, assignments_began=[began()])):
        with pytest.raises(Invalid):
            await stores.routing.commit(orphan)
    assert await nothing_written(stores)


async def test_a_sending_of_two_batches_is_queued_once(stores: Stores) -> None:
    epoch = await owned(stores)
    for seq in (1, 2):
        await stores.routing.commit(batch(seq, epoch, outbox=[outgoing()]))
    assert await stores.outbox.backlog() == 1


async def test_a_batch_whose_fact_is_there_already_writes_nothing(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.routing.commit(batch(1, epoch, facts=[fact(id="ruixun:1:0")]))
    with pytest.raises(StaleWrite):
        await stores.routing.commit(batch(2, epoch, facts=[fact(id="ruixun:2:0"), fact(id="ruixun:1:0")]))
    facts = [each async for each in stores.reads.facts_between(SCOPE, T0, T0 + 1)]
    assert ([each.id for each in facts], await log_of(stores)) == (["ruixun:1:0"], [1])


TEXTS = ["", "null", "NULL", 'say "no"', "back\\slash", "two\nlines\tand a tab", "{a,b}", "\x1f\x7f", "忙线", "'; --"]


@pytest.mark.parametrize("said", TEXTS)
async def test_every_text_is_kept_as_it_is(stores: Stores, said: str) -> None:
    epoch = await owned(stores, "ct_1")
    await stores.routing.commit(batch(1, epoch, contacts=[move(view=said)], facts=[fact(data={said: [said, None]})]))
    (told,) = [each async for each in stores.reads.facts_between(SCOPE, T0, T0 + 1)]
    kept = await stores.reads.contact(SCOPE, "ct_1")
    assert kept
    assert (told.data, kept.view) == ({said: [said, None]}, said)


async def test_what_a_decision_leaves_to_be_done_is_due_with_its_batch_or_not_at_all(stores: Stores) -> None:
    epoch = await owned(stores)
    with pytest.raises(LeaseLost):
        await stores.routing.commit(batch(1, epoch - 1, timers=[timer()]))
    assert await stores.timers.due(T0 + SECOND, 10) == []
    await stores.routing.commit(batch(1, epoch, timers=[timer(), timer(id="tm_2", owner="pbx-1")]))
    due = await stores.timers.due(T0 + SECOND, 10)
    assert [(each.id, each.kind, each.owner) for each in due] == [
        ("tm_1", "case.due", ""),
        ("tm_2", "case.due", "pbx-1"),
    ]


async def test_a_desk_shows_what_its_agent_owns(stores: Stores) -> None:
    epoch = await owned(stores, "ct_1", "ct_2")
    active = move(state="active", owner="a1", answered_at=T0 + SECOND)
    rows = {"contacts": [active], "assignments_began": [began(contact="ct_1", agent="a1")]}
    await stores.routing.commit(batch(1, epoch, presences=[presence(used_units=60, desk_seq=7)], **rows))
    desk = await stores.reads.desk(PROVIDER, "a1")
    assert desk
    assert ([each.id for each in desk.contacts], desk.cursor, desk.used_units) == (["ct_1"], 7, 60)
    assert desk.presence.state is PresenceState.READY
    assert await stores.reads.desk(PROVIDER, "a2") is None
    assert await stores.reads.desk("other", "a1") is None


async def test_a_batch_can_hold_everything_at_once(stores: Stores) -> None:
    epoch = await owned(stores, *(f"ct_{n}" for n in range(200)))
    ids = [f"ct_{n}" for n in range(200)]
    await stores.changes.apply(Changes(events=[event() for _ in ids]))
    waiting = await stores.routing.pending(PROVIDER, 500)
    full = batch(201, epoch, decided=3)
    full.first_seq = 1
    full.decided = [decision(n, row=each.row) for n, each in enumerate(waiting, start=1)] + full.decided
    full.contacts = [move(id=each, state="active", owner="a1") for each in ids]
    full.offers_made = [offer(id=f"{each}/1/a1", contact=each) for each in ids]
    full.assignments_began = [began(id=f"{each}/1", contact=each) for each in ids]
    full.presences = [presence(agent=f"a{n}") for n in range(20)]
    full.outbox = [outgoing(id=f"ob_{each}") for each in ids]
    full.facts = [fact(id=f"ruixun:{n}:0", contact=each, client=CLIENT) for n, each in enumerate(ids)]
    await stores.routing.commit(full)
    assert await log_of(stores) == list(range(1, 204))
    assert len((await stores.routing.load(PROVIDER)).records) == 200
    assert await stores.outbox.backlog() == 200


# --- what became of an event --------------------------------------------------------------------------------------


async def test_the_facts_of_an_event_are_found_by_the_key_it_was_stored_under(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.changes.apply(Changes(events=[event(dedupe="a1:7")]))
    assert await stores.reads.facts_of_event(PROVIDER, "a1:7") is None
    (waiting,) = await stores.routing.pending(PROVIDER, 10)
    told = [fact(id=f"{PROVIDER}:1:{number}", at=T0 + 1, seq=1, kind="command.done") for number in range(2)]
    await stores.routing.commit(_one(epoch, waiting.row, told))
    assert await stores.reads.facts_of_event(PROVIDER, "a1:7") == told
    assert await stores.reads.facts_of_event(PROVIDER, "a1:8") is None
    assert await stores.reads.facts_of_event("another", "a1:7") is None


async def test_an_event_that_decided_nothing_is_known_all_the_same(stores: Stores) -> None:
    epoch = await owned(stores)
    await stores.changes.apply(Changes(events=[event(dedupe="a1:7")]))
    (waiting,) = await stores.routing.pending(PROVIDER, 10)
    await stores.routing.commit(_one(epoch, waiting.row, []))
    assert await stores.reads.facts_of_event(PROVIDER, "a1:7") == []


def _one(epoch: int, row: int, facts: list[Fact]) -> Batch:
    given = _of(epoch, [decision(1, row=row, event=b"")])
    given.facts = facts
    return given
