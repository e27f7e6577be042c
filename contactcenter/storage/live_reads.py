"""What desks and wallboards show: read from the rows of open contacts and presences, by index."""

from __future__ import annotations

from contactcenter.services.views import DeskView, OfferView, QueueLine, SaidWait, Scope, SeatLine
from contactcenter.storage import rows
from contactcenter.storage.pool import Database


class LiveReads:
    _database: Database

    async def desk(self, provider: str, agent: str) -> DeskView | None:
        async with self._database.snapshot() as reading:
            presence = await reading.row("desk_presence", provider, agent)
            if presence is None:
                return None
            offers = await reading.rows("desk_offers", provider, agent)
            contacts = await reading.rows("desk_contacts", provider, agent)
        return DeskView(
            agent=agent,
            cursor=presence["desk_seq"],
            presence=rows.decode_presence(presence["route"]),
            used_units=presence["used_units"],
            capacity=presence["capacity"],
            offers=tuple(OfferView(**row) for row in offers),
            contacts=tuple(rows.contact(row) for row in contacts),
        )

    async def queue_lines(self, scope: Scope, now: int) -> list[QueueLine]:
        found = await self._database.rows("queue_lines", scope.provider, scope.client, now)
        return [QueueLine(**{**row, "by_tier": tuple(row["by_tier"])}) for row in found]

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
