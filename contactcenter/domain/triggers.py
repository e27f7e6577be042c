"""When a complaint must climb: the table of triggers (section 4.4), each a question to the situation.

The words that signal severity (E35) are looked for in what customers write and agents note; a video player is
not the press, a courtesy call is not a court.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from msgspec import Struct

from contactcenter.domain.authority import may_grant
from contactcenter.domain.configuration import Ladder
from routing.model import Tier


class Trigger(StrEnum):
    """Why a complaint climbed; the codes stand in facts and are never renamed."""

    MANUAL = "manual"
    ASKS_LEADER = "customer_asks_leader"
    REFUSALS = "refusals"
    AGENTS = "three_agents"
    ACCEPT_OVERDUE = "accept_overdue"
    DECIDE_OVERDUE = "decide_overdue"
    PROMISE_OVERDUE = "promise_overdue"
    SEVERITY = "severity"
    ABOVE_LIMIT = "above_limit"
    VIP = "vip"


class Severity(StrEnum):
    """What a customer threatens with, or what has happened to him (E35, E36)."""

    CONSUMER_ASSOCIATION = "consumer_association"
    COURT = "court"
    MEDIA = "media"
    INJURY = "injury"


class Situation(Struct, frozen=True, kw_only=True):
    """What is known of a complaint when it is asked whether it must climb. `amount_fen`: the wanted remedy."""

    level: int = 0
    tier: Tier = Tier.IRON
    group: bool = False
    asks_leader: bool = False
    refusals: int = 0
    agents: int = 1
    amount_fen: int = 0
    promise_overdue: bool = False
    text: str = ""


_WORDS: tuple[tuple[Severity, str], ...] = (
    (Severity.CONSUMER_ASSOCIATION, r"(?<!\d)12315(?!\d)|消费者?协会|消費者?協會|消协|消協|消费者委员会|消委会"),
    (Severity.CONSUMER_ASSOCIATION, r"\bconsumer (?:association|council|protection)\b"),
    (Severity.COURT, r"法院|起诉|起訴|律师函|律師函|打官司|上法庭"),
    (Severity.COURT, r"(?<!tennis )(?<!food )\bcourt\b|\blawsuit\b|\bsue you\b|\bmy lawyer\b"),
    (Severity.MEDIA, r"(?<![多流自新])媒体|(?<![多流自新])媒體|记者|記者|曝光|上电视台|报社"),
    (Severity.MEDIA, r"(?<!social )(?<!multi-)\bmedia\b(?! (?:player|file|server|box|cent)\w*)|\bjournalists?\b"),
    (Severity.INJURY, r"受伤|受傷|烫伤|燙傷|烧伤|燒傷|触电|觸電|住院|起火|爆炸"),
    (Severity.INJURY, r"\binjur(?:y|ies|ed)\b|\belectric shock\b|\bcaught fire\b|\bexploded\b"),
)
_PATTERNS = tuple((kind, re.compile(words, re.IGNORECASE)) for kind, words in _WORDS)

TABLE: tuple[tuple[Trigger, Callable[[Situation, Ladder], bool]], ...] = (
    (Trigger.VIP, lambda s, ladder: s.level < ladder.vip_level and is_vip(s.tier, group=s.group)),
    (Trigger.ASKS_LEADER, lambda s, ladder: s.asks_leader),
    (Trigger.SEVERITY, lambda s, ladder: bool(severities(s.text))),
    (Trigger.ABOVE_LIMIT, lambda s, ladder: not may_grant(ladder, s.level, s.amount_fen)),
    (Trigger.REFUSALS, lambda s, ladder: s.refusals >= ladder.refusals),
    (Trigger.AGENTS, lambda s, ladder: s.agents >= ladder.agents),
    (Trigger.PROMISE_OVERDUE, lambda s, ladder: s.promise_overdue),
)


def triggers(situation: Situation, ladder: Ladder) -> tuple[Trigger, ...]:
    """Every trigger that holds, most serious first; empty when the level may go on by itself.

    Overdue clocks are `escalation.overdue`'s business, an agent's own wish is `Trigger.MANUAL`.
    """
    return tuple(trigger for trigger, holds in TABLE if holds(situation, ladder))


def severities(text: str) -> tuple[Severity, ...]:
    """The signals in a text, each once."""
    return tuple(dict.fromkeys(kind for kind, pattern in _PATTERNS if pattern.search(text)))


def is_vip(tier: Tier, *, group: bool) -> bool:
    """Platinum customers and group accounts enter at the client's desk."""
    return tier is Tier.PLATINUM or group
