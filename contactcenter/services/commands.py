"""What makes a command have its effect once, on whichever process it arrives again (decisions row 16).

A `Stamp` becomes the idempotency row of the use case's own transaction: the same command again gets the first
answer, another content under the same id is refused. `again` repeats a use case that lost a race.
"""

from __future__ import annotations

import hashlib
from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

import msgspec
from msgspec import Struct

from contactcenter.client.protocol import Command
from contactcenter.errors import Conflict, StaleWrite
from contactcenter.services.changes import NewReceipt
from contactcenter.services.ports import AlreadyReceived, ChangeStore
from contactcenter.services.views import FirstReceipt

T = TypeVar("T")
TRIES = 5


class Stamp(Struct, frozen=True):
    """One command of one sender; `id` is the sender's own."""

    source: str
    id: str
    payload_hash: bytes

    def receipt(self, result: dict[str, Any], now: int) -> NewReceipt:
        return NewReceipt(self.source, self.id, self.payload_hash, result, now)

    def derived(self, prefix: str) -> str:
        """An id that the same command gives again."""
        digest = hashlib.blake2b(f"{self.source}\0{self.id}".encode(), digest_size=16).hexdigest()
        return f"{prefix}_{digest}"

    def first_answer(self, first: FirstReceipt) -> dict[str, Any]:
        """What the first one was answered. Conflict `command_id_reused` when it was another command."""
        if first.payload_hash != self.payload_hash:
            raise Conflict("this command id was used for something else", code="command_id_reused", field="id")
        return {**first.result, "duplicate": True}


def stamp_of(provider: str, agent: str, command: Command) -> Stamp:
    return Stamp(f"desk:{provider}:{agent}", command.id, hashlib.sha256(msgspec.json.encode(command)).digest())


async def once(store: ChangeStore, stamp: Stamp, attempt: Callable[[], Awaitable[dict[str, Any]]]) -> dict[str, Any]:
    """Run a use case whose changes carry this stamp's receipt; a repeat gets the first answer instead."""
    first = await store.first_receipt(stamp.source, stamp.id)
    if first is not None:
        return stamp.first_answer(first)
    try:
        return await again(attempt)
    except AlreadyReceived as known:
        return stamp.first_answer(known.first)


async def again(attempt: Callable[[], Awaitable[T]]) -> T:
    """Read again and decide again after a lost race, a few times. Raises StaleWrite when it keeps losing."""
    for _ in range(TRIES - 1):
        try:
            return await attempt()
        except StaleWrite:
            continue
    return await attempt()
