"""The customer sees one company: finding a provider's name in what he would see (I5, I11).

A name counts as found through changed case, full width forms and blanks or dashes put between its letters.
An in-house center leases to itself: a name that the client bears too is no secret.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from functools import lru_cache

from contactcenter.domain.configuration import Client, Document

_GAP = r"[\s\u200b-\u200f\u2060\ufeff\-_.·・]*"
_SHORT = 4


def hidden_names(document: Document, client: str) -> tuple[str, ...]:
    """The provider's names, in every language and as id, that a customer of `client` must not meet."""
    own = _folded_names(c for c in document.clients if c.id == client)
    names = {*document.provider.name.values(), document.provider.id}
    return tuple(sorted(name for name in names if name and fold(name) not in own))


def mentioned(text: str, names: Iterable[str]) -> str:
    """The first of the names that the text contains, or nothing."""
    folded = fold(text)
    return next((name for name in names if name and _pattern(name).search(folded)), "")


def fold(text: str) -> str:
    """One width and one case, for comparing."""
    return unicodedata.normalize("NFKC", text).casefold()


def _folded_names(clients: Iterable[Client]) -> set[str]:
    return {fold(name) for client in clients for name in (*client.name.values(), client.id)}


@lru_cache(maxsize=256)
def _pattern(name: str) -> re.Pattern[str]:
    """A short Latin name stands alone; a long or a Chinese one is found inside other letters too."""
    letters = [re.escape(letter) for letter in fold(name) if not letter.isspace()]
    body = _GAP.join(letters)
    if name.isascii() and len(letters) <= _SHORT:
        body = rf"(?<![a-z0-9]){body}(?![a-z0-9])"
    return re.compile(body)
