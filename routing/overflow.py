"""Bounds of a view: its hours, how many may wait, how long, and what a contact gets instead.

Only calls and chats are bounded; a mail or a callback always queues (B18). The wider rings, more agents after a
while, are steps of relaxation (skills.py).
"""

from __future__ import annotations

from typing import Final

from routing.model import Config, Contact, Micros, QueueRule
from routing.terms import Terms
from routing.timers import NEVER
from routing.views import Queue

UNBOUNDED: Final = QueueRule(lease="", view="")


def rules_by_view(config: Config) -> dict[tuple[str, str], QueueRule]:
    return {(rule.lease, rule.view): rule for rule in config.queues}


def is_closed(contact: Contact, terms: Terms, now: Micros) -> bool:
    """Outside the hours of its view, as the door found when the contact came."""
    return terms.is_live and now < contact.opens_at


def is_full(queue: Queue, terms: Terms) -> bool:
    return 0 < queue.max_length <= queue.size() and terms.is_live


def leaves_at(queue: Queue, terms: Terms, enqueued_at: Micros) -> Micros:
    """The instant at which it leaves the queue if nobody's phone rings for it; NEVER without a bound."""
    bounded = queue.max_wait > 0 and terms.is_live
    return enqueued_at + queue.max_wait if bounded else NEVER


def answer(rule: QueueRule, contact: Contact) -> str:
    """What a contact gets that may not queue, or no longer."""
    return rule.answer or contact.treatment
