"""What desks and wallboards show: read from the rows of open contacts and presences, by index."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

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
from contactcenter.storage import rows
from contactcenter.storage.pool import Database

OFFER = OfferView.__struct_fields__
CONSULT = ConsultView.__struct_fields__


class LiveReads:
    _database: Database

    async def desk(self, provider: str, agent: str) -> DeskView | None:
        return (await self.desks([(provider, agent)])).get((provider, agent))

    async def desks(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], DeskView]:
        wanted = [provider for provider, _ in keys], [agent for _, agent in keys]
        async with self._database.snapshot() as reading:
            presences = await reading.rows("desk_presence", *wanted)
            offers = await reading.rows("desk_offers", *wanted)
            contacts = await reading.rows("desk_contacts", *wanted)
            consults = await reading.rows("desk_consults", *wanted)
        offered: dict[tuple[str, str], list[OfferView]] = defaultdict(list)
        for row in offers:
            offered[row["provider"], row["agent"]].append(OfferView(**{name: row[name] for name in OFFER}))
        owned: dict[tuple[str, str], list[ContactView]] = defaultdict(list)
        for contact in map(rows.contact, contacts):
            owned[contact.provider, contact.owner].append(contact)
        consulted: dict[tuple[str, str], list[ConsultView]] = defaultdict(list)
        for row in consults:
            consulted[row["provider"], row["desk"]].append(ConsultView(**{name: row[name] for name in CONSULT}))
        found = {(row["provider"], row["agent"]): row for row in presences}
        return {
            key: _desk(row, offered.get(key, ()), owned.get(key, ()), consulted.get(key, ()))
            for key, row in found.items()
        }

    async def queue_lines(self, scope: Scope, now: int) -> list[QueueLine]:
        found = await self._database.rows("queue_lines", scope.provider, scope.client, now)
        return [QueueLine(**{**row, "by_tier": tuple(rows.plain(row["by_tier"]))}) for row in found]

    async def said_waits(self, scope: Scope, since: int) -> list[SaidWait]:
        found = await self._database.rows("said_waits", scope.provider, scope.client, since)
        return [SaidWait(**row) for row in found]

    async def seat_lines(self, scope: Scope) -> list[SeatLine]:
        found = await self._database.rows("seat_lines", scope.provider, scope.client)
        return [SeatLine(**row) for row in found]

    async def counts_since(self, scope: Scope, since: int) -> dict[str, int]:
        counts: dict[str, int] = {}
        for row in await self._database.rows("counts_since", scope.provider, scope.client, since):
            counts[row["kind"]] = counts.get(row["kind"], 0) + row["facts"]
            if row["how"]:
                counts[f"{row['kind']}.{row['how']}"] = row["facts"]
        return counts


def _desk(
    row: Any, offers: Sequence[OfferView], contacts: Sequence[ContactView], consults: Sequence[ConsultView]
) -> DeskView:
    return DeskView(
        agent=row["agent"],
        cursor=row["desk_seq"],
        presence=rows.decode_presence(row["route"]),
        used_units=row["used_units"],
        capacity=row["capacity"],
        offers=tuple(offers),
        contacts=tuple(contacts),
        consults=tuple(consults),
    )
