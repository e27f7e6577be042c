"""What must hold of every history, read from the facts, the log and the rows that it left behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from contactcenter.domain.facts import Fact
from contactcenter.services.replaying import Replaying
from contactcenter.storage.memory.database import Tables
from contactcenter.storage.stores import Stores

UNITS = {"voice": 60, "chat": 20}
CAPACITY = 60


async def broken(stores: Stores, tables: Tables, domain: str, contacts: list[str]) -> list[str]:
    """Everything that went wrong; nothing in a good history."""
    facts = sorted((each for each in tables.facts.values() if each.seq), key=_place)
    return [
        *_log(tables, domain),
        *_keys(facts),
        *_owners(facts),
        *_offers(facts),
        *_capacity(facts, {name: tables.contacts[name].medium for name in contacts}),
        *_conservation(tables, facts, contacts),
        *await _replay(stores, domain),
    ]


def _place(fact: Fact) -> tuple[int, int]:
    return fact.seq or 0, int(fact.id.rpartition(":")[2])


def _log(tables: Tables, domain: str) -> Iterator[str]:
    """Every event is decided, once; numbers have no gap and epochs never go back."""
    rows = sorted(tables.events.values(), key=lambda row: row.seq)
    if waiting := sum(not row.seq for row in rows):
        yield f"{waiting} events are not decided"
    if [row.seq for row in rows if row.seq] != list(range(1, len(rows) - waiting + 1)):
        yield "the log's numbers have gaps or are used twice"
    if [row.epoch for row in rows if row.seq] != sorted(row.epoch for row in rows if row.seq):
        yield "an epoch wrote after its successor"
    if tables.domains[domain].last_seq != len(rows) - waiting:
        yield f"the domain stands at {tables.domains[domain].last_seq}, the log at {len(rows)}"
    yield from (f"event {row.seq} was set aside: {row.problem}" for row in rows if row.problem)


def _keys(facts: list[Fact]) -> Iterator[str]:
    yield from (f"fact {key} twice" for key, count in Counter(fact.id for fact in facts).items() if count > 1)


def _owners(facts: list[Fact]) -> Iterator[str]:
    """Never two owners, and nobody is released who did not own."""
    owner: dict[str, str] = {}
    for fact in facts:
        if fact.kind == "contact.assigned":
            if fact.contact in owner:
                yield f"{fact.contact} has two owners: {owner[fact.contact]} and {fact.agent} (event {fact.seq})"
            owner[fact.contact] = fact.agent
        elif fact.kind == "assignment.ended" and owner.pop(fact.contact, "") != fact.agent:
            yield f"{fact.agent} is released from {fact.contact} without owning it (event {fact.seq})"


def _offers(facts: list[Fact]) -> Iterator[str]:
    """Every offer ends once; nobody has two of one contact."""
    live: dict[tuple[str, str], str] = {}
    for fact in facts:
        who = (fact.contact, fact.agent)
        if fact.kind == "offer.made":
            if who in live:
                yield f"{who} is offered twice (event {fact.seq})"
            live[who] = fact.data["offer"]["id"]
        elif fact.kind == "offer.ended" and live.pop(who, "") != fact.data["offer"]:
            yield f"offer {fact.data['offer']} ended without being live (event {fact.seq})"


def _capacity(facts: list[Fact], media: dict[str, str]) -> Iterator[str]:
    used: Counter[str] = Counter()
    for fact in facts:
        units = UNITS.get(media.get(fact.contact, ""), 0)
        used[fact.agent] += {"contact.assigned": units, "assignment.ended": -units}.get(fact.kind, 0)
        if used[fact.agent] > CAPACITY:
            yield f"{fact.agent} carries {used[fact.agent]} of {CAPACITY} (event {fact.seq})"


def _conservation(tables: Tables, facts: list[Fact], contacts: list[str]) -> Iterator[str]:
    """In = open + ended, each contact ends once, and the rows say what the facts say."""
    ends = Counter(fact.contact for fact in facts if fact.kind in ("contact.ended", "contact.blocked"))
    yield from (f"{name} ended {count} times" for name, count in ends.items() if count > 1)
    for name in contacts:
        row = tables.contacts[name]
        if (row.state == "ended") != bool(ends[name]):
            yield f"{name} is {row.state}, but {'ended' if ends[name] else 'did not end'} by its facts"
        if row.state == "new":
            yield f"{name} was never queued"
        if (name in tables.routes) == (row.state == "ended"):
            yield f"{name} is {row.state} and routing {'knows' if name in tables.routes else 'forgot'} it"
    live = {(offer.contact, offer.agent) for offer in tables.offers.values() if offer.ended_at is None}
    if live != set(tables.live_offers):
        yield "offer rows and their index differ"


async def _replay(stores: Stores, domain: str) -> list[str]:
    report = await Replaying(stores.routing).run(domain)
    wrong = [f"event {each.seq} replays otherwise" for each in report.differences]
    return wrong + [f"the snapshot after {seq} holds something else" for seq in report.snapshots_wrong]
