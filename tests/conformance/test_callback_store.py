"""Promised callbacks, the do-not-call list, and long talks: rows that both worlds keep alike."""

from __future__ import annotations

import time

import pytest
from builders import CLIENT, OTHER, PROVIDER, SECOND, T0, batch, callback, contact, ended, fact, move, unwanted
from msgspec.structs import replace

from contactcenter.errors import StaleWrite
from contactcenter.services.changes import CallWrite, Changes, WantedAgain
from contactcenter.services.views import Arriving, Scope
from contactcenter.storage.stores import Stores

SCOPE = Scope(PROVIDER)
NUMBER = "+8613900000001"


async def test_a_promise_is_written_over_only_at_the_version_read(stores: Stores) -> None:
    await stores.changes.apply(Changes(callbacks=[callback()]))
    seen = await stores.reads.callback(SCOPE, "ct_1")
    assert seen
    tried = ({"contact": "ct_1", "attempt": 1, "result": "busy", "at": T0, "by": "platform"},)
    await stores.changes.apply(Changes(callbacks=[callback(expected=seen.version, attempts=tried, contact="ct_2")]))
    for stale in (None, seen.version):
        with pytest.raises(StaleWrite):
            await stores.changes.apply(Changes(callbacks=[callback(expected=stale)]))
    now = await stores.reads.callback(SCOPE, "ct_1")
    assert now
    assert (now.contact, now.attempts, now.version) == ("ct_2", tried, 1)
    assert await stores.reads.callback(Scope(PROVIDER, OTHER), "ct_1") is None


async def test_one_promise_to_a_number_is_outstanding_until_it_has_its_outcome(stores: Stores) -> None:
    await stores.changes.apply(Changes(callbacks=[callback()]))
    found = await stores.intake.outstanding_callback(CLIENT, NUMBER)
    assert found
    assert (found.id, found.state) == ("ct_1", "open")
    with pytest.raises(StaleWrite):
        await stores.changes.apply(Changes(callbacks=[callback(id="ct_9")]))
    over = {"state": "ended", "outcome": "reached", "ended_at": T0 + SECOND, "ended_by": "a1"}
    await stores.changes.apply(Changes(callbacks=[callback(expected=0, **over)]))
    assert await stores.intake.outstanding_callback(CLIENT, NUMBER) is None
    await stores.changes.apply(Changes(callbacks=[callback(id="ct_9", requested_at=T0 + 2 * SECOND)]))
    listed = await stores.reads.callbacks(SCOPE, limit=10)
    assert [(row.id, row.outcome) for row in listed] == [("ct_9", ""), ("ct_1", "reached")]
    assert [row.id for row in await stores.reads.callbacks(SCOPE, limit=10, before="ct_9")] == ["ct_1"]
    assert [row.id for row in await stores.reads.callbacks(SCOPE, limit=10, state="open")] == ["ct_9"]
    assert await stores.reads.callbacks(Scope(PROVIDER, OTHER), limit=10) == []


async def test_the_outstanding_promises_of_some_clients_are_those_without_an_outcome(stores: Stores) -> None:
    over = {"state": "ended", "outcome": "reached", "ended_at": T0 + SECOND, "ended_by": "a1"}
    promises = [
        callback(number="+862", window_from=T0 + SECOND, window_until=T0 + 9 * SECOND),
        callback(id="ct_2", number="+861", state="dialling"),
        callback(id="ct_3", number="+863", **over),
        callback(id="ct_4", client=OTHER, number="+861"),
    ]
    await stores.changes.apply(Changes(callbacks=promises))
    mine = await stores.intake.outstanding_callbacks([CLIENT, "nobody"])
    assert [(each.id, each.client, each.number) for each in mine] == [
        ("ct_2", CLIENT, "+861"),
        (promises[0].id, CLIENT, "+862"),
    ]
    assert (mine[1].window_from, mine[1].window_until) == (T0 + SECOND, T0 + 9 * SECOND)
    both = await stores.intake.outstanding_callbacks([OTHER, CLIENT])
    assert {(each.client, each.number) for each in both} == {(OTHER, "+861"), (CLIENT, "+861"), (CLIENT, "+862")}
    assert await stores.intake.outstanding_callbacks([]) == []


async def test_whoever_calls_is_known_to_be_promised_a_callback_by_his_number_at_that_client(stores: Stores) -> None:
    over = {"state": "ended", "outcome": "reached", "ended_at": T0 + SECOND, "ended_by": "a1"}
    promises = [
        callback(),
        callback(id="ct_2", number="+863", **over),
        callback(id="ct_3", client=OTHER, number="+864"),
    ]
    await stores.changes.apply(Changes(callbacks=promises))
    callers = [
        ((("member", "M1"), ("phone", NUMBER)), "ct_1"),
        ((("phone", "+863"),), ""),
        ((("phone", "+864"),), ""),
        ((("member", NUMBER),), ""),
        ((), ""),
    ]
    for n, (identities, promised) in enumerate(callers):
        found = await stores.intake.arrival(Arriving("pbx", f"e{n}", f"c{n}", CLIENT, identities))
        assert found.promised == promised, identities


