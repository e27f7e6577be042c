"""What leaves: whose commands a sender takes, dead letters, webhook cursors, leases of connections."""

from __future__ import annotations

import pytest
from builders import CLIENT, OTHER, PROVIDER, SECOND, T0, batch, event, fact, mail, outgoing

from channels.port import PhoneCommand, PostWebhook
from contactcenter.services.changes import Changes, Outgoing
from contactcenter.services.views import Scope, WebhookStop
from contactcenter.storage.stores import Stores

ALL = Scope(PROVIDER)


def command(name: str, source: str, not_after: int | None = None) -> Outgoing:
    payload = PhoneCommand(id=name, source=source, call="c1", verb="ring")
    return outgoing(id=name, kind="phone", payload=payload, next_at=T0, not_after=not_after)


def webhook(name: str, **given: object) -> Outgoing:
    payload = PostWebhook(id=name, provider=PROVIDER, webhook="crm", body={"id": "f_1"})
    return outgoing(**{"id": name, "kind": "webhook", "payload": payload, "next_at": T0, **given})


async def claimed(stores: Stores, now: int, sources: list[str] | None) -> list[str]:
    return [each.id for each in await stores.outbox.due(now, 10, 30.0, ["phone"], sources)]


# --- whose commands ------------------------------------------------------------------------------------------------


async def test_a_sender_takes_the_commands_of_its_own_sources(stores: Stores) -> None:
    await stores.changes.apply(Changes(outbox=[command("a", "pbx-1"), command("b", "pbx-2")]))
    assert await claimed(stores, T0, []) == []
    assert await claimed(stores, T0, ["pbx-2"]) == ["b"]
    assert await claimed(stores, T0, None) == ["a"]


async def test_a_command_that_nobody_owns_is_taken_once_it_is_of_no_more_use(stores: Stores) -> None:
    await stores.changes.apply(Changes(outbox=[command("a", "gone", T0 + SECOND), command("b", "gone")]))
    assert await claimed(stores, T0, ["pbx-1"]) == []
    assert await claimed(stores, T0 + SECOND, ["pbx-1"]) == ["a"]


# --- dead letters --------------------------------------------------------------------------------------------------


async def died(stores: Stores, *names: str, client: str = CLIENT) -> None:
    rows = [outgoing(id=each, payload=mail(id=each), client=client) for each in names]
    await stores.changes.apply(Changes(outbox=rows))
    for number, name in enumerate(names):
        await stores.outbox.done(name, "refused: 550", T0 + number, dead=True)


async def test_dead_letters_are_listed_newest_first_page_by_page(stores: Stores) -> None:
    await died(stores, "ob_1", "ob_2", "ob_3")
    await stores.changes.apply(Changes(outbox=[outgoing(id="ob_4")]))
    await stores.outbox.done("ob_4", "sent: 250", T0)
    first = await stores.outbox.dead(ALL, 2)
    assert [(each.id, each.outcome, each.done_at) for each in first] == [
        ("ob_3", "refused: 550", T0 + 2),
        ("ob_2", "refused: 550", T0 + 1),
    ]
    assert [each.id for each in await stores.outbox.dead(ALL, 2, "ob_2")] == ["ob_1"]


async def test_a_client_sees_its_own_dead_letters_alone(stores: Stores) -> None:
    await died(stores, "ob_1")
    await died(stores, "ob_2", client=OTHER)
    assert [each.id for each in await stores.outbox.dead(Scope(PROVIDER, CLIENT), 9)] == ["ob_1"]
    assert await stores.outbox.sending(Scope(PROVIDER, CLIENT), "ob_2") is None
    assert await stores.outbox.sending(Scope("another"), "ob_1") is None
    found = await stores.outbox.sending(ALL, "ob_2")
    assert found
    assert found.dead


async def test_a_dead_letter_is_sent_again_as_if_never_tried(stores: Stores) -> None:
    await stores.changes.apply(Changes(outbox=[outgoing(id="ob_1", next_at=T0)]))
    await stores.outbox.due(T0, 1, 1.0)
    await stores.outbox.done("ob_1", "gave up", T0, dead=True)
    assert await stores.outbox.due(T0 + 60 * SECOND, 1, 1.0) == []
    assert await stores.outbox.revive("ob_1", T0 + 60 * SECOND)
    again = (await stores.outbox.due(T0 + 60 * SECOND, 1, 1.0))[0]
    assert (again.attempts, again.outcome, again.dead, again.done_at) == (1, "", False, None)


async def test_what_is_not_dead_or_of_no_more_use_is_not_revived(stores: Stores) -> None:
    await stores.changes.apply(Changes(outbox=[outgoing(id="ob_1"), outgoing(id="ob_2", not_after=T0 + SECOND)]))
    await stores.outbox.done("ob_1", "sent: 250", T0)
    await stores.outbox.done("ob_2", "refused", T0, dead=True)
    assert not await stores.outbox.revive("ob_1", T0)
    assert not await stores.outbox.revive("ob_2", T0 + SECOND)
    assert await stores.outbox.revive("ob_2", T0 + SECOND - 1)
    assert not await stores.outbox.revive("nothing", T0)


