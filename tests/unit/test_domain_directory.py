"""Who and what is behind a number, an address, an id; and what routing is told about it."""

from __future__ import annotations

from pathlib import Path

import msgspec
import pytest
from msgspec.structs import replace

from contactcenter.domain import configuration as c
from contactcenter.domain import identity
from contactcenter.domain.configuration_rules import load_yaml
from contactcenter.domain.directory import Directory
from contactcenter.domain.routing_config import language_skill, needs, relaxation, routing_config
from contactcenter.errors import NotFound
from routing.model import Medium, RelaxStep

ROOT = Path(__file__).parents[2]
DEMO = load_yaml((ROOT / "contactcenter/demo/kangjia.yaml").read_text(encoding="utf-8"))
BOOK = Directory(DEMO)
NEW_YEAR_2026 = 1_767_196_800_000_000
"""2026-01-01 00:00 in Shanghai."""
NEW_YEAR_2028 = 1_830_268_800_000_000


@pytest.mark.parametrize("number", ["4000000101", "400-000-0101", "+86 400 000 0101", "tel:+864000000101"])
def test_a_line_is_found_however_its_number_is_written(number: str) -> None:
    line = BOOK.line(number)
    assert line is not None
    assert (line.client, line.blocked) == ("kangjia", "voicemail")


@pytest.mark.parametrize(
    ("given", "spelled"),
    [
        ("13800000101", "+8613800000101"),
        ("+86 138 0000 0101", "+8613800000101"),
        ("0086 13800000101", "+8613800000101"),
        ("(0755) 8800-0101", "+8675588000101"),
        ("+86138000001", "+86138000001"),
        ("sip:+8613800000101@pbx.example;transport=tcp", "+8613800000101"),
        ("12315", "12315"),
        ("10 01", "1001"),
        ("+44 7700 900104", "+447700900104"),
        ("anonymous", "anonymous"),
        ("", ""),
    ],
)
def test_a_number_has_one_spelling_and_a_short_one_stays_as_it_is(given: str, spelled: str) -> None:
    assert identity.phone(given) == spelled
    assert identity.phone(spelled) == spelled


def test_mail_and_member_numbers_have_one_spelling() -> None:
    assert identity.mail(" <Zhou.Min@Mail.Example> ") == "zhou.min@mail.example"
    assert identity.member("kj 00101") == "KJ00101"


@pytest.mark.parametrize(
    ("given", "kind"), [("A@b.example", "mail"), ("138 0000 0101", "phone"), ("my cat", None), ("", None)]
)
def test_a_contact_point_is_a_mail_a_phone_or_nothing(given: str, kind: str | None) -> None:
    guessed = identity.guess(given)
    assert (guessed and guessed.kind) == kind


def test_a_mailbox_is_found_in_any_case_and_unknown_doors_are_none() -> None:
    assert BOOK.mailbox("Service@KANGJIA.example") == DEMO.mailboxes[0]
    assert BOOK.mailbox("nobody@kangjia.example") is None
    assert BOOK.line("4009999999") is None
    assert BOOK.site("elsewhere") is None
    assert BOOK.source("pbx-9") is None
    assert BOOK.agent_by_number("9999") is None


@pytest.mark.parametrize("kind", ["agent", "client", "view", "lease", "plan", "calendar"])
def test_an_id_of_our_own_that_is_missing_is_not_found(kind: str) -> None:
    with pytest.raises(NotFound) as missing:
        getattr(BOOK, kind)("nothing")
    assert missing.value.code == f"unknown_{kind}"


def test_an_agent_is_found_by_id_and_by_public_number() -> None:
    assert BOOK.agent("a1001") == BOOK.agent_by_number("1001")
    assert [agent.number for agent in BOOK.supervisors()] == ["1001", "1011", "1031"]
    assert len(BOOK.agents_of("kangjia-2026")) == 10


@pytest.mark.parametrize(
    ("at", "lease"),
    [
        (NEW_YEAR_2026 - 1, None),
        (NEW_YEAR_2026, "kangjia-2026"),
        (NEW_YEAR_2028 - 1, "kangjia-2026"),
        (NEW_YEAR_2028, None),
    ],
)
def test_a_lease_is_in_force_from_midnight_to_midnight_of_the_providers_zone(at: int, lease: str | None) -> None:
    found = BOOK.lease_in_force("kangjia", at)
    assert (found and found.id) == lease


