"""The rows of a call's lifecycle as the running service writes them, by its own statements and into its own tables.

Read off a service at work (closed loop of `doors`, by pg_stat_user_tables), a lifecycle: written are receipts 2, calls
1, contacts 1, stored events 4, facts 11 to 12, offers 1, assignments 1, outbox 2; changed are contacts 4 times,
presences 4, stored events 4, assignments 2, offers 1, outbox 2. Of 5,000 callers the new ones get a customer and an
identity. Values are made up and of the same size: 26 kB of write-ahead log in 180 records, both there and here.
Instants are microseconds UTC.
"""

from __future__ import annotations

import itertools
from enum import StrEnum
from typing import Any

import msgspec

from contactcenter.storage.queries import Part

DOMAIN, CLIENT, LEASE, SOURCE = "ruixun", "hongyan", "hongyan-2026", "pbx-1"
LINE = "4000000301"
EPOCH = 1
HASH = "y1Y4SUFrRUl4WktXckxtNw=="
"""Sixteen bytes as base64."""
encode = msgspec.json.Encoder().encode
_numbers = itertools.count(1)


class Kind(StrEnum):
    """The four events of a lifecycle."""

    ARRIVED = "arrived"
    ACCEPTED = "offer_accepted"
    FINISHED = "finished"
    WRAPPED_UP = "wrapped_up"


class Life(msgspec.Struct):
    """A call on its way. `customer` is new when `newcomer` says so."""

    contact: str
    call: str
    caller: str
    event: str
    customer: str
    newcomer: bool
    at: int
    number: int
    agent: str = ""
    answered_at: int = 0

    @property
    def offer(self) -> str:
        return f"{self.contact}/1/{self.agent}"


class Happened(msgspec.Struct):
    """An event of a life: `command` is the agent's, `row` its number among the stored events."""

    kind: Kind
    life: Life
    at: int
    command: str = ""
    row: int = 0


def new_id(prefix: str, at: int) -> str:
    """Rising with time, like a UUIDv7."""
    return f"{prefix}_{at // 1000:012x}{next(_numbers):020x}"


SENT = {Kind.ACCEPTED: "bridge", Kind.FINISHED: "hang_up"}
"""The commands to the platform."""
STATE = {
    Kind.ARRIVED: "offered",
    Kind.ACCEPTED: "active",
    Kind.FINISHED: "wrap_up",
    Kind.WRAPPED_UP: "ended",
}
"""Of the contact, after the event."""


def work(life: Life) -> dict[str, Any]:
    """What routing keeps of a contact: in its event, and in `route` while it is open."""
    return {
        "id": life.contact,
        "client": CLIENT,
        "lease": LEASE,
        "medium": "voice",
        "tier": 2,
        "enqueued_at": life.at,
        "clock_from": life.at,
        "deadline": life.at + 15_000_000,
        "plan": "cn-three-rings",
        "view": "voice",
        "relax": [{"after": 30_000_000, "needs": []}, {"after": 120_000_000, "needs": []}],
        "handle": f"phone|{SOURCE}|{life.call}",
    }


def ringing(life: Life, now: int) -> dict[str, Any]:
    named = {"id": life.offer, "contact": life.contact, "agent": life.agent, "attempt": 1}
    return {**named, "made_at": now, "expires_at": now + 20_000_000}


def fact(name: str, at: int, kind: str, data: Any, **about: Any) -> tuple[Any, ...]:
    """`about`: client, contact, customer, agent, seq."""
    client, contact = about.get("client", CLIENT), about.get("contact", "")
    whom = "", about.get("customer", ""), about.get("agent", "")
    return name, at, kind, 1, DOMAIN, client, contact, *whom, about.get("seq"), encode(data).decode()


# --- arguments of statements -----------------------------------------------------------------------------------


def documents(name: str, rows: list[dict[str, Any]]) -> Part:
    """For a statement that takes one JSON array."""
    return Part(name, [encode(rows).decode()], len(rows))


def arrays(name: str, rows: list[tuple[Any, ...]], *before: Any) -> Part:
    """For a statement that takes an array a column, in the order in which it names them."""
    return Part(name, [*before, *columns(rows)], len(rows))


def columns(rows: list[tuple[Any, ...]]) -> list[str]:
    """JSON's quoting is an array literal's as long as no text here needs an escape other than that of quotes."""
    return ["{" + encode(column).decode()[1:-1] + "}" for column in zip(*rows, strict=True)]
