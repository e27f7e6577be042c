"""What services write: the `Changes` of one group are one statement of the parts that have something to do."""

from __future__ import annotations

from collections.abc import Sequence

from contactcenter.errors import StaleWrite
from contactcenter.services.changes import Applied, Changes
from contactcenter.services.ports import AlreadyReceived
from contactcenter.services.views import FirstReceipt
from contactcenter.storage import rows
from contactcenter.storage.change_parts import parts_of
from contactcenter.storage.group_writer import GroupWriter
from contactcenter.storage.grouped import Grouped
from contactcenter.storage.pool import Database

NUMBERED = "(SELECT json_object_agg(id, seq) FROM write_messages)::text AS message_seqs"


class PostgresChangeStore:
    def __init__(self, database: Database) -> None:
        self._database = database
        self._writer = GroupWriter(self._write)
        self._receipts = Grouped(self._first_receipts)

    async def apply(self, changes: Changes) -> Applied:
        return await self._writer.apply(changes)

    def waiting(self) -> tuple[int, float]:
        return self._writer.depth, self._writer.age_s

    async def _write(self, group: Sequence[Changes]) -> list[Applied]:
        parts = parts_of(group)
        if not parts:
            return [Applied()] * len(group)
        numbered = any(changes.messages for changes in group)
        try:
            done = await self._database.write(parts, also=NUMBERED if numbered else "")
        except StaleWrite:
            if len(group) == 1:
                await self._raise_if_received(group[0])
            raise
        seqs = rows.plain(done["message_seqs"]) if numbered else {}
        return [Applied({each.id: seqs[each.id] for each in changes.messages}) for changes in group]

    async def _raise_if_received(self, changes: Changes) -> None:
        if changes.receipt is None:
            return
        first = await self.first_receipt(changes.receipt.source, changes.receipt.external_id)
        if first is not None:
            raise AlreadyReceived(first) from None

    async def first_receipt(self, source: str, external_id: str) -> FirstReceipt | None:
        return await self._receipts.get((source, external_id))

    async def _first_receipts(self, keys: Sequence[tuple[str, str]]) -> dict[tuple[str, str], FirstReceipt]:
        wanted = [{"source": source, "external_id": external_id} for source, external_id in keys]
        found = await self._database.rows("first_receipts", rows.text(wanted))
        return {
            (row["source"], row["external_id"]): FirstReceipt(row["payload_hash"], rows.plain(row["result"]))
            for row in found
        }

    async def next_number(self, client: str, name: str) -> int:
        number: int = await self._database.value("next_number", client, name)
        return number
