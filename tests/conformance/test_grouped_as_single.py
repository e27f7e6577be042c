"""Whatever is asked for at once, the store answers and keeps what it does when asked one by one, in that order."""

from __future__ import annotations

import asyncio
import itertools
from typing import Any

import asyncpg
from builders import CLIENT, OTHER, PROVIDER, T0, contact, conversation, customer, message, receipt, timer
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contactcenter.services.changes import CallWrite, Changes, ContactLink, ConversationMove, NewIdentity
from contactcenter.services.views import Scope
from contactcenter.storage.postgres import postgres_stores
from contactcenter.storage.stores import Stores

few = st.integers(0, 2)
"""So few rows that the writes often meet."""
versions = st.one_of(st.none(), st.integers(0, 2))
examples = itertools.count()


def maybe(one: st.SearchStrategy[Any]) -> st.SearchStrategy[list[Any]]:
    return st.lists(one, max_size=1)


@st.composite
def changes(draw: st.DrawFn, at: int = 0) -> Changes:
    """A little of everything; `at` is put into the names by `named`."""
    n, m = draw(few), draw(few)
    take = draw(st.sets(st.sampled_from(["receipt", "customer", "identity", "contact", "link", "callback"])))
    made = Changes(receipt=receipt(external_id=f"e{n}", result={"contact": f"ct_{m}"}) if "receipt" in take else None)
    if "customer" in take:
        made.customers.append(customer(id=f"cu_{n}", identities=(("phone", f"+86{m}"),)))
    if "identity" in take:
        made.identities.append(NewIdentity(f"cu_{m}", PROVIDER, CLIENT, "mail", f"{n}@example"))
    if "contact" in take:
        made.contacts.append(contact(id=f"ct_{n}", customer=draw(st.sampled_from(["", f"cu_{m}"]))))
    if "callback" in take:
        made.contacts.append(contact(id=f"cb_{n}", medium="callback", address=f"+86{m}"))
    if "link" in take:
        made.contact_links.append(ContactLink(id=f"ct_{m}", case=f"cs_{n}", must_be_open=True))
    _threads(draw, made)
    life = draw(maybe(st.tuples(few, versions)))
    made.calls.extend(_call(call, expected) for call, expected in life)
    made.timers.extend(timer(id=f"tm_{each}") for each in draw(maybe(few)))
    made.timers_fired.extend(f"tm_{each}" for each in draw(maybe(few)))
    return made


def _threads(draw: st.DrawFn, made: Changes) -> None:
    made.conversations.extend(conversation(id=f"cv_{n}", thread=f"t{n}", contact="ct_0") for n in draw(maybe(few)))
    moves = draw(maybe(st.tuples(few, few, few)))
    made.conversation_moves.extend(
        ConversationMove(id=f"cv_{n}", expected=f"ct_{old}", contact=f"ct_{new}") for n, old, new in moves
    )
    for n in draw(maybe(few)):
        made.messages.append(message(id=f"ms_{next(examples)}", conversation=f"cv_{n}"))


def _call(call: int, expected: int | None) -> CallWrite:
    return CallWrite(source="pbx", call=f"c{call}", provider=PROVIDER, life=b"{}", changed_at=T0, expected=expected)


async def _look(stores: Stores) -> list[object]:
    scope = Scope(PROVIDER, CLIENT)
    seen: list[object] = []
    for n in range(3):
        seen.append(await stores.changes.first_receipt("pbx", f"e{n}"))
        seen.append(await stores.reads.contact(scope, f"ct_{n}"))
        seen.append(await stores.intake.open_callback(CLIENT, f"+86{n}"))
        seen.append(await stores.reads.conversation(scope, f"cv_{n}"))
        seen.append(await stores.intake.call("pbx", f"c{n}"))
        for known in (("phone", f"+86{n}"), ("mail", f"{n}@example")):
            seen.append(await stores.intake.caller(CLIENT, (known,)))
            seen.append(await stores.intake.caller(OTHER, (known,)))
        seen.append([(row.id, row.seq) for row in await stores.reads.messages(scope, f"cv_{n}")])
    seen.append(sorted(each.id for each in await stores.timers.due(T0 * 2, 100)))
    return seen


def _outcome(told: Any) -> object:
    return type(told) if isinstance(told, Exception) else told


async def _one_by_one(stores: Stores, several: list[Changes]) -> list[object]:
    told = [await asyncio.gather(stores.changes.apply(each), return_exceptions=True) for each in several]
    return [_outcome(each) for (each,) in told]


async def _at_once(stores: Stores, several: list[Changes]) -> list[object]:
    told = await asyncio.gather(*(stores.changes.apply(each) for each in several), return_exceptions=True)
    return [_outcome(each) for each in told]


TABLES = ("receipts", "messages", "conversations", "contacts", "identities", "customers", "calls", "timers")


@given(several=st.lists(changes(), min_size=1, max_size=12))
@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
async def test_a_group_comes_to_what_one_after_the_other_does(pool: asyncpg.Pool, several: list[Changes]) -> None:
    seen = []
    for ask in (_at_once, _one_by_one):
        await pool.execute("; ".join(f"DELETE FROM {table}" for table in TABLES))
        stores = postgres_stores(pool)
        seen.append((await ask(stores, several), await _look(stores)))
    assert seen[0] == seen[1]
