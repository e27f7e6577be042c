"""A customer: one record, many identities, four histories (C01), and one of four tiers (C04).

Merging keeps the older record and loses nothing: all identities, the better tier, every history entry.
"""

from __future__ import annotations

import datetime as dt
from typing import Literal

from msgspec import Struct
from msgspec.structs import replace

from contactcenter.domain.configuration import Id, NotNegative, TierName
from contactcenter.domain.identity import Identity, identity
from contactcenter.errors import Invalid
from routing.model import Tier

HistoryKind = Literal["consumption", "service", "payment", "credit"]
HISTORIES: tuple[HistoryKind, ...] = ("consumption", "service", "payment", "credit")
LabelSet = Literal["metal", "value"]

TIERS: dict[TierName, Tier] = {
    "platinum": Tier.PLATINUM,
    "gold": Tier.GOLD,
    "iron": Tier.IRON,
    "lead": Tier.LEAD,
}
LABELS: dict[LabelSet, dict[str, tuple[str, str, str, str]]] = {
    "metal": {
        "zh-CN": ("铂金", "黄金", "钢铁", "重铅"),
        "en": ("Platinum", "Gold", "Iron", "Lead"),
    },
    "value": {
        "zh-CN": ("VIP客户", "主要客户", "普通客户", "小客户"),
        "en": ("VIP", "Main", "Ordinary", "Small"),
    },
}
"""The two label sets of the pyramid, best tier first. Only our own people see them."""


class History(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True):
    """One entry of one of the four histories; `amount_fen` where money is part of it."""

    kind: HistoryKind
    at: dt.date
    summary: str
    amount_fen: int | None = None


class Customer(Struct, frozen=True, forbid_unknown_fields=True, omit_defaults=True, kw_only=True):
    """The person or group who contacts a client. `owner`: the account owner's agent id (A16, B14)."""

    id: str
    client: Id
    name: str = ""
    tier: TierName = "iron"
    language: str = ""
    since: dt.date
    group: bool = False
    owner: str = ""
    phones: tuple[str, ...] = ()
    mails: tuple[str, ...] = ()
    chats: tuple[str, ...] = ()
    members: tuple[str, ...] = ()
    monthly_spend_fen: NotNegative = 0
    histories: tuple[History, ...] = ()


class Book(Struct, frozen=True, forbid_unknown_fields=True):
    """A file of customers, read with `configuration_yaml.decode(text, Book)`."""

    customers: tuple[Customer, ...]


def tier_of(name: TierName) -> Tier:
    return TIERS[name]


def tier_name(tier: int) -> TierName:
    """The stable name of a tier number."""
    return next(name for name, value in TIERS.items() if value == tier)


def tier_label(tier: int, language: str, labels: LabelSet = "metal") -> str:
    """What our own people read; any Chinese gets the Chinese label."""
    tongue = "zh-CN" if language.lower().partition("-")[0] in ("zh", "yue", "") else "en"
    return LABELS[labels][tongue][tier]


def tier_by_spend(monthly_fen: int, *, gold_from_fen: int = 70_000) -> Tier:
    """Whose month is 700 yuan or more belongs to the high end (C10); the threshold is configuration."""
    return Tier.GOLD if monthly_fen >= gold_from_fen else Tier.IRON


def identities(customer: Customer) -> tuple[Identity, ...]:
    """Every identity in its one spelling, each once, sorted."""
    found = {identity("phone", number) for number in customer.phones}
    found |= {identity("mail", address) for address in customer.mails}
    found |= {identity("chat", visitor) for visitor in customer.chats}
    found |= {identity("member", number) for number in customer.members}
    return tuple(sorted(found))


def same_person(one: Customer, two: Customer) -> bool:
    """One shared identity of the same client is enough. Names are not evidence."""
    return one.client == two.client and bool(set(identities(one)) & set(identities(two)))


def merge(one: Customer, two: Customer) -> Customer:
    """One record of two: the older keeps its id, name and owner. Raises Invalid across clients (I7).

    The order of the two makes no difference.
    """
    if one.client != two.client:
        raise Invalid("customers of two clients are never one", code="two_clients", field="client")
    kept, other = sorted((one, two), key=lambda customer: (customer.since, customer.id))
    return replace(
        kept,
        name=kept.name or other.name,
        language=kept.language or other.language,
        owner=kept.owner or other.owner,
        group=kept.group or other.group,
        tier=min(kept.tier, other.tier, key=lambda name: TIERS[name]),
        phones=_both(kept.phones, other.phones),
        mails=_both(kept.mails, other.mails),
        chats=_both(kept.chats, other.chats),
        members=_both(kept.members, other.members),
        monthly_spend_fen=kept.monthly_spend_fen + other.monthly_spend_fen,
        histories=tuple(sorted({*kept.histories, *other.histories}, key=_history_order)),
    )


def problems(book: Book) -> list[str]:
    """Identities that two customers of one client share: who calls must be one person."""
    seen: dict[tuple[str, Identity], str] = {}
    found: list[str] = []
    for customer in book.customers:
        for each in identities(customer):
            first = seen.setdefault((customer.client, each), customer.id)
            if first != customer.id:
                found.append(f"{customer.id}: {each.kind} {each.value} belongs to {first}")
    return found


def _both(one: tuple[str, ...], two: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted({*one, *two}))


def _history_order(history: History) -> tuple[dt.date, str, str, int]:
    return history.at, history.kind, history.summary, history.amount_fen or 0
