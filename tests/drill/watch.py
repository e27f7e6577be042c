"""A bystander of the store: which epoch owns the domain, how many contacts are open, when the next offer was made."""

from __future__ import annotations

import asyncio
from typing import Any

import asyncpg

from drill.house import House
from drill.ledger import Ledger, now
from drill.records import Sighting

LOOK_S = 0.1


class Watch:
    """Looks at the domain's row many times a second. What it saw is evidence that the service cannot rewrite."""

    def __init__(self, house: House, ledger: Ledger) -> None:
        self._house, self._ledger = house, ledger
        self._connection: asyncpg.Connection | None = None
        self._turn = asyncio.Lock()
        self.now = now

    async def run(self) -> None:
        last: tuple[str, int] = ("", 0)
        while True:
            row = await self._row("SELECT domain_id, epoch, last_seq FROM routing_domains LIMIT 1")
            if row is not None and (row["domain_id"], row["epoch"]) != last:
                last = row["domain_id"], row["epoch"]
                self._ledger.sightings.append(Sighting(now(), *row))
            await asyncio.sleep(LOOK_S)

    async def owner(self) -> str:
        row = await self._row("SELECT owner FROM routing_domains WHERE expires_at > clock_timestamp() LIMIT 1")
        return row["owner"] if row else ""

    async def epoch(self) -> int:
        row = await self._row("SELECT epoch FROM routing_domains LIMIT 1")
        return row["epoch"] if row else 0

    async def epoch_above(self, epoch: int, patience_s: float) -> int:
        """The next owner's; 0 when nobody took it in time."""
        ends = now() + int(patience_s * 1e6)
        while now() < ends:
            found = await self.epoch()
            if found > epoch:
                return found
            await asyncio.sleep(LOOK_S)
        return 0

    async def open_contacts(self) -> int:
        row = await self._row("SELECT count(*) AS n FROM contacts WHERE ended_at IS NULL")
        return row["n"] if row else 0

    async def undecided(self) -> int:
        row = await self._row("SELECT count(*) AS n FROM routing_events WHERE seq IS NULL")
        return row["n"] if row else 0

    async def connected(self) -> set[str]:
        """The agents who have a socket, as the router knows it."""
        row = await self._row(
            "SELECT array_agg(agent_id) AS agents FROM presences WHERE (route::jsonb->>'connected')::boolean"
        )
        return set(row["agents"] or ()) if row else set()

    async def first_offer_after(self, at: int, patience_s: float) -> float:
        """Seconds from `at` to the first offer of an epoch that began later; 0 when there was none in time."""
        ends = at + int(patience_s * 1e6)
        while now() < ends:
            row = await self._row(
                "SELECT micros(min(made_at)) AS at FROM offers WHERE made_at > instant($1::bigint)", at + 50_000
            )
            if row is not None and row["at"] is not None:
                return (row["at"] - at) / 1e6
            await asyncio.sleep(LOOK_S)
        return 0.0

    async def _row(self, query: str, *args: Any) -> Any:
        """None while the database is away."""
        async with self._turn:
            try:
                if self._connection is None or self._connection.is_closed():
                    self._connection = await asyncpg.connect(self._house.dsn, timeout=2, command_timeout=5)
                return await self._connection.fetchrow(query, *args)
            except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError, OSError, TimeoutError):
                if self._connection is not None:
                    self._connection.terminate()
                self._connection = None
                return None

    async def close(self) -> None:
        if self._connection is not None:
            self._connection.terminate()
