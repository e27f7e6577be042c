"""What the doors of an empty service store: a group of events as they come in, with all that they bring along."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from benchmarks.floor_rows import (
    CLIENT,
    DOMAIN,
    HASH,
    LEASE,
    LINE,
    SOURCE,
    Happened,
    Kind,
    Life,
    arrays,
    documents,
    fact,
    new_id,
    work,
)
from contactcenter.storage.queries import Part


def stored(happened: Sequence[Happened]) -> list[Part]:
    """A group of events as they come in: their receipts, what a new call brings along, and they themselves."""
    new = [each.life for each in happened if each.kind is Kind.ARRIVED]
    newcomers = [life for life in new if life.newcomer]
    facts = [*map(_opened, new), *map(_created, newcomers)]
    parts = [
        documents("keep_receipts", [_receipt(each) for each in happened if each.kind in RECEIVED]),
        documents("add_customers", [_customer(life) for life in newcomers]),
        documents("add_identities", [_identity(life) for life in newcomers]),
        documents("open_contacts", [_contact(life) for life in new]),
        documents("add_calls", [_call(life) for life in new]),
        arrays("write_facts", facts),
        documents("queue_events", [_event(each) for each in happened]),
    ]
    return [part for part in parts if part.rows]


RECEIVED = (Kind.ARRIVED, Kind.FINISHED)
"""What the service stores with a receipt; the other two commands are known by their event's key."""


def _receipt(happened: Happened) -> dict[str, Any]:
    life = happened.life
    received = {"payload_hash": HASH, "received_at": happened.at}
    if happened.kind is Kind.ARRIVED:
        return {**received, "source": SOURCE, "external_id": life.event, "result": {"contact": life.contact}}
    return {**received, "source": f"desk:{DOMAIN}:{life.agent}", "external_id": happened.command, "result": {}}


def _customer(life: Life) -> dict[str, Any]:
    named = {"id": life.customer, "provider": DOMAIN, "client": CLIENT, "since": life.at, "tier": 2}
    return {**named, "name": "", "language": "", "account_owner": ""}


def _identity(life: Life) -> dict[str, Any]:
    owner = {"customer": life.customer, "provider": DOMAIN, "client": CLIENT}
    return {**owner, "kind": "phone", "value": f"+86{life.caller}"}


def _contact(life: Life) -> dict[str, Any]:
    placed = {"domain": DOMAIN, "provider": DOMAIN, "client": CLIENT, "lease": LEASE, "medium": "voice"}
    named = {"id": life.contact, "external_id": life.call, "customer": life.customer, "address": life.caller}
    timed = {"opened_at": life.at, "enqueued_at": life.at, "deadline": life.at + 15_000_000}
    asked = {"view": "voice", "door": LINE, "tier": 2, "complaint": False, "context": {}}
    empty = dict.fromkeys(("language", "subject", "origin", "conversation", "case"), "")
    return {**placed, **named, **timed, **asked, **empty}


def _call(life: Life) -> dict[str, Any]:
    named = {"source": SOURCE, "call": life.call}
    heard = {"state": "waiting", "caller": life.caller, "dialled": LINE}
    told = {**named, **heard, "offered_at": life.at, "alerting_at": life.at}
    owner = {"provider": DOMAIN, "client": "", "contact": life.contact}
    return {**named, **owner, "life": told, "changed_at": life.at}


def _event(happened: Happened) -> dict[str, Any]:
    life, command = happened.life, f"{happened.life.agent}:{happened.command}"
    told: dict[str, Any]
    if happened.kind is Kind.ARRIVED:
        told, key, reply = {"contact": work(life)}, f"arrived:{life.contact}", life.event
    else:
        subject = {"offer": life.offer} if happened.kind is Kind.ACCEPTED else {"contact": life.contact}
        told, key, reply = {"agent": life.agent, "command": command, **subject}, command, command
    return {
        "domain": DOMAIN,
        "event": {"type": happened.kind, **told},
        "received_at": happened.at,
        "dedupe": key,
        "reply_to": f"bench-10000-ABCDEF/{reply}",
    }


def _opened(life: Life) -> tuple[Any, ...]:
    what = {"door": LINE, "tier": 2, "view": "voice", "needs": [], "medium": "voice", "origin": "", "cycle_ms": 5000}
    timed = {"deadline": life.at + 15_000_000, "clock_from": life.at, "enqueued_at": life.at}
    data = {**what, **timed, "language": "", "complaint": False}
    about = {"contact": life.contact, "customer": life.customer}
    return fact(new_id("ft", life.at), life.at, "contact.opened", data, **about)


def _created(life: Life) -> tuple[Any, ...]:
    data = {"kinds": ["phone"]}
    return fact(new_id("ft", life.at), life.at, "customer.created", data, customer=life.customer)
