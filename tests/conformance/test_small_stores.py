"""Tokens, configuration versions and what leaves."""

from __future__ import annotations

import asyncio

import pytest
from builders import CLIENT, PROVIDER, SECOND, T0, mail, outgoing

from contactcenter.domain.configuration import Document
from contactcenter.errors import StaleWrite
from contactcenter.services.changes import Changes
from contactcenter.services.views import Principal, Scope
from contactcenter.storage.stores import Stores

AGENT = Principal(kind="agent", provider=PROVIDER, subject="a1", client=CLIENT, expires_at=T0 + 60 * SECOND)


# --- access ------------------------------------------------------------------------------------------------------


async def test_a_token_names_its_principal_until_it_expires(stores: Stores) -> None:
    await stores.access.add_token(b"hash", AGENT, T0)
    assert await stores.access.principal(b"hash", T0) == AGENT
    assert await stores.access.principal(b"hash", T0 + 60 * SECOND) is None
    assert await stores.access.principal(b"other", T0) is None


async def test_revoking_a_subject_ends_all_its_tokens_for_good(stores: Stores) -> None:
    for name in (b"1", b"2"):
        await stores.access.add_token(name, AGENT, T0)
    await stores.access.add_token(b"3", Principal(kind="agent", provider=PROVIDER, subject="a2"), T0)
    assert await stores.access.revoke_subject(PROVIDER, "a1", T0 + 1) == 2
    assert await stores.access.revoke_subject(PROVIDER, "a1", T0 + 2) == 0
    await stores.access.add_token(b"1", AGENT, T0 + 3)
    assert await stores.access.principal(b"1", T0 + 4) is None
    assert await stores.access.principal(b"3", T0 + 4) is not None


async def test_a_provider_has_tokens_once_one_was_added(stores: Stores) -> None:
    assert not await stores.access.has_tokens(PROVIDER)
    await stores.access.add_token(b"hash", AGENT, T0)
    assert await stores.access.has_tokens(PROVIDER)
    assert not await stores.access.has_tokens("other")


# --- configuration -----------------------------------------------------------------------------------------------


async def test_configuration_versions_are_kept_and_never_replaced(stores: Stores, plain_document: Document) -> None:
    assert await stores.configuration.latest(PROVIDER) is None
    for version in (1, 2):
        await stores.configuration.save(PROVIDER, version, plain_document, "op", T0)
    assert await stores.configuration.latest(PROVIDER) == (2, plain_document)
    assert await stores.configuration.version(PROVIDER, 1) == plain_document
    assert await stores.configuration.version(PROVIDER, 3) is None
    assert await stores.configuration.providers() == [PROVIDER]
    with pytest.raises(StaleWrite):
        await stores.configuration.save(PROVIDER, 2, plain_document, "op", T0)


# --- outbox ------------------------------------------------------------------------------------------------------


async def queued(stores: Stores, count: int) -> None:
    rows = [outgoing(id=f"ob_{n}", payload=mail(id=f"ob_{n}"), created_at=T0 + n) for n in range(count)]
    await stores.changes.apply(Changes(outbox=rows))


async def test_sendings_become_due_and_are_claimed_for_a_while(stores: Stores) -> None:
    await queued(stores, 3)
    assert await stores.outbox.due(T0 + SECOND, 10, 30.0) == []
    claimed = await stores.outbox.due(T0 + 2 * SECOND, 2, 30.0)
    assert [(each.id, each.attempts, each.payload.id) for each in claimed] == [("ob_0", 1, "ob_0"), ("ob_1", 1, "ob_1")]
    assert [each.id for each in await stores.outbox.due(T0 + 2 * SECOND, 10, 30.0)] == ["ob_2"]
    again = await stores.outbox.due(T0 + 32 * SECOND, 10, 30.0)
    assert [each.attempts for each in again] == [2, 2, 2]


async def test_a_sender_claims_its_own_kinds(stores: Stores) -> None:
    await queued(stores, 2)
    await stores.changes.apply(Changes(outbox=[outgoing(id="ob_9", kind="phone", created_at=T0 - 1)]))
    for kinds, ids in ((["webhook"], []), (["phone", "webhook"], ["ob_9"]), ([], ["ob_0", "ob_1"])):
        claimed = await stores.outbox.due(T0 + 2 * SECOND, 10, 30.0, kinds)
        assert [each.id for each in claimed] == ids


async def test_no_sending_is_claimed_twice_at_once(stores: Stores) -> None:
    await queued(stores, 40)
    claims = await asyncio.gather(*(stores.outbox.due(T0 + 2 * SECOND, 10, 30.0) for _ in range(4)))
    ids = [each.id for claim in claims for each in claim]
    assert len(ids) == len(set(ids))


async def test_what_is_done_does_not_come_back(stores: Stores) -> None:
    await queued(stores, 2)
    await stores.outbox.done("ob_0", "250 OK", T0)
    await stores.outbox.retry("ob_0", "late", T0)
    await stores.outbox.retry("ob_1", "451 later", T0 + 90 * SECOND)
    assert await stores.outbox.backlog() == 1
    assert await stores.outbox.due(T0 + 89 * SECOND, 10, 30.0) == []
    assert [each.id for each in await stores.outbox.due(T0 + 90 * SECOND, 10, 30.0)] == ["ob_1"]


async def test_kept_mail_is_listed_newest_first(stores: Stores) -> None:
    await queued(stores, 3)
    for item in ("ob_0", "ob_2"):
        await stores.outbox.done(item, "kept in var/mail", T0)
    await stores.outbox.done("ob_1", "250 OK", T0)
    kept = await stores.reads.kept_mail(Scope(PROVIDER), 10)
    assert [each.id for each in kept] == ["ob_2", "ob_0"]
    assert len(await stores.reads.kept_mail(Scope(PROVIDER), 1)) == 1
