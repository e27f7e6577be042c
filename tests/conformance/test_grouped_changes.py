"""Many write at once: each is stored or told its own reason, exactly as if it had come alone."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from builders import CLIENT, PROVIDER, T0, case, contact, conversation, customer, event, fact, message, receipt, timer

from contactcenter.errors import Invalid, StaleWrite
from contactcenter.services.changes import Applied, CallWrite, Changes, ConversationMove, NewIdentity
from contactcenter.services.ports import AlreadyReceived
from contactcenter.services.views import Scope
from contactcenter.storage.stores import Stores

SCOPE = Scope(PROVIDER, CLIENT)
MANY = 40


async def together(stores: Stores, several: list[Changes]) -> list[Any]:
    return await asyncio.gather(*(stores.changes.apply(each) for each in several), return_exceptions=True)


def arrival(n: int, **given: Any) -> Changes:
    """A call with everything that is stored of it."""
    return Changes(
        receipt=receipt(external_id=f"e{n}", result={"contact": f"ct_{n}"}),
        customers=[customer(id=f"cu_{n}", identities=(("phone", f"+86{n:08}"),))],
        contacts=[contact(id=f"ct_{n}", customer=f"cu_{n}")],
        facts=[fact(id=f"f_{n}", contact=f"ct_{n}")],
        events=[event(dedupe=f"arrived:{n}")],
        **given,
    )


async def stored(stores: Stores, count: int) -> list[int]:
    """The numbers of the arrivals that are there, each whole or not at all."""
    there = []
    for n in range(count):
        seen = await stores.reads.contact(SCOPE, f"ct_{n}")
        kept = await stores.changes.first_receipt("pbx", f"e{n}")
        known = await stores.intake.caller(CLIENT, (("phone", f"+86{n:08}"),))
        assert (seen is None) == (kept is None) == (known is None)
        if seen is not None:
            there.append(n)
    return there


async def test_all_that_come_at_once_are_stored(stores: Stores) -> None:
    done = await together(stores, [arrival(n) for n in range(MANY)])
    assert done == [Applied()] * MANY
    assert await stored(stores, MANY) == [*range(MANY)]
    assert len(await stores.routing.pending(PROVIDER, 100)) == MANY


@pytest.mark.parametrize(
    ("poison", "refusal"),
    [
        ({"cases": [case(customer="cu_nobody")]}, Invalid),
        ({"calls": [CallWrite(source="pbx", call="c", provider=PROVIDER, life=b"{}", changed_at=T0, expected=7)]},
         StaleWrite),
        ({"messages": [message(conversation="cv_nowhere")]}, StaleWrite),
        ({"timers_fired": ["tm_never_set"]}, StaleWrite),
        ({"conversations": [conversation(subject="\x00")]}, Invalid),
        ({"conversations": [conversation(subject="\ud800")]}, Invalid),
    ],
)  # fmt: skip
async def test_one_that_cannot_be_stored_does_not_touch_the_others(
    stores: Stores, poison: dict[str, Any], refusal: type[Exception]
) -> None:
    several = [arrival(n) for n in range(MANY)]
    several[17] = arrival(17, **poison)
    done = await together(stores, several)
    assert isinstance(done.pop(17), refusal)
    assert done == [Applied()] * (MANY - 1)
    assert await stored(stores, MANY) == [n for n in range(MANY) if n != 17]


async def test_of_repeats_that_come_at_once_one_is_stored(stores: Stores) -> None:
    done = await together(stores, [arrival(n % 8) for n in range(MANY)])
    assert done.count(Applied()) == 8
    told = [each for each in done if isinstance(each, AlreadyReceived)]
    assert len(told) == MANY - 8
    assert {each.first.result["contact"] for each in told} == {f"ct_{n}" for n in range(8)}
    assert len(await stores.routing.pending(PROVIDER, 100)) == 8


async def test_of_writes_over_one_row_the_first_wins_and_the_others_are_stale(stores: Stores) -> None:
    def write(n: int) -> Changes:
        life = b'{"by": %d}' % n
        row = CallWrite(source="pbx", call="c1", provider=PROVIDER, life=life, changed_at=T0, expected=0)
        return Changes(calls=[row], facts=[fact(id=f"f_{n}")])

    first = CallWrite(source="pbx", call="c1", provider=PROVIDER, life=b"{}", changed_at=T0, expected=None)
    await stores.changes.apply(Changes(calls=[first]))
    done = await together(stores, [write(n) for n in range(MANY)])
    assert (done[0], {type(each) for each in done[1:]}) == (Applied(), {StaleWrite})
    seen = await stores.intake.call("pbx", "c1")
    assert seen
    assert (seen.version, b"0" in seen.life) == (1, True)
    assert [each.id async for each in stores.reads.facts_between(SCOPE, 0, T0 * 2)] == ["f_0"]


async def test_messages_that_come_at_once_are_numbered_without_gaps_in_their_order(stores: Stores) -> None:
    await stores.changes.apply(Changes(conversations=[conversation(), conversation(id="cv_2", thread="<m2@example>")]))
    rows = [message(id=f"ms_{n}", conversation=f"cv_{1 + n % 2}") for n in range(MANY)]
    done = await together(stores, [Changes(messages=[each]) for each in rows])
    numbers = [applied.message_seqs[f"ms_{n}"] for n, applied in enumerate(done)]
    assert numbers == [1 + n // 2 for n in range(MANY)]
    for each in ("cv_1", "cv_2"):
        assert [row.seq for row in await stores.reads.messages(SCOPE, each)] == [*range(1, MANY // 2 + 1)]


async def test_what_is_opened_and_used_by_the_next_is_written_in_that_order(stores: Stores) -> None:
    opened = Changes(conversations=[conversation(contact="ct_1")], timers=[timer()])
    moved = Changes(conversation_moves=[ConversationMove(id="cv_1", expected="ct_1", contact="ct_2")])
    said = Changes(messages=[message()], timers_fired=["tm_1"])
    known = Changes(customers=[customer()])
    learned = Changes(identities=[NewIdentity("cu_1", PROVIDER, CLIENT, "phone", "+86138")])
    done = await together(stores, [opened, known, moved, learned, said])
    assert done == [Applied(), Applied(), Applied(), Applied(), Applied({"ms_1": 1})]
    seen = await stores.reads.conversation(SCOPE, "cv_1")
    assert seen
    assert (seen.contact, seen.last_seq) == ("ct_2", 1)


async def test_who_goes_away_while_he_waits_disturbs_nobody(stores: Stores) -> None:
    tasks = [asyncio.ensure_future(stores.changes.apply(arrival(n))) for n in range(MANY)]
    await asyncio.sleep(0)
    for task in tasks[::2]:
        task.cancel()
    done = await asyncio.gather(*tasks, return_exceptions=True)
    assert done[1::2] == [Applied()] * (MANY // 2)
    assert {*range(1, MANY, 2)} <= {*await stored(stores, MANY)}