async def test_the_last_try_is_remembered_with_the_sending(stores: Stores) -> None:
    await stores.changes.apply(Changes(outbox=[outgoing(id="ob_1", next_at=T0)]))
    await stores.outbox.due(T0, 1, 1.0)
    await stores.outbox.retry("ob_1", "451 later", T0 + SECOND)
    assert (await stores.outbox.due(T0 + SECOND, 1, 1.0))[0].outcome == "451 later"


# --- facts become webhooks -----------------------------------------------------------------------------------------


async def decide(stores: Stores, seq: int, count: int) -> None:
    """A batch of `count` decisions with two facts each."""
    facts = [
        fact(id=f"{PROVIDER}:{n}:{ordinal}", at=T0 + n, seq=n) for n in range(seq, seq + count) for ordinal in (0, 1)
    ]
    await stores.routing.commit(batch(seq, 1, count, facts=facts))


async def test_facts_of_decisions_are_read_in_order_without_a_gap(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "one", 60.0)
    await decide(stores, 1, 3)
    # A service's fact of the same instant is not the log's business.
    await stores.changes.apply(Changes(facts=[fact(id="f_own", at=T0 + 2)], events=[event()]))
    first = await stores.webhooks.decided(PROVIDER, 0, 2)
    assert first.through == 2
    assert [each.id.rpartition(":")[0] for each in first.facts] == [f"{PROVIDER}:{n}" for n in (1, 1, 2, 2)]
    rest = await stores.webhooks.decided(PROVIDER, 2, 100)
    assert (rest.through, len(rest.facts)) == (3, 2)
    assert await stores.webhooks.decided(PROVIDER, 3, 100) == type(rest)(3, ())


async def test_who_begins_to_listen_hears_nothing_of_the_past(stores: Stores) -> None:
    assert await stores.webhooks.begin(PROVIDER, T0) == 0
    await stores.webhooks.forget(PROVIDER)
    await stores.routing.acquire(PROVIDER, "one", 60.0)
    await decide(stores, 1, 2)
    assert await stores.webhooks.begin(PROVIDER, T0) == 2
    await decide(stores, 3, 1)
    assert await stores.webhooks.begin(PROVIDER, T0) == 2


async def test_the_cursor_moves_with_what_was_queued_or_not_at_all(stores: Stores) -> None:
    await stores.webhooks.begin(PROVIDER, T0)
    assert await stores.webhooks.hand_over(PROVIDER, after=0, through=2, rows=[webhook("wm_1")], now=T0)
    assert not await stores.webhooks.hand_over(PROVIDER, after=0, through=2, rows=[webhook("wm_2")], now=T0)
    assert await stores.webhooks.hand_over(PROVIDER, after=2, through=3, rows=[], now=T0)
    assert await stores.webhooks.begin(PROVIDER, T0) == 3
    sent = await stores.outbox.due(T0, 10, 1.0, ["webhook"])
    assert [each.id for each in sent] == ["wm_1"]
    assert sent[0].payload == PostWebhook(id="wm_1", provider=PROVIDER, webhook="crm", body={"id": "f_1"})


async def test_a_stop_is_kept_until_somebody_takes_it_back(stores: Stores) -> None:
    stop = WebhookStop(provider=PROVIDER, webhook="crm", url="https://a.example/", reason="410", at=T0)
    await stores.webhooks.stop(stop)
    await stores.webhooks.stop(stop)
    assert await stores.webhooks.stops() == [stop]
    assert await stores.webhooks.resume(PROVIDER, "crm")
    assert not await stores.webhooks.resume(PROVIDER, "crm")
    assert await stores.webhooks.stops() == []


# --- leases of connections -----------------------------------------------------------------------------------------


async def test_a_connection_has_one_owner_under_a_rising_epoch(stores: Stores) -> None:
    assert await stores.leases.acquire("pbx-1", "one", 60.0) == 1
    assert await stores.leases.acquire("pbx-1", "two", 60.0) is None
    assert await stores.leases.acquire("pbx-2", "two", 60.0) == 1
    assert await stores.leases.renew("pbx-1", "one", 1, 60.0)
    assert not await stores.leases.renew("pbx-1", "two", 1, 60.0)
    await stores.leases.release("pbx-1", "two", 1)
    assert await stores.leases.acquire("pbx-1", "two", 60.0) is None
    await stores.leases.release("pbx-1", "one", 1)
    assert await stores.leases.acquire("pbx-1", "two", 60.0) == 2
    assert not await stores.leases.renew("pbx-1", "one", 1, 60.0)


@pytest.mark.parametrize("ttl_s", [0.0, -1.0])
async def test_a_lease_that_ran_out_is_anybodys(stores: Stores, ttl_s: float) -> None:
    assert await stores.leases.acquire("pbx-1", "one", ttl_s) == 1
    assert await stores.leases.acquire("pbx-1", "two", 60.0) == 2
    assert not await stores.leases.renew("pbx-1", "one", 1, 60.0)