def test_customers_never_meet_the_provider_and_views_of_callbacks_are_known() -> None:
    assert BOOK.hidden_names("kangjia") == ("Ruixun", "ruixun", "瑞訊", "瑞讯")
    view = BOOK.callback_view("kangjia")
    assert view is not None
    assert view.medium == "callback"
    assert BOOK.calendar_of("kangjia") is BOOK.calendar("office")


def test_routing_gets_microseconds_and_everything_sorted() -> None:
    config = routing_config(DEMO, 7)
    assert config.version == 7
    assert [lease.id for lease in config.leases] == ["hongyan-2026", "kangjia-2026", "xinghai-2026"]
    assert (config.leases[1].starts, config.leases[1].ends) == (NEW_YEAR_2026, NEW_YEAR_2028)
    plan = next(each for each in config.plans if each.id == "cn-three-rings")
    assert (plan.cycle, plan.offer_life) == (5_000_000, 20_000_000)
    assert [(step.after, step.ring) for step in plan.steps] == [(0, 1), (6_000_000, 2), (10_000_000, 5)]
    voice = next(each for each in config.media if each.medium is Medium.VOICE)
    assert voice.max_wait == (60_000_000, 120_000_000, 240_000_000, 480_000_000)
    assert config.agents[0].skills == tuple(sorted(config.agents[0].skills))


def test_the_order_of_the_document_does_not_change_what_routing_gets() -> None:
    turned = replace(
        DEMO, agents=DEMO.agents[::-1], leases=DEMO.leases[::-1], plans=DEMO.plans[::-1], media=DEMO.media[::-1]
    )
    one, two = routing_config(DEMO, 1), routing_config(turned, 1)
    assert one == two
    assert msgspec.json.encode(one) == msgspec.json.encode(two)


@pytest.mark.parametrize(
    ("language", "product", "expected"),
    [
        ("", "", ()),
        ("yue-HK", "", (("lang:yue", 1),)),
        ("zh-TW", "tv", (("lang:zh-CN", 1), ("tv", 1))),
        ("EN", "audio", (("audio", 1), ("lang:en", 1))),
        ("fr", "", (("lang:zh-CN", 1),)),
        ("zh-CN", "fridge", (("lang:zh-CN", 1),)),
        ("yue", "phone", (("lang:yue", 1),)),
    ],
)
def test_language_and_product_become_needs_that_somebody_of_the_lease_can_meet(
    language: str, product: str, expected: tuple[tuple[str, int], ...]
) -> None:
    view = BOOK.view("voice")
    assert needs(BOOK, view, lease="kangjia-2026", language=language, product=product) == expected


def test_a_need_wanted_twice_keeps_the_higher_level() -> None:
    view = replace(BOOK.view("voice"), needs={"lang:yue": 4})
    assert needs(BOOK, view, lease="kangjia-2026", language="yue") == (("lang:yue", 4),)


def test_relaxing_keeps_the_language_and_lets_the_product_go() -> None:
    view = replace(BOOK.view("voice"), relax=(c.RelaxStep(30, {}, ()), c.RelaxStep(10, {"tv": 2})))
    assert relaxation(BOOK, view, lease="kangjia-2026", language="yue", product="audio") == (
        RelaxStep(10_000_000, (("lang:yue", 1), ("tv", 2))),
        RelaxStep(30_000_000, ()),
    )


@pytest.mark.parametrize(
    ("tag", "spoken", "expected"),
    [
        ("zh", {"zh-CN", "en"}, "zh-CN"),
        ("zh-yue-HK", {"zh-CN", "yue"}, "yue"),
        ("en-GB", {"en-US"}, "en-US"),
        ("de", {"en"}, ""),
        ("", {"en"}, ""),
    ],
)
def test_the_nearest_spoken_language_is_taken(tag: str, spoken: set[str], expected: str) -> None:
    assert language_skill(tag, spoken) == expected
