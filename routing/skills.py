"""Needs and levels: who can serve what, and what is asked after a while (bullseye relaxation, A21)."""

from __future__ import annotations

from collections.abc import Mapping

from routing.model import Contact, Micros, Needs
from routing.timers import NEVER


def held(skills: Needs) -> dict[str, int]:
    """The skills an agent really has; level 0 is not having it."""
    return {skill: level for skill, level in skills if level > 0}


def meets(skills: Mapping[str, int], needs: Needs) -> bool:
    return all(skills.get(skill, 0) >= level for skill, level in needs)


def needs_of(contact: Contact, relaxed: int) -> Needs:
    """What is asked after `relaxed` steps of relaxation."""
    return contact.relax[relaxed - 1].needs if relaxed else contact.needs


def second_lease(contact: Contact, relaxed: int) -> str:
    """The other lease whose agents may take it by the step in force; empty when only its own may."""
    lease = contact.relax[relaxed - 1].lease if relaxed else ""
    return "" if lease == contact.lease else lease


def open_to(contact: Contact, relaxed: int, lease: str) -> bool:
    """May agents of this lease take it now?"""
    return bool(lease) and lease in (contact.lease, second_lease(contact, relaxed))


def next_relaxation(contact: Contact, relaxed: int) -> Micros:
    """The instant of the next step, counted from the contact's place in the queue."""
    if relaxed >= len(contact.relax):
        return NEVER
    return contact.enqueued_at + contact.relax[relaxed].after
