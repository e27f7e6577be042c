"""Bounds of a view: its hours, how many may wait, how long, and what a contact gets instead.

Only calls and chats are bounded; a mail or a callback always queues (B18). The wider rings, more agents after a
while, are steps of relaxation (skills.py).
"""

from __future__ import annotations

from routing.members import VOICE
from routing.model import Config, Contact, Medium, Micros, QueueRule
from routing.order import NEVER

LIVE = (VOICE, Medium.CHAT)
UNBOUNDED = QueueRule(lease="", view="")


def rules_by_view(config: Config) -> dict[tuple[str, str], QueueRule]:
    return {(rule.lease, rule.view): rule for rule in config.queues}


def is_closed(contact: Contact, now: Micros) -> bool:
    """Outside the hours of its view, as the door found when the contact came."""
    return now < contact.opens_at and contact.medium in LIVE


def is_full(rule: QueueRule, contact: Contact, waiting: int) -> bool:
    return 0 < rule.max_length <= waiting and contact.medium in LIVE


def leaves_at(rule: QueueRule, contact: Contact) -> Micros:
    """The instant at which it leaves the queue if nobody's phone rings for it; NEVER without a bound."""
    bounded = rule.max_wait > 0 and contact.medium in LIVE
    return contact.enqueued_at + rule.max_wait if bounded else NEVER


def answer(rule: QueueRule, contact: Contact) -> str:
    """What a contact gets that may not queue, or no longer."""
    return rule.answer or contact.treatment
