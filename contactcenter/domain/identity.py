"""Identities in one spelling, so that the same person is found however he wrote himself (C01).

A phone number becomes E.164, a mail address lower case. What cannot be a number of the public network (an
extension, 12315, a withheld caller) stays as it was given, without blanks and punctuation.
"""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache
from typing import Literal

import phonenumbers
from msgspec import Struct

IdentityKind = Literal["phone", "mail", "chat", "member"]
REGION = "CN"
_PUNCTUATION = re.compile(r"[\s().\-‐‑–—/]+")
_SCHEME = re.compile(r"^(?:sips?|tel):", re.IGNORECASE)


class Identity(Struct, frozen=True, order=True):
    """One way to reach or recognise a customer, already normalised."""

    kind: IdentityKind
    value: str


@lru_cache(maxsize=65536)
def phone(number: str, region: str = REGION) -> str:
    """E.164 where the number is one; else the characters as given. Takes `tel:` and `sip:` addresses."""
    given = _SCHEME.sub("", unicodedata.normalize("NFKC", number).strip())
    given = given.partition(";")[0].partition("@")[0]
    plain = _PUNCTUATION.sub("", given)
    try:
        parsed = phonenumbers.parse(plain, region)
    except phonenumbers.NumberParseException:
        return plain
    return phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164) if _public(parsed, plain) else plain


def is_withheld(number: str) -> bool:
    """`anonymous` and its like: without a digit nobody is named."""
    return not any(letter.isdigit() for letter in number)


def can_be_dialled(number: str) -> bool:
    """Digits only, of a length that a number or an extension has: a code with * or # would command the carrier."""
    return re.fullmatch(r"\+?[0-9]{3,20}", phone(number)) is not None


def mail(address: str) -> str:
    """The address in lower case, without blanks, in one Unicode form."""
    return unicodedata.normalize("NFKC", address).strip().strip("<>").strip().lower()


def chat(visitor: str) -> str:
    """A visitor's id belongs to the site that gave it: only blanks around it are dropped."""
    return visitor.strip()


def member(number: str) -> str:
    """A membership number as the customer keys it in: one width, no blanks, capitals."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", number)).upper()


def identity(kind: IdentityKind, value: str) -> Identity:
    """The identity in its one spelling."""
    match kind:
        case "phone":
            return Identity(kind, phone(value))
        case "mail":
            return Identity(kind, mail(value))
        case "chat":
            return Identity(kind, chat(value))
        case "member":
            return Identity(kind, member(value))


def guess(value: str) -> Identity | None:
    """What a visitor typed as 'phone or mail': a mail address, a phone number, or nothing usable."""
    if "@" in value:
        return identity("mail", value)
    number = phone(value)
    return Identity("phone", number) if re.fullmatch(r"\+?[0-9]{5,15}", number) else None


def _public(parsed: phonenumbers.PhoneNumber, plain: str) -> bool:
    """A number of the dialling plan, or one that was given in international form and has a possible length."""
    if phonenumbers.is_valid_number(parsed):
        return True
    return plain.startswith("+") and phonenumbers.is_possible_number(parsed)
