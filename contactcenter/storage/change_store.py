"""What services write: one `Changes` is one statement of the parts that have something to do."""

from __future__ import annotations

from contactcenter.errors import StaleWrite
from contactcenter.services.changes import Applied, Changes
from contactcenter.services.ports import AlreadyReceived
from contactcenter.services.views import FirstReceipt
from contactcenter.storage import rows
from contactcenter.storage.change_parts import parts_of
from contactcenter.storage.pool import Database

NUMBERED = "(SELECT json_object_agg(id, seq) FROM write_messages)::text AS message_seqs"


class PostgresChangeStore:
    def __init__(self, database: Database) -> None:
        self._database = database

    async def apply(self, changes: Changes) -> Applied:
        parts = parts_of(changes)
        if not parts:
            return Applied()
        try:
            done = await self._database.write(parts, also=NUMBERED if changes.messages else "")
        except StaleWrite:
            await self._raise_if_received(changes)
            raise
        return Applied(rows.plain(done["message_seqs"])) if changes.messages else Applied()

    async def _raise_if_received(self, changes: Changes) -> None:
        if changes.receipt is None:
            return
        first = await self.first_receipt(changes.receipt.source, changes.receipt.external_id)
        if first is not None:
            raise AlreadyReceived(first) from None

    async def first_receipt(self, source: str, external_id: str) -> FirstReceipt | None:
        row = await self._database.row("first_receipt", source, external_id)
        return None if row is None else FirstReceipt(row["payload_hash"], rows.plain(row["result"]))

    async def next_number(self, client: str, name: str) -> int:
        number: int = await self._database.value("next_number", client, name)
        return number
