"""Phrases that customers do not hear, and what to say instead (H07-H10, H21, B09).

Two uses: a text of the catalogue with a `banned` phrase is refused; an agent's own words get findings, which are
advice, except for the provider's name, which never leaves the house (I5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import NamedTuple

from msgspec import Struct

from contactcenter.domain.brand import fold, mentioned


class Finding(Struct, frozen=True):
    """`phrase` as it stands in the (folded) text; `suggestion` is the catalogue's key of what to say instead."""

    phrase: str
    suggestion: str
    hard: bool = False


class _Phrase(NamedTuple):
    pattern: re.Pattern[str]
    suggestion: str
    banned: bool


def _phrase(pattern: str, suggestion: str, *, banned: bool = True) -> _Phrase:
    return _Phrase(re.compile(pattern), f"desk.lint.{suggestion}", banned)


_WAIT = (
    r"请您?(?:再|先)?(?:耐心)?(?:稍等|稍候|稍后片刻|等一下|等一等|等等|等待|等候|等一会)"
    r"|請您?(?:再|先)?(?:耐心)?(?:稍等|稍候|等一下|等一等|等等|等待|等候)|敬请等候"
    r"|\b(?:please|kindly) (?:wait|hold|stand by)\b|\bhold on\b|\bhold the line\b|\bwait a (?:moment|minute|second)\b"
)
_PHRASES = (
    _phrase(_WAIT, "wait"),
    _phrase(r"我不能|我没办法|\bi (?:cannot|can't|can not)\b", "cannot"),
    _phrase(r"我不会做|我不會做|\bi (?:won't|will not)\b", "will_not"),
    _phrase(r"这不是我应该做的|這不是我應該做的|不关我的?事|\bnot my (?:job|business|department)\b", "not_mine"),
    _phrase(r"我想我做不了|\bi don't think i can\b", "cannot"),
    _phrase(r"但是", "but"),
    _phrase(r"不过|可是|\bbut\b", "but", banned=False),
    _phrase(r"这是公司的?规定|按规定|\bcompany policy\b|\bthe rules say\b", "policy", banned=False),
    _phrase(r"你必须|您必须|\byou must\b|\byou have to\b", "command", banned=False),
    _phrase(r"那个部门的责任|他们部门|\bthat department's fault\b", "not_mine", banned=False),
)


_BANNED = re.compile("|".join(each.pattern.pattern for each in _PHRASES if each.banned))
"""Any of them: hardly a text has one, and it is one search that finds none."""


def forbidden_phrase(text: str) -> str:
    """The first phrase that no customer may read in our own texts, or nothing."""
    folded = fold(text).replace("’", "'")
    if not _BANNED.search(folded):
        return ""
    found = (each.pattern.search(folded) for each in _PHRASES if each.banned)
    return next((match[0] for match in found if match), "")


def lint_text(text: str, names: Sequence[str] = ()) -> list[Finding]:
    """All findings in an agent's text, the hard ones first, then in the order of the table, each once."""
    folded = fold(text).replace("’", "'")
    name = mentioned(text, names)
    hard = [Finding(name, "desk.lint.provider", hard=True)] if name else []
    soft = [Finding(match[0], each.suggestion) for each in _PHRASES for match in each.pattern.finditer(folded)]
    return hard + list(dict.fromkeys(soft))
