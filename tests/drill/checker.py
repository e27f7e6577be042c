"""History in, violations out: pure, and fast enough for hundreds of thousands of facts.

Each rule has one kind of violation (or a few) and reads the history alone. A rule that finds nothing has not proved
anything by itself: tests/unit/test_drill_checker.py breaks a good history in one way per kind, and each must be found.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator

from drill.records import History, Violation
from drill.rules_accounts import accounted, conserved, events_kept, receipts_agree, words_kept
from drill.rules_effects import commands_once, desks_follow, facts_once, rows_follow_facts
from drill.rules_fence import epochs_rise, log_is_gapless, orders_have_decisions, replays
from drill.rules_owners import capacity_kept, offers_end, one_owner

Rule = Callable[[History], Iterator[Violation]]
RULES: tuple[Rule, ...] = (
    accounted,
    events_kept,
    words_kept,
    receipts_agree,
    conserved,
    one_owner,
    capacity_kept,
    offers_end,
    epochs_rise,
    log_is_gapless,
    orders_have_decisions,
    replays,
    facts_once,
    commands_once,
    desks_follow,
    rows_follow_facts,
)


def check(history: History) -> list[Violation]:
    """All violations, in the order of the rules; empty for a history that keeps every promise."""
    return [found for rule in RULES for found in rule(history)]