async def test_the_callbacks_that_are_being_dialled_since_a_while(stores: Stores) -> None:
    rows = [("ct_1", "dialling", T0), ("ct_2", "dialling", T0 + SECOND), ("ct_3", "open", T0)]
    for n, (name, state, at) in enumerate(rows):
        await stores.changes.apply(
            Changes(
                contacts=[contact(id=name, medium="callback", address=f"+86{n}")],
                callbacks=[callback(id=name, contact=name, number=f"+86{n}", state=state)],
                facts=[fact(id=f"{name}:callback.dialled", kind="callback.dialled", contact=name, at=at)],
            )
        )
    assert [row.id for row in await stores.intake.dialling(PROVIDER, T0 + 1)] == ["ct_1"]
    assert [row.id for row in await stores.intake.dialling(PROVIDER, T0 + 2 * SECOND)] == ["ct_1", "ct_2"]
    assert await stores.intake.dialling(PROVIDER, T0) == []
    assert await stores.intake.dialling("nobody", T0 + 2 * SECOND) == []


async def test_a_number_is_on_a_clients_list_until_it_is_taken_off(stores: Stores) -> None:
    await stores.changes.apply(Changes(unwanted=[unwanted(reason="asked"), unwanted(client=OTHER, number="+861")]))
    await stores.changes.apply(Changes(unwanted=[unwanted(reason="again", added_by="other")]))
    found = await stores.intake.unwanted(CLIENT, NUMBER)
    assert found
    assert (found.reason, found.added_by) == ("asked", "op")
    assert await stores.intake.unwanted(OTHER, NUMBER) is None
    everything = await stores.reads.all_unwanted(SCOPE, limit=10)
    assert [(row.client, row.number) for row in everything] == [(OTHER, "+861"), (CLIENT, NUMBER)]
    page = await stores.reads.all_unwanted(SCOPE, limit=10, after=f"{OTHER}|+861")
    assert [row.number for row in page] == [NUMBER]
    assert [row.client for row in await stores.reads.all_unwanted(Scope(PROVIDER, CLIENT), limit=10)] == [CLIENT]
    await stores.changes.apply(Changes(wanted_again=[WantedAgain(CLIENT, NUMBER), WantedAgain(CLIENT, "+862")]))
    assert await stores.intake.unwanted(CLIENT, NUMBER) is None


async def test_only_calls_that_are_talked_on_for_so_long_are_long_talks(stores: Stores) -> None:
    owner = await stores.routing.acquire(PROVIDER, "one", 60.0)
    assert owner
    names = {"ct_1": T0, "ct_2": T0 - SECOND, "ct_3": T0 + SECOND}
    opened = [contact(id=name, external_id=name) for name in names]
    await stores.changes.apply(Changes(contacts=[*opened, contact(id="ct_4", external_id="4", medium="chat")]))
    talking = [move(id=name, state="active", owner="a1", answered_at=at) for name, at in names.items()]
    chat = move(id="ct_4", state="active", owner="a2", answered_at=T0)
    await stores.routing.commit(batch(1, owner.epoch, contacts=[*talking, chat]))
    assert [row.id for row in await stores.reads.long_talks(SCOPE, T0)] == ["ct_2", "ct_1"]
    assert await stores.reads.long_talks(Scope(PROVIDER, OTHER), T0) == []


async def test_a_call_of_whose_end_nothing_was_heard_is_open_for_a_day(stores: Stores) -> None:
    """Its contact may have ended long before: blocked, and the caller talks to the voicemail."""
    now = time.time_ns() // 1000
    owner = await stores.routing.acquire(PROVIDER, "one", 60.0)
    assert owner
    opened = {"done": now - SECOND, "old": now - 2 * 86_400 * SECOND, "quiet": now - SECOND}
    lives = {name: b'{"state": "released"}' if name == "done" else b'{"state": "waiting"}' for name in opened}
    contacts = [contact(id=name, external_id=name, opened_at=at, enqueued_at=at) for name, at in opened.items()]
    calls = [
        CallWrite(source="pbx", call=name, provider=PROVIDER, life=life, changed_at=now, expected=None, contact=name)
        for name, life in lives.items()
    ]
    await stores.changes.apply(Changes(contacts=contacts, calls=calls))
    assert [each.contact for each in await stores.intake.open_calls("pbx")] == ["done", "old", "quiet"]
    gone = [ended(id=name, ended_at=now, outcome="blocked") for name in opened]
    await stores.routing.commit(batch(1, owner.epoch, contacts=gone))
    assert [(each.contact, each.over) for each in await stores.intake.open_calls("pbx")] == [("quiet", True)]
    heard = replace(calls[-1], life=b'{"state": "released"}', expected=0)
    await stores.changes.apply(Changes(calls=[heard]))
    assert await stores.intake.open_calls("pbx") == []
    assert await stores.intake.open_calls("nobody") == []
