"""Each kind of stuck row, planted: it is found once it is late, and what is over or in time never is."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from builders import (
    PROVIDER,
    SECOND,
    T0,
    batch,
    began,
    case,
    contact,
    customer,
    decision,
    encode,
    ended,
    event,
    move,
    offer,
    outgoing,
    presence,
    record,
    timer,
)

from contactcenter.services.changes import AssignmentMoved, Batch, Changes, Decided
from contactcenter.services.stuck import ALLOWED
from contactcenter.storage.stores import Stores
from routing.events import Arrived
from routing.model import Presence, PresenceState

LATER = T0 + 86_400 * SECOND
Plant = Callable[[Stores], Awaitable[str]]


async def _owned(stores: Stores, *contacts: str) -> int:
    await stores.changes.apply(Changes(contacts=[contact(id=each) for each in contacts]))
    ownership = await stores.routing.acquire(PROVIDER, "node-1", 3.0)
    assert ownership is not None
    return ownership.epoch


async def _event(stores: Stores) -> str:
    await stores.changes.apply(Changes(events=[event()]))
    return str((await stores.routing.pending(PROVIDER, 1))[0].row)


async def _arrival(stores: Stores) -> str:
    epoch = await _owned(stores, "ct_1")
    await stores.changes.apply(Changes(events=[event(event=Arrived(record().contact))]))
    (pending,) = await stores.routing.pending(PROVIDER, 1)
    refused = decision(1, row=pending.row, event=b"", problem="ValueError: no")
    await stores.routing.commit(_with(epoch, refused))
    return "ct_1"


def _with(epoch: int, *decided: Decided, **rows: Any) -> Batch:
    made = batch(1, epoch, **rows)
    if decided:
        made.decided = list(decided)
    return made


async def _offer(stores: Stores) -> str:
    epoch = await _owned(stores, "ct_1")
    await stores.routing.commit(_with(epoch, contacts=[move(state="offered")], offers_made=[offer()]))
    return "ct_1/1/a1"


async def _active(stores: Stores, **agent: Any) -> int:
    epoch = await _owned(stores, "ct_1")
    rows = {"contacts": [move(state="active", owner="a1")], "assignments_began": [began()]}
    await stores.routing.commit(_with(epoch, **rows, presences=[presence(**agent)]))
    return epoch


async def _orphan(stores: Stores) -> str:
    epoch = await _active(stores)
    await stores.routing.commit(batch(2, epoch, contacts=[ended(expected=1)]))
    return "ct_1/2"


async def _deserted(stores: Stores) -> str:
    await _active(stores, state="offline")
    return "ct_1"


async def _wrap_up(stores: Stores) -> str:
    epoch = await _active(stores)
    moved = AssignmentMoved("ct_1", "a1", T0, False)
    rows = {"contacts": [move(state="wrap_up", owner="a1", expected=1)], "assignments_moved": [moved]}
    await stores.routing.commit(batch(2, epoch, **rows))
    return "ct_1"


async def _presence(stores: Stores) -> str:
    away = Presence(agent="a1", state=PresenceState.NOT_RESPONDING, until=T0 + SECOND)
    epoch = await _owned(stores)
    row = presence(state="not_responding", route=encode(away))
    await stores.routing.commit(_with(epoch, presences=[row]))
    return "a1"


async def _sending(stores: Stores) -> str:
    await stores.changes.apply(Changes(outbox=[outgoing()]))
    return "ob_1"


async def _timer(stores: Stores) -> str:
    await stores.changes.apply(Changes(timers=[timer()]))
    return "tm_1"


async def _case(stores: Stores) -> str:
    await stores.changes.apply(Changes(customers=[customer()], cases=[case(customer="cu_1")]))
    return "cs_1"


PLANTS: dict[str, Plant] = {
    "events": _event,
    "arrivals": _arrival,
    "offers": _offer,
    "orphans": _orphan,
    "deserted": _deserted,
    "wrap_ups": _wrap_up,
    "presences": _presence,
    "sendings": _sending,
    "timers": _timer,
    "cases": _case,
}


@pytest.mark.parametrize("what", PLANTS)
async def test_what_is_late_is_found_and_what_is_in_time_is_not(stores: Stores, what: str) -> None:
    planted = await PLANTS[what](stores)
    assert [(row.provider, row.id) for row in await stores.stuck.stuck(what, LATER)] == [(PROVIDER, planted)]
    assert await stores.stuck.stuck(what, T0 - SECOND) == []


@pytest.mark.parametrize("what", ALLOWED)
async def test_where_nothing_is_nothing_is_stuck(stores: Stores, what: str) -> None:
    assert await stores.stuck.stuck(what, LATER) == []


async def test_a_domain_without_an_owner_is_stuck_once_its_lease_is_old(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", 3.0)
    assert await stores.stuck.stuck("domains", T0) == []
    long_after = 2 * LATER
    assert [row.id for row in await stores.stuck.stuck("domains", long_after)] == [PROVIDER]


async def test_what_is_over_is_never_stuck(stores: Stores) -> None:
    epoch = await _active(stores)
    done = [AssignmentMoved("ct_1", "a1", T0, True)]
    await stores.routing.commit(batch(2, epoch, contacts=[ended(expected=1)], assignments_moved=done))
    await _sending(stores)
    await stores.outbox.done("ob_1", "sent", T0)
    await stores.changes.apply(Changes(timers=[timer()]))
    await stores.changes.apply(Changes(timers_fired=["tm_1"]))
    for what in ("orphans", "deserted", "wrap_ups", "sendings", "timers", "offers"):
        assert await stores.stuck.stuck(what, LATER) == [], what


async def test_only_a_part_in_a_contact_that_has_ended_is_ended(stores: Stores) -> None:
    epoch = await _active(stores)
    await stores.stuck.end_orphans(["ct_1/2", "ct_none/1"])
    assert [row.id for row in await stores.stuck.stuck("orphans", LATER)] == []
    await stores.routing.commit(batch(2, epoch, contacts=[ended(expected=1)]))
    await stores.stuck.end_orphans(["ct_1/2"])
    assert await stores.stuck.stuck("orphans", LATER) == []
    assert await stores.stuck.stuck("deserted", LATER) == []
