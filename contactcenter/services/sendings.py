"""Commands that travel with the hint about them: sent at once by whoever owns their connection, without another look
at the store (decisions row 5). The row stays the truth: what is not acknowledged in time is sent again from there.

A dial does not travel: its attempt is recorded before it is made (row 6).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import msgspec

from channels.port import PhoneCommand
from contactcenter.clock import SECOND, Micros
from contactcenter.services.changes import Outgoing
from contactcenter.services.views import OutboxItem

RESEND: Final[Micros] = 2 * SECOND
"""A command that was handed over is due from the outbox so much later."""
TOGETHER: Final = 12
"""Commands in one hint: it must fit into a notification of PostgreSQL (realtime/notify_bus.py)."""
_encode = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(list[OutboxItem]).decode


def handed(rows: Sequence[Outgoing]) -> list[bytes]:
    """The payloads of hints: commands that their rows hold back for RESEND; a mere hint when there is anything else."""
    items = [_item(row) for row in rows if row.next_at > row.created_at and travels(row.payload)]
    carrying = [_encode(items[start : start + TOGETHER]) for start in range(0, len(items), TOGETHER)]
    return carrying if len(items) == len(rows) else [*carrying, b""]


def taken(payload: bytes) -> list[OutboxItem]:
    """What a hint carries; nothing when it is a mere hint, or of another version of this program."""
    if not payload:
        return []
    try:
        return _decode(payload)
    except msgspec.DecodeError:
        return []


def travels(payload: object) -> bool:
    return isinstance(payload, PhoneCommand) and not is_dial(payload)


def is_dial(payload: object) -> bool:
    """Dialling twice rings a customer twice: at most once, whatever is known of the first attempt."""
    return isinstance(payload, PhoneCommand) and payload.verb == "dial"


def _item(row: Outgoing) -> OutboxItem:
    return OutboxItem(
        id=row.id,
        kind=row.kind,
        provider=row.provider,
        client=row.client,
        contact=row.contact,
        payload=row.payload,
        attempts=0,
        created_at=row.created_at,
        not_after=row.not_after,
    )
