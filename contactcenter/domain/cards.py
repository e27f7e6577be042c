"""What an agent sees when a contact rings: recognised, not asked again (C16, B17), and no more than needed (C18).

Shapes only; services fill them. Identities are masked here: the agent talks through the platform, so the full
number is not needed on the screen.
"""

from __future__ import annotations

import datetime as dt

from msgspec import Struct

from contactcenter.clock import Micros
from contactcenter.domain.case import CaseKind, CaseState
from contactcenter.domain.customer import Customer, HistoryKind, LabelSet, identities, tier_label, tier_of
from contactcenter.domain.identity import Identity, IdentityKind

_HIDDEN = "****"
_NEWEST = 20


class MaskedIdentity(Struct, frozen=True):
    """Enough to recognise, too little to use."""

    kind: IdentityKind
    shown: str


class HistoryLine(Struct, frozen=True, omit_defaults=True):
    """One line of one of the four histories, or an earlier contact (`kind` service)."""

    at: dt.date
    kind: HistoryKind
    summary: str
    amount_fen: int | None = None


class CaseLine(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """An open case; `due` in microseconds. A complaint shows its level and step."""

    number: str
    kind: CaseKind
    state: CaseState
    subject: str
    due: Micros
    overdue: bool = False
    provisional: bool = False
    level: int | None = None
    step: str = ""


class PromiseLine(Struct, frozen=True, omit_defaults=True):
    """What anyone promised this customer and nobody has kept yet."""

    text: str
    due: Micros
    overdue: bool = False
    by: str = ""


class CustomerCard(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Who it is. `tier` is the stable name, `tier_label` the word for people; `years` since the first day."""

    id: str
    name: str
    tier: str
    tier_label: str
    years: int
    language: str = ""
    group: bool = False
    owner: str = ""
    identities: tuple[MaskedIdentity, ...] = ()
    history: tuple[HistoryLine, ...] = ()


class ScreenPop(Struct, frozen=True, omit_defaults=True, kw_only=True):
    """Everything the agent needs before the first word. `greeting` is to be spoken or is already sent.

    `ivr` holds (question, answer) pairs; `apologise` is the sentence to open with after a long wait (B06).
    """

    contact: str
    medium: str
    client: str
    client_name: str
    greeting: str
    language: str
    customer: CustomerCard | None = None
    caller: MaskedIdentity | None = None
    subject: str = ""
    product: str = ""
    complaint: bool = False
    waited: Micros = 0
    apologise: str = ""
    ivr: tuple[tuple[str, str], ...] = ()
    cases: tuple[CaseLine, ...] = ()
    promises: tuple[PromiseLine, ...] = ()
    notes: tuple[str, ...] = ()
    window: tuple[Micros, Micros] | None = None


def customer_card(customer: Customer, *, language: str, today: dt.date, labels: LabelSet = "metal") -> CustomerCard:
    """The card, with its identities masked and its newest history first."""
    newest = sorted(customer.histories, key=lambda each: each.at, reverse=True)[:_NEWEST]
    return CustomerCard(
        id=customer.id,
        name=customer.name,
        tier=customer.tier,
        tier_label=tier_label(tier_of(customer.tier), language, labels),
        years=tenure(customer.since, today),
        language=customer.language,
        group=customer.group,
        owner=customer.owner,
        identities=tuple(mask(each) for each in identities(customer)),
        history=tuple(HistoryLine(each.at, each.kind, each.summary, each.amount_fen) for each in newest),
    )


def tenure(since: dt.date, today: dt.date) -> int:
    """Full years; a customer of the 29th of February has his day on the 1st of March."""
    years = today.year - since.year
    return max(0, years - ((today.month, today.day) < (since.month, since.day)))


def mask(each: Identity) -> MaskedIdentity:
    match each.kind:
        case "phone":
            return MaskedIdentity(each.kind, mask_phone(each.value))
        case "mail":
            return MaskedIdentity(each.kind, mask_mail(each.value))
        case "chat" | "member":
            return MaskedIdentity(each.kind, mask_id(each.value))


def mask_phone(number: str) -> str:
    """`+8613812345678` is `+86138****5678`. At least four digits are hidden; a short number shows its last two."""
    digits = sum(letter.isdigit() for letter in number)
    if digits < 9:
        return _HIDDEN + number[-2:] if digits > 4 else _HIDDEN
    head = 6 if digits >= 12 else 3
    return number[:head] + _HIDDEN + number[-4 if digits >= 12 else -2 :]


def mask_mail(address: str) -> str:
    """`wang.min@mail.example` is `w****@mail.example`; what has no @ is hidden."""
    name, at, host = address.rpartition("@")
    return f"{name[:1]}{_HIDDEN}@{host}" if at and len(name) > 1 else f"{_HIDDEN}{at}{host if at else ''}"


def mask_id(value: str) -> str:
    """The last two characters of an id that is long enough to spare them."""
    return _HIDDEN + (value[-2:] if len(value) > 5 else "")
