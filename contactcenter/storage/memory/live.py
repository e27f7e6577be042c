"""The twin of what desks and wallboards show."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence

from contactcenter.domain.facts import Fact
from contactcenter.services.changes import AssignmentBegan, OfferMade
from contactcenter.services.views import (
    ConsultView,
    ContactView,
    DeskView,
    OfferView,
    QueueLine,
    SaidWait,
    Scope,
    SeatLine,
)
from contactcenter.storage.memory.database import MemoryDatabase, Tables, sees
from contactcenter.storage.rows import decode_presence

HOW = {"contact.ended": "how", "offer.ended": "outcome"}
OFFER = OfferView.__struct_fields__
SAID = 300
"""The newest contacts that are asked what they were told: as in sql/said_waits.sql."""


class MemoryLiveReads:
    _database: MemoryDatabase

    async def desk(self, provider: str, agent: str) -> DeskView | None:
        return (await self.desks([(provider, agent)])).get((provider, agent))

    async def desks(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], DeskView]:
        async with self._database.call() as tables:
            found = {key: _desk(tables, *key) for key in keys}
        return {key: desk for key, desk in found.items() if desk is not None}

    async def queue_lines(self, scope: Scope, now: int) -> list[QueueLine]:
        async with self._database.call() as tables:
            groups: dict[tuple[str, str, str], list[ContactView]] = defaultdict(list)
            for row in tables.contacts.values():
                if sees(scope, row) and row.ended_at is None:
                    groups[row.client, row.view, row.medium].append(row)
            return [_queue_line(*key, groups[key], now) for key in sorted(groups)]

    async def said_waits(self, scope: Scope, since: int) -> list[SaidWait]:
        async with self._database.call() as tables:
            rows = [row for row in tables.contacts.values() if sees(scope, row) and row.opened_at >= since]
            newest = sorted(rows, key=lambda row: (row.opened_at, row.id), reverse=True)[:SAID]
            contacts = {row.id: row for row in newest}
            entered: dict[str, Fact] = {}
            for fact in sorted(tables.facts.values(), key=lambda fact: (fact.at, fact.seq or 0)):
                if fact.kind == "contact.queued" and fact.contact in contacts:
                    entered.setdefault(fact.contact, fact)
            said = [_said(contacts[name], fact) for name, fact in entered.items() if fact.data.get("expected")]
            said.sort(key=lambda each: each.at)
            kept = {(each.client, each.view, each.medium, each.tier, each.place > 0): each for each in said}
            return [kept[key] for key in sorted(kept)]

    async def seat_lines(self, scope: Scope) -> list[SeatLine]:
        async with self._database.call() as tables:
            versions = [key for key in tables.configurations if key[0] == scope.provider]
            if not versions:
                return []
            document = tables.configurations[max(versions)]
            agents = [(agent.id, agent.lease) for agent in document.agents]
            leases = sorted((lease.client, lease.id) for lease in document.leases)
            return [
                _seat_line(tables, scope, client, lease, [agent for agent, seat in agents if seat == lease])
                for client, lease in leases
                if scope.client in ("", client)
            ]

    async def counts_since(self, scope: Scope, since: int) -> dict[str, int]:
        async with self._database.call() as tables:
            counts: Counter[str] = Counter()
            for row in tables.facts.values():
                if sees(scope, row) and row.at >= since:
                    counts[row.kind] += 1
                    how = row.data.get(HOW.get(row.kind, ""))
                    counts.update([f"{row.kind}.{how}"] if how else [])
            return dict(counts)


def _desk(tables: Tables, provider: str, agent: str) -> DeskView | None:
    _, presence = tables.presences.get((provider, agent), ("", None))
    if presence is None:
        return None
    offers = [tables.offers[each] for (_, who), each in tables.live_offers.items() if who == agent]
    mine = [row for row in offers if row.provider == provider]
    owned = [row for row in tables.contacts.values() if (row.provider, row.owner) == (provider, agent)]
    return DeskView(
        agent=agent,
        cursor=presence.desk_seq,
        presence=decode_presence(presence.route),
        used_units=presence.used_units,
        capacity=presence.capacity,
        offers=tuple(
            OfferView(**{name: getattr(row, name) for name in OFFER})
            for row in sorted(mine, key=lambda row: (row.made_at, row.id))
        ),
        contacts=tuple(sorted((row for row in owned if row.ended_at is None), key=lambda row: (row.opened_at, row.id))),
        consults=tuple(sorted(_consults(tables, provider, agent), key=lambda row: row.contact)),
    )


def _consults(tables: Tables, provider: str, agent: str) -> Iterator[ConsultView]:
    talking: list[tuple[AssignmentBegan | OfferMade, bool]]
    talking = [(tables.assignments[each], True) for each in tables.consults.values()]
    talking += [(tables.offers[each], False) for each in tables.live_offers.values()]
    for row, talks in talking:
        owner = tables.contacts[row.contact].owner
        if owner and row.provider == provider and agent in (row.agent, owner):
            yield ConsultView(contact=row.contact, client=row.client, agent=row.agent, owner=owner, talking=talks)


def _said(row: ContactView, fact: Fact) -> SaidWait:
    return SaidWait(
        client=row.client,
        view=row.view,
        medium=row.medium,
        tier=row.tier,
        place=int(fact.data.get("place", 0)),
        expected=int(fact.data["expected"]),
        at_most=int(fact.data.get("at_most", 0)),
        at=fact.at,
    )


def _waits_since(row: ContactView) -> int:
    """A callback's wait begins with its promised window: nobody may take it before."""
    return max(row.enqueued_at, int(row.context.get("window_from", 0)) if row.medium == "callback" else 0)


def _queue_line(client: str, view: str, medium: str, rows: Sequence[ContactView], now: int) -> QueueLine:
    unanswered = [row for row in rows if row.state not in ("active", "wrap_up")]
    states = Counter(row.state for row in rows)
    tiers = Counter(row.tier for row in unanswered)
    oldest = min((_waits_since(row) for row in unanswered), default=now)
    return QueueLine(
        client=client,
        view=view,
        medium=medium,
        waiting=states["new"] + states["waiting"],
        held=sum(row.state in ("new", "waiting") and _waits_since(row) > now for row in rows),
        offered=states["offered"],
        active=states["active"],
        wrap_up=states["wrap_up"],
        oldest_wait_s=max(now - oldest, 0) / 1e6,
        breached=sum(row.deadline < now for row in unanswered),
        by_tier=(tiers[0], tiers[1], tiers[2], tiers[3]),
    )


def _seat_line(tables: Tables, scope: Scope, client: str, lease: str, agents: Sequence[str]) -> SeatLine:
    """Offline people are not counted; who is ready and carries work already is `busy`."""
    known = [tables.presences.get((scope.provider, agent)) for agent in agents]
    people = [row for _, row in (each for each in known if each is not None)]
    states = Counter("busy" if row.state == "ready" and row.used_units else row.state for row in people)
    return SeatLine(
        client=client,
        lease=lease,
        ready=states["ready"],
        not_ready=states["not_ready"],
        not_responding=states["not_responding"],
        busy=states["busy"],
    )
