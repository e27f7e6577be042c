"""Customers: four tiers, one record for many identities, and what an agent's screen shows of them."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from contactcenter.domain import customer as c
from contactcenter.domain.cards import customer_card, mask_id, mask_mail, mask_phone, tenure
from contactcenter.domain.configuration_yaml import decode, load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.errors import Invalid
from routing.model import Tier

ROOT = Path(__file__).parents[2]
BOOK = decode((ROOT / "contactcenter/demo/customers.yaml").read_text(encoding="utf-8"), c.Book)
DEMO = load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8"))
ZHOU = BOOK.customers[0]
TODAY = dt.date(2026, 11, 23)


def test_the_demo_has_customers_of_four_tiers_and_four_histories_for_both_clients() -> None:
    assert len(BOOK.customers) >= 30
    for client in ("kangjia", "xinghai"):
        ours = [each for each in BOOK.customers if each.client == client]
        assert {each.tier for each in ours} == {"platinum", "gold", "iron", "lead"}
        assert {line.kind for each in ours for line in each.histories} == set(c.HISTORIES)
        assert {each.language for each in ours} == {"zh-CN", "yue", "en"}


def test_no_two_customers_of_a_client_share_an_identity() -> None:
    assert c.problems(BOOK) == []
    twice = c.Book(
        (ZHOU, replace(ZHOU, id="other", phones=(), chats=(), members=(), mails=("ZHOU.mingyuan@mail.example",)))
    )
    assert c.problems(twice) == ["other: mail zhou.mingyuan@mail.example belongs to cu_kj01"]


def test_account_owners_of_the_demo_sit_on_the_clients_own_lease() -> None:
    directory = Directory(DEMO)
    owned = [each for each in BOOK.customers if each.owner]
    assert owned
    assert all(directory.lease(directory.agent(each.owner).lease).client == each.client for each in owned)


@pytest.mark.parametrize(
    ("tier", "metal", "value"),
    [
        ("platinum", "铂金", "VIP客户"),
        ("gold", "黄金", "主要客户"),
        ("iron", "钢铁", "普通客户"),
        ("lead", "重铅", "小客户"),
    ],
)
def test_the_four_tiers_have_two_sets_of_labels(tier: str, metal: str, value: str) -> None:
    number = c.TIERS[tier]  # type: ignore[index]
    assert c.tier_name(number) == tier
    assert c.tier_label(number, "zh-CN") == metal
    assert c.tier_label(number, "yue", "value") == value
    assert c.tier_label(number, "fr") == tier.capitalize()


def test_high_end_begins_at_700_yuan_a_month() -> None:
    assert c.tier_by_spend(70_000) is Tier.GOLD
    assert c.tier_by_spend(69_999) is Tier.IRON


def test_merging_keeps_the_older_record_and_loses_nothing() -> None:
    young = c.Customer(
        id="cu_new",
        client="kangjia",
        tier="lead",
        since=TODAY,
        name="周先生",
        phones=("13800000101",),
        chats=("web-9",),
    )
    assert c.same_person(ZHOU, young)
    merged = c.merge(young, ZHOU)
    assert (merged.id, merged.name, merged.tier, merged.since) == (ZHOU.id, ZHOU.name, "platinum", ZHOU.since)
    assert set(c.identities(merged)) == {*c.identities(ZHOU), *c.identities(young)}
    assert merged.histories == ZHOU.histories


def test_the_same_phone_at_two_clients_is_two_customers() -> None:
    other = BOOK.customers[-1]
    assert set(c.identities(other)) & set(c.identities(ZHOU))
    assert not c.same_person(other, ZHOU)
    with pytest.raises(Invalid):
        c.merge(other, ZHOU)


words = st.sampled_from(["", "a", "b"])
customers = st.builds(
    c.Customer,
    id=st.sampled_from(["1", "2", "3"]),
    client=st.just("kangjia"),
    since=st.dates(dt.date(2020, 1, 1), dt.date(2020, 1, 4)),
    name=words,
    owner=words,
    tier=st.sampled_from(list(c.TIERS)),
    mails=st.sets(st.sampled_from(["a@x.example", "b@x.example"])).map(lambda found: tuple(sorted(found))),
    histories=st.lists(
        st.builds(c.History, kind=st.sampled_from(c.HISTORIES), at=st.just(TODAY), summary=words), max_size=2
    ).map(tuple),
)


@settings(max_examples=60)
@given(customers, customers)
def test_merging_does_not_depend_on_the_order(one: c.Customer, two: c.Customer) -> None:
    forth, back = c.merge(one, two), c.merge(two, one)
    assert set(c.identities(forth)) == set(c.identities(back)) == {*c.identities(one), *c.identities(two)}
    assert (forth.histories, forth.tier, forth.since) == (back.histories, back.tier, back.since)
    assert (forth == back) or (one.since, one.id) == (two.since, two.id)


@pytest.mark.parametrize(
    ("number", "shown"),
    [
        ("+8613812345678", "+86138****5678"),
        ("+8675588000103", "+86755****0103"),
        ("+12025550108", "+12****08"),
        ("12315", "****15"),
        ("1001", "****"),
        ("", "****"),
    ],
)
def test_a_phone_number_is_shown_enough_to_recognise(number: str, shown: str) -> None:
    assert mask_phone(number) == shown


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("wang.min@mail.example", "w****@mail.example"),
        ("w@mail.example", "****@mail.example"),
        ("nonsense", "****"),
        ("", "****"),
    ],
)
def test_a_mail_address_is_shown_by_its_first_letter_and_host(address: str, shown: str) -> None:
    assert mask_mail(address) == shown


def test_ids_are_shown_by_their_end() -> None:
    assert (mask_id("kj-web-101"), mask_id("short")) == ("****01", "****")


@settings(max_examples=100)
@given(st.text("0123456789+@.ab", max_size=20))
def test_masking_always_hides_something(value: str) -> None:
    for shown in (mask_phone(value), mask_mail(value), mask_id(value)):
        assert "****" in shown
        assert not value or shown != value


@pytest.mark.parametrize(
    ("since", "today", "years"),
    [
        (dt.date(2009, 11, 23), TODAY, 17),
        (dt.date(2009, 11, 24), TODAY, 16),
        (dt.date(2024, 2, 29), dt.date(2026, 2, 28), 1),
        (dt.date(2027, 1, 1), TODAY, 0),
    ],
)
def test_tenure_counts_full_years(since: dt.date, today: dt.date, years: int) -> None:
    assert tenure(since, today) == years


def test_the_card_shows_who_it_is_and_no_full_identity() -> None:
    card = customer_card(ZHOU, language="en", today=TODAY, labels="value")
    assert (card.name, card.tier, card.tier_label, card.years) == ("周明远", "platinum", "VIP", 17)
    shown = " ".join(each.shown for each in card.identities)
    assert not any(each.value in shown for each in c.identities(ZHOU))
    assert [line.at for line in card.history] == sorted((line.at for line in card.history), reverse=True)
