"""Masking: a person's number and address are shown to whom they are needed, to others only their shape (C18)."""

from __future__ import annotations

import re
from typing import Any, Final

from contactcenter.domain.cards import mask_id, mask_mail, mask_phone
from contactcenter.services.views import ContactView, Principal

_MAIL: Final = re.compile(r"[^\s@<>\"'(),;:]+@[^\s@<>\"'(),;:]+\.[^\s@<>\"'(),;:]+")
_PHONE: Final = re.compile(
    r"(?<![0-9A-Za-z_+.\-])"
    r"(?:\+[0-9](?:[ -]?[0-9]){6,14}|[0-9]{7,15}|1[0-9]{2}[ -][0-9]{4}[ -][0-9]{4})"
    r"(?![0-9A-Za-z_\-])"
)
_OURS: Final = frozenset({"door", "dialled", "line", "source", "site", "mailbox"})
"""Keys that name our own doors, not the customer."""


def may_see_contact(who: Principal, contact: ContactView) -> bool:
    """Who works on it: its owner until it ended; a supervisor; the client whose customer it is. Not operations."""
    if who.kind == "agent":
        return contact.owner == who.subject and contact.state != "ended"
    return who.kind in ("supervisor", "client")


def may_see_case(who: Principal, owner: str) -> bool:
    """Its owner; a supervisor; the client whose matter it is."""
    return who.kind in ("supervisor", "client") or (who.kind == "agent" and who.subject == owner)


def may_see_customer(who: Principal, contacts: list[ContactView]) -> bool:
    """An agent while he owns one of the customer's open contacts; a supervisor; the client."""
    return any(may_see_contact(who, contact) for contact in contacts) or who.kind in ("supervisor", "client")


def mask_value(kind: str, value: str) -> str:
    """One identity, masked as its kind asks: phone, mail, or an id."""
    match kind:
        case "phone":
            return mask_phone(value)
        case "mail":
            return mask_mail(value)
        case _:
            return mask_id(value)


def mask_text(text: str) -> str:
    """Every number and address inside a text."""
    masked = _MAIL.sub(lambda found: mask_mail(found[0]), text)
    return _PHONE.sub(lambda found: mask_phone(re.sub(r"[ -]", "", found[0])), masked)


def mask_deep(value: Any) -> Any:
    """The same shape with every string masked, except the names of our own doors."""
    if isinstance(value, str):
        return mask_text(value)
    if isinstance(value, dict):
        return {key: item if key in _OURS else mask_deep(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [mask_deep(item) for item in value]
    return value
