"""Tokens: shown once, stored as hashes, forgotten in time; and whose rows each of them opens."""

from __future__ import annotations

import hashlib

import pytest
from api_house import PROVIDER, House, SetClock

from contactcenter.errors import Forbidden, Invalid, Unauthorized
from contactcenter.services.access import Access, VisitorTokens
from contactcenter.services.privacy import mask_deep, mask_text
from contactcenter.services.views import Principal, Scope

SECRET = "a secret of tests, long enough"


@pytest.fixture
def house() -> House:
    return House()


async def test_only_the_hash_of_a_token_is_stored(house: House) -> None:
    token = await house.access.issue("operator", PROVIDER, "ops")
    assert list(house.rows.tokens) == [hashlib.sha256(token.encode()).digest()]


async def test_a_recognised_token_is_not_looked_up_again_for_five_seconds(house: House) -> None:
    token = await house.access.issue("operator", PROVIDER, "ops")
    for seconds in (0, 2, 2.9, 0.2):
        house.clock.pass_(seconds)
        await house.access.principal(token)
    assert house.rows.token_reads == 2


async def test_a_token_revoked_elsewhere_works_at_most_five_seconds_more(house: House) -> None:
    token = await house.access.issue("operator", PROVIDER, "ops")
    await house.access.principal(token)
    await house.rows.revoke_subject(PROVIDER, "ops", 0)
    house.clock.pass_(5)
    with pytest.raises(Unauthorized):
        await house.access.principal(token)


async def test_a_token_revoked_here_works_no_more(house: House) -> None:
    token = await house.access.issue("operator", PROVIDER, "ops")
    await house.access.principal(token)
    await house.access.revoke(PROVIDER, "ops")
    with pytest.raises(Unauthorized):
        await house.access.principal(token)


async def test_a_token_expires_even_while_it_is_remembered(house: House) -> None:
    until = house.clock.now() + 1_000_000
    token = await house.access.issue("operator", PROVIDER, "ops", expires_at=until)
    await house.access.principal(token)
    house.clock.pass_(1)
    with pytest.raises(Unauthorized):
        await house.access.principal(token)


async def test_the_memory_of_tokens_is_bounded(house: House) -> None:
    rows = house.rows
    access = Access(rows, house.clock, house.ids, client_of_agent=house.client_of_agent, remembered=3)
    tokens = [await access.issue("operator", PROVIDER, f"ops-{n}") for n in range(10)]
    for token in [*tokens, tokens[0]]:
        await access.principal(token)
    assert rows.token_reads == 11


@pytest.mark.parametrize("token", ["", "x" * 513, "unknown", "\udcff"])
async def test_what_is_no_token_is_unauthorized(house: House, token: str) -> None:
    with pytest.raises(Unauthorized):
        await house.access.principal(token)


@pytest.mark.parametrize(
    ("kind", "subject", "client", "field"),
    [("king", "x", "", "kind"), ("agent", "", "", "subject"), ("client", "x", "", "client")],
)
async def test_a_token_for_nobody_is_refused(house: House, kind: str, subject: str, client: str, field: str) -> None:
    with pytest.raises(Invalid) as refused:
        await house.access.issue(kind, PROVIDER, subject, client=client)
    assert refused.value.field == field


@pytest.mark.parametrize(
    ("kind", "subject", "client", "scope"),
    [
        ("client", "desk", "kangjia", Scope(PROVIDER, "kangjia")),
        ("agent", "a1002", "", Scope(PROVIDER, "kangjia")),
        ("agent", "a1012", "", Scope(PROVIDER, "xinghai")),
        ("supervisor", "boss", "", Scope(PROVIDER)),
        ("operator", "ops", "", Scope(PROVIDER)),
        ("operator", "ops", "kangjia", Scope(PROVIDER, "kangjia")),
    ],
)
def test_each_kind_sees_its_own_rows(house: House, kind: str, subject: str, client: str, scope: Scope) -> None:
    who = Principal(kind=kind, provider=PROVIDER, subject=subject, client=client)
    assert house.access.scope_of(who) == scope


@pytest.mark.parametrize(("kind", "subject"), [("client", "x"), ("agent", "unknown"), ("platform", "pbx-1")])
def test_who_is_confined_to_nothing_sees_nothing(house: House, kind: str, subject: str) -> None:
    with pytest.raises(Forbidden):
        house.access.scope_of(Principal(kind=kind, provider=PROVIDER, subject=subject))


def test_a_visitors_token_says_which_site_and_session() -> None:
    tokens = VisitorTokens(SECRET, SetClock())
    assert tokens.verify(tokens.sign("kangjia-web", "s1")) == ("kangjia-web", "s1")


def test_a_visitors_token_is_over_after_its_age() -> None:
    clock = SetClock()
    tokens = VisitorTokens(SECRET, clock, max_age_s=60)
    token = tokens.sign("kangjia-web", "s1")
    clock.pass_(60)
    tokens.verify(token)
    clock.pass_(1)
    with pytest.raises(Unauthorized) as refused:
        tokens.verify(token)
    assert refused.value.code == "visitor_token_expired"


@pytest.mark.parametrize("token", ["", "x", "a.b.c", "x" * 600, "é.é.é"])
def test_what_is_no_visitors_token_is_unauthorized(token: str) -> None:
    with pytest.raises(Unauthorized):
        VisitorTokens(SECRET, SetClock()).verify(token)


def test_no_letter_of_a_visitors_token_can_be_changed() -> None:
    tokens = VisitorTokens(SECRET, SetClock())
    token = tokens.sign("kangjia-web", "s1")
    forged = [token[:n] + ("A" if token[n] != "A" else "B") + token[n + 1 :] for n in range(len(token) - 1)]
    for each in forged:
        with pytest.raises(Unauthorized):
            tokens.verify(each)


def test_an_old_secret_still_verifies_during_rotation() -> None:
    token = VisitorTokens(SECRET, SetClock()).sign("kangjia-web", "s1")
    assert VisitorTokens([SECRET, "the next secret, long enough"], SetClock()).verify(token)[1] == "s1"


def test_a_short_secret_is_refused() -> None:
    with pytest.raises(Invalid):
        VisitorTokens("short", SetClock())


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        ("call +8613812345678 now", "call +86138****5678 now"),
        ("mail wang.min@mail.example.", "mail w****@mail.example."),
        ("at 2026-01-31T09:00:00.000000Z", "at 2026-01-31T09:00:00.000000Z"),
        ("ct_0192abcdef agent 1001", "ct_0192abcdef agent 1001"),
    ],
)
def test_numbers_and_addresses_are_masked_wherever_they_stand(text: str, masked: str) -> None:
    assert mask_text(text) == masked


def test_our_own_doors_are_not_masked() -> None:
    assert mask_deep({"door": "4000000101", "deep": [{"caller": "4000000101"}]})["door"] == "4000000101"
