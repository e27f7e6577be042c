"""Router processes: who is alive, who holds what, and to whom a domain is given."""

from __future__ import annotations

from builders import PROVIDER, T0

from contactcenter.domain.configuration import Document
from contactcenter.services.views import DomainSeen
from contactcenter.storage.stores import Stores

TTL_S = 3.0


async def test_a_node_is_seen_while_its_heart_beats(stores: Stores) -> None:
    assert (await stores.nodes.beat("node-1", TTL_S)).nodes == ("node-1",)
    assert (await stores.nodes.beat("node-2", 0.0)).nodes == ("node-1",), "no time left is dead"
    assert (await stores.nodes.beat("node-2", TTL_S)).nodes == ("node-1", "node-2")


async def test_a_node_that_leaves_is_gone_at_once(stores: Stores) -> None:
    await stores.nodes.beat("node-1", TTL_S)
    await stores.nodes.leave("node-1")
    assert (await stores.nodes.beat("node-2", TTL_S)).nodes == ("node-2",)
    await stores.nodes.leave("nobody")


async def test_every_configured_domain_is_seen_once_and_nobody_has_a_new_one(
    stores: Stores, plain_document: Document
) -> None:
    for provider, version in ((PROVIDER, 1), (PROVIDER, 2), ("another", 1)):
        await stores.configuration.save(provider, version, plain_document, "test", T0)
    seen = (await stores.nodes.beat("node-1", TTL_S)).domains
    assert [(each.domain, each.owner, each.heir) for each in seen] == [("another", "", ""), (PROVIDER, "", "")]
    assert all(each.free_in_s < -3600 for each in seen)


async def test_it_is_seen_who_holds_a_domain_and_for_how_long(stores: Stores, plain_document: Document) -> None:
    await stores.configuration.save(PROVIDER, 1, plain_document, "test", T0)
    await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    held = await _seen(stores)
    assert held.owner == "node-1"
    assert 0 < held.free_in_s <= TTL_S
    await stores.routing.release(PROVIDER, "node-1", 1, "node-2")
    given = await _seen(stores)
    assert (given.owner, given.heir) == ("", "node-2")
    assert -60 < given.free_in_s <= 0


async def test_the_heir_takes_at_once_and_others_wait(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", TTL_S)
    await stores.routing.release(PROVIDER, "node-1", 1, "node-2")
    assert await stores.routing.acquire(PROVIDER, "node-3", TTL_S, 60.0) is None
    taken = await stores.routing.acquire(PROVIDER, "node-2", TTL_S, 60.0)
    assert taken is not None
    assert (taken.epoch, taken.why, taken.before) == (2, "handover", "")
    await stores.routing.release(PROVIDER, "node-2", 2)
    assert await stores.routing.acquire(PROVIDER, "node-2", TTL_S, 60.0) is None, "an heir is named anew each time"


async def test_who_is_not_meant_waits_until_an_expired_lease_is_old_enough(stores: Stores) -> None:
    await stores.routing.acquire(PROVIDER, "node-1", -30.0)
    assert await stores.routing.acquire(PROVIDER, "node-2", TTL_S, 60.0) is None
    taken = await stores.routing.acquire(PROVIDER, "node-2", TTL_S, 20.0)
    assert taken is not None
    assert (taken.why, taken.before) == ("expired", "node-1")


async def _seen(stores: Stores) -> DomainSeen:
    (found,) = (await stores.nodes.beat("watcher", TTL_S)).domains
    return found
