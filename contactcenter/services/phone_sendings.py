"""A command to a phone platform as a row of the outbox."""

from __future__ import annotations

from channels.port import PhoneCommand
from contactcenter.clock import Micros
from contactcenter.services.changes import Outgoing


def by_phone(
    command: PhoneCommand, *, provider: str, client: str, contact: str, now: Micros, due: Micros | None = None
) -> Outgoing:
    """Its id is the command's, so it is stored once. `due`: when the outbox sends it, at once when not said.

    Later than now for a command that is handed to its sender with the hint after the commit.
    """
    return Outgoing(
        id=command.id,
        kind="phone",
        provider=provider,
        client=client,
        contact=contact,
        payload=command,
        created_at=now,
        next_at=now if due is None else due,
        not_after=command.not_after or None,
    )
